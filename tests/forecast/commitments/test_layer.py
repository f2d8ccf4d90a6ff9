"""The commitment layer moves forecasts and futures by the same difference."""

import numpy as np
import pytest

from growthring.forecast.commitments.layer import CommitmentLayer

PATHS, HORIZON = 100, 3


def layer(floor: float = 300.0) -> tuple[CommitmentLayer, np.ndarray]:
    """Return a layer over row 2 of 4, whose minimum is billed in the last month, and its usage."""
    usage = np.random.default_rng(5).uniform(50, 150, (PATHS, 1, HORIZON)).astype(np.float32)
    billed = usage.copy()
    billed[:, :, -1] += np.maximum(floor - usage.sum(axis=2), 0)
    return CommitmentLayer(np.array([2]), 4, usage, billed), usage


def test_the_effect_is_the_mean_of_what_commitments_add():
    found, usage = layer()
    assert found.effect[2, -1] == pytest.approx(np.maximum(300 - usage.sum(axis=2), 0).mean(), rel=1e-4)
    assert not found.effect[[0, 1, 3]].any()


def test_futures_move_by_the_effect_on_average_and_keep_the_floor():
    found, usage = layer()
    other = np.random.default_rng(6).permutation(usage)  # the same futures of revenue, drawn in another order
    moved = found.move(np.repeat(other, 2, axis=1), np.array([0, 2]))
    assert np.array_equal(moved[:, 0], other[:, 0])
    assert moved[:, 1].mean(axis=0) - other[:, 0].mean(axis=0) == pytest.approx(found.effect[2], rel=1e-3, abs=1e-3)
    assert moved[:, 1].sum(axis=1).min() >= 300 - 1e-2


def test_a_floor_far_above_the_usage_takes_the_width_away():
    found, usage = layer(floor=10_000.0)
    moved = found.move(usage, np.array([2]))
    assert np.ptp(moved.sum(axis=2)) < 0.1
    assert np.ptp(usage.sum(axis=2)) > 100
