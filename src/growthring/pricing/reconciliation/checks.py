"""One check for each cause of a residual: what speaks for it, in words, or nothing.

A check holds only when the cause gives the invoiced amount to the minor unit, so that a cause is a calculation and no guess.
"""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from growthring.kernel.currency import exponent
from growthring.pricing.reconciliation.difference import Difference, Surroundings
from growthring.pricing.reconciliation.rerating import (
    amount_of_days,
    amount_of_uses,
    depends_on_share,
    other_policies,
    other_versions,
)
from growthring.pricing.reference import plain

MOST_COPIES = 5
_CHANCE = 100
"""A share of days could give any small amount by chance: fewer minor units than this, times the days, prove nothing."""


def shifted_period(difference: Difference, around: Surroundings) -> str | None:
    """The amount was invoiced for the period before or after."""
    for other in around.neighbours(difference):
        cancels = abs(difference.residual_amount + other.residual_amount) <= difference.tolerance + other.tolerance
        is_moved = difference.invoiced_amount == other.rated_amount != 0 or difference.rated_amount == other.invoiced_amount != 0
        if cancels or is_moved:
            return (
                f"the period from {other.period_start} has {other.residual_amount:+.{exponent(other.currency)}f} {other.currency}"
            )
    return None


def merged_account(difference: Difference, around: Surroundings) -> str | None:
    """The amount was invoiced to an account that this one merged with."""
    others = around.of_merged_accounts(difference)
    allowed = difference.tolerance + sum((each.tolerance for each in others), Decimal(0))
    if others and abs(difference.residual_amount + sum(each.residual_amount for each in others)) <= allowed:
        return f"together with {', '.join(each.account_id for each in others)} the invoices are right"
    return None


def other_currency(difference: Difference, around: Surroundings) -> str | None:
    """The same use was invoiced in another currency: its units add up, and each invoice has the book's price in its currency."""
    rows = around.in_every_currency(difference)
    billed = [
        each
        for account in sorted({row.account_id for row in rows})
        for each in around.billed.get((account, difference.period_start), ())
    ]
    uses = [use for each in billed for use in each.uses]
    currencies = {row.currency for row in rows}
    if len(currencies) < 2 or not uses or len({use.meter for use in uses}) > 1 or any(len(each.uses) > 1 for each in billed):
        return None
    if sum(row.invoiced_quantity for row in rows) != sum(use.quantity for use in uses):
        return None
    for row in rows:
        terms = replace(billed[0], currency=row.currency)
        counted = replace(uses[0], quantity=row.invoiced_quantity, event_values=(), changes=())
        if row.invoice_lines:
            amount = amount_of_uses([terms], lambda _, counted=counted: (counted,), with_fees=around.with_fees)  # type: ignore[misc]
            if amount != row.invoiced_amount:
                return None
    return f"the units metered were invoiced in {' and '.join(sorted({row.currency for row in rows if row.invoice_lines}))}"


def open_period(difference: Difference, around: Surroundings) -> str | None:
    """The period ends after the data do."""
    return f"it ends on {difference.period_end}" if difference.cause == "open_period" else None


def not_invoiced(difference: Difference, around: Surroundings) -> str | None:
    """Nothing was invoiced."""
    return "no invoice line" if not difference.invoice_lines else None


def not_rated(difference: Difference, around: Surroundings) -> str | None:
    """Nothing was rated."""
    if difference.rated_lines:
        return None
    known = around.billed.get((difference.account_id, difference.period_start))
    if not known:
        return "the account is under no price book then"
    currencies = sorted({each.currency for each in known} - {difference.currency})
    return f"the account is billed in {', '.join(currencies)}" if currencies else "no use that the price book prices"


def late_usage(difference: Difference, around: Surroundings) -> str | None:
    """Rated as of the day of the invoice, the use gives the invoiced amount: the rest became known later."""
    billed = around.billed_in(difference)
    if difference.invoiced_quantity == sum(use.quantity for each in billed for use in each.uses) != 0:
        return None  # the invoice counted everything
    for known in around.known.get(difference.key, ()):
        amount = amount_of_uses(
            billed, lambda each, known=known: known.uses.get(each.subscription_id, ()), with_fees=around.with_fees  # type: ignore[misc]
        )  # fmt: skip
        if amount == difference.invoiced_amount:
            return f"{known.later_records:,} records became known after {known.at:%Y-%m-%d %H:%M}"
    return None


def other_price(difference: Difference, around: Surroundings) -> str | None:
    """Another version of the book, or another book of the project, gives the invoiced amount."""
    found = (name for name, amount in other_versions(difference, around) if amount == difference.invoiced_amount)
    name = next(found, None)
    return f"{name} gives the invoiced amount" if name else None


def other_policy(difference: Difference, around: Surroundings) -> str | None:
    """Another rating policy gives the invoiced amount."""
    found = [name for name, amount in other_policies(difference, around) if amount == difference.invoiced_amount]
    return f"read as {', '.join(found)} the book gives the invoiced amount" if found else None


def proration(difference: Difference, around: Surroundings) -> str | None:
    """Other days than those rated give the invoiced amount: the whole period, or a share that does so hardly by chance."""
    billed = around.billed_in(difference)
    days = billed[0].share.whole if billed else (difference.period_end - difference.period_start).days

    def is_for(active: int) -> bool:
        return amount_of_days(billed, active, with_fees=around.with_fees) == difference.invoiced_amount

    depends_on_days = any(depends_on_share(each.version) for each in billed)
    if depends_on_days and is_for(days):
        return f"fees and minimums of the whole period, of {days} days"
    units = abs(difference.invoiced_amount).scaleb(exponent(difference.currency))
    if not difference.rated_lines or units < _CHANCE * days:
        return None
    smallest = Decimal(1).scaleb(-exponent(difference.currency))
    for active in range(1, days):
        if (difference.rated_amount * active / days).quantize(smallest, ROUND_HALF_UP) == difference.invoiced_amount:
            return f"{active} of {days} days"
        if depends_on_days and is_for(active):
            return f"fees and minimums of {active} of {days} days"
    return None


def duplicate_invoice(difference: Difference, around: Surroundings) -> str | None:
    """The amount was invoiced several times over."""
    for copies in range(2, MOST_COPIES + 1):
        if difference.rated_amount and difference.invoiced_amount == difference.rated_amount * copies:
            return f"{copies} times the amount, on {difference.invoice_lines} lines"
    return None


def credit(difference: Difference, around: Surroundings) -> str | None:
    """Too much was invoiced, and a credit line gave it back."""
    for each in around.credits.get((difference.account_id, difference.currency), ()):
        if each.amount == difference.residual_amount and each.issued_on >= difference.period_start:
            return f"credit line {each.invoice_line_id} of {each.issued_on}"
    return None


def other_quantity(difference: Difference, around: Surroundings) -> str | None:
    """The invoice counts another quantity of the one thing that was used, at the price of the book."""
    billed = around.billed_in(difference)
    if len(billed) != 1 or len(billed[0].uses) != 1 or not difference.invoice_lines:
        return None
    (use,) = billed[0].uses
    if use.quantity == difference.invoiced_quantity:
        return None
    counted = replace(use, quantity=difference.invoiced_quantity, event_values=(), changes=())
    if amount_of_uses(billed, lambda _: (counted,), with_fees=around.with_fees) != difference.invoiced_amount:
        return None
    return f"{plain(difference.invoiced_quantity)} invoiced, {plain(use.quantity)} metered"
