"""Opening an engine by name."""

from growthring.engine.executors.executor import Executor
from growthring.kernel.errors import UnknownValueError

EXECUTORS = ("duckdb", "postgres", "spark", "clickhouse")
"""The engines by name."""


def open_executor(name: str, *, url: str = "", session: object = None) -> Executor:
    """Open an engine.

    Args:
        name: One of ``EXECUTORS``.
        url: Where Postgres is reached: ``postgresql://user@host/database``.
        session: A Spark session that is running already.

    Raises:
        UnknownValueError: There is no such engine.
        EngineUnavailableError: It is not installed or cannot be reached.
        ConfigurationError: The session's settings would change figures.
    """
    match name:
        case "duckdb":
            from growthring.engine.executors.duckdb_executor import DuckdbExecutor

            return DuckdbExecutor()
        case "postgres":
            from growthring.engine.executors.postgres_executor import PostgresExecutor

            return PostgresExecutor(url)
        case "spark":
            from growthring.engine.executors.spark_executor import SparkExecutor

            return SparkExecutor(session)
        case "clickhouse":
            from growthring.engine.executors.clickhouse_executor import ClickhouseExecutor

            return ClickhouseExecutor()
    raise UnknownValueError("engine", name, EXECUTORS)
