"""Which rows are taken, and what is wrong with the others: one rule, one code, in a fixed order; the first that fits counts."""

from collections.abc import Iterator
from dataclasses import dataclass

from growthring.engine.relation import literal
from growthring.kernel.currency import EXPONENT
from growthring.sources.mapping import CURRENCY_COLUMNS, BoundMapping
from growthring.tables import Column, ColumnType

_OURS = ("known_at", "source_file", "source_row", "valid_from")
_FAILURE = {
    "number": (
        "NOT_A_NUMBER",
        "a number",
        "Write plain numbers with a decimal point, or map for instance replace(Amount, ',', '').",
    ),
    "date": ("NOT_A_DATE", "a date", 'Write dates as 2011-11-30, or give the format in [sources.types]: "date:%d/%m/%Y".'),
    "timestamp": ("NOT_A_DATE", "a time", 'Write times as 2011-11-30 08:15:00, or give the format: "timestamp:%d/%m/%Y %H:%M".'),
    "boolean": ("NOT_A_BOOLEAN", "true or false", "Write true or false, or map an expression that says so."),
    "whole": ("NOT_A_WHOLE_NUMBER", "a whole number", "Write a whole number."),
}
_KIND = {ColumnType.DATE: "date", ColumnType.INSTANT: "timestamp", ColumnType.COUNT: "whole"}


@dataclass(frozen=True)
class Rule:
    """A reason to reject a row.

    Attributes:
        code: Problem code.
        condition: SQL over the mapped row; true rejects it.
        message: SQL text expression that says what is wrong, with the value.
        remedy: What to do about it.
    """

    code: str
    condition: str
    message: str
    remedy: str


def rules_of(mapping: BoundMapping) -> tuple[Rule, ...]:
    """Return the rules a file's rows are judged by, in order."""
    return (
        *_exclusions(mapping),
        *_misread_columns(mapping),
        *_overflows(mapping),
        *_misread_outcomes(mapping),
        *_missing(mapping),
        *_unknown(mapping),
        *_checks(mapping),
        *_times_of_use(mapping),
    )


def _exclusions(mapping: BoundMapping) -> Iterator[Rule]:
    for index, (rule, _) in enumerate(mapping.excludes):
        remedy = "Nothing, if that is meant; otherwise change the exclude rule of the source."
        yield Rule(rule.code, f"e_{index}", literal(f"Left out: {rule.because}."), remedy)


def _misread_columns(mapping: BoundMapping) -> Iterator[Rule]:
    for part in mapping.used:
        how, index = part[0], int(part[1:])
        kind = "number" if how == "n" else mapping.types.get(index, "text").split(":")[0]
        if how == "s" or kind == "text":
            continue
        code, wanted, remedy = _FAILURE[kind]
        name = mapping.reading.columns[index]
        too_large = f"isfinite(TRY_CAST(c{index} AS DOUBLE))"
        if kind == "number":
            condition = _lazily(f"{part} IS NULL", f"c{index} IS NOT NULL AND {too_large}")
            yield Rule("AMOUNT_OUT_OF_RANGE", condition, _shown(f"Column {name} is too large:", f"c{index}"), _TOO_LARGE)
        message = _shown(f"Column {name} is not {wanted}:", f"c{index}")
        yield Rule(code, f"{part} IS NULL AND c{index} IS NOT NULL", message, remedy)


_TOO_LARGE = "Check the unit of the source; an amount has up to 14 digits before the point."


def _lazily(first: str, then: str) -> str:
    """Return the SQL of `first AND then` that computes the costly second part only where the first holds."""
    return f"CASE WHEN {first} THEN {then} ELSE false END"


def _overflows(mapping: BoundMapping) -> Iterator[Rule]:
    for name, expression in mapping.columns.items():
        if expression.arithmetic and expression.columns:
            given = " AND ".join(f"c{index} IS NOT NULL" for index in sorted(expression.columns))
            message = literal(f"The calculation of {name} leaves the range of exact numbers.")
            yield Rule("AMOUNT_OUT_OF_RANGE", f"x_{name} IS NULL AND {given}", message, _TOO_LARGE)


def _misread_outcomes(mapping: BoundMapping) -> Iterator[Rule]:
    for column in mapping.table.columns:
        name = column.name
        if name not in mapping.columns or column.type is ColumnType.TEXT:
            continue
        kind = _KIND.get(column.type, "number")
        code, wanted, remedy = _FAILURE[kind]
        shown = f"_clean(CAST(x_{name} AS VARCHAR))"
        if kind in ("number", "whole"):
            finite = f"isfinite(TRY_CAST({shown} AS DOUBLE))"
            whole = f" AND abs(TRY_CAST({shown} AS DOUBLE)) > 1e15" if kind == "whole" else ""
            lost = _lazily(f"w_{name} IS NULL", f"{shown} IS NOT NULL AND {finite}{whole}")
            yield Rule("AMOUNT_OUT_OF_RANGE", lost, _shown(f"{name} is too large:", shown), _TOO_LARGE)
        yield Rule(code, _lazily(f"v_{name} IS NULL", f"{shown} IS NOT NULL"), _shown(f"{name} is not {wanted}:", shown), remedy)


def _missing(mapping: BoundMapping) -> Iterator[Rule]:
    for column in mapping.table.columns:
        if column.required and column.name not in _OURS:
            message = literal(f"The row has no {column.name}: {column.meaning.rstrip('.')}.")
            remedy = f"Fill it in the source, or map {column.name} to a column that has it."
            yield Rule(f"MISSING_{column.name.upper()}", f"{column.name} IS NULL", message, remedy)


def _unknown(mapping: BoundMapping) -> Iterator[Rule]:
    for column in mapping.table.columns:
        if column.name in CURRENCY_COLUMNS:
            message = _shown("Not an ISO 4217 currency code:", column.name)
            remedy = "Write the three-letter code, such as USD, or map an expression that makes it."
            codes = ", ".join(literal(code) for code in sorted(EXPONENT))
            yield Rule("UNKNOWN_CURRENCY", f"{column.name} IS NOT NULL AND {column.name} NOT IN ({codes})", message, remedy)
        elif column.values:
            yield _unknown_value(column)


def _unknown_value(column: Column) -> Rule:
    message = _shown(f"Unknown {column.name}:", column.name)
    known = ", ".join(literal(value) for value in column.values)
    remedy = f"Valid: {', '.join(column.values)}. Map an expression such as CASE … END that yields one of them."
    return Rule("UNKNOWN_VALUE", f"{column.name} NOT IN ({known})", message, remedy)


def _checks(mapping: BoundMapping) -> Iterator[Rule]:
    for check in mapping.table.checks:
        yield Rule(check.code, f"NOT coalesce({check.condition}, true)", literal(check.message), check.remedy)


def _times_of_use(mapping: BoundMapping) -> Iterator[Rule]:
    """Yield the rules on when a usage record may have been used, seen from when it became known."""
    if mapping.table.name != "usage":
        return
    config = mapping.source.config
    tolerance = config.future_tolerance_hours
    written = f"TIMESTAMP '{mapping.file_time:%Y-%m-%d %H:%M:%S}'"
    yield Rule(
        "TIME_IN_FUTURE",
        f"used_at > coalesce(v_known_at, {written}) + INTERVAL ({tolerance}) HOUR",
        f"'Used at ' || used_at || ', but ' || CASE WHEN v_known_at IS NULL THEN 'its file was written at ' || {written} "
        "ELSE 'known at ' || v_known_at END || '.'",
        "Correct the sender's clock or time zone, or map known_at; future_tolerance_hours of the source says what is allowed.",
    )
    if config.late_window_days is not None:
        yield Rule(
            "TOO_LATE",
            f"v_known_at > used_at + INTERVAL ({config.late_window_days}) DAY",
            "'Used at ' || used_at || ', but known only at ' || v_known_at || '.'",
            f"Nothing, if such records are not billed; otherwise widen late_window_days (now {config.late_window_days}) "
            "of the source.",
        )


def _shown(lead: str, value: str) -> str:
    return f"{literal(lead + ' ')} || left(CAST({value} AS VARCHAR), 80)"
