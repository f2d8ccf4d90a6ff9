"""Raw records as the view ``event``: the columns by their roles, and the first reason why a record does not count.

Written in the DuckDB dialect. It leaves the portable subset for TRY_CAST, which reads bad values as nothing, so that they can be
told; Spark has it too.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from growthring.engine.relation import literal
from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.kernel.period import Month
from growthring.pricing.rollup.mapping import EventMapping, Grain

SEPARATOR = "\x1f"
"""Stands between the columns of a key: the unit separator, which no identifier holds."""


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """A column as a file stores it.

    Attributes:
        expression: SQL that reads it.
        type: SQL type, in capitals.
        is_filled: The file's statistics say that it is never NULL.
        least: The smallest value by the file's statistics, as text; empty when they do not say.
    """

    expression: str
    type: str
    is_filled: bool = False
    least: str = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    """A reason not to count a record: its code, SQL that is true for such records, and the column that shows it."""

    code: str
    condition: str
    column: StoredColumn


def column_expression(name: str, top_level: Mapping[str, str]) -> str:
    """Return SQL for a column, or for a field inside one.

    Raises:
        UnknownValueError: There is no such column.
    """
    first = name.split(".", maxsplit=1)[0]
    if name not in top_level and first not in top_level:
        raise UnknownValueError("column of the events", name, top_level, "Name the column in the mapping as the file does.")
    parts = [name] if name in top_level else name.split(".")
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def event_select(
    mapping: EventMapping,
    columns: Mapping[str, StoredColumn],
    *,
    month: Month | None,
    grain: Grain,
    key_hash: str,
    source_file: str,
    table: str,
    condition: str = "",
) -> str:
    """Write the SELECT that makes `event` of stored records.

    Args:
        mapping: Roles of the columns.
        columns: The stored columns by their names in the mapping.
        month: Month of all records; ``None`` for records whose time cannot be read.
        grain: Whether ``used_on`` is the day or the first day of the month.
        key_hash: SQL for a hash of the record's key, the same for the same `key_text`.
        source_file: SQL for the user's file that a record came from.
        table: SQL table expression that holds the records.
        condition: SQL over the stored columns that the records must meet; empty takes all.
    """
    rules = tuple(_rules(mapping, columns, month))
    reasons = " ".join(f"WHEN {rule.condition} THEN '{rule.code}'" for rule in rules)
    shown = " ".join(f"WHEN {rule.condition} THEN {_text(rule.column)}" for rule in rules)
    used_at = read_time(columns[mapping.used_at])
    first_day = literal(month.first_day) if month else "CAST(NULL AS DATE)"
    selected = {
        "key_hash": key_hash,
        "event_key": key_text(mapping, columns),
        "account_id": _text(columns[mapping.account_id]),
        "meter": _text(columns[mapping.meter]),
        "dimensions": _dimensions(mapping, columns),
        "used_at": used_at,
        "used_on": first_day if grain is Grain.MONTH else f"CAST({used_at} AS DATE)",
        "quantity": _quantity(mapping, columns),
        "accepted": " AND ".join(f"NOT ({rule.condition})" for rule in rules) or "TRUE",
        "reason": f"CASE {reasons} END" if rules else "CAST(NULL AS VARCHAR)",
        "shown": f"CASE {shown} END" if rules else "CAST(NULL AS VARCHAR)",
        "source_file": source_file,
    }
    listed = ",\n  ".join(f"{expression} AS {name}" for name, expression in selected.items())
    return f"SELECT\n  {listed}\nFROM {table}" + (f"\nWHERE {condition}" if condition else "")


def key_text(mapping: EventMapping, columns: Mapping[str, StoredColumn]) -> str:
    """Return SQL for a record's key as one text."""
    return f" || '{SEPARATOR}' || ".join(_text(columns[name]) for name in mapping.key)


def read_time(column: StoredColumn) -> str:
    """Return SQL for a column's time as a UTC TIMESTAMP; NULL when it is none.

    Raises:
        ConfigurationError: The column's type is neither a time nor text.
    """
    if column.type in {"TIMESTAMP", "TIMESTAMP_NTZ"}:
        return column.expression
    if column.type.startswith("TIMESTAMP") or column.type == "DATE":
        return f"CAST({column.expression} AS TIMESTAMP)"
    if _is_text(column):
        return f"CAST(TRY_CAST({column.expression} AS TIMESTAMPTZ) AS TIMESTAMP)"
    raise ConfigurationError(
        f"Column {column.expression} is mapped to used_at and holds {column.type}.",
        valid="Valid: TIMESTAMP, DATE, or text such as 2024-05-01T12:00:00Z.",
        remedy="Map another column, or write times that way.",
    )


def month_of(used_at: str) -> str:
    """Return SQL for the month of a time, counted as `Month` does; NULL before the year 1, after 9999, and without a time."""
    return f"CASE WHEN YEAR({used_at}) BETWEEN 1 AND 9999 THEN YEAR({used_at}) * 12 + MONTH({used_at}) - 1 END"


def _rules(mapping: EventMapping, columns: Mapping[str, StoredColumn], month: Month | None) -> Iterator[_Rule]:
    """Yield the reasons in the order in which they are told; those that the files' statistics rule out are left out."""
    for name in mapping.key:
        yield from _missing("MISSING_EVENT_ID", columns[name])
    yield from _missing("MISSING_ACCOUNT_ID", columns[mapping.account_id])
    meter = columns[mapping.meter]
    yield from _missing("MISSING_METER", meter)
    if mapping.meters:
        known = ", ".join(literal(each) for each in mapping.meters)
        yield _Rule("UNKNOWN_METER", f"{_text(meter)} NOT IN ({known})", meter)
    yield from _time_rules(mapping, columns[mapping.used_at], month)
    if mapping.quantity:
        yield from _quantity_rules(mapping, columns[mapping.quantity])


def _missing(code: str, column: StoredColumn) -> Iterator[_Rule]:
    if not column.is_filled:
        yield _Rule(code, f"{column.expression} IS NULL", column)
    if _is_text(column) and not (column.is_filled and column.least):
        yield _Rule(code, f"COALESCE({column.expression}, 'x') = ''", column)


def _time_rules(mapping: EventMapping, column: StoredColumn, month: Month | None) -> Iterator[_Rule]:
    used_at = read_time(column)
    if not column.is_filled:
        yield _Rule("MISSING_USED_AT", f"{column.expression} IS NULL", column)
    if month is None:
        yield _Rule("NOT_A_DATE", "TRUE", column)
    elif _is_text(column):
        yield _Rule("NOT_A_DATE", f"{used_at} IS NULL", column)
    if mapping.before:
        yield _Rule("TIME_IN_FUTURE", f"COALESCE({used_at} >= {literal(mapping.before)}, FALSE)", column)


def _quantity_rules(mapping: EventMapping, column: StoredColumn) -> Iterator[_Rule]:
    quantity = _read_quantity(column)
    if not column.is_filled:
        yield _Rule("MISSING_QUANTITY", f"{column.expression} IS NULL", column)
    if not _fits(column):
        # NaN is greater than every number
        finite = f"COALESCE(ABS(TRY_CAST({column.expression} AS DOUBLE)) < 1e300, FALSE)"
        yield _Rule("QUANTITY_OUT_OF_RANGE", f"{quantity} IS NULL AND {finite}", column)
        yield _Rule("NOT_A_NUMBER", f"{quantity} IS NULL", column)
    if not mapping.allow_negative and not (_fits(column) and column.least and not column.least.startswith("-")):
        yield _Rule("NEGATIVE_QUANTITY", f"COALESCE({quantity} < 0, FALSE)", column)


def _quantity(mapping: EventMapping, columns: Mapping[str, StoredColumn]) -> str:
    return _read_quantity(columns[mapping.quantity]) if mapping.quantity else "CAST(1 AS DECIMAL(18,6))"


def _read_quantity(column: StoredColumn) -> str:
    cast = "CAST" if _fits(column) else "TRY_CAST"
    return f"{cast}({column.expression} AS DECIMAL(18,6))"


def _fits(column: StoredColumn) -> bool:
    """Whether every value of the column's type is a number with up to 12 digits before the point and 6 after it."""
    if found := re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", column.type):
        digits, scale = int(found[1]), int(found[2])
        return scale <= 6 and digits - scale <= 12
    return column.type in {"TINYINT", "SMALLINT", "INTEGER", "INT"}


def _dimensions(mapping: EventMapping, columns: Mapping[str, StoredColumn]) -> str:
    given = (f"CASE WHEN {columns[name].expression} IS NOT NULL THEN {literal(_leaf(name) + '=')} || {_text(columns[name])} END"
             for name in sorted(mapping.dimensions, key=_leaf))  # fmt: skip
    return f"CONCAT_WS(';', {', '.join(given)})" if mapping.dimensions else "''"


def _leaf(name: str) -> str:
    return name.rsplit(".", 1)[-1]


def _is_text(column: StoredColumn) -> bool:
    return column.type in {"VARCHAR", "STRING"}


def _text(column: StoredColumn) -> str:
    return column.expression if _is_text(column) else f"CAST({column.expression} AS VARCHAR)"
