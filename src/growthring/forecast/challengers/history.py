"""A panel's rows as compact series: each row's known values from its first to its last, moved to the right edge."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.panel import Cell, Panel, Values

CEILING = 5.0
"""A forecast never lies above this many times the highest value of the row's history."""
QUARTER = 3


@dataclass(frozen=True)
class Compact:
    """Ragged series without holes, aligned at the right.

    Attributes:
        values: Shape (rows, months); the last `lengths[row]` columns of a row are its series, NaN before.
        lengths: Months of each row from its first known to its last, shape (rows,).
        silent: Months since the row's last known one, shape (rows,).
    """

    values: Values
    lengths: NDArray[np.int64]
    silent: NDArray[np.int64]

    @property
    def is_recent(self) -> NDArray[np.bool_]:
        """Rows known within the last quarter; fitting the others would be a waste, shape (rows,)."""
        return self.silent < QUARTER

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Return some rows."""
        return type(self)(self.values[rows], self.lengths[rows], self.silent[rows])


def compact(panel: Panel) -> Compact:
    """Return each row's series; months unknown within a row are filled on the line between their neighbours."""
    values = np.where(panel.is_present, panel.values, np.nan)[:, : panel.last_known + 1]
    months = values.shape[1]
    known = np.isfinite(values)
    columns = np.arange(months)
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
    shift = (columns[None, :] + last[:, None] + 1) % max(months, 1)
    aligned = np.take_along_axis(values, shift, axis=1)
    return Compact(np.where(columns >= months - lengths[:, None], aligned, np.nan), lengths, months - 1 - last)


def chained(panel: Panel, codes: NDArray[np.int64]) -> Compact:
    """Return the history of sums over groups of rows, free of rows that came or went.

    The sum of the last known month is carried back by the change of those rows of the group that are known in both months, so
    that neither onboarding nor a cut-off looks like growth.

    Args:
        panel: The history.
        codes: Group of each row, 0 … groups − 1; −1 leaves a row out.
    """
    values = np.where(panel.is_present, panel.values, np.nan)[:, : panel.last_known + 1]
    groups, months = int(codes.max(initial=-1)) + 1, values.shape[1]
    known_months = np.flatnonzero(np.isfinite(values).any(axis=0))
    kept = codes >= 0
    history = np.full((groups, months), np.nan)
    history[:, -1] = _sums(values[kept, -1], codes[kept], groups)
    for earlier, later in zip(known_months[-2::-1], known_months[:0:-1], strict=True):
        both = kept & np.isfinite(values[:, earlier]) & np.isfinite(values[:, later])
        old, new = (_sums(values[both, column], codes[both], groups) for column in (earlier, later))
        with np.errstate(divide="ignore", invalid="ignore"):
            history[:, earlier] = np.where((old > 0) & (new > 0), history[:, later] * old / new, np.nan)
    as_panel = Panel(
        np.arange(groups).astype(str),
        np.full(groups, ""),
        panel.first_month,
        history,
        np.where(np.isfinite(history), Cell.PRESENT, Cell.MISSING).astype(np.uint8),
    )
    return compact(as_panel)


def months_ahead(panel: Panel, horizon: int) -> Values:
    """Return how far each forecast month lies after the last known one; more than 1, 2, … when the panel ends unknown."""
    ahead: Values = np.arange(1.0, horizon + 1) + (panel.months - 1 - panel.last_known)
    return ahead


def guarded(point: Values, panel: Panel, series: Compact) -> Values:
    """Return forecasts that can be published: finite, not below 0, not above five times the row's highest value.

    Rows that are gone or no customers yet get 0; a row of which nothing is known gets NaN.
    """
    peak = np.where(np.isfinite(series.values), series.values, -np.inf).max(axis=1)
    safe = np.clip(np.where(np.isfinite(point), point, 0.0), 0.0, np.maximum(CEILING * peak, 0.0)[:, None])
    result: Values = np.where((series.lengths == 0)[:, None], np.nan, safe)
    return np.where(absent(panel)[:, None], 0.0, result)


def absent(panel: Panel) -> NDArray[np.bool_]:
    """Return the rows that are no customers at the end: gone, or not yet; every method says 0 for them."""
    edge = panel.cells[:, panel.last_known]
    is_absent: NDArray[np.bool_] = (edge == Cell.GONE) | (edge == Cell.NOT_YET)
    return is_absent


def _sums(values: Values, codes: NDArray[np.int64], groups: int) -> Values:
    weights = np.where(np.isfinite(values), values, 0.0)
    sums: Values = np.bincount(codes, weights=weights, minlength=groups).astype(np.float64)
    return sums
