"""Published forecasts: kept, agreed step by step, and bridged to each other and to what came."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from growthring.charts import Axis, Labels, waterfall
from growthring.console.answers import caveats, evidence
from growthring.console.asked import Asked, link
from growthring.console.blocks import (
    Block,
    Choice,
    Column,
    Drawing,
    Figure,
    Figures,
    Form,
    Input,
    Note,
    Statement,
    Statements,
    Table,
)
from growthring.console.deeds import AnyDeed, Deed, Given, LongDeed, Told
from growthring.console.pages.forecast_asked import KEPT, asked_of, choices_of, switched_off, whole
from growthring.console.pages.forecast_terms import LAYERS, PARTS, STATES
from growthring.console.terms import worded
from growthring.console.visit import Visit
from growthring.forecast.snapshots import NEW_CUSTOMERS
from growthring.journal.forecast_entries import ForecastState
from growthring.operations.answer import Answer
from growthring.operations.forecasting.approval import check_move, move_forecast
from growthring.operations.forecasting.bridge import ACTUAL
from growthring.operations.forecasting.published_views import bridge_ends, explained_difference, publication, published_list
from growthring.operations.forecasting.views import rows_of

_NAMED = 3


def kept(visit: Visit) -> Iterable[Block]:
    """List the published forecasts, with the steps that can be taken next."""
    _ = visit.words
    rows = visit.ask(published_list, asked_of(visit.asked).measure)
    columns = [
        Column("forecast", _("Forecast"), "code", "_proof"),
        Column("origin", _("Known to"), "month"),
        Column("months", _("Months"), "name"),
        Column("state", _("State"), "text", words=worded(STATES, visit)),
        Column("published", _("Published (UTC)"), "name"),
        Column("author", _("By"), "name"),
        Column("note", _("Why"), "long"),
        Column("superseded_by", _("Superseded by"), "code"),
    ]
    told = [{**row, "_proof": evidence("published_forecast", forecast=row["forecast_id"])} for row in rows]
    empty = _("No forecast has been published yet. One that is kept can be agreed, explained and scored.")
    yield Table("published", columns, told, empty=empty, find=False)
    for state, action, title, button, needs in (
        ("open", "forecast_submit", _("Submit a forecast for approval"), _("Submit"), "contributor"),
        ("submitted", "forecast_approve", _("Approve a forecast that was submitted"), _("Approve"), "approver"),
        ("approved", "forecast_lock", _("Lock an approved forecast for good"), _("Lock"), "approver"),
    ):
        waiting = [row for row in rows if row["state"] == state]
        if waiting:
            inputs = [_which(visit, waiting), *_extra(visit, action), _because(visit)]
            yield Form(action, title, inputs, button, visit.asked.url() + "#kept", needs)


def new(visit: Visit) -> Iterable[Block]:
    """Offer to publish the forecast as it is asked now."""
    _ = visit.words
    found, off = whole(visit), switched_off(visit.asked)
    about = rows_of(found, "about")[0]
    yield Figures(
        [
            Figure(
                _("Next {months} months", months=about["horizon"]), found.value, "amount", about["unit_of_sums"],
                _("known to {month}", month=about["origin"]), evidence("forecast", row="period", length="ahead", **_kept(visit)),
            ),
            Figure(_("Layers left out"), len(off), "count", "", ", ".join(_(LAYERS[name]) for name in off) or _("none")),
            Figure(_("People's entries in it"), about["entries"], "count", "", "", visit.asked.url(view="entries")),
        ]
    )  # fmt: skip
    hidden = [Input(name, type="hidden", value=value) for name, value in _kept(visit).items()]
    note = Input("note", _("Why it is published"), "textarea", hint=_("Such as: for the board of July."))
    yield Form("forecast_publish", _("Publish this forecast"), [*hidden, note], _("Publish"), visit.asked.url() + "#kept")


def bridge(visit: Visit) -> Iterable[Block]:
    """Explain the difference between two forecasts, or between a forecast and what came, part by part."""
    _ = visit.words
    ends = _ends(visit)
    if not ends["ends"]:
        yield Note(
            _("A bridge needs a published forecast at one end."),
            _("Publish one now; next month it can be held against what came."), "empty", visit.asked.url() + "#publish",
        )  # fmt: skip
        return
    names = [(row["forecast_id"], _end_word(visit, row)) for row in ends["ends"]]
    windows = [("", _("All months of both")), *((each, each) for each in ends["windows"])]
    yield choices_of(
        visit,
        Choice("from", _("From"), names, ends["first"]),
        Choice("to", _("To"), [*names, (ACTUAL, _("What came"))], ends["second"]),
        Choice("window", _("Months"), windows, _window(visit, ends)),
    )
    found = difference(visit)
    steps = rows_of(found, "step")
    href = {row["step"]: visit.asked.url(part=row["step"]) + "#bridge" for row in steps if row["accounts"]}
    drawn = [{**row, "href": href.get(row["step"])} for row in steps]
    labels, unit = worded(PARTS, visit), found.unit
    yield Statements([_in_words(visit, found, labels)])
    yield Drawing(
        waterfall(
            drawn, step="step", amount="amount", axis=Axis(unit), totals=("start", "end"), labels=Labels(labels), href="href",
            title=_("How one became the other, {months}", months=found.at), cut=_("(cut)"),
        )
    )  # fmt: skip
    yield _parts_table(visit, found)
    yield from _accounts_of_part(visit, found)
    yield from caveats(found)


def difference(visit: Visit) -> Answer:
    """Answer the bridge between the ends that the URL names: parameters ``from``, ``to``, ``window`` and ``measure``."""
    ends = _ends(visit)
    found: Answer = visit.ask(explained_difference, ends["first"], ends["second"], window=_window(visit, ends) or None, slow=True)
    return found


def _in_words(visit: Visit, found: Answer, labels: dict[str, str]) -> Statement:
    """Say the difference, and the two parts that make the most of it."""
    _ = visit.words
    start, *changes, end = rows_of(found, "step")
    largest = sorted(changes, key=lambda row: -abs(float(row["amount"])))[:_NAMED]
    ends = [_.brief(each["amount"]) for each in (start, end)]
    if ends[0] == ends[1]:
        ends = [_.value(each["amount"], "amount") for each in (start, end)]
    text = _(
        "{start} became {end} {unit}: {difference}.", start=ends[0], end=ends[1], unit=found.unit, difference=_.brief(found.value)
    )
    parts = ", ".join(f"{labels.get(row['step'], row['step'])} {_.brief(row['amount'])}" for row in largest)
    detail = _("Most of it: {parts}. The parts add up, and nothing is left unexplained.", parts=parts) if parts else ""
    return Statement(text, _proof(visit), detail, "bad" if str(found.value).startswith("-") else "good")


def _proof(visit: Visit) -> str:
    return evidence("forecast_bridge", **{name: visit.asked.get(name) for name in ("from", "to", "window", "measure")})


def _parts_table(visit: Visit, found: Answer) -> Table:
    _ = visit.words
    proof = _proof(visit)
    rows = [
        {
            **row, "_inside": visit.asked.url(part=row["step"]) + "#t-bridge_accounts" if row.get("accounts") else proof,
            "_tone": "total" if row["step"] in ("start", "end") else "",
        }
        for row in [*rows_of(found, "step"), *rows_of(found, "residual")]
    ]  # fmt: skip
    columns = [
        Column("step", _("Part"), "name", words=worded(PARTS, visit)),
        Column("amount", found.unit, "amount", "_inside"),
        Column("accounts", _("Customers"), "count"),
    ]
    return Table("bridge", columns, rows, find=False, page_size=30)


def _accounts_of_part(visit: Visit, found: Answer) -> Iterable[Block]:
    """Show the customers of a part: the one asked for, else the largest."""
    _ = visit.words
    parts = [row for row in rows_of(found, "step") if row["accounts"]]
    if not parts:
        return
    largest = max(parts, key=lambda row: abs(float(row["amount"])))["step"]
    part = visit.asked.choice("part", tuple(row["step"] for row in parts), largest)
    rows = [
        {**row, "_account": "" if row["account"].startswith("(") else link("/account", id=row["account"])}
        for row in rows_of(found, "account", part=part)
    ]
    columns = [
        Column("name", _("Customer"), "name", "_account", words={NEW_CUSTOMERS: _("Customers to come")}),
        Column("amount", found.unit, "amount"),
    ]
    title = _("{part}: customers", part=worded(PARTS, visit).get(part, part))
    yield Table("bridge_accounts", columns, rows, title, page_size=15)


def _ends(visit: Visit) -> dict[str, Any]:
    url = visit.asked
    found: dict[str, Any] = visit.ask(bridge_ends, asked_of(url).measure, url.get("from"), url.get("to"))
    return found


def _window(visit: Visit, ends: dict[str, Any]) -> str:
    return visit.asked.choice("window", tuple(ends["windows"]), "")


def _end_word(visit: Visit, row: dict[str, Any]) -> str:
    return visit.words(
        "{forecast} · known to {origin} · {state}",
        forecast=row["forecast"][:6], origin=row["origin"], state=visit.words(STATES[row["state"]]),
    )  # fmt: skip


def _kept(visit: Visit) -> dict[str, str]:
    """Return what the forecast depends on, but for the scope: a published one holds everything."""
    return {name: visit.asked.get(name) for name in KEPT if name != "scope" and visit.asked.get(name)}


def _which(visit: Visit, rows: Sequence[dict[str, Any]]) -> Input:
    options = [(row["forecast_id"], f"{_end_word(visit, row)} · {row['author']} {row['published'][:10]}") for row in rows]
    return Input("forecast", visit.words("Forecast"), "select", options, required=True)


def _because(visit: Visit) -> Input:
    return Input("because", visit.words("Why"), "textarea", required=True, hint=visit.words("Kept with the step."))


def _extra(visit: Visit, action: str) -> list[Input]:
    _ = visit.words
    if action == "forecast_approve":
        options = [
            ("", _("Somebody else submitted it")),
            ("yes", _("I submitted it and nobody else is here; the forecast shows it")),
        ]
        return [Input("alone", _("Four eyes"), "radio", options, "")]
    if action == "forecast_lock":
        options = [("", _("None is locked for this month yet")), ("yes", _("It takes the place of the one locked before"))]
        return [Input("again", _("Locked before"), "radio", options, "")]
    return []


def _told_publish(visit: Visit, given: Given) -> Told:
    _ = visit.words
    there = _published_from(visit, given)
    found, asked = whole(there), asked_of(there.asked)
    about = rows_of(found, "about")[0]
    off = switched_off(there.asked)
    return [
        (_("What"), asked.measure),
        (_("Months"), found.at),
        (_("Expected"), f"{_.value(found.value, 'amount')} {about['unit_of_sums']}"),
        (_("Layers left out"), ", ".join(_(LAYERS[name]) for name in off) or _("none")),
        (_("People's entries in it"), str(about["entries"])),
        (_("Why it is published"), given.get("note", "") or "–"),
    ]


def _publish(visit: Visit, given: Given) -> dict[str, Hashable]:
    asked = asked_of(_published_from(visit, given).asked)
    return {"asked": asked, "author": visit.user.name, "note": given.get("note", "")}


def _published(visit: Visit, answer: Answer) -> str:
    return visit.words("Published forecast {forecast}: it never changes from now on.", forecast=answer.rows[0]["forecast"])


def _published_from(visit: Visit, given: Given) -> Visit:
    """Return the visit to the forecast that a form was sent from."""
    params = {name: given[name] for name in KEPT if name != "scope" and given.get(name)}
    return replace(visit, asked=Asked("/forecast", params))


def _step(state: ForecastState, name: str, title: str, needs: str) -> Deed:
    """Return the deed that takes a forecast one step on."""

    def told(visit: Visit, given: Given) -> Told:
        _ = visit.words
        found = check_move(
            visit.project, given.get("forecast", ""), state, because=given.get("because", ""), author=visit.user.name,
            alone=given.get("alone") == "yes", again=given.get("again") == "yes",
        )  # fmt: skip
        return [
            (_("Forecast"), found.forecast_id[:12]),
            (_("State"), f"{_(STATES[str(found.state)])} → {_(STATES[str(state)])}"),
            (_("Why"), given.get("because", "")),
        ]

    def do(visit: Visit, given: Given) -> str:
        row = move_forecast(
            visit.project, given.get("forecast", ""), state, because=given.get("because", ""), author=visit.user.name,
            alone=given.get("alone") == "yes", again=given.get("again") == "yes",
        )  # fmt: skip
        _ = visit.words
        return _("Forecast {forecast} is {state} now.", forecast=row["forecast"], state=_(STATES[str(row["state"])]))

    return Deed(name, title, needs, told, do)


DEEDS: tuple[AnyDeed, ...] = (
    LongDeed("forecast_publish", "Publish a forecast", "contributor", _told_publish, publication, _publish, _published),
    _step(ForecastState.SUBMITTED, "forecast_submit", "Submit a forecast", "contributor"),
    _step(ForecastState.APPROVED, "forecast_approve", "Approve a forecast", "approver"),
    _step(ForecastState.LOCKED, "forecast_lock", "Lock a forecast", "approver"),
)
