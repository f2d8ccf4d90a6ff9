"""What the model would have said at each past origin, beside what came: the evidence that calibration and intervals rest on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.curves import sums_by
from growthring.forecast.panel import Values

Window = tuple[int, int]
"""Months ahead, first and last: (1, 1) is next month, (1, 3) the sum of the next three."""


@dataclass(frozen=True)
class Past:
    """Past forecasts and outcomes.

    Attributes:
        origins: Columns of the past origins, in order, shape (origins,).
        forecasts: Shape (origins, rows, horizon); NaN where the row was not forecast.
        values: The panel's values with 0 where a customer was gone, NaN where unknown, shape (rows, months).
    """

    origins: NDArray[np.int64]
    forecasts: NDArray[np.float32]
    values: Values

    def known_origins(self, window: Window) -> NDArray[np.int64]:
        """Return positions of the origins whose window lies in the past."""
        return np.flatnonzero(self.origins + window[1] < self.values.shape[1])

    def pair(self, position: int, window: Window, step: int = 1) -> tuple[Values, Values]:
        """Return forecast and outcome of every row, or of every few rows, for a window of an origin; NaN where one is unknown."""
        first, last = window
        origin = int(self.origins[position])
        forecast = _added_up(self.forecasts[position, ::step, first - 1 : last])
        actual = _added_up(self.values[::step, origin + first : origin + last + 1])
        unknown = np.isnan(forecast) | np.isnan(actual)
        return np.where(unknown, np.nan, forecast), np.where(unknown, np.nan, actual)

    def group_errors(self, codes: NDArray[np.int64], groups: int, windows: Sequence[Window]) -> Values:
        """Return log(outcome / forecast) of sums over groups, shape (origins, groups, windows); NaN where there is none."""
        found = np.full((len(self.origins), groups, len(windows)), np.nan)
        inside, group = codes >= 0, np.maximum(codes, 0)
        for place, window in enumerate(windows):
            for position in self.known_origins(window):
                forecast, actual = self.pair(int(position), window)
                rows = inside & ~np.isnan(forecast)
                if rows.any():
                    expected = sums_by(group, np.where(rows, forecast, 0.0), groups)
                    came = sums_by(group, np.where(rows, actual, 0.0), groups)
                    found[position, :, place] = log_error(expected, came)
        return found


def _added_up(months: NDArray[np.floating[Any]]) -> Values:
    """Return the sum over the months of each row, shape (rows,); by far most windows are one month."""
    return months[:, 0].astype(np.float64, copy=False) if months.shape[1] == 1 else months.sum(axis=1, dtype=np.float64)


def log_error(expected: Values, came: Values, smallest: float = 0.02) -> Values:
    """Return log(came / expected), NaN where nothing was expected; at least log(0.02), so that what vanished is finite."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(expected > 0, came / expected, np.nan)
    return np.asarray(np.log(np.maximum(ratio, smallest)))
