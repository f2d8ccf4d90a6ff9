"""The usual level of an account around a month, and how far its months usually lie from it, on the log scale."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from growthring.forecast.medians import median_of_three
from growthring.forecast.panel import Panel, Values

SIDE = 3
"""Months on each side that say what is usual."""

_FLOOR = 0.05
_FEWEST_BEFORE, _LEAST_SCALE = 2, 0.02
_PRIOR_MONTHS, _PRIOR_ROWS = 6.0, 10.0
_FEWEST_STRAYS, _FEWEST_ROWS = 10, 5
_BLOCK = 1_000
_MEDIAN_AWAY, _TENTH_AWAY = float(stats.norm.ppf(0.75)), float(stats.norm.ppf(0.95))


def log_values(panel: Panel) -> Values:
    """Return logarithms, shape (rows, months): NaN where nothing is known, and no lower than a twentieth of the row's median.

    The floor keeps months of nothing on the scale; they are far down, not infinitely far.
    """
    known = np.where(panel.is_present, panel.values, np.nan)
    positive = np.where(known > 0, known, np.nan)
    floor = _FLOOR * quantiles(positive, 0.5)
    held = np.fmax(known, np.where(np.isfinite(known), floor[:, None], np.nan))
    return np.asarray(np.log(np.where(held > 0, held, np.nan)), np.float64)


def common_months(logs: Values, segments: NDArray[np.str_]) -> Values:
    """Return what the accounts of a segment have in common in each month, shape (rows, months).

    It is the median distance from both sides, at the end of the data from the months before and a row's usual growth: of all
    rows, and of the segment as far as it has rows to tell, n / (n + 10).
    """
    before = before_month(logs)
    since = logs - before
    distance = logs - (before + after_window(logs, 1)) / 2
    distance = np.where(np.isfinite(distance), distance, since - usual_growth(since)[:, None])
    whole, _ = _medians(distance)
    common = np.tile(whole, (len(logs), 1))
    for segment in np.unique(segments):
        rows = segments == segment
        own, counts = _medians(distance[rows] - whole)
        common[rows] += own * counts / (counts + _PRIOR_ROWS)
    return common


def _medians(distance: Values) -> tuple[Values, Values]:
    """Return the median of each month, drawn to 0 where few rows tell and 0 where fewer than five do, and how many tell."""
    counts = np.isfinite(distance).sum(axis=0)
    medians = np.zeros(distance.shape[1])
    some = counts >= _FEWEST_ROWS
    if some.any():
        medians[some] = np.nanmedian(distance[:, some], axis=0)
    return np.asarray(medians * counts / (counts + _PRIOR_ROWS), np.float64), counts.astype(np.float64)


def row_scales(distance: Values) -> Values:
    """Return the usual spread of each row, shape (rows,): the median absolute deviation, drawn to that of all rows."""
    away = np.abs(distance - quantiles(distance, 0.5)[:, None])
    own, counts = quantiles(away, 0.5) / _MEDIAN_AWAY, np.isfinite(distance).sum(axis=1)
    told = counts >= SIDE
    pooled = float(np.median(own[told])) if told.any() else float("inf")
    variance = (np.where(told, counts * own**2, 0) + _PRIOR_MONTHS * pooled**2) / (counts * told + _PRIOR_MONTHS)
    return np.asarray(np.maximum(np.sqrt(variance), _LEAST_SCALE), np.float64)


def straying(distance: Values) -> Values:
    """Return the spread that the tenth of its months that strays farthest gives a row, shape (rows,); 0 for short rows.

    A row that strays often is noisy, however quiet it is in between.
    """
    far = quantiles(np.abs(distance - quantiles(distance, 0.5)[:, None]), 0.9) / _TENTH_AWAY
    return np.where(np.isfinite(distance).sum(axis=1) >= _FEWEST_STRAYS, np.nan_to_num(far), 0.0)


def straying_outside(distance: Values, rows: NDArray[np.int64], starts: NDArray[np.int64], length: int) -> Values:
    """Return what `straying` says of a row's months that a window does not touch, shape (windows,).

    Args:
        distance: Distance of each month from its sides, shape (rows, months).
        rows: Row of each window, shape (windows,).
        starts: First column of each window.
        length: Months of the windows.
    """
    columns = np.arange(distance.shape[1])
    touched = (columns >= starts[:, None] - SIDE) & (columns < starts[:, None] + length + SIDE)
    return straying(np.where(touched, np.nan, distance[rows]))


def usual_growth(since: Values) -> Values:
    """Return the usual distance of a row from the months before, shape (rows,): its median, drawn to that of all rows."""
    counts, own = np.isfinite(since).sum(axis=1), quantiles(since, 0.5)
    told = counts > 0
    pooled = float(np.median(own[told])) if told.any() else 0.0
    return np.asarray((np.where(told, counts * own, 0) + _PRIOR_MONTHS * pooled) / (counts + _PRIOR_MONTHS), np.float64)


def before_month(logs: Values) -> Values:
    """Return the median of the months before each month; NaN where fewer than two are known."""
    found = np.empty(logs.shape)
    for rows in _blocks(logs):
        parts = list(_shifts(logs[rows], range(1, SIDE + 1)))
        known = sum((~np.isnan(each)).astype(np.int8) for each in parts)
        found[rows] = np.where(known >= _FEWEST_BEFORE, median_of_three(*parts), np.nan)
    return found


def after_window(logs: Values, length: int) -> Values:
    """Return the median of the months after the window that begins in each month; NaN where none is known."""
    found = np.empty(logs.shape)
    for rows in _blocks(logs):
        found[rows] = median_of_three(*_shifts(logs[rows], range(-length, -length - SIDE, -1)))
    return found


def nearest_of_window(logs: Values, length: int) -> Values:
    """Return the lowest month of the window that begins in each month; NaN where one of it is not known."""
    lowest = logs.copy()
    for shifted in _shifts(logs, range(-1, -length, -1)):
        lowest = np.minimum(lowest, shifted)
    return lowest


def window_mean(logs: Values, length: int) -> Values:
    """Return the mean of the window that begins in each month; NaN where one of it is not known."""
    return np.asarray((logs + sum(_shifts(logs, range(-1, -length, -1)))) / length, np.float64)


def _blocks(values: Values) -> Iterator[slice]:
    """Yield stretches of rows that fit the processor's cache."""
    for first in range(0, len(values), _BLOCK):
        yield slice(first, first + _BLOCK)


def _shifts(values: Values, by: range) -> Iterator[Values]:
    """Yield the values moved to the right by some months, NaN where nothing is."""
    for steps in by:
        moved = np.full(values.shape, np.nan)
        if 0 <= steps < values.shape[1]:
            moved[:, steps:] = values[:, : values.shape[1] - steps]
        elif -values.shape[1] < steps < 0:
            moved[:, :steps] = values[:, -steps:]
        yield moved


def quantiles(values: Values, share: float) -> Values:
    """Return a quantile of the known values of each row, shape (rows,); NaN where nothing is known."""
    ordered, counts = np.sort(values, axis=1), np.isfinite(values).sum(axis=1)
    place = share * np.maximum(counts - 1, 0)
    low, rows = np.floor(place).astype(np.int64), np.arange(len(values))
    high = np.minimum(low + 1, np.maximum(counts - 1, 0))
    found = ordered[rows, low] + (place - low) * (ordered[rows, high] - ordered[rows, low])
    return np.where(counts > 0, found, np.nan)
