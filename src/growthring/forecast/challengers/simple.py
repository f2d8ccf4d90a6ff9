"""The simplest challengers: whoever cannot beat them has no skill."""

import numpy as np

from growthring.forecast.challengers.challenger import Challenger, Outlook, deviation, normal
from growthring.forecast.challengers.history import Compact
from growthring.forecast.panel import Values

YEAR = 12
WINDOW = 3


def drift(series: Compact, ahead: Values) -> Outlook:
    """Go on from the last value by the mean change of the whole history: a random walk with drift."""
    change = mean_change(series)
    steps = np.maximum(series.lengths - 1, 1)[:, None]
    mean = series.values[:, -1:] + change[:, None] * ahead
    residuals = np.diff(series.values, axis=1) - change[:, None]
    return Outlook(mean, normal(mean, deviation(residuals, 1)[:, None] * np.sqrt(ahead * (1 + ahead / steps))))


def seasonal_naive(series: Compact, ahead: Values) -> Outlook:
    """Repeat the value of the same month a year before; shorter series are not forecast."""
    months = series.values.shape[1]
    back = months - 1 + ahead.astype(int) - YEAR * np.ceil(ahead / YEAR).astype(int)
    mean = np.where((back >= 0)[None, :], series.values[:, np.maximum(back, 0)], np.nan)
    residuals = series.values[:, YEAR:] - series.values[:, :-YEAR] if months > YEAR else np.empty((len(mean), 0))
    return Outlook(mean, normal(mean, deviation(residuals)[:, None] * np.sqrt(np.ceil(ahead / YEAR))))


def window_average(series: Compact, ahead: Values) -> Outlook:
    """Say that the mean of the last three months goes on."""
    past = series.values
    mean = np.repeat(np.nanmean(past[:, -WINDOW:], axis=1, keepdims=True), len(ahead), axis=1)
    months = past.shape[1]
    residuals = np.full((len(past), 1), np.nan)
    if months > WINDOW:
        residuals = past[:, WINDOW:] - np.lib.stride_tricks.sliding_window_view(past, WINDOW, axis=1).mean(axis=2)[:, :-1]
    return Outlook(mean, normal(mean, deviation(residuals)[:, None] * np.sqrt(1 + (ahead - 1) / WINDOW)))


def mean_change(series: Compact) -> Values:
    """Return the mean change a month of each row, shape (rows,)."""
    first = series.values[np.arange(len(series.lengths)), -np.maximum(series.lengths, 1)]
    change: Values = (series.values[:, -1] - first) / np.maximum(series.lengths - 1, 1)
    return change


DRIFT = Challenger("drift", drift, shortest=2)
SEASONAL_NAIVE = Challenger("seasonal naive", seasonal_naive, shortest=YEAR)
WINDOW_AVERAGE = Challenger("window average", window_average)
