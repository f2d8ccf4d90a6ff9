"""Exponential smoothing of all rows at once: simple, and with an additive damped trend (Hyndman et al. 2008).

Parameters are searched on a grid per row and then between its neighbours. The errors of both methods are linear in the initial
states, so that these are solved exactly for every parameter instead of being searched.
"""

import numpy as np

from growthring.forecast.challengers.challenger import Challenger, Outlook, deviation, normal
from growthring.forecast.challengers.history import Compact
from growthring.forecast.panel import Values

_ALPHAS = np.array([0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99])
_REFINEMENTS = 3

_LEVELS, _TREND_SHARES, _DAMPINGS = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95), (0.01, 0.1, 0.3), (0.8, 0.9, 0.98)
_DAMPED_BOUNDS = ((0.01, 0.99), (0.0, 1.0), (0.8, 0.98))
_DAMPED_PARAMETERS = 5


def simple_smoothing(series: Compact, ahead: Values) -> Outlook:
    """Forecast the level smoothed with the weight that erred least one step ahead; the level begins with the first value."""
    alpha = _best_alpha(series.values)
    level, residuals = _smooth(series.values, alpha)
    mean = np.repeat(level, len(ahead), axis=1)
    spread = deviation(residuals, 1)[:, None] * np.sqrt(1 + (ahead - 1) * alpha**2)
    return Outlook(mean, normal(mean, spread))


def _best_alpha(values: Values) -> Values:
    """Return the weight of each row with the least squared error, shape (rows, 1)."""
    rows = len(values)
    grid = np.broadcast_to(_ALPHAS, (rows, len(_ALPHAS)))
    width = 0.1
    best = np.empty((rows, 1))
    for _ in range(_REFINEMENTS + 1):
        found = _squares(values, grid)
        best = np.take_along_axis(grid, found.argmin(axis=1)[:, None], axis=1)
        grid = np.clip(best + width * np.linspace(-0.8, 0.8, 9), 0.01, 0.99)
        width /= 5
    return best


def _squares(values: Values, alpha: Values) -> Values:
    """Return the sum of squared one-step errors, shape (rows, weights)."""
    level = np.full(alpha.shape, np.nan)
    total = np.zeros(alpha.shape)
    for column in range(values.shape[1]):
        value = values[:, column : column + 1]
        error = value - level
        total += np.where(np.isfinite(error), error, 0.0) ** 2
        level = np.where(np.isfinite(level), level + alpha * error, value)
    return total


def _smooth(values: Values, alpha: Values) -> tuple[Values, Values]:
    """Return the last level, shape (rows, 1), and the one-step errors, shape (rows, months)."""
    level = np.full(alpha.shape, np.nan)
    errors = np.full(values.shape, np.nan)
    for column in range(values.shape[1]):
        value = values[:, column : column + 1]
        errors[:, column] = (value - level)[:, 0]
        level = np.where(np.isfinite(level), level + alpha * (value - level), value)
    return level, errors


def damped_trend(series: Compact, ahead: Values) -> Outlook:
    """Forecast a level and a trend that fades: ETS(A, Ad, N), by least squares."""
    values = series.values
    parameters = np.stack(np.meshgrid(_LEVELS, _TREND_SHARES, _DAMPINGS, indexing="ij")).reshape(3, 1, -1)
    grid = np.broadcast_to(parameters, (3, len(values), parameters.shape[2]))
    steps = (0.2, 0.2, 0.09)
    for _ in range(_REFINEMENTS):
        fit = _DampedFit.of(values, grid)
        best = np.take_along_axis(grid, fit.squares.argmin(axis=1)[None, :, None], axis=2)
        moves = np.stack(np.meshgrid(*[(-step, 0.0, step) for step in steps], indexing="ij")).reshape(3, 1, -1) / 2
        grid = np.stack([np.clip(best[place] + moves[place], *bounds) for place, bounds in enumerate(_DAMPED_BOUNDS)])
        steps = (steps[0] / 2, steps[1] / 2, steps[2] / 2)
    fit = _DampedFit.of(values, grid)
    place = fit.squares.argmin(axis=1)[:, None]
    alpha, share, damping = (np.take_along_axis(grid[each], place, axis=1) for each in range(3))
    level, trend, squares = (np.take_along_axis(each, place, axis=1) for each in (fit.level, fit.trend, fit.squares))
    count = np.isfinite(values).sum(axis=1, keepdims=True)
    spread = np.sqrt(squares / np.maximum(count - _DAMPED_PARAMETERS, 1))
    through = np.arange(1, int(ahead[-1]) + 1)
    reach = np.cumsum(damping**through, axis=1)
    added = np.cumsum((alpha + alpha * share * reach) ** 2, axis=1)[:, :-1]
    widening = 1 + np.concatenate([np.zeros((len(values), 1)), added], axis=1)
    at = ahead.astype(int) - 1
    mean = level + trend * reach[:, at]
    return Outlook(mean, normal(mean, spread * np.sqrt(widening[:, at])))


class _DampedFit:
    """States at the end and squared errors of every row and parameter, each of shape (rows, parameters).

    Three filters run side by side: on the data from states of zero, and on nothing from a unit level and from a unit trend.
    """

    def __init__(self, level: Values, trend: Values, squares: Values) -> None:
        self.level, self.trend, self.squares = level, trend, squares

    @classmethod
    def of(cls, values: Values, grid: Values) -> "_DampedFit":
        alpha, beta, damping = grid[0], grid[0] * grid[1], grid[2]
        shape = alpha.shape
        levels = [np.zeros(shape), np.ones(shape), np.zeros(shape)]
        trends = [np.zeros(shape), np.zeros(shape), np.ones(shape)]
        products = {pair: np.zeros(shape) for pair in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))}
        for column in range(values.shape[1]):
            known = np.isfinite(values[:, column : column + 1])
            value = np.where(known, values[:, column : column + 1], 0.0)
            errors = []
            for place in range(3):
                drifted = damping * trends[place]
                expected = levels[place] + drifted
                error = np.where(known, (value if place == 0 else 0.0) - expected, 0.0)
                levels[place] = np.where(known, expected + alpha * error, levels[place])
                trends[place] = np.where(known, drifted + beta * error, trends[place])
                errors.append(error)
            for one, other in products:
                products[one, other] += errors[one] * errors[other]
        return cls(*_solve(levels, trends, products))


def _solve(levels: list[Values], trends: list[Values], products: dict[tuple[int, int], Values]) -> tuple[Values, Values, Values]:
    """Return the states and squared errors under the initial level and trend that err least."""
    aa, bb, ab = products[1, 1], products[2, 2], products[1, 2]
    determinant = aa * bb - ab**2
    solvable = determinant > 1e-9 * aa * bb
    safe = np.where(solvable, determinant, 1.0)
    first = np.where(solvable, (-products[0, 1] * bb + products[0, 2] * ab) / safe, -products[0, 1] / np.maximum(aa, 1e-300))
    slope = np.where(solvable, (-products[0, 2] * aa + products[0, 1] * ab) / safe, 0.0)
    squares = (
        products[0, 0]
        + first * (2 * products[0, 1] + first * aa)
        + slope * (2 * products[0, 2] + slope * bb)
        + 2 * first * slope * ab
    )
    level = levels[0] + first * levels[1] + slope * levels[2]
    trend = trends[0] + first * trends[1] + slope * trends[2]
    return level, trend, np.maximum(squares, 0.0)


SIMPLE_SMOOTHING = Challenger("SES", simple_smoothing, shortest=3)
DAMPED_TREND = Challenger("damped ETS", damped_trend, shortest=8)
