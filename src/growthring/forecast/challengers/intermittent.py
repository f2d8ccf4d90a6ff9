"""Methods for values that are mostly zero: sizes and gaps smoothed apart (Croston, SBA, TSB).

Croston 1972; Syntetos & Boylan 2005; Teunter, Syntetos & Babai 2011.
All three say the expected value a month, which stays the same for every month ahead.
"""

import numpy as np

from growthring.forecast.challengers.challenger import Challenger, Outlook, deviation, normal
from growthring.forecast.challengers.history import Compact
from growthring.forecast.panel import Values

SMOOTHING = 0.1
"""Weight of the newest size, gap or chance."""


def croston(series: Compact, ahead: Values) -> Outlook:
    """Forecast the smoothed size of what is not zero ÷ the smoothed gap between such months."""
    size, gap = _sizes_and_gaps(series.values)
    return _constant(series, size / np.maximum(gap, 1.0), ahead)


def sba(series: Compact, ahead: Values) -> Outlook:
    """Forecast as Croston, less the bias that the ratio of two smoothed values has."""
    size, gap = _sizes_and_gaps(series.values)
    return _constant(series, (1 - SMOOTHING / 2) * size / np.maximum(gap, 1.0), ahead)


def tsb(series: Compact, ahead: Values) -> Outlook:
    """Forecast the smoothed size × the smoothed chance of a month that is not zero: it fades while nothing comes."""
    values = series.values
    known, size, chance = np.isfinite(values), np.full(len(values), np.nan), np.full(len(values), np.nan)
    for column in range(values.shape[1]):
        is_here, value = known[:, column], values[:, column]
        occurs = is_here & (value > 0)
        before = np.where(np.isfinite(chance), chance, occurs.astype(float))
        chance = np.where(is_here, before + SMOOTHING * (occurs - before), chance)
        size = np.where(occurs, np.where(np.isfinite(size), size + SMOOTHING * (value - size), value), size)
    return _constant(series, size * chance, ahead)


def _sizes_and_gaps(values: Values) -> tuple[Values, Values]:
    """Return the smoothed size of each row's values above zero and the smoothed months between them; NaN where there are none."""
    rows = len(values)
    size, gap, since = np.full(rows, np.nan), np.full(rows, np.nan), np.zeros(rows)
    for column in range(values.shape[1]):
        value = values[:, column]
        since += np.isfinite(value)
        occurs = np.isfinite(value) & (value > 0)
        size = np.where(occurs, np.where(np.isfinite(size), size + SMOOTHING * (value - size), value), size)
        gap = np.where(occurs, np.where(np.isfinite(gap), gap + SMOOTHING * (since - gap), since), gap)
        since = np.where(occurs, 0.0, since)
    return size, gap


def _constant(series: Compact, rate: Values, ahead: Values) -> Outlook:
    mean = np.repeat(rate[:, None], len(ahead), axis=1)
    spread = deviation(series.values - rate[:, None])[:, None] * np.ones(len(ahead))
    return Outlook(mean, normal(mean, np.where(np.isfinite(spread), spread, 0.0)))


CROSTON = Challenger("Croston", croston, shortest=2)
SBA = Challenger("SBA", sba, shortest=2)
TSB = Challenger("TSB", tsb, shortest=2)
