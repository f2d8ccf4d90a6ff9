"""Run migrations inside the transaction that the journal opened."""

from alembic import context

from growthring.journal.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
