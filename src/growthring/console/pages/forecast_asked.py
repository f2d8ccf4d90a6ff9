"""What the Forecast page is asked: scope, measure, grain, layers and assumptions, all from its URL."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from growthring.console.answers import evidence
from growthring.console.asked import Asked as Url
from growthring.console.blocks import Block, Choice, Choices, Form, Input, Switch, Switches
from growthring.console.desk import StillWorkingError
from growthring.console.pages.forecast_terms import LAYERS
from growthring.console.visit import Visit
from growthring.forecast.layers import ALL, Layer
from growthring.kernel.errors import GrowthringError
from growthring.operations.answer import Answer
from growthring.operations.forecasting.choices import forecast_choices
from growthring.operations.forecasting.making import Asked
from growthring.operations.forecasting.rows import ACCOUNT, SEGMENT, TOTAL
from growthring.operations.forecasting.views import account_forecast, whole_forecast
from growthring.operations.history.opening import REVENUE
from growthring.operations.known_names import account_names

VIEWS: Mapping[str, str] = {
    "outlook": "Outlook", "published": "Published and bridges", "backtest": "Backtest", "entries": "What people say",
    "usage": "One-offs and run-rate",
}  # fmt: skip
"""Views of the page."""

GRAINS: Mapping[str, str] = {"month": "Month", "quarter": "Quarter", "year": "Year"}
HORIZONS = (6, 12, 18, 24, 36)
NEW: Mapping[str, str] = {"with": "Counted", "without": "Left out"}
TRUST: Mapping[str, str] = {"word": "At their word", "confidence": "As sure as they are", "skill": "As their record bears out"}
KEPT = ("scope", "measure", "by", "horizon", "without", "new", "trust", "policy")
"""Parameters that a forecast depends on."""

_SWITCHED = tuple(each for each in ALL if each is not Layer.STATISTICAL)


@dataclass(frozen=True, slots=True)
class Scope:
    """What of a forecast is looked at.

    Attributes:
        kind: ``total``, ``segment`` or ``account``.
        name: Which segment or account.
    """

    kind: str = TOTAL
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


def view_of(url: Url) -> str:
    """Return which view of the page is asked for."""
    return url.choice("view", tuple(VIEWS), "outlook")


def scope_of(url: Url) -> Scope:
    """Return the scope: ``total``, ``segment:VALUE`` or ``account:ID``; a name alone is an account's.

    Example:
        >>> str(scope_of(Url("/forecast", {"scope": "A7"}))), str(scope_of(Url("/forecast")))
        ('account:A7', 'total')
    """
    text = url.get("scope", TOTAL)
    kind, sign, name = text.partition(":")
    if kind in (SEGMENT, ACCOUNT) and sign and name:
        return Scope(kind, name)
    return Scope() if text == TOTAL else Scope(ACCOUNT, text)


def label_of(visit: Visit, scope: Scope) -> str:
    """Return what a scope is called; an account by its name, once that is known."""
    try:
        names: Mapping[str, str] = visit.ask(account_names) if scope.kind == ACCOUNT else {}
    except (StillWorkingError, GrowthringError):
        names = {}
    return names.get(scope.name, scope.name)


def asked_of(url: Url) -> Asked:
    """Return what the forecast is asked."""
    trust = url.choice("trust", tuple(TRUST), "word")
    without = switched_off(url)
    return Asked(
        measure=url.get("measure", REVENUE),
        horizon=url.number("horizon", 12, least=1, most=36),
        by=url.get("by", "segment"),
        layers=tuple(each for each in ALL if str(each) not in without),
        with_new=url.choice("new", tuple(NEW), "with") == "with",
        by_confidence=trust == "confidence",
        by_skill=trust == "skill",
        policy=url.get("policy") or None,
    )


def switched_off(url: Url) -> tuple[str, ...]:
    """Return the layers that are switched off, in order; the model itself always speaks."""
    named = {each.strip() for each in url.get("without").split(",")}
    return tuple(str(each) for each in _SWITCHED if str(each) in named)


def grain_of(url: Url) -> str:
    """Return the length of a period."""
    return url.choice("grain", tuple(GRAINS), "month")


def whole(visit: Visit) -> Answer:
    """Ask for the forecast of everything."""
    found: Answer = visit.ask(whole_forecast, asked_of(visit.asked), slow=True)
    return found


def of_scope(visit: Visit) -> Answer:
    """Ask for the forecast that holds the scope."""
    scope = scope_of(visit.asked)
    if scope.kind != ACCOUNT:
        return whole(visit)
    found: Answer = visit.ask(account_forecast, scope.name, asked_of(visit.asked), slow=True)
    return found


def proof(visit: Visit, **wanted: object) -> str:
    """Return the address of a part of the forecast as it is asked now."""
    kept = {name: visit.asked.get(name) for name in KEPT}
    return evidence("forecast", **(kept | wanted))


def measure_word(visit: Visit, measure: str) -> str:
    """Return what a measure is called."""
    return visit.words("Recurring revenue") if measure == REVENUE else measure.removeprefix("usage:").replace("_", " ")


def views(visit: Visit) -> Switches:
    """Return the views of the page."""
    shown = view_of(visit.asked)
    kept = {name: visit.asked.get(name) for name in (*KEPT, "grain")}
    here = Url(visit.asked.path, kept)
    return Switches(
        [
            Switch(visit.words(word), here.url(view=None if name == "outlook" else name), name == shown)
            for name, word in VIEWS.items()
        ],
        visit.words("Views of the forecast"),
        views=True,
    )


def layer_switches(visit: Visit) -> Switches:
    """Return a switch for each layer above the model."""
    off = switched_off(visit.asked)
    turned = {
        name: ",".join(each for each in map(str, _SWITCHED) if (each in off) != (each == name)) or None
        for name in map(str, _SWITCHED)
    }
    return Switches(
        [Switch(visit.words(LAYERS[name]), visit.asked.url(without=turned[name]), name not in off) for name in turned],
        visit.words("Layers"),
    )


def outlook_choices(visit: Visit) -> Choices:
    """Return the choices of the outlook."""
    url, known = visit.asked, visit.ask(forecast_choices)
    by, scope = url.get("by", "segment"), scope_of(url)
    scopes = [(TOTAL, visit.words("Everything")), *((f"{SEGMENT}:{name}", name) for name in known["attributes"].get(by, ()))]
    if str(scope) not in dict(scopes):
        scopes.append((str(scope), label_of(visit, scope)))
    return _kept(
        visit,
        Choice("scope", visit.words("Scope"), scopes, str(scope)),
        Choice("by", visit.words("Segments by"), [(name, name) for name in known["attributes"]] or [("segment", "segment")], by),
        measure_choice(visit),
        Choice("grain", visit.words("Length of a period"), _worded(visit, GRAINS), grain_of(url)),
        number_choice(visit, "horizon", visit.words("Months ahead"), HORIZONS, asked_of(url).horizon),
        Choice("new", visit.words("Customers to come"), _worded(visit, NEW), url.choice("new", tuple(NEW), "with")),
        Choice("trust", visit.words("People's entries"), _worded(visit, TRUST), url.choice("trust", tuple(TRUST), "word")),
    )


def measure_choice(visit: Visit) -> Choice:
    """Return the choice of what is forecast."""
    measures = visit.ask(forecast_choices)["measures"]
    chosen = visit.asked.get("measure", REVENUE)
    return Choice("measure", visit.words("What"), [(each, measure_word(visit, each)) for each in measures], chosen)


def ask_measure(visit: Visit) -> Iterable[Block]:
    """Show the views of the page, and what is forecast."""
    yield views(visit)
    yield choices_of(visit, measure_choice(visit))


def taking_back(visit: Visit, deed: str, field: str, options: Sequence[tuple[str, str]], back: str) -> Form:
    """Return a form that takes back one of several entries, with its reason."""
    _ = visit.words
    inputs = [
        Input(field, _("Which"), "select", options, required=True),
        Input("because", _("Why it no longer counts"), "textarea", required=True),
    ]
    return Form(deed, _("Take one back"), inputs, _("Check it"), back)


def number_choice(visit: Visit, name: str, label: str, offered: tuple[int, ...], chosen: int) -> Choice:
    """Return a choice between numbers; one that the URL names is among them."""
    options = [(str(each), visit.words.value(each, "count")) for each in sorted({*offered, chosen})]
    return Choice(name, label, options, str(chosen))


def choices_of(visit: Visit, *choices: Choice) -> Choices:
    """Return choices that keep what else the URL says."""
    return _kept(visit, *choices)


def _kept(visit: Visit, *choices: Choice) -> Choices:
    chosen = {each.name for each in choices}
    dropped = {"scope"} if visit.asked.get("by") and "by" not in chosen else set()
    keep = {name: value for name, value in visit.asked.params.items() if name not in chosen | dropped and "." not in name}
    return Choices(choices, keep)


def _worded(visit: Visit, words: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(value, visit.words(word)) for value, word in words.items()]
