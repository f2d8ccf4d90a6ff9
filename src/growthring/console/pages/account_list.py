"""The list of customers: found, sorted and cut into pages by the operation."""

from collections.abc import Iterable

from growthring.console.answers import evidence
from growthring.console.asked import link
from growthring.console.blocks import Block, Column, Links, Note, Table
from growthring.console.pages.account_chosen import STATES, spoken
from growthring.console.terms import worded
from growthring.console.visit import Visit
from growthring.operations.accounts.find import attribute_columns, find_accounts
from growthring.operations.answer import Answer

_NAME = "accounts"
_SIZE = 25


def found_accounts(visit: Visit) -> Answer:
    """Answer the page of customers that a URL asks for, or all that match where the whole table is wanted."""
    asked = visit.asked
    text, sort = asked.get(f"{_NAME}.find") or asked.get("find"), asked.get(f"{_NAME}.sort", "-mrr")
    if visit.patient:
        every: Answer = visit.ask(find_accounts, text, sort=sort)
        return every
    page = asked.number(f"{_NAME}.page", 1)
    found: Answer = visit.ask(find_accounts, text, sort=sort, skip=(page - 1) * _SIZE, limit=_SIZE)
    last = -(-int(found.value or 0) // _SIZE)
    if not found.rows and found.value and page > last:
        found = visit.ask(find_accounts, text, sort=sort, skip=(last - 1) * _SIZE, limit=_SIZE)
    return found


def listed(visit: Visit) -> Iterable[Block]:
    """Show customers with their revenue, its change in a year, and whether they promised anything."""
    _ = visit.words
    found, text = found_accounts(visit), visit.asked.get("find")
    if text:
        yield Links([(_("Show all customers"), link("/account"))], _("Found for “{text}”.", text=text))
    if not found.value and not text and not visit.asked.get(f"{_NAME}.find"):
        yield Note(
            _("No row names a customer yet."),
            _("Read data with growthring run; the page Data says what was left out."),
            "empty",
        )
        return
    rows = [
        {**row, "_page": link("/account", id=row["account_id"]), "_proof": evidence("account_revenue", id=row["account_id"])}
        for row in found.rows
    ]
    nothing = _("No customer's name, id or attribute holds this text.")
    yield Table(
        _NAME, _columns(visit, found), rows, _("Customers, {month}", month=found.at), nothing, _SIZE, int(found.value or 0)
    )


def _columns(visit: Visit, found: Answer) -> list[Column]:
    _ = visit.words
    attributes = visit.ask(attribute_columns)
    return [
        Column("name", _("Customer"), "name", "_page"),
        Column("mrr", _("MRR now"), "amount", "_proof"),
        Column("change", _("In 12 months"), "amount", "_proof"),
        Column("change_rate", _("in %"), "share", "_proof"),
        Column("promised", _("Commitment"), words={"True": _("yes"), "False": "–"}),
        Column("state", _("State"), "name", words=worded(STATES, visit)),
        *(Column(key, spoken(name), "name") for name, key in attributes),
        Column("since", _("Since"), "month"),
        Column("account_id", _("Id"), "code", "_page"),
    ]
