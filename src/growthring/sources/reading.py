"""Files as rows of text: CSV, JSON and XLSX keep what was written, Parquet keeps its types."""

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import duckdb

from growthring.sources.json_files import read_json
from growthring.sources.nested import add_paths, nested
from growthring.sources.raw import RAW, Reading, UnreadableFileError, identifier, quoted, text_of

SUFFIXES = (
    ".csv", ".csv.gz", ".tsv", ".txt", ".parquet", ".xlsx",
    ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".json", ".json.gz",
)  # fmt: skip
"""What can be read."""

csv.field_size_limit(1 << 24)


def read_file(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    sheet: str | None = None,
    limit: int | None = None,
    paths: Sequence[str] = (),
) -> Reading:
    """Read a file into the temporary table `raw`.

    Args:
        connection: Where the table is made; an older one is replaced.
        path: CSV (also with ; tab or | between columns), Parquet, XLSX, JSON lines, or a JSON document that is an array of
            objects; CSV and JSON also gzipped.
        sheet: Sheet of an XLSX file.
        limit: Read no more than about this many rows, for a look at the file.
        paths: Places inside columns that hold objects, such as `data.tokens`; each becomes a column of that name, empty where a
            row does not have it. A path whose first part is no column of the file gives none.

    Raises:
        UnreadableFileError: The file is absent, empty, or not in its format.
    """
    name = path.name.lower()
    if not path.is_file():
        raise UnreadableFileError("the file does not exist")
    try:
        if name.endswith(".parquet"):
            reading = _read_parquet(connection, path, limit, paths)
        elif name.endswith(".xlsx"):
            reading = _load(connection, *_xlsx_rows(path, sheet))
        elif name.removesuffix(".gz").endswith((".jsonl", ".ndjson", ".json")):
            reading = read_json(connection, path, limit, paths)
        else:
            reading = _read_csv(connection, path, limit)
        add_paths(connection, reading, paths)
    except (duckdb.Error, OSError, EOFError, UnicodeError, csv.Error) as error:
        raise UnreadableFileError(_first_line(error)) from error
    reading.types = [
        str(row[1]) for row in connection.execute(f"DESCRIBE {RAW}").fetchall() if row[0].startswith("c") and row[0] != "_row"
    ]
    counted = connection.execute(f"SELECT count(*) FROM {RAW}").fetchone()
    reading.rows = int(counted[0]) if counted else 0
    return reading


def _read_parquet(connection: duckdb.DuckDBPyConnection, path: Path, limit: int | None, paths: Sequence[str]) -> Reading:
    source = f"read_parquet({quoted(str(path))}, file_row_number = true, hive_partitioning = false)"
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    columns = [(str(row[0]), identifier(str(row[0])), str(row[1])) for row in described if row[0] != "file_row_number"]
    for wanted, index, rest in nested(paths, [name for name, _, _ in columns]):
        if columns[index][2].startswith(("STRUCT", "MAP")):
            place = columns[index][1] + "".join(f"[{quoted(part)}]" for part in rest)
            columns.extend((wanted, place, kind) for kind in _kind_of(connection, place, source))
    selected = [f"{_parquet_value(value, kind)} AS c{index}" for index, (_, value, kind) in enumerate(columns)]
    cut = f" LIMIT {limit}" if limit else ""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {RAW} AS SELECT {', '.join(selected)}, file_row_number + 1 AS _row FROM {source}{cut}"
    )
    return Reading([name for name, _, _ in columns])


def _kind_of(connection: duckdb.DuckDBPyConnection, place: str, source: str) -> list[str]:
    """Return the type of a place inside a structure, or nothing when the structure has no such place."""
    try:
        return [str(row[1]) for row in connection.execute(f"DESCRIBE SELECT {place} AS place FROM {source}").fetchall()]
    except duckdb.BinderException:
        return []


def _parquet_value(column: str, kind: str) -> str:
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"{column} AT TIME ZONE 'UTC'"
    if kind.startswith("TIMESTAMP"):
        return f"CAST({column} AS TIMESTAMP)"
    if kind in ("DOUBLE", "FLOAT", "VARCHAR"):
        return f"_clean({column})" if kind == "VARCHAR" else f"_plain({column})"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"CAST(to_json({column}) AS VARCHAR)"
    if kind.startswith("DECIMAL") or kind.endswith("INT") or kind in ("INTEGER", "BOOLEAN", "DATE"):
        return column
    return f"CAST({column} AS VARCHAR)"


def _read_csv(connection: duckdb.DuckDBPyConnection, path: Path, limit: int | None) -> Reading:
    lines = _first_lines(path, 1)
    if not lines:
        raise UnreadableFileError("the file is empty")
    delimiter = guess_delimiter(lines[0])
    header = _names(next(csv.reader([lines[0]], delimiter=delimiter), []))
    declared = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(header)))
    values = ", ".join(f"_clean(c{index}) AS c{index}" for index in range(len(header)))
    compression = "gzip" if path.name.lower().endswith(".gz") else "none"
    cut = f" LIMIT {limit}" if limit else ""
    try:
        if len(header) == 1 or lines[0].count('"') % 2:
            raise duckdb.InvalidInputException("needs the careful reader")
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {RAW} AS SELECT {values}, row_number() OVER () AS _row "
            f"FROM read_csv({quoted(str(path))}, auto_detect = false, header = true, columns = {{{declared}}}, "
            f"delim = {quoted(delimiter)}, quote = '\"', escape = '\"', nullstr = '', compression = '{compression}', "
            f"strict_mode = true, max_line_size = 16000000){cut}"
        )
    except duckdb.Error:
        return _load(connection, *_csv_rows(path, delimiter))
    return Reading(header)


def guess_delimiter(line: str) -> str:
    """Return what separates the columns of a CSV header."""
    return max(",;\t|", key=lambda mark: (line.count(mark), mark == ","))


def _csv_rows(path: Path, delimiter: str) -> tuple[list[str], Iterable[tuple[int, list[Any] | str]]]:
    """Read a CSV file record by record; a record that does not fit costs itself, not the ones after it."""
    lines = _Lines(list(io.StringIO(text_of(path))))
    reader = csv.reader(lines, delimiter=delimiter)
    header = _names(next(reader, []))

    def records() -> Iterator[tuple[int, list[Any] | str]]:
        number = 0
        while True:
            start = lines.position
            record = next(reader, None)
            if record is None:
                return
            if not record or (len(record) == 1 and len(header) > 1 and not record[0].strip()):
                continue
            number += 1
            if len(record) == len(header):
                yield number, record
                continue
            text = lines.lines[start].rstrip("\r\n")
            lines.position = start + 1
            yield number, f"{len(next(csv.reader([text], delimiter=delimiter), []))} columns instead of {len(header)}\0{text}"

    return header, records()


class _Lines:
    """Lines that can be read again from an earlier one."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.position = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.position >= len(self.lines):
            raise StopIteration
        self.position += 1
        return self.lines[self.position - 1]


def _xlsx_rows(path: Path, sheet: str | None) -> tuple[list[str], Iterable[tuple[int, list[Any] | str]]]:
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        if sheet is not None and sheet not in book.sheet_names:
            raise UnreadableFileError(f"there is no sheet {sheet!r}; it has {', '.join(book.sheet_names)}")
        page = book.get_sheet_by_name(sheet) if sheet is not None else book.get_sheet_by_index(0)
        cells = page.to_python(skip_empty_area=True)
    except (python_calamine.CalamineError, OSError, ValueError, IndexError) as error:
        raise UnreadableFileError(_first_line(error)) from error
    if not cells:
        raise UnreadableFileError("the sheet is empty")
    rows = [[_cell_text(cell) for cell in row] for row in cells[1:]]
    filled = [row for row in rows if any(cell not in (None, "") for cell in row)]
    return _names([_cell_text(cell) or "" for cell in cells[0]]), enumerate(filled, start=1)


def _cell_text(cell: object) -> str | None:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return None if cell is None else str(cell)


def _load(connection: duckdb.DuckDBPyConnection, columns: list[str], rows: Iterable[tuple[int, Sequence[Any] | str]]) -> Reading:
    """Put rows of text into the table `raw`; a row given as text is malformed: what is wrong, a zero byte, the row."""
    import pyarrow

    good: list[Sequence[Any]] = []
    numbers: list[int] = []
    malformed: list[tuple[int, str, str]] = []
    for number, row in rows:
        if isinstance(row, str):
            what, _, text = row.partition("\0")
            malformed.append((number, what, text))
        else:
            good.append(row)
            numbers.append(number)
    arrays = [pyarrow.array([row[index] for row in good], pyarrow.string()) for index in range(len(columns))]
    names = [f"c{index}" for index in range(len(columns))]
    table = pyarrow.table([*arrays, pyarrow.array(numbers, pyarrow.int64())], names=[*names, "_row"])
    connection.register("_loaded", table)
    cleaned = "".join(f"_clean({name}) AS {name}, " for name in names)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {RAW} AS SELECT {cleaned}_row FROM _loaded")
    connection.unregister("_loaded")
    return Reading(columns, malformed=malformed)


def _names(header: Sequence[str]) -> list[str]:
    names: list[str] = []
    for position, cell in enumerate(header, start=1):
        name = cell.strip().lstrip("\ufeff").strip() or f"column_{position}"
        names.append(name if name not in names else f"{name}_{position}")
    return names


def _first_lines(path: Path, count: int) -> list[str]:
    with gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb") as stream:
        lines = [line for _, line in zip(range(count), stream, strict=False)]
    return [line.decode("utf-8-sig", errors="replace").rstrip("\r\n") for line in lines]


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
