"""What commitments make of simulated usage, held against what must be true of every future."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growthring.forecast.commitments.billing import BilledPaths, PoolPaths, bill_paths, settle
from growthring.forecast.commitments.charges import ChargePaths
from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from growthring.pricing.commitments import Commitment
from growthring.pricing.commitments.periods import add_months
from tests.pricing.commitments import strategies

FIRST, MONTHS, PATHS = date(2024, 1, 1), 12, 50
UNTIL = date(2025, 1, 1)


def usage(amounts: np.ndarray, *, account: str = "a", kind: str = "usage") -> list[ChargePaths]:
    """Return one charge a month; amounts in dollars, shape (paths, months)."""
    cents = np.round(np.asarray(amounts) * 100).astype(np.int64) * 100
    return [
        ChargePaths(
            account, account, add_months(FIRST, month), add_months(FIRST, month + 1), "api", kind,
            "calls" if kind == "usage" else "", "USD", cents[:, month] * 1000, cents[:, month],
        )
        for month in range(cents.shape[1])
    ]  # fmt: skip


def billed(charges: list[ChargePaths], *commitments: Commitment, paths: int = PATHS, months: int = MONTHS) -> BilledPaths:
    pool = PoolPaths(charges, commitments, {}, {})
    until = add_months(FIRST, months)
    return bill_paths(settle(pool, until), "USD", Month.of(FIRST).index, months, paths)


def walks(seed: int = 1, level: float = 100.0) -> np.ndarray:
    """Return lognormal random walks, shape (paths, months)."""
    drawn = np.random.default_rng(seed).normal(0, 0.2, (PATHS, MONTHS))
    return level * np.exp(np.cumsum(drawn, axis=1))


def minimum(amount: str, **terms: object) -> Commitment:
    return Commitment("k", "a", "minimum", FIRST, UNTIL, Decimal(amount), currency="USD", **terms)


def prepaid(amount: str, **terms: object) -> Commitment:
    return Commitment("p", "a", "prepaid", FIRST, UNTIL, Decimal(amount), currency="USD", **terms)


def test_no_future_pays_less_than_the_floor_of_a_minimum():
    found = billed(usage(walks()), minimum("1500")).revenue.sum(axis=1)
    assert found.min() == 1500_0000
    assert (found > 1500_0000).any()


def test_a_prepaid_balance_is_worth_its_price_at_the_end_of_its_term_whatever_is_used():
    found = billed(usage(walks()), prepaid("1500"))
    assert found.revenue.sum(axis=1).min() == 1500_0000
    assert np.array_equal(found.drawn.sum(axis=1) + found.expired.sum(axis=1), np.full(PATHS, 1500_0000))


@pytest.mark.parametrize("kind", ["minimum", "prepaid"])
def test_far_above_the_usage_a_commitment_takes_all_variance_away(kind: str):
    commitment = replace(prepaid("1000000"), kind=kind)
    found = billed(usage(walks()), commitment)
    assert np.unique(found.revenue.sum(axis=1)).tolist() == [1_000_000_0000]
    assert found.charged.sum(axis=1).std() > 0


def test_without_commitments_revenue_is_what_is_charged():
    found = billed([*usage(walks()), *usage(walks(2), kind="fee")])
    assert np.array_equal(found.revenue, found.charged)
    assert not found.effect.any()
    assert found.fees.any() and found.uncommitted.any()


def test_use_beyond_a_minimum_costs_the_overage_factor():
    found = billed(usage(np.full((PATHS, MONTHS), 100.0)), minimum("700", overage_factor=Decimal("1.5")))
    assert found.drawn.sum(axis=1)[0] == 700_0000
    assert found.overage.sum(axis=1)[0] == 750_0000
    assert found.true_up.sum() == 0


def test_a_free_credit_is_given_and_not_earned():
    credit = Commitment("c", "a", "credit", FIRST, UNTIL, Decimal(250), currency="USD")
    found = billed(usage(np.full((PATHS, MONTHS), 100.0)), credit)
    assert found.revenue.sum(axis=1)[0] == 950_0000
    assert found.expired.sum() == 0


def test_a_shortfall_and_what_expires_fall_into_the_last_month_of_the_term():
    for found in (billed(usage(walks()), minimum("5000")).true_up, billed(usage(walks()), prepaid("5000")).expired):
        assert found[:, :-1].sum() == 0
        assert (found[:, -1] > 0).all()


@given(strategies.grants(), strategies.minimums(), st.integers(0, 10**6))
@settings(max_examples=150, deadline=None)
def test_the_parts_add_up_and_follow_commitments_to_the_cent(grants: list[Commitment], minimums: list[Commitment], seed: int):
    mine = [
        replace(
            each,
            account_id="a",
            currency="USD" if each.measure == "amount" else each.currency,
            meter="calls" if each.meter else None,
        )
        for each in (*grants, *minimums)
        if each.kind != "ela"
    ]
    found = billed(usage(walks(seed)), *mine)
    parts = found.drawn + found.overage + found.true_up + found.expired + found.uncommitted + found.fees
    assert np.array_equal(parts, found.revenue)
    assert min(each.min() for each in (found.drawn, found.true_up, found.expired, found.uncommitted, found.fees)) >= 0


TERMS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["minimum", "prepaid", "credit", "ela"]),
        "amount": st.integers(0, 4000).map(Decimal),
        "overage_factor": st.sampled_from([Decimal(1), Decimal("1.5"), Decimal("0.85")]),
        "true_up": st.sampled_from(["term_end", "period", "none"]),
        "rollover_share": st.sampled_from([Decimal(0), Decimal("0.25"), Decimal(1)]),
    }
)


@given(TERMS, st.lists(st.integers(0, 400), min_size=12, max_size=12), st.lists(st.integers(0, 50), min_size=12, max_size=12))
@settings(max_examples=200, deadline=None)
def test_more_usage_never_lowers_revenue(terms: dict[str, object], used: list[int], more: list[int]):
    halves = [
        Commitment(name, "a", starts_on=start, ends_on=end, currency="USD", **terms)
        for name, start, end in (("k1", FIRST, date(2024, 7, 1)), ("k2", date(2024, 7, 1), UNTIL))
    ]
    low = np.array([used], dtype=float)
    high = low + np.array([more])
    charges = [replace(each, amount=each.amount) for each in usage(np.vstack([low, high]))]
    found = billed(charges, *halves, paths=2).revenue.sum(axis=1)
    assert found[1] >= found[0]


def test_accounts_of_a_family_draw_on_one_balance():
    pool = {"a": "top", "b": "top"}
    charges = [*usage(np.full((1, 12), 50.0)), *usage(np.full((1, 12), 30.0), account="b")]
    shared = prepaid("600", scope="family")
    found = bill_paths(settle(PoolPaths(charges, [shared], pool, {}), UNTIL), "USD", Month.of(FIRST).index, 12, 1)
    assert found.drawn.sum() == 600_0000
    assert found.revenue.sum() == 960_0000


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"kind": "voucher"}, "kind 'voucher'"),
        ({"true_up": "weekly"}, "true_up 'weekly'"),
        ({"scope": "planet"}, "scope 'planet'"),
        ({"currency": None}, "in no currency"),
        ({"amount": None}, "neither an amount"),
        ({"rollover_share": Decimal(2)}, "rolls over 2"),
    ],
)
def test_terms_that_are_not_known_are_refused_by_name(terms: dict[str, object], said: str):
    with pytest.raises(GrowthringError, match=said):
        billed(usage(walks()), replace(minimum("100"), **terms))
