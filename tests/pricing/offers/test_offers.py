"""Offers: prices of a year, waterfall, quota, terms, and the lift of discounts."""

import random
from collections import Counter
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from growthring.engine.dialects import DIALECTS, transpile
from growthring.engine.portable import violations
from growthring.engine.relation import relation
from growthring.pricing.offers import offer_chain, revenue_chain, rows_of, trial_chain
from growthring.pricing.offers.chain import PACKAGE
from growthring.pricing.offers.lift import Stratum, lift
from growthring.pricing.offers.price_log import STOP_RULES, price_logs
from growthring.pricing.offers.quota import quota_runs
from growthring.pricing.offers.review import PriceSign, review_segment
from growthring.pricing.offers.rules import small_discounts, term_findings
from growthring.pricing.simulation.price_points import NextStep, PriceGoals
from tests.pricing.offers.log import AS_OF, THROUGH, offer, opened

CHAIN = offer_chain(AS_OF, THROUGH)
EVERY = [
    *CHAIN,
    *trial_chain(AS_OF, THROUGH, by="rep"),
    *revenue_chain(AS_OF, THROUGH),
    *(relation(PACKAGE, name) for name in ("served_month", "free_quantity")),
]


@pytest.mark.parametrize("each", EVERY, ids=lambda each: each.name)
def test_each_relation_is_portable(each):
    assert violations(each.sql) == []
    assert all(transpile(each.sql, dialect) for dialect in DIALECTS)


def known(*offers, accounts=()):
    with opened(offer=offers, account_attribute=accounts) as connection:
        return rows_of(connection, CHAIN, "known_offer")


def test_the_price_of_a_year_is_the_term_scaled_to_twelve_months_and_rounded_half_up():
    half, odd = known(
        offer("half", amount=Decimal(500), list_amount=Decimal(600), term_months=6),
        offer("odd", amount=Decimal("100.0001"), list_amount=Decimal("100.0001"), term_months=7),
    )
    assert (half["year_amount"], half["list_year_amount"], half["discount_amount"]) == (1000, 1200, 100)
    assert odd["year_amount"] == Decimal("171.4287")  # 100.0001 × 12 ÷ 7 = 171.42874…


def test_a_decision_of_a_later_day_is_still_open_and_an_offer_of_a_later_day_is_not_there():
    rows = known(
        offer("a", decided_on=THROUGH + timedelta(days=1)), offer("b", offered_on=THROUGH + timedelta(days=1)), offer("c")
    )
    assert [(row["offer_id"], row["outcome"]) for row in rows] == [("a", "open"), ("c", "won")]
    assert rows[0]["decided_on"] is None


def test_a_segment_that_the_offer_does_not_name_is_the_accounts_on_that_day():
    accounts = [
        {"account_id": "x", "attribute": "segment", "value": "small", "valid_from": date(2024, 1, 1)},
        {"account_id": "x", "attribute": "segment", "value": "large", "valid_from": date(2024, 6, 1)},
    ]
    days = {"a": date(2023, 1, 1), "b": date(2024, 5, 31), "c": date(2024, 6, 1)}
    offers = [offer(name, account_id="x", segment=None, offered_on=day, decided_on=day) for name, day in days.items()]
    rows = known(*offers, offer("d", segment=None), accounts=accounts)
    assert [row["segment"] for row in rows] == ["small", "small", "large", "(unknown)"]


OFFERS = st.lists(
    st.tuples(
        st.sampled_from(["max", "mia"]), st.sampled_from(["mid", "small"]), st.sampled_from(["won", "lost", "open"]),
        st.decimals(0, 10_000, places=2), st.decimals(0, 1, places=2), st.integers(1, 36), st.integers(0, 60),
    ),
    max_size=40,
)  # fmt: skip


def written(drawn):
    """Return drawn offers as rows."""
    return [
        offer(
            f"{number:03}", manager=manager, segment=segment, outcome=outcome, list_amount=price,
            amount=(price * (1 - cut)).quantize(Decimal("0.0001")), term_months=months,
            decided_on=None if outcome == "open" else date(2024, 1, 1) + timedelta(days=days),
        )
        for number, (manager, segment, outcome, price, cut, months, days) in enumerate(drawn)
    ]  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(OFFERS)
def test_the_statements_give_the_digits_of_plain_arithmetic(drawn):
    offers = written(drawn)
    with opened(offer=offers) as connection:
        seen = rows_of(connection, CHAIN, "known_offer")
        waterfall = rows_of(connection, offer_chain(AS_OF, THROUGH, by="manager"), "waterfall")
        deals = rows_of(connection, offer_chain(AS_OF, THROUGH, run_deals=4), "quota_deal")
        terms = rows_of(connection, CHAIN, "term_mix")
    for row, raw in zip(seen, offers, strict=True):
        exact = raw["amount"] * 12 / raw["term_months"]
        assert row["year_amount"] == exact.quantize(Decimal("0.0001"), ROUND_HALF_UP)
    for row in waterfall:
        mine = [each for each in offers if each["manager"] == row["group_value"]]
        won = [each for each in mine if each["outcome"] == "won"]
        assert row["offers"] == len(mine) and row["won"] == len(won)
        assert row["list_amount"] - row["discount_amount"] == row["net_amount"] == sum(each["amount"] for each in mine)
        assert row["won_list_amount"] - row["won_discount_amount"] == row["won_net_amount"] == sum(e["amount"] for e in won)
    assert sum(row["offers"] for row in terms) == len(offers)
    for manager in ("max", "mia"):
        won = [each for each in offers if each["manager"] == manager and each["outcome"] == "won"]
        won.sort(key=lambda each: (each["decided_on"], each["offer_id"]))
        mine = sorted((each for each in deals if each["manager"] == manager), key=lambda each: each["place"])
        assert [each["offer_id"] for each in mine] == [each["offer_id"] for each in won]
        for at, each in enumerate(mine):
            run = won[at // 4 * 4 : at + 1]
            assert each["run_no"] == at // 4 + 1
            assert each["discounted_so_far"] == sum(one["list_amount"] > one["amount"] for one in run)


def test_of_ten_deals_in_a_row_the_third_discount_is_beyond_a_quota_of_two():
    cut = {2, 5, 7, 11}  # deals 2, 5 and 7 of the first run, 11 of the second
    offers = [offer(f"{n:02}", decided_on=date(2024, 1, n), amount=Decimal(1100 if n in cut else 1200)) for n in range(1, 13)]
    offers.append(offer("lost", outcome="lost", amount=Decimal(1), decided_on=date(2024, 1, 3)))
    with opened(offer=offers) as connection:
        deals = rows_of(connection, CHAIN, "quota_deal")
    first, second = quota_runs(deals, allowed=2)
    assert (first.deals, first.discounted, first.beyond, first.left) == (10, 3, 1, None)
    assert (second.deals, second.discounted, second.beyond, second.left) == (2, 1, 0, 1)
    assert [each["offer_id"] for each in deals if each["discounted_so_far"] > 2 and each["is_discounted"]] == ["07"]


def test_a_size_band_is_a_third_of_the_prices_and_equal_prices_share_one():
    prices = [100, 100, 100, 100, 500, 900]
    offers = [offer(str(n), list_amount=Decimal(price), amount=Decimal(price)) for n, price in enumerate(prices)]
    with opened(offer=offers) as connection:
        sized = rows_of(connection, CHAIN, "sized_offer")
    assert [each["size_band"] for each in sized] == [0, 0, 0, 0, 2, 2]


def test_short_terms_and_years_paid_ahead_go_against_the_rule():
    rows = known(
        offer("a", term_months=6), offer("b", term_months=24), offer("c", term_months=24, prepaid="yes"),
        offer("d", prepaid="yes"), offer("e", term_months=1, outcome="lost"), offer("f", term_months=3, outcome="open"),
    )  # fmt: skip
    found = [(each.rule, each.offer["offer_id"]) for each in term_findings(rows)]
    assert found == [("short_term", "a"), ("multi_year_prepaid", "c"), ("short_term", "f")]


def test_any_discount_for_a_small_customer_is_a_finding():
    small, large = {"list_amount": Decimal(4999), "amount": Decimal(4900)}, {"list_amount": Decimal(5000), "amount": Decimal(1)}
    rows = known(offer("a", **small), offer("b", **large), offer("c", list_amount=Decimal(10), amount=Decimal(10)))
    assert [each.offer["offer_id"] for each in small_discounts(rows, Decimal(5000))] == ["a"]


def test_a_lift_of_one_stratum_is_the_plain_difference_of_two_shares():
    found = lift([Stratum("mid", 40, 20, 60, 15)])
    # 20/40 − 15/60 = 0.25; variance near 0.5·0.5/40 + 0.25·0.75/60 = 0.009375
    assert found.difference == pytest.approx(0.25)
    assert found.high - found.low == pytest.approx(2 * 1.959964 * 0.009375**0.5, rel=0.03)
    assert found.is_shown


def test_customers_who_differ_in_segment_only_show_no_lift():
    # large customers win often and mostly get discounts: pooled, 44 % stands against 26 %; within a segment nothing differs
    strata = [Stratum("large", 80, 40, 20, 10), Stratum("small", 20, 4, 80, 16)]
    found = lift(strata)
    assert found.difference == pytest.approx(0)
    assert not found.is_shown


def test_too_few_comparable_offers_give_no_interval():
    found = lift([Stratum("mid", 19, 19, 400, 1), Stratum("small", 100, 90, 0, 0)])
    assert (found.low, found.is_shown) == (None, False)
    assert "Too few: 19 with and 400 without" in found.reason
    assert lift([]).difference is None


def test_shuffled_outcomes_are_claimed_as_lift_in_at_most_five_percent_of_cases():
    chance = random.Random(16)
    claims = 0
    for _ in range(400):
        outcomes = [n < 90 for n in range(300)]
        chance.shuffle(outcomes)
        counts = {"mid": [0, 0, 0, 0], "small": [0, 0, 0, 0], "large": [0, 0, 0, 0]}
        for number, won in enumerate(outcomes):
            row = counts[("mid", "small", "large")[number % 3]]
            at = 0 if number % 2 else 2
            row[at] += 1
            row[at + 1] += won
        strata = [Stratum(name, *row) for name, row in counts.items()]
        found = [lift([each for each in strata if name in ("", each.segment)], comparisons=4) for name in ("", *counts)]
        claims += any(each.is_shown for each in found)
    assert claims / 400 <= 0.05


def priced(price, offers, won, start=0):
    return [
        {"offer_id": f"{price}-{n}", "product_id": "plan", "currency": "USD", "segment": "mid", "year_amount": Decimal(price),
         "offered_on": date(2024, 1, 1) + timedelta(days=start + n), "outcome": "won" if n < won else "lost"}
        for n in range(offers)
    ]  # fmt: skip


def test_each_product_has_a_log_and_every_step_a_rule_for_stopping():
    rows = [*priced(100, 30, 29), *priced(200, 30, 1, start=90), {**priced(5, 1, 1)[0], "outcome": "open"}]
    other = [{**row, "product_id": "other"} for row in priced(50, 3, 3)]
    few, plan = price_logs([*rows, *other], PriceGoals())
    assert (few.product_id, few.advice.next_step) == ("other", NextStep.TOO_FEW_OFFERS)
    assert (plan.advice.next_step, plan.advice.next_price) == (NextStep.CUT, Decimal(100))
    assert [each.price for each in plan.advice.levels] == [100, 200]
    assert set(STOP_RULES) == set(NextStep)


def test_shuffled_outcomes_move_no_price():
    chance, steps = random.Random(14), Counter()
    for _ in range(100):
        rows = [row for price in (100, 150, 200) for row in priced(price, 60, 20)]
        outcomes = [row["outcome"] for row in rows]
        chance.shuffle(outcomes)
        shuffled = [row | {"outcome": outcome} for row, outcome in zip(rows, outcomes, strict=True)]
        (log,) = price_logs(shuffled, PriceGoals())
        steps[log.advice.next_price is not None] += 1
    assert steps[True] <= 5


@pytest.mark.parametrize(
    ("ndr", "decided", "won", "sign"),
    [
        (1.2, 60, 50, PriceSign.TOO_LOW), (0.8, 60, 50, PriceSign.NONE), (0.8, 200, 2, PriceSign.TOO_HIGH),
        (1.2, 200, 2, PriceSign.NONE), (1.0, 60, 26, PriceSign.NONE), (None, 60, 50, PriceSign.UNKNOWN),
        (1.2, 19, 19, PriceSign.UNKNOWN), (1.2, 0, 0, PriceSign.UNKNOWN),
    ],
)  # fmt: skip
def test_a_price_level_is_questioned_only_where_win_rate_and_retention_agree(ndr, decided, won, sign):
    assert review_segment("mid", ndr, decided, won, segments=3).sign is sign
