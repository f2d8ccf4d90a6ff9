"""Metered quantities of many subscriptions and periods at once, as the reference rates them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

import duckdb

from growthring.engine.small_table import put_rows
from growthring.pricing.full_units import Change
from growthring.pricing.meter import Meter
from growthring.pricing.rating.tables import dimension_values
from growthring.pricing.reference import Use

Place = tuple[str, date]
_Bucket = tuple[str, date, str, str, datetime]


def load_uses(
    connection: duckdb.DuckDBPyConnection, meters: Sequence[Meter], places: Iterable[Place]
) -> dict[Place, tuple[Use, ...]]:
    """Return what was metered by subscription and first day of the period.

    Args:
        connection: Holds ``metered``, and ``metered_event`` and ``metered_change`` where a meter needs them.
        meters: The meters in use.
        places: Subscriptions and periods wanted.
    """
    put_rows(connection, "wanted_place", "subscription_id VARCHAR, period_start DATE", sorted(set(places)))
    values: dict[_Bucket, list[Decimal]] = defaultdict(list)
    if any(meter.per_event for meter in meters):
        for *bucket, quantity, _ in _read(connection, "metered_event", "quantity", "event_no"):
            values[_bucket(bucket)].append(quantity)
    changes: dict[_Bucket, list[Change]] = defaultdict(list)
    if any(meter.prorated for meter in meters):
        for *bucket, change, left, whole, _ in _read(
            connection, "metered_change", "change", "time_left", "time_whole", "change_no"
        ):
            changes[_bucket(bucket)].append(Change(change, left, whole))
    found: dict[Place, list[Use]] = defaultdict(list)
    numbers: dict[Place, dict[datetime, int]] = defaultdict(dict)
    for subscription, start, meter, dimensions, bucket_at, quantity, events, amount in _read(
        connection, "metered", "quantity", "events", "event_amount"
    ):
        buckets, key = numbers[subscription, start], (subscription, start, meter, dimensions, bucket_at)
        number = buckets.setdefault(bucket_at, len(buckets))
        named = tuple(sorted(dimension_values(dimensions).items()))
        found[subscription, start].append(
            Use(meter, quantity, named, number, events, amount, tuple(values.get(key, ())), tuple(changes.get(key, ())))
        )
    connection.execute("DROP TABLE wanted_place")
    return {place: tuple(uses) for place, uses in found.items()}


def _read(connection: duckdb.DuckDBPyConnection, table: str, *columns: str) -> list[tuple]:  # type: ignore[type-arg]
    listed = ", ".join(f"each.{name}" for name in columns)
    return connection.execute(
        f"SELECT each.subscription_id, each.period_start, each.meter, each.dimensions, each.bucket_at, {listed} "
        f"FROM {table} AS each JOIN wanted_place AS wanted "
        "ON wanted.subscription_id = each.subscription_id AND wanted.period_start = each.period_start "
        f"ORDER BY 1, 2, 3, 4, 5, each.{columns[-1]}"
    ).fetchall()


def _bucket(parts: Sequence[object]) -> _Bucket:
    return tuple(parts)  # type: ignore[return-value]
