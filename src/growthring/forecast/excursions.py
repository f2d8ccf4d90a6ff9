"""Excursions: short stretches of a series far from the level before and after them, with the chance of that."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from growthring.forecast.panel import Panel, Values
from growthring.forecast.usual_level import (
    SIDE,
    after_window,
    before_month,
    common_months,
    log_values,
    nearest_of_window,
    row_scales,
    straying,
    straying_outside,
    usual_growth,
    window_mean,
)

LONGEST = 3
"""Months of the longest stretch looked at: a one-off lasts a quarter at most (FC-06)."""
LEAST = float(np.log(1.5))
"""The smallest step worth asking about, whatever the noise: half as much again, or a third less."""
DIRECTIONS = (1, -1)

_CLEAR = 4.0
_LEAST_LIKELY = 0.05
_FEWEST_MONTHS = 100
_DEGREES = np.array([15, 17, 20, 25, 30, 40, 60], np.float64)
_RATIOS = np.array([stats.t.ppf(0.975, each) / stats.t.ppf(0.75, each) for each in _DEGREES])


@dataclass(frozen=True)
class Excursions:
    """Windows that lie beyond what is around them.

    Attributes:
        rows: Row of each window, shape (windows,).
        starts: First column of each.
        lengths: Months of each.
        directions: 1 above, −1 below.
        p_values: Chance of one as far out when nothing happens.
        is_recent: Whether the data end with the window.
    """

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    directions: NDArray[np.int64]
    p_values: Values
    is_recent: NDArray[np.bool_]


@dataclass(frozen=True)
class Screen:
    """A panel looked through.

    Attributes:
        logs: Logarithms without what a segment has in common, shape (rows, months); NaN where nothing is known.
        common: What was taken off, shape (rows, months).
        residuals: Distance of each month from the middle of its two sides, shape (rows, months).
        excursions: Every window beyond both sides by half as much again.
        tests: Windows and directions that were judged.
        tail: Degrees of freedom of the noise: 15 is heavy, 60 is normal.
        went_back: By direction and length, how many jumps of the past went back within a quarter, of how many.
    """

    logs: Values
    common: Values
    residuals: Values
    excursions: Excursions
    tests: int
    tail: float
    went_back: dict[tuple[int, int], tuple[int, int]]

    def usual(self, row: int, start: int, stop: int) -> Values:
        """Return the usual amounts of a stretch, shape (stop − start,): the middle of both sides, or the side that is known."""
        sides = [self.logs[row, max(start - SIDE, 0) : start], self.logs[row, stop : stop + SIDE]]
        known = [float(np.nanmedian(side)) for side in sides if np.isfinite(side).any()]
        level = float(np.mean(known)) if known else float("nan")
        return np.asarray(np.exp(level + self.common[row, start:stop]), np.float64)

    def chance_of_return(self, direction: int, length: int) -> float:
        """Return the chance that a jump that has lasted so many months is gone within a quarter (rule of succession)."""
        back, jumps = self.went_back[direction, length]
        return (back + 1) / (jumps + 2)


def screen(panel: Panel, *, by: str = "segment") -> Screen:
    """Look through all windows of one to three months of a panel.

    Args:
        panel: The history.
        by: Attribute whose accounts share a month's ups and downs.
    """
    raw = log_values(panel)
    common = common_months(raw, panel.segments(by))
    logs = raw - common
    before = before_month(logs)
    residuals = logs - (before + after_window(logs, 1)) / 2
    tail = tail_of(residuals)
    open_ended = panel.alive & np.isfinite(logs[:, panel.last_known])
    parts: list[Excursions] = []
    tests, went_back = 0, {}
    since = row_scales(logs - before)
    clear = np.maximum(LEAST, _CLEAR * since)[:, None]
    for length in range(1, LONGEST + 1):
        after = after_window(logs, length)
        spreads = (row_scales(window_mean(logs, length) - (before + after) / 2), since)
        for direction in DIRECTIONS:
            own, below, beyond = logs * direction, before * direction, after * direction
            nearest = nearest_of_window(own, length)
            past = nearest - np.maximum(below, beyond)
            late = _late(nearest, below, panel.last_known - length + 1, open_ended)
            went_back[direction, length] = _count_returns(own, nearest, below, beyond, clear)
            for is_recent, distance in enumerate((past, late)):
                tests += int(np.isfinite(distance).sum())
                parts.append(_excursions(distance, spreads[is_recent], residuals, (length, direction, is_recent), tail))
    return Screen(logs, common, residuals, _joined(parts), tests, tail, went_back)


def _excursions(distance: Values, spread: Values, residuals: Values, kind: tuple[int, int, int], tail: float) -> Excursions:
    """Return the windows that stand out, each measured by its row's spread without the window itself.

    Args:
        distance: How far each window lies beyond both sides, shape (rows, months).
        spread: Usual spread of each row, shape (rows,).
        residuals: Distance of each month from the middle of its sides, shape (rows, months).
        kind: Length, direction and whether the data end with the windows.
        tail: Degrees of freedom of the noise.
    """
    length, direction, is_recent = kind
    rows, starts = np.nonzero(distance >= np.maximum(spread * stats.t.isf(_LEAST_LIKELY, tail), LEAST)[:, None])
    scale = np.maximum(spread[rows], straying_outside(residuals, rows, starts, length))
    p_values = np.asarray(stats.t.sf(distance[rows, starts] / scale, tail), np.float64)
    whole = np.ones(len(rows), np.int64)
    return Excursions(rows, starts, whole * length, whole * direction, p_values, np.full(len(rows), bool(is_recent)))


def _joined(parts: list[Excursions]) -> Excursions:
    rows, starts, lengths, directions, p_values, is_recent = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("rows", "starts", "lengths", "directions", "p_values", "is_recent")
    )
    return Excursions(rows, starts, lengths, directions, p_values, is_recent)


def tail_of(distance: Values) -> float:
    """Return the degrees of freedom of Student's distribution whose 95 % and 50 % points stand as far apart as the noise's.

    Nothing heavier than 15 is believed, once every row has its own spread: what lies beyond such noise is what one-offs are.
    """
    standard = np.abs(distance / np.maximum(row_scales(distance), straying(distance))[:, None])
    standard = standard[np.isfinite(standard)]
    if len(standard) < _FEWEST_MONTHS:
        return float(_DEGREES[0])
    half, most = np.quantile(standard, [0.5, 0.95])
    if half <= 0:
        return float(_DEGREES[0])
    return float(np.interp(-most / half, -_RATIOS, _DEGREES))


def _late(nearest: Values, before: Values, column: int, open_ended: NDArray[np.bool_]) -> Values:
    """Return how far the window that ends the data lies above the months before it, NaN everywhere else."""
    late = np.full(nearest.shape, np.nan)
    if column >= 0:
        drift = usual_growth(nearest - before)
        late[open_ended, column] = (nearest[:, column] - before[:, column] - drift)[open_ended]
    return late


def _count_returns(logs: Values, nearest: Values, before: Values, after: Values, clear: Values) -> tuple[int, int]:
    """Count clear jumps that begin with a window, and those of them that were gone in the quarter after it."""
    jump = nearest - before
    previous = np.full(logs.shape, np.nan)
    previous[:, 1:] = logs[:, :-1]
    with np.errstate(invalid="ignore"):
        begins = (jump >= clear) & (previous - before < jump / 2) & np.isfinite(after)
        return int((begins & (after - before < jump / 2)).sum()), int(begins.sum())
