"""Problem rows: how they are written, whatever step finds them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from growthring.engine.catalog import PROBLEMS_FILE
from growthring.engine.relation import literal
from growthring.tables import PROBLEM


def problem_select(values: Mapping[str, str]) -> str:
    """Return the select list of problem rows; columns that are not given are empty.

    Args:
        values: SQL expression by column of the problem table.
    """
    return ", ".join(
        f"CAST({values.get(column.name, 'NULL')} AS {column.type.value}) AS {column.name}" for column in PROBLEM.columns
    )


def write_problems(connection: duckdb.DuckDBPyConnection, selects: Sequence[str], folder: Path) -> int:
    """Write the problem rows of some SELECTs to a folder, in a fixed order, and return how many there are."""
    empty = f"SELECT {problem_select({})} WHERE false"
    rows = " UNION ALL ".join(f"({select})" for select in (selects or [empty]))
    order = "source, table_name, file, row_number NULLS FIRST, code, row_key, message"
    return write_parquet(connection, f"SELECT * FROM ({rows}) ORDER BY {order}", folder / PROBLEMS_FILE)


def problem_row(**values: str | int | None) -> str:
    """Return a SELECT of one problem row from plain values."""
    return f"SELECT {problem_select({name: _sql(value) for name, value in values.items()})}"


def problem_rows(rows: Iterable[Mapping[str, str | int | None]]) -> list[str]:
    """Return one SELECT per problem row given as plain values."""
    return [problem_row(**row) for row in rows]


def write_parquet(connection: duckdb.DuckDBPyConnection, select: str, path: Path) -> int:
    """Write an ordered SELECT as Parquet with settings that give the same bytes for the same rows."""
    counted = connection.execute(
        f"COPY ({select}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
    ).fetchone()
    return int(counted[0]) if counted else 0


def _sql(value: str | int | None) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else literal(str(value))
