"""The free tier: cost by cohort, payback, and limits at quantiles."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from growthring.pricing.offers.free_tier import QUANTILES, free_cohorts, free_limits


def month(account, number, amount, cost):
    return {"account_id": account, "currency": "USD", "month": number, "amount": Decimal(amount), "cost_amount": Decimal(cost)}


def test_a_cohort_pays_back_in_the_month_in_which_what_was_paid_covers_all_that_serving_cost():
    served = [
        month("a", 100, 0, "3"), month("a", 101, 0, "4"), month("a", 102, 10, "5"), month("a", 103, 10, "5"),
        month("b", 100, 0, "2"), month("b", 101, 0, "1"), month("b", 102, 0, "1"), month("b", 103, 0, "1"),
        month("c", 100, 50, "1"), month("d", 101, 0, "7"),
    ]  # fmt: skip
    first, second = free_cohorts(served)
    assert (first.accounts, first.converted) == (2, 1)
    assert (first.free_cost_amount, first.paid_amount, first.paid_cost_amount) == (12, 20, 10)
    # billed 0, 0, 10, 20 against costs 5, 10, 16, 22: never covered
    assert first.payback_months is None
    assert (second.month, second.converted, second.free_cost_amount, second.payback_months) == (101, 0, 7, None)
    (covered,) = [each for each in free_cohorts([*served, month("a", 104, 10, "5")]) if each.month == 100]
    assert covered.payback_months == 5  # 30 against 27


def test_a_limit_cuts_what_lies_above_the_quantile_and_says_whom_it_meets():
    rows = [{"meter": "calls", "account_id": f"a{n}", "month": 1, "quantity": Decimal(n)} for n in range(1, 11)]
    found = {each.quantile: each for each in free_limits(rows, {"calls": Decimal("0.5")}, {"a9", "a1"})}
    three_quarters = found[Decimal("0.75")]  # rank ⌈7.5⌉ = 8
    assert (three_quarters.limit_quantity, three_quarters.months_beyond, three_quarters.accounts_beyond) == (8, 2, 2)
    assert (three_quarters.paying_beyond, three_quarters.cut_quantity, three_quarters.cut_cost_amount) == (1, 3, Decimal("1.5"))
    assert found[Decimal("0.99")].cut_quantity == 0


@given(st.lists(st.decimals(0, 1000, places=3), min_size=1, max_size=60))
def test_a_limit_keeps_at_least_its_share_of_months_whole_and_a_higher_one_cuts_less(quantities):
    rows = [{"meter": "m", "account_id": str(n), "month": 1, "quantity": each} for n, each in enumerate(quantities)]
    found = free_limits(rows, {"m": Decimal(1)}, set())
    assert [each.quantile for each in found] == (list(QUANTILES) if any(quantities) else [])
    for each in found:
        assert Fraction(each.account_months - each.months_beyond, each.account_months) >= Fraction(each.quantile)
    assert all(low.cut_quantity >= high.cut_quantity for low, high in pairwise(found))
