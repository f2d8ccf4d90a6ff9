"""The calendar effect of everything together, where two years of history show one (FC-07).

Estimated on the growth of the sum, never on a single account, and applied down. A month's effect is its mean growth against the
year's, with outlying months pulled in; it is used only when an F test says that calendar months differ more than chance would let
them, and it is shrunk by what chance explains.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import f as f_distribution

from growthring.forecast.panel import Values

_YEAR = 12
_ENOUGH = 24
_SIGNIFICANCE = 0.01
_OUTLYING = 3.0


def seasonal_index(growth: Values, months: NDArray[np.int64]) -> Values:
    """Return the log level of each calendar month against the year's mean, shape (12,); zeros where there is no evidence.

    Args:
        growth: Log growth of the sum in each month, NaN where unknown, shape (n,).
        months: Those months, counted as year × 12 + month − 1, shape (n,).
    """
    known = ~np.isnan(growth)
    growth, calendar = growth[known], months[known] % _YEAR
    counts = np.bincount(calendar, minlength=_YEAR)
    if len(growth) < _ENOUGH or counts.min() < 2:
        return np.zeros(_YEAR)
    middle = np.median(growth)
    bound = _OUTLYING * 1.4826 * np.median(np.abs(growth - middle))
    pulled = np.clip(growth, middle - bound, middle + bound) - np.clip(growth, middle - bound, middle + bound).mean()
    means = np.bincount(calendar, pulled, _YEAR) / counts
    within = float(np.sum((pulled - means[calendar]) ** 2))
    between = float(np.sum(counts * means**2))
    spare = len(growth) - _YEAR
    if within <= 0 or spare <= 0:
        return np.zeros(_YEAR)
    ratio = (between / (_YEAR - 1)) / (within / spare)
    if f_distribution.sf(ratio, _YEAR - 1, spare) > _SIGNIFICANCE:
        return np.zeros(_YEAR)
    effect = means * max(0.0, 1 - 1 / ratio)
    index = np.cumsum(effect - effect.mean())
    return np.asarray(index - index.mean())
