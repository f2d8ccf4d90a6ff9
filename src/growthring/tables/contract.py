"""What a canonical table promises: columns, types, keys, meaning, checks. Docs and JSON Schema are made from it."""

from dataclasses import dataclass, field
from enum import StrEnum


class ColumnType(StrEnum):
    """The storage types of canonical columns, written as DuckDB writes them.

    Money is DECIMAL end to end: amounts carry four decimals so that every ISO 4217 minor unit fits.
    """

    TEXT = "VARCHAR"
    DATE = "DATE"
    INSTANT = "TIMESTAMP"
    MONTH = "INTEGER"
    COUNT = "BIGINT"
    FLAG = "BOOLEAN"
    AMOUNT = "DECIMAL(18,4)"
    QUANTITY = "DECIMAL(18,6)"
    UNIT_PRICE = "DECIMAL(18,8)"
    RATE = "DECIMAL(18,8)"
    RAW_AMOUNT = "DECIMAL(38,14)"
    RATIO = "DOUBLE"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        name: Column name: ``*_on`` dates, ``*_at`` instants in UTC, ``*_amount`` money in the row's currency.
        type: Storage type.
        meaning: One sentence a finance person understands.
        required: A row without it becomes a problem row.
        values: The closed set of values, when there is one.
        default: SQL expression over the row's other columns, used when the source does not map the column.
    """

    name: str
    type: ColumnType
    meaning: str
    required: bool = False
    values: tuple[str, ...] = ()
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A condition every accepted row meets; a row that fails it becomes a problem row.

    Attributes:
        code: Problem code, in capitals.
        condition: SQL over the row's columns; NULL counts as met.
        message: What is wrong, for a person.
        remedy: What to do about it.
    """

    code: str
    condition: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Table:
    """A canonical or derived table and its contract.

    Attributes:
        name: Table name, singular.
        meaning: What one row says.
        grain: The words for one row, such as ``account × product × month``.
        columns: In storage order.
        key: Columns that identify a row.
        checks: Conditions on accepted rows.
        partition_on: The date column whose month decides the stored partition; ``None`` keeps one partition.
    """

    name: str
    meaning: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    checks: tuple[Check, ...] = field(default=())
    partition_on: str | None = None

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns in storage order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return a column by name."""
        return next(column for column in self.columns if column.name == name)


KNOWN_AT = Column(
    "known_at",
    ColumnType.INSTANT,
    "When the row became known to the company; nothing computed as of an earlier date sees it.",
    required=True,
)


PROVENANCE = (
    KNOWN_AT,
    Column("source_file", ColumnType.TEXT, "The file the row was read from, relative to the project.", required=True),
    Column("source_row", ColumnType.COUNT, "The row in that file, the first data row being 1.", required=True),
)
"""Columns that end every canonical table: when the row became known and where it came from."""


def text(name: str, meaning: str, *, required: bool = False, values: tuple[str, ...] = (), default: str | None = None) -> Column:
    """Make a text column."""
    return Column(name, ColumnType.TEXT, meaning, required, values, default)


def day(name: str, meaning: str, *, required: bool = False, default: str | None = None) -> Column:
    """Make a date column."""
    return Column(name, ColumnType.DATE, meaning, required, (), default)


def amount(name: str, meaning: str, *, required: bool = False, default: str | None = None) -> Column:
    """Make a money column, in major units of the row's currency."""
    return Column(name, ColumnType.AMOUNT, meaning, required, (), default)
