"""Account versions and attributes with history: a row where something changes, none where nothing does."""

from pathlib import Path
from typing import Any

import duckdb

from growthring.engine.relation import literal
from growthring.engine.store import Artifact, Store
from growthring.sources.problems import problem_select, write_parquet, write_problems
from growthring.tables import ACCOUNT, ACCOUNT_ATTRIBUTE

_RECIPE = "account_attribute/1"
ATTRIBUTES_FILE = "attributes.parquet"
_SAID = ("name", "parent_account_id", "merged_into_account_id", "merged_on")


def write_account_versions(connection: duckdb.DuckDBPyConnection, rows: str, folder: Path) -> tuple[int, list[str]]:
    """Write the account partition: stated versions as they are, of histories only the changes; and all that attributes say.

    Args:
        connection: Where the rows lie.
        rows: Name of the deduplicated account rows with `_attributes` and `_history`.
        folder: Takes `rows.parquet` and `attributes.parquet`.

    Returns:
        The number of versions, and SELECTs of problem rows (doubts about contradictions within one day).
    """
    columns = ", ".join(ACCOUNT.column_names)
    least = ", ".join(f"min({name}) AS {name}" for name in _SAID)
    # source and file travel together with the row, so the pointer is to a row that exists
    first = "arg_min({0}, (_source, source_file, source_row)) AS {0}"
    traced = ", ".join(first.format(name) for name in ("known_at", "source_file", "source_row", "_source"))
    changed = " OR ".join(f"{name} IS DISTINCT FROM lag({name}) OVER version" for name in _SAID)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE version AS "
        f"WITH daily AS (SELECT account_id, valid_from, {least}, {traced} "
        f"FROM {rows} WHERE _history GROUP BY account_id, valid_from), "
        f"marked AS (SELECT *, lag(account_id) OVER version IS NULL OR {changed} AS changes FROM daily "
        f"WINDOW version AS (PARTITION BY account_id ORDER BY valid_from)) "
        f"SELECT {columns} FROM {rows} WHERE NOT _history UNION ALL "
        f"SELECT {columns} FROM marked ANTI JOIN (FROM {rows} WHERE NOT _history) AS stated "
        "USING (account_id, valid_from) WHERE changes"
    )
    count = write_parquet(connection, f"SELECT * FROM version ORDER BY {', '.join(ACCOUNT.key)}", folder / "rows.parquet")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE saying AS SELECT account_id, entry.key AS attribute, entry.value AS value, valid_from, "
        f"known_at, source_file, source_row, _source, _history FROM "
        f"(SELECT *, unnest(map_entries(_attributes)) AS entry FROM {rows})"
    )
    said = f"SELECT account_id, attribute, min(value) AS value, valid_from, {traced} FROM saying GROUP BY ALL"
    order = ", ".join(ACCOUNT_ATTRIBUTE.key)
    write_parquet(connection, f"SELECT * FROM ({said}) ORDER BY {order}", folder / ATTRIBUTES_FILE)
    doubts = [
        _contradiction("(SELECT * EXCLUDE (value), value AS said FROM saying)", "attribute", "said", "account_attribute"),
        *(
            _contradiction(f"(SELECT * FROM {rows} WHERE _history)", literal(name), name, "account")
            for name in ("name", "parent_account_id")
        ),
    ]
    return count, doubts


def merge_attributes(
    accounts: Artifact | None, direct: Artifact | None, store: Store, connection: duckdb.DuckDBPyConnection
) -> Artifact:
    """Make the one partition of account_attribute from what account files say and what files of its own say.

    A value that repeats the one before it is left out, and so is an empty value with none before it.
    """
    paths = [(accounts, ATTRIBUTES_FILE), (direct, "rows.parquet")]
    present = [(artifact.path / name, artifact.contents[name]) for artifact, name in paths if artifact]

    def write(folder: Path) -> dict[str, Any]:
        columns = ", ".join(ACCOUNT_ATTRIBUTE.column_names)
        rows = " UNION ALL ".join(
            f"SELECT {columns}, {rank} AS _rank FROM read_parquet({literal(str(path))})" for rank, (path, _) in enumerate(present)
        )
        key = ", ".join(ACCOUNT_ATTRIBUTE.key)
        one = f"SELECT * FROM ({rows}) QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY _rank DESC) = 1"
        changed = (
            f"SELECT {columns} FROM ({one}) QUALIFY value IS DISTINCT FROM "
            "lag(value) OVER (PARTITION BY account_id, attribute ORDER BY valid_from)"
        )
        select = f"SELECT * FROM ({changed}) ORDER BY {', '.join(ACCOUNT_ATTRIBUTE.key)}"
        count = write_parquet(connection, select, folder / "rows.parquet")
        write_problems(connection, [], folder)
        return {"rows": count, "problems": 0, "through": "", "files": {}}

    return store.build(_RECIPE, [sha for _, sha in present], write)


def _contradiction(rows: str, attribute: str, value: str, table: str) -> str:
    columns = problem_select(
        {
            "code": "'CONTRADICTS_ITSELF'",
            "severity": "'warning'",
            "source": "min(_source)",
            "table_name": literal(table),
            "file": "arg_min(source_file, (_source, source_file, source_row))",
            "row_number": "arg_min(source_row, (_source, source_file, source_row))",
            "row_key": "account_id || '|' || says || '|' || valid_from",
            "message": "says || ' of account ' || account_id || ' is at once ' "
            "|| string_agg(DISTINCT value, ' and ' ORDER BY value) || ' on ' || valid_from || '; ' || min(value) || ' is used.'",
            "remedy": "'Keep one value a day in the source, or map an expression that chooses.'",
        }
    )
    said = f"SELECT *, {attribute} AS says, {value} AS value FROM {rows}"
    return f"SELECT {columns} FROM ({said}) GROUP BY account_id, valid_from, says HAVING count(DISTINCT value) > 1"
