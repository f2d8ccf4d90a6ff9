"""Rating a few metered quantities through the SQL path, the way the product rates a population."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from growthring.engine.duckdb_session import connect
from growthring.engine.small_table import put_rows
from growthring.pricing.book import PriceBook
from growthring.pricing.rating.pipeline import rating_chain
from growthring.pricing.rating.tables import compile_books, load_books
from growthring.pricing.reference import Share, Use
from growthring.tables import BILLING_PERIOD, METERED, SUBSCRIPTION, Table

PERIOD = (date(2024, 1, 1), date(2024, 1, 31))
CALENDAR = "month/1/1/UTC"
_EVENT_COLUMNS = (
    "subscription_id VARCHAR, meter VARCHAR, dimensions VARCHAR, period_start DATE, bucket_at TIMESTAMP, event_no BIGINT, "
    "quantity DECIMAL(18,6)"
)


@dataclass(frozen=True)
class Asked:
    """What one subscription used in one period, and how much of the period it was active."""

    uses: Sequence[Use]
    share: Share = field(default_factory=lambda: Share(30, 30))
    subscription_id: str = "s1"


def put(connection: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    put_rows(connection, table.name, ", ".join(f"{column.name} {column.type.value}" for column in table.columns), rows)


def dimension_text(values: Sequence[tuple[str, str]]) -> str:
    return ";".join(f"{key}={value}" for key, value in sorted(values))


def rated(book: PriceBook, asked: Sequence[Asked], currency: str | None = None) -> duckdb.DuckDBPyConnection:
    """Return a connection with ``rated_line`` and ``bill`` of periods of 30 days in January 2024."""
    connection = connect()
    subscriptions: list[tuple[Any, ...]] = []
    metered: list[tuple[Any, ...]] = []
    events: list[tuple[Any, ...]] = []
    for each in asked:
        ends = date(2024, 1, 1 + each.share.active * 30 // each.share.whole)
        subscriptions.append((each.subscription_id, "a1", book.name, CALENDAR, PERIOD[0], ends, currency or book.currency))
        for use in each.uses:
            text, at = dimension_text(use.dimensions), datetime(2024, 1, 1 + use.bucket // 24, use.bucket % 24)
            key = (each.subscription_id, "a1", use.meter, text, *PERIOD, at)
            metered.append((*key, use.quantity, use.events, use.event_amount))
            for value in use.event_values:
                number = len(events)
                events.append((each.subscription_id, use.meter, text, PERIOD[0], at, number, value))
    put(connection, SUBSCRIPTION, subscriptions)
    put(connection, BILLING_PERIOD, [(CALENDAR, *PERIOD, datetime(2024, 1, 1), datetime(2024, 1, 31), 30, 30 * 86400)])
    put(connection, METERED, metered)
    put_rows(connection, "metered_event", _EVENT_COLUMNS, events)
    tables = compile_books([book])
    texts: dict[str, list[str]] = {}
    for row in metered:
        texts.setdefault(row[2], [])
        if row[3] not in texts[row[2]]:
            texts[row[2]].append(row[3])
    load_books(connection, tables, texts)
    has_buckets = any(use.bucket for each in asked for use in each.uses)
    for relation in rating_chain(tables.shape, has_buckets=has_buckets):
        kind = "VIEW" if relation.is_light else "TABLE"
        connection.execute(f"CREATE OR REPLACE {kind} {relation.name} AS {relation.sql}")
    return connection


def lines(connection: duckdb.DuckDBPyConnection, subscription_id: str = "s1") -> list[dict[str, Any]]:
    names = ("component_id", "dimensions", "quantity", "billable_quantity", "tier", "raw_amount", "adjusted_amount", "amount")
    rows = connection.execute(
        f"SELECT {', '.join(names)} FROM rated_line WHERE subscription_id = ? ORDER BY component_id, dimensions",
        [subscription_id],
    ).fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]


def bill_amount(connection: duckdb.DuckDBPyConnection, subscription_id: str = "s1") -> Decimal:
    row = connection.execute("SELECT amount FROM bill WHERE subscription_id = ?", [subscription_id]).fetchone()
    assert row
    return Decimal(row[0])
