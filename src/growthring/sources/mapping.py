"""From a file's rows to canonical rows: the mapping of a source, bound to the columns a file has, as SQL.

The SQL is a chain of stages, each adding columns: `c` as read, `t`/`n`/`s` as declared, as a number, as text, `x_` the outcome of
an expression, `v_` the same in the canonical type, `w_` rounded and with constant defaults, and at last the canonical columns.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import sqlglot
from sqlglot import exp

from growthring.kernel.errors import ConfigurationError
from growthring.sources.config import Exclude
from growthring.sources.expressions import Expression, bind_expression
from growthring.sources.macros import NUMBER
from growthring.sources.presets import ResolvedSource
from growthring.sources.raw import RAW, Reading
from growthring.sources.usage_records import identifier_of
from growthring.tables import Column, ColumnType, Table

ALWAYS = "DATE '0001-01-01'"
"""The valid_from of a row that says nothing of its beginning."""

CURRENCY_COLUMNS = ("currency", "base_currency", "quote_currency")

_KNOWN_AT = {
    "invoice_line": "issued_on",
    "contract": "signed_on",
    "contract_line": "starts_on",
    "usage": "used_at",
    "fx_rate": "rate_on",
    "account": "v_valid_from",
    "account_attribute": "v_valid_from",
}
_ROUNDED = ("invoice_line",)
_DISCOUNTS = ("recurring_discount_amount", "one_off_discount_amount")
_NUMBERS = (ColumnType.AMOUNT, ColumnType.QUANTITY, ColumnType.UNIT_PRICE, ColumnType.RATE, ColumnType.COUNT)


class MissingColumnsError(Exception):
    """The file lacks columns that the mapping names; becomes a problem row or, for all files of a source, an error."""

    def __init__(self, missing: Sequence[str]) -> None:
        self.missing = tuple(missing)
        super().__init__(", ".join(missing))


@dataclass(frozen=True)
class BoundMapping:
    """A source's mapping, bound to the columns of one file.

    Attributes:
        table: The canonical table.
        reading: The file.
        types: Declared types by column index.
        columns: Expression of each mapped canonical column.
        attributes: Expression of each account attribute.
        excludes: Exclusion rules with their conditions.
        within: Columns that separate copies of a line, by index.
        source: The source.
        file_time: When the file was written, UTC.
    """

    table: Table
    reading: Reading
    types: dict[int, str]
    columns: dict[str, Expression]
    attributes: dict[str, Expression]
    excludes: tuple[tuple[Exclude, Expression], ...]
    within: tuple[int, ...]
    source: ResolvedSource
    file_time: datetime

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """Every expression of the mapping."""
        return (*self.columns.values(), *self.attributes.values(), *(condition for _, condition in self.excludes))

    @property
    def used(self) -> tuple[str, ...]:
        """Names of the readings (`t3`, `n0`, …) that the expressions use."""
        return tuple(sorted({part for expression in self.expressions for part in expression.parts}))

    def amounts(self) -> tuple[Column, ...]:
        """Money columns of the table."""
        return tuple(column for column in self.table.columns if column.type is ColumnType.AMOUNT)


def bind_mapping(source: ResolvedSource, reading: Reading, file_time: datetime) -> BoundMapping:
    """Bind a source's expressions to a file's columns.

    Raises:
        MissingColumnsError: The file lacks columns that the source names itself.
        ConfigurationError: An expression cannot be used.
    """
    config = source.config
    missing: list[str] = []

    def choose(name: str, texts: Iterable[str], where: str) -> Expression | None:
        bound = [bind_expression(text, reading.columns, config.types, f"{where} (source {config.name})") for text in texts]
        fitting = next((expression for expression in bound if not expression.missing), None)
        required = name != "known_at" and any(column.name == name and column.required for column in config.contract.columns)
        if fitting is None and (name not in source.lenient or required):
            missing.extend(bound[0].missing)
        return fitting

    texts_of = dict(source.columns)
    if config.takes_canonical_names:
        texts_of |= {name: (name,) for name in _taken_as_named(config.contract, source.columns, reading)}
    columns = {name: choose(name, texts, name) for name, texts in texts_of.items()}
    attributes = {name: choose(name, texts, f"attribute {name}") for name, texts in source.attributes.items()}
    excludes = [(rule, choose(rule.code, (rule.when,), f"exclude {rule.code}")) for rule in config.exclude]
    missing.extend(name for name in config.occurrence_within if name not in reading.columns)
    if missing:
        raise MissingColumnsError(tuple(dict.fromkeys(missing)))
    return BoundMapping(
        table=config.contract,
        reading=reading,
        types={index: config.types[name] for index, name in enumerate(reading.columns) if name in config.types},
        columns={name: expression for name, expression in columns.items() if expression},
        attributes={name: expression for name, expression in attributes.items() if expression},
        excludes=tuple((rule, condition) for rule, condition in excludes if condition),
        within=tuple(reading.columns.index(name) for name in config.occurrence_within),
        source=source,
        file_time=file_time,
    )


def _taken_as_named(table: Table, mapped: Iterable[str], reading: Reading) -> Iterator[str]:
    """Yield canonical columns that nobody mapped and that the file has, or must have, under their own names."""
    for column in table.columns:
        needed = column.required and column.default is None and column.name != "known_at"
        ours = column.name in ("source_file", "source_row")
        if column.name not in mapped and not ours and (needed or column.name in reading.columns):
            yield column.name


def mapped_rows(connection: duckdb.DuckDBPyConnection, mapping: BoundMapping, file: str) -> str:
    """Return a SELECT whose rows carry the canonical columns beside everything that judging them needs.

    Raises:
        ConfigurationError: DuckDB cannot make sense of an expression, for instance text where a number is needed.
    """
    evaluated = f"SELECT *, {_evaluated(mapping)} FROM ({_declared(mapping, file)})"
    try:
        described = connection.execute(f"DESCRIBE {evaluated}").fetchall()
    except duckdb.Error as error:
        raise ConfigurationError(
            f"A mapping of {mapping.table.name} cannot be computed from {file}: {str(error).splitlines()[0]}",
            valid="A column of a CSV, XLSX or JSON file is text unless [sources.types] says number, date, timestamp or boolean.",
            remedy='Add for instance Quantity = "number" under [sources.types].',
        ) from None
    types = {str(row[0]): str(row[1]) for row in described}
    converted = f"SELECT *, {_converted(mapping, types)} FROM ({evaluated})"
    rounded = f"SELECT *, {_rounded(mapping)} FROM ({converted})"
    filled = f"SELECT *, {_filled(mapping)} FROM ({rounded})"
    return f"SELECT *, {_provenance(mapping)} FROM ({filled})"


def _declared(mapping: BoundMapping, file: str) -> str:
    values = [f"{reading_of(mapping, part)} AS {part}" for part in mapping.used]
    numbered = any(expression.occurrence for expression in mapping.expressions)
    if numbered:
        values.append("coalesce(repeated._occurrence, 1) AS _occurrence")
    quoted = file.replace("'", "''")
    values.append(f"'{quoted}' AS _file")
    copies = f" LEFT JOIN ({_copies(mapping)}) AS repeated USING (_row)" if numbered else ""
    return f"SELECT {RAW}.*, {', '.join(values)} FROM {RAW}{copies}"


def _copies(mapping: BoundMapping) -> str:
    """Number rows that say the same; rows that stand alone, nearly all of them, stay out of the costly numbering."""
    said = [f"c{index}" for index in range(len(mapping.reading.columns)) if index not in mapping.within]
    group = ", ".join(["_said", *(f"c{index}" for index in mapping.within)])
    hashed = (
        f"SELECT _row, hash({', '.join(said) or '0'}) AS _said{''.join(f', c{index}' for index in mapping.within)} FROM {RAW}"
    )
    return (
        f"WITH hashed AS MATERIALIZED ({hashed}), twice AS (SELECT _said FROM hashed GROUP BY _said HAVING count(*) > 1) "
        f"SELECT _row, row_number() OVER (PARTITION BY {group} ORDER BY _row) AS _occurrence "
        "FROM hashed SEMI JOIN twice USING (_said)"
    )


def reading_of(mapping: BoundMapping, part: str) -> str:
    """Return the SQL that reads a file's column: `t` as declared, `n` as a number, `s` as text."""
    how, index = part[0], int(part[1:])
    kind = mapping.reading.types[index]
    column = f"c{index}"
    text = as_text(column, kind)
    declared = {"n": "number", "s": "text", "t": mapping.types.get(index, "")}[how]
    name, _, pattern = declared.partition(":")
    stamp = f"try_strptime({text}, '{pattern.replace(chr(39), chr(39) * 2)}')" if pattern else ""
    return {
        "": column,
        "text": text,
        "number": _number(column, kind),
        "date": f"CAST({stamp} AS DATE)" if stamp else _day(column, kind),
        "timestamp": stamp or _instant(column, kind),
        "boolean": column if kind == "BOOLEAN" else f"_flag({text})",
    }[name]


def _evaluated(mapping: BoundMapping) -> str:
    values = [f"TRY({expression.sql}) AS x_{name}" for name, expression in mapping.columns.items()]
    values += [f"TRY({expression.sql}) AS a_{index}" for index, expression in enumerate(mapping.attributes.values())]
    values += [f"TRY({condition.sql}) AS e_{index}" for index, (_, condition) in enumerate(mapping.excludes)]
    return ", ".join(values)


def _converted(mapping: BoundMapping, types: dict[str, str]) -> str:
    values = []
    for column in mapping.table.columns:
        name = f"x_{column.name}"
        tidy = column.name in mapping.columns and mapping.columns[column.name].tidy
        value = _canonical(column, name, types[name], tidy) if name in types else f"CAST(NULL AS {column.type.value})"
        values.append(f"{value} AS v_{column.name}")
        if column.name == "currency":
            values.append(f"_exponent({value}) AS _digits")
    for index in range(len(mapping.attributes)):
        values.append(f"_clean({as_text(f'a_{index}', types[f'a_{index}'])}) AS attribute_{index}")
    return ", ".join(values)


def _canonical(column: Column, value: str, kind: str, tidy: bool) -> str:
    if column.type in _NUMBERS:
        if column.type is ColumnType.AMOUNT:
            return _number(value, kind)
        number = value if _is_number(kind) else _number(value, kind)
        whole = f"CASE WHEN {number} = floor({number}) THEN {number} END" if column.type is ColumnType.COUNT else number
        return f"TRY_CAST({whole} AS {column.type.value})"
    if column.type is ColumnType.DATE:
        return _day(value, kind)
    if column.type is ColumnType.INSTANT:
        return _instant(value, kind)
    text = f"nullif({as_text(value, kind)}, '')" if tidy else f"_clean({as_text(value, kind)})"
    return f"upper({text})" if column.name in CURRENCY_COLUMNS else text


def _number(value: str, kind: str) -> str:
    if kind == "VARCHAR":
        return f"_number({value})"
    if kind in ("DOUBLE", "FLOAT"):
        return f"_number(_plain({value}))"
    return f"TRY_CAST({value} AS {NUMBER})" if _is_number(kind) else f"_number(CAST({value} AS VARCHAR))"


def _day(value: str, kind: str) -> str:
    if kind in ("DATE", "TIMESTAMP"):
        return f"CAST({value} AS DATE)"
    return f"_day({as_text(value, kind)})"


def _instant(value: str, kind: str) -> str:
    if kind in ("DATE", "TIMESTAMP"):
        return f"CAST({value} AS TIMESTAMP)"
    return f"_instant({as_text(value, kind)})"


def as_text(value: str, kind: str) -> str:
    """Return the SQL that writes a value of a DuckDB type as the text a person would write."""
    if kind == "VARCHAR":
        return value
    if kind in ("DOUBLE", "FLOAT"):
        return f"_plain({value})"
    return f"_unpadded({value})" if kind.startswith("DECIMAL") else f"CAST({value} AS VARCHAR)"


def _is_number(kind: str) -> bool:
    return kind.startswith("DECIMAL") or kind.endswith(("INT", "INTEGER"))


def _rounded(mapping: BoundMapping) -> str:
    values = []
    for column in mapping.table.columns:
        value = f"v_{column.name}"
        if column.type is ColumnType.AMOUNT and column.name in mapping.columns:
            if mapping.table.name in _ROUNDED:
                cases = " ".join(f"WHEN {n} THEN CAST(round({value}, {n}) AS DECIMAL(38,4))" for n in (0, 2, 3))
                value = f"CASE _digits {cases} ELSE TRY_CAST({value} AS DECIMAL(38,4)) END"
            value = f"TRY_CAST({value} AS {column.type.value})"
        if column.default is not None and not _refers(column.default):
            value = f"CASE WHEN v_{column.name} IS NULL THEN CAST({column.default} AS {column.type.value}) ELSE {value} END"
        values.append(f"{value} AS w_{column.name}")
    return ", ".join(values)


def _filled(mapping: BoundMapping) -> str:
    """Fill columns whose default is another column; a list amount that nobody gave is the amount before its discounts."""
    values = []
    for column in mapping.table.columns:
        value = f"w_{column.name}"
        if column.name == "list_amount" and not mapping.columns.keys() & {"list_amount", *_DISCOUNTS}:
            value = "w_amount"
        elif column.name == "list_amount" and "recurring_discount_amount" in mapping.table.column_names:
            exact = "coalesce(v_list_amount - coalesce(v_recurring_discount_amount, 0) - coalesce(v_one_off_discount_amount, 0)"
            sums = "w_amount + w_recurring_discount_amount + w_one_off_discount_amount"
            value = f"CASE WHEN {exact} = v_amount, true) THEN TRY_CAST({sums} AS {column.type.value}) ELSE {value} END"
        elif column.name == "usage_id":
            value = identifier_of(mapping.source.dedupe)
        elif column.default is not None and _refers(column.default):
            value = f"CASE WHEN v_{column.name} IS NULL THEN w_{column.default} ELSE {value} END"
        if column.name not in ("known_at", "valid_from", "source_file", "source_row"):
            values.append(f"{value} AS {column.name}")
    return ", ".join(values)


def _provenance(mapping: BoundMapping) -> str:
    known = _KNOWN_AT.get(mapping.table.name, "NULL")
    values = [
        f"coalesce(v_known_at, CAST({known} AS TIMESTAMP), TIMESTAMP '1970-01-01 00:00:00') AS known_at",
        "_file AS source_file",
        "_row AS source_row",
    ]
    if "valid_from" in mapping.table.column_names:
        values.append(f"coalesce(v_valid_from, {ALWAYS}) AS valid_from")
    return ", ".join(values)


def _refers(default: str) -> bool:
    return sqlglot.parse_one(default, dialect="duckdb").find(exp.Column) is not None
