"""Where the chains of metering and rating run: in DuckDB, or in Spark from the same relations, with the rows brought home.

Whatever ran them, DuckDB holds the rows in the end, in columns of the types that it gives the relations itself: what is written
to the store is the same to the byte, so that the engine is no part of an artifact's key.
"""

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import duckdb

from growthring.engine.relation import Relation
from growthring.kernel.errors import EngineUnavailableError, GrowthringError, UnknownValueError

if TYPE_CHECKING:
    import pyarrow as pa

    from growthring.engine.executors import Executor

Session: TypeAlias = Any
"""A pyspark.sql.SparkSession, or one of Spark Connect."""

StoredFiles: TypeAlias = Mapping[str, Sequence[Path]]
"""Parquet files by the table whose rows they hold, for engines that read them where they lie."""

RATING_ENGINES = ("duckdb", "spark")
"""The engines that rate."""

_CLUSTER_SETTINGS = ("SPARK_REMOTE", "PYSPARK_SUBMIT_ARGS", "SPARK_CONF_DIR", "PYSPARK_GATEWAY_PORT")
"""Variables of the environment that say where Spark runs; without them it runs here."""


class RatingEngine(Protocol):
    """Defines chains of relations so that a DuckDB connection can read their results.

    Attributes:
        name: One of ``RATING_ENGINES``.
    """

    name: str

    @property
    def session(self) -> Session:
        """The Spark session; nothing for DuckDB."""
        ...

    def define(
        self, connection: duckdb.DuckDBPyConnection, chain: Sequence[Relation], wanted: Sequence[str], stored: StoredFiles
    ) -> None:
        """Define every relation in the connection; the wanted ones hold their rows.

        Args:
            connection: DuckDB with the tables that the chain reads.
            chain: The relations in the order in which they build on one another.
            wanted: Names of relations whose rows are read afterwards; none of them is light.
            stored: Files of tables that are too large to pass through DuckDB.
        """
        ...

    def close(self) -> None:
        """Let the engine go."""
        ...


class DuckdbEngine:
    """The connection itself."""

    name = "duckdb"
    session: Session = None

    def define(
        self, connection: duckdb.DuckDBPyConnection, chain: Sequence[Relation], wanted: Sequence[str], stored: StoredFiles
    ) -> None:
        """Define every relation in the connection."""
        for each in chain:
            try:
                connection.execute(f"CREATE OR REPLACE {'VIEW' if each.is_light else 'TABLE'} {each.name} AS {each.sql}")
            except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
                raise GrowthringError(
                    f"A number is too large to be rated exactly, in {each.name}: {str(error).splitlines()[0]}.",
                    valid="Quantities of a period stay below 10^12, and amounts below 10^14.",
                    remedy="Look for a record, a price or a conversion that is far too large.",
                ) from error

    def close(self) -> None:
        """Nothing is held."""


class SparkEngine:
    """A Spark session, opened when the first chain needs it.

    Args:
        session: A running session, whose settings are checked. Without one the environment says where Spark runs, and without
            that a local session is started and stopped.

    Raises:
        EngineUnavailableError: Spark is not installed, or cannot be reached.
        ConfigurationError: The session's settings would change figures.
    """

    name = "spark"

    def __init__(self, session: Session = None) -> None:
        self._given = session
        self._copied: dict[str, pa.Table] = {}
        self._views: set[str] = set()

    @cached_property
    def session(self) -> Session:
        """The session: the one given, else the cluster's, else a local one."""
        if self._given is not None:
            return self._given
        if any(os.environ.get(name) for name in _CLUSTER_SETTINGS):
            return _cluster_session()
        from growthring.engine.executors import open_executor

        self._local = open_executor("spark")
        from pyspark.sql import SparkSession

        return SparkSession.getActiveSession()

    @cached_property
    def _executor(self) -> "Executor":
        from growthring.engine.executors import open_executor

        return open_executor("spark", session=self.session)

    def define(
        self, connection: duckdb.DuckDBPyConnection, chain: Sequence[Relation], wanted: Sequence[str], stored: StoredFiles
    ) -> None:
        """Run the chain in Spark and bring the wanted relations home; the others are empty tables in the connection."""
        for name in read_tables(chain):
            if files := stored.get(name):
                self._read(name, files)
            else:
                self._copy(name, connection.execute(f"SELECT * FROM {name}").to_arrow_table())
        self._executor.run(chain)
        for each in chain:
            self._copied.pop(each.name, None)
            kind, rows = ("VIEW", "") if each.is_light else ("TABLE", " WITH NO DATA")
            connection.execute(f"CREATE OR REPLACE {kind} {each.name} AS {each.sql}{rows}")
        for name in wanted:
            found = self.session.table(name).toArrow()
            columns = ", ".join(found.column_names)
            connection.register("arriving", found)
            connection.execute(f"INSERT INTO {name} ({columns}) SELECT {columns} FROM arriving")
            connection.unregister("arriving")

    def close(self) -> None:
        """Drop the views, and stop the session if it was started here."""
        for name in self._views:
            self.session.catalog.dropTempView(name)
        if "_executor" in self.__dict__:
            self._executor.close()
        if "_local" in self.__dict__:
            self._local.close()

    def _read(self, name: str, files: Sequence[Path]) -> None:
        self.session.read.parquet(*(f"file://{file.resolve()}" for file in files)).createOrReplaceTempView(name)
        self._copied.pop(name, None)
        self._views.add(name)

    def _copy(self, name: str, table: "pa.Table") -> None:
        if name not in self._copied or not self._copied[name].equals(table):
            self._executor.put(name, table)
            self._copied[name] = table


def open_rating_engine(name: str, session: Session = None) -> RatingEngine:
    """Return an engine for one run.

    Args:
        name: One of ``RATING_ENGINES``.
        session: A Spark session that is running already.

    Raises:
        UnknownValueError: There is no such engine, or it does not rate.
    """
    match name:
        case "duckdb":
            return DuckdbEngine()
        case "spark":
            return SparkEngine(session)
    raise UnknownValueError("engine", name, RATING_ENGINES)


def read_tables(chain: Sequence[Relation]) -> list[str]:
    """Return the names of the tables that a chain reads and does not define, in their order."""
    import sqlglot
    from sqlglot import exp

    found: set[str] = set()
    for each in chain:
        tree = sqlglot.parse_one(each.sql, read="duckdb")
        steps = {step.alias for step in tree.find_all(exp.CTE)}
        found |= {table.name for table in tree.find_all(exp.Table)} - steps
    return sorted(found - {each.name for each in chain})


def _cluster_session() -> Session:
    from growthring.engine.executors.spark_executor import SparkExecutor

    try:
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.appName("growthring")
        for name, value in SparkExecutor.settings.items():
            builder = builder.config(name, value)
        return builder.getOrCreate()
    except Exception as error:
        raise EngineUnavailableError(
            f"Spark cannot be reached as the environment says ({', '.join(filter(os.environ.get, _CLUSTER_SETTINGS))}): {error}.",
            remedy="Correct the variables, or unset them to run Spark on this machine.",
        ) from error
