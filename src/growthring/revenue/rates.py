"""Formulas on totals that a company already has, for checking a figure by hand; figures from data come from metrics.

Each function states the definition it follows and where it was read.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from growthring.kernel.errors import GrowthringError
from growthring.kernel.money import allocate
from growthring.kernel.period import Month

_DAYS_OF_A_MONTH = Decimal("30.42")


def daily_net_mrr_churn(days: Iterable[tuple[Decimal, Decimal, Decimal]]) -> Decimal | None:
    """Return the sum over days of 1 − (end − new) / start; negative when the customers of the day's start grew.

    Source: ChartMogul, net MRR churn, daily ("Shopify") formula, retired for new accounts in August 2022.

    Args:
        days: Recurring revenue at the day's start, at its end, and of customers new on that day.

    Returns:
        The rate, or nothing when a day starts without revenue.

    Example:
        >>> daily_net_mrr_churn([(Decimal(100), Decimal(120), Decimal(10))])
        Decimal('-0.1')
    """
    rates: list[Decimal] = []
    for start, end, new in days:
        if not start:
            return None
        rates.append(1 - (end - new) / start)
    return sum(rates, Decimal(0))


def annualise_monthly(rate: Decimal, months: int = 12) -> Decimal:
    """Return what a monthly retention rate leaves after a number of months: the rate to that power.

    Example:
        >>> annualise_monthly(Decimal("0.99")).quantize(Decimal("0.000001"))
        Decimal('0.886385')
    """
    return rate**months


def projected_rate(rate: Decimal, days_elapsed: int, days_in_period: int) -> Decimal:
    """Return the rate a period will end with if the rest of it goes like its elapsed days.

    Source: ChartMogul projects the churn rate of a month that is still running by days in the month over days elapsed.

    Example:
        >>> projected_rate(Decimal("0.02"), 10, 30)
        Decimal('0.06')
    """
    if not 0 < days_elapsed <= days_in_period:
        raise GrowthringError(
            f"{days_elapsed} days of {days_in_period} have passed.", valid="At least one day, at most the whole period."
        )
    return rate * days_in_period / days_elapsed


def growth_from_cohort(share: Decimal, ndr: Decimal) -> Decimal:
    """Return the growth, as a share of the whole, that comes from a cohort: its share × (NDR − 1).

    Source: the Figma NDR deep dive (saas.wtf): a survivors' NDR of 132 % on 64 % of ARR explains 20 points of growth.

    Example:
        >>> growth_from_cohort(Decimal("0.64"), Decimal("1.32"))
        Decimal('0.2048')
    """
    return share * (ndr - 1)


def growth_from_elsewhere(growth: Decimal, share: Decimal, ndr: Decimal) -> Decimal:
    """Return the growth that a cohort does not explain: growth − share × (NDR − 1).

    Example:
        >>> growth_from_elsewhere(Decimal("0.46"), Decimal("0.64"), Decimal("1.32"))
        Decimal('0.2552')
    """
    return growth - growth_from_cohort(share, ndr)


def term_days(starts_on: date, ends_on: date) -> int:
    """Return the days from the first to the last day of a term, as saasops counts them (the last day not counted)."""
    return (ends_on - starts_on).days


def term_months(days: int) -> int:
    """Return the months of a term for its annual price: round(days / 30.42), at least one.

    Source: saasops, ARR of a contract segment = value / months × 12; the policy switch `normalise.odd_days` does the same.

    Example:
        >>> term_months(1095)
        36
    """
    return max(1, int((Decimal(days) / _DAYS_OF_A_MONTH).quantize(Decimal(1), rounding=ROUND_HALF_UP)))


def booked_amount(monthly_amount: Decimal, months: Decimal | int) -> Decimal:
    """Return what a line books over the months it runs: for an upsell in the middle of a term, the prorated booking.

    Source: Gainsight community, mid-term upsells are logged as prorated bookings or as annualised ARR.

    Example:
        >>> booked_amount(Decimal(500), 6)
        Decimal('3000')
    """
    return monthly_amount * months


def allocate_discount(discount: Decimal, amounts: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Split a discount on a whole subscription over its items by their amounts; the parts add up to the discount.

    Source: dbt_stripe, `amount_off` is allocated pro rata to the items' contract amounts.

    Example:
        >>> allocate_discount(Decimal(10), [Decimal(60), Decimal(40)], "USD")
        [Decimal('6.00'), Decimal('4.00')]
    """
    shared = Fraction(1, 10_000)
    return allocate(discount, [int(Fraction(amount) / shared) for amount in amounts], currency)


def recognised_by_month(amount: Decimal, starts_on: date, ends_on: date, currency: str) -> dict[Month, Decimal]:
    """Spread an invoice line over its days of service, month by month, in minor units that add up to the line.

    Args:
        amount: The line's amount.
        starts_on: First day of service.
        ends_on: First day after it.
        currency: ISO 4217 code.

    Example:
        >>> parts = recognised_by_month(Decimal(300), date(2025, 2, 15), date(2025, 5, 15), "USD")
        >>> [str(part) for part in parts.values()]
        ['47.19', '104.50', '101.12', '47.19']
    """
    first, last = Month.of(starts_on), Month.of(ends_on)
    months = [Month(index) for index in range(first.index, last.index + 1)]
    days = [(min(ends_on, (month + 1).first_day) - max(starts_on, month.first_day)).days for month in months]
    parts = allocate(amount, days, currency)
    return {month: part for month, part, held in zip(months, parts, days, strict=True) if held}


def deferred_amount(by_month: Mapping[Month, Decimal], through: Month) -> Decimal:
    """Return the part of a recognition schedule that lies after a month.

    Example:
        >>> deferred_amount({Month.parse("2025-01"): Decimal(3), Month.parse("2025-02"): Decimal(4)}, Month.parse("2025-01"))
        Decimal('4')
    """
    return sum((part for month, part in by_month.items() if month > through), Decimal(0))
