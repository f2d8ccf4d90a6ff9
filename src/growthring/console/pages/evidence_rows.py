"""Rows behind a figure as a table: codes in words, customers that can be opened, no column that holds nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from growthring.console.answers import columns_of, metric_name
from growthring.console.asked import link
from growthring.console.blocks import Column, Table
from growthring.console.pages.account_chosen import LINE_KINDS, STATES, TERM_STATES
from growthring.console.terms import DRIVERS, MOVEMENT_NAMES, ROW_KINDS, worded
from growthring.console.visit import Visit
from growthring.operations.answer import Answer
from growthring.revenue.metrics import METRICS

_ACCOUNTS = ("customer", "account", "account_id")
_CODES: Mapping[str, Mapping[str, str]] = {
    "movement": MOVEMENT_NAMES,
    "step": MOVEMENT_NAMES,
    "driver": DRIVERS,
    "reason": DRIVERS,
    "line_kind": LINE_KINDS,
    "type": LINE_KINDS,
    "state": {**STATES, **TERM_STATES},
    "unit": {"ratio": "share", "count": "number"},
}
_PAGE_SIZE = 12


def rows_table(visit: Visit, found: Answer, rows: Sequence[Mapping[str, Any]], kind: str) -> Table:
    """Return the rows of a kind as a table."""
    columns = [
        _worded(visit, column)
        for column in columns_of(visit, rows, found.unit)
        if any(row.get(column.name) not in (None, "") for row in rows)
    ]
    name = next((column.name for column in columns if column.name in _ACCOUNTS), "")
    if name:
        rows = [{**row, "_page": _page(row.get(name))} for row in rows]
        columns = [replace(column, href="_page") if column.name in (name, "name") else column for column in columns]
    title = visit.words(ROW_KINDS.get(kind, kind)) if kind else ""
    return Table(f"rows-{kind}" if kind else "rows", columns, rows, title, page_size=_PAGE_SIZE)


def _worded(visit: Visit, column: Column) -> Column:
    if column.name == "metric":
        return replace(column, words={name: metric_name(visit, name) for name in METRICS})
    if column.name in _CODES:
        return replace(column, words=worded(_CODES[column.name], visit))
    return column


def _page(account: object) -> str:
    """Return the page of a customer; a row of the rest, such as ``(3 other customers)``, has none."""
    return "" if account is None or str(account).startswith("(") else link("/account", id=account)
