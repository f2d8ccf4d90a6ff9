"""The plan as a waterfall of cohorts: opening base × curve + new cohorts × ramp − churn and contraction, by quarter (FC-12)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from growthring.forecast.cohort_rates import Rates, band_name, band_of
from growthring.kernel.period import FiscalCalendar, Month, PeriodKind

_UNIT = Decimal("0.0001")
_ZERO = Decimal(0)
MOVES = ("new", "reactivation", "expansion", "contraction", "churn")
AMOUNTS = ("opening", *MOVES, "closing", "revenue")


@dataclass(frozen=True)
class Assumptions:
    """Everything the waterfall assumes; change it and the digest changes.

    Attributes:
        new_customers: New customers in each quarter ahead.
        first_amount: Recurring revenue a month that a new customer begins with.
        rates: Monthly rates by band of age, one for each band.
    """

    new_customers: tuple[Decimal, ...]
    first_amount: Decimal
    rates: tuple[Rates, ...]

    def as_rows(self) -> list[tuple[str, str]]:
        """Return every assumption by the name it is changed under."""
        arriving = ", ".join(f"{each:f}" for each in self.new_customers)
        rows = [("new.customers", arriving), ("new.first_amount", f"{self.first_amount:f}")]
        for number, rates in enumerate(self.rates):
            rows += [(f"rates.{band_name(number)}.{name}", f"{value:.6f}") for name, value in asdict(rates).items()]
        return rows

    def digest(self, opening: Mapping[int, Decimal], last: Month) -> str:
        """Return the version: a digest of the assumptions, the opening base and the month it stands at."""
        told = {"assumptions": self.as_rows(), "opening": {month: str(amount) for month, amount in sorted(opening.items())}}
        text = json.dumps([told, last.index], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Step:
    """A cohort in a quarter: opening + movements = closing, to the last decimal.

    Attributes:
        quarter: Last month of the quarter.
        cohort: Name of the cohort.
        opening: Recurring revenue a month before it.
        new: Of customers that began in it.
        reactivation: Of customers that came back.
        expansion: Gained.
        contraction: Lost, negative.
        churn: Lost with customers, negative.
        closing: Recurring revenue a month at its end.
        revenue: Sum of the months of the quarter.
    """

    quarter: Month
    cohort: str
    opening: Decimal
    new: Decimal
    reactivation: Decimal
    expansion: Decimal
    contraction: Decimal
    churn: Decimal
    closing: Decimal
    revenue: Decimal


def waterfall(
    opening: Mapping[int, Decimal], last: Month, quarters: int, calendar: FiscalCalendar, assumed: Assumptions
) -> list[Step]:
    """Carry the base and the new cohorts forward, ordered by quarter and cohort.

    The rows of a quarter add up to its total; nothing is rounded but each movement of a cohort and month, once.

    Args:
        opening: Recurring revenue in the last month by month of the customers' first revenue.
        last: The last month known.
        quarters: Fiscal quarters ahead; the first may be one that has begun, of which the rest is shown.
        calendar: The fiscal calendar.
        assumed: The assumptions.
    """
    base = {first: amount.quantize(_UNIT, rounding=ROUND_HALF_UP) for first, amount in opening.items()}
    steps: list[Step] = []
    month = last + 1
    for number in range(quarters):
        end = calendar.period_of(month, PeriodKind.QUARTER)[1]
        each_quarter = _quarter(base, month, end, calendar, assumed, number)
        steps += each_quarter
        month = end + 1
    return steps


def _quarter(
    base: dict[int, Decimal], start: Month, end: Month, calendar: FiscalCalendar, assumed: Assumptions, number: int
) -> list[Step]:
    rows: dict[str, dict[str, Decimal]] = {}
    before = dict(base)
    months = range(start.index, end.index + 1)
    arriving = assumed.new_customers[min(number, len(assumed.new_customers) - 1)] if assumed.new_customers else _ZERO
    for month in months:
        for first, amount in list(base.items()):
            rates = asdict(assumed.rates[band_of(month - first)])
            row = rows.setdefault(_cohort(first, calendar), dict.fromkeys((*MOVES, "revenue"), _ZERO))
            for name, sign in (("reactivation", 1), ("expansion", 1), ("contraction", -1), ("churn", -1)):
                moved = (sign * amount * Decimal(repr(rates[name]))).quantize(_UNIT, rounding=ROUND_HALF_UP)
                row[name] += moved
                base[first] += moved
        # a quarter that has begun receives the rest of its new customers
        base[month] = (arriving * assumed.first_amount / 3).quantize(_UNIT, rounding=ROUND_HALF_UP)
        row = rows.setdefault(_cohort(month, calendar), dict.fromkeys((*MOVES, "revenue"), _ZERO))
        row["new"] += base[month]
        for first, amount in base.items():
            rows[_cohort(first, calendar)]["revenue"] += amount
    steps = []
    for cohort, row in sorted(rows.items()):
        opened = sum((amount for first, amount in before.items() if _cohort(first, calendar) == cohort), _ZERO)
        closed = sum((amount for first, amount in base.items() if _cohort(first, calendar) == cohort), _ZERO)
        moves = {name: row[name] for name in MOVES}
        steps.append(Step(end, cohort, opened, **moves, closing=closed, revenue=row["revenue"]))
    return steps


def _cohort(first: int, calendar: FiscalCalendar) -> str:
    return calendar.label(calendar.period_of(Month(first), PeriodKind.FISCAL_YEAR)[1], PeriodKind.FISCAL_YEAR)


def total_steps(steps: Sequence[Step]) -> list[Step]:
    """Return the total of each quarter: the exact sum of its cohorts."""
    totals: dict[Month, Step] = {}
    for step in steps:
        total = totals.get(step.quarter)
        if total is None:
            totals[step.quarter] = replace(step, cohort="total")
            continue
        totals[step.quarter] = replace(total, **{name: getattr(total, name) + getattr(step, name) for name in AMOUNTS})
    return list(totals.values())
