"""Small tables made in Python: rows written as literals, so that no data frame library has to be loaded for a few rows."""

from collections.abc import Sequence

import duckdb

from growthring.engine.relation import Literal, literal

_BATCH = 2_000


def put_rows(connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Sequence[Sequence[Literal]]) -> None:
    """Create or replace a table.

    Args:
        connection: Where.
        name: Name of the table.
        columns: Its columns as DuckDB writes them, such as ``month INTEGER, rate DECIMAL(18,8)``.
        rows: Values in the order of the columns.
    """
    connection.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
    for start in range(0, len(rows), _BATCH):
        values = ", ".join(f"({', '.join(literal(value) for value in row)})" for row in rows[start : start + _BATCH])
        connection.execute(f"INSERT INTO {name} VALUES {values}")
