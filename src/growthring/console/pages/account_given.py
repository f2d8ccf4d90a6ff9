"""What forms about a customer give, checked: nothing but what could be chosen, and never without a reason."""

from collections.abc import Mapping

from growthring.console.deeds import Given, Told
from growthring.console.pages.account_chosen import account_of
from growthring.console.visit import Visit
from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.operations.accounts.revenue import account_facts


def customer(visit: Visit, given: Given) -> Told:
    """Say which customer a form is about."""
    row = visit.ask(account_facts, given.get("id", "")).rows[0]
    name = row["name"] if row["name"] == row["account_id"] else f"{row['name']} ({row['account_id']})"
    return [(visit.words("Customer"), name)]


def chosen(what: str, code: str, words: Mapping[str, str]) -> str:
    """Return the word of a code that was chosen; nothing else can be sent."""
    if code not in words:
        raise UnknownValueError(what, code, words)
    return words[code]


def reason(given: Given) -> str:
    """Return why something is said; an entry without it is refused."""
    if not given.get("note", ""):
        raise GrowthringError(
            "Nothing was said about why.", valid="An entry is kept with its reason.", remedy="Write a sentence."
        )
    return given["note"]


def here(visit: Visit, section: str) -> str:
    """Return where the reader returns to: the section of the page that a form stands in."""
    return visit.asked.url(id=account_of(visit)) + f"#{section}"
