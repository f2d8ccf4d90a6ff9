"""Vintage × age: what customers of a vintage use, pay and bring as they grow older, and what enters a year (FC-02)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from growthring.kernel.period import FiscalCalendar, Month, PeriodKind

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class VintageMonth:
    """What the customers of a first month did in a month.

    Attributes:
        first_month: Month of their first revenue, counted as year × 12 + month − 1.
        month: The month looked at.
        customers: How many of them did something in it.
        amount: Revenue, quantity, or the net amount of invoice lines.
        list_amount: The same at list prices; only for price realisation.
    """

    first_month: int
    month: int
    customers: int
    amount: Decimal
    list_amount: Decimal = _ZERO


@dataclass(frozen=True, slots=True)
class VintageCell:
    """A vintage at an age.

    Attributes:
        vintage: Last month of the period in which the customers began.
        period: Last month of the period looked at.
        age: Periods between the two.
        customers: Customers active in the last month of the period.
        amount: A balance at the end of the period, or the sum over its months.
        list_amount: The same at list prices.
    """

    vintage: Month
    period: Month
    age: int
    customers: int
    amount: Decimal
    list_amount: Decimal

    @property
    def realisation(self) -> float | None:
        """Net over list: what is left of the list price after discounts; nothing where nothing was listed."""
        return float(self.amount / self.list_amount) if self.list_amount else None


def vintage_cells(
    months: Sequence[VintageMonth], calendar: FiscalCalendar, period: PeriodKind, last: Month, *, adds_up: bool
) -> list[VintageCell]:
    """Fold months into a vintage × age matrix of whole periods, ordered by vintage and age.

    The cells of one period add up to what the company had in it, whatever the vintages.

    Args:
        months: One row a first month and month.
        calendar: The fiscal calendar.
        period: Length of vintages and ages.
        last: Last complete month; a period that ends after it is left out.
        adds_up: Sum the months of a period (usage, invoices); otherwise take its last month (recurring revenue).
    """
    sums: dict[tuple[Month, Month], tuple[int, Decimal, Decimal]] = defaultdict(lambda: (0, _ZERO, _ZERO))
    for each in months:
        vintage = calendar.period_of(Month(each.first_month), period)[1]
        end = calendar.period_of(Month(each.month), period)[1]
        is_end = end.index == each.month
        if end > last or not (is_end or adds_up):
            continue
        customers, amount, listed = sums[vintage, end]
        sums[vintage, end] = (
            customers + (each.customers if is_end else 0),
            amount + each.amount,
            listed + each.list_amount,
        )
    return [
        VintageCell(vintage, end, (end.index - vintage.index) // period.months, *values)
        for (vintage, end), values in sorted(sums.items())
    ]


def vintage_curves(cells: Sequence[VintageCell], *, base_age: int) -> dict[Month, dict[int, float]]:
    """Return each vintage's curve: its amount at each age as a share of the amount at the base age.

    Args:
        cells: The matrix.
        base_age: 0 for balances; 1 for sums, because the first period of a vintage is one that most customers began inside of.
    """
    bases = {cell.vintage: cell.amount for cell in cells if cell.age == base_age and cell.amount}
    curves: dict[Month, dict[int, float]] = defaultdict(dict)
    for cell in cells:
        if cell.vintage in bases:
            curves[cell.vintage][cell.age] = float(cell.amount / bases[cell.vintage])
    return dict(curves)


@dataclass(frozen=True, slots=True)
class EntryBalance:
    """A vintage as it enters a fiscal year.

    Attributes:
        vintage: Last month of the fiscal year in which the customers began.
        age: Whole fiscal years since.
        size: Customers that ever began in it.
        customers: Customers active in the last month before the year.
        first_amount: Recurring revenue of its customers, each in its own first month.
        year_ago_amount: Recurring revenue a year before the entry.
        amount: Recurring revenue in the last month before the year: the entry balance.
    """

    vintage: Month
    age: int
    size: int
    customers: int
    first_amount: Decimal
    year_ago_amount: Decimal
    amount: Decimal


def entry_balances(months: Sequence[VintageMonth], calendar: FiscalCalendar, entry: Month) -> list[EntryBalance]:
    """Return with how much each fiscal-year vintage enters a year; the amounts add up to all recurring revenue at the entry.

    Args:
        months: Recurring revenue by first month and month.
        calendar: The fiscal calendar.
        entry: Last month before the fiscal year.
    """
    found: dict[Month, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for each in months:
        if each.first_month > entry.index:
            continue
        row = found[calendar.period_of(Month(each.first_month), PeriodKind.FISCAL_YEAR)[1]]
        if each.month == each.first_month:
            row["size"] += each.customers
            row["first"] += each.amount
        if each.month == entry.index - 12:
            row["year_ago"] += each.amount
        if each.month == entry.index:
            row["customers"] += each.customers
            row["amount"] += each.amount
    return [
        EntryBalance(
            vintage, (entry.index - vintage.index) // 12, int(row["size"]), int(row["customers"]),
            row["first"], row["year_ago"], row["amount"],
        )
        for vintage, row in sorted(found.items())
    ]  # fmt: skip
