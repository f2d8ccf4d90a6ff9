"""What people say about a customer: open questions and their answers, tags, overrides; each written after a second look."""

from collections.abc import Iterable, Mapping
from typing import Any

from growthring.console.answers import evidence
from growthring.console.blocks import Block, Column, Form, Input, Note, Statement, Statements, Table
from growthring.console.pages.account_chosen import ENTRIES, TAGS, account_of, facts_of
from growthring.console.pages.account_given import here
from growthring.console.pages.account_override import override_form
from growthring.console.pages.forecast_terms import CAUSES, CHANGES, REASONS
from growthring.console.terms import worded
from growthring.console.visit import Visit
from growthring.kernel.period import Month
from growthring.operations.accounts.notes import account_notes
from growthring.operations.answer import Answer
from growthring.operations.history.unusual import Asked
from growthring.operations.history.why import open_questions

EVIDENCE: Mapping[str, str] = {
    "customer": "The customer said so",
    "ticket": "A ticket or an incident",
    "order": "A contract or an order",
    "usage": "Usage by team or feature shows it",
    "outside": "News or an event outside",
    "nobody": "Nobody could say",
}
"""What an answer is known from."""

_BACK = 24


def questions_of(visit: Visit) -> Answer:
    """Answer which changes of usage wait for a reason, of all customers."""
    found: Answer = visit.ask(open_questions, Asked(), top=0, slow=True)
    return found


def notes_of(visit: Visit) -> Answer:
    """Answer what people said about the account: parameter ``id``."""
    found: Answer = visit.ask(account_notes, account_of(visit))
    return found


def questions(visit: Visit) -> Iterable[Block]:
    """Show changes of usage that nobody explained, with the form that explains them."""
    _ = visit.words
    account = account_of(visit)
    mine = [row for row in questions_of(visit).rows if row["account"] == account]
    if mine:
        yield Statements([_question(visit, row) for row in mine])
    else:
        yield Note(_("No change of this customer's usage waits for a reason."), state="done")
    yield _why_form(visit, mine)


def notes(visit: Visit) -> Iterable[Block]:
    """Show what people said, and the forms that say more or take it back."""
    _ = visit.words
    found = notes_of(visit)
    columns = [
        Column("kind", _("Entry"), words=worded(ENTRIES, visit)),
        Column("what", _("What"), words={**worded(REASONS, visit), **worded(CAUSES, visit), **worded(TAGS, visit)}),
        Column("about", _("About")),
        Column("from", _("From"), "month"),
        Column("to", _("To"), "month"),
        Column("because", _("Because"), "long"),
        Column("confidence", _("Sure"), "share"),
        Column("expires", _("Counts until"), "month"),
        Column("author", _("By")),
        Column("recorded", _("Written"), "month"),
    ]
    rows = [{**row, "to": row["to"] or _("for good")} for row in found.rows]
    yield Table("notes", columns, rows, empty=_("Nobody has noted anything about this customer yet."), page_size=10)
    yield override_form(visit)
    yield _tag_form(visit)
    taken = [row for row in found.rows if row["key"]]
    if taken:
        yield _take_back_form(visit, taken)


def _question(visit: Visit, row: Mapping[str, Any]) -> Statement:
    _ = visit.words
    changes = worded(CHANGES, visit)
    values = {
        "change": changes.get(row["what"], row["what"]), "usual": _.value(row["usual"], "amount"),
        "amount": _.value(row["amount"], "amount"), "stake": _.brief(row["at_stake"]),
        "months": row["from"] if row["from"] == row["to"] else f"{row['from']} – {row['to']}",
    }  # fmt: skip
    text = _("{months}: usage {change}. Usually {usual} a month, then {amount}.", **values)
    detail = _("A year of it would be {stake}; say why, so that it is counted once or for good.", **values)
    if row["shared_with"]:
        detail += " " + _("Others with {attribute} moved too.", attribute=row["shared_with"])
    return Statement(text, evidence("account_questions"), detail, "warn")


def _why_form(visit: Visit, mine: list[dict[str, Any]]) -> Form:
    _ = visit.words
    last = Month.parse(facts_of(visit).at)
    asked = [(f"{row['from']} {row['to']}", _question(visit, row).text) for row in mine]
    taken = {value for value, _text in asked}
    months = [
        (f"{month} {month}", str(month)) for month in (last - back for back in range(_BACK)) if f"{month} {month}" not in taken
    ]
    inputs = [
        Input("id", type="hidden", value=account_of(visit)),
        Input("months", _("Which change"), "select", [*asked, *months], (asked or months)[0][0], True),
        Input("code", _("Why"), "radio", list(worded(CAUSES, visit).items()), "", True),
        Input("known_from", _("How it is known"), "select", list(worded(EVIDENCE, visit).items()), "customer", True),
        Input("note", _("More about it, if needed"), hint=_("Such as the number of a ticket.")),
    ]
    return Form("account_why", _("Say why usage changed"), inputs, _("Check it"), here(visit, "questions"), open=bool(mine))


def _tag_form(visit: Visit) -> Form:
    _ = visit.words
    last = Month.parse(facts_of(visit).at)
    months = [(str(last - back), str(last - back)) for back in range(_BACK)]
    inputs = [
        Input("id", type="hidden", value=account_of(visit)),
        Input("tag", _("What it is"), "radio", list(worded(TAGS, visit).items()), "", True),
        Input("first", _("From"), "select", months, months[0][0], True),
        Input("last", _("Until, included"), "select", months, months[0][0], True),
        Input("note", _("Why"), required=True),
    ]
    return Form("account_tag", _("Tag months of this customer"), inputs, _("Check it"), here(visit, "notes"))


def _take_back_form(visit: Visit, taken: list[dict[str, Any]]) -> Form:
    _ = visit.words
    entries = worded(ENTRIES, visit)
    what = {**worded(REASONS, visit), **worded(TAGS, visit)}
    options = [
        (row["key"], f"{entries[row['kind']]} · {what.get(row['what'], row['what'])} · {row['from']} · {row['author']}")
        for row in taken
    ]
    inputs = [
        Input("id", type="hidden", value=account_of(visit)),
        Input("key", _("Entry"), "select", options, options[0][0], True),
        Input("note", _("Why"), required=True),
    ]
    return Form("account_take_back", _("Take an entry back"), inputs, _("Check it"), here(visit, "notes"))
