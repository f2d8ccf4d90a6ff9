"""Create the tables about forecasts: overrides, events, reasons, published forecasts, decisions; append-only like the first."""

from alembic import op
from sqlalchemy import Column, Date, DateTime, Float, ForeignKey, Integer, Text

revision = "0002"
down_revision = "0001"

_TABLES = (
    "forecast_override",
    "forecast_override_expiry",
    "external_event",
    "external_event_expiry",
    "growth_reason",
    "published_forecast",
    "forecast_state",
    "decision",
)


def upgrade() -> None:
    """Create what forecasts need; the entries of the first release stay as they are."""
    _create_overrides()
    _create_knowledge()
    _create_forecasts()
    for table in _TABLES:
        if op.get_bind().dialect.name == "postgresql":
            _guard_postgres(table)
        else:
            _guard_sqlite(table)


def _create_overrides() -> None:
    op.create_table(
        "forecast_override",
        Column("override_id", Integer, primary_key=True),
        Column("layer", Text, nullable=False),
        Column("method", Text, nullable=False),
        Column("amount", Text, nullable=False),
        Column("measure", Text, nullable=False),
        Column("first_month", Integer, nullable=False),
        Column("last_month", Integer),
        Column("reason_code", Text, nullable=False),
        Column("note", Text, nullable=False),
        Column("confidence", Float, nullable=False),
        Column("author", Text, nullable=False),
        Column("recorded_at", DateTime, nullable=False),
        Column("account_id", Text),
        Column("series", Text),
        Column("attribute", Text),
        Column("value", Text),
        Column("expires_on", Date),
    )
    op.create_table(
        "forecast_override_expiry",
        Column("override_id", Integer, ForeignKey("forecast_override.override_id"), primary_key=True, autoincrement=False),
        Column("because", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("expired_at", DateTime, nullable=False),
    )


def _create_knowledge() -> None:
    op.create_table(
        "external_event",
        Column("event_id", Integer, primary_key=True),
        Column("name", Text, nullable=False),
        Column("attribute", Text),
        Column("value", Text),
        Column("first_month", Integer, nullable=False),
        Column("last_month", Integer),
        Column("note", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("recorded_at", DateTime, nullable=False),
    )
    op.create_table(
        "external_event_expiry",
        Column("event_id", Integer, ForeignKey("external_event.event_id"), primary_key=True, autoincrement=False),
        Column("because", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("expired_at", DateTime, nullable=False),
    )
    op.create_table(
        "growth_reason",
        Column("reason_id", Integer, primary_key=True),
        Column("account_id", Text, nullable=False),
        Column("series", Text),
        Column("first_month", Integer, nullable=False),
        Column("last_month", Integer, nullable=False),
        Column("code", Text, nullable=False),
        Column("evidence", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("recorded_at", DateTime, nullable=False),
    )
    op.create_table(
        "decision",
        Column("decision_id", Integer, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("choice", Text, nullable=False),
        Column("amount", Text),
        Column("note", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("recorded_at", DateTime, nullable=False),
    )


def _create_forecasts() -> None:
    op.create_table(
        "published_forecast",
        Column("record_id", Integer, primary_key=True),
        Column("forecast_id", Text, nullable=False, unique=True),
        Column("artifact", Text, nullable=False),
        Column("measure", Text, nullable=False),
        Column("as_of", DateTime, nullable=False),
        Column("origin", Integer, nullable=False),
        Column("horizon", Integer, nullable=False),
        Column("snapshot_id", Text, nullable=False),
        Column("facts", Text, nullable=False),
        Column("note", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("recorded_at", DateTime, nullable=False),
    )
    op.create_table(
        "forecast_state",
        Column("change_id", Integer, primary_key=True),
        Column("forecast_id", Text, ForeignKey("published_forecast.forecast_id"), nullable=False),
        Column("state", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("because", Text, nullable=False),
        Column("changed_at", DateTime, nullable=False),
    )


def _guard_sqlite(table: str) -> None:
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_{event.lower()} BEFORE {event} ON {table} "
            "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
        )


def _guard_postgres(table: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION growthring_append_only()"
    )
