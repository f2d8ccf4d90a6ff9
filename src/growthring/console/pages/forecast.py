"""Forecast: what is expected and how sure that is, why it moved, how good it was, and what people say beyond the data."""

from collections.abc import Mapping, Sequence

from growthring.console.deeds import AnyDeed
from growthring.console.pages import forecast_answer as answer
from growthring.console.pages import forecast_backtest as backtest
from growthring.console.pages import forecast_entries as entries
from growthring.console.pages import forecast_events as events
from growthring.console.pages import forecast_outlook as outlook
from growthring.console.pages import forecast_published as published
from growthring.console.pages import forecast_usage as usage
from growthring.console.pages.evidence import AnswerOf
from growthring.console.pages.forecast_asked import ask_measure, label_of, of_scope, scope_of, view_of
from growthring.console.visit import PageKind, Section, Visit
from growthring.operations.answer import Answer
from growthring.operations.forecasting.published import LATEST, show_forecast
from growthring.operations.forecasting.rows import ACCOUNT
from growthring.operations.forecasting.views import with_rows

_OUTLOOK = (
    Section("ask", "", outlook.ask),
    Section("answer", "What is expected", answer.answer),
    Section("ahead", "Month by month, with its layers", outlook.ahead),
    Section("segments", "By segment", outlook.segments),
    Section("accounts", "By customer", outlook.accounts),
    Section("assumptions", "What it assumes", outlook.assumptions),
)
_OF_AN_ACCOUNT = 3
_PUBLISHED = (
    Section("ask", "", ask_measure),
    Section("kept", "Published forecasts", published.kept),
    Section("publish", "Publish the forecast as it stands", published.new),
    Section("bridge", "What moved, and why", published.bridge),
)
_BACKTEST = (
    Section("ask", "", backtest.ask),
    Section("verdict", "How good it would have been", backtest.verdict),
    Section("scores", "Beside simple methods", backtest.scores),
    Section("by_segment", "By segment", backtest.by_segment),
    Section("contest", "Who should forecast each segment", backtest.contest),
)
_ENTRIES = (
    Section("ask", "", ask_measure),
    Section("entries", "What people say beyond the data", entries.entries),
    Section("effects", "What it does to the forecast", entries.effects),
    Section("scores", "Who was right", entries.scores),
)
_USAGE = (
    Section("ask", "", usage.ask),
    Section("run_rate", "A year at the present level", usage.run_rate),
    Section("questions", "Changes nobody explained", usage.questions),
    Section("one_offs", "One-offs", usage.one_offs),
    Section("spikes", "Spikes with a common cause", usage.spikes),
    Section("events", "What happened outside", events.events),
)
_VIEWS: Mapping[str, Sequence[Section]] = {
    "outlook": _OUTLOOK, "published": _PUBLISHED, "backtest": _BACKTEST, "entries": _ENTRIES, "usage": _USAGE,
}  # fmt: skip


def sections(visit: Visit) -> Sequence[Section]:
    """Return the sections of the view that is asked for."""
    shown = _VIEWS[view_of(visit.asked)]
    return shown[:_OF_AN_ACCOUNT] if shown is _OUTLOOK and scope_of(visit.asked).kind == ACCOUNT else shown


def heading(visit: Visit) -> str:
    """Name what is forecast."""
    scope = scope_of(visit.asked)
    if view_of(visit.asked) != "outlook" or not scope.name:
        return visit.words("Forecast")
    return visit.words("Forecast of {name}", name=label_of(visit, scope))


def answered(visit: Visit) -> Answer:
    """Answer a part of the forecast: parameters ``row``, ``within``, ``name``, ``length`` and ``at`` beside those of the page."""
    url = visit.asked
    if url.get("row") == "moved":
        moved = answer.moved_now(visit)
        if moved is not None:
            return moved
    names = {"within": "scope", "name": "name", "length": "view", "at": "at"}
    wanted = {column: url.get(name) for name, column in names.items() if name in url.params or url.get(name)}
    return with_rows(of_scope(visit), url.get("row", "period"), **wanted)


def published_forecast(visit: Visit) -> Answer:
    """Answer what a published forecast says: parameter ``forecast``."""
    found: Answer = visit.ask(show_forecast, visit.asked.get("forecast", LATEST))
    return found


PAGE = PageKind("forecast", "Forecast", sections, heading)
DEEDS: tuple[AnyDeed, ...] = (*published.DEEDS, *backtest.DEEDS, *entries.DEEDS, *usage.DEEDS, *events.DEEDS)
ANSWERS: dict[str, AnswerOf] = {
    "forecast": answered,
    "published_forecast": published_forecast,
    "forecast_bridge": published.difference,
    "backtest": backtest.found,
    "override_scores": entries.scored,
    "usage_review": usage.review,
}
