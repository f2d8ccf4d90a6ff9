"""Rules at the quote: terms of a year (PR-17), and no discount for small customers (PR-16)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

RULE_MONTHS = 12
"""The length of a term, unless there is a reason for another."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An offer that goes against a rule.

    Attributes:
        rule: short_term, multi_year_prepaid or small_customer_discount.
        offer: Row of ``known_offer``.
        reason: What is wrong and what to do.
    """

    rule: str
    offer: Mapping[str, Any]
    reason: str


def term_findings(offers: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Return the offers, lost ones left out, whose term is shorter than a year, or longer and paid ahead at once."""
    found = []
    for offer in offers:
        if offer["outcome"] == "lost":
            continue
        months = offer["term_months"]
        if months < RULE_MONTHS:
            reason = f"{months} months: the rule is {RULE_MONTHS}; a short term renews before value is seen."
            found.append(Finding("short_term", offer, reason))
        elif months > RULE_MONTHS and offer["prepaid"] == "yes":
            reason = f"{months} months paid at once: the rule is {RULE_MONTHS}; bill by the year."
            found.append(Finding("multi_year_prepaid", offer, reason))
    return found


def small_discounts(offers: Iterable[Mapping[str, Any]], below: Decimal) -> list[Finding]:
    """Return the offers, lost ones left out, that give a discount on a yearly list price below a threshold."""
    return [
        Finding(
            "small_customer_discount",
            offer,
            f"A list price of {offer['list_year_amount'].normalize():f} a year is below {below.normalize():f}: "
            "small customers pay the list price.",
        )
        for offer in offers
        if offer["outcome"] != "lost" and offer["is_discounted"] and offer["list_year_amount"] < below
    ]
