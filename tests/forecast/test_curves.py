"""Growth curves: planted growth by cohort, survival apart, common months that set nothing, pooling where there is little."""

import numpy as np
import pytest

from growthring.forecast.cohorts import Cohorts
from growthring.forecast.curves import PairSums, pair_sums, pooled_curve
from growthring.forecast.growth import CohortGrowth, Learner
from growthring.forecast.panel import Cell
from growthring.forecast.policy import STANDARD
from tests.forecast.simulated import panel, panel_of_values, simulated

NO_CLASSES = STANDARD.model_copy(update={"sizes": (), "tenures": ()})


def cohorts(segments: int) -> Cohorts:
    names = np.array([f"s{number}" for number in range(segments)])
    return Cohorts(names, np.arange(segments), np.zeros(segments, dtype=np.int64), NO_CLASSES)


def sums(level: list[float], kept: list[float], came: list[float], count: float = 1e6) -> PairSums:
    return PairSums(np.array(level), np.array(kept), np.array(came), np.full(len(level), count))


def test_a_pair_of_months_is_added_up_by_cohort() -> None:
    """Worked example: rows 0 and 1 are cohort 0; row 1 left, row 2's later month is unknown, row 3 grew beyond the bound."""
    found = pair_sums(
        np.array([0, 0, 1, 1]), 2, np.array([10.0, 5.0, 7.0, 1.0]), np.array([12.0, 0.0, np.nan, 100.0]),
        np.array([False, True, False, False]), clip=1.5,
    )  # fmt: skip
    assert found.level.tolist() == [15, 1]
    assert found.kept.tolist() == [10, 1]
    assert found.came_to == pytest.approx([12, np.exp(1.5)])
    assert found.count.tolist() == [2, 1]


def test_growth_is_the_median_over_origins_and_survival_the_share_of_all() -> None:
    pairs = [sums([100], [100], [110]), sums([100], [90], [99]), sums([100], [95], [950])]
    found = pooled_curve(pairs, cohorts(1), NO_CLASSES)
    assert found.growth == pytest.approx([1.1])
    assert found.survival == pytest.approx([285 / 300])


def test_a_small_cohort_takes_the_growth_of_all_and_a_large_one_its_own() -> None:
    pairs = [PairSums(np.array([1000.0, 1.0]), np.array([1000.0, 1.0]), np.array([1020.0, 3.0]), np.array([9e4, 1.0]))]
    found = pooled_curve(pairs, cohorts(2), NO_CLASSES)
    assert found.growth[0] == pytest.approx(1.02, abs=1e-3)
    assert found.growth[1] == pytest.approx(1.02, abs=0.01)


def test_without_any_pair_nothing_changes() -> None:
    found = pooled_curve([], cohorts(3), NO_CLASSES)
    assert found.growth.tolist() == found.survival.tolist() == [1, 1, 1]


def test_sums_below_zero_have_no_growth() -> None:
    """A month in which more came back than was sold says nothing of growth; the other months do."""
    pairs = [sums([100], [100], [-50]), sums([-20], [-20], [10]), sums([100], [100], [104])]
    assert pooled_curve(pairs, cohorts(1), NO_CLASSES).growth == pytest.approx([1.04])


def test_planted_growth_is_found_by_segment_size_and_tenure() -> None:
    """Small young accounts grow 6 % a month, small old ones 2 %, large ones not at all, in the second segment 1 % more."""
    chance, rows, months = np.random.default_rng(0), 4_000, 40
    started, large = chance.integers(0, 38, rows), chance.random(rows) < 0.35
    fast = np.arange(rows) % 2 == 1
    log = np.full((rows, months), np.nan)
    now = np.where(large, np.log(10_000.0), np.log(10.0)) + chance.normal(0, 0.1, rows)
    for month in range(months):
        here = month >= started
        log[here, month] = now[here]
        rate = np.where(large, 0.0, np.where(month - started < 12, 0.06, 0.02)) + 0.01 * fast
        now = np.where(here, now + rate + chance.normal(0, 0.02, rows), now)
    values = np.exp(log)
    cells = np.where(np.isnan(log), Cell.NOT_YET, Cell.PRESENT).astype(np.uint8)
    policy = STANDARD.model_copy(update={"sizes": (0.5,), "tenures": (12,), "pairs": 50, "levels": (1.0,)})
    learner = Learner(panel(values, cells, np.where(fast, "fast", "slow")), 1, policy)
    growth = np.log(learner.curve(learner.last, 1).growth).reshape(2, 2, 2)  # segment, size, tenure
    slow = growth[1]
    assert slow[0] == pytest.approx([0.06, 0.02], abs=0.004)
    assert slow[1] == pytest.approx([0.0, 0.0], abs=0.004)
    assert growth[0] - slow == pytest.approx(np.full((2, 2), 0.01), abs=0.005)


def test_one_month_in_which_everything_jumped_does_not_set_the_curve() -> None:
    truth = simulated(rows=400, months=30, growth={"all": 0.02}, noise=0.03)
    values = truth.values.copy()
    values[:, 25] *= 1.8  # a month of a common event, gone a month later
    jumped = panel_of_values(values, truth.attributes["segment"])
    straight, found = (CohortGrowth().predict(each, 1).assumptions.growth[0, 0] for each in (truth, jumped))
    assert found == pytest.approx(straight, abs=0.01)


def test_survival_is_found_by_segment() -> None:
    truth = simulated(rows=3_000, months=30, growth={"a": 0.0, "b": 0.0}, churn={"a": 0.005, "b": 0.04}, noise=0.02, late=0.5)
    found = CohortGrowth().predict(truth, 6).assumptions.survival
    assert found[:, 0] == pytest.approx([0.995, 0.96], abs=0.006)
    assert found[:, 5] == pytest.approx([0.995**6, 0.96**6], abs=0.03)
