"""Where a journal lives: a SQLite file by default, PostgreSQL by URL. One writer at a time, any number of readers."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from growthring.kernel.errors import ConfigurationError, EngineUnavailableError

_WAIT_SECONDS = 30
_WRITING = "growthring_writing"
_WRITERS_LOCK = 0x67726F77
"""Key of the PostgreSQL advisory lock that lets one writer in at a time."""


def open_database(place: str | Path) -> Engine:
    """Return an engine for a file path, or for a ``sqlite:`` or ``postgresql:`` URL.

    Raises:
        ConfigurationError: The URL names another kind of database.
        EngineUnavailableError: The PostgreSQL driver is not installed.
    """
    url = _url_of(place)
    if url.get_backend_name() == "sqlite":
        return _open_sqlite(url)
    if url.get_backend_name() != "postgresql":
        raise ConfigurationError(
            f"A journal cannot live in {url.get_backend_name()}.",
            valid="Valid: a file path, or a postgresql:// URL.",
            remedy="Leave the journal setting out to use the SQLite file in the project.",
        )
    try:
        return create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except ImportError:
        raise EngineUnavailableError(
            "The journal is in PostgreSQL, whose driver is not installed.", remedy="Run `pip install 'growthring[postgres]'`."
        ) from None


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that waits for other writers, then is alone until it commits or fails."""
    with engine.connect().execution_options(**{_WRITING: True}) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})")
        yield connection


def _url_of(place: str | Path) -> URL:
    if isinstance(place, Path) or "://" not in place:
        return URL.create("sqlite", database=str(place))
    try:
        url = make_url(place)
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError):
        raise ConfigurationError("Not a place for a journal.", valid="Valid: a file path, or a postgresql:// URL.") from None
    except ImportError:  # the driver is missing: said when the engine is made, with a remedy
        pass
    return url


def _open_sqlite(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": _WAIT_SECONDS})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the begin event below decides how a transaction starts
    connection.execute(f"PRAGMA busy_timeout = {_WAIT_SECONDS * 1000}")
    _switch_to_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA recursive_triggers = ON")  # else INSERT OR REPLACE slips past the append-only triggers


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging, which outlives the connection; SQLite does not wait for others by itself here."""
    give_up_at = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    alone = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if alone else "BEGIN")
