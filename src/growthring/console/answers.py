"""From Answers to blocks: figures that open them, tables of their rows, what a reader must know."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from growthring.console.asked import link
from growthring.console.blocks import Block, Column, Figure, Note, Shape, Tone
from growthring.console.terms import ROW_NAMES
from growthring.console.visit import Visit
from growthring.operations.answer import Answer
from growthring.revenue.metrics import METRICS

_TEXT = frozenset(
    {"customer", "account", "account_id", "product", "product_id", "name", "row_key", "vintage", "at", "month", "entity_id"}
)
_LONG = frozenset({"reason", "message", "remedy", "definition", "note", "why", "undefined", "because", "detail"})
_HIDDEN = frozenset({"kind"})
_DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_SHARE_ENDINGS = ("_share", "_rate", "share", "rate", "ndr", "grr")
_UNIT_SHAPES: Mapping[str, Shape] = {"ratio": "share", "points": "points", "count": "count", "index": "number"}


def shape_of_unit(unit: str) -> Shape:
    """Return how a value of a unit is written."""
    return _UNIT_SHAPES.get(unit, "amount")


def metric_name(visit: Visit, name: str) -> str:
    """Return what people call a metric, or the words of what is no metric."""
    found = METRICS.get(name)
    return found.called(visit.words.language) if found else visit.words.heard(name.replace("_", " "))


def evidence(of: str, **params: object) -> str:
    """Return the address of an Answer: which one, and what it was asked.

    Args:
        of: Name among the answers of the pages.
        params: Parameters of the URL that the Answer depends on.
    """
    return link("/answer", of=of, **params)


def figure(visit: Visit, label: str, answer: Answer, href: str, *, tone: Tone = "plain", note: str = "") -> Figure:
    """Return the value of an Answer as a figure that opens it; the policy and the period stand below it."""
    words = visit.words
    why = answer.caveats[0] if answer.value is None and answer.caveats else ""
    told = note or " · ".join(part for part in (answer.at, words("policy {name}", name=answer.policy["name"])) if part)
    unit = words(answer.unit) if shape_of_unit(answer.unit) == "amount" else ""
    return Figure(label, answer.value, shape_of_unit(answer.unit), unit, why or told, href, tone)


def columns_of(visit: Visit, rows: Sequence[Mapping[str, Any]], unit: str = "") -> list[Column]:
    """Return a column for each key that the rows hold, written as its name and values suggest."""
    names = dict.fromkeys(name for row in rows for name in row if name not in _HIDDEN and not name.startswith("_"))
    return [
        Column(
            name, visit.words(ROW_NAMES.get(name, name.replace("_", " "))), shape_of(name, (row.get(name) for row in rows), unit)
        )
        for name in names
    ]


def shape_of(name: str, values: Iterable[Any], unit: str = "") -> Shape:
    """Return how the values of a column are written.

    Example:
        >>> shape_of("drawn_amount", ["1.00"]), shape_of("customers", [3, None]), shape_of("ndr", [0.95])
        ('amount', 'count', 'share')
    """
    if name in _TEXT:
        return "name"
    if name in _LONG:
        return "long"
    there = [value for value in values if value is not None and value != ""]
    if not there or not all(_is_number(value) for value in there):
        return "month" if there and all(_DAY.fullmatch(str(value)) for value in there) else "text"
    if name in ("value", "effect") and unit:
        return shape_of_unit(unit)
    if name.endswith(_SHARE_ENDINGS) and all(isinstance(value, float) for value in there):
        return "share"
    return "count" if all(isinstance(value, int) for value in there) else "amount"


def caveats(answer: Answer) -> list[Block]:
    """Return what a reader must know before relying on an Answer."""
    return [
        Note(text, state="evidence" if answer.value is None and place == 0 else "caveat")
        for place, text in enumerate(answer.caveats)
    ]


def _is_number(value: object) -> bool:
    if isinstance(value, bool):
        return False
    try:
        return Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False
