"""The journal's tables about forecasts as SQLAlchemy sees them; migration 0002 creates them."""

from decimal import Decimal

from sqlalchemy import Column, Date, Dialect, Float, ForeignKey, Integer, Table, Text, TypeDecorator

from growthring.journal.schema import METADATA, Instant


class Exact(TypeDecorator[Decimal]):
    """A decimal number kept to the last digit: SQLite has no such type, so it is written as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Write digits."""
        return None if value is None else format(value, "f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """Read digits."""
        return None if value is None else Decimal(value)


FORECAST_OVERRIDE = Table(
    "forecast_override",
    METADATA,
    Column("override_id", Integer, primary_key=True),
    Column("layer", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("amount", Exact, nullable=False),
    Column("measure", Text, nullable=False),
    Column("first_month", Integer, nullable=False),
    Column("last_month", Integer),
    Column("reason_code", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("author", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("account_id", Text),
    Column("series", Text),
    Column("attribute", Text),
    Column("value", Text),
    Column("expires_on", Date),
)

FORECAST_OVERRIDE_EXPIRY = Table(
    "forecast_override_expiry",
    METADATA,
    Column("override_id", Integer, ForeignKey("forecast_override.override_id"), primary_key=True, autoincrement=False),
    Column("because", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("expired_at", Instant, nullable=False),
)

EXTERNAL_EVENT = Table(
    "external_event",
    METADATA,
    Column("event_id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("attribute", Text),
    Column("value", Text),
    Column("first_month", Integer, nullable=False),
    Column("last_month", Integer),
    Column("note", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
)

EXTERNAL_EVENT_EXPIRY = Table(
    "external_event_expiry",
    METADATA,
    Column("event_id", Integer, ForeignKey("external_event.event_id"), primary_key=True, autoincrement=False),
    Column("because", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("expired_at", Instant, nullable=False),
)

GROWTH_REASON = Table(
    "growth_reason",
    METADATA,
    Column("reason_id", Integer, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("series", Text),
    Column("first_month", Integer, nullable=False),
    Column("last_month", Integer, nullable=False),
    Column("code", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
)

PUBLISHED_FORECAST = Table(
    "published_forecast",
    METADATA,
    Column("record_id", Integer, primary_key=True),
    Column("forecast_id", Text, nullable=False, unique=True),
    Column("artifact", Text, nullable=False),
    Column("measure", Text, nullable=False),
    Column("as_of", Instant, nullable=False),
    Column("origin", Integer, nullable=False),
    Column("horizon", Integer, nullable=False),
    Column("snapshot_id", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
)

FORECAST_STATE = Table(
    "forecast_state",
    METADATA,
    Column("change_id", Integer, primary_key=True),
    Column("forecast_id", Text, ForeignKey("published_forecast.forecast_id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

DECISION = Table(
    "decision",
    METADATA,
    Column("decision_id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("choice", Text, nullable=False),
    Column("amount", Exact),
    Column("note", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
)
