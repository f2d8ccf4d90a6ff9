"""Create the audit trail: who did what on the pages, and what was refused; append-only like the rest."""

from alembic import op
from sqlalchemy import Column, DateTime, Integer, Text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table; the entries of earlier releases stay as they are."""
    op.create_table(
        "audit",
        Column("audit_id", Integer, primary_key=True),
        Column("recorded_at", DateTime, nullable=False),
        Column("author", Text, nullable=False),
        Column("role", Text, nullable=False),
        Column("deed", Text, nullable=False),
        Column("about", Text, nullable=False),
        Column("outcome", Text, nullable=False),
        Column("detail", Text, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION growthring_append_only()"
        )
        return
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_refuses_{event.lower()} BEFORE {event} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
        )
