"""Causes of residuals, in the order in which they are tried: the first that holds is named."""

from collections.abc import Callable
from dataclasses import dataclass

from growthring.pricing.reconciliation import checks
from growthring.pricing.reconciliation.difference import Difference, Surroundings

Check = Callable[[Difference, Surroundings], str | None]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why rated and invoiced amounts differ.

    Attributes:
        name: The cause.
        meaning: What it says.
        remedy: What to do about it.
        check: Returns the evidence, or nothing; the causes without one are named by ``reconciliation.sql``.
    """

    name: str
    meaning: str
    remedy: str = ""
    check: Check | None = None


CAUSES = (
    Cause("matched", "The invoice says what the price book asks for."),
    Cause("rounding", "They differ by at most one minor unit a line.", "Nothing, or choose the policy that rounds as you do."),
    Cause(
        "shifted_period",
        "The residuals of two adjacent periods cancel out, or one invoice says what the other period asks for.",
        "Compare the service period on the invoice, and the billing anchor and time zone of the contract.",
        checks.shifted_period,
    ),
    Cause(
        "merged_account",
        "The residuals of accounts that merged cancel out.",
        "Nothing to collect; move the use before the merger to the account that is invoiced if they should match one by one.",
        checks.merged_account,
    ),
    Cause(
        "other_currency",
        "The units that were metered were invoiced at the book's prices, some or all in another currency.",
        "Nothing to collect; say the account's `currency` in the assignment if it should be rated as it is invoiced.",
        checks.other_currency,
    ),
    Cause(
        "open_period",
        "The period ends after the data do, and is not invoiced yet.",
        "Wait for the invoice.",
        checks.open_period,
    ),
    Cause(
        "not_invoiced",
        "Use was rated and never invoiced.",
        "Invoice it, or end the assignment of the price book if it is free.",
        checks.not_invoiced,
    ),
    Cause(
        "not_rated",
        "Use was invoiced and none was rated.",
        "Load the usage behind it, or assign a price book to the account.",
        checks.not_rated,
    ),
    Cause(
        "late_usage",
        "What was known on the day of the invoice gives its amount; more use became known later.",
        "Invoice the difference with the next period.",
        checks.late_usage,
    ),
    Cause(
        "other_price",
        "Another version of the book, or another book, gives the invoiced amount.",
        "Correct the version's effective_from or the assignment, or the price in the billing system.",
        checks.other_price,
    ),
    Cause(
        "other_policy",
        "Another rating policy gives the invoiced amount.",
        "Write the policy of the billing system into the book: `policy: NAME`.",
        checks.other_policy,
    ),
    Cause(
        "proration",
        "Other days than those rated give the invoiced amount.",
        "Compare the first and last day of the contract with those on the invoice.",
        checks.proration,
    ),
    Cause(
        "duplicate_invoice",
        "The amount was invoiced several times over.",
        "Credit the copies.",
        checks.duplicate_invoice,
    ),
    Cause("credit", "A credit line gave back what was invoiced too much.", "Nothing to collect.", checks.credit),
    Cause(
        "other_quantity",
        "The book gives the invoiced amount for the quantity on the invoice, which is not the metered one.",
        "Compare the usage records with the billing system's count.",
        checks.other_quantity,
    ),
    Cause(
        "unexplained",
        "None of these gives the invoiced amount.",
        "Look at `growthring explain bill ACCOUNT --at MONTH` beside the invoice.",
    ),
)


def name_cause(difference: Difference, around: Surroundings) -> tuple[str, str]:
    """Return the first cause that holds, and its evidence."""
    for cause in CAUSES:
        evidence = cause.check(difference, around) if cause.check else None
        if cause.check and evidence is not None:
            return cause.name, evidence
    return "unexplained", ""
