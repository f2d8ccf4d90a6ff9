"""Measures of a forecast's accuracy: short pure functions over forecasts and actuals of the same shape.

Losses are returned per item, so that sums over any months, segments or origins are exact; ratios are taken of the sums.
Percentage errors per item (MAPE, sMAPE) are absent on purpose: they are undefined at zero and favour low forecasts.
"""

import numpy as np

from growthring.forecast.panel import Values

_FLOAT_NOISE = 1e-12
"""Changes below this share of a row's sum come from adding floats."""


def wape(forecast: Values, actual: Values) -> float:
    """Return the weighted absolute percentage error: Σ|F − A| ÷ Σ|A|; NaN when nothing was there.

    Example:
        >>> wape(np.array([8.0, 6.0]), np.array([10.0, 5.0]))
        0.2
    """
    return _ratio(np.abs(forecast - actual).sum(), np.abs(actual).sum())


def bias(forecast: Values, actual: Values) -> float:
    """Return the signed share by which forecasts lie above what happened: Σ(F − A) ÷ ΣA.

    Example:
        >>> round(bias(np.array([8.0, 6.0]), np.array([10.0, 5.0])), 4)
        -0.0667
    """
    return _ratio((forecast - actual).sum(), actual.sum())


def vn1_score(forecast: Values, actual: Values) -> float:
    """Return WAPE + |bias|, the score of the VN1 contest: it punishes a forecast that is sharp and low.

    Example:
        >>> round(vn1_score(np.array([8.0, 6.0]), np.array([10.0, 5.0])), 4)
        0.2667
    """
    return wape(forecast, actual) + abs(bias(forecast, actual))


def naive_scale(history: Values, season: int = 1) -> Values:
    """Return the mean absolute change over a season within each row's history, the scale of MASE.

    Args:
        history: Shape (rows, months); NaN where unknown.
        season: Months between the values compared: 1, or 12.

    Returns:
        Shape (rows,); NaN where no pair is known or nothing ever changed beyond the rounding of floats.

    Example:
        >>> naive_scale(np.array([[1.0, 2.0, 4.0], [5.0, 5.0, 5.0]]))
        array([1.5, nan])
    """
    change = np.abs(history[:, season:] - history[:, :-season])
    known = np.isfinite(change)
    pairs = known.sum(axis=1)
    total = np.where(known, change, 0.0).sum(axis=1)
    noise = _FLOAT_NOISE * np.where(np.isfinite(history), np.abs(history), 0.0).sum(axis=1)
    return np.where((pairs > 0) & (total > noise), total / np.maximum(pairs, 1), np.nan)


def mase(forecast: Values, actual: Values, scale: Values) -> float:
    """Return the mean absolute scaled error over rows with a scale (Hyndman & Koehler 2006).

    Args:
        forecast: Shape (rows, months).
        actual: Shape (rows, months).
        scale: Shape (rows,), from `naive_scale`.

    Example:
        >>> mase(np.array([[3.0], [9.0]]), np.array([[6.0], [5.0]]), np.array([1.5, np.nan]))
        2.0
    """
    scaled = np.abs(forecast - actual) / scale[:, None]
    defined = np.isfinite(scaled)
    return _ratio(scaled[defined].sum(), float(defined.sum()))


def pinball_loss(quantile: Values, actual: Values, level: float | Values) -> Values:
    """Return the loss of a quantile per item: (A − Q)·τ above it, (Q − A)·(1 − τ) below it.

    Example:
        >>> pinball_loss(np.array([8.0, 8.0]), np.array([10.0, 7.0]), 0.9)
        array([1.8, 0.1])
    """
    short = actual - quantile
    return np.maximum(level * short, (level - 1) * short)


def weighted_quantile_loss(quantiles: Values, actual: Values, levels: tuple[float, ...]) -> float:
    """Return twice the pinball loss over all items and levels ÷ (levels × Σ|A|): for a point forecast, its WAPE.

    Args:
        quantiles: Shape (..., levels).
        actual: Shape (...).
        levels: The levels τ.

    Example:
        >>> weighted_quantile_loss(np.array([[8.0, 8.0]]), np.array([10.0]), (0.1, 0.9))
        0.2
    """
    loss = pinball_loss(quantiles, actual[..., None], np.array(levels))
    return _ratio(2 * loss.sum(), len(levels) * np.abs(actual).sum())


def covered(low: Values, high: Values, actual: Values) -> Values:
    """Return 1 for each item within its interval, bounds included, else 0.

    Example:
        >>> covered(np.array([1.0, 1.0]), np.array([2.0, 2.0]), np.array([2.0, 3.0]))
        array([1., 0.])
    """
    inside: Values = ((low <= actual) & (actual <= high)).astype(float)
    return inside


def interval_score(low: Values, high: Values, actual: Values, coverage: float) -> Values:
    """Return the width of each interval plus 2/α for each unit by which it was missed (Winkler 1972), α = 1 − coverage.

    Example:
        >>> interval_score(np.array([1.0]), np.array([2.0]), np.array([2.5]), 0.8).round(6)
        array([6.])
    """
    missed = np.maximum(low - actual, 0.0) + np.maximum(actual - high, 0.0)
    result: Values = (high - low) + missed * 2 / (1 - coverage)
    return result


def _ratio(above: float, below: float) -> float:
    return float(above / below) if below else float("nan")
