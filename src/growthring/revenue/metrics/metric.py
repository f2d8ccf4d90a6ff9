"""A metric: what it is called, what it means and how each customer contributes to it.

A metric is a sum of numerators over a sum of denominators, customer by customer, so that every figure can be broken down by
any attribute, and every gap between two figures can be laid at customers' doors.
"""

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """What a value counts."""

    MONEY_PER_MONTH = "money_per_month"
    MONEY_PER_YEAR = "money_per_year"
    RATIO = "ratio"
    COUNT = "count"
    INDEX = "index"


class Combine(StrEnum):
    """How customers' contributions become one value."""

    SUM = "sum"
    RATIO = "ratio"
    TOP_10 = "top_10"
    TOP_DECILE = "top_decile"
    HHI = "hhi"
    TABLE = "table"


_SHORT = frozenset({"mrr", "arr", "cmrr", "carr", "arpa", "ndr", "grr"})
"""Metrics that people call by their letters."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: Name on the command line.
        title: Name for people.
        chinese: Name in Chinese.
        unit: What the value counts.
        definition: The meaning in a sentence or two.
        formula: The formula in words.
        relation: Relation that holds the customers' rows: balance, flow, retention, renewal or cohort.
        numerator: SQL over that relation.
        denominator: SQL over that relation; empty for sums.
        combine: How the rows become a value.
        undefined: Why there is no value when the denominator is empty.
        basis: Policy fields that the metric fixes itself.
        capability: Capability IDs.
    """

    name: str
    title: str
    chinese: str
    unit: Unit
    definition: str
    formula: str
    relation: str
    numerator: str
    denominator: str = ""
    combine: Combine = Combine.SUM
    undefined: str = ""
    basis: tuple[tuple[str, str], ...] = ()
    capability: str = "UE-13"

    def called(self, language: str = "en") -> str:
        """Return what people call it, with its letters where it has some: ``Net dollar retention (NDR)``.

        Args:
            language: ``en`` or ``zh``.
        """
        name = self.chinese if language == "zh" else self.title
        return f"{name} ({self.name.upper()})" if self.name in _SHORT else name


def moved(condition: str, sign: str = "") -> str:
    """Write the sum of the movements that meet a condition."""
    return f"CASE WHEN {condition} THEN {sign}movement_amount ELSE CAST(0 AS DECIMAL(18,4)) END"
