"""Tables as files: CSV and XLSX in which no cell can act as a formula."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from growthring.console.blocks import Column, Table

_ACTS = frozenset("=+-@＝＋－＠")
_BREAKS = ("\t", "\r", "\n")
_EXACT_IN_A_SPREADSHEET = 15
_LINES_AT_ONCE = 1_000


def csv_of(table: Table) -> Iterator[str]:
    """Yield a table as CSV, some lines at a time; amounts keep every digit.

    Text that a spreadsheet would run as a formula gets an apostrophe before it; numbers, negative ones too, stay numbers.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([harmless(column.name) for column in table.columns])
    yield "\ufeff" + _taken(out)
    for number, row in enumerate(table.rows, 1):
        writer.writerow([_text(row.get(column.name), column) for column in table.columns])
        if number % _LINES_AT_ONCE == 0:
            yield _taken(out)
    yield _taken(out)


def xlsx_of(table: Table, about: Sequence[tuple[str, str]]) -> bytes:
    """Return a table as a workbook, with a second sheet that says what it is.

    Args:
        table: The table with all its rows.
        about: Names and values of the second sheet: page, policy, snapshot, address.
    """
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    bold, shares = book.add_format({"bold": True}), book.add_format({"num_format": "0.0%"})
    sheet = book.add_worksheet("data")
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(table.columns):
        sheet.write_string(0, place, column.label or column.name, bold)
        sheet.set_column(place, place, 18)
    for line, row in enumerate(table.rows, 1):
        for place, column in enumerate(table.columns):
            value = row.get(column.name)
            number = _number(value, column)
            if number is not None:
                sheet.write_number(line, place, number, shares if column.shape == "share" else None)
            elif value is not None:
                sheet.write_string(line, place, str(value))
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
    told = book.add_worksheet("about")
    told.set_column(0, 1, 40)
    for line, (name, value) in enumerate(about):
        told.write_string(line, 0, name, bold)
        told.write_string(line, 1, value)
    book.close()
    return out.getvalue()


def harmless(text: str) -> str:
    """Return text that no spreadsheet runs.

    Example:
        >>> harmless("=1+1"), harmless("Ringwood"), harmless(" @cmd")
        ("'=1+1", 'Ringwood', "' @cmd")
    """
    first = next(
        (letter for letter in text if letter.isprintable() and not letter.isspace()), ""
    )  # what is not seen may be skipped
    return "'" + text if first in _ACTS or text.startswith(_BREAKS) else text


def _text(value: Any, column: Column) -> str:  # noqa: ANN401 - any cell
    if value is None:
        return ""
    return str(value) if _exact(value, column) is not None else harmless(str(value))


def _number(value: Any, column: Column) -> float | None:  # noqa: ANN401 - any cell
    """Return a cell as a number, where it is one that a spreadsheet can hold without losing digits."""
    exact = _exact(value, column)
    if exact is None or (not isinstance(value, float) and len(exact.as_tuple().digits) > _EXACT_IN_A_SPREADSHEET):
        return None
    return float(exact)


def _exact(value: Any, column: Column) -> Decimal | None:  # noqa: ANN401 - any cell
    """Return a cell of a column of figures as a number, or nothing where it is text."""
    if isinstance(value, bool) or value is None or column.shape in ("text", "name", "month", "code", "long", "instant"):
        return None
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        return None
    return exact if exact.is_finite() else None


def rows_as_shown(table: Table, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with the columns of a table alone, as its JSON twin has them."""
    return [{column.name: row.get(column.name) for column in table.columns} for row in rows]


def _taken(out: io.StringIO) -> str:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text
