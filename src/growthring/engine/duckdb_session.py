"""An in-memory DuckDB per process, set up the same way everywhere."""

import os
from pathlib import Path

import duckdb


def connect(*, memory_limit: str | None = None, spill_to: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Open an in-memory DuckDB with UTC, as many threads as this process may use, and no network access.

    Args:
        memory_limit: For instance ``4GB``; DuckDB's own default when absent.
        spill_to: Folder for spilling; DuckDB's own default when absent.
    """
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(
        f"SET threads = {len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1}"
    )
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    if memory_limit:
        connection.execute(f"SET memory_limit = '{memory_limit}'")
    if spill_to:
        connection.execute(f"SET temp_directory = '{spill_to}'")
    return connection
