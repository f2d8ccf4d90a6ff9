"""Names of things that nobody described, such as the contract of a contract line. Warnings only: the rows are used."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from growthring.engine.relation import literal
from growthring.engine.snapshot import Partition
from growthring.engine.store import Artifact, Store
from growthring.sources.problems import problem_rows, problem_select, write_problems

_RECIPE = "references/2"
_METERS = "known-meters/1"
_REFERENCES = (
    ("invoice_line", "account_id", "account", "UNKNOWN_ACCOUNT"),
    ("contract", "account_id", "account", "UNKNOWN_ACCOUNT"),
    ("contract_line", "account_id", "account", "UNKNOWN_ACCOUNT"),
    ("usage", "account_id", "account", "UNKNOWN_ACCOUNT"),
    ("account", "parent_account_id", "account", "UNKNOWN_ACCOUNT"),
    ("account", "merged_into_account_id", "account", "UNKNOWN_ACCOUNT"),
    ("contract_line", "contract_id", "contract", "UNKNOWN_CONTRACT"),
    ("invoice_line", "contract_id", "contract", "UNKNOWN_CONTRACT"),
    ("contract_line", "product_id", "product", "UNKNOWN_PRODUCT"),
    ("invoice_line", "product_id", "product", "UNKNOWN_PRODUCT"),
    ("usage", "product_id", "product", "UNKNOWN_PRODUCT"),
    ("usage_correction", "usage_id", "usage", "UNKNOWN_USAGE"),
)
"""Table, column, the table that should describe it, problem code; only checked when that table has rows."""


def check_references(
    partitions: Sequence[Partition], sources: Mapping[tuple[str, str], str], store: Store, connection: duckdb.DuckDBPyConnection
) -> Artifact | None:
    """Write one warning for each unknown name, with the number of rows that use it.

    Args:
        partitions: All partitions of the snapshot.
        sources: Source name by (table, file).
        store: Where the artifact goes.
        connection: DuckDB.

    Returns:
        The artifact, or nothing when there is nothing to compare.
    """
    paths = {
        table: [store.path_of(part.artifact) / "rows.parquet" for part in partitions if part.table == table]
        for table in _tables()
    }
    checks = [check for check in _REFERENCES if paths[check[0]] and paths[check[2]]]
    if not checks:
        return None

    def write(folder: Path) -> dict[str, Any]:
        names = ", ".join(f"({literal(t)}, {literal(file)}, {literal(name)})" for (t, file), name in sorted(sources.items()))
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE origin AS "
            f"SELECT * FROM (VALUES {names}) AS origin(origin_table, origin_file, origin_name)"
        )
        selects = [_unknown(table, column, known, code, paths) for table, column, known, code in checks]
        problems = write_problems(connection, selects, folder)
        connection.execute("DROP TABLE origin")
        return {"problems": problems}

    inputs = [f"{part.table}|{part.sha256}" for part in partitions]
    origins = [f"{table}|{file}|{name}" for (table, file), name in sorted(sources.items())]
    return store.build(_RECIPE, [*inputs, *origins], write)


def check_meters(
    partitions: Sequence[Partition],
    known_meters: frozenset[str],
    sources: Mapping[str, str],
    store: Store,
    connection: duckdb.DuckDBPyConnection,
) -> Artifact | None:
    """Write one warning for each meter that nothing prices, with the number of its records; the records are kept.

    Args:
        partitions: All partitions of the snapshot.
        known_meters: Names that meters of the price books count, as `usage.meter` has them.
        sources: Source name by file of usage.
        store: Where the artifact goes.
        connection: DuckDB.
    """
    usage = [part for part in partitions if part.table == "usage"]
    if not usage:
        return None

    def write(folder: Path) -> dict[str, Any]:
        paths = [store.path_of(part.artifact) / "rows.parquet" for part in usage]
        used = connection.execute(
            "SELECT meter, count(*), min(source_file), CAST(arg_min(source_row, (source_file, source_row)) AS BIGINT) "
            f"FROM {_rows(paths)} GROUP BY meter ORDER BY meter"
        ).fetchall()
        unknown = [
            {
                "code": "UNKNOWN_METER",
                "severity": "warning",
                "source": sources.get(file, ""),
                "table_name": "usage",
                "file": file,
                "row_number": row,
                "row_key": meter,
                "message": f"No price book has a meter that counts {meter}; records of it: {count}.",
                "remedy": "Add a meter and a price for it, or correct the mapping of meter; the records are kept.",
            }
            for meter, count, file, row in used
            if meter not in known_meters
        ]
        return {"problems": write_problems(connection, problem_rows(unknown), folder)}

    inputs = [part.sha256 for part in usage]
    return store.build(_METERS, [*inputs, "known", *sorted(known_meters), "sources", *map(repr, sorted(sources.items()))], write)


def _tables() -> set[str]:
    return {name for table, _, known, _ in _REFERENCES for name in (table, known)}


def _unknown(table: str, column: str, known: str, code: str, paths: Mapping[str, Sequence[Path]]) -> str:
    key = f"{known}_id"
    columns = problem_select(
        {
            "code": literal(code),
            "severity": "'warning'",
            "source": "coalesce(min(origin_name), '')",
            "table_name": literal(table),
            "file": "file",
            "row_number": "row_number",
            "row_key": "unknown",
            "message": f"'No {known} is called ' || unknown || '; rows of {table} that name it: ' || uses || '.'",
            "remedy": literal(f"Add it to the files of table {known}, or correct {column}."),
        }
    )
    uses = (
        f"SELECT {column} AS unknown, count(*) AS uses, arg_min(source_file, (source_file, source_row)) AS file, "
        f"arg_min(source_row, (source_file, source_row)) AS row_number FROM {_rows(paths[table])} AS used "
        f"WHERE {column} IS NOT NULL AND {column} <> '(none)' "
        f"AND NOT EXISTS (SELECT 1 FROM {_rows(paths[known])} AS described WHERE described.{key} = used.{column}) "
        f"GROUP BY {column}"
    )
    return (
        f"SELECT {columns} FROM ({uses}) LEFT JOIN origin ON origin_table = {literal(table)} AND origin_file = file "
        "GROUP BY unknown, uses, file, row_number"
    )


def _rows(paths: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(literal(str(path)) for path in paths)}], hive_partitioning = false)"
