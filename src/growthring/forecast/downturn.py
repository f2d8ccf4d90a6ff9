"""Who cuts when customers save, and what that does to cash (FC-26).

A sign of who will cut is believed only as far as it told cuts in the past: signs are read before an origin, cuts after it, and
the sign that did best at an earlier origin is judged at a later one. Where it told nothing, nothing is claimed. Signs
do not see the months that make up the level before the cut: a cut inside them would lower the level after it by itself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CUT = 0.2
"""A fall of the level by this share is a cut."""
LEVEL = 3
"""Months whose average is a level."""
AHEAD = 6
"""Months between a sign and the end of the level that is looked at after it."""
SIGNS = ("cut before", "volatile", "in decline", "small")
LEAST_CUTS = 10
"""Cuts, and customers that did not cut, that an origin needs."""


def signs(values: Floats) -> dict[str, Floats]:
    """Return what may tell who cuts, from months before an origin, each of shape (rows,); higher means sooner.

    Args:
        values: Usage revenue by account and month, 0 where there is none, shape (rows, months).
    """
    recent = values[:, -12:]
    before, after = recent[:, :-1], recent[:, 1:]
    change = np.divide(after - before, before, out=np.zeros_like(after), where=before > 0)
    level = _level(values, values.shape[1])
    earlier = _level(values, max(values.shape[1] - LEVEL, LEVEL))
    decline = np.divide(earlier - level, earlier, out=np.zeros_like(level), where=earlier > 0)
    return {
        "cut before": (change < -CUT).mean(axis=1),
        "volatile": np.std(np.clip(change, -1, 2), axis=1),
        "in decline": decline,
        "small": -level,
    }


def _level(values: Floats, end: int) -> Floats:
    found: Floats = values[:, max(end - LEVEL, 0) : end].mean(axis=1)
    return found


def auc(score: Floats, happened: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the chance that a customer that cut scored higher than one that did not, and its standard error.

    Half is no better than a coin. Hanley, McNeil (1982), "The meaning and use of the area under a ROC curve".
    """
    yes, no = score[happened], score[~happened]
    if not len(yes) or not len(no):
        return float("nan"), float("nan")
    ordered = np.sort(no)
    below = np.searchsorted(ordered, yes, side="left")
    equal = np.searchsorted(ordered, yes, side="right") - below
    area = float((below + equal / 2).mean() / len(no))
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (len(yes) - 1) * (first - area**2) + (len(no) - 1) * (second - area**2)
    return area, float(np.sqrt(max(variance, 0) / (len(yes) * len(no))))


@dataclass(frozen=True)
class Evidence:
    """Whether anything tells who cuts.

    Attributes:
        sign: The sign that did best at the earlier origin; empty text without a history.
        area: How well it did at the later origin (0.5 is a coin); NaN without.
        low: Lower end of the 95 % interval of it.
        cuts: Cuts after the later origin.
        customers: Customers looked at.
        score: The sign of every row today, shape (rows,).
    """

    sign: str
    area: float
    low: float
    cuts: int
    customers: int
    score: Floats

    @property
    def tells(self) -> bool:
        """Whether the sign told cuts better than a coin."""
        return bool(self.low > 0.5)


def evidence(values: Floats) -> Evidence:
    """Look for a sign of who cuts, chosen at one origin and judged at a later one.

    Args:
        values: Usage revenue by account and month, 0 where there is none, shape (rows, months).
    """
    months = values.shape[1]
    none = Evidence("", float("nan"), float("nan"), 0, 0, np.zeros(len(values)))
    if months < 2 * AHEAD + LEVEL + 12:
        return none
    earlier, later = months - 2 * AHEAD, months - AHEAD
    chosen, best = "", -1.0
    for name in SIGNS:
        area, _, cuts, customers = _judge(values, earlier, name)
        if min(cuts, customers - cuts) >= LEAST_CUTS and area > best:
            chosen, best = name, area
    if not chosen:
        return none
    area, error, cuts, customers = _judge(values, later, chosen)
    low = area - 1.96 * error if min(cuts, customers - cuts) >= LEAST_CUTS else float("nan")
    return Evidence(chosen, area, low, cuts, customers, signs(values[:, :-LEVEL])[chosen])


def _judge(values: Floats, origin: int, name: str) -> tuple[float, float, int, int]:
    level = _level(values, origin)
    using = level > 0
    after = _level(values, origin + AHEAD)
    cut = after[using] < (1 - CUT) * level[using]
    area, error = auc(signs(values[:, : origin - LEVEL])[name][using], cut)
    return area, error, int(cut.sum()), int(using.sum())


@dataclass(frozen=True, slots=True)
class CashEffect:
    """Cash that does not come in within twelve months of a fall in usage.

    Attributes:
        low: While commitments hold.
        high: When they are renewed at the lower usage, from their own end on.
    """

    low: float
    high: float


def cash_effect(at_risk_low: float, at_risk_high: float, *, delay_months: float, renewal_months: float | None) -> CashEffect:
    """Return what a fall in usage takes from the cash of the next twelve months.

    Args:
        at_risk_low: Revenue of a year that it takes while commitments hold.
        at_risk_high: The same once commitments are renewed at the lower usage.
        delay_months: Months from use to payment: until then, cash is that of earlier use.
        renewal_months: Months until the commitment ends; nothing for one that does not.

    Example:
        >>> cash_effect(120.0, 240.0, delay_months=2, renewal_months=4)
        CashEffect(low=100.0, high=160.0)
    """
    low = at_risk_low * max(12 - delay_months, 0) / 12
    if renewal_months is None:
        return CashEffect(low, low)
    return CashEffect(low, low + (at_risk_high - at_risk_low) * max(12 - delay_months - max(renewal_months, 0), 0) / 12)
