"""The plan of one simulation: its size, its dates, and which accounts carry a planted role."""

import random
from dataclasses import dataclass

from growthring.company.days import Days
from growthring.kernel.period import Month

PRICE_INCREASE_PERCENT = 8
EVENT_NAME, EVENT_ATTRIBUTE, EVENT_VALUE, EVENT_PERCENT = "Shop API change", "industry", "retail", 60
"""A change in somebody else's software that made every retailer's programs ask more often, for one month."""


@dataclass(frozen=True)
class Plan:
    """What is fixed before the first account lives. Roles follow from an account's number, so chunks are independent.

    Attributes:
        accounts: Number of accounts.
        months: Number of months.
        first_month: The first one.
        seed: Seed of everything random.
        days: Calendar of the window.
    """

    accounts: int
    months: int
    first_month: Month
    seed: int
    days: Days

    @property
    def price_change_k(self) -> int:
        """Month of the list price increase."""
        return self.months * 5 // 9

    @property
    def migration_k(self) -> int:
        """Month on whose first day Classic becomes Platform."""
        return self.months // 2

    @property
    def event_k(self) -> int | None:
        """Month of the external event; none in a window too short to show what is usual before and after it."""
        return self.months * 7 // 9 if self.months >= 9 else None

    @property
    def usage_rows_a_month(self) -> int:
        """Usage rows of an account and month: daily for small companies, weekly, then monthly to bound the files."""
        return 31 if self.accounts <= 1_000 else 4 if self.accounts <= 20_000 else 1

    def account_id(self, index: int) -> str:
        """Name an account by its number."""
        return f"A{index + 1:07d}"

    def dice(self, index: int, about: str) -> random.Random:
        """Return an account's own source of randomness for one subject."""
        return random.Random(f"{self.seed}/{index}/{about}")  # noqa: S311 - a simulation, not a secret

    def merges(self, index: int) -> bool:
        """Tell whether an account is merged into the one before it."""
        return index % 97 == 50 and self.months >= 9

    def absorbs(self, index: int) -> bool:
        """Tell whether an account takes over the one after it; it never churns."""
        return index % 97 == 49 and index + 1 < self.accounts and self.months >= 9

    def parent(self, index: int) -> int | None:
        """Return the number of an account's parent, if it has one."""
        return index - 1 if index % 9 == 4 or self.is_moved(index) else None

    def is_moved(self, index: int) -> bool:
        """Tell whether an account is put under another parent at some time."""
        return index % 151 == 20 and self.months >= 6

    def spikes(self, index: int) -> bool:
        """Tell whether an account has a one-off usage spike."""
        return index % 40 == 13

    def bad_row(self, index: int) -> str | None:
        """Return the problem code of the bad invoice row planted for an account, if any."""
        return _BAD[index // 20 % 4] if index % 20 == 7 else None

    def conflicts(self, index: int) -> bool:
        """Tell whether one of an account's invoice lines is repeated with another amount."""
        return index % 50 == 11


_BAD = ("MISSING_ACCOUNT_ID", "NOT_A_NUMBER", "UNKNOWN_CURRENCY", "PERIOD_ENDS_BEFORE_START")
