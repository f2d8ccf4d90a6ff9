"""Billing calendars: periods counted from an anchor, in the days of a time zone.

Every period starts at anchor + k intervals, counted from the anchor each time: 31 January → 28 February → 31 March. Adding a
month to the previous start would drift to the 28th (billing.md §1g 22).
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache, partial
from itertools import count
from typing import Literal, TypeAlias, cast, get_args
from zoneinfo import ZoneInfo

from growthring.kernel.errors import ConfigurationError, UnknownValueError

Interval: TypeAlias = Literal["day", "week", "month", "quarter", "year"]
"""The unit of a billing interval."""

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAYS = {"day": 1, "week": 7}
_MONDAY = date(2000, 1, 3)
_END_OF_TIME = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class BillingPeriod:
    """One period of a calendar; the columns of the table ``billing_period``.

    Attributes:
        calendar_id: The calendar.
        period_start: First local day.
        period_end: First local day after it.
        starts_at: First instant, UTC without zone; it belongs to the period.
        ends_at: First instant of the next period.
        days: Local days.
        seconds: Seconds; a day when the clock changes has 23 or 25 hours.
    """

    calendar_id: str
    period_start: date
    period_end: date
    starts_at: datetime
    ends_at: datetime
    days: int
    seconds: int

    @property
    def zone(self) -> str:
        """The calendar's time zone."""
        return self.calendar_id.split("/", 3)[3]


@dataclass(frozen=True, slots=True)
class BillingCalendar:
    """When billing periods begin.

    Args:
        anchor_on: A day on which a period begins.
        interval: ``day``, ``week``, ``month``, ``quarter`` or ``year``.
        count: Intervals in one period.
        zone: IANA time zone whose midnight ends a billing day.

    Raises:
        ConfigurationError: The time zone is not known, or the count is not positive.
        UnknownValueError: The interval is not known.

    Example:
        >>> calendar = BillingCalendar(date(2024, 1, 31), "month", 1, "Europe/London")
        >>> [str(each.period_start) for each in calendar.periods(date(2024, 1, 31), date(2024, 4, 1))]
        ['2024-01-31', '2024-02-29', '2024-03-31']
        >>> calendar.calendar_id
        'month/1/31/Europe/London'
    """

    anchor_on: date
    interval: Interval
    count: int = 1
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if self.interval not in get_args(Interval):
            raise UnknownValueError("billing interval", self.interval, get_args(Interval))
        if self.count < 1:
            raise ConfigurationError(
                f"A billing interval of {self.count} × {self.interval} has no length.", remedy="Use a whole number above zero."
            )
        time_zone(self.zone)

    @property
    def calendar_id(self) -> str:
        """What decides the periods, as text, so that accounts with the same periods share a calendar.

        That is the anchor's day for months; its month within the interval as well for longer ones; for days and weeks the
        first start from Monday 3 January 2000 on.
        """
        return f"{self.interval}/{self.count}/{self._phase()}/{self.zone}"

    @classmethod
    def of(cls, calendar_id: str) -> "BillingCalendar":
        """Return a calendar by its identifier.

        Raises:
            ConfigurationError: The text is no calendar identifier.
        """
        try:
            interval, count, phase, zone = calendar_id.split("/", 3)
            months = _MONTHS.get(interval, 0) * int(count)
            anchor = _anchor(phase, months) if months else date.fromisoformat(phase)
            return cls(anchor, cast(Interval, interval), int(count), zone)
        except (ValueError, StopIteration) as error:
            raise ConfigurationError(
                f"Not a billing calendar: {calendar_id!r}.",
                valid="Valid: interval/count/anchor/zone, as month/1/31/Europe/London.",
            ) from error

    def periods(self, first: date, last: date) -> list[BillingPeriod]:
        """Return the periods that share a day with the days from ``first`` to ``last``, in order."""
        return list(self._periods(first, last))

    def period_of(self, day: date) -> BillingPeriod:
        """Return the period that holds a local day."""
        return self.periods(day, day)[0]

    def _periods(self, first: date, last: date) -> Iterator[BillingPeriod]:
        index = self._index_before(first)
        start, end = self._start(index), self._start(index + 1)
        while start <= last:
            if end > first:
                yield self._period(start, end)
            index += 1
            start, end = end, self._start(index + 1)

    def _period(self, start: date, end: date) -> BillingPeriod:
        starts_at, ends_at = day_start(start, self.zone), day_start(end, self.zone)
        seconds = int((ends_at - starts_at).total_seconds())
        return BillingPeriod(self.calendar_id, start, end, starts_at, ends_at, (end - start).days, seconds)

    def _index_before(self, day: date) -> int:
        """Return the number of a period that starts on or before a day, at most one too early."""
        if self.interval in _DAYS:
            return (day - self.anchor_on).days // self._length
        return (_month(day) - _month(self.anchor_on)) // self._length - 1

    def _start(self, index: int) -> date:
        if self.interval in _DAYS:
            return self.anchor_on + timedelta(days=index * self._length)
        return months_later(self.anchor_on, index * self._length)

    @property
    def _length(self) -> int:
        """Days or months in one period."""
        return self.count * (_DAYS.get(self.interval) or _MONTHS[self.interval])

    def _phase(self) -> str:
        if self.interval in _DAYS:
            return (_MONDAY + timedelta(days=(self.anchor_on - _MONDAY).days % self._length)).isoformat()
        if self._length == 1:
            return str(self.anchor_on.day)
        return f"{_month(self.anchor_on) % self._length + 1:02d}-{self.anchor_on.day:02d}"


def months_later(day: date, months: int) -> date:
    """Return the same day of a later (or earlier) month, or that month's last day."""
    year, month = divmod(_month(day) + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@cache
def time_zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name.

    Raises:
        ConfigurationError: It is not known here.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"Unknown time zone: {name!r}.",
            valid="Valid: IANA names such as UTC, Europe/London, America/New_York.",
            remedy="Correct it; on a machine without zone data run `pip install tzdata`.",
        ) from error


@cache
def day_start(day: date, zone: str) -> datetime:
    """Return the first instant of a local day, UTC without zone.

    Where the clock skips midnight that is the first instant after the gap; where midnight comes twice, the first of both.
    """
    if day >= _END_OF_TIME:
        return datetime(day.year, day.month, day.day)
    local = datetime(day.year, day.month, day.day, tzinfo=time_zone(zone))
    instant = local.astimezone(UTC)
    if instant.astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        instant = _offset_change(local.replace(fold=1).astimezone(UTC), instant, zone)
    return instant.replace(tzinfo=None)


def clock_changes(first: datetime, last: datetime, zone: str) -> list[datetime]:
    """Return the instant between two (UTC without zone, at most a day apart) at which a zone's clock is changed, if it is."""
    before, after = first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)
    if before.astimezone(time_zone(zone)).utcoffset() == after.astimezone(time_zone(zone)).utcoffset():
        return []
    return [_offset_change(before, after, zone).replace(tzinfo=None)]


def _offset_change(before: datetime, after: datetime, zone: str) -> datetime:
    """Return the first whole second, after one instant and up to another, at which the later one's UTC offset holds."""
    offset = after.astimezone(time_zone(zone)).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while low < high:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(time_zone(zone)).utcoffset() == offset:
            high = middle
        else:
            low = middle + 1
    return before + timedelta(seconds=low)


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _anchor(phase: str, length: int) -> date:
    """Return a day with the phase of a calendar of months."""
    month, _, day = phase.rpartition("-")
    index = 2000 * 12 - 2000 * 12 % length + int(month or 1) - 1
    candidates = (divmod(index + turn * length, 12) for turn in range(48))
    return next(date(year, number + 1, int(day)) for year, number in candidates if monthrange(year, number + 1)[1] >= int(day))


def day_share(from_on: date, to_on: date, period: BillingPeriod, *, inclusive: bool = False) -> tuple[int, int]:
    """Return the days of a period between two days, and the days of the period.

    Args:
        from_on: First day.
        to_on: First day after; the last day when inclusive (Lago, Flexprice: billing.md §1g 21).
        period: The whole.
        inclusive: Both ends count.
    """
    end = to_on + timedelta(days=1) if inclusive else to_on
    days = (min(end, period.period_end) - max(from_on, period.period_start)).days
    return max(days, 0), period.days


def second_share(from_at: datetime, to_at: datetime, period: BillingPeriod) -> tuple[int, int]:
    """Return the whole seconds of a period between two instants (UTC), and the seconds of the period."""
    covered = min(to_at, period.ends_at) - max(from_at, period.starts_at)
    return max(covered // timedelta(seconds=1), 0), period.seconds


def nominal_share(from_on: date, to_on: date, interval: Interval, count: int = 1) -> tuple[int, int]:
    """Return the days between two days, half-open, and an interval's nominal days: 30, 91, 182 for two quarters, 365.

    Source: Meteroid's proration between cadences (billing.md §1g 21).
    """
    months = _MONTHS.get(interval, 0) * count
    days = months * 365 // 12 if months else _DAYS[interval] * count
    return max((to_on - from_on).days, 0), days


def bill_cycle_ratio(
    from_on: date, to_on: date | None, target_on: date, bill_cycle_day: int, months: int = 1, *, in_advance: bool = True
) -> tuple[int, int]:
    """Return how many billing cycles are owed by a day, as an exact fraction in lowest terms.

    Cycles begin on the bill cycle day. One of which only a part is in force counts for its share of days. In advance a cycle
    is owed on its first day, in arrears on the first day after it.

    Args:
        from_on: First day of service.
        to_on: First day without service, if there is one.
        target_on: The day up to which is billed.
        bill_cycle_day: Day of the month, 1 to 31.
        months: Months in a cycle.
        in_advance: Whether cycles are owed when they begin.

    Source: Kill Bill's proration by bill cycle day (billing.md §1e).
    """
    first = next(day for day in map(partial(_cycle_day, from_on, bill_cycle_day), range(2)) if day >= from_on)
    anchor = first.replace(day=1)
    cycles = Fraction(0)
    for index in count(-1):
        start, end = (_cycle_day(anchor, bill_cycle_day, turn * months) for turn in (index, index + 1))
        owed_on = max(start, from_on) if in_advance else end
        if owed_on > target_on or (to_on and start >= to_on):
            break
        days = (min(end, to_on or end) - max(start, from_on)).days
        cycles += Fraction(max(days, 0), (end - start).days)
    return cycles.numerator, cycles.denominator


def _cycle_day(day: date, bill_cycle_day: int, months: int) -> date:
    """Return the bill cycle day of a later month, or that month's last day."""
    year, month = divmod(_month(day) + months, 12)
    return date(year, month + 1, min(bill_cycle_day, monthrange(year, month + 1)[1]))
