"""What is expected, said in sentences: how much, between what, how sure that is, and what moved since the last forecast."""

from collections.abc import Iterable, Mapping
from typing import Any

from growthring.console.asked import link
from growthring.console.blocks import Block, Links, Note, Statement, Statements
from growthring.console.pages.forecast_asked import (
    asked_of,
    grain_of,
    measure_word,
    of_scope,
    proof,
    scope_of,
)
from growthring.console.pages.forecast_terms import LAYERS
from growthring.console.visit import Visit
from growthring.operations.answer import Answer
from growthring.operations.forecasting.published_views import moved_since, published_list
from growthring.operations.forecasting.rows import ACCOUNT, AHEAD, SEGMENT, TOTAL
from growthring.operations.forecasting.views import rows_of

_YEAR = 12


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


def _expected(visit: Visit, found: Answer) -> Iterable[Statement]:
    _ = visit.words
    about, scope = rows_of(found, "about")[0], scope_of(visit.asked)
    what = measure_word(visit, asked_of(visit.asked).measure)
    for row in [*_next_quarter(visit, found), *rows_of(found, "period", view=AHEAD, **within(visit))]:
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
    for row in rows_of(found, "period", view=AHEAD, **within(visit)):
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
    for note in coverage_note(visit, found, ACCOUNT if scope_of(visit.asked).kind == ACCOUNT else TOTAL):
        yield Statement(note.text, proof(visit, row="coverage"), note.remedy, "plain" if note.state == "done" else "warn")


def coverage_note(visit: Visit, found: Answer, scope: str) -> list[Note]:
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
    for far in rows[1:]:
        share, count = _.value(far["held_share"], "share"), _.value(far["cases"], "count")
        advice += " " + _("{months} months ahead they held {held} of {cases}.", months=far["ahead"], held=share, cases=count)
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
    moved, last = since_published(visit, found, "month"), published[0]
    named = {"author": last["author"], "day": last["published"][:10], "origin": last["origin"]}
    if moved is None or moved.value is None:
        yield Statement(
            _("The last published forecast ({author}, {day}, from {origin}) has no months in common with this.", **named), there
        )
        return
    shared = [row for row in moved.rows if row.get("published") is not None]
    share = next(row["share"] for row in moved.rows if row["kind"] == "about")
    if not str(moved.value).strip("-0."):
        yield Statement(_("It says what the forecast published by {author} on {day} said.", **named), there)
        return
    yield Statement(
        _(
            "Since the forecast published by {author} on {day} (from {origin}), {months} moved by {amount} ({share}).",
            months=_("{first} to {last}", first=shared[0]["at"], last=shared[-1]["at"]),
            amount=_.brief(moved.value), share=_.value(share, "share"), **named,
        ),
        proof(visit, row="moved"),
        _("Publish this forecast, too, and the bridge says by which customers and why."),
        "good" if not str(moved.value).startswith("-") else "bad",
        _("Bridges between published forecasts"), there + "#bridge",
    )  # fmt: skip


def _next_quarter(visit: Visit, found: Answer) -> list[dict[str, Any]]:
    """Return the first quarter that lies ahead whole, unless all months ahead are no more than it."""
    rows = [row for row in rows_of(found, "period", view="quarter", **within(visit)) if "known" not in row]
    return rows[:1]


def moved_now(visit: Visit) -> Answer | None:
    """Return what moved since the published forecast that stands beside, by period; nothing without one."""
    return since_published(visit, of_scope(visit), grain_of(visit.asked))


def since_published(visit: Visit, found: Answer, grain: str) -> Answer | None:
    """Return what moved since the last published forecast, by period; nothing without one."""
    published = visit.ask(published_list, asked_of(visit.asked).measure)
    if not published:
        return None
    scope = scope_of(visit.asked)
    spans = tuple((row["at"], row["first"], row["last"], row["amount"]) for row in periods_of(visit, found, grain))
    moved: Answer = visit.ask(moved_since, published[0]["forecast_id"], scope.kind, scope.name, spans)
    return moved


def periods_of(visit: Visit, found: Answer, grain: str) -> list[dict[str, Any]]:
    """Return the periods ahead of the scope."""
    return rows_of(found, "period", view=grain, **within(visit))


def within(visit: Visit) -> dict[str, str]:
    """Return the columns that say which rows are of the scope."""
    scope = scope_of(visit.asked)
    return {"scope": scope.kind, "name": scope.name}
