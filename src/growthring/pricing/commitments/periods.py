"""Periods of minimums and ELAs: whole billing periods from an anchor, cut at the ends of the term."""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from growthring.pricing.commitments.reference import minor_unit
from growthring.pricing.commitments.terms import OPEN_END, Commitment

_UNIT_OF_QUANTITY = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class CommitmentPeriod:
    """One period of a minimum or an ELA.

    Attributes:
        commitment: The commitment.
        ordinal: Number of the period, from 1.
        period_start: First day that lies in the term.
        period_end: First day after it.
        period_days: Days of the whole billing period, of which the term may cover a part.
        is_due: Whether a shortfall is billed with this period.
    """

    commitment: Commitment
    ordinal: int
    period_start: date
    period_end: date
    period_days: int
    is_due: bool

    @property
    def covered_days(self) -> int:
        """Days of the billing period that lie in the term."""
        return (self.period_end - self.period_start).days

    @property
    def timing(self) -> str:
        """``period`` when each period is promised by itself, else ``term``."""
        return "period" if self.commitment.true_up == "period" and self.commitment.kind == "minimum" else "term"

    @property
    def term_days(self) -> int:
        """Days over which the price of an ELA is spread; those of the billing period when the ELA has no end."""
        end = self.commitment.expires_on
        return self.period_days if end == OPEN_END else (end - self.commitment.starts_on).days

    @property
    def elapsed_days(self) -> tuple[int, int]:
        """Days of the spread that lie before the period and up to its end."""
        if self.commitment.expires_on == OPEN_END:
            return 0, self.covered_days
        return (self.period_start - self.commitment.starts_on).days, (self.period_end - self.commitment.starts_on).days

    @property
    def unit(self) -> Decimal:
        """The smallest step of what is promised: the currency's minor unit, or a millionth of a unit of the meter."""
        if self.commitment.measure == "quantity":
            return _UNIT_OF_QUANTITY
        return minor_unit(self.commitment.currency or "")

    @property
    def committed_units(self) -> int:
        """What is promised, in steps."""
        return int((self.commitment.size / self.unit).to_integral_value(rounding=ROUND_HALF_UP))


def commitment_periods(
    commitment: Commitment, on: date, calendar: Iterable[tuple[date, date]] | None = None
) -> Iterator[CommitmentPeriod]:
    """Yield the periods of a minimum or an ELA that have begun by a day.

    Args:
        commitment: The commitment; a withdrawn one ends on that day and owes no shortfall of its term.
        on: The day of the look.
        calendar: Billing periods in order, half-open; months counted from the commitment's start when absent.
    """
    ordinal = 0
    for start, end in calendar or billing_months(commitment.starts_on, commitment.starts_on):
        first, last = max(start, commitment.starts_on), min(end, commitment.closes_on)
        if first > on or start >= commitment.closes_on:
            return
        if first >= last:
            continue
        ordinal += 1
        ends_term = last == commitment.closes_on and commitment.true_up == "term_end" and not commitment.is_voided
        is_due = last <= on and (commitment.true_up == "period" or ends_term)
        yield CommitmentPeriod(commitment, ordinal, first, last, (end - start).days, is_due)


def billing_months(anchor: date, since: date) -> Iterator[tuple[date, date]]:
    """Yield months counted from an anchor, from the one that holds ``since`` on; 31 January is followed by 28 February, 31 March.

    Example:
        >>> [str(end) for _, (_, end) in zip(range(3), billing_months(date(2024, 1, 31), date(2024, 2, 1)))]
        ['2024-02-29', '2024-03-31', '2024-04-30']
    """
    number = (since.year - anchor.year) * 12 + since.month - anchor.month - 1
    while add_months(anchor, number + 1) <= since:
        number += 1
    while True:
        yield add_months(anchor, number), add_months(anchor, number + 1)
        number += 1


def add_months(day: date, number: int) -> date:
    """Return the same day some months later, or the last of that month when it has no such day."""
    index = day.year * 12 + day.month - 1 + number
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
