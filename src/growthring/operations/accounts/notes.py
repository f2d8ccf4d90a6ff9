"""What people said about one account: tags, reasons for changes, overrides; one list, and what can be taken back."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from growthring.kernel.period import Month
from growthring.operations.accounts.overview import TABLE, AccountBook, known_account
from growthring.operations.answer import Answer
from growthring.operations.forecasting.overrides import as_row
from growthring.operations.project import Project

if TYPE_CHECKING:
    from growthring.journal.entries import Tag
    from growthring.journal.forecast_entries import Override, Reason

_DEFINITION = (
    "What people said about one customer and nobody took back: tags, reasons why usage changed, and overrides of its forecast, "
    "those of its groups included. The latest comes first."
)


def account_notes(project: Project, account: str) -> Answer:
    """Answer what people said about an account (FC-04, FC-05).

    The rows come in kinds: ``tag``, ``reason`` and ``override``; ``key`` names an entry that can be taken back.

    Raises:
        GrowthringError: No row names the account.
    """
    book = known_account(project, account)
    rows: list[dict[str, Any]] = []
    if project.has_journal():
        day, attributes = datetime.now(UTC).date(), _attributes(book, account)
        with project.journal() as journal:
            rows += [_tag_row(each) for each in journal.tags() if each.account_id == account]
            rows += [_reason_row(each) for each in journal.reasons(account)]
            rows += [
                _override_row(each, is_own=each.account_id == account)
                for each in journal.overrides()
                if each.counts_on(day) and _is_about(each, account, attributes)
            ]
    rows.sort(key=lambda row: row["recorded"], reverse=True)
    return book.answer("account_notes", _DEFINITION, len(rows), rows, policy={"name": "journal", "version": "1"})


def _attributes(book: AccountBook, account: str) -> dict[str, str]:
    (row,) = book.rows(f"SELECT * FROM {TABLE} WHERE account_id = $1", account)
    return {name: row[column] for name, column in book.attributes.items()}


def _is_about(entry: "Override", account: str, attributes: dict[str, str]) -> bool:
    if entry.account_id is not None:
        return entry.account_id == account
    return entry.attribute is None or attributes.get(entry.attribute) == entry.value


def _tag_row(tag: "Tag") -> dict[str, Any]:
    return {
        "kind": "tag", "what": tag.tag.value, "about": tag.product_id or "", "from": str(Month(tag.first_month)),
        "to": str(Month(tag.last_month)), "because": tag.because, "confidence": None, "expires": None,
        "author": tag.author, "recorded": f"{tag.tagged_at:%Y-%m-%d %H:%M}", "key": f"tag {tag.tag_id}",
    }  # fmt: skip


def _reason_row(reason: "Reason") -> dict[str, Any]:
    return {
        "kind": "reason", "what": reason.code.value, "about": reason.series or "", "from": str(Month(reason.first_month)),
        "to": str(Month(reason.last_month)), "because": reason.evidence, "confidence": None, "expires": None,
        "author": reason.author, "recorded": f"{reason.recorded_at:%Y-%m-%d %H:%M}", "key": "",
    }  # fmt: skip


def _override_row(entry: "Override", *, is_own: bool) -> dict[str, Any]:
    said = as_row(entry)
    parts = (entry.series if is_own else said["about"], None if said["measure"] == "revenue" else said["measure"])
    whose = ", ".join(part for part in parts if part)
    return {
        "kind": "override", "what": said["reason"], "about": f"{said['change']} ({whose})" if whose else said["change"],
        "from": said["from"], "to": said["to"] if entry.last_month is not None else None, "because": said["note"],
        "confidence": entry.confidence, "expires": said["expires"] or None, "author": entry.author,
        "recorded": f"{entry.recorded_at:%Y-%m-%d %H:%M}", "key": f"override {entry.override_id}" if is_own else "",
    }  # fmt: skip
