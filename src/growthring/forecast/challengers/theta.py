"""The dynamic optimised theta method of all rows at once (Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler 2016).

A level is smoothed with weight α; beside it runs a straight line fitted to all values so far, of which the share 1 − 1/θ is
carried on. α and θ are searched per row; the initial level, in which the errors are linear, is solved.
"""

import numpy as np

from growthring.forecast.challengers.challenger import Challenger, Outlook, normal
from growthring.forecast.challengers.history import Compact
from growthring.forecast.panel import Values

_ALPHAS = np.array([0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.99])
_LINE_SHARES = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
"""1 − 1/θ: 0 is simple smoothing (θ = 1), 0.5 the classic method (θ = 2), 1 the whole line (θ → ∞)."""
_REFINEMENTS = 3
_UNSCORED = 3
"""First errors that are left out of the fit, as the line is not fitted yet."""
_PARAMETERS = 3


def dynamic_theta(series: Compact, ahead: Values) -> Outlook:
    """Forecast with the dynamic optimised theta method."""
    rows = len(series.lengths)
    alpha, share = (
        np.broadcast_to(each.reshape(1, -1), (rows, each.size)) for each in np.meshgrid(_ALPHAS, _LINE_SHARES, indexing="ij")
    )
    steps = (0.15, 0.25)
    for _ in range(_REFINEMENTS):
        fit = _Fit(series, alpha, share)
        place = fit.squares.argmin(axis=1)[:, None]
        best = [np.take_along_axis(each, place, axis=1) for each in (alpha, share)]
        steps = (steps[0] / 2, steps[1] / 2)
        moves = np.meshgrid((-steps[0], 0.0, steps[0]), (-steps[1], 0.0, steps[1]), indexing="ij")
        alpha = np.clip(best[0] + moves[0].reshape(1, -1), 0.1, 0.99)
        share = np.clip(best[1] + moves[1].reshape(1, -1), 0.0, 1.0)
    fit = _Fit(series, alpha, share)
    place = fit.squares.argmin(axis=1)[:, None]
    weight, carried, level, squares = (np.take_along_axis(each, place, axis=1) for each in (alpha, share, fit.level, fit.squares))
    mean = _go_on(series, fit.line, weight, carried, level, int(ahead[-1]))
    count = np.maximum(series.lengths - _UNSCORED - _PARAMETERS, 1)[:, None]
    at = ahead.astype(int) - 1
    spread = np.sqrt(squares / count) * np.sqrt(1 + (ahead - 1) * weight**2)
    return Outlook(mean[:, at], normal(mean[:, at], spread))


class _Line:
    """The straight line through all values of each row so far: its mean, intercept and slope, each of shape (rows, 1)."""

    def __init__(self, rows: int) -> None:
        self.mean, self.intercept, self.slope = np.zeros((rows, 1)), np.zeros((rows, 1)), np.zeros((rows, 1))

    def add(self, value: Values, seen: Values) -> None:
        """Take in each row's next value; `seen` counts those before it, −1 for rows that have not begun."""
        begun, first = seen > 0, seen == 0
        step = np.maximum(seen, 1)
        slope = ((step - 1) * self.slope + 6 * (value - self.mean) / (step + 1)) / (step + 2)
        mean = (step * self.mean + value) / (step + 1)
        self.slope = np.where(begun, slope, 0.0)
        self.intercept = np.where(begun, mean - slope * (step + 2) / 2, np.where(first, value, 0.0))
        self.mean = np.where(begun, mean, np.where(first, value, 0.0))

    def ahead(self, alpha: Values, seen: Values) -> Values:
        """Return the line's part of the next value, as smoothed by the weight."""
        left = (1 - alpha) ** np.maximum(seen, 0)
        part: Values = self.intercept * left + self.slope * (1 - left * (1 - alpha)) / alpha
        return part


class _Fit:
    """Level at the end and squared errors of every row and parameter, and the line at the end."""

    def __init__(self, series: Compact, alpha: Values, share: Values) -> None:
        shape = alpha.shape
        from_data, from_start = np.zeros(shape), np.ones(shape)
        squares, cross, weight = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.line = _Line(shape[0])
        months = series.values.shape[1]
        for column in range(months):
            seen = (column - (months - series.lengths)).astype(float)[:, None]
            begun = seen >= 0
            value = np.where(begun, series.values[:, column : column + 1], 0.0)
            error = value - from_data - share * self.line.ahead(alpha, seen)
            scored = seen >= _UNSCORED
            squares += np.where(scored, error * error, 0.0)
            cross += np.where(scored, error * from_start, 0.0)
            weight += np.where(scored, from_start * from_start, 0.0)
            from_data = np.where(begun, alpha * value + (1 - alpha) * from_data, 0.0)
            from_start = np.where(begun, (1 - alpha) * from_start, 1.0)
            self.line.add(value, seen)
        start = np.where(weight > 0, cross / np.maximum(weight, 1e-300), 0.0)
        self.level = from_data + start * from_start
        self.squares = np.maximum(squares - start * cross, 0.0)


def _go_on(series: Compact, line: _Line, alpha: Values, share: Values, level: Values, horizon: int) -> Values:
    """Return the months ahead, each taken in as if it had happened, shape (rows, horizon)."""
    steps = []
    for step in range(horizon):
        seen = (series.lengths + step).astype(float)[:, None]
        value = level + share * line.ahead(alpha, seen)
        level = alpha * value + (1 - alpha) * level
        line.add(value, seen)
        steps.append(value)
    return np.concatenate(steps, axis=1)


DYNAMIC_THETA = Challenger("theta", dynamic_theta, shortest=6)
