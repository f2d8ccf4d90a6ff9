"""The simplest challengers: whoever cannot beat them has no skill."""

from dataclasses import dataclass

import numpy as np

from growthring.forecast.challengers.history import Compact, compact, guarded
from growthring.forecast.panel import Panel, Values
from growthring.forecast.prediction import PointPrediction


@dataclass(frozen=True)
class Naive:
    """The last value goes on."""

    name: str = "naive"

    def predict(self, panel: Panel, horizon: int) -> PointPrediction:
        """Forecast the months after a panel."""
        series = compact(panel)
        return PointPrediction(panel, guarded(np.repeat(series.values[:, -1:], horizon, axis=1), panel, series))


@dataclass(frozen=True)
class Drift:
    """The last value goes on growing by the mean change of the row's whole history: a random walk with drift."""

    name: str = "drift"

    def predict(self, panel: Panel, horizon: int) -> PointPrediction:
        """Forecast the months after a panel."""
        series = compact(panel)
        ahead = months_ahead(panel, horizon)
        return PointPrediction(panel, guarded(series.values[:, -1:] + _mean_change(series)[:, None] * ahead, panel, series))


def months_ahead(panel: Panel, horizon: int) -> Values:
    """Return how far each forecast month lies after the last known one; more than 1, 2, … when the panel ends unknown."""
    unknown = panel.months - 1 - panel.last_known
    ahead: Values = np.arange(1.0, horizon + 1) + unknown
    return ahead


def _mean_change(series: Compact) -> Values:
    first = series.values[np.arange(len(series.lengths)), -np.maximum(series.lengths, 1)]
    change: Values = (series.values[:, -1] - first) / np.maximum(series.lengths - 1, 1)
    return change
