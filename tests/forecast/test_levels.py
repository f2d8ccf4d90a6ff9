"""The level of a series, and how much its segment smooths it."""

import numpy as np
import pytest

from growthring.forecast.growth import Learner
from growthring.forecast.levels import smoothed, volatility
from tests.forecast.simulated import panel_of_values


def test_a_weight_of_one_is_the_last_known_value() -> None:
    values = np.array([[4.0, 8.0, np.nan, 2.0], [np.nan, np.nan, 3.0, np.nan]])
    np.testing.assert_array_equal(smoothed(values, ~np.isnan(values), 1.0), [[4, 8, 8, 2], [np.nan, np.nan, 3, 3]])


def test_unknown_months_are_skipped_not_counted_as_zero() -> None:
    holed, whole = np.array([[4.0, np.nan, 8.0]]), np.array([[4.0, 8.0]])
    assert smoothed(holed, ~np.isnan(holed), 0.25)[0, -1] == smoothed(whole, ~np.isnan(whole), 0.25)[0, -1] == 5.0


def test_volatility_is_the_usual_relative_move() -> None:
    values = np.array([[100.0] * 40, [100.0, 110.0] * 20, [0.0, 100.0] * 20, [0.0] * 40])
    found = volatility(values, np.ones_like(values, dtype=bool))
    assert np.isnan(found[:, 0]).all()
    assert found[:, -1] == pytest.approx([0, 20 / 210, 2, 0], abs=1e-9)


def test_segments_that_jump_about_are_smoothed_and_those_that_wander_are_not() -> None:
    """Each segment gets the weight that would have missed least: the last value for random walks, a small weight for noise."""
    chance = np.random.default_rng(0)
    wander = 100 * np.exp(np.cumsum(chance.normal(0, 0.1, (150, 36)), axis=1))
    jump = 100 * np.exp(chance.normal(0, 0.5, (150, 36)))
    seldom = 100.0 * (chance.random((150, 36)) < 0.3)
    segment = ["1 wander"] * 150 + ["2 jump"] * 150 + ["3 seldom"] * 150
    found = Learner(panel_of_values(np.concatenate([wander, jump, seldom]), segment), 3)
    assert found.level_weight[0] == 1.0
    assert found.level_weight[1] <= 0.25
    assert found.level_weight[2] <= 0.25


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_series_that_are_seldom_used_are_right_in_sum(share: float) -> None:
    """Half of a history of zeros has a median of nothing: the sum must be its mean all the same."""
    ratios = []
    for seed in range(4):
        values = 100.0 * (np.random.default_rng(seed).random((150, 36)) < share)
        ratios.append(Learner(panel_of_values(values), 3).predict_from(35).sum(axis=0) / (15_000 * share))
    assert np.mean(ratios, axis=0) == pytest.approx(np.ones(3), abs=0.15)
