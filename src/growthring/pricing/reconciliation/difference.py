"""A residual between what was rated and what was invoiced, and what surrounds it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from growthring.kernel.currency import exponent
from growthring.pricing.book import PriceBook, Version
from growthring.pricing.reference import Share, Use


@dataclass(frozen=True, slots=True)
class Difference:
    """One row of ``reconciliation``.

    Attributes:
        account_id: The customer.
        period_start: First day of the billing period.
        period_end: First day after it.
        currency: Of all amounts.
        rated_amount: What the price books ask for.
        invoiced_amount: What was invoiced.
        residual_amount: Rated less invoiced.
        rated_lines: Number of rated lines.
        invoice_lines: Number of invoice lines.
        invoiced_quantity: Sum of the quantities on the invoice lines.
        issued_on: Day of the first invoice; nothing without one.
        cause: Name of the cause.
        evidence: What speaks for it, in words.
    """

    account_id: str
    period_start: date
    period_end: date
    currency: str
    rated_amount: Decimal
    invoiced_amount: Decimal
    residual_amount: Decimal
    rated_lines: int
    invoice_lines: int
    invoiced_quantity: Decimal
    issued_on: date | None
    cause: str
    evidence: str = ""

    @property
    def key(self) -> tuple[str, date, str]:
        """Account, period and currency."""
        return self.account_id, self.period_start, self.currency

    @property
    def tolerance(self) -> Decimal:
        """One minor unit for each line."""
        return Decimal(max(self.rated_lines, self.invoice_lines)).scaleb(-exponent(self.currency))


@dataclass(frozen=True, slots=True)
class Billed:
    """A subscription in a billing period, as it was rated.

    Attributes:
        subscription_id: The subscription.
        book: Its price book.
        version: The version in force.
        share: How much of the period it was active.
        currency: What it is billed in.
        uses: Metered quantities.
    """

    subscription_id: str
    book: PriceBook
    version: Version
    share: Share
    currency: str
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of a period at an instant.

    Attributes:
        at: The instant.
        uses: Metered quantities by subscription.
        later_records: Records and corrections that became known afterwards.
    """

    at: datetime
    uses: Mapping[str, tuple[Use, ...]]
    later_records: int


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit line of an account; the amount is negative."""

    invoice_line_id: str
    account_id: str
    currency: str
    issued_on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the checks look at beside the residual itself.

    Attributes:
        books: The project's price books.
        with_fees: Whether fees are compared, too.
        residuals: Every residual of the accounts looked at, by account and currency.
        billed: Subscriptions by account and first day of the period.
        merged: Accounts that became one customer, by account; each group holds itself.
        credits: Credit lines by account and currency.
        known: What was known when the invoice was issued, where more became known later.
    """

    books: Sequence[PriceBook]
    with_fees: bool
    residuals: Mapping[tuple[str, str], Sequence[Difference]]
    billed: Mapping[tuple[str, date], Sequence[Billed]] = field(default_factory=dict)
    merged: Mapping[str, frozenset[str]] = field(default_factory=dict)
    credits: Mapping[tuple[str, str], Sequence[Credit]] = field(default_factory=dict)
    known: Mapping[tuple[str, date, str], Sequence[Known]] = field(default_factory=dict)

    def billed_in(self, difference: Difference) -> Sequence[Billed]:
        """Return the subscriptions behind a residual, in its currency."""
        found = self.billed.get((difference.account_id, difference.period_start), ())
        return [each for each in found if each.currency == difference.currency]

    def neighbours(self, difference: Difference) -> list[Difference]:
        """Return the residuals of the periods just before and just after, in the same currency."""
        return [
            other
            for other in self.residuals.get((difference.account_id, difference.currency), ())
            if other.period_end == difference.period_start or other.period_start == difference.period_end
        ]

    def of_merged_accounts(self, difference: Difference) -> list[Difference]:
        """Return the residuals of the same period and currency of the accounts that this one merged with."""
        group = self.merged.get(difference.account_id, frozenset()) - {difference.account_id}
        return [
            other
            for account in sorted(group)
            for other in self.residuals.get((account, difference.currency), ())
            if other.period_start == difference.period_start
        ]

    def in_every_currency(self, difference: Difference) -> list[Difference]:
        """Return the residuals of the same period in any currency, of the account itself and of those it merged with."""
        group = self.merged.get(difference.account_id, frozenset({difference.account_id}))
        return [
            other
            for (account, _), rows in self.residuals.items()
            if account in group
            for other in rows
            if other.period_start == difference.period_start
        ]
