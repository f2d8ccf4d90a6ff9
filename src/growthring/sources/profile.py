"""A look at a file before anyone has said what it is: column names, kinds of values, date formats."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from growthring.engine.relation import literal
from growthring.kernel.currency import EXPONENT
from growthring.sources.mapping import as_text
from growthring.sources.raw import RAW
from growthring.sources.reading import read_file

_SAMPLE = 20_000
_FORMATS = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d.%m.%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%Y%m%d",
    "%d %b %Y",
    "%b %d, %Y",
)


@dataclass(frozen=True)
class ColumnProfile:
    """What the first rows of a column hold.

    Attributes:
        name: Column name.
        kind: DuckDB type as read.
        filled: Rows with a value.
        distinct: Different values.
        numeric: All values are numbers.
        date: All values are dates or times as they stand.
        formats: Date formats that fit all values, when they are no dates as they stand.
        currency: All values are ISO 4217 codes.
        often: The most frequent value.
    """

    name: str
    kind: str
    filled: int
    distinct: int
    numeric: bool
    date: bool
    formats: tuple[str, ...]
    currency: bool
    often: str


@dataclass(frozen=True)
class FileProfile:
    """What a file looks like.

    Attributes:
        path: The file.
        columns: Its columns by name, in order.
        rows: Rows looked at.
    """

    path: Path
    columns: dict[str, ColumnProfile]
    rows: int

    def unique(self, name: str) -> bool:
        """Say whether every row has its own value."""
        column = self.columns[name]
        return column.filled == column.distinct == self.rows


def look_at(connection: duckdb.DuckDBPyConnection, path: Path) -> FileProfile:
    """Read the first rows of a file and describe its columns.

    Raises:
        UnreadableFileError: The file cannot be read.
    """
    reading = read_file(connection, path, limit=_SAMPLE)
    columns = {}
    for index, (name, kind) in enumerate(zip(reading.columns, reading.types, strict=True)):
        columns[name] = _profile(connection, name, kind, as_text(f"c{index}", kind))
    return FileProfile(path, columns, reading.rows)


def _profile(connection: duckdb.DuckDBPyConnection, name: str, kind: str, text: str) -> ColumnProfile:
    tests = [
        "count(value)",
        "count(DISTINCT value)",
        "bool_and(_number(value) IS NOT NULL)",
        "bool_and(_day(value) IS NOT NULL)",
        f"bool_and(upper(value) IN ({', '.join(literal(code) for code in sorted(EXPONENT))}))",
        "mode(value)",
        *(f"bool_and(try_strptime(value, '{pattern}') IS NOT NULL)" for pattern in _FORMATS),
    ]
    row = connection.execute(f"SELECT {', '.join(tests)} FROM (SELECT {text} AS value FROM {RAW})").fetchone() or (0,) * len(
        tests
    )
    is_date = bool(row[3]) and not (row[2] and kind not in ("DATE", "TIMESTAMP"))
    return ColumnProfile(
        name=name,
        kind=kind,
        filled=int(row[0]),
        distinct=int(row[1]),
        numeric=bool(row[2]),
        date=is_date or kind in ("DATE", "TIMESTAMP"),
        formats=() if is_date else tuple(pattern for pattern, fits in zip(_FORMATS, row[6:], strict=True) if fits),
        currency=bool(row[4]),
        often=str(row[5] or ""),
    )
