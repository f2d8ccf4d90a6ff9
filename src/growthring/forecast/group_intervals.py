"""Intervals of sums: from the errors that sums of the same accounts made in the past, never from independent accounts.

Accounts move together, so the error of a sum is mostly a common shock: 80 % intervals from independent accounts covered 14–30 %
of totals. Here the past forecasts of a group's accounts are added up and compared with what came. The scale of those errors is
robust (the middle absolute error), remembers shocks for years, is pooled over groups where one group has few, and its tails are
Student's t.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from growthring.forecast.medians import column_medians
from growthring.forecast.panel import Values
from growthring.forecast.past import Past, Window

_ENOUGH = 6
"""Past origins with an outcome that a statement about a sum needs."""
_PRIOR_ORIGINS = 12.0
_WIDEST = 2.0
_FEW = 3.0


def group_scale(past: Past, codes: NDArray[np.int64], groups: int, windows: Sequence[Window], freedom: float) -> Values:
    """Return the scale of the log error of each group's sum, shape (groups, windows); NaN with too little evidence.

    Args:
        past: Past forecasts and outcomes.
        codes: Group of each row; −1 leaves a row out.
        groups: Number of groups.
        windows: Months ahead.
        freedom: Degrees of freedom of the tails.
    """
    found = _measured(past, codes, groups, windows, freedom)
    for place in np.flatnonzero(np.isnan(found).any(axis=0)).tolist():
        found[:, place] = _extended(past, codes, groups, windows[place], freedom)
    # errors do not shrink with the horizon: a shorter history of long windows must not pretend so
    return np.asarray(_never_narrower(found, windows))


def _measured(past: Past, codes: NDArray[np.int64], groups: int, windows: Sequence[Window], freedom: float) -> Values:
    errors = np.abs(past.group_errors(codes, groups, windows))
    count = (~np.isnan(errors)).sum(axis=0)
    middle = column_medians(errors)
    together = column_medians(middle)
    pooled = (count * np.nan_to_num(middle) ** 2 + _PRIOR_ORIGINS * together**2) / (count + _PRIOR_ORIGINS)
    scale = np.sqrt(pooled) / float(student.ppf(0.75, freedom))
    most = count.max(axis=0, initial=0)
    return np.asarray(scale * np.where(most >= _ENOUGH, _widening(most), np.nan))


def _extended(past: Past, codes: NDArray[np.int64], groups: int, window: Window, freedom: float) -> Values:
    """Return the scale of a window that too few past origins reached: that of the longest measured month, grown as its root.

    Errors of growth add up from month to month like a random walk, so the horizon's root is what less evidence can say.
    """
    for ahead in range(min(window[1], past.forecasts.shape[2]), 0, -1):
        if len(past.known_origins((ahead, ahead))) >= _ENOUGH:
            scale = _measured(past, codes, groups, [(ahead, ahead)], freedom)[:, 0]
            if not np.isnan(scale).any():
                return np.asarray(scale * np.sqrt(window[1] / ahead))
    return np.full(groups, np.nan)


def total_coverage(past: Past, window: Window, low: float, high: float, freedom: float) -> tuple[float, int]:
    """Return the share of past totals between two quantiles as they would have been stated then, and their number."""
    errors = past.group_errors(np.zeros(past.values.shape[0], dtype=np.int64), 1, [window])[:, 0, 0]
    steps = student.ppf(np.array([low, high]), freedom) / float(student.ppf(0.75, freedom))
    hits = []
    for position in np.flatnonzero(~np.isnan(errors)):
        known = errors[: max(position - window[1] + 1, 0)]
        known = np.abs(known[~np.isnan(known)])
        if len(known) >= _ENOUGH:
            below, above = np.median(known) * _widening(len(known)) * steps
            hits.append(below <= errors[position] <= above)
    return (float(np.mean(hits)) if hits else float("nan")), len(hits)


def factors(steps: Values) -> Values:
    """Return factors on a sum for log errors: no range claims more than seven times the forecast, or less than a seventh."""
    return np.asarray(np.exp(np.clip(steps, -_WIDEST, _WIDEST)))


def _widening(origins: NDArray[np.int64] | int) -> NDArray[np.float64]:
    """Return how much wider a range gets for being measured on few origins, whose horizons overlap."""
    return np.asarray(1 + _FEW / np.maximum(origins, 1))


def group_quantiles(scale: Values, point: Values, levels: tuple[float, ...], freedom: float) -> Values:
    """Return quantiles of sums, shape (groups, windows, levels).

    Args:
        scale: Scale of the log error, shape (groups, windows).
        point: Expected sums, shape (groups, windows).
        levels: The quantiles.
        freedom: Degrees of freedom of the tails.
    """
    steps = student.ppf(np.array(levels), freedom)
    return np.asarray(point[:, :, None] * factors(scale[:, :, None] * steps))


def _never_narrower(scale: Values, windows: Sequence[Window]) -> Values:
    order = sorted(range(len(windows)), key=lambda place: (windows[place][1] - windows[place][0], windows[place][1]))
    found = scale.copy()
    lengths = [windows[place][1] - windows[place][0] for place in order]
    for before, (place, length) in zip([None, *order], zip(order, lengths, strict=True), strict=False):
        if before is not None and windows[before][1] - windows[before][0] == length:
            found[:, place] = np.fmax(found[:, place], found[:, before])
    return found
