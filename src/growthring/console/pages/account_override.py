"""Saying that the forecast of a customer should differ: of all its revenue, of one product, or of its usage of a meter."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from growthring.console.blocks import Form, Input
from growthring.console.deeds import Deed, Given, Told
from growthring.console.pages.account_chosen import account_of, facts_of, spoken
from growthring.console.pages.account_given import chosen, customer, here, reason
from growthring.console.pages.forecast_terms import LAYERS, METHODS, REASONS
from growthring.console.terms import worded
from growthring.console.visit import Visit
from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from growthring.operations.accounts.series import AccountSeries, account_series
from growthring.operations.forecasting.overrides import Wanted, add_override, check_override

CONFIDENCE: Mapping[str, str] = {
    "1.0": "certain",
    "0.9": "nearly sure, 90 %",
    "0.7": "likely, 70 %",
    "0.5": "as likely as not, 50 %",
}
"""How sure somebody is."""

SPEAKERS = ("rep", "manager", "topside", "known_ramp", "price_event")
_AHEAD = 24
_EXPIRES = (1, 3, 6, 12)
_USUAL_EXPIRY = 3
_WHOLE, _PRODUCT, _METER = "revenue", "product:", "usage:"


def override_form(visit: Visit) -> Form:
    """Return the form; whatever can be chosen is not typed."""
    _ = visit.words
    last = Month.parse(facts_of(visit).at)
    ahead = [(str(last + place), str(last + place)) for place in range(1, _AHEAD + 1)]
    expiries = _expiries(visit)
    layers = [(name, _(LAYERS[name])) for name in SPEAKERS]
    hint = _("Of revenue in {currency}, of usage in units; less than nothing takes away.", currency=_currency(visit))
    inputs = [
        Input("id", type="hidden", value=account_of(visit)),
        Input("about", _("What it is about"), "select", _about(visit, account_of(visit)), _WHOLE, True),
        Input("method", _("What to do with the model's figure"), "radio", list(worded(METHODS, visit).items()), "add", True),
        Input("amount", _("Amount a month, or factor"), "number", required=True, step="any", hint=hint),
        Input("first", _("From"), "select", ahead, ahead[0][0], True),
        Input("last", _("Until, included"), "select", [("", _("for good")), *ahead], ""),
        Input("reason", _("Reason"), "select", list(worded(REASONS, visit).items()), "new_use_case", True),
        Input("confidence", _("How sure"), "select", list(worded(CONFIDENCE, visit).items()), "0.7", True),
        Input("expires", _("Counts until"), "select", expiries, expiries[_EXPIRES.index(_USUAL_EXPIRY) + 1][0]),
        Input("layer", _("Who speaks"), "select", layers, "rep", True),
        Input("note", _("What is known"), required=True),
    ]
    return Form("account_override", _("Say that the forecast should differ"), inputs, _("Check it"), here(visit, "notes"))


def _about(visit: Visit, account: str) -> Sequence[tuple[str, str]]:
    """Return what of a customer can be spoken about: its revenue, that of a product, its usage of a meter."""
    _ = visit.words
    found: AccountSeries = visit.ask(account_series, account)
    return [
        (_WHOLE, _("All of its revenue")),
        *((f"{_PRODUCT}{key}", _("Revenue of {product}", product=name)) for key, name in found.products),
        *((f"{_METER}{meter}", _("Usage of {meter}", meter=spoken(meter))) for meter in found.meters),
    ]


def _expiries(visit: Visit) -> list[tuple[str, str]]:
    _ = visit.words
    today = Month.of(date.today())
    days = [(months, (today + months).last_day.isoformat()) for months in _EXPIRES]
    return [("", _("never")), *((day, _("{day}, {months} months from now", day=day, months=months)) for months, day in days)]


def _currency(visit: Visit) -> str:
    return str(facts_of(visit).rows[0]["currency"])


def told(visit: Visit, given: Given) -> Told:
    """Check an override, and say what it will write."""
    _ = visit.words
    wanted = _wanted(visit, given)
    check_override(visit.project, wanted)
    return [
        *customer(visit, given),
        (_("What it is about"), dict(_about(visit, given["id"]))[given["about"]]),
        (_("What to do with the model's figure"), _(METHODS[wanted.method])),
        (_("Amount a month, or factor"), _.value(str(wanted.amount), "amount")),
        (_("Months"), f"{wanted.first} – {wanted.last or _('for good')}"),
        (_("Reason"), _(REASONS[wanted.reason])),
        (_("How sure"), _(CONFIDENCE[given.get("confidence", "")])),
        (_("Counts until"), wanted.expires.isoformat() if wanted.expires else _("never")),
        (_("Who speaks"), _(LAYERS[wanted.layer])),
        (_("What is known"), wanted.note),
    ]


def do(visit: Visit, given: Given) -> str:
    """Write the override."""
    add_override(visit.project, _wanted(visit, given), author=visit.user.name)
    return visit.words("Written: the forecast of this customer counts what you know.")


def _wanted(visit: Visit, given: Given) -> Wanted:
    for name, words in (("method", METHODS), ("reason", REASONS), ("confidence", CONFIDENCE)):
        chosen(name, given.get(name, ""), words)
    chosen("layer", given.get("layer", ""), {name: LAYERS[name] for name in SPEAKERS})
    about = given.get("about", "")
    chosen("subject", about, dict(_about(visit, given.get("id", ""))))
    if about.startswith(_PRODUCT) and given["method"] != "add":
        raise GrowthringError(
            "The forecast keeps a customer's products together, so one of them can only be added to.",
            remedy="Choose to add an amount, below 0 to take away; or speak about all of its revenue.",
        )
    return Wanted(
        given["method"],
        _amount(given.get("amount", "")),
        given.get("first", ""),
        given.get("last") or None,
        given["reason"],
        reason(given),
        account=given.get("id", ""),
        series=about.removeprefix(_PRODUCT) if about.startswith(_PRODUCT) else None,
        layer=given["layer"],
        measure=about if about.startswith(_METER) else _WHOLE,
        expires=_day(given.get("expires", "")),
        confidence=float(given["confidence"]),
    )


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise GrowthringError(f"{text!r} is no number.", valid="Valid: an amount such as 1200 or -350.50.")
    return amount


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise GrowthringError(f"{text!r} is no day.", valid="Valid: a day such as 2025-06-30.") from None


OVERRIDE = Deed("account_override", "Say that the forecast should differ", "contributor", told, do)
