"""What people say beyond the data: entries with what each does to the forecast, new ones, and whose entries came true."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from growthring.console.answers import evidence
from growthring.console.blocks import Block, Choice, Column, Form, Input, Note, Statement, Statements, Table
from growthring.console.deeds import Deed, Given
from growthring.console.pages.forecast_asked import (
    asked_of,
    choices_of,
    measure_word,
    proof,
    scope_of,
    taking_back,
    whole,
)
from growthring.console.pages.forecast_terms import LAYERS, METHODS, REASONS, VERDICTS
from growthring.console.terms import worded
from growthring.console.visit import Visit
from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from growthring.operations.answer import Answer
from growthring.operations.forecasting.choices import forecast_choices
from growthring.operations.forecasting.override_scores import override_scores
from growthring.operations.forecasting.overrides import Wanted, add_override, check_override, expire_override, list_overrides
from growthring.operations.forecasting.rows import ACCOUNT, SEGMENT
from growthring.operations.forecasting.views import rows_of

_VOICES = ("rep", "manager", "topside", "known_ramp", "price_event", "external_event")
_GROUPINGS: Mapping[str, str] = {
    "author": "Author", "reason": "Reason", "layer": "Voice", "size": "Size", "direction": "Direction", "ahead": "Months ahead",
}  # fmt: skip
_SURE = ("1.0", "0.9", "0.75", "0.5", "0.25")
_FEWEST = 10


def entries(visit: Visit) -> Iterable[Block]:
    """List what people say, and let them say more or take it back."""
    _ = visit.words
    shown = visit.asked.choice("past", ("no", "yes"), "no")
    found = visit.ask(list_overrides, with_expired=shown == "yes")
    measure = asked_of(visit.asked).measure
    rows = [row for row in found.rows if row["measure"] == measure]
    yield choices_of(
        visit, Choice("past", _("Show"), [("no", _("What counts now")), ("yes", _("Also what no longer counts"))], shown)
    )
    columns = [
        Column("id", _("No."), "count"),
        Column("about", _("About"), "name"),
        Column("layer", _("Voice"), "name", words=worded(LAYERS, visit)),
        Column("change", _("A month"), "name"),
        Column("from", _("From"), "month"),
        Column("to", _("To"), "month", words={"for good": _("for good")}),
        *([Column("expires", _("Counts until"), "name")] if any(row["expires"] for row in rows) else []),
        Column("reason", _("Reason"), "name", words=worded(REASONS, visit)),
        Column("note", _("Note"), "text"),
        Column("confidence", _("Sure"), "share"),
        Column("author", _("By"), "name"),
        Column("recorded", _("Said on"), "name"),
        *([Column("state", _("State"), "long")] if shown == "yes" else []),
    ]
    empty = _("{what}: nobody has said anything beyond the data yet.", what=measure_word(visit, measure))
    yield Table("entries", columns, rows, empty=empty)
    here = visit.asked.url() + "#entries"
    yield Form("forecast_say", _("Say what the forecast cannot know"), _say_inputs(visit), _("Check it"), here)
    standing = [row for row in rows if row.get("state", "counts") == "counts"]
    if standing:
        options = [(str(row["id"]), f"{row['id']} · {row['about']} {row['change']} · {row['author']}") for row in standing]
        yield taking_back(visit, "forecast_take_back", "entry", options, here)


def effects(visit: Visit) -> Iterable[Block]:
    """Show what each entry does to the forecast of now."""
    _ = visit.words
    found = whole(visit)
    unit = rows_of(found, "about")[0]["unit_of_sums"]
    columns = [
        Column("id", _("No."), "count"),
        Column("about", _("About"), "name"),
        Column("layer", _("Voice"), "text", words=worded(LAYERS, visit)),
        Column("author", _("By"), "name"),
        Column("weight", _("Share taken"), "share"),
        Column("change", _("Changes {months} by ({unit})", months=found.at, unit=unit), "amount", "_proof"),
        Column("remark", _("Remark"), "long"),
    ]
    rows = [{**row, "_proof": proof(visit, row="entry")} for row in rows_of(found, "entry")]
    yield Table("effects", columns, rows, empty=_("No entry reaches the months ahead."))


def scores(visit: Visit) -> Iterable[Block]:
    """Show whose entries, or which kind, brought forecasts closer to what came."""
    _ = visit.words
    grouping = visit.asked.choice("grouping", tuple(_GROUPINGS), "author")
    options = [(name, _(word)) for name, word in _GROUPINGS.items()]
    yield choices_of(visit, Choice("grouping", _("Scored by"), options, grouping))
    found = scored(visit)
    here = evidence("override_scores", measure=visit.asked.get("measure"), grouping=grouping)
    if found.value is None:
        yield Note(
            _("Too little evidence to say who was right."),
            _("What would settle it: entries in published forecasts whose months then come, at least {count} for each author. "
              "Publish a forecast each month.", count=_FEWEST),
            "evidence", visit.asked.url(view="published") + "#publish",
        )  # fmt: skip
    else:
        share = _.value(abs(float(found.value)), "share")
        better = float(found.value) >= 0
        text = (
            _("What people said brought published forecasts {share} closer to what came.", share=share)
            if better
            else _("What people said took published forecasts {share} further from what came.", share=share)
        )
        yield Statements([Statement(text, here, tone="good" if better else "bad")])
        yield Table("scores", _score_columns(visit, grouping), [{**row, "_proof": here} for row in found.rows])
    for caveat in found.caveats:
        yield Note(caveat, state="caveat")


def scored(visit: Visit) -> Answer:
    """Answer the scores that a URL asks for: parameters ``measure`` and ``grouping``."""
    grouping = visit.asked.choice("grouping", tuple(_GROUPINGS), "author")
    found: Answer = visit.ask(override_scores, by=grouping, measure=asked_of(visit.asked).measure, slow=True)
    return found


def _score_columns(visit: Visit, grouping: str) -> list[Column]:
    _ = visit.words
    words = worded(REASONS, visit) | worded(LAYERS, visit) if grouping in ("reason", "layer") else {}
    weights = [
        Column("came_true", _("Came true"), "share"),
        Column("weight", _("Taken by skill"), "share"),
    ]
    return [
        Column(grouping, _(_GROUPINGS[grouping]), "name", words=words),
        Column("verdict", _("Verdict"), "text", words=worded(VERDICTS, visit)),
        Column("overrides", _("Entries"), "count"),
        Column("months", _("Months"), "count"),
        Column("improvement", _("Error taken away"), "amount", "_proof"),
        Column("rate", _("Share of the error"), "share"),
        Column("low95", _("95 % from"), "share"),
        Column("high95", _("to"), "share"),
        Column("improved", _("Brought closer"), "share"),
        Column("bias", _("Bias"), "share"),
        *(weights if grouping == "author" else []),
    ]


def _say_inputs(visit: Visit) -> list[Input]:
    _ = visit.words
    about, scope = [("everything", _("Everything"))], scope_of(visit.asked)
    known = visit.ask(forecast_choices)["attributes"]
    about += [(f"{name}={value}", f"{name} = {value}") for name, values in known.items() for value in values]
    chosen = "everything"
    if scope.kind == ACCOUNT:
        chosen = f"account:{scope.name}"
        about.insert(0, (chosen, scope.name))
    elif scope.kind == SEGMENT:
        chosen = f"{asked_of(visit.asked).by}={scope.name}"
    snapshot = visit.project.shelf.current()
    first = Month.of(visit.project.setting(snapshot).data_through) + 1 if snapshot and snapshot.data_through else None
    months = [(str(first + ahead), str(first + ahead)) for ahead in range(24)] if first else []
    return [
        Input("measure", type="hidden", value=asked_of(visit.asked).measure),
        Input("about", _("What it is about"), "select", about, chosen, hint=_("About one customer: from the customer's page.")),
        Input("method", _("How it changes the forecast"), "radio", [(name, _(word)) for name, word in METHODS.items()], "add"),
        Input("amount", _("Amount a month, or factor"), "number", step="any", required=True),
        Input("first", _("From"), "select", months, required=True),
        Input("last", _("To"), "select", [("", _("for good")), *months]),
        Input("reason", _("Reason"), "select", [(name, _(word)) for name, word in REASONS.items()], required=True),
        Input("layer", _("Voice"), "select", [(name, _(LAYERS[name])) for name in _VOICES], "rep"),
        Input("confidence", _("How sure"), "select", [(each, _.value(float(each), "share")) for each in _SURE], "1.0"),
        Input(
            "expires", _("Counts until"), "date", hint=_("So that a hope does not outlive its reason; empty: until taken back.")
        ),
        Input("note", _("What is known, and from where"), "textarea", required=True),
    ]


def _wanted(given: Given) -> Wanted:
    """Read an entry from the fields of its form.

    Raises:
        GrowthringError: A field cannot be read.
    """
    about = given.get("about", "")
    try:
        amount = Decimal(given.get("amount", ""))
        expires = date.fromisoformat(given["expires"]) if given.get("expires") else None
        confidence = float(given.get("confidence") or 1)
    except (InvalidOperation, ValueError) as error:
        raise GrowthringError("A number or a day cannot be read.", valid="Valid: 1200, 0.95; 2025-06-30.") from error
    if not amount.is_finite():
        raise GrowthringError(f"Not an amount: {amount}.", valid="Valid: 1200, -300, 0.95.")
    account = about.removeprefix("account:") if about.startswith("account:") else None
    return Wanted(
        method=given.get("method", ""), amount=amount, first=given.get("first", ""), last=given.get("last") or None,
        reason=given.get("reason", ""), note=given.get("note", ""), account=account,
        where=about if account is None and about != "everything" else None, everything=about == "everything",
        layer=given.get("layer", "rep"), measure=given.get("measure") or "revenue", expires=expires, confidence=confidence,
    )  # fmt: skip


def _told_say(visit: Visit, given: Given) -> Sequence[tuple[str, str]]:
    _, wanted = visit.words, _wanted(given)
    check_override(visit.project, wanted)
    about = wanted.account or wanted.where or _("Everything")
    return [
        (_("About"), f"{about} · {measure_word(visit, wanted.measure)}"),
        (_("Change"), f"{_(METHODS[wanted.method])}: {wanted.amount}"),
        (_("Months"), f"{wanted.first} – {wanted.last or _('for good')}"),
        (_("Voice"), _(LAYERS[wanted.layer])),
        (_("Reason"), f"{_(REASONS[wanted.reason])}: {wanted.note}"),
        (_("How sure"), _.value(wanted.confidence, "share")),
        (_("Counts until"), str(wanted.expires or _("taken back"))),
    ]


def _say(visit: Visit, given: Given) -> str:
    row = add_override(visit.project, _wanted(given), author=visit.user.name)
    return visit.words("Noted as entry {id}: {about} {change} a month.", id=row["id"], about=row["about"], change=row["change"])


def _told_take_back(visit: Visit, given: Given) -> Sequence[tuple[str, str]]:
    _ = visit.words
    row = next((row for row in list_overrides(visit.project).rows if str(row["id"]) == given.get("entry")), None)
    if row is None:
        raise GrowthringError(_("No entry {id} counts now.", id=given.get("entry", "")))
    if not given.get("because"):
        raise GrowthringError(_("No reason was given."))
    return [
        (_("Entry"), f"{row['id']} · {row['about']} {row['change']} · {row['author']}"),
        (_("No longer counts, because"), given["because"]),
    ]


def _take_back(visit: Visit, given: Given) -> str:
    row = expire_override(visit.project, int(given["entry"]), because=given.get("because", ""), author=visit.user.name)
    return visit.words("Entry {id} no longer counts; forecasts made before still have it.", id=row["id"])


DEEDS = (
    Deed("forecast_say", "Say what the forecast cannot know", "contributor", _told_say, _say),
    Deed("forecast_take_back", "Take an entry back", "contributor", _told_take_back, _take_back),
)
