"""Simulated futures: the same for the same row whatever else is asked, right on average, and moved together by one world."""

import numpy as np
import pytest

from growthring.forecast.growth import CohortGrowth, GrowthForecast
from growthring.forecast.panel import Cell
from tests.forecast.simulated import simulated


@pytest.fixture(scope="module")
def found() -> GrowthForecast:
    history = simulated(rows=300, months=36, shock=0.05, noise=np.where(np.arange(300) < 150, 0.03, 0.25))
    history.cells[0, 30:], history.values[0, 30:] = Cell.GONE, np.nan
    return CohortGrowth().predict(history, 6)


def test_a_row_has_the_same_futures_in_every_call(found: GrowthForecast) -> None:
    whole = found.paths(np.arange(300), 50)
    np.testing.assert_array_equal(whole[:, [7, 200]], found.paths(np.array([7, 200]), 50))
    np.testing.assert_array_equal(whole[:, [200, 7]], found.paths(np.array([200, 7]), 50))


def test_futures_are_right_on_average(found: GrowthForecast) -> None:
    paths = found.paths(np.arange(300), 2_000)
    assert paths.sum(axis=1).mean(axis=0) == pytest.approx(found.point.sum(axis=0), rel=0.02)
    calm = paths[:, 1:150].mean(axis=0)
    assert calm == pytest.approx(found.point[1:150], rel=0.05)


def test_who_is_gone_stays_gone(found: GrowthForecast) -> None:
    assert not found.paths(np.array([0]), 20).any()


def test_all_accounts_share_the_shock_of_their_world(found: GrowthForecast) -> None:
    """Two sums over different accounts rise and fall together over the worlds, and the total is as wide as its range says."""
    paths = found.paths(np.arange(1, 300), 1_000)[:, :, 2]
    one, other = paths[:, :75].sum(axis=1), paths[:, 75:149].sum(axis=1)
    assert np.corrcoef(one, other)[0, 1] > 0.7
    low, high = found.group_quantiles(np.zeros(300, dtype=np.int64), (0.1, 0.9))[0, 2]
    drawn = np.quantile(paths.sum(axis=1), [0.1, 0.9])
    assert drawn[1] - drawn[0] == pytest.approx(high - low, rel=0.35)


def test_futures_of_an_account_are_as_wide_as_its_range(found: GrowthForecast) -> None:
    paths = found.paths(np.arange(1, 300), 500)
    drawn = np.quantile(paths, [0.1, 0.9], axis=0)
    said = found.quantiles((0.1, 0.9))[1:]
    assert np.median((drawn[1] - drawn[0]) / (said[..., 1] - said[..., 0])) == pytest.approx(1, abs=0.3)


def test_a_bad_start_stays_likely_to_be_bad(found: GrowthForecast) -> None:
    """Own errors are whole past paths: what lies low in month 1 lies low in month 6, too."""
    paths = found.paths(np.arange(150, 300), 300) / found.draws.worlds(300)[:, None, :]
    early, late = np.log(np.maximum(paths[:, :, 0], 1e-9)), np.log(np.maximum(paths[:, :, 5], 1e-9))
    kept = np.corrcoef((early - early.mean(axis=0)).ravel(), (late - late.mean(axis=0)).ravel())[0, 1]
    assert kept > 0.25


def test_worlds_have_mean_one(found: GrowthForecast) -> None:
    assert found.draws.worlds(200).mean(axis=0) == pytest.approx(np.ones(6))
