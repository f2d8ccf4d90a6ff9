"""A small made-up population that uses every kind of meter."""

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import duckdb

from growthring.pricing.billing_calendar import BillingCalendar
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
from tests.pricing.metering.workbench import Subscribed, Used, open_usage

FIRST, LAST = date(2024, 1, 15), date(2024, 5, 20)

_HOURS = DerivedDimension(
    name="hours",
    time_of_day=(TimeBand(name="peak", start=time(7, 30), end=time(19)), TimeBand(name="night", start=time(23), end=time(4))),
)
_DAYS = DerivedDimension(name="day", day_type=DayTypes(holidays=(date(2024, 4, 1),)))

METERS = (
    Meter(id="calls"),
    Meter(id="calls.count", event="calls", aggregation=Aggregation.COUNT, per_event=True),
    Meter(id="calls.rounded", event="calls", rounding=QuantityRounding(mode=Rounding.CEILING, precision=-1)),
    Meter(id="calls.eu", event="calls", filters={"region": ("eu", "uk")}, dimensions=("model", "region")),
    Meter(id="calls.hours", event="calls", derived=(_HOURS, _DAYS), dimensions=("model",)),
    Meter(id="calls.mean", event="calls", aggregation=Aggregation.AVERAGE, negative="keep"),
    Meter(id="calls.max_hour", event="calls", aggregation=Aggregation.MAX, bucket=Bucket.HOUR),
    Meter(id="calls.min_minute", event="calls", aggregation=Aggregation.MIN, bucket=Bucket.MINUTE),
    Meter(id="calls.sum_day", event="calls", bucket=Bucket.DAY),
    Meter(id="calls.p90", event="calls", aggregation=Aggregation.PERCENTILE, percentile=Decimal("90.5")),
    Meter(id="calls.p50_day", event="calls", aggregation=Aggregation.PERCENTILE, percentile=Decimal(50), bucket=Bucket.DAY),
    Meter(id="calls.last", event="calls", aggregation=Aggregation.LATEST),
    Meter(id="calls.last_day", event="calls", aggregation=Aggregation.LATEST, bucket=Bucket.DAY, dimensions=("model",)),
    Meter(id="users", aggregation=Aggregation.UNIQUE),
    Meter(id="users.day", event="users", aggregation=Aggregation.UNIQUE, bucket=Bucket.DAY),
    Meter(id="users.lasting", event="users", aggregation=Aggregation.UNIQUE, recurring=True),
    Meter(id="users.prorated", event="users", aggregation=Aggregation.UNIQUE, recurring=True, prorated=True),
    Meter(id="seats", aggregation=Aggregation.SUM, recurring=True, negative="keep"),
    Meter(id="seats.prorated", event="seats", aggregation=Aggregation.SUM, recurring=True, prorated=True, negative="keep"),
    Meter(id="seats.weighted", event="seats", aggregation=Aggregation.WEIGHTED_SUM, recurring=True, negative="keep"),
    Meter(id="seats.weighted_period", event="seats", aggregation=Aggregation.WEIGHTED_SUM),
    Meter(id="disk", aggregation=Aggregation.WEIGHTED_SUM, level=True, recurring=True, dimensions=("region",)),
    Meter(id="disk.period", event="disk", aggregation=Aggregation.WEIGHTED_SUM, level=True),
)

SUBSCRIPTIONS = (
    Subscribed(BillingCalendar(date(2024, 1, 31), "month").calendar_id, account_id="a", subscription_id="sa"),
    Subscribed(
        BillingCalendar(date(2024, 1, 1), "month", 1, "Europe/London").calendar_id,
        date(2024, 2, 10),
        date(2024, 5, 5),
        account_id="b",
        subscription_id="sb",
    ),
    Subscribed(
        BillingCalendar(date(2024, 1, 20), "quarter", 1, "America/New_York").calendar_id, account_id="c", subscription_id="sc"
    ),
    Subscribed(BillingCalendar(date(2024, 1, 3), "week", 2, "Asia/Kolkata").calendar_id, account_id="d", subscription_id="sd"),
)


def open_town(records: int = 600, seed: int = 7) -> duckdb.DuckDBPyConnection:
    """Return a connection with the population's usage and subscriptions."""
    dice = random.Random(seed)
    return open_usage([_record(dice) for _ in range(records)], SUBSCRIPTIONS)


def _record(dice: random.Random) -> Used:
    at = datetime(2024, 1, 10) + timedelta(seconds=dice.randrange(135 * 86400))
    if dice.random() < 0.2:
        at = at.replace(hour=0, minute=0, second=0)
    if dice.random() < 0.3:
        at += timedelta(microseconds=dice.randrange(1_000_000))
    dimensions = [f"model={dice.choice('xyz')}"] * (dice.random() < 0.8) + [f"region={dice.choice(('eu', 'uk', 'us'))}"]
    return Used(
        used_at=at,
        quantity=Decimal(dice.randrange(-20_000_000, 90_000_000)).scaleb(-6),
        unique_key=dice.choice((None, "p", "q", "r", "s")),
        operation=dice.choice(("add", "add", "remove")),
        dimensions=";".join(dimensions),
        event_amount=dice.choice((None, Decimal("0.00000123"), Decimal("4.5"))),
        meter=dice.choice(("calls", "users", "seats", "disk")),
        account_id=dice.choice("abcd"),
        known_at=datetime(2024, 7, 1) if dice.random() < 0.05 else at,
    )
