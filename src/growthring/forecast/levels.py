"""The level of a series: where it stands now, smoothed as much as its segment's past forecasts ask for."""

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.panel import Values


def smoothed(values: Values, present: NDArray[np.bool_], weight: Values | float) -> Values:
    """Return the level of each row after each month: exponential smoothing that skips unknown months.

    Args:
        values: Shape (rows, months).
        present: Where a value is known, shape (rows, months).
        weight: Weight of the newest value, of all rows or of each, shape (rows,); 1 is the last known value.

    Returns:
        Shape (rows, months); NaN before the first known value.

    Example:
        >>> smoothed(np.array([[4.0, 8.0, np.nan]]), np.array([[True, True, False]]), 0.5)
        array([[4., 6., 6.]])
    """
    level = np.full(values.shape, np.nan, order="F")
    last = np.full(len(values), np.nan)
    for month in range(values.shape[1]):
        here = present[:, month]
        new = np.where(np.isnan(last), values[:, month], last + weight * (values[:, month] - last))
        last = np.where(here, new, last)
        level[:, month] = last
    return level


def volatility(values: Values, present: NDArray[np.bool_], weight: float = 0.2) -> Values:
    """Return how far each row usually moves in a month, relative to where it was: shape (rows, months), NaN while unknown.

    The mean of |change| / mean of the two values, smoothed; at most 2, which a series that starts or stops every month reaches.
    """
    found = np.full(values.shape, np.nan, order="F")
    last = np.full(len(values), np.nan)
    for month in range(1, values.shape[1]):
        both = present[:, month] & present[:, month - 1]
        total = values[:, month] + values[:, month - 1]
        with np.errstate(invalid="ignore", divide="ignore"):
            move = np.where(total > 0, 2 * np.abs(values[:, month] - values[:, month - 1]) / total, 0.0)
        new = np.where(np.isnan(last), move, last + weight * (move - last))
        last = np.where(both, new, last)
        found[:, month] = last
    return found
