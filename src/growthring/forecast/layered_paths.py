"""How people's layers move simulated paths and quantiles: the middle goes to the folded point, the spread follows.

An amount that was added moves every path by that amount: knowing of a new use does not make the old use less certain. A factor
or a replaced level scales the paths: twice the level, twice the spread. No path falls below 0 unless the measure knows negative
values.
"""

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.layers import Folded
from growthring.forecast.panel import Values
from growthring.forecast.sharing import PER_ONE

_WIDEST = 20.0
"""Paths with a mean near 0 among negative values are moved, not scaled, by more than this."""


def move_paths(paths: NDArray[np.float32], folded: Folded, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Move simulated paths so that their mean is the folded forecast.

    Args:
        paths: Futures of some rows, shape (count, rows, horizon).
        folded: The layers.
        rows: Rows of the panel the paths belong to, shape (rows,).

    Returns:
        The paths, moved; cells nobody says anything about stay as they are.
    """
    final, added = folded.final[rows], folded.added[rows] / PER_ONE
    touched = _touched(folded, rows)
    if not touched.any():
        return paths
    lowest = 0.0 if (paths >= 0).all() else -np.inf
    moved = np.maximum(paths + added.astype(np.float32), np.float32(lowest))
    mean = moved.mean(axis=0, dtype=np.float64)
    scale, shift = _scale_and_shift(mean, final)
    result = moved * scale.astype(np.float32) + shift.astype(np.float32)
    return np.where(touched, result, paths)


def move_quantiles(quantiles: Values, folded: Folded, rows: NDArray[np.int64]) -> Values:
    """Move quantiles of some rows as `move_paths` moves paths.

    Args:
        quantiles: Shape (rows, horizon, levels).
        folded: The layers.
        rows: Rows of the panel the quantiles belong to, shape (rows,).
    """
    added, touched = folded.added[rows] / PER_ONE, _touched(folded, rows)
    lowest = 0.0 if not (quantiles < 0).any() else -np.inf
    mean = np.maximum(folded.base[rows] + added, lowest)
    scale, shift = _scale_and_shift(mean, folded.final[rows])
    moved = np.maximum(quantiles + added[..., np.newaxis], lowest) * scale[..., np.newaxis] + shift[..., np.newaxis]
    return np.where(touched[..., np.newaxis], moved, quantiles)


def _touched(folded: Folded, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return the cells that people's layers changed."""
    found: NDArray[np.bool_] = folded.is_known[rows] & (folded.final[rows] != folded.base[rows])
    return found


def _scale_and_shift(mean: Values, final: Values) -> tuple[Values, Values]:
    """Return what brings a mean to the folded value: a factor where there is something to scale, an amount elsewhere."""
    wanted = np.nan_to_num(final)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = wanted / mean
    can_scale = np.isfinite(ratio) & (ratio >= 0) & ((mean > 0) | (np.abs(ratio) < _WIDEST))
    scale = np.where(can_scale, ratio, 1.0)
    return scale, np.where(can_scale, 0.0, wanted - mean)
