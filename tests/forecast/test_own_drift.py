"""Own drift: as much persistence as was planted, none on noise, and nothing from too few pairs."""

import numpy as np
import pytest

from growthring.forecast.growth import CohortGrowth, Learner
from growthring.forecast.own_drift import OwnDrift
from growthring.forecast.policy import STANDARD
from tests.forecast.simulated import panel_of_values

LAST = STANDARD.model_copy(update={"levels": (1.0,)})


def walks(persistence: float, rows: int = 1_500, months: int = 30, seed: int = 0) -> np.ndarray:
    """Accounts whose monthly growth carries on: step = persistence × last step + noise."""
    chance = np.random.default_rng(seed)
    steps = np.zeros((rows, months))
    for month in range(1, months):
        steps[:, month] = persistence * steps[:, month - 1] + chance.normal(0, 0.05, rows)
    return np.exp(4 + chance.normal(0, 1, rows)[:, None] + np.cumsum(steps, axis=1))


def effect_of_last_step(values: np.ndarray, horizon: int = 1) -> float:
    """Regress the effect that is carried forward on the account's own last step."""
    learner = Learner(panel_of_values(values), horizon, LAST)
    carried = learner._own.effect(learner.last, learner._coefficients[horizon - 1])
    step = np.log(values[:, -1] / values[:, -2])
    step = step - np.median(step)
    return float(carried @ step / (step @ step))


@pytest.mark.parametrize("persistence", [0.6, -0.4])
def test_planted_persistence_is_found(persistence: float) -> None:
    assert effect_of_last_step(walks(persistence)) == pytest.approx(persistence, abs=0.12)


def test_on_noise_there_is_none() -> None:
    found = [effect_of_last_step(walks(0.0, seed=seed)) for seed in range(4)]
    assert np.abs(found).max() < 0.06


def test_gains_and_losses_carry_on_each_in_their_own_way() -> None:
    """Half of a gain is lost again in the next month, and of a loss nothing is."""
    chance = np.random.default_rng(0)
    steps = np.zeros((2_000, 30))
    for month in range(1, 30):
        steps[:, month] = -0.5 * np.maximum(steps[:, month - 1], 0) + chance.normal(0, 0.05, 2_000)
    values = np.exp(4 + np.cumsum(steps, axis=1))
    learner = Learner(panel_of_values(values), 1, LAST)
    carried = learner._own.effect(learner.last, learner._coefficients[0])
    step = np.log(values[:, -1] / values[:, -2])
    step -= np.median(step)
    gains, losses = step > 0.04, step < -0.04
    slope = {name: np.polyfit(step[rows], carried[rows], 1)[0] for name, rows in (("gain", gains), ("loss", losses))}
    assert slope["gain"] == pytest.approx(-0.5, abs=0.15)
    assert slope["loss"] == pytest.approx(0.0, abs=0.12)


def test_twenty_accounts_teach_next_to_nothing() -> None:
    assert abs(effect_of_last_step(walks(0.6, rows=20, months=6))) < 0.2


def test_everybodys_growth_is_nobodys_own() -> None:
    """A month in which all accounts doubled leaves no own deviation."""
    level = np.array([[1.0, 2.0, 4.0, 16.0], [3.0, 6.0, 12.0, 48.0], [5.0, 10.0, 20.0, 80.0]])
    drift = OwnDrift(level, np.zeros(3, dtype=np.int64))
    assert np.abs(drift.features(3)).max() < 1e-6


def test_switched_off_it_changes_every_forecast_back_to_the_cohorts_growth() -> None:
    history = panel_of_values(walks(0.6, rows=300))
    plain = CohortGrowth(LAST.model_copy(update={"own_drift": False, "sizes": (), "tenures": ()})).predict(history, 1)
    ratio = plain.point[:, 0] / history.values[:, -1]
    assert ratio == pytest.approx(np.full(300, ratio[0]))
