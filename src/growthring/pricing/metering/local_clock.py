"""Local days and hours of instants, as stretches of time: what the wall clock of a zone shows, without clock arithmetic in SQL.

An instant belongs to the local day whose first instant is the latest one not after it, and to the band of hours that the wall
clock shows. An hour that the clock repeats counts in its band both times; one that it skips counts nowhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from growthring.pricing.billing_calendar import clock_changes, day_start, time_zone
from growthring.pricing.meter import DayTypes, DerivedDimension, TimeBand

_DAY = timedelta(days=1)
OTHER_HOURS = "other"
"""Value of a dimension of hours outside all of its bands."""


@dataclass(frozen=True, slots=True)
class LocalStretch:
    """A stretch of one UTC day in which the local day and all derived dimensions stay the same.

    Attributes:
        utc_day: The UTC day it lies in.
        starts_at: First instant, UTC.
        ends_at: First instant after it, UTC.
        day: Local day.
        day_starts_at: First instant of the local day, UTC.
        derived: Derived dimensions as ``key=value``, ordered by key, separated by ``;``.
    """

    utc_day: date
    starts_at: datetime
    ends_at: datetime
    day: date
    day_starts_at: datetime
    derived: str


def local_stretches(zone: str, derived: Sequence[DerivedDimension], first: datetime, last: datetime) -> Iterator[LocalStretch]:
    """Return what the wall clock of a zone shows from the day of one instant (UTC) to the day of another."""
    edges = sorted({time(0), *(edge for each in derived for band in each.time_of_day for edge in (band.start, band.end))})
    utc_day = first.date()
    while utc_day <= last.date():
        marks = _marks(utc_day, zone, edges)
        pending = _stretch(utc_day, marks[0], marks[1], zone, derived)
        for starts_at, ends_at in pairwise(marks[1:]):
            current = _stretch(utc_day, starts_at, ends_at, zone, derived)
            if (current.day, current.derived) == (pending.day, pending.derived):
                pending = _stretch(utc_day, pending.starts_at, ends_at, zone, derived)
            else:
                yield pending
                pending = current
        yield pending
        utc_day += _DAY


def derived_dimensions(derived: Sequence[DerivedDimension], day: date, clock: time) -> str:
    """Return derived dimensions of a local day and wall-clock time as text."""
    values = {each.name: _value(each, day, clock) for each in derived}
    return ";".join(f"{name}={values[name]}" for name in sorted(values))


def local_day(instant: datetime, zone: str) -> date:
    """Return the local day of an instant (UTC without zone)."""
    day = instant.date() + _DAY
    while day_start(day, zone) > instant:
        day -= _DAY
    return day


def wall_clock(instant: datetime, zone: str) -> time:
    """Return what the wall clock shows at an instant (UTC without zone)."""
    return instant.replace(tzinfo=UTC).astimezone(time_zone(zone)).time()


def _marks(utc_day: date, zone: str, edges: Sequence[time]) -> list[datetime]:
    """Return the instants of a UTC day at which something may change, and its two ends."""
    start = datetime(utc_day.year, utc_day.month, utc_day.day)
    end = start + _DAY
    marks = {start, end, *clock_changes(start, end, zone)}
    for day in (utc_day - _DAY, utc_day, utc_day + _DAY):
        marks.add(day_start(day, zone))
        for edge in edges:
            local = datetime.combine(day, edge, tzinfo=time_zone(zone))
            marks |= {local.replace(fold=fold).astimezone(UTC).replace(tzinfo=None) for fold in (0, 1)}
    return sorted(mark for mark in marks if start <= mark <= end)


def _stretch(
    utc_day: date, starts_at: datetime, ends_at: datetime, zone: str, derived: Sequence[DerivedDimension]
) -> LocalStretch:
    day = local_day(starts_at, zone)
    text = derived_dimensions(derived, day, wall_clock(starts_at, zone))
    return LocalStretch(utc_day, starts_at, ends_at, day, day_start(day, zone), text)


def _value(dimension: DerivedDimension, day: date, clock: time) -> str:
    if dimension.day_type is not None:
        return _day_type(dimension.day_type, day)
    return next((band.name for band in dimension.time_of_day if _holds(band, clock)), OTHER_HOURS)


def _day_type(kinds: DayTypes, day: date) -> str:
    if day in kinds.holidays:
        return "holiday"
    return "weekend" if day.isoweekday() in kinds.weekend else "weekday"


def _holds(band: TimeBand, clock: time) -> bool:
    """Whether a band holds a time; one that ends at or before its start wraps midnight."""
    if band.start < band.end:
        return band.start <= clock < band.end
    return clock >= band.start or clock < band.end
