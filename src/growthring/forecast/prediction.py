"""A prediction: a point and a distribution for each series and month ahead, from which any sum can be drawn."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.panel import Panel, Values

LEVELS = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
"""Quantiles that are published and scored: 80 % lies between 0.1 and 0.9, 95 % between 0.025 and 0.975."""


class Prediction(Protocol):
    """What every model hands over for the rows of a panel and the months after it."""

    @property
    def panel(self) -> Panel:
        """The history it was made from."""

    @property
    def point(self) -> Values:
        """Expected value, shape (rows, horizon); 0 for rows that are gone, NaN for rows nobody can say anything about."""

    def quantiles(self, levels: tuple[float, ...] = LEVELS) -> Values | None:
        """Return quantiles of each row and month, shape (rows, horizon, levels), or nothing for a model without intervals."""

    def group_quantiles(self, codes: NDArray[np.int64], levels: tuple[float, ...] = LEVELS) -> Values | None:
        """Return quantiles of sums over groups of rows.

        Args:
            codes: Group of each row, 0 … groups − 1; −1 leaves a row out. All zeros is the total.
            levels: The quantiles.

        Returns:
            Shape (groups, horizon, levels), or nothing for a model without intervals.
        """


class Model(Protocol):
    """Anything that forecasts a panel."""

    @property
    def name(self) -> str:
        """Its name in tables."""

    def predict(self, panel: Panel, horizon: int) -> Prediction:
        """Forecast the months after a panel, seeing nothing else."""
