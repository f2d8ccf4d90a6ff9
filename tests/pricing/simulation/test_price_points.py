"""Price points, conversion and the next step."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growthring.pricing.simulation.price_points import (
    NextStep,
    Offer,
    PriceGoals,
    advise,
    advise_by_segment,
    price_levels,
    wilson,
)

DAY = date(2024, 1, 1)


def asked(price: int, offers: int, won: int, start: int = 0, segment: str = "") -> list[Offer]:
    return [Offer(DAY + timedelta(days=start + n), Decimal(price), n < won, segment) for n in range(offers)]


def test_wilsons_interval_is_that_of_the_textbook():
    low, high = wilson(15, 50)
    assert (round(low, 4), round(high, 4)) == (0.1910, 0.4375)
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == 1.0


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_the_share_and_stays_between_zero_and_one(counted: tuple[int, int]):
    low, high = wilson(*counted)
    assert 0 <= low <= counted[0] / counted[1] + 1e-12
    assert counted[0] / counted[1] - 1e-12 <= high <= 1


def test_the_fitted_curve_never_rises_with_the_price():
    levels = price_levels([*asked(10, 40, 20), *asked(20, 40, 24), *asked(30, 40, 4)])
    assert [each.fitted for each in levels] == [Decimal("0.55"), Decimal("0.55"), Decimal("0.1")]


def test_few_offers_are_not_judged():
    advice = advise(asked(10, 19, 19))
    assert advice.next_step is NextStep.TOO_FEW_OFFERS
    assert advice.next_price is None
    assert advise([]).next_step is NextStep.TOO_FEW_OFFERS


@pytest.mark.parametrize(
    ("won", "step", "price"),
    [(90, NextStep.RAISE, Decimal("115.00")), (2, NextStep.CUT, Decimal("85.00")), (30, NextStep.KEEP, None)],
)
def test_one_price_rises_when_conversion_is_good_and_falls_when_it_is_poor(won: int, step: NextStep, price: Decimal | None):
    advice = advise(asked(100, 120, won))
    assert (advice.next_step, advice.next_price) == (step, price)


def test_the_price_moves_to_one_shown_to_bring_more():
    advice = advise([*asked(100, 200, 100), *asked(50, 200, 110), *asked(200, 200, 20), *asked(50, 1, 1, start=400)])
    assert (advice.next_step, advice.next_price) == (NextStep.RAISE, Decimal(100))
    assert advice.best_for_revenue == (Decimal(100), Decimal(100))


def test_margin_decides_where_a_unit_cost_is_known():
    offers = [*asked(50, 400, 240), *asked(60, 400, 180, start=500)]
    assert advise(offers).best_for_revenue == (Decimal(50), Decimal(60))
    advice = advise(offers, PriceGoals(unit_cost=Decimal(45)), current=Decimal(50))
    assert (advice.next_step, advice.next_price) == (NextStep.RAISE, Decimal(60))
    assert advice.best_for_margin == (Decimal(60), Decimal(60))


def test_the_search_stops_when_both_neighbours_bring_less():
    offers = [*asked(50, 400, 200), *asked(100, 400, 190), *asked(200, 400, 20)]
    assert advise(offers, current=Decimal(100)).next_step is NextStep.STOP


def test_shuffled_outcomes_lead_to_a_suggestion_in_at_most_five_percent_of_cases():
    chance = random.Random(4)
    prices = [Decimal(price) for price in (50, 70, 100, 140, 200)]
    suggestions = 0
    rounds = 800
    for _ in range(rounds):
        outcomes = [n < 140 for n in range(400)]
        chance.shuffle(outcomes)
        offers = [Offer(DAY, prices[n % 5], won) for n, won in enumerate(outcomes)]
        advice = advise(offers, current=chance.choice(prices))
        suggestions += advice.next_step in (NextStep.RAISE, NextStep.CUT, NextStep.STOP)
    assert suggestions / rounds <= 0.05


def test_segments_are_judged_apart_and_more_strictly():
    offers = [*asked(100, 60, 50, segment="small"), *asked(100, 10, 1, segment="large")]
    advice = advise_by_segment(offers)
    assert advice["small"].next_step is NextStep.RAISE
    assert advice["large"].next_step is NextStep.TOO_FEW_OFFERS
