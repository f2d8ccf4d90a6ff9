"""In-year ramp lag: how long from a signature to life and first revenue, and what signatures bring when (FC-14).

Signatures that have not arrived yet are censored, not dropped: leaving them out would make every lag look short. Kaplan, Meier
(1958), "Nonparametric estimation from incomplete observations". A signature that was cancelled before it arrived stays at risk to
the end of the data, so that what never arrives lowers the curve (the subdistribution of Fine and Gray, 1999).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAYS_OF_A_MONTH = 365.25 / 12
LEAST_ARRIVALS = 10
"""A segment with fewer arrivals has no lag of its own; it is given that of all signatures."""


@dataclass(frozen=True)
class LagCurve:
    """How many of the signatures have arrived after so many days.

    Attributes:
        days: Days on which something arrived, ascending, shape (steps,).
        arrived: Share arrived by then, shape (steps,).
        error: Standard error of it (Greenwood), shape (steps,).
        signatures: Signatures it was made from.
        arrivals: How many of them arrived.
        longest: Longest wait seen; nothing is known beyond it.
    """

    days: Floats
    arrived: Floats
    error: Floats
    signatures: int
    arrivals: int
    longest: float

    def share_by(self, day: float) -> float:
        """Return the share that has arrived a number of days after the signature."""
        at = int(np.searchsorted(self.days, day, side="right"))
        return float(self.arrived[at - 1]) if at else 0.0

    def interval_by(self, day: float) -> tuple[float, float]:
        """Return the 95 % interval of that share, on the log-log scale so that it stays between 0 and 1."""
        at = int(np.searchsorted(self.days, day, side="right"))
        if not at:
            return 0.0, 0.0
        waiting, error = 1 - self.arrived[at - 1], self.error[at - 1]
        if waiting <= 0 or waiting >= 1 or error == 0:
            return float(1 - waiting), float(1 - waiting)
        spread = 1.96 * error / abs(waiting * np.log(waiting))
        low, high = (1 - waiting ** np.exp(sign * spread) for sign in (-1, 1))
        return float(low), float(high)

    def median(self) -> float | None:
        """Return the days after which half have arrived; nothing where fewer than half ever did."""
        reached = np.flatnonzero(self.arrived >= 0.5)
        return float(self.days[reached[0]]) if len(reached) else None


def lag_curve(waits: Floats, arrived: NDArray[np.bool_]) -> LagCurve:
    """Estimate the lag from signatures of which some have not arrived yet.

    Args:
        waits: Days from the signature to the arrival, or to the end of the data, shape (signatures,); never negative.
        arrived: Whether it arrived, shape (signatures,).
    """
    days = np.unique(waits[arrived])
    at_risk = np.array([(waits >= day).sum() for day in days], dtype=float)
    events = np.array([((waits == day) & arrived).sum() for day in days], dtype=float)
    survival = np.cumprod(1 - events / at_risk) if len(days) else np.zeros(0)
    left = at_risk - events
    # nobody left at risk: the curve ends at 1 and its error there is that of the step before
    terms = np.divide(events, at_risk * left, out=np.zeros_like(events), where=left > 0)
    error = survival * np.sqrt(np.cumsum(terms))
    longest = float(waits.max()) if len(waits) else 0.0
    return LagCurve(days, 1 - survival, error, len(waits), int(arrived.sum()), longest)


def lag_by_month(curve: LagCurve, months: int, *, waited: float = 0.0) -> Floats:
    """Return the chance of arriving in each month ahead, shape (months,).

    Args:
        curve: The lag.
        months: How many months.
        waited: Days that have passed since the signature without an arrival; the chances are given that.
    """
    edges = np.array([curve.share_by(waited + DAYS_OF_A_MONTH * month) for month in range(months + 1)])
    before = curve.share_by(waited) if waited > 0 else 0.0
    edges[0] = before
    rest = 1 - before
    return np.diff(edges) / rest if rest > 1e-12 else np.zeros(months)


def lags_by_group(
    waits: Floats, arrived: NDArray[np.bool_], groups: Sequence[str]
) -> tuple[LagCurve, dict[str, tuple[LagCurve, bool]]]:
    """Return the lag of all signatures and of each group.

    Returns:
        The pooled lag; and by group its lag with whether it is the group's own, or the pooled one for want of arrivals.
    """
    pooled = lag_curve(waits, arrived)
    names = np.asarray(groups)
    found: dict[str, tuple[LagCurve, bool]] = {}
    for name in sorted(set(groups)):
        mine = names == name
        own = lag_curve(waits[mine], arrived[mine])
        found[name] = (own, True) if own.arrivals >= LEAST_ARRIVALS else (pooled, False)
    return pooled, found
