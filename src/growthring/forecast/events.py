"""External events: what happened outside the company, and what it did to the usage of the accounts it reached (FC-09).

The effect is a difference in differences on the log scale: how far the exposed accounts were from their own level in the event's
months, less how far the others were. Each account counts once, means are trimmed by a tenth at each end so that one account's
one-off is no effect, and the interval is that of Yuen (1974). The same sum on months in which nothing was reported, the placebos,
says how much of it chance alone makes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from growthring.forecast.panel import Panel, Values
from growthring.forecast.usual_level import SIDE, after_window, before_month, log_values
from growthring.kernel.errors import GrowthringError

FEWEST = 5
"""Accounts that each side needs at least."""
_TRIM = 0.1
_CLEAR_PLACEBO = 0.1
_LASTING_WINDOW = 3


@dataclass(frozen=True, slots=True)
class Span:
    """Months of an event, counted as year × 12 + month − 1.

    Attributes:
        first: First month.
        last: Last month, included; nothing means that it lasts.
    """

    first: int
    last: int | None

    def covers(self, month: int) -> bool:
        """Tell whether the event is on in a month."""
        return self.first <= month and (self.last is None or month <= self.last)


@dataclass(frozen=True, slots=True)
class EventEffect:
    """What an event did to the accounts it reached.

    Attributes:
        log_effect: Effect on the logarithm of usage.
        low: Lower end of its 95 % interval.
        high: Upper end.
        exposed: Accounts it reached that could be measured.
        others: Accounts it did not reach.
        placebos: The same estimate for earlier and later windows of the same length, shape (windows,).
        p_value: Share of placebos at least as large, the event itself counted.
    """

    log_effect: float
    low: float
    high: float
    exposed: int
    others: int
    placebos: Values
    p_value: float

    @property
    def factor(self) -> float:
        """By what usage was multiplied."""
        return float(np.exp(self.log_effect))

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out no effect and at most a tenth of the placebos come near it."""
        return (self.low > 0 or self.high < 0) and self.p_value <= max(_CLEAR_PLACEBO, 1 / (len(self.placebos) + 1))


def measure_event(panel: Panel, exposed: NDArray[np.bool_], span: Span) -> EventEffect:
    """Measure what an event did, from the panel as it is known.

    An event that ended is measured against the months before and after it; one that lasts against the months before it alone,
    over its first quarter.

    Args:
        panel: Usage or revenue per month.
        exposed: Rows that the event reached, shape (rows,).
        span: Its months.

    Raises:
        GrowthringError: Its months are not in the panel, or too few accounts were there before and during it.
    """
    logs = log_values(panel)
    start = span.first - panel.first_month
    known = panel.last_known + 1
    if not 0 < start < known:
        raise GrowthringError(
            "The event's first month is not among the months known.",
            valid="An event can be measured once its first month is in the data, with at least two months before it.",
        )
    stop = min((start + _LASTING_WINDOW) if span.last is None else span.last - panel.first_month + 1, known)
    length, is_over = stop - start, span.last is not None
    effect, low, high, counts = _difference(panel, logs, exposed, start, length, is_over=is_over)
    if min(counts) < FEWEST:
        raise GrowthringError(
            f"{counts[0]} exposed and {counts[1]} other accounts have months before and during the event.",
            valid=f"A difference needs at least {FEWEST} of each.",
            remedy="Take an attribute that fewer or more accounts share, or wait.",
        )
    placebos = []
    for other in range(2, known - length + 1):
        near = other + length + SIDE > start and other < (stop if is_over else known) + SIDE
        if not near:
            found = _difference(panel, logs, exposed, other, length, is_over=is_over)
            if min(found[3]) >= FEWEST:
                placebos.append(found[0])
    larger = sum(abs(each) >= abs(effect) for each in placebos)
    return EventEffect(effect, low, high, *counts, np.array(placebos), (larger + 1) / (len(placebos) + 1))


def _difference(
    panel: Panel, logs: Values, exposed: NDArray[np.bool_], start: int, length: int, *, is_over: bool
) -> tuple[float, float, float, tuple[int, int]]:
    """Return the difference of the trimmed means, its 95 % interval, and the number of accounts on each side."""
    window = logs[:, start : start + length]
    usual = before_month(logs[:, : start + 1])[:, start]
    if is_over:
        after = after_window(logs[:, start:], length)[:, 0]
        usual = np.where(np.isfinite(after), (usual + after) / 2, usual)
    distance = np.where(np.isfinite(window).all(axis=1), window.mean(axis=1) - usual, np.nan)
    one, other = (_by_account(panel.accounts[side], distance[side]) for side in (exposed, ~exposed))
    counts = len(one), len(other)
    if min(counts) < 2:
        return float("nan"), float("nan"), float("nan"), counts
    (mean_one, error_one, df_one), (mean_other, error_other, df_other) = _trimmed(one), _trimmed(other)
    error = error_one + error_other
    df = error**2 / max(error_one**2 / df_one + error_other**2 / df_other, 1e-300)
    half = float(stats.t.ppf(0.975, max(df, 1.0))) * float(np.sqrt(error))
    effect = mean_one - mean_other
    return effect, effect - half, effect + half, counts


def _by_account(accounts: NDArray[np.str_], distance: Values) -> Values:
    """Return one distance an account, the mean over its series: its series are no independent witnesses."""
    known = np.isfinite(distance)
    _, place = np.unique(accounts[known], return_inverse=True)
    return np.asarray(np.bincount(place, distance[known]) / np.maximum(np.bincount(place), 1), np.float64)


def _trimmed(values: Values) -> tuple[float, float, float]:
    """Return the trimmed mean, its squared error after Yuen, and the degrees of freedom."""
    ordered, count = np.sort(values), len(values)
    cut = int(_TRIM * count)
    kept = ordered[cut : count - cut]
    winsorised = np.clip(ordered, kept[0], kept[-1])
    df = max(len(kept) - 1, 1)
    return float(kept.mean()), float(winsorised.var(ddof=1) * (count - 1) / (len(kept) * df)), float(df)


def exposure(panel: Panel, exposed: NDArray[np.bool_], span: Span, horizon: int) -> Values:
    """Return the regressor of an event: 1 in its months for rows it reaches, shape (rows, months + horizon)."""
    months = panel.first_month + np.arange(panel.last_known + 1 + horizon)
    is_on = np.array([span.covers(int(month)) for month in months])
    return np.asarray(exposed[:, None] & is_on, np.float64)


def event_effect(point: Values, panel: Panel, exposed: NDArray[np.bool_], span: Span, factor: float) -> Values:
    """Return what an event changes about a forecast that starts from the last level, shape (rows, horizon).

    Where the event is on in the last known month its effect is already in the level: it goes when the event ends. Where it is
    still to come it is added in its months. An event that is over, or that goes on, changes nothing.

    Args:
        point: The forecast without it, shape (rows, horizon).
        panel: The history.
        exposed: Rows that it reaches, shape (rows,).
        span: Its months.
        factor: By what it multiplies usage.
    """
    is_on = exposure(panel, exposed, span, point.shape[1])
    change = is_on[:, panel.last_known + 1 :] - is_on[:, panel.last_known, None]
    return np.asarray(np.where(change == 0, 0.0, np.nan_to_num(point) * (factor**change - 1)), np.float64)
