"""Reconciliation in two passes is generalised least squares, adds up, and respects floors."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growthring.forecast.tree import Level, reconcile


def dense(levels: list[Level]) -> np.ndarray:
    """The leaves by generalised least squares on the matrix of sums, with a diagonal covariance of errors."""
    count = len(levels[0].forecast)
    parts, ancestor = [np.eye(count)], np.arange(count)
    for below, level in pairwise(levels):
        ancestor = below.parent[ancestor]
        parts.append((ancestor[None, :] == np.arange(len(level.forecast))[:, None]).astype(float))
    sums, said = np.vstack(parts), np.concatenate([each.forecast for each in levels])
    weight = 1 / np.concatenate([each.variance for each in levels])
    known = ~np.isnan(said)
    sums, said, weight = sums[known], said[known], weight[known]
    return np.linalg.solve(sums.T @ (weight[:, None] * sums), sums.T @ (weight * said))


def tree(seed: int, leaves: int, middle: int, *, holes: bool = False) -> list[Level]:
    chance = np.random.default_rng(seed)
    bottom = Level(chance.normal(5, 3, leaves), chance.uniform(0.1, 4, leaves), chance.integers(0, middle, leaves))
    own = chance.normal(20, 5, middle)
    if holes:
        own[chance.random(middle) < 0.5] = np.nan
    inner = Level(own, chance.uniform(0.1, 9, middle), np.zeros(middle, dtype=np.int64))
    return [bottom, inner, Level(np.array([chance.normal(50, 9)]), np.array([2.0]))]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), leaves=st.integers(1, 40), middle=st.integers(1, 8), holes=st.booleans())
def test_two_passes_equal_the_dense_solution(seed: int, leaves: int, middle: int, holes: bool) -> None:
    levels = tree(seed, leaves, middle, holes=holes)
    # an inner node without leaves is nobody's sum: it has no own forecast in the matrix either
    childless = np.bincount(levels[0].parent, minlength=middle) == 0
    levels[1].forecast[childless] = np.nan
    np.testing.assert_allclose(reconcile(levels)[0], dense(levels), rtol=1e-8, atol=1e-8)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), floor=st.one_of(st.none(), st.floats(-5, 5)))
def test_parts_add_up_at_every_level_and_respect_the_floor(seed: int, floor: float | None) -> None:
    levels = tree(seed, 30, 5)
    leaves, inner, top = reconcile(levels, floor)
    np.testing.assert_allclose(np.bincount(levels[0].parent, leaves, 5), inner, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(inner.sum(), top[0], rtol=1e-12)
    assert floor is None or (leaves >= floor).all()


def test_what_a_floor_holds_back_is_taken_from_the_others() -> None:
    leaves = Level(np.array([1.0, 10.0]), np.array([1.0, 1.0]), np.array([0, 0]))
    total = Level(np.array([5.0]), np.array([1e-9]))
    assert reconcile([leaves, total])[0] == pytest.approx([-2, 7])
    assert reconcile([leaves, total], floor=0.0)[0] == pytest.approx([0, 5])
    assert reconcile([leaves, total], floor=np.array([2.0, 0.0]))[0] == pytest.approx([2, 3])


def test_forecasts_that_add_up_already_stay() -> None:
    leaves = Level(np.array([1.0, 2.0, 3.0]), np.array([1.0, 5.0, 2.0]), np.array([0, 0, 0]))
    assert reconcile([leaves, Level(np.array([6.0]), np.array([3.0]))])[0] == pytest.approx([1, 2, 3])


def test_what_is_certain_does_not_move() -> None:
    leaves = Level(np.array([1.0, 2.0]), np.array([0.0, 1.0]), np.array([0, 0]))
    assert reconcile([leaves, Level(np.array([9.0]), np.array([0.0]))])[0] == pytest.approx([1, 8])
    everything = Level(np.array([1.0, 2.0]), np.zeros(2), np.array([0, 0]))
    assert reconcile([everything, Level(np.array([9.0]), np.array([0.0]))])[0] == pytest.approx([1, 2])
