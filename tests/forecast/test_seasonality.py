"""Calendar effects: found when planted over years, not found on noise, and never from less than two years."""

import numpy as np
import pytest

from growthring.forecast.growth import CohortGrowth
from growthring.forecast.panel import Cell
from growthring.forecast.seasonality import seasonal_index
from tests.forecast.simulated import FIRST, simulated

WINTER = 0.2 * np.cos(2 * np.pi * np.arange(12) / 12)


def growth_of(season: np.ndarray, months: int, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    when = FIRST + np.arange(months + 1)
    log = season[when % 12] + np.cumsum(np.random.default_rng(seed).normal(0.01, noise, months + 1))
    return np.diff(log), when[1:]


def test_a_planted_season_of_four_years_is_found() -> None:
    found = seasonal_index(*growth_of(WINTER, 48, 0.02))
    assert found == pytest.approx(WINTER - WINTER.mean(), abs=0.06)
    assert found.sum() == pytest.approx(0, abs=1e-9)


def test_no_season_is_found_on_noise_more_often_than_the_test_allows() -> None:
    """Of 600 histories without a season, about one in a hundred shows one; gaps and heavy tails do not raise that."""
    chance = np.random.default_rng(0)
    for noise in (lambda: chance.normal(0, 0.05, 48), lambda: 0.03 * chance.standard_t(3, 48)):
        alarms = sum(bool(seasonal_index(noise(), FIRST + np.arange(48)).any()) for _ in range(300))
        assert alarms <= 10


@pytest.mark.parametrize("months", [12, 18, 23])
def test_less_than_two_years_show_nothing(months: int) -> None:
    assert not seasonal_index(*growth_of(WINTER, months, 0.0)).any()


def test_a_single_december_is_no_season() -> None:
    growth, months = growth_of(np.zeros(12), 36, 0.01)
    growth[11] += 1.0
    growth[12] -= 1.0
    assert not seasonal_index(growth, months).any()


def test_months_that_are_not_known_are_left_out() -> None:
    growth, months = growth_of(WINTER, 60, 0.02)
    growth[[7, 30]] = np.nan
    assert seasonal_index(growth, months) == pytest.approx(WINTER - WINTER.mean(), abs=0.06)


def test_the_forecast_of_a_seasonal_company_falls_after_its_winter() -> None:
    truth = simulated(rows=300, months=61, growth={"all": 0.01}, noise=0.03, season=WINTER)
    known = truth.through(truth.first_month + 48)
    found = CohortGrowth().predict(known, 12)
    assert found.assumptions.season == pytest.approx(WINTER - WINTER.mean(), abs=0.05)
    came = truth.values[:, 49:].sum(axis=0)
    assert found.point.sum(axis=0) == pytest.approx(came, rel=0.12)
    flat = CohortGrowth().predict(known, 12).panel.values[:, 48].sum()
    assert np.abs(found.point.sum(axis=0) - came).mean() < 0.4 * np.abs(flat - came).mean()


def test_accounts_without_a_season_show_none() -> None:
    """False alarms of the whole model over many worlds, with shocks that all accounts share."""
    alarms = sum(
        bool(CohortGrowth().predict(simulated(rows=60, months=48, seed=seed, shock=0.05), 1).assumptions.season.any())
        for seed in range(30)
    )
    assert alarms <= 2


def test_a_month_that_is_missing_for_all_is_no_season() -> None:
    truth = simulated(rows=100, months=48, noise=0.03)
    truth.values[:, 24] = np.nan
    truth.cells[:, 24] = Cell.MISSING
    assert not CohortGrowth().predict(truth, 1).assumptions.season.any()
