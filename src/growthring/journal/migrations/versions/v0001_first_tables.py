"""Create the first tables, and triggers that keep every row as it was written."""

from alembic import op
from sqlalchemy import (
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    Text,
    UniqueConstraint,
)

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables of the first release."""
    _create_decisions()
    _create_definitions()
    _create_runs()
    tables = ("period_close", "tag", "tag_revocation", "policy_change", "sign_off", "run_start", "run_end")
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgres(tables)
    else:
        _guard_sqlite(tables)


def _create_decisions() -> None:
    op.create_table(
        "period_close",
        Column("close_id", Integer, primary_key=True),
        Column("month", Integer, nullable=False),
        Column("policy_name", Text, nullable=False),
        Column("policy_version", Text, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("snapshot_id", Text, nullable=False),
        Column("artifact", Text, nullable=False),
        Column("metrics", Text, nullable=False),
        Column("data_as_of", Date, nullable=False),
        Column("closed_at", DateTime, nullable=False),
        Column("author", Text, nullable=False),
        Column("because", Text, nullable=False),
        UniqueConstraint("month", "policy_name", "revision", name="period_close_once"),
    )
    op.create_table(
        "tag",
        Column("tag_id", Integer, primary_key=True),
        Column("account_id", Text, nullable=False),
        Column("first_month", Integer, nullable=False),
        Column("last_month", Integer, nullable=False),
        Column("product_id", Text),
        Column("tag", Text, nullable=False),
        Column("because", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("tagged_at", DateTime, nullable=False),
    )
    op.create_table(
        "tag_revocation",
        Column("tag_id", Integer, ForeignKey("tag.tag_id"), primary_key=True, autoincrement=False),
        Column("because", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("revoked_at", DateTime, nullable=False),
    )


def _create_definitions() -> None:
    op.create_table(
        "policy_change",
        Column("change_id", Integer, primary_key=True),
        Column("policy_name", Text, nullable=False),
        Column("version", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("text", Text, nullable=False),
        Column("changed_at", DateTime, nullable=False),
        Column("author", Text, nullable=False),
        Column("because", Text, nullable=False),
        UniqueConstraint("policy_name", "version", name="policy_change_once"),
    )
    op.create_table(
        "sign_off",
        Column("sign_off_id", Integer, primary_key=True),
        Column("policy_name", Text, nullable=False),
        Column("version", Text, nullable=False),
        Column("role", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("signed_at", DateTime, nullable=False),
        ForeignKeyConstraint(
            ["policy_name", "version"], ["policy_change.policy_name", "policy_change.version"], name="sign_off_of_policy"
        ),
        UniqueConstraint("policy_name", "version", "role", "author", name="sign_off_once"),
    )


def _create_runs() -> None:
    op.create_table(
        "run_start",
        Column("start_id", Integer, primary_key=True),
        Column("run_id", Text, nullable=False, unique=True),
        Column("started_at", DateTime, nullable=False),
    )
    op.create_table(
        "run_end",
        Column("run_id", Text, ForeignKey("run_start.run_id"), primary_key=True),
        Column("finished_at", DateTime, nullable=False),
        Column("status", Text, nullable=False),
        Column("snapshot_id", Text, nullable=False),
        Column("seconds", Float, nullable=False),
        Column("message", Text, nullable=False),
    )


def _guard_sqlite(tables: tuple[str, ...]) -> None:
    for table in tables:
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{event.lower()} BEFORE {event} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
            )


def _guard_postgres(tables: tuple[str, ...]) -> None:
    op.execute(
        "CREATE FUNCTION growthring_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$"
    )
    for table in tables:
        op.execute(
            f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION growthring_append_only()"
        )
