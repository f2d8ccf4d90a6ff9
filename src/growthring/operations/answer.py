"""The Answer: a figure with everything needed to trust it. Every surface shows the same one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from importlib import import_module
from typing import Any

from growthring.kernel.currency import exponent
from growthring.revenue.metrics import Unit

Value = str | int | float | None
"""Money as exact decimal text, counts as integers, ratios as floating point, or nothing when undefined."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A figure or table with its evidence.

    Attributes:
        metric: Metric name.
        value: The figure, or nothing when it is undefined; the first caveat then says why.
        unit: What it counts, such as ``USD per month`` or ``ratio``.
        at: The period, such as ``2011-11``.
        definition: The meaning in words, as the policy decides it.
        policy: Name and version of the policy.
        snapshot: Snapshot id.
        rows: The rows behind or beside the figure.
        sql: The statement that computes it.
        caveats: What a reader must know before relying on it.
    """

    metric: str
    value: Value
    unit: str
    at: str
    definition: str
    policy: dict[str, str]
    snapshot: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    sql: str = ""
    caveats: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, in their order."""
        return {name: getattr(self, name) for name in self.__slots__}

    def as_json(self) -> str:
        """Return the Answer as JSON text."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False)

    def _repr_html_(self) -> str:
        """Return it as a notebook shows it."""
        from growthring.operations.answer_display import as_html

        return as_html(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """Return it by media type, with its chart where it has a natural one."""
        from growthring.operations.answer_display import as_bundle

        return as_bundle(self)

    def _ipython_display_(self) -> None:
        """Show the figure with its evidence, and below it the chart: of one bundle a notebook would show the chart alone."""
        from growthring.operations.answer_display import as_chart, as_html, as_text

        display = import_module("IPython.display").display
        display({"text/plain": as_text(self), "text/html": as_html(self)}, raw=True)
        if chart := as_chart(self):
            display({"text/plain": as_text(self), **chart}, raw=True)


def plain(value: Decimal | float | None, unit: Unit, currency: str) -> Value:
    """Return a value as it stands in an Answer: money rounded once to the currency's minor unit.

    Example:
        >>> plain(Decimal("166.6667"), Unit.MONEY_PER_MONTH, "USD"), plain(Decimal("3.0000"), Unit.COUNT, "USD")
        ('166.67', 3)
    """
    if value is None:
        return None
    if unit in (Unit.MONEY_PER_MONTH, Unit.MONEY_PER_YEAR):
        return money(Decimal(value), currency)
    if unit is Unit.COUNT:
        return int(value)
    return float(value)


def money(value: Decimal, currency: str) -> str:
    """Return an amount as exact text with the currency's decimals."""
    return str(value.quantize(Decimal(1).scaleb(-exponent(currency)), rounding=ROUND_HALF_UP))


def by_currency(amounts: Mapping[str, Decimal]) -> tuple[str, str]:
    """Return amounts in one or several currencies as a value and its unit.

    Example:
        >>> by_currency({"USD": Decimal(5)}), by_currency({"USD": Decimal(5), "JPY": Decimal(7)})
        (('5.00', 'USD'), ('JPY 7, USD 5.00', ''))
    """
    if len(amounts) == 1:
        currency, amount = next(iter(amounts.items()))
        return money(amount, currency), currency
    return ", ".join(f"{currency} {money(amount, currency)}" for currency, amount in sorted(amounts.items())) or "0", ""


def unit_name(unit: Unit, currency: str) -> str:
    """Return the words for a unit."""
    return {
        Unit.MONEY_PER_MONTH: f"{currency} per month",
        Unit.MONEY_PER_YEAR: f"{currency} per year",
        Unit.RATIO: "ratio",
        Unit.COUNT: "count",
        Unit.INDEX: "index",
    }[unit]
