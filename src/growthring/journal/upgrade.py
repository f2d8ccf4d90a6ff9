"""Bring a journal's tables to the version this release writes."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from growthring.journal.database import writing
from growthring.journal.schema import SCHEMA_VERSION
from growthring.kernel.errors import ConfigurationError

_VERSION_TABLE = "alembic_version"


def upgrade(engine: Engine) -> None:
    """Create or upgrade the tables; costs one small read when they are current.

    Raises:
        ConfigurationError: A newer release wrote the journal.
    """
    with engine.connect() as connection:
        version = _version(connection)
    if version == SCHEMA_VERSION:
        return
    with writing(engine) as connection:
        version = _version(connection)  # another process may have been first
        if version is not None and version > SCHEMA_VERSION:
            raise ConfigurationError(
                f"The journal is at version {version}, written by a newer growthring.",
                valid=f"Valid: up to {SCHEMA_VERSION}.",
                remedy="Upgrade growthring; a journal is never downgraded.",
            )
        if version != SCHEMA_VERSION:
            _migrate(connection)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    version: str | None = connection.scalar(text(f"SELECT version_num FROM {_VERSION_TABLE}"))
    return version


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
