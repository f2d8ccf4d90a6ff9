"""Which customer a page is about, and the words of what accounts hold as codes."""

from collections.abc import Mapping

from growthring.console.visit import Visit
from growthring.operations.accounts.find import account_named
from growthring.operations.accounts.revenue import account_facts
from growthring.operations.answer import Answer

STATES: Mapping[str, str] = {"customer": "customer", "left": "left", "never": "never paid"}
"""How an account stands."""

TERM_STATES: Mapping[str, str] = {
    "in_force": "in force", "ending": "in force, cancelled", "to_come": "to come", "over": "over",
}  # fmt: skip
"""How a contract or a commitment stands."""

LINE_KINDS: Mapping[str, str] = {
    "recurring": "recurring", "usage": "usage", "one_off": "one-off", "credit": "credit", "fee": "fee", "tax": "tax",
}  # fmt: skip
"""Kinds of invoice and contract lines."""

INTERVALS: Mapping[str, str] = {"day": "day", "week": "week", "month": "month", "quarter": "quarter", "year": "year"}
"""How often a contract line is billed."""

PROMISES: Mapping[str, str] = {
    "minimum": "minimum consumption", "prepaid": "prepaid balance", "credit": "credit granted", "ela": "fixed price for all use",
}  # fmt: skip
"""Kinds of commitments."""

TRUE_UPS: Mapping[str, str] = {"term_end": "at the end", "period": "every billing period", "none": "never"}
"""When a shortfall is billed."""

TAGS: Mapping[str, str] = {
    "one_off": "A one-off: left out of recurring revenue",
    "advised_saving": "Spends less because we advised it",
    "at_renewal": "Expansion agreed at a renewal",
}
"""What a tag says of months of an account."""

ENTRIES: Mapping[str, str] = {"tag": "Tag", "reason": "Reason", "override": "Override"}
"""What people write about an account."""


def account_of(visit: Visit) -> str:
    """Return the account that a page is about: the one named, or the only one that a text finds; empty for the list."""
    named = visit.asked.params.get("id", "")
    text = visit.asked.get("find")
    if named or not text:
        return named
    return str(visit.ask(account_named, text))


def facts_of(visit: Visit) -> Answer:
    """Answer who the account is: parameter ``id``."""
    found: Answer = visit.ask(account_facts, account_of(visit))
    return found


def spoken(name: str) -> str:
    """Return a name of the data, such as that of a meter, as people write it.

    Example:
        >>> spoken("api_calls")
        'api calls'
    """
    return name.replace("_", " ")
