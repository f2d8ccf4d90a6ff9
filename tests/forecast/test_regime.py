"""The regime at today's retention: the capability's own numbers, and a path that walks into its ceiling."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growthring.forecast.regime import Regime, project_regime


@pytest.mark.parametrize(("retention", "times"), [(0.8, 5), (0.9, 10)])
def test_the_ceiling_is_five_times_new_revenue_at_80_percent_and_ten_times_at_90(retention: float, times: int):
    assert project_regime(1, 20, retention, 1).ceiling == pytest.approx(times * 20)


def test_at_100_percent_every_year_adds_the_same_and_above_it_adds_more():
    linear = project_regime(100, 10, 1.0, 3)
    assert (linear.regime, linear.ceiling, linear.path) == (Regime.LINEAR, None, (100, 110, 120, 130))
    above = project_regime(100, 10, 1.2, 3)
    gains = [after - before for before, after in pairwise(above.path)]
    assert above.regime is Regime.COMPOUNDING and gains == sorted(gains) and gains[0] < gains[-1]


@given(st.floats(1, 1e6), st.floats(1, 1e6), st.floats(0.05, 0.99))
def test_the_path_is_at_90_percent_of_the_ceiling_when_it_is_said_to_be(revenue: float, new: float, retention: float):
    found = project_regime(revenue, new, retention, 0)
    assert found.ceiling is not None and found.years_to_90 is not None
    if not found.years_to_90:
        assert revenue >= 0.9 * found.ceiling
        return
    whole = math.ceil(found.years_to_90)
    path = project_regime(revenue, new, retention, whole).path
    assert path[-1] >= 0.9 * found.ceiling * (1 - 1e-9) and path[-2] < 0.9 * found.ceiling * (1 + 1e-9)


def test_above_the_ceiling_revenue_falls_to_it_and_without_new_customers_to_nothing():
    found = project_regime(1000, 10, 0.5, 60)
    assert found.years_to_90 == 0 and found.path[-1] == pytest.approx(20)
    assert project_regime(100, 0, 0.5, 1).years_to_90 is None
