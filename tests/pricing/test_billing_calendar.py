"""Billing calendars: what a period is, in any zone."""

from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.pricing.billing_calendar import (
    BillingCalendar,
    BillingPeriod,
    bill_cycle_ratio,
    day_share,
    day_start,
    months_later,
    nominal_share,
    second_share,
)

ZONES = ("UTC", "Europe/London", "America/New_York", "Asia/Kolkata", "America/Havana", "Pacific/Apia", "America/St_Johns")
calendars = st.builds(
    BillingCalendar,
    st.dates(date(1990, 1, 1), date(2030, 12, 31)),
    st.sampled_from(("day", "week", "month", "quarter", "year")),
    st.integers(1, 13),
    st.sampled_from(ZONES),
)


def _starts(calendar: BillingCalendar, first: date, last: date) -> list[str]:
    return [f"{each.period_start:%m-%d}" for each in calendar.periods(first, last)]


def test_periods_anchored_on_the_31st_return_to_it() -> None:
    calendar = BillingCalendar(date(2023, 1, 31), "month")
    assert _starts(calendar, date(2023, 1, 31), date(2023, 5, 1)) == ["01-31", "02-28", "03-31", "04-30"]


def test_a_yearly_period_anchored_on_29_february_returns_to_it() -> None:
    periods = BillingCalendar(date(2024, 2, 29), "year").periods(date(2024, 3, 1), date(2028, 3, 1))
    assert [str(each.period_start) for each in periods] == ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]


def test_seconds_count_the_hours_that_the_clock_changes() -> None:
    calendar = BillingCalendar(date(2024, 1, 1), "day", 1, "Europe/London")
    spring, autumn = calendar.period_of(date(2024, 3, 31)), calendar.period_of(date(2024, 10, 27))
    assert (spring.seconds, autumn.seconds) == (23 * 3600, 25 * 3600)


def test_a_period_in_another_zone_starts_at_its_midnight() -> None:
    period = BillingCalendar(date(2024, 1, 1), "month", 1, "America/New_York").period_of(date(2024, 7, 4))
    assert (period.starts_at, period.ends_at, period.days) == (datetime(2024, 7, 1, 4), datetime(2024, 8, 1, 4), 31)


def test_a_midnight_that_the_clock_skips_is_the_first_instant_after_it() -> None:
    assert day_start(date(2024, 3, 10), "America/Havana") == datetime(2024, 3, 10, 5)
    assert day_start(date(2024, 3, 11), "America/Havana") == datetime(2024, 3, 11, 4)


def test_a_midnight_that_comes_twice_is_the_first_of_both() -> None:
    assert day_start(date(2024, 11, 3), "America/Havana") == datetime(2024, 11, 3, 4)


def test_a_day_that_never_was_has_no_seconds() -> None:
    period = BillingCalendar(date(2011, 1, 1), "day", 1, "Pacific/Apia").period_of(date(2011, 12, 30))
    assert (period.seconds, period.starts_at) == (0, datetime(2011, 12, 30, 10))


def test_accounts_whose_periods_agree_share_a_calendar() -> None:
    ids = [BillingCalendar(day, "month", 1, "Europe/London").calendar_id for day in (date(2020, 3, 31), date(2024, 1, 31))]
    assert ids == ["month/1/31/Europe/London"] * 2
    assert BillingCalendar(date(2021, 6, 5), "year").calendar_id == "year/1/06-05/UTC"
    assert BillingCalendar(date(2024, 5, 31), "quarter").calendar_id == "quarter/1/02-31/UTC"


@given(calendars, st.dates(date(1995, 1, 1), date(2030, 1, 1)), st.integers(0, 800))
def test_periods_follow_one_another_without_gap(calendar: BillingCalendar, first: date, length: int) -> None:
    last = first + timedelta(days=length)
    periods = calendar.periods(first, last)
    assert periods[0].period_start <= first < periods[0].period_end
    assert periods[-1].period_start <= last < periods[-1].period_end
    for before, after in pairwise(periods):
        assert (before.period_end, before.ends_at) == (after.period_start, after.starts_at)


@given(calendars, st.dates(date(1995, 1, 1), date(2030, 1, 1)))
def test_a_calendar_read_by_its_id_has_the_same_periods(calendar: BillingCalendar, day: date) -> None:
    again = BillingCalendar.of(calendar.calendar_id)
    assert again.calendar_id == calendar.calendar_id
    assert again.periods(day, day + timedelta(days=70)) == calendar.periods(day, day + timedelta(days=70))


@given(calendars, st.integers(-40, 40))
def test_periods_are_counted_from_the_anchor(calendar: BillingCalendar, index: int) -> None:
    unit = {"day": 1, "week": 7, "month": 1, "quarter": 3, "year": 12}[calendar.interval] * calendar.count * index
    moved = calendar.anchor_on + timedelta(days=unit) if calendar.interval in ("day", "week") else None
    start = moved or months_later(calendar.anchor_on, unit)
    assert calendar.period_of(start).period_start == start


@given(st.dates(date(1980, 1, 1), date(2035, 1, 1)), st.sampled_from(ZONES))
def test_a_day_starts_when_the_one_before_it_ends(day: date, zone: str) -> None:
    assert timedelta(0) <= day_start(day + timedelta(days=1), zone) - day_start(day, zone) <= timedelta(hours=48)


@pytest.mark.parametrize(
    ("calendar_id", "zone", "interval", "error"),
    [
        ("month/1/31", "UTC", "month", ConfigurationError),
        ("month/1/32/UTC", "UTC", "month", ConfigurationError),
        ("month/0/1/UTC", "UTC", "month", ConfigurationError),
        ("", "Mars/Olympus", "month", ConfigurationError),
        ("", "../../etc/passwd", "month", ConfigurationError),
        ("", "UTC", "fortnight", UnknownValueError),
    ],
)
def test_what_is_no_calendar_is_refused(calendar_id: str, zone: str, interval: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        BillingCalendar.of(calendar_id) if calendar_id else BillingCalendar(date(2024, 1, 1), interval, 1, zone)  # type: ignore[arg-type]


def test_days_are_counted_half_open_or_with_both_ends() -> None:
    march = BillingCalendar(date(2024, 3, 1), "month").period_of(date(2024, 3, 1))
    january = BillingCalendar(date(2025, 1, 1), "month").period_of(date(2025, 1, 1))
    assert day_share(date(2024, 3, 15), date(2024, 3, 31), march, inclusive=True) == (17, 31)
    assert day_share(date(2025, 1, 16), date(2025, 1, 31), january) == (15, 31)
    assert day_share(date(2025, 2, 3), date(2025, 2, 9), january) == (0, 31)


def test_seconds_are_counted_inside_the_period() -> None:
    day = BillingCalendar(date(2024, 1, 1), "day", 1, "Europe/London").period_of(date(2024, 3, 31))
    assert second_share(datetime(2024, 3, 31, 12), datetime(2024, 4, 2), day) == (11 * 3600, 23 * 3600)


@pytest.mark.parametrize(("interval", "days"), [("month", 30), ("quarter", 91), ("year", 365), ("week", 7)])
def test_nominal_lengths_do_not_depend_on_the_month(interval: str, days: int) -> None:
    assert nominal_share(date(2024, 2, 1), date(2024, 2, 16), interval) == (15, days)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "target_on", "day", "cycles"),
    [
        (date(2011, 2, 17), None, date(2011, 3, 3), 3, Fraction(3, 2)),
        (date(2010, 12, 15), None, date(2011, 1, 16), 15, Fraction(2)),
        (date(2011, 2, 1), date(2011, 2, 14), date(2011, 3, 1), 1, Fraction(13, 28)),
        (date(2011, 2, 17), None, date(2011, 2, 1), 3, Fraction(0)),
    ],
)
def test_cycles_are_billed_by_bill_cycle_day(
    starts_on: date, ends_on: date | None, target_on: date, day: int, cycles: Fraction
) -> None:
    assert Fraction(*bill_cycle_ratio(starts_on, ends_on, target_on, day)) == cycles


@given(calendars, st.integers(0, 40))
def test_the_parts_of_a_period_add_up_to_it(calendar: BillingCalendar, cut: int) -> None:
    period: BillingPeriod = calendar.period_of(date(2024, 2, 10))
    middle = min(period.period_start + timedelta(days=cut), period.period_end)
    parts = [day_share(period.period_start, middle, period), day_share(middle, period.period_end, period)]
    assert sum(Fraction(*part) for part in parts) == 1
