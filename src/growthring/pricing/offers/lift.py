"""What discounts and gifts do to the win rate, compared within segment and size (PR-16).

Whoever gets a discount is no random customer, so only customers of the same segment and size band are compared. The difference of
win rates is pooled over these strata by Mantel and Haenszel's weights; its variance is that of Sato (1989), which holds for few
large strata and for many small ones. Intervals of all comparisons hold together at 95 % (Bonferroni).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

LEAST_PER_ARM = 20
"""Decided offers with, and without, that a comparison needs."""

LEVEL = 0.05
"""Chance that any of the comparisons claims a difference where there is none."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Decided offers of one segment and size band.

    Attributes:
        segment: The segment.
        given: Offers with a discount or gift.
        given_won: Won among them.
        plain: Offers without.
        plain_won: Won among them.
    """

    segment: str
    given: int
    given_won: int
    plain: int
    plain_won: int


@dataclass(frozen=True, slots=True)
class Lift:
    """The difference that giving made to the win rate.

    Attributes:
        given: Comparable offers with it.
        plain: Comparable offers without it.
        strata: Segments × size bands in which both occur.
        difference: Win rate with less win rate without, between −1 and 1; empty without a comparable pair.
        low: Low end of its interval; empty when there are too few offers.
        high: High end.
        is_shown: Whether the interval leaves out 0.
        reason: What can be said.
    """

    given: int
    plain: int
    strata: int
    difference: float | None
    low: float | None
    high: float | None
    is_shown: bool
    reason: str


def lift(strata: Iterable[Stratum], comparisons: int = 1) -> Lift:
    """Return the pooled difference of win rates over strata.

    Args:
        strata: Counts by segment and size band; those with one side only are left out.
        comparisons: How many comparisons are made together.

    Example:
        >>> found = lift([Stratum("small", 100, 50, 100, 30)])
        >>> round(found.difference, 2), round(found.low, 3), round(found.high, 3), found.is_shown
        (0.2, 0.067, 0.333, True)
    """
    both = [each for each in strata if each.given and each.plain]
    given, plain = sum(each.given for each in both), sum(each.plain for each in both)
    if not both:
        return Lift(0, 0, 0, None, None, None, False, "No segment and size has offers both with and without it.")
    difference, spread = _pooled(both)
    if min(given, plain) < LEAST_PER_ARM:
        words = f"Too few: {given} with and {plain} without; {LEAST_PER_ARM} of each are needed in segments and sizes with both."
        return Lift(given, plain, len(both), difference, None, None, False, words)
    half = NormalDist().inv_cdf(1 - LEVEL / comparisons / 2) * spread
    low, high = max(-1.0, difference - half), min(1.0, difference + half)
    if low <= 0 <= high:
        return Lift(given, plain, len(both), difference, low, high, False, "No difference in the win rate is shown.")
    words = "more" if low > 0 else "less"
    return Lift(given, plain, len(both), difference, low, high, True, f"Comparable customers buy {words} often with it.")


def _pooled(strata: Sequence[Stratum]) -> tuple[float, float]:
    """Return the Mantel–Haenszel difference of shares and its standard error (Sato, Biometrics 45, 1989)."""
    weight = total = p = q = 0.0
    for each in strata:
        n1, n0, a, c = each.given, each.plain, each.given_won, each.plain_won
        n = n1 + n0
        weight += n1 * n0 / n
        total += (a * n0 - c * n1) / n
        p += (n1 * n1 * c - n0 * n0 * a + n1 * n0 * (n0 - n1) / 2) / (n * n)
        q += (a * (n0 - c) + c * (n1 - a)) / (2 * n)
    difference = total / weight
    return difference, sqrt(max(0.0, difference * p + q)) / weight
