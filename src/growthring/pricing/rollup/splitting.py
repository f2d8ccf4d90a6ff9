"""A file whose events lie in several months, as one Parquet file for each month."""

from pathlib import Path
from typing import Any

import duckdb

from growthring.engine.relation import literal
from growthring.engine.store import Artifact, Store
from growthring.kernel.period import Month
from growthring.pricing.rollup.event_file import scan, stored_columns
from growthring.pricing.rollup.mapping import EventMapping
from growthring.pricing.rollup.reading import month_of, read_time

_RECIPE = "event-split/1"
UNDATED = "undated"
"""Name of the part that holds events whose time cannot be read."""


def split_by_month(
    connection: duckdb.DuckDBPyConnection, mapping: EventMapping, path: Path, sha256: str, store: Store
) -> Artifact:
    """Write the columns that a mapping names, once for each event month, or find them written.

    The artifact holds ``2024-05.parquet`` and so on, and ``undated.parquet``.
    """

    def write(folder: Path) -> dict[str, Any]:
        table = scan(connection, path)
        columns = stored_columns(connection, mapping, table)
        used_at = read_time(columns[mapping.used_at])
        selected = ", ".join(f"{column.expression} AS {_quoted(name)}" for name, column in columns.items())
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE arriving AS SELECT {selected}, {month_of(used_at)} AS event_month FROM {table}"
        )
        found = connection.execute("SELECT DISTINCT event_month FROM arriving ORDER BY 1").fetchall()
        for (index,) in found:
            name = UNDATED if index is None else str(Month(index))
            part = "event_month IS NULL" if index is None else f"event_month = {index}"
            connection.execute(
                f"COPY (SELECT * EXCLUDE (event_month) FROM arriving WHERE {part}) "
                f"TO {literal(str(folder / f'{name}.parquet'))} (FORMAT parquet, COMPRESSION zstd)"
            )
        connection.execute("DROP TABLE arriving")
        return {}

    return store.build(_RECIPE, [sha256, path.suffix, *mapping.columns, mapping.used_at], write)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
