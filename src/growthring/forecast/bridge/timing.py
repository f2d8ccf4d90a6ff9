"""Timing: amounts that came in another month than expected, and in no other size."""

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 0.1
"""How far, of what moved, a series' months may be from netting to nothing for the move to count as timing."""


def moved(gap: NDArray[np.int64], free: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the part of each month's difference that other months of the same row give back.

    Rows whose differences net to nothing, within `TOLERANCE` of the larger side, are rows in which an amount moved; the larger
    side is cut in proportion, so that what is returned nets to exactly nothing over the months. Ordinary errors of both signs
    seldom cancel so far; where they do, they are timing by this definition.

    Args:
        gap: Differences, shape (rows, months).
        free: Cells that may take part.
    """
    open_gap = np.where(free, gap, 0)
    gains, losses = np.maximum(open_gap, 0), np.maximum(-open_gap, 0)
    gained, lost = gains.sum(axis=1), losses.sum(axis=1)
    smaller, larger = np.minimum(gained, lost), np.maximum(gained, lost)
    rows = np.flatnonzero((smaller > 0) & (larger - smaller <= TOLERANCE * larger))
    result = np.zeros_like(open_gap)
    result[rows] = _cut(gains[rows], smaller[rows]) - _cut(losses[rows], smaller[rows])
    return result


def _cut(amounts: NDArray[np.int64], to: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cut each row in proportion to a sum; the largest month takes the rounding."""
    cut: NDArray[np.int64] = np.rint(amounts * (to / amounts.sum(axis=1))[:, None]).astype(np.int64)
    largest = amounts.argmax(axis=1)
    cut[np.arange(len(cut)), largest] += to - cut.sum(axis=1)
    return cut
