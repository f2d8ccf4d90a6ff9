"""A price as the customer sees it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.pricing.adjustment import Adjustment, AdjustmentKind
from growthring.pricing.customer_view import (
    Affordable,
    Plan,
    RunningPeriod,
    affordable,
    budget_alerts,
    cost_of_more,
    largest_affordable,
    plan_break_evens,
    price_curve,
    price_point,
    projected_bill,
    what_if,
    with_usage,
)
from growthring.pricing.price import Package, PerUnit, SimplePrice
from tests.pricing.rating.books import cell_prices, decimals
from tests.pricing.simulation.world import STANDARD, book, graduated, volume

STEP = Decimal("0.000001")
GRADUATED = Plan.of(book("graduated", graduated((100, "0.50"), (None, "0.20")), "20"))
VOLUME = Plan.of(book("volume", volume((100, "1"), (None, "0.50"))))


def test_average_price_falls_while_the_marginal_price_is_that_of_the_tier():
    low, high = price_point(GRADUATED, "m1", Decimal(50)), price_point(GRADUATED, "m1", Decimal(500))
    assert (low.amount, low.average_price, low.marginal_price) == (Decimal("45.00"), Decimal("0.9"), Decimal("0.5"))
    assert (high.amount, high.average_price, high.marginal_price) == (Decimal("150.00"), Decimal("0.3"), Decimal("0.2"))
    assert price_point(GRADUATED, "m1", Decimal(0)).average_price is None


def test_a_price_below_a_cent_still_has_a_marginal_price():
    tokens = Plan.of(book("tokens", PerUnit(unit_price=Decimal("0.0000025"))))
    assert price_point(tokens, "m1", Decimal(1000)).marginal_price == Decimal("0.0000025")


def test_using_more_across_a_bound_costs_what_the_bills_differ_by():
    assert cost_of_more(GRADUATED, "m1", Decimal(90), Decimal(20)) == Decimal("7.00")
    assert cost_of_more(VOLUME, "m1", Decimal(100), Decimal(1)) == Decimal("-49.50")


def test_a_budget_buys_every_range_below_the_dip_of_a_volume_price():
    assert affordable(VOLUME, "m1", Decimal(60), Decimal(1000)) == (
        Affordable(Decimal(0), Decimal("60.004999"), True),
        Affordable(Decimal("100.000001"), Decimal("120.009999"), True),
    )
    assert largest_affordable(VOLUME, "m1", Decimal(60)) == Decimal("120.009999")


def test_a_budget_below_the_fee_buys_nothing_and_a_free_price_has_no_end():
    assert affordable(GRADUATED, "m1", Decimal(19)) == ()
    assert largest_affordable(GRADUATED, "m1", Decimal(19)) is None
    free = Plan.of(book("free", PerUnit(unit_price=Decimal(0))))
    assert affordable(free, "m1", Decimal(0), Decimal(50)) == (Affordable(Decimal(0), Decimal(50), False),)


prices = cell_prices
inside = decimals("0", "80", 6)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(prices, decimals("0", "400", 2), inside, st.sampled_from(["standard", "stripe", "orb", "openmeter", "lago"]), inside)
def test_what_a_budget_buys_is_the_inverse_of_the_bill(
    price: SimplePrice, budget: Decimal, at: Decimal, policy: str, fee: Decimal
):
    plan = Plan.of(book("plan", price, str(fee.quantize(Decimal("0.01"))), policy=policy))
    ranges = affordable(plan, "m1", budget, Decimal(80))
    within = any(each.low <= at <= each.high for each in ranges)
    assert within == (plan.amount("m1", at) <= budget)
    for each in ranges:
        assert plan.amount("m1", each.high) <= budget
        assert not each.has_end or plan.amount("m1", each.high + STEP) > budget
        assert each.low == 0 or plan.amount("m1", each.low - STEP) > budget


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(prices, prices, inside, inside)
def test_between_break_evens_no_plan_overtakes_the_other_by_more_than_rounding(
    mine: SimplePrice, theirs: SimplePrice, at: Decimal, fee: Decimal
):
    one = Plan.of(book("one", mine, str(fee.quantize(Decimal("0.01")))))
    other = Plan.of(book("other", theirs))
    found = plan_break_evens(one, other, "m1", Decimal(80))
    amounts = one.amount("m1", at), other.amount("m1", at)
    if abs(amounts[0] - amounts[1]) > Decimal("0.02"):
        cheaper = "one" if amounts[0] < amounts[1] else "other"
        below = [each for each in found if each.quantity <= at]
        above = [each for each in found if each.quantity > at]
        assert not below or below[-1].cheaper_above == cheaper
        assert not above or above[0].cheaper_below == cheaper


def test_plans_break_even_exactly_with_fees_and_minimums():
    flat = Plan.of(book("flat", PerUnit(unit_price=Decimal("0.50"))))
    assert [(each.quantity, each.cheaper_above) for each in plan_break_evens(flat, GRADUATED, "m1")] == [
        (Decimal("166.666667"), "graduated")
    ]
    floor = Adjustment(kind=AdjustmentKind.MINIMUM, amount=Decimal(30))
    version = flat.version.model_copy(update={"adjustments": (floor,)})
    with_minimum = Plan("minimum", version, flat.policy, "USD")
    other = Plan.of(book("other", PerUnit(unit_price=Decimal("0.40")), "10"))
    found = [(each.quantity.quantize(Decimal(1)), each.cheaper_above) for each in plan_break_evens(with_minimum, other, "m1")]
    assert found == [(Decimal(50), "minimum"), (Decimal(100), "other")]


def test_packages_are_followed_step_by_step():
    package = Plan.of(book("package", Package(package_size=Decimal(10), package_price=Decimal(5))))
    single = Plan.of(book("single", PerUnit(unit_price=Decimal("0.6"))))
    quantities = [each.quantity for each in plan_break_evens(package, single, "m1", Decimal(35))]
    assert [each.quantize(Decimal("0.1")) for each in quantities] == [
        Decimal("8.3"), Decimal("10.0"), Decimal("16.7"), Decimal("20.0"), Decimal("25.0"), Decimal("30.0"), Decimal("33.3"),
    ]  # fmt: skip


def test_a_curve_is_exact_on_both_sides_of_a_bound():
    points = {each.quantity: each.amount for each in price_curve(VOLUME, "m1", Decimal(300), points=3)}
    assert points == {
        Decimal(0): Decimal("0.00"), Decimal(100): Decimal("100.00"), Decimal(100) + STEP: Decimal("50.00"),
        Decimal(200): Decimal("100.00"), Decimal(300): Decimal("150.00"), STEP: Decimal("0.00"),
    }  # fmt: skip


def test_other_meters_are_billed_beside():
    plan = with_usage(Plan.of(STANDARD), {"m2": Decimal(2)})
    assert plan.amount("m1", Decimal(10)) == Decimal("20") + Decimal("5") + Decimal("14.25")


def test_an_unknown_meter_is_named_with_those_that_exist():
    with pytest.raises(UnknownValueError, match="m1"):
        cost_of_more(GRADUATED, "nope", Decimal(1), Decimal(1))


def june(used: str, until: int = 10) -> RunningPeriod:
    days = {date(2024, 6, 1) + timedelta(days=number): Decimal(used) for number in range(until)}
    return RunningPeriod(date(2024, 6, 1), date(2024, 7, 1), date(2024, 6, until), {"m1": days})


def test_a_running_period_is_projected_at_its_pace():
    found = projected_bill(GRADUATED, june("10"))
    assert (found.so_far, found.projected) == (Decimal("70.00"), Decimal("110.00"))
    assert (found.low, found.high) == (None, None)
    assert found.note.startswith("Too little evidence")


def test_an_interval_comes_from_how_past_periods_were_spread():
    found = projected_bill(GRADUATED, june("10"), [Decimal("0.25"), Decimal("0.5"), Decimal("0.5"), Decimal("0.25")])
    assert (found.low, found.high) == (GRADUATED.amount("m1", Decimal(200)), GRADUATED.amount("m1", Decimal(400)))
    assert found.periods == 4


def test_the_last_day_of_a_period_needs_no_projection():
    found = projected_bill(GRADUATED, june("10", 30))
    assert found.so_far == found.projected


def test_alerts_name_the_day_a_share_of_the_budget_was_or_will_be_reached():
    past, ahead, never = budget_alerts(GRADUATED, june("10"), Decimal(100), [Decimal("0.5"), Decimal("0.9"), Decimal("1.2")])
    assert (past.crossed_on, past.projected_on) == (date(2024, 6, 6), None)
    assert (ahead.crossed_on, ahead.projected_on) == (None, date(2024, 6, 20))
    assert (never.crossed_on, never.projected_on) == (None, None)


def test_a_day_outside_the_period_is_refused():
    with pytest.raises(ConfigurationError, match="is not in the period"):
        projected_bill(GRADUATED, RunningPeriod(date(2024, 6, 1), date(2024, 7, 1), date(2024, 7, 1), {}))


def test_drivers_are_tried_one_by_one_and_all_at_once():
    plan = Plan.of(STANDARD)
    usage = {"m1": Decimal(200), "m2": Decimal(4)}
    assert what_if(plan, usage, {"m1": Decimal("1.5"), "m2": Decimal("0.5")}) == {
        "m1": Decimal("20.00"), "m2": Decimal("-14.25"), "": Decimal("5.75"),
    }  # fmt: skip
