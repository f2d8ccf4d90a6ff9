"""Account: one page for each customer, and the list they are found in."""

from collections.abc import Mapping, Sequence
from functools import partial

from growthring.console.asked import link
from growthring.console.blocks import Block, Links
from growthring.console.desk import StillWorkingError
from growthring.console.pages.account_agreed import (
    burn_down_of,
    commitments,
    contracts,
    contracts_of,
    leads_to,
    promises_of,
)
from growthring.console.pages.account_bill import bill, bill_of, bills_of, budget_of, curve_of, price
from growthring.console.pages.account_chosen import account_of, facts_of
from growthring.console.pages.account_deeds import DEEDS
from growthring.console.pages.account_head import head
from growthring.console.pages.account_list import found_accounts, listed
from growthring.console.pages.account_outlook import outlook, outlook_of
from growthring.console.pages.account_revenue import documents_of, months_of, movements_of, revenue
from growthring.console.pages.account_said import notes, notes_of, questions, questions_of
from growthring.console.pages.account_usage import days_of, usage, usage_of
from growthring.console.pages.evidence import AnswerOf
from growthring.console.visit import PageKind, Section, Visit, refusal
from growthring.kernel.errors import GrowthringError
from growthring.operations.accounts.revenue import account_facts, account_invoices
from growthring.operations.answer import Answer

_FOR_THE_NAME = 1.0
"""Seconds that a page waits for the name it is headed with, when nobody asked for the customer yet."""

_PARTS = (
    Section("revenue", "Revenue and its movements", revenue),
    Section("usage", "Usage", usage),
    Section("contracts", "Contracts", contracts),
    Section("commitments", "Commitments and their burn-down", commitments),
    Section("bill", "A bill, line by line", bill),
    Section("price", "What a unit costs", price),
    Section("forecast", "What is expected", outlook),
    Section("questions", "Open questions", questions),
    Section("notes", "Notes, tags and overrides", notes),
)


def invoices_of(visit: Visit) -> Answer:
    """Answer which invoices an account got: parameter ``id``."""
    found: Answer = visit.ask(account_invoices, account_of(visit))
    return found


def sections(visit: Visit) -> Sequence[Section]:
    """Return the parts of the list, of one customer, or of a customer that nobody knows."""
    try:
        if not account_of(visit):
            return (Section("list", "", listed),)
        facts_of(visit)
    except StillWorkingError:
        pass
    except GrowthringError as error:
        return (Section("unknown", "", partial(unknown, error)),)
    if not visit.asked.params.get("id") and not _is_found(visit):
        return (Section("list", "", listed),)
    return (Section("head", "", lambda there: [*head(there), contents(there)]), *_PARTS)


def contents(visit: Visit) -> Links:
    """Lead to the parts of the page."""
    _ = visit.words
    return Links([(_(part.title), f"#{part.name}") for part in _PARTS], _("On this page"))


def unknown(error: GrowthringError, visit: Visit) -> Sequence[Block]:
    """Say that there is no such customer, or why nobody can be looked up."""
    return [refusal(error), Links([(visit.words("Show all customers"), link("/account"))])]


def heading(visit: Visit) -> str:
    """Name the customer; as it was called when it was last asked for, while that is being looked up."""
    called = None
    try:
        account = account_of(visit)
        if not account:
            return visit.words("Customers")
        called = visit.desk.names.get(account)
        found = visit.desk.ask(account_facts, account, wait=0.0 if called else _FOR_THE_NAME, project=visit.project)
        called = visit.desk.names[account] = str(found.rows[0]["name"])
    except StillWorkingError:
        return called or visit.asked.params.get("id") or visit.words("Customers")
    except GrowthringError:
        return visit.asked.params.get("id") or visit.words("Customers")
    return called


def _is_found(visit: Visit) -> bool:
    """Whether it is known by now which customer a text means."""
    try:
        return bool(account_of(visit))
    except StillWorkingError:
        return False


PAGE = PageKind("account", "Customers", sections, heading)
ANSWERS: Mapping[str, AnswerOf] = {
    "accounts": found_accounts,
    "account_revenue": months_of,
    "account_movements": movements_of,
    "account_documents": documents_of,
    "account_invoices": invoices_of,
    "account_usage": usage_of,
    "account_usage_days": days_of,
    "account_contracts": contracts_of,
    "account_promises": promises_of,
    "account_burn_down": burn_down_of,
    "account_outlook": leads_to,
    "account_bills": bills_of,
    "account_bill": bill_of,
    "account_price": curve_of,
    "account_budget": budget_of,
    "account_forecast": outlook_of,
    "account_questions": questions_of,
    "account_notes": notes_of,
}

__all__ = ["ANSWERS", "DEEDS", "PAGE"]
