"""When trials convert: hazard by day, the share converted so far, and how long a trial should be (PR-18).

A trial runs until it converts or is given up; one that did neither by the last day of the data is censored then. The hazard of a
day is its conversions over the trials still running on it (Kaplan and Meier, 1958). Giving up is a competing end: the share
converted adds hazard times the share still running (Aalen and Johansen, 1978), which is one minus the Kaplan–Meier curve where
nobody gives up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from growthring.pricing.simulation.price_points import LEVEL, wilson

LEAST_RUNNING = 20
"""Trials still running that a day needs to be judged."""

LEAST_CONVERTED = 20
"""Conversions that a suggestion needs."""

WINDOW = 7
"""Days over which a hazard is pooled."""


@dataclass(frozen=True, slots=True)
class TrialDay:
    """One day of trials, counted from 0.

    Attributes:
        day: Whole days since the start.
        running: Trials still running on it.
        converted: Conversions on it.
        cancelled: Trials given up on it.
        hazard: Conversions over running trials.
        still_running: Share that neither converted nor was given up by its end.
        converted_share: Share converted by its end.
    """

    day: int
    running: int
    converted: int
    cancelled: int
    hazard: float
    still_running: float
    converted_share: float


@dataclass(frozen=True, slots=True)
class TrialLength:
    """The suggested length of a trial.

    Attributes:
        days: Length in days; empty when the data do not show one.
        peak_from: First day of the week that converts fastest; empty when there are too few trials.
        peak_hazard: Conversions a day and running trial in that week.
        after_hazard: The same in the week after the suggested length.
        reason: Why.
    """

    days: int | None
    peak_from: int | None
    peak_hazard: float | None
    after_hazard: float | None
    reason: str


def trial_curve(counts: Sequence[Mapping[str, Any]]) -> list[TrialDay]:
    """Return the curve of conversion by day.

    Args:
        counts: Rows of ``trial_day``: converted, cancelled and last seen by day.
    """
    by_day = {int(each["day"]): each for each in counts}
    running = sum(int(each["converted"] + each["cancelled"] + each["last_seen"]) for each in counts)
    still, share, curve = 1.0, 0.0, []
    for day in range(max(by_day, default=-1) + 1):
        row = by_day.get(day, {"converted": 0, "cancelled": 0, "last_seen": 0})
        converted, cancelled = int(row["converted"]), int(row["cancelled"])
        share += still * converted / running
        still *= 1 - (converted + cancelled) / running
        curve.append(TrialDay(day, running, converted, cancelled, converted / running, still, share))
        running -= converted + cancelled + int(row["last_seen"])
    return curve


def suggest_length(curve: Sequence[TrialDay], share: float = 0.25, window: int = WINDOW) -> TrialLength:
    """Return the day after which trials convert at less than a share of their best week, if the data show one.

    The fall is shown when the intervals of the two weeks do not meet; with constant hazards a best week is found by chance alone.

    Args:
        curve: The curve by day.
        share: Share of the peak below which waiting is not worth it.
        window: Days over which hazards are pooled.
    """
    judged = [each for each in curve if each.running >= LEAST_RUNNING]
    found = sum(each.converted for each in judged)
    if found < LEAST_CONVERTED or len(judged) <= window:
        words = (
            f"Too little evidence: {found} conversions over {len(judged)} days with at least {LEAST_RUNNING} running trials; "
            f"{LEAST_CONVERTED} conversions and more than {window} days are needed."
        )
        return TrialLength(None, None, None, None, words)
    weeks = [judged[at : at + window] for at in range(len(judged) - window + 1)]
    hazards = [_pooled(week, len(weeks)) for week in weeks]
    peak = max(range(len(weeks)), key=lambda at: hazards[at][0])
    top, at_least, _ = hazards[peak]
    for at in range(peak + 1, len(weeks)):
        hazard, _, at_most = hazards[at]
        if hazard < share * top and at_most < at_least:
            words = (
                f"The {window} days from day {at} convert {hazard:.2%} of running trials a day, less than {share:.0%} of the "
                f"{top:.2%} of the {window} days from day {peak}."
            )
            return TrialLength(at, peak, top, hazard, words)
    words = f"Within {len(judged)} days the hazard is not shown to fall below {share:.0%} of its peak of {top:.2%} a day."
    return TrialLength(None, peak, top, None, words)


def _pooled(week: Sequence[TrialDay], weeks: int) -> tuple[float, float, float]:
    """Return conversions per running trial and day, with Wilson's interval; the intervals of all weeks hold together at 95 %."""
    converted, running = sum(each.converted for each in week), sum(each.running for each in week)
    low, high = wilson(converted, running, LEVEL / weeks)
    return converted / running, low, high
