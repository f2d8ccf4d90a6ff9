"""The outlook: what is expected and how sure that is, answered first; then fan, layers, segments, accounts, assumptions."""

from collections.abc import Iterable, Mapping
from typing import Any

from growthring.charts import Axis, fan
from growthring.console.answers import caveats
from growthring.console.asked import link
from growthring.console.blocks import Block, Choice, Column, Drawing, Links, Note, Statement, Statements, Table
from growthring.console.pages.forecast_asked import (
    asked_of,
    choices_of,
    grain_of,
    layer_switches,
    measure_word,
    of_scope,
    outlook_choices,
    proof,
    scope_of,
    views,
    whole,
)
from growthring.console.pages.forecast_terms import LAYERS
from growthring.console.visit import Visit
from growthring.operations.answer import Answer
from growthring.operations.forecast_rows import ACCOUNT, AHEAD, NEW, SEGMENT, TOTAL
from growthring.operations.forecast_views import rows_of
from growthring.operations.published_views import moved_since, published_list

_YEAR = 12


def ask(visit: Visit) -> Iterable[Block]:
    """Show the views, and what the forecast can be asked."""
    yield views(visit)
    yield outlook_choices(visit)
    yield layer_switches(visit)


def answer(visit: Visit) -> Iterable[Block]:
    """Say what is expected, between what, how often such ranges held, and what moved since the last published forecast."""
    found = of_scope(visit)
    scope = scope_of(visit.asked)
    if scope.kind == ACCOUNT:
        yield Links(
            [(visit.words("Everything about {name}", name=rows_of(found, "about")[0]["label"]), link("/account", id=scope.name))]
        )
    yield Statements([*_expected(visit, found), *_made_of(visit, found), *_held(visit, found), *_moved(visit, found)])
    about = rows_of(found, "about")[0]
    if about["months_of_history"] < _YEAR:
        yield Note(
            visit.words("Only {months} months of history: seasons cannot be told, and ranges rest on little.",
                        months=about["months_of_history"]),
            visit.words("Twelve months make a first year; twenty-four show whether it has seasons."),
            "evidence",
        )  # fmt: skip


def ahead(visit: Visit) -> Iterable[Block]:
    """Show the history, the forecast with its ranges, and the layers it is made of."""
    _ = visit.words
    found, grain = of_scope(visit), grain_of(visit.asked)
    about, rows = rows_of(found, "about")[0], _periods(visit, found, grain)
    if not rows:
        yield Note(_("No {grain} ends within so few months.", grain=_(grain)), _("Choose more months ahead."), "empty")
        return
    moved = _published(visit, found, grain)
    yield choices_of(visit, _beside_choice(visit, found))
    unit = about["unit"] if grain == "month" else about["unit_of_sums"]
    yield Drawing(_fan(visit, found, rows, moved, unit))
    yield _table(visit, rows, moved)
    yield from caveats(found)


def segments(visit: Visit) -> Iterable[Block]:
    """Show what each segment adds to the total."""
    _ = visit.words
    found = whole(visit)
    rows = [
        {
            **row,
            "label": {NEW: _("Customers to come"), TOTAL: _("Total")}.get(row["scope"]) or row["name"],
            "_inside": visit.asked.url(scope=f"{SEGMENT}:{row['name']}") + "#ahead" if row["scope"] == SEGMENT else "",
            "_proof": proof(visit, row="period", within=row["scope"], name=row["name"], length=AHEAD),
            "_tone": "total" if row["scope"] == TOTAL else "",
        }
        for row in sorted(rows_of(found, "period", view=AHEAD), key=lambda row: row["scope"] == TOTAL)
    ]
    columns = [
        Column("label", asked_of(visit.asked).by, "name", "_inside"),
        Column("before", _("As many months before"), "amount"),
        Column("amount", _("Months ahead"), "amount", "_proof"),
        Column("change_share", _("Change"), "share"),
        *_range_columns(visit),
    ]
    yield Table("segments", columns, rows, _("All {months} months ahead", months=asked_of(visit.asked).horizon), find=False)
    yield Note(
        _("Ranges of segments do not add up to that of the total: what one does by chance, others even out."), state="caveat"
    )


def accounts(visit: Visit) -> Iterable[Block]:
    """Show what is expected of accounts, the largest first."""
    _ = visit.words
    found, scope = whole(visit), scope_of(visit.asked)
    rows = [
        {
            **row,
            "_account": link("/account", id=row["account"]) if row["account"] else "",
            "_inside": visit.asked.url(scope=f"{ACCOUNT}:{row['account']}") + "#ahead" if row["account"] else "",
        }
        for row in rows_of(found, "account")
        if scope.kind != SEGMENT or row["segment"] == scope.name
    ]
    columns = [
        Column("name", _("Customer"), "name", "_account"),
        Column("segment", asked_of(visit.asked).by, "text"),
        Column("last_month", _("Last month"), "amount"),
        Column("amount", _("Months ahead"), "amount", "_inside"),
        *_range_columns(visit),
        *([Column("people", _("People's entries"), "amount")] if any(row["people"].strip("-0.") for row in rows) else []),
    ]
    yield Table("accounts", columns, rows, empty=_("No customer has a forecast."), page_size=15)
    yield from _coverage_note(visit, found, ACCOUNT)


def assumptions(visit: Visit) -> Iterable[Block]:
    """Show what is assumed of each segment."""
    _ = visit.words
    columns = [
        Column("segment", asked_of(visit.asked).by, "name"),
        Column("months_ahead", _("Months ahead"), "count"),
        Column("survival", _("Still customers"), "share"),
        Column("growth", _("Growth of those that stay"), "number"),
        Column("correction", _("Correction of sums"), "number"),
        Column("level_weight", _("Weight of the last month"), "share"),
    ]
    yield Table("assumptions", columns, rows_of(whole(visit), "assumption"), page_size=30, find=False)
    yield Note(
        _("Revenue lost with customers and revenue lost inside customers are two assumptions: the first is survival, the second "
          "is in the growth of those that stay."),
        state="caveat",
    )  # fmt: skip


def _expected(visit: Visit, found: Answer) -> Iterable[Statement]:
    _ = visit.words
    about, scope = rows_of(found, "about")[0], scope_of(visit.asked)
    what = measure_word(visit, asked_of(visit.asked).measure)
    for row in [*_next_quarter(visit, found), *rows_of(found, "period", view=AHEAD, **_where(visit))]:
        months = row["view"] == AHEAD
        text = (
            _("{what} of the {months} months ahead: {amount} {unit} expected", what=what, months=about["horizon"],
              amount=_.brief(row["amount"]), unit=about["unit_of_sums"])
            if months
            else _("{what} of {period}: {amount} {unit} expected", what=what, period=row["at"], amount=_.brief(row["amount"]),
                   unit=about["unit_of_sums"])
        )  # fmt: skip
        text += _between(visit, row)
        href = proof(visit, row="period", within=scope.kind, name=scope.name, length=row["view"], at=row["at"])
        yield Statement(text, href, _against_before(visit, row, about), _tone(row))


def _between(visit: Visit, row: Mapping[str, Any]) -> str:
    _ = visit.words
    if row["low80"] is None:
        return _("; too little evidence for a range.")
    return _(", between {low} and {high} in four of five cases.", low=_.brief(row["low80"]), high=_.brief(row["high80"]))


def _against_before(visit: Visit, row: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    _ = visit.words
    if row.get("change_share") is None:
        return ""
    share = _.value(abs(row["change_share"]), "share")
    return (
        _("{share} more than the {months} months before ({amount}).", share=share, months=about["horizon"],
          amount=_.brief(row["before"]))
        if row["change_share"] >= 0
        else _("{share} less than the {months} months before ({amount}).", share=share, months=about["horizon"],
               amount=_.brief(row["before"]))
    )  # fmt: skip


def _tone(row: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a tone
    return "plain" if row.get("change_share") is None else "good" if row["change_share"] >= 0 else "bad"


def _made_of(visit: Visit, found: Answer) -> Iterable[Statement]:
    """Say what stands beside the model in the months ahead."""
    _ = visit.words
    scope = scope_of(visit.asked)
    for row in rows_of(found, "period", view=AHEAD, **_where(visit)):
        parts = [
            f"{_(LAYERS[name])} {_.brief(row[name])}"
            for name in LAYERS
            if row.get(name) and row[name].strip("-0.") and name != "statistical"
        ]
        if parts:
            href = proof(visit, row="period", within=scope.kind, name=scope.name, length=AHEAD, at=row["at"])
            model = _.brief(row["statistical"])
            yield Statement(_("Of that the model makes {model}; beside it: {parts}.", model=model, parts=", ".join(parts)), href)


def _held(visit: Visit, found: Answer) -> Iterable[Statement]:
    if scope_of(visit.asked).kind == SEGMENT:
        yield Statement(
            visit.words("How often ranges of segments hold is measured by the backtest."), "", "", "plain",
            visit.words("See the backtest"), visit.asked.url(view="backtest", scope=None) + "#by_segment",
        )  # fmt: skip
        return
    for note in _coverage_note(visit, found, ACCOUNT if scope_of(visit.asked).kind == ACCOUNT else TOTAL):
        yield Statement(note.text, proof(visit, row="coverage"), note.remedy, "plain" if note.state == "done" else "warn")


def _coverage_note(visit: Visit, found: Answer, scope: str) -> list[Note]:
    """Say how often past 80 % ranges held what came."""
    _ = visit.words
    rows = rows_of(found, "coverage", scope=scope, level=80)
    if not rows or not rows[0]["cases"]:
        return [Note(_("Nobody can say yet how often the ranges hold."),
                     _("Errors of at least two past months are needed to measure them."), "caveat")]  # fmt: skip
    row = rows[0]
    held, cases = _.value(row["held_share"], "share"), _.value(row["cases"], "count")
    text = (
        _("Past 80 % ranges of single customers held {held} of {cases} cases.", held=held, cases=cases)
        if scope == ACCOUNT
        else _("Past 80 % ranges of the total held {held} of {cases} months.", held=held, cases=cases)
    )
    advice = {
        "holds": _("They can be taken as they are."),
        "too_narrow": _("They are too narrow here: what comes will lie outside more often than one time in five."),
        "too_wide": _("They are wider than they need to be here."),
        "too_few": _("Too few cases to judge them by; ten would do."),
    }[row["verdict"]]
    return [Note(text, advice, "done" if row["verdict"] == "holds" else "caveat")]


def _moved(visit: Visit, found: Answer) -> Iterable[Statement]:
    """Say what changed since the last published forecast."""
    _ = visit.words
    published = visit.ask(published_list, asked_of(visit.asked).measure)
    there = visit.asked.url(view="published", scope=None)
    if not published:
        yield Statement(
            _("No forecast has been published yet, so nothing can be compared or scored."), "",
            _("A published forecast never changes: it can be agreed, explained against the next one, and held to what comes."),
            "warn", _("Publish this one"), there + "#publish",
        )  # fmt: skip
        return
    moved, last = _published(visit, found, "month"), published[0]
    named = {"author": last["author"], "day": last["published"][:10], "origin": last["origin"]}
    if moved is None or moved.value is None:
        yield Statement(
            _("The last published forecast ({author}, {day}, from {origin}) has no months in common with this.", **named), there
        )
        return
    share = next(row["share"] for row in moved.rows if row["kind"] == "about")
    if not str(moved.value).strip("-0."):
        yield Statement(_("It says what the forecast published by {author} on {day} said.", **named), there)
        return
    yield Statement(
        _(
            "Since the forecast published by {author} on {day} (from {origin}), {months} moved by {amount} ({share}).",
            months=moved.at, amount=_.brief(moved.value), share=_.value(share, "share"), **named,
        ),
        proof(visit, row="moved"),
        _("Publish this forecast, too, and the bridge says by which customers and why."),
        "good" if not str(moved.value).startswith("-") else "bad",
        _("Bridges between published forecasts"), there + "#bridge",
    )  # fmt: skip


def moved_now(visit: Visit) -> Answer | None:
    """Return what moved since the published forecast that stands beside, by period; nothing without one."""
    return _published(visit, of_scope(visit), grain_of(visit.asked))


def _published(visit: Visit, found: Answer, grain: str) -> Answer | None:
    published = visit.ask(published_list, asked_of(visit.asked).measure)
    if not published:
        return None
    scope = scope_of(visit.asked)
    spans = tuple((row["at"], row["first"], row["last"], row["amount"]) for row in _periods(visit, found, grain))
    moved: Answer = visit.ask(moved_since, published[0]["forecast_id"], scope.kind, scope.name, spans)
    return moved


def _next_quarter(visit: Visit, found: Answer) -> list[dict[str, Any]]:
    """Return the first quarter that lies ahead whole, unless all months ahead are no more than it."""
    rows = [row for row in rows_of(found, "period", view="quarter", **_where(visit)) if "known" not in row]
    return rows[:1]


def _periods(visit: Visit, found: Answer, grain: str) -> list[dict[str, Any]]:
    return rows_of(found, "period", view=grain, **_where(visit))


def _where(visit: Visit) -> dict[str, str]:
    scope = scope_of(visit.asked)
    return {"scope": scope.kind, "name": scope.name}


def _beside_choice(visit: Visit, found: Answer) -> Choice:
    _ = visit.words
    options = [("nothing", _("Nothing"))]
    if any("people" in row for row in _periods(visit, found, "month")):
        options.insert(0, ("without_people", _("Without people's entries")))
    if visit.ask(published_list, asked_of(visit.asked).measure):
        options.insert(0, ("published", _("The last published forecast")))
    return Choice("beside", _("Dashed beside it"), options, visit.asked.choice("beside", tuple(dict(options)), options[0][0]))


def _fan(visit: Visit, found: Answer, rows: list[dict[str, Any]], moved: Answer | None, unit: str) -> Any:  # noqa: ANN401 - a chart
    _ = visit.words
    choice = _beside_choice(visit, found)
    compared: list[dict[str, Any]] = []
    if choice.chosen == "published" and moved is not None:
        compared = [{"at": row["at"], "amount": row["published"]} for row in moved.rows if row.get("published") is not None]
        whole_ones = {row["at"] for row in rows if "known" not in row}
        compared = [row for row in compared if row["at"] in whole_ones]
    elif choice.chosen == "without_people":
        compared = [{"at": row["at"], "amount": row["without_people"]} for row in rows if "people" in row and "known" not in row]
    drawn = [
        {
            "at": row["at"],
            **{name: row.get(f"whole_{name}", row[name]) for name in ("amount", "low80", "high80", "low95", "high95")},
        }
        for row in rows
    ]
    scope, what = scope_of(visit.asked), measure_word(visit, asked_of(visit.asked).measure)
    label = rows_of(found, "about")[0]["label"] if scope.kind == ACCOUNT else scope.name
    named = _("{what} of {name}", what=what, name=label) if label else what
    return fan(
        rows_of(found, "past", view=grain_of(visit.asked), **_where(visit)), drawn, at="at", value="amount",
        ranges=[(_("95 % range"), "low95", "high95"), (_("80 % range"), "low80", "high80")], axis=Axis(unit),
        title=_("{what}: actual, expected, and the 80 % and 95 % ranges", what=named), words=(_("actual"), _("expected")),
        compared=compared, compared_word=dict(choice.options)[choice.chosen],
    )  # fmt: skip


def _table(visit: Visit, rows: list[dict[str, Any]], moved: Answer | None) -> Table:
    _ = visit.words
    scope = scope_of(visit.asked)
    then = {row["at"]: row for row in moved.rows if row["kind"] == "moved"} if moved is not None else {}
    told = [
        {
            **row,
            "published": then.get(row["at"], {}).get("published"),
            "_proof": proof(visit, row="period", within=scope.kind, name=scope.name, length=row["view"], at=row["at"]),
        }
        for row in rows
    ]
    there = [name for name in LAYERS if any(name in row for row in rows)]
    columns = [
        Column("at", _("Period"), "month"),
        *([Column("known", _("Over already"), "amount")] if any("known" in row for row in rows) else []),
        Column("amount", _("Expected"), "amount", "_proof"),
        *_range_columns(visit),
        Column("low95", _("95 % from"), "amount"),
        Column("high95", _("to"), "amount"),
        *(Column(name, _(LAYERS[name]), "amount") for name in there),
        *([Column("published", _("Last published"), "amount")] if any(row["published"] for row in told) else []),
    ]
    return Table("periods", columns, told, page_size=36, find=False)


def _range_columns(visit: Visit) -> list[Column]:
    return [Column("low80", visit.words("80 % from"), "amount"), Column("high80", visit.words("to"), "amount")]
