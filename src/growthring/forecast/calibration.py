"""Sums made right on average: corrected by the middle of the errors that such sums made, and reconciled along the tree."""

import numpy as np

from growthring.forecast.medians import column_medians
from growthring.forecast.panel import Values
from growthring.forecast.tree import Level, reconcile

_YEAR = 12
_HALF_YEAR = 6


def calibrated(sums: Values, errors: Values, counts: Values, whole: Values, strength: float) -> Values:
    """Return the log factor on each segment that makes sums right on average, shape (segments,).

    A segment's sum is corrected by the middle of its past errors, shrunk to that of the total where it has few accounts; the
    total's by its own. Both are reconciled by the errors such corrected sums made. Errors of less than a year may all lie in one
    season and correct nothing; those of a year and a half count in full.

    Args:
        sums: Uncorrected forecasts of the segments' sums.
        errors: Past log errors of those sums, shape (origins, segments); NaN where there was none.
        counts: Accounts behind them over all origins, shape (segments,).
        whole: Past log errors of the total, shape (origins,).
        strength: Accounts that the total's error counts for.
    """
    trust = min(max((np.isfinite(whole).sum() - _YEAR) / _HALF_YEAR, 0.0), 1.0)
    if not trust:
        return np.zeros(len(sums))
    middle = float(np.nanmedian(whole))
    found = column_medians(errors)
    own = np.where(np.isnan(found), middle, found)
    own = (counts * own + strength * middle) / np.maximum(counts + strength, 1e-12)
    if len(sums) > 1 and sums.any():
        own = own + _reconciled_shift(sums, own, middle, errors, whole)
    return np.asarray(trust * own)


def _reconciled_shift(sums: Values, own: Values, whole: float, errors: Values, whole_errors: Values) -> Values:
    """Return by how much reconciliation moves the log forecast of each segment, shape (segments,).

    Args:
        sums: Uncorrected forecasts of the segments' sums.
        own: Log correction of each segment.
        whole: Log correction of the total.
        errors: Past log errors of the segments' sums, shape (origins, segments).
        whole_errors: Past log errors of the total's, shape (origins,).
    """
    corrected = sums * np.exp(own)
    total = float(sums.sum() * np.exp(whole))
    missed = np.nan_to_num((errors - own) * corrected)
    # errors of segments move together, so the sum's error counts, shared among them by size
    variance = np.square(missed.sum(axis=1)).mean() * np.abs(corrected) / max(float(np.abs(corrected).sum()), 1e-12)
    spread = float(np.nanmean(np.square((whole_errors - whole) * total)))
    top = Level(np.array([total]), np.array([spread]))
    found = reconcile([Level(corrected, variance, np.zeros(len(sums), dtype=np.int64)), top], floor=0.0)[0]
    return np.log(np.where((corrected > 0) & (found > 0), found / np.where(corrected > 0, corrected, 1.0), 1.0))
