"""Intake of one file: its rows, judged one by one and cut into months; nothing here looks at any other file."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from growthring.engine.relation import literal
from growthring.engine.store import Artifact, Store
from growthring.kernel.errors import ConfigurationError
from growthring.sources.judgement import Rule, rules_of
from growthring.sources.mapping import (
    CURRENCY_COLUMNS,
    BoundMapping,
    MissingColumnsError,
    bind_mapping,
    mapped_rows,
)
from growthring.sources.nested import add_empty
from growthring.sources.presets import ResolvedSource
from growthring.sources.problems import problem_row, problem_select, write_parquet, write_problems
from growthring.sources.raw import RAW, Reading, UnreadableFileError
from growthring.sources.reading import read_file
from growthring.tables import Table

_RECIPE = "intake/2"
_FIRST_FILE_TIME = datetime(1981, 1, 1, tzinfo=UTC)
"""Archives that do not keep times write 1970 or 1980."""

ALL = "all"
"""The one partition of a table without months."""


@dataclass(frozen=True)
class FileToRead:
    """One file of one source.

    Attributes:
        source: The source.
        path: Where it lies.
        name: Its path relative to the project.
        sha256: Digest of its bytes; empty text for a file that does not exist.
    """

    source: ResolvedSource
    path: Path
    name: str
    sha256: str


def take_in(file: FileToRead, store: Store, connection: duckdb.DuckDBPyConnection) -> Artifact:
    """Read a file into `chunk-<month>.parquet` files and problem rows, unless that was done before.

    The artifact's facts: read, accepted, corrected, rejected, problems (rows of problems.parquet), months, missing (columns that
    the mapping names and the file lacks).
    """

    def write(folder: Path) -> dict[str, Any]:
        try:
            reading = read_file(connection, file.path, file.source.config.sheet, paths=file.source.paths)
            if not reading.columns and not reading.read:
                return _nothing_read(connection, folder)
            mapping, absent = _bind(connection, file, reading)
        except UnreadableFileError as error:
            return _unusable(connection, file, folder, "UNREADABLE_FILE", f"The file cannot be read: {error}.", [])
        except MissingColumnsError as error:
            message = f"The file has no column {', '.join(error.missing)}. It has: {', '.join(reading.columns)}."
            return _unusable(connection, file, folder, "COLUMN_NOT_IN_FILE", message, list(error.missing))
        try:
            return {**_write_intake(connection, file, mapping, folder), "missing": absent}
        except duckdb.Error as error:
            raise ConfigurationError(
                f"The mapping of source {file.source.config.name} fails on {file.name}: {str(error).splitlines()[0]}",
                valid="Date formats use %Y %m %d %H %M %S; expressions must suit the values of the file.",
                remedy="Correct [sources.types] and [sources.columns] of the source.",
            ) from error

    return store.build(_RECIPE, [file.name, file.sha256, file.source.digest, duckdb.__version__], write)


def _bind(connection: duckdb.DuckDBPyConnection, file: FileToRead, reading: Reading) -> tuple[BoundMapping, list[str]]:
    """Bind the mapping, and return with it the columns it names that no row has, where rows may lack them."""
    written = _time_of(file.path)
    try:
        return bind_mapping(file.source, reading, written), []
    except MissingColumnsError as error:
        if not reading.keys_are_optional:
            raise
        absent = list(error.missing)
    add_empty(connection, reading, absent)
    return bind_mapping(file.source, reading, written), absent


def _time_of(path: Path) -> datetime:
    """Return when a file was written, UTC; now, when it comes from an archive that does not keep times."""
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return (written if written >= _FIRST_FILE_TIME else datetime.now(UTC)).replace(tzinfo=None)


def _unusable(
    connection: duckdb.DuckDBPyConnection, file: FileToRead, folder: Path, code: str, message: str, missing: list[str]
) -> dict[str, Any]:
    config = file.source.config
    remedy = f"Replace the file, or correct `files`, `sheet` or [sources.columns] of source {config.name}."
    row = problem_row(
        code=code,
        severity="rejected",
        source=config.name,
        table_name=config.table,
        file=file.name,
        message=message,
        remedy=remedy,
    )
    return {**_nothing_read(connection, folder, row), "missing": missing}


def _nothing_read(connection: duckdb.DuckDBPyConnection, folder: Path, *problems: str) -> dict[str, Any]:
    count = write_problems(connection, problems, folder)
    return {"read": 0, "accepted": 0, "corrected": 0, "rejected": 0, "problems": count, "months": [], "missing": []}


def _write_intake(connection: duckdb.DuckDBPyConnection, file: FileToRead, mapping: BoundMapping, folder: Path) -> dict[str, Any]:
    rules = rules_of(mapping)
    _judge(connection, file, mapping, rules)
    months = _write_chunks(connection, file, mapping, folder)
    selects = [*_malformed(connection, file, mapping.reading)]
    selects.append(_rejected_summary(file, rules) if file.source.config.history else _rejected(file, mapping, rules))
    selects.extend(_currency_case(connection, file, mapping))
    problems = write_problems(connection, selects, folder)
    counts = connection.execute(
        "SELECT count(*) FILTER (_rule IS NOT NULL), count(*) FILTER (_rule IS NULL AND _corrected), count(*) FROM judged"
    ).fetchone()
    connection.execute(f"DROP TABLE judged; DROP TABLE {RAW}")
    rejected, corrected, rows = counts or (0, 0, 0)
    return {
        "read": mapping.reading.read,
        "accepted": rows - rejected - corrected,
        "corrected": corrected,
        "rejected": rejected + len(mapping.reading.malformed),
        "problems": problems,
        "months": months,
    }


def _judge(connection: duckdb.DuckDBPyConnection, file: FileToRead, mapping: BoundMapping, rules: tuple[Rule, ...]) -> None:
    """Make the table `judged`: canonical columns, attributes, `_month`, the first rule that rejects the row, its message."""
    table = mapping.table
    rows = mapped_rows(connection, mapping, file.name)
    number = " ".join(f"WHEN {rule.condition} THEN {index}" for index, rule in enumerate(rules))
    messages = " ".join(f"WHEN {index} THEN {rule.message}" for index, rule in enumerate(rules))
    case_changed = " OR ".join(
        f"coalesce(_clean(CAST(x_{name} AS VARCHAR)) <> {name}, false)" for name in CURRENCY_COLUMNS if name in mapping.columns
    )
    names = ", ".join(f"{literal(name)}" for name in mapping.attributes)
    values = ", ".join(f"attribute_{index}" for index in range(len(mapping.attributes)))
    attributes = f"map([{names}], [{values}])" if names else "CAST(MAP {} AS MAP(VARCHAR, VARCHAR))"
    month = f"strftime({table.partition_on}, '%Y-%m')" if table.partition_on else f"'{ALL}'"
    columns = ", ".join(f"CAST({column.name} AS {column.type.value}) AS {column.name}" for column in table.columns)
    extra = f", {attributes} AS _attributes" if table.name == "account" else ""
    ruled = f"SELECT *, CASE {number} END AS _rule, {case_changed or 'false'} AS _corrected FROM ({rows})"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE judged AS SELECT {columns}, {month} AS _month, _rule, _corrected{extra}, "
        f"CASE _rule {messages} END AS _message FROM ({ruled})"
    )


def _write_chunks(connection: duckdb.DuckDBPyConnection, file: FileToRead, mapping: BoundMapping, folder: Path) -> list[str]:
    found = connection.execute("SELECT DISTINCT _month FROM judged WHERE _rule IS NULL ORDER BY 1").fetchall()
    table = mapping.table
    for (month,) in found:
        rows = f"SELECT * FROM judged WHERE _rule IS NULL AND _month = '{month}'"
        write_parquet(connection, _chunk(file, table, rows), folder / f"chunk-{month}.parquet")
    return [str(month) for (month,) in found]


def _chunk(file: FileToRead, table: Table, rows: str) -> str:
    columns = ", ".join(table.column_names)
    source = f"{literal(file.source.config.name)} AS _source"
    if table.name != "account":
        key = f"md5_number_lower({key_text(table)}) AS _key, " if table.partition_on else ""
        return f"SELECT {columns}, {key}_corrected, {source} FROM ({rows}) ORDER BY source_row"
    if not file.source.config.history:
        return f"SELECT {columns}, _attributes, _corrected, {source}, false AS _history FROM ({rows}) ORDER BY source_row"
    said = [name for name in table.column_names if name not in ("known_at", "source_file", "source_row")]
    kept = ", ".join([*said, "_attributes"])
    return (
        f"SELECT {kept}, min(known_at) AS known_at, min(source_file) AS source_file, min(source_row) AS source_row, "
        f"false AS _corrected, {source}, true AS _history FROM ({rows}) GROUP BY {kept} ORDER BY source_row"
    )


def key_text(table: Table) -> str:
    """Return the SQL that writes a row's key as text, as far as it can be read."""
    return f"concat_ws('|', {', '.join(f'CAST({name} AS VARCHAR)' for name in table.key)})"


def _problem_start(file: FileToRead) -> dict[str, str]:
    config = file.source.config
    return {"source": literal(config.name), "table_name": literal(config.table), "file": literal(file.name)}


def _malformed(connection: duckdb.DuckDBPyConnection, file: FileToRead, reading: Reading) -> list[str]:
    import pyarrow

    if not reading.malformed:
        return []
    numbers, whats, texts = zip(*reading.malformed, strict=True)
    lines = [text[:4000] for text in texts]
    connection.register("malformed", pyarrow.table({"number": list(numbers), "what": list(whats), "line": lines}))
    columns = problem_select(
        {
            **_problem_start(file),
            "code": "'MALFORMED_ROW'",
            "severity": "'rejected'",
            "row_number": "number",
            "message": "'The line cannot be read as a row: ' || what || '.'",
            "remedy": "'Correct the line in the file; quote values that hold the separator or a line break.'",
            "payload": "to_json({'line': line})",
        }
    )
    return [f"SELECT {columns} FROM malformed"]


def _money(table: Table) -> dict[str, str]:
    if not {"amount", "currency"} <= set(table.column_names):
        return {}
    return {"amount": "judged.amount", "currency": "CASE WHEN judged.amount IS NOT NULL THEN judged.currency END"}


def _rejected(file: FileToRead, mapping: BoundMapping, rules: tuple[Rule, ...]) -> str:
    codes = " ".join(f"WHEN {index} THEN {literal(rule.code)}" for index, rule in enumerate(rules))
    remedies = " ".join(f"WHEN {index} THEN {literal(rule.remedy)}" for index, rule in enumerate(rules))
    fields = ", ".join(f"{literal(name)}: c{index}" for index, name in enumerate(mapping.reading.columns))
    columns = problem_select(
        {
            **_problem_start(file),
            **_money(mapping.table),
            "code": f"CASE _rule {codes} END",
            "severity": "'rejected'",
            "row_number": "_row",
            "row_key": f"nullif({key_text(mapping.table)}, '')",
            "message": "_message",
            "remedy": f"CASE _rule {remedies} END",
            "payload": f"to_json({{{fields}}})",
        }
    )
    return f"SELECT {columns} FROM judged JOIN {RAW} ON source_row = _row WHERE _rule IS NOT NULL"


def _rejected_summary(file: FileToRead, rules: tuple[Rule, ...]) -> str:
    """One problem row per code: an account history reads rows of other tables, where each of them has its own problem row."""
    values = ", ".join(f"({index}, {literal(rule.code)}, {literal(rule.remedy)})" for index, rule in enumerate(rules))
    columns = problem_select(
        {
            **_problem_start(file),
            "code": "code",
            "severity": "'rejected'",
            "row_number": "min(source_row)",
            "message": "min(_message) || ' Rows like this: ' || count(*) || ', the first is row ' || min(source_row) || '.'",
            "remedy": "remedy",
        }
    )
    return f"SELECT {columns} FROM judged JOIN (VALUES {values}) AS rules(n, code, remedy) ON _rule = n GROUP BY code, remedy"


def _currency_case(connection: duckdb.DuckDBPyConnection, file: FileToRead, mapping: BoundMapping) -> list[str]:
    """Name currencies written in small letters: one row for the whole file when every row has it, else one per row."""
    counted = connection.execute("SELECT count(*) FILTER (_corrected), count(*) FROM judged WHERE _rule IS NULL").fetchone()
    changed, rows = counted or (0, 0)
    if not changed:
        return []
    whole = changed == rows
    start = {
        **_problem_start(file),
        "code": "'CURRENCY_CASE'",
        "severity": "'corrected'",
        "remedy": "'Nothing; map upper(currency) to silence this.'",
    }
    if whole:
        return [
            f"SELECT {problem_select({**start, 'message': literal(f'All {rows} rows write the currency in small letters.')})}"
        ]
    columns = problem_select(
        {
            **start,
            "row_number": "source_row",
            "row_key": key_text(mapping.table),
            "message": "'The currency is written in small letters.'",
        }
    )
    return [f"SELECT {columns} FROM judged WHERE _rule IS NULL AND _corrected"]
