"""Decisions: what people note about accounts and agree about definitions, kept in the journal."""

import getpass
from typing import Any

from growthring.kernel.errors import GrowthringError
from growthring.kernel.ids import digest
from growthring.kernel.period import Month
from growthring.operations.known_names import KnownNames
from growthring.operations.project import Project
from growthring.revenue.policy import DESCRIPTIVE


def tag_account(
    project: Project,
    account_id: str,
    tag: str,
    first: str,
    last: str | None,
    *,
    because: str,
    author: str | None,
    product_id: str | None = None,
) -> dict[str, Any]:
    """Note something about months of an account: one_off (FC-06), advised_saving (N-37) or at_renewal (N-16).

    Raises:
        GrowthringError: There is no such tag, or no row that was read names the account.
    """
    from growthring.journal.entries import TagKind

    check_tag(project, account_id, tag, first, last)
    start = Month.parse(first)
    end = Month.parse(last) if last else start
    with project.journal() as journal:
        entry = journal.tag(
            account_id,
            start.index,
            end.index,
            TagKind(tag),
            author=author or getpass.getuser(),
            because=because,
            product_id=product_id,
        )
    return {"tag_id": entry.tag_id, "account": account_id, "tag": tag, "from": str(start), "to": str(end), "because": because}


def check_tag(project: Project, account_id: str, tag: str, first: str, last: str | None) -> None:
    """Stop where a note could not be kept, before anybody is asked to confirm it.

    Raises:
        GrowthringError: There is no such tag, no row that was read names the account, or it ends before it starts.
    """
    from growthring.journal.entries import TagKind

    if tag not in tuple(TagKind):
        raise GrowthringError(f"Unknown tag: {tag}.", valid=f"Valid: {', '.join(TagKind)}.")
    if last and Month.parse(last) < Month.parse(first):
        raise GrowthringError(f"The tag ends in {last}, before it starts in {first}.", remedy="Name the earlier month first.")
    KnownNames(project).require_account(account_id)


def revoke_tag(project: Project, tag_id: int, *, because: str, author: str | None) -> None:
    """Take a note back; the journal keeps both entries."""
    with project.journal() as journal:
        journal.revoke_tag(tag_id, author=author or getpass.getuser(), because=because)


def list_tags(project: Project) -> list[dict[str, Any]]:
    """Return the notes in force."""
    if not project.has_journal():
        return []
    with project.journal() as journal:
        tags = journal.tags()
    return [
        {
            "tag_id": each.tag_id,
            "account": each.account_id,
            "product": each.product_id or "",
            "tag": each.tag.value,
            "from": str(Month(each.first_month)),
            "to": str(Month(each.last_month)),
            "author": each.author,
            "because": each.because,
        }
        for each in tags
    ]


def sign_off(project: Project, policy: str, role: str, *, author: str | None) -> dict[str, Any]:
    """Record that a leader agrees with what a policy means (OR-17): business, sales, ops or finance."""
    from growthring.journal.entries import Role

    if role not in tuple(Role):
        raise GrowthringError(f"Unknown role: {role}.", valid=f"Valid: {', '.join(Role)}.")
    chosen, who = project.policy(policy), author or getpass.getuser()
    text = chosen.model_dump_json(exclude=set(DESCRIPTIVE) - {"name"})
    with project.journal() as journal:
        journal.record_policy(chosen.name, chosen.version, digest=digest([text]), text=text, author=who)
        entry = journal.sign_off(chosen.name, chosen.version, Role(role), author=who)
    return {"policy": chosen.name, "version": chosen.version, "role": role, "author": who, "at": entry.signed_at.isoformat()}


def definition_log(project: Project) -> list[dict[str, Any]]:
    """Return the change log of definitions with who signed each version off."""
    if not project.has_journal():
        return []
    with project.journal() as journal:
        changes, signed = journal.policies(), journal.sign_offs()
    return [
        {
            "policy": change.policy_name,
            "version": change.version,
            "recorded": f"{change.changed_at:%Y-%m-%d}",
            "author": change.author,
            "signed_off_by": ", ".join(
                f"{each.role.value} ({each.author})"
                for each in signed
                if (each.policy_name, each.version) == (change.policy_name, change.version)
            ),
        }
        for change in changes
    ]
