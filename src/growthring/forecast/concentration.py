"""Portfolio concentration: how few groups revenue or usage rests on, and whether they move together (FC-08).

Shares follow Herfindahl and Hirschman; 1 / HHI is the number of equal groups that would be as concentrated. Movement is
looked at in changes from month to month, because levels that all grow are correlated whatever they do.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_CHANGES = 12
"""Changes from month to month that correlations need."""
LARGEST = 200
"""With more groups than this, none is compared with every other."""


@dataclass(frozen=True)
class Concentration:
    """Concentration and movement of groups.

    Attributes:
        shares: Share of each group in the last month, shape (groups,).
        hhi: Sum of the squared shares: 1 is a single group.
        effective: Number of equal groups that would have this HHI.
        volatility: Standard deviation of each group's monthly change as a share of its mean, shape (groups,).
        contribution: Part of the variance of the total's change that each group brings; they add up to 1, shape (groups,).
        correlation: Of the monthly changes, NaN for groups that never change, shape (groups, groups); empty with many.
        changes: Months of change that were read.
        diversification: Standard deviation of the total's change over the sum of those of the groups: 1 when all move as one.
    """

    shares: Floats
    hhi: float
    effective: float
    volatility: Floats
    contribution: Floats
    correlation: Floats
    changes: int
    diversification: float

    @property
    def is_enough(self) -> bool:
        """Whether there are enough months to speak of movement."""
        return self.changes >= LEAST_CHANGES

    def noise(self, comparisons: int = 1) -> float:
        """Return the bound within which correlations of independent groups lie, 95 times in 100 for all comparisons together.

        Args:
            comparisons: How many correlations are looked at to pick the strongest (Bonferroni).
        """
        return NormalDist().inv_cdf(1 - 0.025 / max(comparisons, 1)) / float(np.sqrt(max(self.changes - 1, 1)))


def concentrate(groups: Floats) -> Concentration:
    """Measure concentration and movement.

    Args:
        groups: Revenue or usage by group and month, oldest first, shape (groups, months).

    Example:
        >>> round(concentrate(np.array([[3.0, 3.0], [1.0, 1.0]])).hhi, 4)
        0.625
    """
    last = np.maximum(groups[:, -1], 0)
    shares = last / last.sum() if last.sum() > 0 else np.zeros(len(last))
    hhi = float((shares**2).sum())
    changes = np.diff(groups, axis=1)
    spread = changes.std(axis=1) if changes.shape[1] else np.zeros(len(groups))
    total = changes.sum(axis=0)
    variance = float(total.var()) if len(total) else 0.0
    centred = changes - changes.mean(axis=1, keepdims=True) if changes.shape[1] else changes
    with_total = centred @ centred.sum(axis=0) / max(changes.shape[1], 1)
    contribution = with_total / variance if variance > 0 else np.full(len(groups), np.nan)
    mean = groups.mean(axis=1)
    volatility = np.divide(spread, mean, out=np.full(len(groups), np.nan), where=mean > 0)
    together = float(np.sqrt(variance) / spread.sum()) if spread.sum() > 0 else float("nan")
    return Concentration(
        shares,
        hhi,
        1 / hhi if hhi else 0.0,
        volatility,
        contribution,
        _correlation(centred, spread),
        int(changes.shape[1]),
        together,
    )


def _correlation(centred: Floats, spread: Floats) -> Floats:
    if len(spread) > LARGEST:
        return np.full((len(spread), 0), np.nan)
    product = np.outer(spread, spread)
    covariance = centred @ centred.T / max(centred.shape[1], 1)
    found: Floats = np.divide(covariance, product, out=np.full_like(covariance, np.nan), where=product > 0)
    return found
