"""The canonical tables of a snapshot, seen from an executor: a view for each, empty where the company has no such data."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from growthring.engine.snapshot import Snapshot
from growthring.engine.store import Store
from growthring.kernel.errors import GrowthringError
from growthring.tables import CANONICAL, Table

PROBLEMS_FILE = "problems.parquet"
"""File of an artifact that holds problem rows."""


def open_tables(connection: duckdb.DuckDBPyConnection, store: Store, snapshot: Snapshot) -> None:
    """Define a view for every canonical table over the partitions of a snapshot.

    Raises:
        GrowthringError: A partition is gone from the store.
    """
    for table in CANONICAL.values():
        files = [store.path_of(part.artifact) / "rows.parquet" for part in snapshot.parts(table.name)]
        if lost := [file for file in files if not file.exists()]:
            raise GrowthringError(f"The store has lost {lost[0]}.", remedy="`growthring run` makes it again from the sources.")
        open_files(connection, table, [str(file) for file in files])


def open_files(connection: duckdb.DuckDBPyConnection, table: Table, files: Iterable[str]) -> None:
    """Define a view over Parquet files under a table's contract; without files the view is empty."""
    listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    if listed:
        columns = ", ".join(table.column_names)
        connection.execute(f"CREATE OR REPLACE VIEW {table.name} AS SELECT {columns} FROM read_parquet([{listed}])")
    else:
        connection.execute(f"CREATE OR REPLACE VIEW {table.name} AS {empty_select(table)}")


def problem_files(store: Store, snapshot: Snapshot) -> list[Path]:
    """Return the Parquet files that hold a snapshot's problem rows; columns are those of the problem table."""
    return [store.path_of(key) / PROBLEMS_FILE for key in snapshot.problems]


def empty_select(table: Table) -> str:
    """Return a SELECT with the table's columns and no rows."""
    columns = ", ".join(f"CAST(NULL AS {column.type.value}) AS {column.name}" for column in table.columns)
    return f"SELECT {columns} WHERE FALSE"


def create_empty(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create an empty table under a contract, to be filled by the caller."""
    columns = ", ".join(f"{column.name} {column.type.value}" for column in table.columns)
    connection.execute(f"CREATE OR REPLACE TABLE {table.name} ({columns})")
