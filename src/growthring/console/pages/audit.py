"""The audit trail, for administrators: who did what on the pages, and what was refused."""

from collections.abc import Iterable

from growthring.console.blocks import Block, Column, Note, Table
from growthring.console.visit import Section, Visit
from growthring.operations.audit import audit_trail

_COLUMNS = ("at", "who", "role", "deed", "about", "outcome", "detail")
_PAGE_SIZE = 20


def trail(visit: Visit) -> Iterable[Block]:
    """Show the audit trail, the latest entry first.

    It is read anew for each visit: it does not belong to the state that Answers are kept by.
    """
    _ = visit.words
    if not visit.user.may("admin"):
        yield Note(_("The audit trail is for administrators."))
        return
    asked = visit.asked
    order = asked.choice("audit.sort", tuple(sign + name for name in _COLUMNS for sign in ("", "-")), "-at")
    skipped = 0 if visit.patient else (asked.number("audit.page", 1) - 1) * _PAGE_SIZE
    find, limit = asked.get("audit.find"), None if visit.patient else _PAGE_SIZE
    page = audit_trail(visit.project, find=find, limit=limit, offset=skipped, order=order)
    yield Table(
        "audit", _columns(visit), page.rows, page_size=_PAGE_SIZE, total=page.total,
        empty=_("Nobody has written anything from these pages yet."),
    )  # fmt: skip


def _columns(visit: Visit) -> list[Column]:
    from growthring.console.access import ROLES
    from growthring.console.pages import DEEDS  # which holds the page that shows this section

    _ = visit.words
    deeds = {"sign_in": _("signed in"), "sign_out": _("signed out"), **{name: _(deed.title) for name, deed in DEEDS.items()}}
    outcomes = {"done": _("done"), "refused": _("refused"), "failed": _("failed")}
    return [
        Column("at", _("When (UTC)"), "name"),
        Column("who", _("Who"), "name"),
        Column("role", _("Role"), words={role: _(role) for role in (*ROLES, "none")}),
        Column("deed", _("What"), "name", words=deeds),
        Column("about", _("About"), "long"),
        Column("outcome", _("Outcome"), words=outcomes),
        Column("detail", _("Why"), "long"),
    ]


audit_section = Section("audit", "Audit trail", trail)
"""For a page that lists it among its sections."""
