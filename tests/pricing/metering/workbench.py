"""A DuckDB with usage and subscriptions, metered by the relations."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from growthring.engine.duckdb_session import connect
from growthring.engine.relation import Relation
from growthring.pricing.billing_calendar import BillingCalendar
from growthring.pricing.meter import Meter
from growthring.pricing.metering import load_metering_inputs, metering_chain
from growthring.pricing.metering.chain import END_OF_TIME
from growthring.tables.rated import SUBSCRIPTION
from growthring.tables.usage import USAGE

KNOWN = datetime(2000, 1, 1)


@dataclass(frozen=True)
class Used:
    """A usage record of the one account."""

    used_at: datetime
    quantity: Decimal = Decimal(1)
    unique_key: str | None = None
    operation: str = "add"
    dimensions: str | None = None
    event_amount: Decimal | None = None
    meter: str = "m"
    account_id: str = "a"
    known_at: datetime = KNOWN


@dataclass(frozen=True)
class Subscribed:
    """A subscription of the one account."""

    calendar_id: str
    starts_on: date = date(2000, 1, 1)
    ends_on: date = date(9999, 12, 31)
    account_id: str = "a"
    subscription_id: str = "s"


def open_usage(records: Iterable[Used], subscriptions: Iterable[Subscribed]) -> duckdb.DuckDBPyConnection:
    """Return a connection with records, named in their order, and subscriptions."""
    connection = connect()
    for table in (USAGE, SUBSCRIPTION):
        columns = ", ".join(f"{column.name} {column.type.value}" for column in table.columns)
        connection.execute(f"CREATE TABLE {table.name} ({columns})")
    rows = [_usage_row(f"u{index:06d}", record) for index, record in enumerate(records)]
    if rows:
        connection.executemany(f"INSERT INTO usage VALUES ({', '.join('?' * len(rows[0]))})", rows)
    for each in subscriptions:
        row = (each.subscription_id, each.account_id, "book", each.calendar_id, each.starts_on, each.ends_on, "USD")
        connection.execute("INSERT INTO subscription VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    return connection


def _usage_row(usage_id: str, record: Used) -> tuple[Any, ...]:
    counted = (record.unique_key, record.operation, record.event_amount, record.dimensions)
    what = (usage_id, record.account_id, record.meter, record.meter, record.used_at, record.quantity)
    return (*what, *counted, record.known_at, "usage.csv", 1)


def run_chain(
    connection: duckdb.DuckDBPyConnection,
    meters: Iterable[Meter],
    first: date,
    last: date,
    as_of: datetime = END_OF_TIME,
) -> None:
    """Load the inputs and define every relation."""
    used = list(meters)
    load_metering_inputs(connection, used, first, last)
    define(connection, metering_chain(used, as_of))


def define(connection: duckdb.DuckDBPyConnection, chain: Iterable[Relation]) -> None:
    """Define relations in their order."""
    for each in chain:
        connection.execute(f"CREATE OR REPLACE {'VIEW' if each.is_light else 'TABLE'} {each.name} AS {each.sql}")


def metered(
    records: Iterable[Used],
    meter: Meter,
    calendar: BillingCalendar,
    first: date,
    last: date,
    as_of: datetime = END_OF_TIME,
) -> list[tuple[Any, ...]]:
    """Return (period_start, bucket_at, dimensions, quantity, events) of the one account on one calendar, in order."""
    with open_usage(records, [Subscribed(calendar.calendar_id)]) as connection:
        run_chain(connection, [meter], first, last, as_of)
        return connection.execute(
            "SELECT period_start, bucket_at, dimensions, quantity, events FROM metered ORDER BY ALL"
        ).fetchall()
