"""The register of external events, and what each did to the accounts it reached (FC-09)."""

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.events import EventEffect, Span, measure_event
from growthring.forecast.events import event_effect as forecast_effect
from growthring.forecast.panel import Panel, Values
from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer
from growthring.operations.history.opening import History
from growthring.operations.history.unusual import Asked, amounts, open_usage
from growthring.operations.known_names import KnownNames
from growthring.operations.project import Project

if TYPE_CHECKING:
    from growthring.journal.forecast_entries import ExternalEvent

_REGISTER = "What happened outside the company and moves the usage of accounts with a value of an attribute."
_EFFECT = (
    "By what the event multiplied usage: how far the accounts it reached were from their own level in its months, less how far "
    "the others were (difference in differences of logarithms, trimmed means, one vote an account), with a 95 % interval. "
    "Placebos are the same sum on other months."
)


def add_event(
    project: Project, name: str, *, where: str, first: str, last: str | None, lasting: bool, note: str, author: str | None
) -> dict[str, Any]:
    """Record an external event.

    Args:
        project: The project.
        name: What it is called.
        where: ``attribute=value`` of the accounts it reaches.
        first: First month.
        last: Last month, included; the first one when absent.
        lasting: Whether it goes on for good.
        note: What happened.
        author: Who says so.

    Raises:
        GrowthringError: As `check_event` does.
    """
    attribute, value, start, end = check_event(project, name, where=where, first=first, last=last, lasting=lasting, note=note)
    with project.journal() as journal:
        entry = journal.add_event(
            name,
            attribute=attribute,
            value=value,
            first_month=start.index,
            last_month=end.index if end else None,
            note=note,
            author=author or getpass.getuser(),
        )
    return _row(entry)


def check_event(
    project: Project, name: str, *, where: str, first: str, last: str | None, lasting: bool, note: str
) -> tuple[str, str, Month, Month | None]:
    """Return whom an event reaches, by attribute and value, and its first and last month; writes nothing.

    Raises:
        GrowthringError: It is not clear whom it reaches or when it ends, no account has the value, or nothing is said of it.
    """
    from growthring.journal.opened import require_months_in_order, require_reason

    attribute, sign, value = where.partition("=")
    if not (attribute and sign and value):
        raise GrowthringError(f"Not a group of accounts: {where!r}.", valid="Valid: ATTRIBUTE=VALUE, such as industry=retail.")
    if not name.strip():
        raise GrowthringError("The event has no name.", valid="Valid: what people call it, such as Black Friday.")
    if lasting and last:
        raise GrowthringError("An event that lasts has no last month.", valid="Valid: --to MONTH or --lasting.")
    start, end = Month.parse(first), None if lasting else Month.parse(last or first)
    require_months_in_order("event", start.index, end.index if end else None)
    require_reason(note, "--note")
    KnownNames(project).require_attribute(attribute, value)
    return attribute, value, start, end


def expire_event(project: Project, event_id: int, *, because: str, author: str | None) -> dict[str, Any]:
    """Take an event back; the journal keeps both entries, and a look as of an earlier day still has it.

    Raises:
        UnknownValueError: No event in force has the number.
    """
    with project.journal() as journal:
        return _row(journal.expire_event(event_id, author=author or getpass.getuser(), because=because))


def list_events(project: Project, *, as_of: datetime | None = None) -> Answer:
    """Answer which external events are on record."""
    rows = [_row(each) for each in events(project, as_of)]
    return Answer(
        metric="external_events",
        value=len(rows),
        unit="events",
        at=(as_of or datetime.now(UTC)).date().isoformat(),
        definition=_REGISTER,
        policy={"name": "events", "version": "register"},
        snapshot=project.snapshot().snapshot_id,
        rows=rows,
        caveats=[] if rows else ["No event is on record. `growthring events add --help` says how."],
    )


def events(project: Project, as_of: datetime | None) -> "list[ExternalEvent]":
    """Return the external events in force, as known at a time."""
    if not project.has_journal():
        return []
    known_at = as_of.replace(tzinfo=UTC) if as_of is not None and as_of.tzinfo is None else as_of
    with project.journal() as journal:
        return journal.events(known_at=known_at)


def event_effect(project: Project, event_id: int, asked: Asked, *, progress: Progress = silent) -> Answer:
    """Answer what an event did to the usage of the accounts it reached.

    Raises:
        UnknownValueError: No event has the number, or no account the attribute.
        GrowthringError: It cannot be measured yet, or on too few accounts.
    """
    known = {each.event_id: each for each in events(project, asked.as_of)}
    if event_id not in known:
        raise UnknownValueError("event", event_id, sorted(known), remedy="`growthring events list` lists them.")
    event = known[event_id]
    history = open_usage(project, asked, progress)
    panel = history.panel
    if event.attribute is None or event.attribute not in panel.attributes:
        raise UnknownValueError("attribute", event.attribute or "", panel.attributes)
    exposed = panel.attributes[event.attribute] == event.value
    found = measure_event(panel, exposed, Span(event.first_month, event.last_month))
    return Answer(
        metric="event_effect",
        value=round(found.factor, 3),
        unit="times",
        at=str(Month(event.first_month)),
        definition=_EFFECT,
        policy=history.policy,
        snapshot=history.snapshot_id,
        rows=[_effect_row(history, event, exposed, found)],
        caveats=_doubts(found),
    )


def _effect_row(history: History, event: "ExternalEvent", exposed: NDArray[np.bool_], found: EventEffect) -> dict[str, Any]:
    panel = history.panel
    last = panel.last_known if event.last_month is None else min(event.last_month - panel.first_month, panel.last_known)
    during = panel.values[exposed, event.first_month - panel.first_month : last + 1]
    share = 1 - float(np.exp(-found.log_effect))
    return {
        "event": event.name,
        "about": f"{event.attribute}={event.value}",
        "factor": round(found.factor, 3),
        "low": round(float(np.exp(found.low)), 3),
        "high": round(float(np.exp(found.high)), 3),
        "exposed": found.exposed,
        "others": found.others,
        "amount": amounts(history)(share * float(np.nansum(during))),
        "placebos": len(found.placebos),
        "placebos_as_large": round(found.p_value * (len(found.placebos) + 1)) - 1,
        "verdict": "clear" if found.is_clear else "not clear",
    }


def _doubts(found: EventEffect) -> list[str]:
    told = []
    if not found.is_clear:
        told.append(
            "No clear effect: the interval or the placebos leave chance as the reason. No forecast should use the factor."
        )
    if len(found.placebos) < 10:
        told.append(f"Only {len(found.placebos)} other stretches of months could serve as placebos; ten would say more.")
    return told


def _row(entry: "ExternalEvent") -> dict[str, Any]:
    return {
        "id": entry.event_id,
        "name": entry.name,
        "about": f"{entry.attribute}={entry.value}" if entry.attribute else "everything",
        "from": str(Month(entry.first_month)),
        "to": str(Month(entry.last_month)) if entry.last_month is not None else "for good",
        "note": entry.note,
        "author": entry.author,
        "recorded": f"{entry.recorded_at:%Y-%m-%d}",
    }


def event_layer(project: Project, panel: Panel, point: Values, *, as_of: datetime | None = None) -> Values:
    """Return what events on record change about a forecast, shape (rows, horizon): the external-event layer of a fold.

    An event counts once its effect on this history is clear, and only where it starts or ends within the horizon; see
    `forecast.events.event_effect`.

    Args:
        project: The project.
        panel: The history that the forecast starts from.
        point: The forecast before the layer.
        as_of: See only the events recorded by then.
    """
    effect = np.zeros(point.shape)
    for event in events(project, as_of):
        span = Span(event.first_month, event.last_month)
        exposed = _exposed(panel, event)
        if not exposed.any() or exposed.all() or not _is_on_at_the_end(panel, span):
            continue
        try:
            found = measure_event(panel, exposed, span)
        except GrowthringError:
            continue  # too few accounts, or too early to tell: no effect is the honest one
        if found.is_clear:
            effect += forecast_effect(point, panel, exposed, span, found.factor)
    return effect


def _is_on_at_the_end(panel: Panel, span: Span) -> bool:
    return span.covers(panel.first_month + panel.last_known)


def _exposed(panel: Panel, event: "ExternalEvent") -> NDArray[np.bool_]:
    values = panel.attributes.get(event.attribute or "")
    return np.full(panel.rows, event.attribute is None) if values is None else np.asarray(values == event.value, np.bool_)
