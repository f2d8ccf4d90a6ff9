"""What is expected of a customer: the fan, and the layers that add up to it."""

from collections.abc import Iterable, Mapping
from typing import Any

from growthring.charts import Axis, fan
from growthring.console.answers import caveats, evidence
from growthring.console.asked import link
from growthring.console.blocks import Block, Column, Drawing, Links, Note, Statement, Statements, Table
from growthring.console.pages.account_chosen import account_of, facts_of
from growthring.console.pages.forecast_terms import LAYERS
from growthring.console.visit import Visit
from growthring.operations.answer import Answer
from growthring.operations.forecasting.forecast import Asked
from growthring.operations.forecasting.views import account_forecast, rows_of

_ALL_AHEAD = "ahead"
"""Rows about all months ahead together."""


def outlook_of(visit: Visit) -> Answer:
    """Answer what is expected of the account: parameter ``id``."""
    found: Answer = visit.ask(account_forecast, account_of(visit), Asked(), slow=True)
    return found


def outlook(visit: Visit) -> Iterable[Block]:
    """Show the forecast with its ranges, and the layers it is made of."""
    _ = visit.words
    if facts_of(visit).rows[0]["state"] != "customer":
        yield Note(
            _("Only customers with recurring revenue today have a forecast."),
            _("What people expect of this one can be said as an override, once it has revenue."), "empty",
        )  # fmt: skip
        return
    found = outlook_of(visit)
    rows = rows_of(found, "period", view="month")
    yield Statements([_expected(visit, row) for row in rows_of(found, "period", view=_ALL_AHEAD)])
    yield Drawing(_fan(visit, found, rows))
    yield _layers(visit, rows)
    yield Links([(_("Layers on and off, other horizons, usage: the page Forecast"),
                  link("/forecast", scope=f"account:{account_of(visit)}"))])  # fmt: skip
    yield from caveats(found)


def _expected(visit: Visit, row: Mapping[str, Any]) -> Statement:
    _ = visit.words
    currency = facts_of(visit).rows[0]["currency"]
    values = {"amount": _.brief(row["amount"]), "currency": currency, "first": row["first"], "last": row["last"]}
    proof = evidence("account_forecast", id=account_of(visit))
    if row["low80"] is None:
        text = _("{currency} {amount} are expected from {first} to {last}; too little evidence for a range.", **values)
        return Statement(text, proof)
    text = _(
        "{currency} {amount} are expected from {first} to {last}, between {low} and {high} in four of five cases.",
        low=_.brief(row["low80"]), high=_.brief(row["high80"]), **values,
    )  # fmt: skip
    return Statement(text, proof, _against(visit, row))


def _against(visit: Visit, row: Mapping[str, Any]) -> str:
    _ = visit.words
    if row.get("change_share") is None:
        return ""
    share = _.value(abs(row["change_share"]), "share")
    if row["change_share"] >= 0:
        return _("{share} more than in as many months before.", share=share)
    return _("{share} less than in as many months before.", share=share)


def _fan(visit: Visit, found: Answer, rows: list[dict[str, Any]]) -> Any:  # noqa: ANN401 - a chart
    _ = visit.words
    about = rows_of(found, "about")[0]
    return fan(
        rows_of(found, "past", view="month"), rows, at="at", value="amount",
        ranges=((_("95 of 100 cases"), "low95", "high95"), (_("80 of 100 cases"), "low80", "high80")),
        axis=Axis(_(about["unit"])), title=_("Recurring revenue, and what is expected of it"), words=(_("actual"), _("forecast")),
    )  # fmt: skip


def _layers(visit: Visit, rows: list[dict[str, Any]]) -> Table:
    _ = visit.words
    proof = evidence("account_forecast", id=account_of(visit))
    on = [name for name in LAYERS if any(row.get(name) and str(row[name]).strip("-0.") for row in rows)]
    columns = [
        Column("at", _("Month"), "month"),
        *(Column(name, _(LAYERS[name]), "amount", "_proof") for name in on),
        Column("amount", _("Expected"), "amount", "_proof"),
        Column("low80", _("80 %: from"), "amount", "_proof"),
        Column("high80", _("to"), "amount", "_proof"),
    ]
    shown = [{**row, "_proof": proof} for row in rows]
    return Table("layers", columns, shown, _("Layers add up to what is expected"), page_size=12, find=False)
