"""The journal's tables as SQLAlchemy sees them; the migrations create them."""

from datetime import UTC, datetime

from sqlalchemy import (
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

SCHEMA_VERSION = "0003"
"""The newest migration: a journal at this version opens without looking at the migrations."""


class Instant(TypeDecorator[datetime]):
    """An instant: stored as UTC without a zone, so that every database compares it alike; aware in Python."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Write UTC."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


METADATA = MetaData()

PERIOD_CLOSE = Table(
    "period_close",
    METADATA,
    Column("close_id", Integer, primary_key=True),
    Column("month", Integer, nullable=False),
    Column("policy_name", Text, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("snapshot_id", Text, nullable=False),
    Column("artifact", Text, nullable=False),
    Column("metrics", Text, nullable=False),
    Column("data_as_of", Date, nullable=False),
    Column("closed_at", Instant, nullable=False),
    Column("author", Text, nullable=False),
    Column("because", Text, nullable=False),
    UniqueConstraint("month", "policy_name", "revision", name="period_close_once"),
)

TAG = Table(
    "tag",
    METADATA,
    Column("tag_id", Integer, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("first_month", Integer, nullable=False),
    Column("last_month", Integer, nullable=False),
    Column("product_id", Text),
    Column("tag", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("tagged_at", Instant, nullable=False),
)

TAG_REVOCATION = Table(
    "tag_revocation",
    METADATA,
    Column("tag_id", Integer, ForeignKey("tag.tag_id"), primary_key=True, autoincrement=False),
    Column("because", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("revoked_at", Instant, nullable=False),
)

POLICY_CHANGE = Table(
    "policy_change",
    METADATA,
    Column("change_id", Integer, primary_key=True),
    Column("policy_name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("author", Text, nullable=False),
    Column("because", Text, nullable=False),
    UniqueConstraint("policy_name", "version", name="policy_change_once"),
)

SIGN_OFF = Table(
    "sign_off",
    METADATA,
    Column("sign_off_id", Integer, primary_key=True),
    Column("policy_name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("signed_at", Instant, nullable=False),
    ForeignKeyConstraint(
        ["policy_name", "version"], ["policy_change.policy_name", "policy_change.version"], name="sign_off_of_policy"
    ),
    UniqueConstraint("policy_name", "version", "role", "author", name="sign_off_once"),
)

RUN_START = Table(
    "run_start",
    METADATA,
    Column("start_id", Integer, primary_key=True),
    Column("run_id", Text, nullable=False, unique=True),
    Column("started_at", Instant, nullable=False),
)

RUN_END = Table(
    "run_end",
    METADATA,
    Column("run_id", Text, ForeignKey("run_start.run_id"), primary_key=True),
    Column("finished_at", Instant, nullable=False),
    Column("status", Text, nullable=False),
    Column("snapshot_id", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("message", Text, nullable=False),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("audit_id", Integer, primary_key=True),
    Column("recorded_at", Instant, nullable=False),
    Column("author", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("deed", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),
)
