"""Grants of units over time, to the second: effective, expiry, void, recurrence, resets; overage is carried and burnt first.

Between two turning points (a grant begins, ends, recurs, or usage is reset) nothing changes but the balances, so a timeline is a
sequence of segments. In each, the usage and the overage carried into it burn the grants in the order priority, expiry, creation.
The semantics are those of OpenMeter: an unmet 20 of a day that used 120 of 100 leaves 80 of the next day's grant; what is left of
an expired or voided grant disappears; a recurrence sets the balance to the granted amount; a reset clamps it between the rollover
limits.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from growthring.pricing.commitments.periods import add_months

_ZERO = Decimal(0)
NEVER = datetime(9999, 12, 31)


class Recurrence(StrEnum):
    """How often a grant is granted again, counted from its effective time."""

    NONE = "none"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


_FIXED = {
    Recurrence.HOURLY: timedelta(hours=1),
    Recurrence.DAILY: timedelta(days=1),
    Recurrence.WEEKLY: timedelta(weeks=1),
}


@dataclass(frozen=True, slots=True)
class TimedGrant:
    """Units granted at an instant.

    Attributes:
        grant_id: Identifier.
        amount: Units granted, each time it recurs.
        effective_at: First instant it can be burnt.
        expires_at: First instant it no longer can.
        voided_at: When it was withdrawn, if it was.
        priority: Lower numbers burn first.
        created_at: Breaks ties after priority and expiry.
        recurrence: How often it is granted again.
        rollover_min: What a reset leaves at least.
        rollover_max: What a reset leaves at most.
        carry_max: What a recurrence carries over, at most, on top of the new grant.
    """

    grant_id: str
    amount: Decimal
    effective_at: datetime
    expires_at: datetime = NEVER
    voided_at: datetime | None = None
    priority: int = 1
    created_at: datetime | None = None
    recurrence: Recurrence = Recurrence.NONE
    rollover_min: Decimal = _ZERO
    rollover_max: Decimal = _ZERO
    carry_max: Decimal = _ZERO

    @property
    def closes_at(self) -> datetime:
        """First instant it can no longer be burnt."""
        return max(self.effective_at, min(self.expires_at, self.voided_at or NEVER))

    @property
    def order(self) -> tuple[int, datetime, datetime]:
        """Priority, then expiry, then creation; grants equal in all three keep the order in which they are given."""
        return self.priority, self.expires_at, self.created_at or self.effective_at

    def recurs(self, until: datetime) -> list[datetime]:
        """Return the instants before ``until`` at which it is granted again."""
        if self.recurrence is Recurrence.NONE:
            return []
        found: list[datetime] = []
        end = min(until, self.closes_at)
        while (at := self._turn(len(found) + 1)) < end:
            found.append(at)
        return found

    def _turn(self, number: int) -> datetime:
        if self.recurrence in _FIXED:
            return self.effective_at + number * _FIXED[self.recurrence]
        months = number * (12 if self.recurrence is Recurrence.YEARLY else 1)
        return datetime.combine(add_months(self.effective_at.date(), months), self.effective_at.time())


@dataclass(frozen=True, slots=True)
class Use:
    """Units used at an instant."""

    used_at: datetime
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Timeline:
    """Grants, uses and resets of one customer on one meter.

    Attributes:
        timeline_id: Whose.
        grants: In the order of creation.
        uses: In any order.
        starts_at: First instant; uses before it do not count.
        until: First instant that does not count any more.
        resets: Instants at which usage is reset and balances roll over within their limits.
        keeps_overage: Whether a reset keeps the overage, to be burnt from what rolls over.
    """

    timeline_id: str
    grants: tuple[TimedGrant, ...]
    uses: tuple[Use, ...]
    starts_at: datetime
    until: datetime
    resets: tuple[datetime, ...] = ()
    keeps_overage: bool = False

    @property
    def ordered(self) -> list[TimedGrant]:
        """Grants in the order in which they are burnt."""
        return sorted(self.grants, key=lambda each: each.order)


class Opening(StrEnum):
    """What a segment does to a grant's balance when it begins."""

    KEEP = "keep"
    GRANT = "grant"
    RECUR = "recur"
    RESET = "reset"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch ``starts_at <= instant < ends_at`` in which grants neither begin nor end.

    Attributes:
        starts_at: First instant.
        ends_at: First instant after it.
        openings: What happens to each grant at the start, by identifier.
        drops_overage: The start is a reset that forgives what was owed.
    """

    starts_at: datetime
    ends_at: datetime
    openings: dict[str, Opening]
    drops_overage: bool


@dataclass(slots=True)
class Burned:
    """Balances by grant, and what no grant covered."""

    balances: dict[str, Decimal] = field(default_factory=dict)
    overage: Decimal = _ZERO


def segments(timeline: Timeline) -> list[Segment]:
    """Cut a timeline at its turning points."""
    points = {timeline.starts_at, *timeline.resets}
    recurring = {each.grant_id: set(each.recurs(timeline.until)) for each in timeline.grants}
    for each in timeline.grants:
        points |= {each.effective_at, each.closes_at, *recurring[each.grant_id]}
    edges = [*sorted(point for point in points if timeline.starts_at <= point < timeline.until), timeline.until]
    return [_segment(timeline, recurring, start, end) for start, end in pairwise(edges)]


def _segment(timeline: Timeline, recurring: dict[str, set[datetime]], start: datetime, end: datetime) -> Segment:
    resets = start in timeline.resets
    openings = {each.grant_id: _opening(each, timeline, recurring[each.grant_id], start) for each in timeline.grants}
    return Segment(start, end, openings, resets and not timeline.keeps_overage)


def _opening(grant: TimedGrant, timeline: Timeline, recurring: set[datetime], at: datetime) -> Opening:
    if not grant.effective_at <= at < grant.closes_at:
        return Opening.CLOSE
    if at == max(grant.effective_at, timeline.starts_at):
        return Opening.GRANT
    if at in recurring:
        return Opening.RECUR
    return Opening.RESET if at in timeline.resets else Opening.KEEP


def burn_timeline(timeline: Timeline) -> Burned:
    """Burn the grants of a timeline, segment by segment.

    Example:
        >>> from datetime import datetime
        >>> day = datetime(2024, 1, 1)
        >>> daily = TimedGrant("g", Decimal(100), day, recurrence=Recurrence.DAILY)
        >>> burned = burn_timeline(Timeline("a", (daily,), (Use(day, Decimal(120)),), day, datetime(2024, 1, 2, 12)))
        >>> burned.balances["g"], burned.overage
        (Decimal('80'), Decimal('0'))
    """
    state = Burned({each.grant_id: _ZERO for each in timeline.grants})
    for segment in segments(timeline):
        used = sum((use.quantity for use in timeline.uses if segment.starts_at <= use.used_at < segment.ends_at), _ZERO)
        owed = used + (_ZERO if segment.drops_overage else state.overage)
        for grant in timeline.ordered:
            balance = _opened(grant, segment.openings[grant.grant_id], state.balances[grant.grant_id])
            burned = max(min(balance, owed), _ZERO)
            state.balances[grant.grant_id] = balance - burned
            owed -= burned
        state.overage = owed
    return state


def _opened(grant: TimedGrant, opening: Opening, balance: Decimal) -> Decimal:
    match opening:
        case Opening.CLOSE:
            return _ZERO
        case Opening.GRANT:
            return grant.amount
        case Opening.RECUR:
            return grant.amount + min(balance, grant.carry_max)
        case Opening.RESET:
            return min(grant.rollover_max, max(grant.rollover_min, balance))
        case Opening.KEEP:
            return balance
