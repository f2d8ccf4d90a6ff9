"""Printing: answers and tables for people, JSON for machines; data to stdout, everything else to stderr."""

import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from growthring.operations.answer import Answer

_WIDE = 140
_BARS = 24
_HIDDEN = ("kind",)
_NAMES = ("customer", "account", "account_id", "product", "product_id", "name", "row_key", "vintage", "at")
"""Columns that hold names, even when a name is made of digits alone."""


def console() -> "Console":
    """Return the console for stdout, as wide as the terminal or wide enough for a file."""
    from rich.console import Console

    width = shutil.get_terminal_size((_WIDE, 40)).columns if sys.stdout.isatty() else _WIDE
    return Console(width=width, highlight=False, soft_wrap=False, markup=False, emoji=False, no_color=not sys.stdout.isatty())


def say(text: str = "") -> None:
    """Print a line of text to stdout."""
    sys.stdout.write(text + "\n")


def tell(text: str) -> None:
    """Print a line for the person, not the pipe."""
    sys.stderr.write(text + "\n")


def print_json(value: object) -> None:
    """Print a value as JSON."""
    say(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def pretty(value: object, unit: str) -> str:
    """Write a value as people read it: 1,234.50, 93.4 %, 12.

    Example:
        >>> pretty("1234.50", "USD per month"), pretty(0.934, "ratio"), pretty(None, "ratio")
        ('1,234.50', '93.4 %', 'undefined')
    """
    if value is None:
        return "undefined"
    if isinstance(value, int | float) and unit in ("ratio", "points"):
        return f"{value * 100:.1f} %" if unit == "ratio" else f"{value * 100:+.2f} points"
    if isinstance(value, int | float):
        return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}"
    return with_commas(str(value))


def with_commas(text: str) -> str:
    """Write exact decimal text with thousands separators; other text stays as it is."""
    digits, dot, rest = text.lstrip("-").partition(".")
    if not digits.isdigit() or (dot and not rest.isdigit()):
        return text
    sign = "-" if text.startswith("-") else ""
    return f"{sign}{int(digits):,}{dot}{rest}"


def print_table(
    rows: Sequence[Mapping[str, Any]], *, unit: str = "", columns: Iterable[str] | None = None, bar: str | None = None
) -> None:
    """Print rows as a table, numbers to the right, with a bar beside a column when asked."""
    from rich.table import Table

    if not rows:
        return
    names = list(columns) if columns else list(dict.fromkeys(name for row in rows for name in row if name not in _HIDDEN))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        numeric = name not in _NAMES and all(_is_number(row.get(name)) for row in rows)
        table.add_column(name.replace("_", " "), justify="right" if numeric else "left", overflow="fold")
    longest = max(
        (abs(float(row[bar])) for row in rows if bar and _is_number(row.get(bar)) and row.get(bar) is not None), default=0.0
    )
    if bar and longest:
        table.add_column("")
    for row in rows:
        counted_in = str(row.get("unit", unit))
        cells = [
            str(row.get(name) or "")
            if name in _NAMES
            else _cell(row.get(name), counted_in if name in ("value", "effect") else "")
            for name in names
        ]
        if bar and longest:
            cells.append("█" * round(abs(float(row[bar] or 0)) / longest * _BARS))
        table.add_row(*cells)
    console().print(table)


def print_cards(answer: "Answer") -> None:
    """Print an Answer whose rows have many columns: each row as a list of names and values."""
    print_answer(type(answer)(**answer.as_dict() | {"rows": [], "caveats": []}))
    for row in answer.rows:
        say()
        print_table([{"name": name.replace("_", " "), "value": value} for name, value in row.items() if value is not None])
    print_caveats(answer)


def print_answer(answer: "Answer", *, bar: bool = False) -> None:
    """Print an Answer: the figure first, then its rows, then what to know about it."""
    say(f"{answer.metric} at {answer.at}: {pretty(answer.value, answer.unit)}{_unit(answer)}")
    say(f"  {answer.definition}")
    say(f"  policy {answer.policy['name']} ({answer.policy['version']}), snapshot {answer.snapshot}")
    if answer.rows:
        say()
        print_table(answer.rows, unit=answer.unit, bar="value" if bar else None)
    print_caveats(answer)


def print_caveats(answer: "Answer") -> None:
    """Print what a reader must know before relying on an answer."""
    if answer.caveats:
        say()
    for caveat in answer.caveats:
        say(f"  ! {caveat}")


def print_bridge(answer: "Answer") -> None:
    """Print the gap between two policies: first by switch, then the customers under each switch."""
    unit = "points" if answer.unit == "ratio" else answer.unit
    counted = "" if unit == "points" else f" {unit}"
    say(f"{answer.metric} at {answer.at}, {answer.policy['name']}: {pretty(answer.value, unit)}{counted}")
    say(f"  {answer.definition}")
    for caveat in answer.caveats:
        say(f"  ! {caveat}")
    totals: dict[str, Decimal] = {}
    for row in answer.rows:
        totals[row["switch"]] = totals.get(row["switch"], Decimal(0)) + Decimal(str(row["effect"]))
    summed = [{"switch": name, "effect": float(total) if unit == "points" else str(total)} for name, total in totals.items()]
    if summed:
        say("\nBy switch")
        print_table(summed, unit=unit)
        say("\nBy customer")
        print_table(answer.rows, unit=unit)


def print_triangle(answer: "Answer") -> None:
    """Print cohorts as a triangle: a line a vintage, a column an age."""
    ages = sorted({row["age"] for row in answer.rows})
    shown = ages if len(ages) <= 13 else [age for age in ages if age % 3 == 0][:13]
    lines: dict[str, dict[str, Any]] = {}
    for row in answer.rows:
        line = lines.setdefault(row["vintage"], {"vintage": row["vintage"], "size": row["size"]})
        if row["age"] in shown:
            line[f"+{row['age']}"] = pretty(row["value"], answer.unit)
    print_table(list(lines.values()), columns=["vintage", "size", *(f"+{age}" for age in shown)])


def _unit(answer: "Answer") -> str:
    return "" if answer.value is None or answer.unit in ("ratio", "index", "count") else f" {answer.unit}"


def _cell(value: object, unit: str) -> str:
    if value is None:
        return "–"
    return pretty(value, unit) if not isinstance(value, list | dict) else json.dumps(value)


def _is_number(value: object) -> bool:
    if value is None or isinstance(value, int | float):
        return True
    text = str(value).lstrip("-+").removesuffix(" %").replace(",", "").replace(".", "", 1)
    return text.isdigit()
