"""How people's layers move simulated paths and quantiles: the middle goes to the folded point, the spread follows.

An amount that was added moves every path by that amount: knowing of a new use does not make the old use less certain. A factor
or a replaced level scales the paths: twice the level, twice the spread. No path falls below 0 unless the measure knows negative
values.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.layers import Folded
from growthring.forecast.panel import Values
from growthring.forecast.sharing import PER_ONE

_SAME = 1e-12
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


def move_quantiles(
    quantiles: Values, folded: Folded, codes: NDArray[np.int64], windows: Sequence[tuple[int, int]] | None = None
) -> Values:
    """Move quantiles of sums as `move_paths` moves paths.

    Args:
        quantiles: Shape (groups, windows, levels).
        folded: The layers.
        codes: Group of each row, 0 … groups − 1; −1 leaves a row out. The numbers of the rows make each row a group.
        windows: First and last month ahead of each window; one for each month of the horizon when absent.
    """
    groups = len(quantiles)
    months = windows or [(ahead, ahead) for ahead in range(1, folded.is_known.shape[1] + 1)]
    base, added, final = (
        np.stack([_sums(each[:, first - 1 : last], codes, groups) for first, last in months], axis=1)
        for each in (folded.base, folded.added / PER_ONE, np.nan_to_num(folded.final))
    )
    lowest = 0.0 if not (quantiles < 0).any() else -np.inf
    scale, shift = _scale_and_shift(np.maximum(base + added, lowest), final)
    moved = np.maximum(quantiles + added[..., np.newaxis], lowest) * scale[..., np.newaxis] + shift[..., np.newaxis]
    touched = np.abs(final - base) > _SAME * np.maximum(np.abs(base), 1)
    return np.where(touched[..., np.newaxis], moved, quantiles)


def _sums(values: Values, codes: NDArray[np.int64], groups: int) -> Values:
    inside = codes >= 0
    return np.bincount(codes[inside], values[inside].sum(axis=1), groups).astype(np.float64)


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
