"""What of a table is shown: sorted, filtered and cut into pages by the page's URL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from growthring.console.asked import Asked
from growthring.console.blocks import Table

_FILTERED_FROM = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of a table.

    Attributes:
        rows: Its rows.
        count: Rows that match, on all pages.
        page: Number of this page, from 1.
        pages: Number of pages.
        sort: Column sorted by, with ``-`` before it for the largest first; empty for the order of the Answer.
        find: Text that rows are filtered by.
        can_find: Whether a filter is offered.
    """

    rows: Sequence[Mapping[str, Any]]
    count: int
    page: int
    pages: int
    sort: str
    find: str
    can_find: bool


def shown(table: Table, asked: Asked, *, every: bool = False) -> Shown:
    """Return the page of a table that a URL asks for.

    Args:
        table: The table.
        asked: Parameters ``NAME.sort``, ``NAME.find`` and ``NAME.page`` count.
        every: Whether all matching rows are wanted, as for an export.
    """
    sort, find = asked.get(f"{table.name}.sort"), asked.get(f"{table.name}.find")
    rows = table.rows
    if table.total is None:
        rows = ordered(matching(table, find), sort, {column.name for column in table.columns})
    count = len(rows) if table.total is None else table.total
    pages = max(1, -(-count // table.page_size))
    page = asked.number(f"{table.name}.page", 1, most=pages)
    if table.total is None and not every:
        rows = rows[(page - 1) * table.page_size : page * table.page_size]
    can_find = table.find and (bool(find) or len(table.rows) > _FILTERED_FROM or table.total is not None)
    return Shown(rows, count, page, pages, sort, find, can_find)


def matching(table: Table, find: str) -> list[Mapping[str, Any]]:
    """Return the rows in which some column holds a text, whatever its case."""
    wanted = find.casefold()
    names = [column.name for column in table.columns]
    words = {column.name: column.words for column in table.columns}

    def holds(row: Mapping[str, Any]) -> bool:
        return any(
            wanted in str(row.get(name) or "").casefold() or wanted in words[name].get(str(row.get(name)), "").casefold()
            for name in names
        )

    return [row for row in table.rows if not wanted or holds(row)]


def ordered(rows: Sequence[Mapping[str, Any]], sort: str, columns: set[str]) -> list[Mapping[str, Any]]:
    """Return rows in an order: figures by size, text by letters, what is absent last."""
    name = sort.removeprefix("-")
    if name not in columns:
        return list(rows)
    there = [row for row in rows if row.get(name) not in (None, "")]
    absent = [row for row in rows if row.get(name) in (None, "")]
    figures = [figure(row[name]) for row in there]
    if all(each is not None for each in figures):
        placed = [
            row for _, row in sorted(zip(figures, there, strict=True), key=lambda pair: pair[0] or 0, reverse=sort[0] == "-")
        ]
    else:
        placed = sorted(there, key=lambda row: str(row[name]).casefold(), reverse=sort[0] == "-")
    return [*placed, *absent]


def figure(value: object) -> Decimal | None:
    """Return a value as an exact number, or nothing where it is text."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
