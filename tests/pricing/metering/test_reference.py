"""The relations and the reference agree, and what holds for any usage holds for both."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growthring.kernel.errors import ConfigurationError
from growthring.pricing.billing_calendar import BillingCalendar, day_start
from growthring.pricing.meter import (
    Aggregation,
    Bucket,
    DayTypes,
    DerivedDimension,
    Meter,
    QuantityRounding,
    Rounding,
    TimeBand,
)
from growthring.pricing.metering.reference import Level, UsageRecord, meter_quantity, meter_readings
from growthring.tables.rated import METERED
from tests.pricing.metering.town import FIRST, LAST, METERS, SUBSCRIPTIONS, open_town
from tests.pricing.metering.workbench import Subscribed, Used, open_usage, run_chain

ZONES = ("UTC", "Europe/London", "America/New_York", "Asia/Kolkata", "America/Havana")
HOURS = DerivedDimension(name="hours", time_of_day=(TimeBand(name="night", start=time(22), end=time(2, 30)),))
DAYS = DerivedDimension(name="day", day_type=DayTypes(holidays=(date(2024, 3, 29),)))

LASTING = (Aggregation.SUM, Aggregation.COUNT, Aggregation.UNIQUE, Aggregation.LATEST, Aggregation.WEIGHTED_SUM)


@st.composite
def meters(draw: st.DrawFn) -> Meter:
    aggregation = draw(st.sampled_from(Aggregation))
    recurring = aggregation in LASTING and draw(st.booleans())
    prorated = aggregation in LASTING[:3] and draw(st.booleans())
    lasting = recurring or prorated or aggregation is Aggregation.WEIGHTED_SUM
    rounding = st.builds(QuantityRounding, mode=st.sampled_from(Rounding), precision=st.integers(-2, 6))
    return Meter(
        id="m",
        aggregation=aggregation,
        recurring=recurring,
        prorated=prorated,
        level=aggregation is Aggregation.WEIGHTED_SUM and draw(st.booleans()),
        bucket=Bucket.NONE if lasting else draw(st.sampled_from(Bucket)),
        negative=draw(st.sampled_from(("clamp", "keep"))),
        rounding=draw(st.none() | rounding),
        percentile=draw(st.sampled_from((Decimal("0.5"), Decimal(50), Decimal(95), Decimal("99.9"), Decimal(100)))),
        dimensions=draw(st.sampled_from(((), ("x",), ("x", "y")))),
        filters=draw(st.sampled_from(({}, {"y": ("1", "2")}))),
        derived=draw(st.sampled_from(((), (HOURS,), (DAYS, HOURS)))),
    )


_quantities = st.integers(-50_000_000, 90_000_000).map(lambda value: Decimal(value).scaleb(-6)) | st.integers(-3, 9).map(Decimal)
_times = st.datetimes(datetime(2024, 1, 20), datetime(2024, 6, 10))
_midnights = st.builds(day_start, st.dates(date(2024, 2, 1), date(2024, 6, 1)), st.sampled_from(ZONES))
_changes = st.sampled_from((datetime(2024, 3, 10, 4), datetime(2024, 3, 31, 0), datetime(2024, 3, 31, 1))).flatmap(
    lambda start: st.integers(0, 7200).map(lambda seconds: start + timedelta(seconds=seconds))
)
_records = st.lists(
    st.builds(
        Used,
        used_at=_times | _midnights | _changes,
        quantity=_quantities,
        unique_key=st.sampled_from((None, "p", "q")),
        operation=st.sampled_from(("add", "add", "remove")),
        dimensions=st.sampled_from((None, "", "x=1", "x=1;y=2", "x=2;y=1;z=9", "y=3")),
        event_amount=st.sampled_from((None, Decimal("0.25"))),
    ),
    max_size=14,
)
_calendars = st.builds(
    BillingCalendar,
    st.dates(date(2024, 1, 1), date(2024, 1, 31)),
    st.sampled_from(("month", "week", "quarter")),
    st.integers(1, 2),
    st.sampled_from(ZONES),
)
_ends = st.just(date(9999, 12, 31)) | st.dates(date(2024, 3, 2), date(2024, 5, 30))

PERIOD = BillingCalendar(date(2024, 3, 1), "month").period_of(date(2024, 3, 1))
"""A month of 31 days, all of 24 hours."""


def _as_records(used: list[Used]) -> list[UsageRecord]:
    return [
        UsageRecord(
            usage_id=f"u{index:06d}",
            used_at=each.used_at,
            quantity=each.quantity,
            unique_key=each.unique_key,
            operation=each.operation,
            dimensions=each.dimensions,
            event_amount=each.event_amount,
        )
        for index, each in enumerate(used)
    ]


Row = tuple[date, str, datetime, Decimal, int, Decimal]


def _by_reference(
    used: list[UsageRecord], meter: Meter, calendar: BillingCalendar, starts_on: date, ends_on: date, last: date
) -> list[Row]:
    seen = [each for each in used if each.used_at >= day_start(starts_on, calendar.zone)]
    periods = [each for each in calendar.periods(starts_on, last) if each.period_start < ends_on]
    return sorted(
        (period.period_start, each.dimensions, each.bucket_at, each.quantity, each.events, each.event_amount)
        for period, each in meter_readings(meter, seen, periods, ends_on)
    )


@settings(max_examples=60, deadline=None)
@given(_records, meters(), _calendars, st.dates(date(2024, 1, 25), date(2024, 3, 1)), _ends)
def test_relations_and_reference_give_the_same_quantities(
    used: list[Used], meter: Meter, calendar: BillingCalendar, starts_on: date, ends_on: date
) -> None:
    last = date(2024, 5, 31)
    with open_usage(used, [Subscribed(calendar.calendar_id, starts_on, ends_on)]) as connection:
        run_chain(connection, [meter], starts_on, last)
        found = connection.execute(
            "SELECT period_start, dimensions, bucket_at, quantity, events, event_amount FROM metered ORDER BY ALL"
        ).fetchall()
    assert found == _by_reference(_as_records(used), meter, calendar, starts_on, ends_on, last)


@pytest.mark.parametrize("subscription", SUBSCRIPTIONS, ids=lambda each: each.calendar_id)
def test_all_meters_at_once_agree_with_the_reference(subscription: Subscribed) -> None:
    calendar = BillingCalendar.of(subscription.calendar_id)
    starts_on = max(subscription.starts_on, calendar.period_of(FIRST).period_start)
    with open_town() as connection:
        run_chain(connection, METERS, FIRST, LAST)
        rows = connection.execute(
            "SELECT meter, usage_id, used_at, quantity, unique_key, operation, dimensions, event_amount FROM usage "
            "WHERE account_id = ?",
            [subscription.account_id],
        ).fetchall()
        found = connection.execute(
            "SELECT meter, period_start, dimensions, bucket_at, quantity, events, event_amount FROM metered WHERE account_id = ?",
            [subscription.account_id],
        ).fetchall()
    names = ("usage_id", "used_at", "quantity", "unique_key", "operation", "dimensions", "event_amount")
    for meter in METERS:
        records = [UsageRecord(**dict(zip(names, row[1:], strict=True))) for row in rows if row[0] == meter.event_name]
        expected = _by_reference(records, meter, calendar, starts_on, subscription.ends_on, LAST)
        assert expected
        assert sorted(row[1:] for row in found if row[0] == meter.id) == expected, meter.id


@given(_records, meters(), st.randoms())
def test_the_order_of_records_and_duplicates_do_not_matter(used: list[Used], meter: Meter, random: object) -> None:
    records = _as_records(used)
    shuffled = [*records, *records[:3]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    periods = BillingCalendar(date(2024, 1, 31), "month").periods(date(2024, 2, 1), date(2024, 5, 31))
    assert meter_readings(meter, shuffled, periods) == meter_readings(meter, records, periods)


@given(_records, meters().filter(lambda meter: not meter.derived), st.sampled_from(ZONES[1:]))
def test_a_shift_of_records_and_period_to_another_zone_changes_nothing(used: list[Used], meter: Meter, zone: str) -> None:
    # in a month without a change of the clock
    here, there = (BillingCalendar(date(2024, 2, 1), "month", 1, name).period_of(date(2024, 2, 1)) for name in ("UTC", zone))
    if there.seconds != here.seconds:
        return
    records = _as_records(used)
    offset = there.starts_at - here.starts_at
    moved = [
        UsageRecord(
            usage_id=each.usage_id,
            used_at=each.used_at + offset,
            quantity=each.quantity,
            unique_key=each.unique_key,
            operation=each.operation,
            dimensions=each.dimensions,
        )
        for each in records
    ]
    if meter.bucket is Bucket.HOUR and offset % timedelta(hours=1):
        return
    ours = [each.quantity for _, each in meter_readings(meter, records, [here])]
    assert [each.quantity for _, each in meter_readings(meter, moved, [there])] == ours


@given(st.integers(0, 10**9).map(lambda value: Decimal(value).scaleb(-6)), st.sampled_from(ZONES))
def test_the_weighted_sum_of_a_constant_level_is_the_level(level: Decimal, zone: str) -> None:
    period = BillingCalendar(date(2024, 3, 1), "month", 1, zone).period_of(date(2024, 3, 5))
    gauge = Meter(id="m", aggregation=Aggregation.WEIGHTED_SUM, level=True)
    once = [UsageRecord(usage_id="1", used_at=period.starts_at, quantity=level)]
    assert meter_quantity(gauge, once, period) == level
    assert meter_quantity(Meter(id="m", aggregation=Aggregation.WEIGHTED_SUM, recurring=True), [], period, Level(level)) == level


@pytest.mark.parametrize("aggregation", [each for each in Aggregation if each is not Aggregation.WEIGHTED_SUM])
def test_a_record_on_the_boundary_belongs_to_the_new_period_only(aggregation: Aggregation) -> None:
    calendar = BillingCalendar(date(2024, 1, 1), "month", 1, "America/New_York")
    used = [Used(datetime(2024, 3, 1, 5), Decimal(4), unique_key="k")]
    with open_usage(used, [Subscribed(calendar.calendar_id)]) as connection:
        run_chain(connection, [Meter(id="m", aggregation=aggregation)], date(2024, 2, 1), date(2024, 3, 31))
        assert connection.execute("SELECT period_start, events FROM metered").fetchall() == [(date(2024, 3, 1), 1)]


@pytest.mark.parametrize(("day", "hours"), [(date(2024, 3, 31), 23), (date(2024, 10, 27), 25)])
def test_hours_of_days_with_a_change_of_the_clock_go_by_the_wall_clock(day: date, hours: int) -> None:
    calendar = BillingCalendar(day, "day", 1, "Europe/London")
    period = calendar.period_of(day)
    used = [Used(period.starts_at + timedelta(hours=hour)) for hour in range(hours)]
    night = DerivedDimension(name="t", time_of_day=(TimeBand(name="night", start=time(0), end=time(6)),))
    with open_usage(used, [Subscribed(calendar.calendar_id)]) as connection:
        run_chain(connection, [Meter(id="m", derived=(night,))], day, day)
        found = dict(connection.execute("SELECT dimensions, quantity FROM metered").fetchall())
    clocks = [each.used_at.replace(tzinfo=UTC).astimezone(ZoneInfo("Europe/London")).hour for each in used]
    assert found == {"t=night": sum(hour < 6 for hour in clocks), "t=other": 18}
    assert found["t=night"] == hours - 18


def test_a_level_lasts_through_a_period_without_records() -> None:
    calendar = BillingCalendar(date(2024, 1, 1), "month")
    with open_usage([Used(datetime(2024, 1, 31), Decimal(3))], [Subscribed(calendar.calendar_id)]) as connection:
        run_chain(connection, [Meter(id="m", recurring=True)], date(2024, 1, 1), date(2024, 3, 31))
        rows = connection.execute("SELECT period_start, quantity, events FROM metered ORDER BY ALL").fetchall()
    assert rows == [(date(2024, month, 1), Decimal(3), int(month == 1)) for month in (1, 2, 3)]


def test_added_and_removed_on_one_day_is_one_day() -> None:
    meter = Meter(id="m", aggregation=Aggregation.UNIQUE, recurring=True, prorated=True)
    records = [
        UsageRecord(usage_id="1", used_at=datetime(2024, 3, 7, 9), unique_key="k"),
        UsageRecord(usage_id="2", used_at=datetime(2024, 3, 7, 10), unique_key="k", operation="remove"),
        UsageRecord(usage_id="3", used_at=datetime(2024, 3, 7, 11), unique_key="k"),
        UsageRecord(usage_id="4", used_at=datetime(2024, 3, 7, 12), unique_key="k", operation="remove"),
    ]
    assert meter_quantity(meter, records, PERIOD) == Decimal("0.03226")


def test_events_are_numbered_in_the_order_of_their_time() -> None:
    used = [
        Used(datetime(2024, 3, 2), Decimal(2)),
        Used(datetime(2024, 3, 1), Decimal(1)),
        Used(datetime(2024, 3, 2), Decimal(3)),
    ]
    with open_usage(used, [Subscribed("month/1/1/UTC")]) as connection:
        run_chain(connection, [Meter(id="m", per_event=True)], date(2024, 3, 1), date(2024, 3, 31))
        events = connection.execute("SELECT event_no, quantity, usage_id FROM metered_event ORDER BY event_no").fetchall()
        assert connection.execute("SELECT quantity, events FROM metered").fetchall() == [(Decimal(6), 3)]
    assert events == [(1, Decimal(1), "u000001"), (2, Decimal(2), "u000000"), (3, Decimal(3), "u000002")]


@pytest.mark.parametrize(
    ("level", "quantity"),
    [("0.000001", "0.000001"), ("-0.000001", "-0.000001"), ("-0.000003", "-0.000002"), ("0.000003", "0.000002")],
)
def test_half_of_a_millionth_is_rounded_away_from_zero(level: str, quantity: str) -> None:
    meter = Meter(id="m", aggregation=Aggregation.WEIGHTED_SUM, negative="keep")
    used = [Used(datetime(2024, 4, 16), Decimal(level))]
    with open_usage(used, [Subscribed("month/1/1/UTC")]) as connection:
        run_chain(connection, [meter], date(2024, 4, 1), date(2024, 4, 30))
        assert connection.execute("SELECT quantity FROM metered").fetchall() == [(Decimal(quantity),)]
    period = BillingCalendar(date(2024, 4, 1), "month").period_of(date(2024, 4, 1))
    assert meter_quantity(meter, _as_records(used), period) == Decimal(quantity)


def test_a_large_level_over_a_long_period_does_not_overflow() -> None:
    meter = Meter(id="m", aggregation=Aggregation.WEIGHTED_SUM, recurring=True)
    used = [Used(datetime(2024, 1, 1, 0, 0, 1), Decimal("99999999999.999999")), Used(datetime(2024, 7, 1), Decimal("0.5"))]
    calendar = BillingCalendar(date(2024, 1, 1), "year")
    with open_usage(used, [Subscribed(calendar.calendar_id)]) as connection:
        run_chain(connection, [meter], date(2024, 1, 1), date(2025, 12, 31))
        found = connection.execute("SELECT quantity FROM metered ORDER BY period_start").fetchall()
    periods = calendar.periods(date(2024, 1, 1), date(2025, 12, 31))
    assert found == [(reading.quantity,) for _, reading in meter_readings(meter, _as_records(used), periods)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"aggregation": "max", "recurring": True},
        {"aggregation": "latest", "prorated": True},
        {"aggregation": "sum", "level": True},
        {"aggregation": "sum", "recurring": True, "bucket": "hour"},
    ],
)
def test_choices_without_a_meaning_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"meaning|buckets"):
        Meter.model_validate({"id": "m", **wrong})


def test_two_meters_of_one_name_are_refused() -> None:
    with open_usage([], []) as connection, pytest.raises(ConfigurationError, match="called m"):
        run_chain(connection, [Meter(id="m"), Meter(id="m", unit="GB")], date(2024, 1, 1), date(2024, 1, 2))


def test_a_population_without_records_has_no_quantities() -> None:
    with open_usage([], [Subscribed("month/1/1/UTC")]) as connection:
        run_chain(connection, METERS, date(2024, 1, 1), date(2024, 3, 1))
        assert connection.execute("SELECT COUNT(*) FROM metered").fetchall() == [(0,)]


def test_the_published_columns_have_the_types_of_their_contract() -> None:
    with open_town(50) as connection:
        run_chain(connection, METERS, FIRST, LAST)
        described = connection.execute("DESCRIBE metered").fetchall()
    assert [(row[0], row[1]) for row in described] == [(column.name, column.type.value) for column in METERED.columns]


def test_no_two_quantities_have_the_same_key() -> None:
    with open_town() as connection:
        run_chain(connection, METERS, FIRST, LAST)
        key = ", ".join(METERED.key)
        assert connection.execute(f"SELECT COUNT(*) - COUNT(DISTINCT ({key})) FROM metered").fetchall() == [(0,)]
