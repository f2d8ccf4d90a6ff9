"""ClickHouse inside this process (chDB): tables in memory, NULLs and joins as everywhere else."""

import tempfile
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from growthring.engine.dialects import transpile
from growthring.engine.executors.executor import Row, unavailable
from growthring.engine.relation import Relation

_INSTALL = "Install it with `pip install growthring[clickhouse]`."
_FIRST, _LAST = date(1900, 1, 1), date(2299, 12, 31)
"""The days ClickHouse knows; earlier and later ones count as the first and the last."""


class ClickhouseExecutor:
    """A chDB session in a folder of its own.

    Raises:
        EngineUnavailableError: chdb is not installed.
    """

    name = "clickhouse"
    dialect = "clickhouse"
    settings: Mapping[str, str] = {
        "join_use_nulls": "1",
        "prefer_column_name_to_alias": "1",
        "aggregate_functions_null_for_empty": "1",
        "enable_extended_results_for_datetime_functions": "1",
        "least_greatest_legacy_null_behavior": "0",
        "allow_experimental_correlated_subqueries": "1",
        "session_timezone": "'UTC'",
    }

    def __init__(self) -> None:
        try:
            from chdb.session import Session

            self._folder = tempfile.TemporaryDirectory(prefix="growthring-clickhouse-")
            self._session: Any = Session(str(Path(self._folder.name) / "session"))
        except Exception as error:
            raise unavailable("ClickHouse", _INSTALL, error) from error
        self._do("CREATE DATABASE IF NOT EXISTS growthring")
        self._do("USE growthring")
        for setting, value in self.settings.items():
            self._do(f"SET {setting} = {value}")

    def put(self, name: str, table: pa.Table) -> None:
        """Copy an Arrow table under a name."""
        path = Path(self._folder.name) / f"{name}.parquet"
        pq.write_table(_within_calendar(table), path)
        self._do(f"DROP TABLE IF EXISTS {name}")
        self._do(f"CREATE TABLE {name} ENGINE = Memory AS SELECT * FROM file('{path}', Parquet)")
        path.unlink()

    def run(self, relations: Sequence[Relation], keep: Collection[str] | None = None) -> None:
        """Define relations in their order."""
        for each in relations:
            sql = transpile(each.sql, self.dialect)
            self._do(f"DROP TABLE IF EXISTS {each.name}")
            if keep is None or each.name in keep:
                self._do(f"CREATE TABLE {each.name} ENGINE = Memory AS {sql}")
            else:
                self._do(f"CREATE VIEW {each.name} AS {sql}")

    def fetch(self, name: str) -> list[Row]:
        """Return the rows of a table or view."""
        result = self._session.query(f"SELECT * FROM {name} SETTINGS output_format_arrow_string_as_string = 1", "ArrowStream")
        table = pa.ipc.open_stream(result.bytes()).read_all()
        columns = [_without_zone(column).to_pylist() for column in table.columns]
        return list(zip(*columns, strict=True))

    def close(self) -> None:
        """Remove the session and its folder."""
        self._session.close()
        self._folder.cleanup()

    def _do(self, statement: str) -> None:
        self._session.query(statement)


def _without_zone(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.timestamp("us")) if pa.types.is_timestamp(column.type) else column


def _within_calendar(table: pa.Table) -> pa.Table:
    for index, field in enumerate(table.schema):
        if pa.types.is_date(field.type) or pa.types.is_timestamp(field.type):
            first, last = (
                pa.scalar(day if pa.types.is_date(field.type) else datetime(day.year, day.month, day.day), field.type)
                for day in (_FIRST, _LAST)
            )
            column = pc.min_element_wise(
                pc.max_element_wise(table.column(index), first, skip_nulls=False), last, skip_nulls=False
            )
            table = table.set_column(index, field.name, column)
    return table
