"""Budget and actual: misses are split without a rest, and a trend is told only where there is one."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from growthring.forecast.budget import accuracy, split_product, split_sum

AMOUNT = st.decimals("0.01", 1_000_000, places=2)


@given(AMOUNT, AMOUNT, AMOUNT, AMOUNT)
def test_the_parts_of_a_product_add_up_to_its_miss_and_an_exact_factor_takes_no_blame(a, b, c, d):
    parts = split_product((a, b), (c, d), ("one", "two"), c * d - a * b)
    assert sum(part.effect for part in parts) == c * d - a * b
    assert parts[2].effect == 0
    assert split_product((a, b), (a, d), ("one", "two"), a * d - a * b)[0].effect == 0


@given(AMOUNT, AMOUNT, AMOUNT)
def test_the_parts_of_a_sum_add_up_to_its_miss_with_what_nobody_budgeted(miss, start, churn):
    parts = split_sum(miss, start, {"churned_mrr": (-1, churn)})
    assert sum(part.effect for part in parts) == miss
    assert [part.indicator for part in parts] == ["missed before", "churned_mrr", "not budgeted"]
    assert parts[1].effect == -churn
    assert [part.indicator for part in split_sum(miss, None, {})] == ["not budgeted"]


def budgets(errors: np.ndarray) -> tuple[list[Decimal], list[Decimal]]:
    budget = [Decimal(100 + 3 * number) for number in range(len(errors))]
    return budget, [each * (1 + Decimal(repr(float(error)))) for each, error in zip(budget, errors, strict=True)]


def test_budgets_that_become_exact_are_told_from_those_that_do_not():
    random = np.random.default_rng(1)
    shrinking = accuracy(*budgets(np.linspace(0.3, 0.02, 12) * random.choice([-1, 1], 12)))
    assert shrinking.verdict == "more exact" and shrinking.slope == pytest.approx(-0.28 / 11, rel=0.01)
    assert accuracy(*budgets(np.linspace(0.02, 0.3, 12))).verdict == "less exact"


def test_a_trend_is_claimed_by_chance_no_more_often_than_said():
    random = np.random.default_rng(2)
    claimed = sum(accuracy(*budgets(random.normal(0, 0.1, 12))).verdict != "no trend to be told" for _ in range(400))
    assert claimed / 400 <= 0.13


def test_bias_error_and_volatility_are_what_they_say():
    found = accuracy([Decimal(100)] * 4, [Decimal(110), Decimal(90), Decimal(120), Decimal(100)])
    assert found.bias == pytest.approx(0.05) and found.error == pytest.approx(0.1)
    assert found.volatility == pytest.approx(np.std([-20 / 110, 30 / 90, -20 / 120], ddof=1))
    assert found.verdict.startswith("too few periods")
    assert accuracy([Decimal(0)], [Decimal(5)]).periods == 0
