"""The lag from a signature to revenue: a planted lag comes back although the latest signatures have not arrived yet."""

import numpy as np
import pytest

from growthring.forecast.ramp import DAYS_OF_A_MONTH, lag_by_month, lag_curve, lags_by_group


def signed(seed: int, count: int, mean: float, never: float = 0.0, span: float = 400.0):
    """Signatures over a span of days with an exponential lag; a share never arrives."""
    random = np.random.default_rng(seed)
    until_end = random.uniform(0, span, count)
    lag = np.where(random.random(count) < never, np.inf, random.exponential(mean, count))
    arrived = lag <= until_end
    return np.where(arrived, np.ceil(lag), np.ceil(until_end)).astype(float), arrived


def test_a_planted_lag_comes_back_where_dropping_the_waiting_would_make_it_short():
    waits, arrived = signed(1, 3000, 120.0, span=300)
    curve = lag_curve(waits, arrived)
    truth = 120 * np.log(2)
    dropped = float(np.median(waits[arrived]))
    assert curve.median() == pytest.approx(truth, rel=0.08)
    assert dropped < 0.8 * truth
    for day in (30, 90, 180):
        assert curve.share_by(day) == pytest.approx(1 - np.exp(-day / 120), abs=0.03)


def test_what_never_arrives_keeps_the_curve_below_one():
    waits, arrived = signed(2, 4000, 40.0, never=0.3, span=800)
    assert lag_curve(waits, arrived).share_by(600) == pytest.approx(0.7, abs=0.03)


def test_the_interval_holds_as_often_as_it_says():
    truth = 1 - np.exp(-90 / 120)
    held = 0
    for seed in range(200):
        low, high = lag_curve(*signed(seed, 80, 120.0)).interval_by(90)
        held += low <= truth <= high
    assert 0.90 <= held / 200 <= 0.99


def test_without_censoring_the_curve_is_the_share_that_arrived():
    waits = np.array([1.0, 2, 2, 5])
    curve = lag_curve(waits, np.ones(4, bool))
    assert [curve.share_by(day) for day in (0, 1, 2, 4, 5)] == [0, 0.25, 0.75, 0.75, 1]
    assert curve.median() == 2
    assert lag_curve(np.array([3.0, 9]), np.zeros(2, bool)).median() is None


def test_chances_by_month_add_up_to_the_share_that_arrives_and_know_what_was_waited():
    curve = lag_curve(*signed(3, 2000, 60.0, span=1500))
    fresh = lag_by_month(curve, 24)
    assert fresh.sum() == pytest.approx(curve.share_by(24 * DAYS_OF_A_MONTH))
    # an exponential lag has no memory: having waited changes nothing
    assert lag_by_month(curve, 3, waited=60.0) == pytest.approx(fresh[:3], abs=0.05)
    assert lag_by_month(lag_curve(np.array([1.0, 2]), np.ones(2, bool)), 3, waited=5.0).tolist() == [0, 0, 0]


def test_a_group_with_few_arrivals_is_given_the_lag_of_all():
    waits, arrived = signed(4, 300, 60.0)
    groups = ["small"] * 5 + ["large"] * 295
    pooled, curves = lags_by_group(waits, arrived, groups)
    assert curves["small"] == (pooled, False)
    own, is_own = curves["large"]
    assert is_own and own.signatures == 295
