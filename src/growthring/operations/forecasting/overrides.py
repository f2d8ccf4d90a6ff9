"""Overrides of forecasts: what people know that the data cannot, kept in the journal beside the model's forecast (FC-04)."""

import getpass
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.kernel.period import Month
from growthring.operations.answer import Answer
from growthring.operations.known_names import KnownNames
from growthring.operations.project import Project

if TYPE_CHECKING:
    from growthring.journal.forecast_entries import Override

_DEFINITION = (
    "What people expect that the data do not show yet. A forecast folds these entries onto the model's figures in the order of "
    "their layers and, inside a layer, of their time; none is overwritten."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An override as somebody asks for it, in words.

    Attributes:
        method: add, multiply or replace.
        amount: An amount a month, or a factor for multiply.
        first: First month, such as 2025-01.
        last: Last month; nothing means for good.
        reason: Why, coded.
        note: Why, in words.
        account: The account it is about.
        series: One of its products, or meters.
        where: ``attribute=value`` instead of an account.
        everything: Say that everything is meant.
        layer: Which voice speaks.
        measure: ``revenue``, or ``usage:METER``.
        expires: Day after which it no longer counts.
        confidence: How sure the author is, 0 to 1.
    """

    method: str
    amount: Decimal
    first: str
    last: str | None
    reason: str
    note: str
    account: str | None = None
    series: str | None = None
    where: str | None = None
    everything: bool = False
    layer: str = "rep"
    measure: str = "revenue"
    expires: date | None = None
    confidence: float = 1.0


def add_override(project: Project, wanted: Wanted, *, author: str | None) -> dict[str, Any]:
    """Record how a forecast should differ from the model's, and why.

    Raises:
        GrowthringError: What it is about does not exist, or it says nothing about months to come.
    """
    from growthring.journal.forecast_entries import OverrideLayer, OverrideMethod, OverrideReason

    check_override(project, wanted)
    attribute, value = _scope(wanted)
    first, last = Month.parse(wanted.first), Month.parse(wanted.last) if wanted.last else None
    with project.journal() as journal:
        entry = journal.add_override(
            OverrideLayer(_coded("layer", wanted.layer, OverrideLayer)),
            OverrideMethod(_coded("method", wanted.method, OverrideMethod)),
            wanted.amount,
            measure=wanted.measure,
            first_month=first.index,
            last_month=last.index if last else None,
            reason_code=OverrideReason(_coded("reason", wanted.reason, OverrideReason)),
            note=wanted.note,
            confidence=wanted.confidence,
            author=author or getpass.getuser(),
            account_id=wanted.account,
            series=wanted.series,
            attribute=attribute,
            value=value,
            expires_on=wanted.expires,
        )
    return as_row(entry)


def check_override(project: Project, wanted: Wanted) -> None:
    """Stop where an override could not be recorded, before anybody is asked to confirm it.

    Raises:
        GrowthringError: What it is about does not exist, or it says nothing about months to come.
    """
    from growthring.journal.forecast_entries import OverrideLayer, OverrideMethod, OverrideReason

    attribute, value = _scope(wanted)
    last = Month.parse(wanted.last) if wanted.last else None
    if last is not None and last < Month.parse(wanted.first):
        raise GrowthringError(
            f"The override ends in {last}, before it starts in {wanted.first}.", remedy="Name the earlier month first."
        )
    _require_names(project, wanted, attribute, value)
    _require_possible(wanted)
    _require_future(project, last, wanted.expires)
    _coded("layer", wanted.layer, OverrideLayer)
    _coded("method", wanted.method, OverrideMethod)
    _coded("reason", wanted.reason, OverrideReason)


def expire_override(project: Project, override_id: int, *, because: str, author: str | None) -> dict[str, Any]:
    """Take an override back; the journal keeps both entries, and forecasts made before still have it."""
    with project.journal() as journal:
        return as_row(journal.expire_override(override_id, author=author or getpass.getuser(), because=because))


def list_overrides(project: Project, *, as_of: datetime | None = None, with_expired: bool = False) -> Answer:
    """Answer which overrides count now, or counted on an earlier day."""
    known_at = aware(as_of)
    day = (known_at or datetime.now(UTC)).date()
    found: list[Override] = []
    if project.has_journal():
        with project.journal() as journal:
            found = journal.overrides(known_at=known_at, with_expired=with_expired)
    return Answer(
        metric="overrides",
        value=sum(each.counts_on(day) for each in found),
        unit="overrides",
        at=day.isoformat(),
        definition=_DEFINITION,
        policy={"name": "overrides", "version": "folded"},
        snapshot=snapshot_id(project),
        rows=[as_row(each) | ({"state": _state(each, day)} if with_expired else {}) for each in found],
        caveats=[] if found else ["Nobody has overridden a forecast. `growthring override add --help` says how."],
    )


def as_row(entry: "Override") -> dict[str, Any]:
    """Return an override as people read it."""
    sign = {"add": "+", "multiply": "x ", "replace": "= "}[entry.method.value]
    amount = f"{entry.amount.normalize():f}"
    return {
        "id": entry.override_id,
        "about": entry.scope,
        "layer": entry.layer.value,
        "change": amount if amount.startswith("-") and sign == "+" else f"{sign}{amount}",
        "measure": entry.measure,
        "from": str(Month(entry.first_month)),
        "to": str(Month(entry.last_month)) if entry.last_month is not None else "for good",
        "expires": entry.expires_on.isoformat() if entry.expires_on else "",
        "reason": entry.reason_code.value,
        "note": entry.note,
        "confidence": entry.confidence,
        "author": entry.author,
        "recorded": f"{entry.recorded_at:%Y-%m-%d}",
    }


def aware(at: datetime | None) -> datetime | None:
    """Return an instant with its zone: without one it is UTC."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def snapshot_id(project: Project) -> str:
    """Return the id of the current snapshot, or nothing before the first run."""
    current = project.shelf.current()
    return current.snapshot_id if current else ""


def _state(entry: "Override", day: date) -> str:
    if entry.expired_by is not None:
        return f"taken back {entry.expired_by.expired_at:%Y-%m-%d}: {entry.expired_by.because}"
    return "counts" if entry.counts_on(day) else f"expired after {entry.expires_on}"


def _scope(wanted: Wanted) -> tuple[str | None, str | None]:
    """Return the attribute and value of an override of a group; an override is about exactly one thing."""
    named = [wanted.account is not None, wanted.where is not None, wanted.everything]
    if sum(named) != 1:
        raise GrowthringError(
            f"{sum(named)} things were named that it is about.",
            valid="Valid: one of --account ID (with --series, if one product is meant), --where ATTRIBUTE=VALUE, --everything.",
        )
    if wanted.where is None:
        return None, None
    attribute, sign, value = wanted.where.partition("=")
    if not (attribute and sign and value):
        raise GrowthringError(f"Not a group of accounts: {wanted.where!r}.", valid="Valid: ATTRIBUTE=VALUE, such as segment=SMB.")
    return attribute, value


def _coded(what: str, received: str, codes: type[StrEnum]) -> str:
    if received not in tuple(codes):
        raise UnknownValueError(what, received, codes)
    return received


def _require_names(project: Project, wanted: Wanted, attribute: str | None, value: str | None) -> None:
    """Stop when rows were read and none of them bears a name: an override of nothing would change nothing, silently."""
    kind, _, meter = wanted.measure.partition(":")
    if wanted.measure != "revenue" and not (kind == "usage" and meter):
        raise UnknownValueError("measure", wanted.measure, ("revenue", "usage:METER"))
    known = KnownNames(project)
    if wanted.account is not None:
        known.require_account(wanted.account)
    if attribute is not None and value is not None:
        known.require_attribute(attribute, value)
    if meter:
        known.require_among("meter", meter, "SELECT DISTINCT meter FROM usage")
    if wanted.series is not None and not meter:
        products = "SELECT DISTINCT product_id FROM {} WHERE account_id = $1 AND product_id IS NOT NULL"
        both = f"{products.format('invoice_line')} UNION {products.format('contract_line')}"
        known.require_among(f"product of {wanted.account}", wanted.series, both, wanted.account)


def _require_possible(wanted: Wanted) -> None:
    """Stop when a measure that never falls below 0 would be put below it."""
    if wanted.method == "replace" and wanted.amount < 0:
        raise GrowthringError(
            f"{wanted.measure} cannot be {wanted.amount} a month: it is never below 0.",
            valid="Valid: --replace with 0 or more.",
            remedy=f"To take that much away, pass --add {wanted.amount}.",
        )


def _require_future(project: Project, last: Month | None, expires: date | None) -> None:
    """Stop when an override could never count: it is over, or it expires, before anybody makes a forecast with it."""
    today = datetime.now(UTC).date()
    if expires is not None and expires < today:
        raise GrowthringError(f"The override expires on {expires}, before today.", valid=f"Valid: days from {today} on.")
    snapshot = project.shelf.current()
    if last is None or snapshot is None or not snapshot.data_through:
        return
    through = project.setting(snapshot, as_of=None).data_through
    if last.last_day <= through:
        raise GrowthringError(
            f"The override ends in {last}, and the data go to {through}.",
            valid=f"Valid: months after {Month.of(through)}, which nobody knows yet.",
            remedy="What is known about months that are over is a tag: `growthring tag --help`.",
        )
