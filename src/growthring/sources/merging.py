"""Chunks of all files → one partition: identical rows collapse, rows that contradict each other under one key are rejected."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from growthring.engine.relation import literal
from growthring.engine.store import Artifact, Store
from growthring.sources.history import write_account_versions
from growthring.sources.intake import key_text
from growthring.sources.problems import problem_select, write_parquet, write_problems
from growthring.tables import Table

_RECIPE = "partition/1"
_CONFLICTS = "conflicts/1"
ROWS_FILE = "rows.parquet"
PROVENANCE = ("known_at", "source_file", "source_row")


@dataclass(frozen=True)
class Chunk:
    """The rows of one file that belong to one partition.

    Attributes:
        path: Parquet file.
        sha256: Digest of its bytes.
    """

    path: Path
    sha256: str


def find_conflicts(table: Table, chunks: dict[str, list[Chunk]], store: Store, connection: duckdb.DuckDBPyConnection) -> Artifact:
    """Find keys that stand in more than one month: their rows differ at least in the date, so all of them are rejected.

    The artifact holds one `conflict-<month>.parquet` for each month that such a key touches.
    """

    def write(folder: Path) -> dict[str, Any]:
        keys = " UNION ALL ".join(
            f"SELECT _key, '{month}' AS month FROM {_files(parts)}" for month, parts in sorted(chunks.items())
        )
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE torn AS SELECT _key, list_sort(list(DISTINCT month)) AS months FROM ({keys}) "
            f"WHERE _key IN (SELECT _key FROM ({keys}) GROUP BY _key HAVING min(month) <> max(month)) GROUP BY _key"
        )
        touched = connection.execute("SELECT DISTINCT unnest(months) AS month FROM torn ORDER BY 1").fetchall()
        for (month,) in touched:
            select = f"SELECT _key, months FROM torn WHERE list_contains(months, '{month}') ORDER BY _key"
            write_parquet(connection, select, folder / f"conflict-{month}.parquet")
        connection.execute("DROP TABLE torn")
        return {}

    inputs = [part.sha256 for _, parts in sorted(chunks.items()) for part in parts]
    return store.build(_CONFLICTS, [table.name, *inputs], write)


def merge_partition(
    table: Table, chunks: Sequence[Chunk], conflicts: Chunk | None, store: Store, connection: duckdb.DuckDBPyConnection
) -> Artifact:
    """Make one partition of a table from the chunks of all files, or find it made.

    The artifact's facts: rows, problems, through (latest date, ISO), files (per "source|file": rows collapsed that were accepted,
    rows rejected that were accepted, rows rejected that were corrected).
    """

    def write(folder: Path) -> dict[str, Any]:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE chunk AS SELECT * FROM {_files(chunks)}")
        _rank(connection, table, conflicts)
        if table.name == "account":
            rows, extra = write_account_versions(connection, "kept", folder)
        else:
            select = f"SELECT {', '.join(table.column_names)} FROM kept ORDER BY {', '.join(table.key)}"
            rows, extra = write_parquet(connection, select, folder / ROWS_FILE), []
        problems = write_problems(connection, [*_problems(table, conflicts), *extra], folder)
        facts = {"rows": rows, "problems": problems, "through": _through(connection, table), "files": _counts(connection)}
        connection.execute("DROP TABLE chunk; DROP TABLE ranked; DROP VIEW kept")
        return facts

    inputs = [chunk.sha256 for chunk in chunks]
    return store.build(_RECIPE, [table.name, *inputs, conflicts.sha256 if conflicts else ""], write)


def _files(chunks: Sequence[Chunk]) -> str:
    return f"read_parquet([{', '.join(literal(str(chunk.path)) for chunk in chunks)}], hive_partitioning = false)"


def _rank(connection: duckdb.DuckDBPyConnection, table: Table, conflicts: Chunk | None) -> None:
    """Make `ranked`, the rows that share their key with others, and `kept`, the rows of the partition."""
    key = ", ".join(table.key)
    plain = "NOT _history" if table.name == "account" else "true"
    torn = (
        f"SELECT _key, months FROM {_files([conflicts])}"
        if conflicts
        else "SELECT 0::UBIGINT AS _key, ['']  AS months WHERE false"
    )
    own = "chunk._key" if table.partition_on else "0::UBIGINT"
    payload = [name for name in table.column_names if name not in PROVENANCE]
    said = ", ".join([*payload, "_attributes"] if table.name == "account" else payload)
    order = "known_at, _source, source_file, source_row"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE ranked AS "
        f"WITH repeated AS (SELECT {key} FROM chunk WHERE {plain} GROUP BY {key} HAVING count(*) > 1), "
        f"suspect AS (SELECT chunk.*, torn.months FROM chunk LEFT JOIN ({torn}) AS torn ON {own} = torn._key "
        f"WHERE {plain} AND (torn._key IS NOT NULL OR EXISTS (SELECT 1 FROM repeated WHERE "
        f"{' AND '.join(f'repeated.{name} = chunk.{name}' for name in table.key)}))), "
        f"judged AS (SELECT {key}, count(DISTINCT ({said})) AS payloads, count(*) AS copies, "
        f"arg_min(_source, ({order})) AS kept_source, arg_min(source_file, ({order})) AS kept_file, "
        f"arg_min(source_row, ({order})) AS kept_row FROM suspect GROUP BY {key}) "
        f"SELECT suspect.*, payloads, copies, kept_file, kept_row, CASE WHEN payloads > 1 OR months IS NOT NULL THEN 'conflict' "
        f"WHEN _source = kept_source AND source_file = kept_file AND source_row = kept_row THEN 'kept' "
        f"ELSE 'collapsed' END AS fate "
        f"FROM suspect JOIN judged USING ({key})"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP VIEW kept AS SELECT chunk.* FROM chunk ANTI JOIN (FROM ranked WHERE fate <> 'kept') AS gone "
        "ON chunk._source = gone._source AND chunk.source_file = gone.source_file AND chunk.source_row = gone.source_row"
        + (" AND NOT chunk._history" if table.name == "account" else "")
    )


def _problems(table: Table, conflicts: Chunk | None) -> list[str]:
    shown = ", ".join(f"'{name}': {name}" for name in table.column_names)
    start = {
        "source": "_source",
        "table_name": literal(table.name),
        "file": "source_file",
        "row_number": "source_row",
        "row_key": key_text(table),
        "payload": f"to_json({{{shown}}})",
    }
    if "amount" in table.column_names:
        start |= {"amount": "amount", "currency": "currency"}
    collapsed = problem_select(
        {
            **start,
            "code": "'DUPLICATE_COLLAPSED'",
            "severity": "'corrected'",
            "message": "'Says the same as row ' || kept_row || ' of ' || kept_file || ', which is kept.'",
            "remedy": "'Nothing, if both are copies of one row; otherwise give each its own key.'",
        }
    )
    conflict = problem_select(
        {
            **start,
            "code": "'DUPLICATE_KEY_CONFLICT'",
            "severity": "'rejected'",
            "message": "CASE WHEN months IS NULL THEN copies || ' rows have this key and do not say the same; none is used.' "
            "ELSE 'Rows with this key stand in ' || array_to_string(months, ' and ') || '; none is used.' END",
            "remedy": "'Keep one of the rows in the source, or map a key that tells them apart.'",
        }
    )
    return [
        f"SELECT {collapsed} FROM ranked WHERE fate = 'collapsed'",
        f"SELECT {conflict} FROM ranked WHERE fate = 'conflict'",
    ]


def _through(connection: duckdb.DuckDBPyConnection, table: Table) -> str:
    day = table.partition_on or "known_at"
    found = connection.execute(f"SELECT CAST(CAST(max({day}) AS DATE) AS VARCHAR) FROM kept").fetchone()
    return str(found[0]) if found and found[0] else ""


def _counts(connection: duckdb.DuckDBPyConnection) -> dict[str, list[int]]:
    found = connection.execute(
        "SELECT _source || '|' || source_file, count(*) FILTER (fate = 'collapsed' AND NOT _corrected), "
        "count(*) FILTER (fate = 'conflict' AND NOT _corrected), count(*) FILTER (fate = 'conflict' AND _corrected) "
        "FROM ranked GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return {str(row[0]): [int(row[1]), int(row[2]), int(row[3])] for row in found}
