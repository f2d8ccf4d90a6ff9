"""A panel's rows as compact series: each row's known values from its first to its last, moved to the right edge."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.panel import Cell, Panel, Values

CEILING = 5.0
"""A forecast never lies above this many times the highest value of the row's history."""


@dataclass(frozen=True)
class Compact:
    """Ragged series without holes, aligned at the right.

    Attributes:
        values: Shape (rows, months); the last `lengths[row]` columns of a row are its series, NaN before.
        lengths: Known months of each row, shape (rows,).
    """

    values: Values
    lengths: NDArray[np.int64]


def compact(panel: Panel) -> Compact:
    """Return each row's series; months unknown within a row are filled on the line between their neighbours."""
    values = np.where(panel.is_present, panel.values, np.nan)[:, : panel.last_known + 1]
    rows, months = values.shape
    known = np.isfinite(values)
    columns = np.arange(months)
    lengths = np.zeros(rows, np.int64)
    has_any = known.any(axis=1)
    first = np.where(has_any, known.argmax(axis=1), months)
    last = np.where(has_any, months - 1 - known[:, ::-1].argmax(axis=1), -1)
    lengths = np.maximum(last - first + 1, 0)
    before = np.maximum.accumulate(np.where(known, columns, -1), axis=1)
    after = np.minimum.accumulate(np.where(known, columns, months)[:, ::-1], axis=1)[:, ::-1]
    inside = ~known & (before >= 0) & (after < months)
    if inside.any():
        at_row, at_column = np.nonzero(inside)
        left, right = before[inside], after[inside]
        share = (at_column - left) / (right - left)
        values[inside] = values[at_row, left] * (1 - share) + values[at_row, right] * share
    shift = (columns[None, :] + last[:, None] + 1) % months
    return Compact(np.where(columns >= months - lengths[:, None], np.take_along_axis(values, shift, axis=1), np.nan), lengths)


def guarded(point: Values, panel: Panel, series: Compact) -> Values:
    """Return forecasts that can be published: finite, not below 0, not above five times the row's highest value.

    Rows that are gone or no customers yet get 0; a row of which nothing is known gets NaN. A month that the whole panel lacks at
    its end shifts the forecast: its first months were forecast for it.
    """
    peak = np.nanmax(np.where(np.isfinite(series.values), series.values, -np.inf), axis=1)
    safe = np.clip(np.where(np.isfinite(point), point, 0.0), 0.0, np.maximum(CEILING * peak, 0.0)[:, None])
    edge = panel.cells[:, panel.last_known]
    absent = (edge == Cell.GONE) | (edge == Cell.NOT_YET)
    result: Values = np.where((series.lengths == 0)[:, None], np.nan, safe)
    return np.where(absent[:, None], 0.0, result)
