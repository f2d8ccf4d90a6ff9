"""The audit trail: who did what on the pages and when, and what was refused."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, func, insert, or_, select

from growthring.journal.database import writing
from growthring.journal.opened import OpenedJournal
from growthring.journal.schema import AUDIT

_LONGEST = 2_000


class Outcome(StrEnum):
    """What became of it."""

    DONE = "done"
    REFUSED = "refused"
    """Whoever asked may not, or could not prove that they meant it."""
    FAILED = "failed"
    """It was allowed and could not be done."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that somebody did or tried.

    Attributes:
        audit_id: Its number, in the order of time.
        recorded_at: When, UTC.
        author: Who, as entries of the journal name them; empty for somebody who is not signed in.
        role: The role they had.
        deed: Name of the deed, or ``sign_in`` and ``sign_out``.
        about: What it was about: the fields of the form.
        outcome: What became of it.
        detail: Why it was refused or failed.
    """

    audit_id: int
    recorded_at: datetime
    author: str
    role: str
    deed: str
    about: str
    outcome: Outcome
    detail: str


class AuditTrail(OpenedJournal):
    """The part of the journal that keeps what people did on the pages; no figure depends on it."""

    def record_audit(self, *, author: str, role: str, deed: str, about: str, outcome: Outcome, detail: str = "") -> None:
        """Append what somebody did or tried; long texts are cut."""
        told = {"author": author, "role": role, "deed": deed, "about": about, "outcome": outcome.value, "detail": detail}
        with writing(self._engine) as connection:
            values = {name: _kept(text) for name, text in told.items()}
            connection.execute(insert(AUDIT).values(recorded_at=self._clock(), **values))

    def audit(
        self, *, find: str = "", limit: int | None = None, offset: int = 0, order: str = "-recorded_at"
    ) -> list[AuditEntry]:
        """Return what was done.

        Args:
            find: Text that author, deed, subject or detail hold.
            limit: How many; all of them when absent.
            offset: How many are skipped.
            order: A field of an entry, with ``-`` before it for the largest first; the latest come first among equals.
        """
        field, is_last_first = order.removeprefix("-"), order.startswith("-")
        column = AUDIT.c.audit_id if field == "recorded_at" else AUDIT.c[field]  # which is the order of time
        chosen = column.desc() if is_last_first else column
        query = _matching(select(AUDIT), find).order_by(chosen, AUDIT.c.audit_id.desc()).limit(limit).offset(offset)
        return [AuditEntry(**row._asdict() | {"outcome": Outcome(row.outcome)}) for row in self._rows(query)]

    def audit_count(self, *, find: str = "") -> int:
        """Return how many entries hold a text."""
        return int(self._rows(_matching(select(func.count()).select_from(AUDIT), find))[0][0])


def _matching(query: Select, find: str) -> Select:  # type: ignore[type-arg]
    if not find:
        return query
    columns = (AUDIT.c.author, AUDIT.c.role, AUDIT.c.deed, AUDIT.c.about, AUDIT.c.outcome, AUDIT.c.detail)
    held: list[ColumnElement[bool]] = [column.icontains(_kept(find), autoescape=True) for column in columns]
    return query.where(or_(*held))


def _kept(text: str) -> str:
    """Return text as databases keep it: without NUL and halves of characters, and not without end."""
    whole = text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    return whole if len(whole) <= _LONGEST else whole[: _LONGEST - 1] + "…"
