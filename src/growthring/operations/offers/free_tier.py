"""The free tier: what it costs, whom it converts, and what a limit would cut (PR-04)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from growthring.kernel.errors import UnknownValueError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money
from growthring.operations.offers.books import OpenOffers, answered
from growthring.operations.pricing.rating import rate, rating_caveats
from growthring.operations.project import Project
from growthring.pricing.offers.chain import free_chain, rows_of
from growthring.pricing.offers.free_tier import FreeCohort, FreeLimit, free_cohorts, free_limits
from growthring.pricing.reference import plain
from growthring.pricing.simulation.price_points import wilson
from growthring.revenue.setting import END_OF_TIME


def free_tier(
    project: Project,
    unit_costs: Mapping[str, Decimal],
    *,
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> Answer:
    """Answer what the free tier costs, whom it converts, when it pays back, and what a limit would cut (PR-04).

    Args:
        project: The project.
        unit_costs: What serving a unit costs, by meter, in the currency of the books.
        as_of: See only what was known then.
        progress: Told about each month rated.

    Raises:
        UnknownValueError: The project has no such meter.
    """
    rating = rate(project, as_of=as_of, progress=progress)
    meters = [meter.id for meter in rating.terms.every_meter]
    for meter in unit_costs:
        if meter not in meters:
            raise UnknownValueError("meter", meter, meters)
    books = OpenOffers(project, rating.connection, as_of or END_OF_TIME, rating.terms.through)
    chain = free_chain(rating.connection, unit_costs)
    served = rows_of(rating.connection, chain, "served_month")
    cohorts = free_cohorts(served)
    paying = {each["account_id"] for each in served if each["amount"] > 0}
    limits = free_limits(rows_of(rating.connection, chain, "free_quantity"), unit_costs, paying)
    currencies = sorted({each["currency"] for each in served})
    single = currencies[0] if len(currencies) == 1 else ""
    rows = [_cohort_row(each) for each in cohorts] + [_limit_row(each, single) for each in limits]
    total = sum((each["cost_amount"] for each in served if each["amount"] == 0), Decimal(0))
    caveats = [] if unit_costs else ["No unit cost was given, so use costs nothing: add --cost METER=COST."]
    if uncosted := [meter for meter in meters if meter not in unit_costs]:
        caveats.append(f"Without a cost: {', '.join(uncosted)}.")
    caveats.append("Limits are read on use as it was; customers who meet a limit may pay, use less, or leave.")
    value = money(total, single) if single else None
    return answered(
        books, "free_tier", value, single or "several currencies", rows, chain, "served_month", caveats + rating_caveats(rating)
    )


def _cohort_row(each: FreeCohort) -> dict[str, Any]:
    low, high = wilson(each.converted, each.accounts)
    return {
        "kind": "cohort", "cohort": str(Month(each.month)), "currency": each.currency, "accounts": each.accounts,
        "converted": each.converted, "conversion": each.converted / each.accounts, "low": low, "high": high,
        "free_cost": money(each.free_cost_amount, each.currency), "paid": money(each.paid_amount, each.currency),
        "paid_cost": money(each.paid_cost_amount, each.currency), "payback_months": each.payback_months,
    }  # fmt: skip


def _limit_row(each: FreeLimit, currency: str) -> dict[str, Any]:
    return {
        "kind": "limit", "meter": each.meter, "quantile": float(each.quantile), "limit": plain(each.limit_quantity),
        "account_months": each.account_months, "months_beyond": each.months_beyond, "accounts_beyond": each.accounts_beyond,
        "paying_beyond": each.paying_beyond, "cut_quantity": plain(each.cut_quantity),
        "cut_cost": money(each.cut_cost_amount, currency) if currency else plain(each.cut_cost_amount),
    }  # fmt: skip
