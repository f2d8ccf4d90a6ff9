"""How well burn-down held before: what was expected of commitments at earlier days, against what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import mean, median

from growthring.forecast.commitments.burn_down import Interval


@dataclass(frozen=True, slots=True)
class Outcome:
    """One commitment as it was expected on a day, and as it ended; amounts as shares of what was committed.

    Attributes:
        commitment_id: The commitment.
        expected: Consumption by its end, in the futures of that day.
        by_pace: Consumption by its end at the pace of the last complete months.
        reached: Probability that it would be used up.
        expected_on: Day by which half of the futures had used it up; none when most never did.
        consumed: What was consumed by its end.
        exhausted_on: Day on which it was used up; none if it was not.
    """

    commitment_id: str
    expected: Interval
    by_pace: float
    reached: float
    expected_on: date | None
    consumed: float
    exhausted_on: date | None

    @property
    def is_inside(self) -> bool:
        """Whether it ended inside the interval, which is to hold eight of ten."""
        return self.expected.low <= self.consumed <= self.expected.high


@dataclass(frozen=True, slots=True)
class Record:
    """How well outcomes were foreseen.

    Attributes:
        commitments: Number of commitments.
        inside: Share that ended inside the interval.
        below: Share that ended below it.
        above: Share that ended above it.
        error: Mean distance of the middle future from what was consumed, as a share of what was committed.
        pace_error: The same for the pace of the last complete months.
        brier: Mean squared error of the probability of being used up (Brier 1950); 0.25 for a coin.
        days: Median distance in days between the expected day of exhaustion and the real one, where both are there.
    """

    commitments: int
    inside: float
    below: float
    above: float
    error: float
    pace_error: float
    brier: float
    days: float | None


def score(outcomes: Sequence[Outcome]) -> Record | None:
    """Score what was expected; nothing without an outcome.

    Example:
        >>> told = Outcome("k", Interval(0.9, 0.8, 1.0), 0.7, 0.2, None, 0.95, None)
        >>> found = score([told])
        >>> (found.inside, round(found.error, 2), round(found.pace_error, 2), round(found.brier, 2)) if found else None
        (1.0, 0.05, 0.25, 0.04)
    """
    if not outcomes:
        return None
    apart = [abs((each.expected_on - each.exhausted_on).days) for each in outcomes if each.expected_on and each.exhausted_on]
    return Record(
        len(outcomes),
        mean(float(each.is_inside) for each in outcomes),
        mean(float(each.consumed < each.expected.low) for each in outcomes),
        mean(float(each.consumed > each.expected.high) for each in outcomes),
        mean(abs(each.expected.median - each.consumed) for each in outcomes),
        mean(abs(each.by_pace - each.consumed) for each in outcomes),
        mean((each.reached - (each.consumed >= 1)) ** 2 for each in outcomes),
        median(apart) if apart else None,
    )
