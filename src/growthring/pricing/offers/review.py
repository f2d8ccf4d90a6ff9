"""The periodic price review: whether net retention and win rate together speak for another price level of a segment (PR-15)."""

from dataclasses import dataclass
from enum import StrEnum

from growthring.pricing.simulation.price_points import LEAST_OFFERS, LEVEL, wilson


class PriceSign(StrEnum):
    """What a segment says about its price level."""

    TOO_LOW = "may_be_too_low"
    TOO_HIGH = "may_be_too_high"
    NONE = "no_sign"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ReviewGoals:
    """What counts as good.

    Attributes:
        healthy_ndr: From here on customers keep what they bought and buy more.
        good_conversion: From here on a price may rise.
        poor_conversion: Down from here a price should fall.
    """

    healthy_ndr: float = 1.0
    good_conversion: float = 0.4
    poor_conversion: float = 0.1


@dataclass(frozen=True, slots=True)
class SegmentReview:
    """The review of one segment.

    Attributes:
        segment: The segment.
        ndr: Net dollar retention; empty where it is unknown.
        decided: Decided offers.
        won: Won among them.
        low: Low end of the interval of the win rate; empty without offers.
        high: High end.
        sign: What it says about the price level.
        reason: Why.
    """

    segment: str
    ndr: float | None
    decided: int
    won: int
    low: float | None
    high: float | None
    sign: PriceSign
    reason: str


def review_segment(
    segment: str, ndr: float | None, decided: int, won: int, goals: ReviewGoals | None = None, segments: int = 1
) -> SegmentReview:
    """Return what retention and win rate say together; one of them alone says nothing.

    Args:
        segment: The segment.
        ndr: Its net dollar retention, 1.0 for no change.
        decided: Decided offers.
        won: Won among them.
        goals: What counts as good.
        segments: Segments reviewed together; the intervals hold for all of them (Bonferroni).

    Example:
        >>> review_segment("small", 1.1, 100, 80).sign.value, review_segment("small", 0.9, 100, 80).sign.value
        ('may_be_too_low', 'no_sign')
    """
    goals = goals or ReviewGoals()
    low, high = wilson(won, decided, LEVEL / segments) if decided else (None, None)
    sign, reason = _judge(ndr, decided, low, high, goals)
    return SegmentReview(segment, ndr, decided, won, low, high, sign, reason)


def _judge(ndr: float | None, decided: int, low: float | None, high: float | None, goals: ReviewGoals) -> tuple[PriceSign, str]:
    if ndr is None:
        return PriceSign.UNKNOWN, "Net retention of the segment is unknown: it needs a year of revenue."
    if low is None or high is None or decided < LEAST_OFFERS:
        return PriceSign.UNKNOWN, f"{decided} decided offers: {LEAST_OFFERS} are needed."
    if low >= goals.good_conversion and ndr >= goals.healthy_ndr:
        return PriceSign.TOO_LOW, f"At least {low:.0%} buy, and those who did keep {ndr:.0%}: try a higher price on new offers."
    if high <= goals.poor_conversion and ndr < goals.healthy_ndr:
        return (
            PriceSign.TOO_HIGH,
            f"At most {high:.0%} buy, and those who did keep {ndr:.0%}: try a lower price, or leave the segment.",
        )
    return PriceSign.NONE, "Win rate and retention do not both point the same way."
