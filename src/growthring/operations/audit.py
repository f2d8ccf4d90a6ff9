"""The audit trail: who did what on the pages, and what was refused."""

from dataclasses import dataclass
from typing import Any

from growthring.kernel.errors import UnknownValueError
from growthring.operations.project import Project

_FIELDS = {
    **{name: name for name in ("role", "deed", "about", "outcome", "detail")},
    "at": "recorded_at",
    "who": "author",
}


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries of the audit trail.

    Attributes:
        rows: The entries asked for: ``at``, ``who``, ``role``, ``deed``, ``about``, ``outcome``, ``detail``.
        total: How many entries match, on all pages.
    """

    rows: list[dict[str, Any]]
    total: int


def record(
    project: Project, deed: str, *, author: str, role: str, about: str = "", outcome: str = "done", detail: str = ""
) -> None:
    """Append what somebody did or tried to the audit trail; Answers do not depend on it.

    Args:
        project: The project.
        deed: Name of the deed, or ``sign_in`` and ``sign_out``.
        author: Who; empty for somebody who is not signed in.
        role: The role they had.
        about: What it was about.
        outcome: done, refused or failed.
        detail: Why it was refused or failed.
    """
    from growthring.journal.audit_trail import Outcome

    with project.journal() as journal:
        journal.record_audit(author=author, role=role, deed=deed, about=about, outcome=Outcome(outcome), detail=detail)


def audit_trail(project: Project, *, find: str = "", limit: int | None = None, offset: int = 0, order: str = "-at") -> AuditPage:
    """Return what people did on the pages: when, who in which role, what, about what, and what became of it.

    Args:
        project: The project.
        find: Text that an entry holds.
        limit: How many entries; all of them when absent.
        offset: How many are skipped.
        order: A column of the rows, with ``-`` before it for the largest first.

    Raises:
        UnknownValueError: There is no such column.
    """
    column = order.removeprefix("-")
    if column not in _FIELDS:
        raise UnknownValueError("order", order, _FIELDS)
    if not project.has_journal():
        return AuditPage([], 0)
    with project.journal() as journal:
        found = journal.audit(find=find, limit=limit, offset=offset, order=order.replace(column, _FIELDS[column]))
        total = journal.audit_count(find=find)
    rows = [
        {
            "at": f"{entry.recorded_at:%Y-%m-%d %H:%M:%S}",
            "who": entry.author,
            "role": entry.role,
            "deed": entry.deed,
            "about": entry.about,
            "outcome": entry.outcome.value,
            "detail": entry.detail,
        }
        for entry in found
    ]
    return AuditPage(rows, total)
