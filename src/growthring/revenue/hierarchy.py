"""Which entity an account counts under in each month: its parent's parent, or the account that took it over."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from growthring.revenue.policy import HierarchyView, Level, Policy

_FIRST = Month(0)
_LAST = Month(9999 * 12)


@dataclass(frozen=True, slots=True)
class FamilyVersion:
    """An account's place from a day on.

    Attributes:
        account_id: The account.
        parent_account_id: Its parent, or nothing.
        merged_into_account_id: The account that took it over, or nothing.
        merged_on: The day of the merger.
        valid_from: First day of this version; the earliest version covers the time before it too.
    """

    account_id: str
    parent_account_id: str | None
    merged_into_account_id: str | None
    merged_on: date | None
    valid_from: date


@dataclass(frozen=True, slots=True)
class EntitySpan:
    """The entity an account counts under for months ``from_month <= month < to_month``."""

    account_id: str
    entity_id: str
    from_month: int
    to_month: int


def entity_spans(versions: Iterable[FamilyVersion], policy: Policy) -> list[EntitySpan]:
    """Return the spans of all accounts that ever count under another entity than themselves.

    Args:
        versions: All versions of the accounts that have a parent or were merged, and of the accounts above them.
        policy: Its level decides whether parents count, its hierarchy whether as they were or as they are now.
    """
    history: dict[str, list[FamilyVersion]] = defaultdict(list)
    for version in versions:
        history[version.account_id].append(version)
    for known in history.values():
        known.sort(key=lambda version: version.valid_from)
    current = policy.hierarchy is HierarchyView.CURRENT
    spans: list[EntitySpan] = []
    for account_id in sorted(history):
        cuts = [_FIRST] if current else sorted({_FIRST, *_turning_points(account_id, history)})
        spans += _joined(account_id, [(cut, _entity(account_id, _LAST if current else cut, history, policy)) for cut in cuts])
    return spans


def _turning_points(account_id: str, history: dict[str, list[FamilyVersion]]) -> set[Month]:
    """Return the months in which something changes for the account or for anything it ever stood under."""
    points: set[Month] = set()
    waiting, seen = [account_id], set()
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        for version in history.get(each, []):
            points.add(Month.of(version.valid_from))
            if version.merged_on:
                points.add(Month.of(version.merged_on))
            waiting += [up for up in (version.parent_account_id, version.merged_into_account_id) if up]
    return points


def _entity(account_id: str, month: Month, history: dict[str, list[FamilyVersion]], policy: Policy) -> str:
    seen = [account_id]
    while True:
        above = _above(seen[-1], month, history, policy)
        if above is None:
            return seen[-1]
        if above in seen:
            raise GrowthringError(
                f"Accounts own each other in a circle: {' → '.join([*seen, above])}.",
                valid="A parent must not stand under its own child.",
                remedy="Correct parent_account_id or merged_into_account_id in the account source.",
            )
        seen.append(above)


def _above(account_id: str, month: Month, history: dict[str, list[FamilyVersion]], policy: Policy) -> str | None:
    versions = history.get(account_id)
    if not versions:
        return None
    valid = [version for version in versions if Month.of(version.valid_from) <= month]
    version = valid[-1] if valid else versions[0]
    if version.merged_into_account_id and version.merged_on and Month.of(version.merged_on) <= month:
        return version.merged_into_account_id
    return version.parent_account_id if policy.level is Level.PARENT else None


def _joined(account_id: str, points: Sequence[tuple[Month, str]]) -> list[EntitySpan]:
    spans: list[EntitySpan] = []
    for index, (start, entity_id) in enumerate(points):
        end = points[index + 1][0] if index + 1 < len(points) else _LAST
        if spans and spans[-1].entity_id == entity_id and spans[-1].to_month == start.index:
            spans[-1] = EntitySpan(account_id, entity_id, spans[-1].from_month, end.index)
        elif start < end:
            spans.append(EntitySpan(account_id, entity_id, start.index, end.index))
    return [span for span in spans if span.entity_id != account_id]
