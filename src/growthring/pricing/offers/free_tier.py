"""The free tier: what it costs by cohort, who becomes a paying customer, when it pays back, what a limit would cut (PR-04)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Any

QUANTILES = (Decimal("0.5"), Decimal("0.75"), Decimal("0.9"), Decimal("0.95"), Decimal("0.99"))
"""Quantiles of monthly free use at which a limit is looked at."""


@dataclass(frozen=True, slots=True)
class FreeCohort:
    """Accounts that began in one month without paying.

    Attributes:
        month: Month of the first bill, as months since year 0.
        currency: Of the amounts.
        accounts: How many.
        converted: How many were billed something later.
        free_cost_amount: What serving their free months cost.
        paid_amount: What they were billed in the other months.
        paid_cost_amount: What serving those months cost.
        payback_months: Months from the start until what was paid, less its cost, first covered the free months; empty if not yet.
    """

    month: int
    currency: str
    accounts: int
    converted: int
    free_cost_amount: Decimal
    paid_amount: Decimal
    paid_cost_amount: Decimal
    payback_months: int | None


@dataclass(frozen=True, slots=True)
class FreeLimit:
    """What a monthly limit on free use would cut, had use stayed the same.

    Attributes:
        meter: What is counted.
        quantile: Share of free account-months that stay within the limit.
        limit_quantity: The limit.
        account_months: Free account-months with use of the meter.
        months_beyond: Those beyond the limit.
        accounts_beyond: Accounts with such a month.
        paying_beyond: Those of them that were billed something in another month.
        cut_quantity: Units beyond the limit.
        cut_cost_amount: What serving them cost.
    """

    meter: str
    quantile: Decimal
    limit_quantity: Decimal
    account_months: int
    months_beyond: int
    accounts_beyond: int
    paying_beyond: int
    cut_quantity: Decimal
    cut_cost_amount: Decimal


def free_cohorts(served: Iterable[Mapping[str, Any]]) -> list[FreeCohort]:
    """Return what free accounts cost and brought, by the month they began and currency.

    Args:
        served: Rows of ``served_month``.
    """
    by_account: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in served:
        by_account.setdefault((row["account_id"], row["currency"]), []).append(row)
    cohorts: dict[tuple[int, str], list[list[Mapping[str, Any]]]] = {}
    for (_, currency), rows in by_account.items():
        ordered = sorted(rows, key=lambda each: each["month"])
        if ordered[0]["amount"] == 0:
            cohorts.setdefault((ordered[0]["month"], currency), []).append(ordered)
    return [_cohort(month, currency, histories) for (month, currency), histories in sorted(cohorts.items())]


def _cohort(month: int, currency: str, histories: Sequence[Sequence[Mapping[str, Any]]]) -> FreeCohort:
    rows = [row for history in histories for row in history]
    free = [row for row in rows if row["amount"] == 0]
    paid = [row for row in rows if row["amount"] != 0]
    converted = sum(any(row["amount"] > 0 for row in history) for history in histories)
    return FreeCohort(
        month, currency, len(histories), converted, _sum(free, "cost_amount"), _sum(paid, "amount"), _sum(paid, "cost_amount"),
        _payback(month, rows),
    )  # fmt: skip


def _payback(start: int, rows: Sequence[Mapping[str, Any]]) -> int | None:
    """Return the months until all that was billed covers all that serving cost; only once something was billed."""
    billed = cost = Decimal(0)
    for month in sorted({row["month"] for row in rows}):
        now = [row for row in rows if row["month"] == month]
        billed, cost = billed + _sum(now, "amount"), cost + _sum(now, "cost_amount")
        if billed > 0 and billed >= cost:
            return int(month) - start + 1
    return None


def free_limits(quantities: Iterable[Mapping[str, Any]], unit_costs: Mapping[str, Decimal], paying: set[str]) -> list[FreeLimit]:
    """Return what a limit at each quantile of monthly free use would cut (nearest rank).

    Args:
        quantities: Rows of ``free_quantity``; months without use of the meter are not among them.
        unit_costs: Cost of a unit by meter.
        paying: Accounts that were billed something in some month.
    """
    by_meter: dict[str, list[Mapping[str, Any]]] = {}
    for row in quantities:
        if row["quantity"] > 0:
            by_meter.setdefault(row["meter"], []).append(row)
    return [
        _limit(meter, quantile, rows, unit_costs[meter], paying)
        for meter, rows in sorted(by_meter.items())
        for quantile in QUANTILES
    ]


def _limit(meter: str, quantile: Decimal, rows: Sequence[Mapping[str, Any]], unit_cost: Decimal, paying: set[str]) -> FreeLimit:
    ordered = sorted(row["quantity"] for row in rows)
    limit = ordered[ceil(quantile * len(ordered)) - 1]
    beyond = [row for row in rows if row["quantity"] > limit]
    accounts = {row["account_id"] for row in beyond}
    cut = sum((row["quantity"] - limit for row in beyond), Decimal(0))
    return FreeLimit(meter, quantile, limit, len(rows), len(beyond), len(accounts), len(accounts & paying), cut, cut * unit_cost)


def _sum(rows: Iterable[Mapping[str, Any]], name: str) -> Decimal:
    return sum((row[name] for row in rows), Decimal(0))
