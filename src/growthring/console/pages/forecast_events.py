"""Events outside the company that move usage: what is on record, recording another, taking one back."""

from collections.abc import Iterable
from typing import Any

from growthring.console.blocks import Block, Column, Form, Input, Table
from growthring.console.deeds import Deed, Given, Told
from growthring.console.pages.forecast_asked import taking_back
from growthring.console.visit import Visit
from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.operations.forecasting.choices import forecast_choices
from growthring.operations.history.external_events import add_event, check_event, expire_event, list_events


def events(visit: Visit) -> Iterable[Block]:
    """Show what happened outside, take down more of it, and take it back."""
    _ = visit.words
    columns = [
        Column("id", _("No."), "count"),
        Column("name", _("Event"), "name"),
        Column("about", _("Reaches"), "name"),
        Column("from", _("From"), "month"),
        Column("to", _("To"), "month", words={"for good": _("for good")}),
        Column("note", _("Note"), "long"),
        Column("author", _("By"), "name"),
        Column("recorded", _("Said on"), "name"),
    ]
    rows = visit.ask(list_events).rows
    yield Table("events", columns, rows, empty=_("No event is on record."), find=False)
    here = visit.asked.url() + "#events"
    yield Form("forecast_event", _("Record an event outside the company"), _inputs(visit), _("Check it"), here)
    if rows:
        options = [(str(row["id"]), f"{row['id']} · {row['name']} · {row['about']}") for row in rows]
        yield taking_back(visit, "forecast_event_back", "event", options, here)


def _inputs(visit: Visit) -> list[Input]:
    _ = visit.words
    known = visit.ask(forecast_choices)["attributes"]
    where = [(f"{name}={value}", f"{name} = {value}") for name, values in known.items() for value in values]
    return [
        Input("name", _("What it is called"), required=True),
        Input("where", _("Whom it reaches"), "select", where, required=True),
        Input("first", _("First month"), "month", required=True),
        Input("last", _("Last month"), "month", hint=_("Empty: the first month alone.")),
        Input("lasting", _("How long"), "radio", [("", _("Until the last month")), ("yes", _("For good"))], ""),
        Input("note", _("What happened, and from where it is known"), "textarea", required=True),
    ]


def _told(visit: Visit, given: Given) -> Told:
    _ = visit.words
    wanted = _wanted(given)
    attribute, value, first, last = check_event(visit.project, **wanted)
    return [
        (_("Event"), wanted["name"]),
        (_("Whom it reaches"), f"{attribute} = {value}"),
        (_("Months"), f"{first} – {last or _('for good')}"),
        (_("Note"), wanted["note"]),
    ]


def _record(visit: Visit, given: Given) -> str:
    row = add_event(visit.project, **_wanted(given), author=visit.user.name)
    return visit.words("Noted as event {id}: {name}.", id=row["id"], name=row["name"])


def _wanted(given: Given) -> dict[str, Any]:
    lasting = given.get("lasting") == "yes"
    return {
        "name": given.get("name", ""),
        "where": given.get("where", ""),
        "first": given.get("first", ""),
        "last": None if lasting else given.get("last") or None,
        "lasting": lasting,
        "note": given.get("note", ""),
    }


def _told_back(visit: Visit, given: Given) -> Told:
    _ = visit.words
    known = {str(row["id"]): row for row in list_events(visit.project).rows}
    if given.get("event") not in known:
        raise UnknownValueError("event", given.get("event", ""), known)
    if not given.get("because"):
        raise GrowthringError(_("No reason was given."))
    row = known[given["event"]]
    return [
        (_("Event"), f"{row['id']} · {row['name']} · {row['about']}"),
        (_("No longer counts, because"), given["because"]),
    ]


def _take_back(visit: Visit, given: Given) -> str:
    row = expire_event(visit.project, int(given["event"]), because=given.get("because", ""), author=visit.user.name)
    return visit.words("Event {id} no longer counts: {name}.", id=row["id"], name=row["name"])


DEEDS = (
    Deed("forecast_event", "Record an event outside the company", "contributor", _told, _record),
    Deed("forecast_event_back", "Take an event back", "contributor", _told_back, _take_back),
)
