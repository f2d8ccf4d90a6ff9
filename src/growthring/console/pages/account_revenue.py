"""Revenue of a customer: the line, and each movement with the documents behind it."""

from collections.abc import Iterable

from growthring.charts import Axis, lines
from growthring.console.answers import evidence
from growthring.console.blocks import Block, Column, Drawing, Links, Note, Table
from growthring.console.pages.account_chosen import account_of
from growthring.console.terms import DRIVERS, MOVEMENT_NAMES, worded
from growthring.console.visit import Visit
from growthring.operations.accounts.revenue import account_documents, account_movements, account_revenue
from growthring.operations.answer import Answer


def months_of(visit: Visit) -> Answer:
    """Answer revenue month by month: parameter ``id``."""
    found: Answer = visit.ask(account_revenue, account_of(visit))
    return found


def movements_of(visit: Visit) -> Answer:
    """Answer each movement: parameter ``id``."""
    found: Answer = visit.ask(account_movements, account_of(visit))
    return found


def documents_of(visit: Visit) -> Answer:
    """Answer the documents behind a month: parameters ``id`` and ``at``."""
    found: Answer = visit.ask(account_documents, account_of(visit), visit.asked.get("at"))
    return found


def revenue(visit: Visit) -> Iterable[Block]:
    """Show recurring revenue as a line, and its movements; each opens its documents."""
    _ = visit.words
    account, found = account_of(visit), months_of(visit)
    if not found.rows:
        yield Note(
            _("No recurring revenue so far under policy {policy}.", policy=found.policy["name"]),
            _("Invoices or contracts of a recurring kind would bring it; one-off lines, fees and tax do not."),
            "empty",
        )
        return
    rows = [{**row, "href": evidence("account_documents", id=account, at=row["at"])} for row in found.rows]
    title = _("Recurring revenue at the end of each month")
    yield Drawing(lines(rows, at="at", value="end", axis=Axis(_(found.unit)), title=title, zero=True, href="href"))
    yield Links([(_("The figures of the line: start, movements and end of each month"), evidence("account_revenue", id=account))])
    yield _movements(visit)


def _movements(visit: Visit) -> Table:
    _ = visit.words
    account, found = account_of(visit), movements_of(visit)
    rows = [
        {**row, "reason": row["reason"] or None, "_rows": evidence("account_documents", id=account, at=row["at"])}
        for row in found.rows
    ]
    columns = [
        Column("at", _("Month"), "month", "_rows"),
        Column("movement", _("Movement"), words=worded(MOVEMENT_NAMES, visit)),
        Column("amount", _("Amount"), "amount", "_rows"),
        Column("driver", _("Driven by"), words=worded(DRIVERS, visit)),
        Column("reason", _("Known about it"), words=worded(DRIVERS, visit)),
        Column("product", _("Product"), "name"),
    ]
    return Table("movements", columns, rows, _("Movements, the latest first"), page_size=8)
