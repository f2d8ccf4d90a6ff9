"""Rollup of a month in Spark: the same relations, run by the cluster; only the result comes back, as Arrow."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import duckdb

from growthring.engine.executors import open_executor
from growthring.engine.executors.executor import Executor
from growthring.engine.relation import Relation, literal
from growthring.kernel.period import Month
from growthring.pricing.rollup.event_file import EventFile
from growthring.pricing.rollup.mapping import EventMapping, Grain
from growthring.pricing.rollup.partitions import Part, Partitions
from growthring.pricing.rollup.reading import StoredColumn, column_expression, event_select, key_text, month_of, read_time
from growthring.pricing.rollup.relations import COMPUTED, rollup_chain

Session: TypeAlias = Any
"""A pyspark.sql.SparkSession, or one of Spark Connect."""

_TYPES = {"string": "VARCHAR", "timestamp": "TIMESTAMPTZ", "timestamp_ntz": "TIMESTAMP", "int": "INTEGER"}


class SparkRollup:
    """Runs the relations in a Spark session.

    Args:
        connection: DuckDB that takes the results.
        mapping: Roles of the columns.
        grain: What a row of the rollup covers.
        session: A running session; without one a local session is started, and stopped at the end.

    Raises:
        EngineUnavailableError: Spark is not installed.
        ConfigurationError: The session's settings would change figures.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, mapping: EventMapping, grain: Grain, session: Session = None
    ) -> None:
        self._executor: Executor = open_executor("spark", session=session)
        self._session = session or _active_session()
        self.connection = connection
        self._mapping = mapping
        self._grain = grain

    def open_month(self, month: Month | None, parts: Sequence[Part]) -> int:
        """Define `event` over the parts and the relations on it; return the number of records."""
        selects = [self._event(month, part, f"event_file_{number}") for number, part in enumerate(parts)]
        event = Relation("event", "\nUNION ALL\n".join(selects))
        self._executor.run([event, *rollup_chain()], keep=COMPUTED)
        return int(self._session.table("event").count())

    def bring(self, name: str) -> None:
        """Fetch a relation into the connection under its name."""
        self.connection.register(name, self._session.table(name).toArrow())

    def close(self) -> None:
        """Drop the views, and stop the session if it was started here."""
        self._executor.close()

    def parts_of(self, file: EventFile) -> Partitions:
        """Ask Spark for the months of a file that lies elsewhere."""
        frame = self._session.read.parquet(file.path)
        frame.createOrReplaceTempView("event_file")
        columns = self._columns(frame, "event_file")
        used_at = read_time(columns[self._mapping.used_at])
        month = f"SELECT DISTINCT {month_of(used_at)} AS event_month FROM event_file"
        self._executor.run([Relation("event_months", month)], keep=())
        part = Part(file.path, file.digest, file.path, columns, is_filtered=True)
        found = [index for (index,) in self._executor.fetch("event_months")]
        return {None if index is None else Month(int(index)): [part] for index in found}

    def _event(self, month: Month | None, part: Part, view: str) -> str:
        frame = self._session.read.parquet(part.path)
        frame.createOrReplaceTempView(view)
        columns = self._columns(frame, view)
        return event_select(
            self._mapping,
            columns,
            month=month,
            grain=self._grain,
            key_hash=f"xxhash64({key_text(self._mapping, columns)})",
            source_file=literal(part.source),
            table=view,
            condition=_within(month, read_time(columns[self._mapping.used_at])) if part.is_filtered else "",
        )

    def _columns(self, frame: Any, view: str) -> dict[str, StoredColumn]:  # noqa: ANN401 - a Spark data frame
        expressions = {name: column_expression(name, dict(frame.dtypes)) for name in self._mapping.columns}
        selected = ", ".join(f"{expression} AS c{number}" for number, expression in enumerate(expressions.values()))
        kinds = [kind for _, kind in self._session.sql(f"SELECT {selected.replace(chr(34), '`')} FROM {view}").dtypes]
        return {
            name: StoredColumn(expression, _TYPES.get(kind, kind.upper()))
            for (name, expression), kind in zip(expressions.items(), kinds, strict=True)
        }


def _within(month: Month | None, used_at: str) -> str:
    if month is None:
        return f"{month_of(used_at)} IS NULL"
    first, after = (literal(each.first_day) for each in (month, month + 1))
    return f"{used_at} >= CAST({first} AS TIMESTAMP) AND {used_at} < CAST({after} AS TIMESTAMP)"


def _active_session() -> Session:
    from pyspark.sql import SparkSession

    return SparkSession.getActiveSession()
