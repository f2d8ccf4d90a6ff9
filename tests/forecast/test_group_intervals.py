"""Intervals of sums come from errors of sums, because accounts move together."""

import numpy as np
import pytest

from growthring.forecast.group_intervals import group_quantiles, group_scale, total_coverage
from growthring.forecast.growth import CohortGrowth
from growthring.forecast.past import Past
from tests.forecast.simulated import simulated

ALL = np.zeros(200, dtype=np.int64)


def test_totals_are_covered_where_independent_accounts_would_not_cover_them() -> None:
    """Accounts share a shock of 6 % a month and move by 5 % on their own.

    Sums of independent accounts are stated beside: each account's own errors drawn apart from the others'. Both numbers are in
    the message; the field measured 14 to 30 % for independent sums.
    """
    ours, wide, independent = [], [], []
    for seed in range(24):
        truth = simulated(rows=200, months=31, seed=seed, shock=0.06, noise=0.05)
        found = CohortGrowth().predict(truth.through(truth.first_month + 27), 3)
        for ahead in (1, 3):
            came = truth.values[:, 27 + ahead].sum()
            low95, low, high, high95 = found.group_quantiles(ALL, (0.025, 0.1, 0.9, 0.975))[0, ahead - 1]
            ours.append(low <= came <= high)
            wide.append(low95 <= came <= high95)
            alone = alone_range(found.point[:, ahead - 1], found.quantiles((0.1, 0.9))[:, ahead - 1], seed)
            independent.append(alone[0] <= came <= alone[1])
    measured = f"80 % ranges of totals held {np.mean(ours):.2f}, 95 % {np.mean(wide):.2f}, independent {np.mean(independent):.2f}"
    assert np.mean(ours) >= 0.70, measured
    assert np.mean(wide) >= 0.88, measured
    assert np.mean(independent) < 0.45, measured


def alone_range(point: np.ndarray, ranges: np.ndarray, seed: int) -> np.ndarray:
    """The 80 % range of a sum of accounts that know nothing of each other, each lognormal within its own range."""
    spread = np.log(ranges[:, 1] / ranges[:, 0]) / (2 * 1.2816)
    draws = np.random.default_rng(seed).normal(0, 1, (500, len(point))) * spread
    return np.quantile((point * np.exp(draws)).sum(axis=1), [0.1, 0.9])


def planted(errors: np.ndarray, rows: int = 4) -> Past:
    """Past forecasts of 100 a row, whose sums were off by the given log errors one month later."""
    origins = np.arange(len(errors))
    values = np.full((rows, len(errors) + 1), np.nan)
    values[:, 1:] = 100 * np.exp(errors)
    forecasts = np.full((len(errors), rows, 1), 100.0, dtype=np.float32)
    return Past(origins, forecasts, values)


def test_the_scale_is_the_middle_past_error_in_units_of_students_t_and_wider_for_few_origins() -> None:
    errors = np.array([0.1, -0.1, 0.1, -0.1, 0.1, -0.1, 0.1, -0.1])
    past = planted(errors)
    scale = group_scale(past, ALL[:4], 1, [(1, 1)], 3.0)
    low, high = group_quantiles(scale, np.array([[400.0]]), (0.25, 0.75), 3.0)[0, 0]
    wider = 0.1 * (1 + 3 / len(errors))
    assert (low, high) == pytest.approx((400 * np.exp(-wider), 400 * np.exp(wider)))


def test_no_range_of_a_sum_claims_more_than_seven_times_the_forecast() -> None:
    low, high = group_quantiles(np.array([[5.0]]), np.array([[100.0]]), (0.025, 0.975), 3.0)[0, 0]
    assert (low, high) == pytest.approx((100 * np.exp(-2), 100 * np.exp(2)))


def test_one_wild_month_does_not_widen_the_scale_but_the_tails_hold_it() -> None:
    calm = planted(np.tile([0.05, -0.05], 10))
    wild = planted(np.append(np.tile([0.05, -0.05], 10), 1.5))
    scales = [group_scale(each, ALL[:4], 1, [(1, 1)], 3.0)[0, 0] for each in (calm, wild)]
    assert scales[1] == pytest.approx(scales[0], rel=0.05)


def test_fewer_than_six_past_outcomes_state_nothing() -> None:
    assert np.isnan(group_scale(planted(np.full(5, 0.1)), ALL[:4], 1, [(1, 1)], 3.0)).all()
    assert np.isfinite(group_scale(planted(np.full(6, 0.1)), ALL[:4], 1, [(1, 1)], 3.0)).all()


def test_a_group_without_history_takes_the_width_of_the_others() -> None:
    past = planted(np.tile([0.1, -0.1], 10))
    past.values[3, :] = np.nan
    scale = group_scale(past, np.array([0, 0, 0, 1]), 2, [(1, 1)], 3.0)
    assert scale[1, 0] == pytest.approx(scale[0, 0])


def test_ranges_never_narrow_with_the_horizon() -> None:
    found = CohortGrowth().predict(simulated(rows=200, months=40, seed=3, shock=0.03), 12)
    scale = found.group_scale(ALL, found.months)[0]
    assert (np.diff(scale) >= 0).all()


def test_coverage_of_past_totals_is_counted_only_where_a_range_was_stated() -> None:
    share, cases = total_coverage(planted(np.random.default_rng(0).normal(0, 0.1, 300)), (1, 1), 0.1, 0.9, 3.0)
    assert cases == 294
    # Student's t is scaled to the middle error: 80 % of it hold 85 % of normal errors
    assert share == pytest.approx(0.85, abs=0.06)
    nothing, none = total_coverage(planted(np.full(4, 0.1)), (1, 1), 0.1, 0.9, 3.0)
    assert np.isnan(nothing)
    assert none == 0
