"""The backtest: what the forecast would have said at past month ends, beside simple methods; and who forecasts from now on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from growthring.charts import Axis, Labels, bars, lines
from growthring.console.answers import caveats, evidence
from growthring.console.asked import Asked
from growthring.console.blocks import Block, Choice, Column, Drawing, Form, Input, Note, Statement, Statements, Table
from growthring.console.deeds import Deed, Given, Told
from growthring.console.pages.forecast_asked import choices_of, measure_choice, number_choice, views
from growthring.console.pages.forecast_terms import LEVELS, MODELS
from growthring.console.terms import worded
from growthring.console.visit import Visit
from growthring.kernel.errors import GrowthringError
from growthring.operations.answer import Answer
from growthring.operations.forecasting.backtest import backtest
from growthring.operations.forecasting.champions import adopt_champions, champions
from growthring.operations.forecasting.choices import forecast_choices
from growthring.operations.history.opening import REVENUE

_OURS = "cohort_growth"
_ORIGINS = (6, 12, 24)
_AHEAD = (3, 6, 12)
_SHOWN = 4
_MOST = 48
_FURTHEST = 24
_ASKED = ("measure", "by", "origins", "ahead", "seen")


def ask(visit: Visit) -> Iterable[Block]:
    """Show the views, and how far back and ahead the backtest looks."""
    _ = visit.words
    yield views(visit)
    attributes = visit.ask(forecast_choices)["attributes"]
    url = visit.asked
    seen = [("then", _("What was known then")), ("now", _("Today's data, cut"))]
    yield choices_of(
        visit,
        measure_choice(visit),
        Choice(
            "by", _("Segments by"), [(name, name) for name in attributes] or [("segment", "segment")], url.get("by", "segment")
        ),
        number_choice(visit, "origins", _("Past month ends"), _ORIGINS, url.number("origins", 12, most=_MOST)),
        number_choice(visit, "ahead", _("Months ahead"), _AHEAD, url.number("ahead", 6, most=_FURTHEST)),
        Choice("seen", _("Each saw"), seen, url.choice("seen", ("then", "now"), "then")),
    )


def found(visit: Visit) -> Answer:
    """Answer the backtest that a URL asks for: parameters ``measure``, ``by``, ``origins``, ``ahead`` and ``seen``."""
    url = visit.asked
    answer: Answer = visit.ask(
        backtest,
        origins=url.number("origins", 12, most=_MOST),
        horizon=url.number("ahead", 6, most=_FURTHEST),
        measure=url.get("measure", REVENUE),
        by=url.get("by", "segment"),
        known_now=url.choice("seen", ("then", "now"), "then") == "now",
        slow=True,
    )
    return answer


def verdict(visit: Visit) -> Iterable[Block]:
    """Say how much was missed, whether ranges held, and who else would have been better."""
    _ = visit.words
    answer, proof = found(visit), _proof(visit)
    told = []
    for level, text in (
        ("total", _("The total of today's customers would have been missed by {wape} on average, {way}.")),
        ("account", _("A single customer would have been missed by {wape} of its amount, {way}.")),
    ):
        row = next((row for row in _view(answer, "summary", level=level, model=_OURS)), None)
        if row is None or row["wape"] is None:
            continue
        detail = _("80 % ranges held {low}, 95 % ranges {high}.", low=_.value(row["coverage_80"], "share"),
                   high=_.value(row["coverage_95"], "share"))  # fmt: skip
        told.append(Statement(_filled(text, wape=_.value(row["wape"], "share"), way=_way(visit, row["bias"])), proof, detail))
    best = _best(answer, "total")
    if best and best["model"] != _OURS:
        told.append(
            Statement(
                _("In total another method was better: {model} missed {wape}.", model=_name(visit, best["model"]),
                  wape=_.value(best["wape"], "share")),
                proof, _("Whether that is more than chance, the contest by segment below decides."), "warn",
            )
        )  # fmt: skip
    yield Statements(told)
    yield from caveats(answer)


def scores(visit: Visit) -> Iterable[Block]:
    """Show errors, coverage and interval scores by level and months ahead, ours beside the others."""
    _ = visit.words
    answer, url = found(visit), visit.asked
    levels = list(dict.fromkeys(row["level"] for row in _view(answer, "horizon")))
    if not levels:
        yield Note(_("Nothing could be scored."), _("Choose fewer past month ends, or fewer months ahead."), "evidence")
        return
    level = url.choice("level", tuple(levels), "total" if "total" in levels else levels[0])
    months = list(dict.fromkeys(row["months"] for row in _view(answer, "horizon", level=level)))
    chosen = url.choice("lead", tuple(months), next((each for each in months if _is_whole(each, months)), months[0]))
    rows = sorted(_view(answer, "horizon", level=level, months=chosen), key=_wape)
    words, named = worded(LEVELS, visit), worded(MODELS, visit)
    yield choices_of(
        visit,
        Choice("level", _("What is scored"), [(each, words.get(each, each)) for each in levels], level),
        Choice("lead", _("Months ahead"), [(each, _lead(visit, each)) for each in months], chosen),
    )
    yield Drawing(
        bars(
            [row for row in rows if row["wape"] is not None], name="model", value="wape", axis=Axis(_("missed (WAPE)"), "share"),
            title=_("{level}, {months}: how much of what came was missed", level=words.get(level, level),
                    months=_lead(visit, chosen)), labels=Labels(named),
        )
    )  # fmt: skip
    leaders = {row["model"] for row in rows[:_SHOWN]} | {_OURS}
    by_lead = [
        {**row, "lead": _lead(visit, row["months"])}
        for row in _view(answer, "horizon", level=level)
        if row["model"] in leaders and "quarter" not in row["months"] and not _is_whole(row["months"], months)
    ]
    yield Drawing(
        lines(
            by_lead, at="lead", value="wape", group="model", axis=Axis(_("missed (WAPE)"), "share"), zero=True,
            labels=Labels(named), title=_("How much is missed by months ahead: ours and the best others"),
        )
    )  # fmt: skip
    marked = [{**row, "_proof": _proof(visit), "_tone": "total" if row["model"] == _OURS else ""} for row in rows]
    yield Table("scores", _score_columns(visit), marked, find=False)


def by_segment(visit: Visit) -> Iterable[Block]:
    """Show how good our forecast was for each segment."""
    _ = visit.words
    words = worded(LEVELS, visit)
    rows = [{**row, "_proof": _proof(visit)} for row in _view(found(visit), "segment", model=_OURS)]
    columns = [
        Column("segment", visit.asked.get("by", "segment"), "name"),
        Column("level", _("What is scored"), "text", words=words),
        *_score_columns(visit)[1:],
    ]
    yield Table("by_segment", columns, rows, find=False)


def contest(visit: Visit) -> Iterable[Block]:
    """Show whether a challenger replaces the model that forecasts a segment, and let an approver adopt it."""
    _ = visit.words
    answer, url = found(visit), visit.asked
    standing = visit.ask(champions, measure=url.get("measure", REVENUE), by=url.get("by", "segment"))
    rows = [{**row, "standing": standing.get(row["segment"], _OURS), "_proof": _proof(visit)} for row in _closest(answer)]
    named = worded(MODELS, visit)
    columns = [
        Column("segment", url.get("by", "segment"), "name"),
        Column("standing", _("Forecasts it now"), "text", words=named),
        Column("champion", _("Should forecast it"), "text", words=named),
        Column("challenger", _("Closest rival"), "text", words=named),
        Column("champion_wape", _("Ours missed"), "share", "_proof"),
        Column("challenger_wape", _("The rival missed"), "share", "_proof"),
        Column("better_origins", _("Better at"), "count"),
        Column("origins", _("of month ends"), "count"),
        Column("because", _("Because"), "text"),
    ]
    yield Table("contest", columns, rows, empty=_("No segment had a contest."), find=False)
    changes = [row for row in rows if row["champion"] != row["standing"]]
    if changes:
        hidden = [Input(name, type="hidden", value=url.get(name)) for name in _ASKED if url.get(name)]
        title = _("Let the winners forecast their segments")
        yield Form("forecast_adopt", title, hidden, _("Adopt"), url.url() + "#contest", "approver")
    else:
        yield Note(
            _("Who forecasts each segment stays: a rival has to be better at most month ends, by more than chance."),
            state="caveat",
        )


def _proof(visit: Visit) -> str:
    return evidence("backtest", **{name: visit.asked.get(name) for name in _ASKED})


def _view(answer: Answer, view: str, **wanted: object) -> list[dict[str, Any]]:
    return [row for row in answer.rows if row["view"] == view and all(row.get(name) == value for name, value in wanted.items())]


def _closest(answer: Answer) -> list[dict[str, Any]]:
    """Return for each segment its contest with the rival that erred least."""
    found: dict[str, dict[str, Any]] = {}
    for row in _view(answer, "champion"):
        rival = row["challenger_wape"]
        known = found.get(row["segment"])
        if known is None or (rival is not None and (known["challenger_wape"] is None or rival < known["challenger_wape"])):
            found[row["segment"]] = row
    return list(found.values())


def _best(answer: Answer, level: str) -> dict[str, Any] | None:
    return min((row for row in _view(answer, "summary", level=level) if row["wape"] is not None), key=_wape, default=None)


def _wape(row: Mapping[str, Any]) -> float:
    return float("inf") if row["wape"] is None else float(row["wape"])


def _way(visit: Visit, bias: float | None) -> str:
    _ = visit.words
    if bias is None:
        return _("which way nobody can say")
    share = _.value(abs(bias), "share")
    return _("{share} too high in sum", share=share) if bias > 0 else _("{share} too low in sum", share=share)


def _filled(text: str, **values: str) -> str:
    """Return a sentence of the catalogue with its places filled."""
    return text.format(**values)


def _name(visit: Visit, model: str) -> str:
    return worded(MODELS, visit).get(model, model)


def _lead(visit: Visit, months: str) -> str:
    """Return months ahead in words: ``1-3`` or ``quarter 2``."""
    _ = visit.words
    if months.startswith("quarter"):
        return _("sum of quarter {number}", number=months.removeprefix("quarter "))
    first, sign, last = months.partition("-")
    return _("months {first} to {last}", first=first, last=last) if sign else _("month {number}", number=first)


def _is_whole(months: str, known: Sequence[str]) -> bool:
    """Tell whether a stretch is all months together, where there are shorter ones beside it."""
    first, sign, last = months.partition("-")
    widest = max((int(each.partition("-")[2]) for each in known if "-" in each), default=0)
    return bool(sign) and first == "1" and int(last) == widest and widest > _AHEAD[0]


def _score_columns(visit: Visit) -> list[Column]:
    _ = visit.words
    return [
        Column("model", _("Model"), "name", words=worded(MODELS, visit)),
        Column("wape", _("Missed (WAPE)"), "share", "_proof"),
        Column("bias", _("Bias"), "share"),
        Column("coverage_80", _("80 % held"), "share"),
        Column("coverage_95", _("95 % held"), "share"),
        Column("interval_score_80", _("Interval score"), "number"),
        Column("items", _("Cases"), "count"),
    ]


def _told_adopt(visit: Visit, given: Given) -> Told:
    there = _at(visit, given)
    url = there.asked
    standing = champions(visit.project, measure=url.get("measure", REVENUE), by=url.get("by", "segment"))
    told = [
        (
            row["segment"],
            f"{_name(visit, standing.get(row['segment'], _OURS))} → {_name(visit, row['champion'])}: {row['because']}",
        )
        for row in _closest(found(there))
        if row["champion"] != standing.get(row["segment"], _OURS)
    ]
    if not told:
        raise GrowthringError("No model won a segment that it does not forecast already.")
    return told


def _adopt(visit: Visit, given: Given) -> str:
    there = _at(visit, given)
    url = there.asked
    kept = adopt_champions(
        visit.project, found(there), measure=url.get("measure", REVENUE), by=url.get("by", "segment"), author=visit.user.name
    )
    return visit.words("{count} segments have another model from now on.", count=len(kept))


def _at(visit: Visit, given: Given) -> Visit:
    return replace(visit, asked=Asked("/forecast", {name: given[name] for name in _ASKED if given.get(name)}))


DEEDS = (Deed("forecast_adopt", "Adopt the models that won", "approver", _told_adopt, _adopt),)
