"""How a method that forecasts series on their own becomes a model of a panel: ranges, guards, and who made each row."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.challengers.history import Compact, absent, chained, compact, guarded, months_ahead
from growthring.forecast.panel import Panel, Values
from growthring.forecast.prediction import LEVELS
from growthring.kernel.errors import UnknownValueError

_NAIVE = "naive"
_CHUNK = 4096
_DEVIATIONS = [NormalDist().inv_cdf(level) for level in LEVELS]


@dataclass(frozen=True)
class Outlook:
    """What a method says of each series.

    Attributes:
        mean: Shape (rows, horizon); NaN for a series it cannot forecast.
        quantiles: Shape (rows, horizon, levels), or nothing.
    """

    mean: Values
    quantiles: Values | None = None


Method = Callable[[Compact, Values], Outlook]
"""Forecasts compact series; the second argument is how many months after its last known one each forecast month lies."""


@dataclass(frozen=True)
class ChallengerPrediction:
    """A challenger's prediction.

    Attributes:
        panel: The history.
        point: Shape (rows, horizon).
        made_by: Model that really made each row, shape (rows,): a series too short for a method is forecast by the naive one.
        ranges: Quantiles of each row, shape (rows, horizon, levels), or nothing.
        method: Forecasts the history of a group as one series, for ranges of sums.
    """

    panel: Panel
    point: Values
    made_by: NDArray[np.str_]
    ranges: Values | None = None
    method: Method | None = None

    def quantiles(self, levels: tuple[float, ...] = LEVELS) -> Values | None:
        """Return quantiles of each row and month, shape (rows, horizon, levels)."""
        return None if self.ranges is None else self.ranges[..., _places(levels)]

    def group_quantiles(self, codes: NDArray[np.int64], levels: tuple[float, ...] = LEVELS) -> Values | None:
        """Return quantiles of sums: the method applied to each group's own history, shape (groups, horizon, levels)."""
        if self.method is None or self.ranges is None:
            return None
        series = chained(self.panel, codes)
        outlook = self.method(series, months_ahead(self.panel, self.point.shape[1]))
        return None if outlook.quantiles is None else np.maximum(outlook.quantiles, 0.0)[..., _places(levels)]


@dataclass(frozen=True)
class Challenger:
    """A model that forecasts each row from its own history alone.

    Attributes:
        name: Name in tables.
        method: The method.
        shortest: Fewest values it can be fitted to; shorter series are forecast by the naive method and marked so.
    """

    name: str
    method: Method
    shortest: int = 1

    def predict(self, panel: Panel, horizon: int) -> ChallengerPrediction:
        """Forecast the months after a panel."""
        series, ahead = compact(panel), months_ahead(panel, horizon)
        fallback = naive(series, ahead)
        mean, ranges = fallback.mean, fallback.quantiles
        fit = np.flatnonzero((series.lengths >= self.shortest) & series.is_recent & _varies(series))
        outlook = _in_chunks(self.method, series.take(fit), ahead)
        answered = np.isfinite(outlook.mean).all(axis=1)
        is_own = ((series.lengths >= self.shortest) & series.is_recent) | absent(panel)
        made_by = np.where(is_own, self.name, _NAIVE).astype(object)
        made_by[fit[~answered]] = _NAIVE
        mean[fit[answered]] = outlook.mean[answered]
        if ranges is not None and outlook.quantiles is not None:
            ranges[fit[answered]] = np.maximum(outlook.quantiles[answered], 0.0)
        return ChallengerPrediction(
            panel,
            guarded(mean, panel, series),
            made_by.astype(np.str_),
            None if outlook.quantiles is None else ranges,
            self.method,
        )


def _in_chunks(method: Method, series: Compact, ahead: Values) -> Outlook:
    """Apply a method to a few thousand rows at a time, so that its states stay in the processor's cache."""
    rows = np.arange(len(series.lengths))
    parts = [method(series.take(rows[at : at + _CHUNK]), ahead) for at in range(0, max(len(rows), 1), _CHUNK)]
    ranges = [part.quantiles for part in parts if part.quantiles is not None]
    return Outlook(np.concatenate([part.mean for part in parts]), np.concatenate(ranges) if ranges else None)


def naive(series: Compact, ahead: Values) -> Outlook:
    """Say that the last value goes on, with ranges that widen with the root of time."""
    mean = np.repeat(series.values[:, -1:], len(ahead), axis=1)
    return Outlook(mean, normal(mean, deviation(np.diff(series.values, axis=1))[:, None] * np.sqrt(ahead)))


def normal(mean: Values, spread: Values) -> Values:
    """Return the published quantiles of normal errors, shape (rows, horizon, levels), none below 0."""
    quantiles: Values = np.maximum(mean[..., None] + spread[..., None] * np.array(_DEVIATIONS), 0.0)
    return quantiles


def deviation(residuals: Values, parameters: int = 0) -> Values:
    """Return the root mean square of each row's known residuals, corrected for fitted parameters; 0 where there are none."""
    known = np.isfinite(residuals)
    squares = np.where(known, residuals, 0.0) ** 2
    root: Values = np.sqrt(squares.sum(axis=1) / np.maximum(known.sum(axis=1) - parameters, 1))
    return root


def _varies(series: Compact) -> NDArray[np.bool_]:
    """Return the rows that are not constant; for the others every method's answer is the constant."""
    known = np.isfinite(series.values)
    low, high = np.where(known, series.values, np.inf).min(axis=1), np.where(known, series.values, -np.inf).max(axis=1)
    varies: NDArray[np.bool_] = high > low
    return varies


def _places(levels: tuple[float, ...]) -> list[int]:
    for level in levels:
        if level not in LEVELS:
            raise UnknownValueError("quantile level of a challenger", level, LEVELS)
    return [LEVELS.index(level) for level in levels]


NAIVE = Challenger(_NAIVE, naive)
"""The last value goes on."""
