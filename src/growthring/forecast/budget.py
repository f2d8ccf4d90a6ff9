"""Budget against actual by a tree of indicators: where a miss comes from, and whether budgets become more exact (FC-28)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from scipy.stats import kendalltau, theilslopes

LEAST_PERIODS = 6
"""Periods that a trend of the error needs."""
SURE = 0.1
"""A trend is told when chance alone would show it less often than this."""

PRODUCTS = {"mrr": ("customers", "arpa")}
"""Indicators that are one indicator times another."""
SUMS = {
    "mrr": (
        ("new_mrr", 1),
        ("reactivation_mrr", 1),
        ("expansion_mrr", 1),
        ("contraction_mrr", -1),
        ("churned_mrr", -1),
    )
}
"""Indicators whose change over a period is a sum of others, with their signs."""


@dataclass(frozen=True, slots=True)
class Branch:
    """What an indicator has to do with the miss of the one above it.

    Attributes:
        indicator: The indicator, or what is left.
        effect: Its part of the miss; the parts of one decomposition add up to all of it.
    """

    indicator: str
    effect: Decimal


def split_product(
    budget: tuple[Decimal, Decimal], actual: tuple[Decimal, Decimal], names: tuple[str, str], miss: Decimal
) -> list[Branch]:
    """Split the miss of a product: each factor's miss at the average of the other (Shapley), and what rounding leaves.

    Args:
        budget: Both factors as budgeted.
        actual: Both factors as they came.
        names: Their names.
        miss: Actual less budget of the product itself, whose budget need not be the product of the factors' budgets.

    Example:
        >>> parts = split_product((Decimal(10), Decimal(5)), (Decimal(12), Decimal(4)), ("customers", "arpa"), Decimal(-2))
        >>> [(each.indicator, str(each.effect)) for each in parts]
        [('customers', '9'), ('arpa', '-11'), ('budget not the product of its parts', '0')]
    """
    first = (actual[0] - budget[0]) * (actual[1] + budget[1]) / 2
    second = (actual[1] - budget[1]) * (actual[0] + budget[0]) / 2
    rest = miss - first - second
    return [Branch(names[0], first), Branch(names[1], second), Branch("budget not the product of its parts", rest)]


def split_sum(miss: Decimal, start_miss: Decimal | None, parts: Mapping[str, tuple[int, Decimal]]) -> list[Branch]:
    """Split the miss of a balance: what was missed before, what each movement missed, and what nobody budgeted.

    Args:
        miss: Actual less budget at the end.
        start_miss: The same a period before; nothing where no budget was given for it.
        parts: Sign and miss of each movement that was budgeted.
    """
    branches = [Branch("missed before", start_miss)] if start_miss is not None else []
    branches += [Branch(name, sign * each) for name, (sign, each) in parts.items()]
    rest = miss - sum((each.effect for each in branches), Decimal(0))
    return [*branches, Branch("not budgeted", rest)]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How exact the budgets of an indicator are, and how calm the indicator is.

    Attributes:
        periods: Periods with budget and actual.
        bias: Mean relative miss; positive when more came than was budgeted.
        error: Mean absolute relative miss.
        volatility: Standard deviation of the relative change from period to period; nothing with fewer than three.
        slope: Change of the absolute relative miss a period (Theil, Sen); nothing with too few periods.
        chance: How often chance alone shows such an order (Kendall); nothing with too few periods.
    """

    periods: int
    bias: float
    error: float
    volatility: float | None
    slope: float | None
    chance: float | None

    @property
    def verdict(self) -> str:
        """Whether budgets become more exact, in words."""
        if self.slope is None or self.chance is None:
            return f"too few periods ({LEAST_PERIODS} are needed)"
        if self.chance > SURE:
            return "no trend to be told"
        return "more exact" if self.slope < 0 else "less exact"


def accuracy(budgets: Sequence[Decimal], actuals: Sequence[Decimal]) -> Accuracy:
    """Judge the budgets of an indicator, oldest period first; periods budgeted at zero are left out of relative misses."""
    pairs = [(float(budget), float(actual)) for budget, actual in zip(budgets, actuals, strict=True) if budget]
    misses = np.array([(actual - budget) / abs(budget) for budget, actual in pairs])
    values = np.array([actual for _, actual in pairs])
    before = values[:-1]
    changes = np.divide(np.diff(values), np.abs(before), out=np.full(len(before), np.nan), where=before != 0)
    calm = changes[np.isfinite(changes)]
    slope = chance = None
    if len(misses) >= LEAST_PERIODS:
        order = np.arange(len(misses))
        slope = float(theilslopes(np.abs(misses), order)[0])
        found = float(kendalltau(order, np.abs(misses)).pvalue)
        chance = 1.0 if np.isnan(found) else found
    return Accuracy(
        len(misses),
        float(misses.mean()) if len(misses) else 0.0,
        float(np.abs(misses).mean()) if len(misses) else 0.0,
        float(calm.std(ddof=1)) if len(calm) >= 2 else None,
        slope,
        chance,
    )
