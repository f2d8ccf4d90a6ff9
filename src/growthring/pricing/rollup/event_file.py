"""Files of raw events: how each is read, what is stored in it, and which months its events lie in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from growthring.engine.relation import literal
from growthring.kernel.errors import UnknownValueError
from growthring.kernel.period import Month
from growthring.pricing.rollup.mapping import EventMapping
from growthring.pricing.rollup.reading import StoredColumn, column_expression, month_of

READERS = (".parquet", ".csv", ".tsv", ".csv.gz", ".tsv.gz", ".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz")
"""Endings of the files that can be read."""


@dataclass(frozen=True, slots=True)
class EventFile:
    """A file of raw events.

    Attributes:
        path: Where it lies; for Spark also a URI such as ``s3a://bucket/events/2024-05.parquet``.
        digest: What names its content. Local files are hashed when it is empty; a file elsewhere needs one, such as its ETag.
    """

    path: str
    digest: str = ""

    @property
    def is_remote(self) -> bool:
        """Whether the file does not lie in this machine's file system."""
        return "://" in self.path


def scan(connection: duckdb.DuckDBPyConnection, path: Path) -> str:
    """Return the table expression that reads a file, text and floats of text files as they are written.

    Raises:
        UnknownValueError: The file's ending is not known.
    """
    quoted, name = literal(str(path)), path.name.lower()
    if name.endswith(".parquet"):
        return f"read_parquet({quoted}, hive_partitioning = false)"
    if name.endswith((".csv", ".tsv", ".csv.gz", ".tsv.gz")):
        return f"read_csv({quoted}, header = true, all_varchar = true, hive_partitioning = false)"
    if name.endswith(READERS):
        detected = connection.execute(f"DESCRIBE FROM read_json({quoted}, sample_size = -1)").fetchall()
        columns = ", ".join(f"{literal(column)}: {literal(_as_text(kind))}" for column, kind, *_ in detected)
        return f"read_json({quoted}, columns = {{{columns}}})"
    raise UnknownValueError("kind of event file", path.name, READERS)


def _as_text(kind: str) -> str:
    """Read JSON numbers and times as text, so that no digit is lost on the way."""
    for detected in ("DOUBLE", "HUGEINT", "UBIGINT", "BIGINT", "TIMESTAMP", "DATE", "JSON"):
        kind = kind.replace(detected, "VARCHAR")
    return kind


def stored_columns(
    connection: duckdb.DuckDBPyConnection, mapping: EventMapping, table: str, path: Path | None = None
) -> dict[str, StoredColumn]:
    """Return the columns that a mapping names, as a table stores them.

    Args:
        connection: DuckDB.
        mapping: Names of the columns.
        table: Table expression.
        path: Parquet file whose statistics tell what the columns cannot hold.

    Raises:
        UnknownValueError: A column is missing.
    """
    top_level = {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE FROM {table}").fetchall()}
    expressions = {name: column_expression(name, top_level) for name in mapping.columns}
    selected = ", ".join(f"{expression} AS c{number}" for number, expression in enumerate(expressions.values()))
    kinds = [kind for _, kind, *_ in connection.execute(f"DESCRIBE SELECT {selected} FROM {table}").fetchall()]
    known = _statistics(connection, path) if path else {}
    return {
        name: StoredColumn(expression, kind, *known.get(name, (False, "")))
        for (name, expression), kind in zip(expressions.items(), kinds, strict=True)
    }


def _statistics(connection: duckdb.DuckDBPyConnection, path: Path) -> Mapping[str, tuple[bool, str]]:
    """Return for each column of a Parquet file whether it is never NULL, and its least value as text."""
    query = (
        "SELECT path_in_schema, COALESCE(SUM(stats_null_count) = 0 AND COUNT(stats_null_count) = COUNT(*), FALSE), "
        # numbers as text are not in their order, but one with a minus sign comes before those without
        "CASE WHEN COUNT(stats_min_value) = COUNT(*) THEN COALESCE(MIN(stats_min_value), '') ELSE '' END "
        f"FROM parquet_metadata({literal(str(path))}) GROUP BY path_in_schema"
    )
    return {name: (bool(filled), str(least)) for name, filled, least in connection.execute(query).fetchall()}


def only_month(connection: duckdb.DuckDBPyConnection, column: StoredColumn, name: str, path: Path) -> Month | None:
    """Return the month of all events of a Parquet file, when its statistics show that there is one."""
    if not (column.type.startswith("TIMESTAMP") or column.type == "DATE") or not column.is_filled:
        return None
    least, greatest = (month_of(f"CAST(TRY_CAST(stats_{end}_value AS TIMESTAMPTZ) AS TIMESTAMP)") for end in ("min", "max"))
    found = connection.execute(
        "SELECT MIN(least), MAX(greatest), COUNT(least) = COUNT(*) AND COUNT(greatest) = COUNT(*) "
        f"FROM (SELECT {least} AS least, {greatest} AS greatest "
        f"FROM parquet_metadata({literal(str(path))}) WHERE path_in_schema = {literal(name)})"
    ).fetchone()
    if not found or not found[2] or found[0] is None or found[0] != found[1]:
        return None
    return Month(int(found[0]))
