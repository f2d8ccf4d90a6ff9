"""The small tables beside usage and subscriptions that the metering relations read."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

import duckdb

from growthring.engine.relation import Literal, literal
from growthring.engine.small_table import put_rows
from growthring.kernel.errors import ConfigurationError
from growthring.pricing.billing_calendar import BillingCalendar, BillingPeriod
from growthring.pricing.calendar_days import put_calendar_days
from growthring.pricing.meter import Meter, Rounding
from growthring.pricing.metering.dimensions import dimension_rows
from growthring.pricing.metering.family import family_of, keeps_dimensions, needs_clock, states_level
from growthring.pricing.metering.local_clock import local_stretches

_DECIMALS = 6
_DAYS_ONLY = "days"

INPUT_COLUMNS = {
    "billing_period": "calendar_id VARCHAR, period_start DATE, period_end DATE, starts_at TIMESTAMP, ends_at TIMESTAMP, "
    "days BIGINT, seconds BIGINT",
    "period_month": "calendar_id VARCHAR, zone VARCHAR, utc_month BIGINT, period_start DATE, starts_at TIMESTAMP, "
    "ends_at TIMESTAMP",
    "meter_definition": "meter_no BIGINT, meter VARCHAR, event VARCHAR, aggregation VARCHAR, family VARCHAR, negative VARCHAR, "
    "rounding VARCHAR, rounding_step BIGINT, bucket VARCHAR, clock VARCHAR, reads_dimensions BOOLEAN, is_recurring BOOLEAN, "
    "is_prorated BOOLEAN, is_state BOOLEAN, is_per_event BOOLEAN, percentile_millionths BIGINT",
    "meter_dimension": "meter VARCHAR, recorded VARCHAR, derived VARCHAR, dimensions VARCHAR",
    "local_clock": "clock VARCHAR, zone VARCHAR, utc_day DATE, starts_at TIMESTAMP, ends_at TIMESTAMP, day DATE, "
    "day_starts_at TIMESTAMP, derived VARCHAR",
}
"""The input tables with their columns.

``period_month`` has a row for each month (UTC) that a period touches, with the instants of the month;
``meter_dimension`` says for each text of dimensions that records have what a meter keeps of it; ``local_clock`` what the wall
clocks of the zones show. Beside them stands ``calendar_day``.
"""


def load_metering_inputs(connection: duckdb.DuckDBPyConnection, meters: Iterable[Meter], first: date, last: date) -> None:
    """Create the input tables in a connection that holds ``usage`` and ``subscription``.

    Args:
        connection: Where the tables are.
        meters: The meters in use.
        first: First day to meter. Levels that last longer than a period are followed from here on.
        last: Last day to meter.

    Raises:
        ConfigurationError: Two meters have one identifier, or a subscription's calendar cannot be read.
    """
    used = list(meters)
    _check_identifiers(used)
    calendars = _calendars(connection)
    periods = [period for calendar in calendars for period in calendar.periods(first, last)]
    put_rows(connection, "billing_period", INPUT_COLUMNS["billing_period"], [_period_row(period) for period in periods])
    put_rows(connection, "period_month", INPUT_COLUMNS["period_month"], [row for period in periods for row in _months(period)])
    put_calendar_days(connection)
    put_rows(
        connection,
        "meter_definition",
        INPUT_COLUMNS["meter_definition"],
        [(number, *_definition(meter)) for number, meter in enumerate(used)],
    )
    clocks = _clocks(used, periods)
    put_rows(connection, "local_clock", INPUT_COLUMNS["local_clock"], clocks)
    put_rows(connection, "meter_dimension", INPUT_COLUMNS["meter_dimension"], _dimensions(connection, used, clocks))


def _check_identifiers(meters: Sequence[Meter]) -> None:
    names = [meter.id for meter in meters]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigurationError(f"Two meters are called {', '.join(twice)}.", remedy="Give each meter an id of its own.")


def _calendars(connection: duckdb.DuckDBPyConnection) -> list[BillingCalendar]:
    rows = connection.execute("SELECT DISTINCT calendar_id FROM subscription ORDER BY calendar_id").fetchall()
    return [BillingCalendar.of(row[0]) for row in rows]


def _period_row(period: BillingPeriod) -> tuple[Literal, ...]:
    return (
        period.calendar_id,
        period.period_start,
        period.period_end,
        period.starts_at,
        period.ends_at,
        period.days,
        period.seconds,
    )


def _months(period: BillingPeriod) -> list[tuple[Literal, ...]]:
    """Return the months (UTC) that a period touches."""
    first = period.starts_at.year * 12 + period.starts_at.month - 1
    final = period.ends_at - timedelta(microseconds=1)
    last = final.year * 12 + final.month - 1
    return [
        (period.calendar_id, period.zone, month, period.period_start, _month_start(month), _month_start(month + 1))
        for month in range(first, last + 1)
    ]


def _month_start(month: int) -> datetime:
    return datetime(month // 12, month % 12 + 1, 1)


def _definition(meter: Meter) -> tuple[Literal, ...]:
    rounding = meter.rounding
    mode = rounding.mode if rounding else Rounding.NONE
    step = 10 ** (_DECIMALS - rounding.precision) if rounding else 1
    return (
        meter.id,
        meter.event_name,
        meter.aggregation.value,
        family_of(meter).value,
        meter.negative,
        mode.value,
        step,
        meter.bucket.value,
        _clock(meter),
        keeps_dimensions(meter),
        meter.recurring,
        meter.prorated,
        states_level(meter),
        meter.per_event,
        int(meter.percentile.scaleb(_DECIMALS)),
    )


def _clock(meter: Meter) -> str:
    """Return the name of the clock a meter reads: its own when it derives dimensions; empty for none."""
    if meter.derived:
        return meter.id
    return _DAYS_ONLY if needs_clock(meter) else ""


def _clocks(meters: Sequence[Meter], periods: Sequence[BillingPeriod]) -> list[tuple[Literal, ...]]:
    clocks = {_clock(meter): meter.derived for meter in meters if needs_clock(meter)}
    if not periods:
        return []
    first, last = min(period.starts_at for period in periods), max(period.ends_at for period in periods)
    return [
        (clock, zone, each.utc_day, each.starts_at, each.ends_at, each.day, each.day_starts_at, each.derived)
        for clock, derived in clocks.items()
        for zone in sorted({period.zone for period in periods})
        for each in local_stretches(zone, derived, first, last)
    ]


def _dimensions(
    connection: duckdb.DuckDBPyConnection, meters: Sequence[Meter], clocks: Sequence[tuple[Literal, ...]]
) -> list[tuple[Literal, ...]]:
    derived: dict[str, set[str]] = {}
    for clock, *_, label in clocks:
        derived.setdefault(str(clock), set()).add(str(label))
    recorded = _recorded_dimensions(connection, {meter.event_name for meter in meters if keeps_dimensions(meter)})
    return [
        row
        for meter in meters
        for row in dimension_rows(
            meter,
            recorded.get(meter.event_name, []) if keeps_dimensions(meter) else [""],
            sorted(derived.get(_clock(meter), {""})),
        )
    ]


def _recorded_dimensions(connection: duckdb.DuckDBPyConnection, events: Collection[str]) -> dict[str, list[str]]:
    """Return the different texts of dimensions that the records of some events have."""
    if not events:
        return {}
    listed = ", ".join(literal(event) for event in sorted(events))
    rows = connection.execute(
        f"SELECT DISTINCT meter, COALESCE(dimensions, '') FROM usage WHERE meter IN ({listed}) ORDER BY ALL"
    ).fetchall()
    found: dict[str, list[str]] = {}
    for event, text in rows:
        found.setdefault(event, []).append(text)
    return found
