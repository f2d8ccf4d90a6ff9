"""Months, quarters and fiscal years as half-open stretches of whole months.

A month is counted as ``year * 12 + month - 1`` wherever it is stored or computed with, so that "twelve months ago" is a
subtraction on every engine; it is printed as ``2011-11``.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self

from growthring.kernel.errors import GrowthringError


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month.

    Example:
        >>> str(Month.parse("2011-11") - 12), Month(24143) == Month.parse("2011-12")
        ('2010-11', True)
    """

    index: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2011-11`` (or the month of ``2011-11-30``)."""
        match = re.fullmatch(r"(\d{4})-(\d{2})(-\d{2})?", text.strip())
        if not match or not 1 <= int(match[2]) <= 12:
            raise GrowthringError(f"Not a month: {text!r}.", valid="Valid: YYYY-MM, for instance 2011-11.")
        return cls(int(match[1]) * 12 + int(match[2]) - 1)

    @classmethod
    def of(cls, day: date) -> Self:
        """Return the month a day lies in."""
        return cls(day.year * 12 + day.month - 1)

    @property
    def year(self) -> int:
        """Calendar year."""
        return self.index // 12

    @property
    def number(self) -> int:
        """Month of the year, 1 to 12."""
        return self.index % 12 + 1

    @property
    def first_day(self) -> date:
        """First day of the month."""
        return date(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        """Last day of the month."""
        return date(self.year, self.number, monthrange(self.year, self.number)[1])

    def __add__(self, months: int) -> "Month":
        return Month(self.index + months)

    def __sub__(self, months: int) -> "Month":
        return Month(self.index - months)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


class PeriodKind(StrEnum):
    """Length of a reporting period."""

    MONTH = "month"
    QUARTER = "quarter"
    FISCAL_YEAR = "fiscal_year"

    @property
    def months(self) -> int:
        """Number of months in the period."""
        return {"month": 1, "quarter": 3, "fiscal_year": 12}[self.value]


@dataclass(frozen=True, slots=True)
class FiscalCalendar:
    """When the fiscal year starts; it is named after the calendar year in which it ends.

    Example:
        >>> calendar = FiscalCalendar(starts_month=2)
        >>> calendar.label(calendar.period_of(Month.parse("2025-01"), PeriodKind.FISCAL_YEAR)[1], PeriodKind.FISCAL_YEAR)
        'FY2025'
    """

    starts_month: int = 1

    def period_of(self, month: Month, kind: PeriodKind) -> tuple[Month, Month]:
        """Return the first and the last month of the period that holds a month."""
        offset = (month.index - (self.starts_month - 1)) % kind.months
        first = month - offset
        return first, first + (kind.months - 1)

    def label(self, last: Month, kind: PeriodKind) -> str:
        """Name the period that ends with a month: ``2011-11``, ``2011-Q4`` or ``FY2011``."""
        if kind is PeriodKind.MONTH:
            return str(last)
        first_of_year, last_of_year = self.period_of(last, PeriodKind.FISCAL_YEAR)
        name = last_of_year.year
        if kind is PeriodKind.FISCAL_YEAR:
            return f"FY{name}"
        quarter = (last.index - first_of_year.index) // 3 + 1
        return f"{name}-Q{quarter}"

    def parse(self, text: str) -> tuple[Month, Month]:
        """Read ``2011-11``, ``2011-Q4`` or ``FY2011`` as the first and last month of that period."""
        if match := re.fullmatch(r"FY(\d{4})", text.strip()):
            return self._year(int(match[1]))
        if match := re.fullmatch(r"(\d{4})-Q([1-4])", text.strip()):
            first, _ = self._year(int(match[1]))
            start = first + 3 * (int(match[2]) - 1)
            return start, start + 2
        month = Month.parse(text)
        return month, month

    def _year(self, name: int) -> tuple[Month, Month]:
        start_year = name if self.starts_month == 1 else name - 1
        first = Month(start_year * 12 + self.starts_month - 1)
        return first, first + 11
