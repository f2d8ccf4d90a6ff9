"""Reconciliation on a tree: forecasts of leaves, groups and the total become one set that adds up, in two passes.

Weighted least squares on a strict tree needs no matrix: going up, each node's own forecast and the sum of its children are
averaged by their precision; going down, what a parent has more than its children is shared in proportion to their variance. The
result equals the dense generalised least squares solution (Wickramasuriya et al. 2019, with a diagonal error covariance) at
linear cost.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.panel import Values

_ROUNDS = 50


@dataclass(frozen=True)
class Level:
    """One level of the tree, from the bottom up.

    Attributes:
        forecast: Own forecast of each node, shape (nodes,); NaN where it has none.
        variance: Variance of its error, shape (nodes,).
        parent: Node above each node, shape (nodes,); the top level has none.
    """

    forecast: Values
    variance: Values
    parent: NDArray[np.int64] | None = None


def reconcile(levels: list[Level], floor: Values | float | None = None) -> list[Values]:
    """Return forecasts of every level that add up exactly along the tree.

    Args:
        levels: From the leaves to the top; each but the last says who its parents are.
        floor: Lowest value of each leaf; leaves pushed below it are held there and the rest is shared among the others.

    Example:
        >>> leaves = Level(np.array([1.0, 3.0]), np.array([1.0, 1.0]), np.array([0, 0]))
        >>> [each.tolist() for each in reconcile([leaves, Level(np.array([7.0]), np.array([1.0]))])]
        [[2.0, 4.0], [6.0]]
    """
    bottom = levels[0].forecast
    held = np.zeros(len(bottom), dtype=np.bool_)
    lowest = np.full(len(bottom), -np.inf) if floor is None else np.broadcast_to(np.asarray(floor, np.float64), bottom.shape)
    found = _two_passes(levels)
    for _ in range(_ROUNDS):
        below = ~held & (found[0] < lowest)
        if not below.any():
            break
        held |= below
        fixed = Level(np.where(held, lowest, bottom), np.where(held, 0.0, levels[0].variance), levels[0].parent)
        found = _two_passes([fixed, *levels[1:]])
    leaves = np.where(held, lowest, found[0])
    return [leaves, *_sums(levels, leaves)]


def _two_passes(levels: list[Level]) -> list[Values]:
    best, spread = [levels[0].forecast], [levels[0].variance]
    for below, level in pairwise(levels):
        assert below.parent is not None  # noqa: S101 - only the top has none
        total = np.bincount(below.parent, best[-1], len(level.forecast))
        variance = np.bincount(below.parent, spread[-1], len(level.forecast))
        own = ~np.isnan(level.forecast)
        both = variance + level.variance
        weight = np.where(own & (both > 0), variance / np.where(both > 0, both, 1.0), 0.0)
        best.append(total + weight * np.where(own, level.forecast - total, 0.0))
        spread.append(variance * (1 - weight))
    found = [best[-1]]
    for place in range(len(levels) - 2, -1, -1):
        parent = levels[place].parent
        assert parent is not None  # noqa: S101
        nodes = len(found[0])
        gap = found[0] - np.bincount(parent, best[place], nodes)
        variance = np.bincount(parent, spread[place], nodes)
        share = spread[place] / np.where(variance > 0, variance, 1.0)[parent]
        found.insert(0, best[place] + share * gap[parent])
    return found


def _sums(levels: list[Level], leaves: Values) -> list[Values]:
    found: list[Values] = []
    current = leaves
    for below, level in pairwise(levels):
        assert below.parent is not None  # noqa: S101
        current = np.bincount(below.parent, current, len(level.forecast)).astype(np.float64)
        found.append(current)
    return found
