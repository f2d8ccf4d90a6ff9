"""Who a customer is, and how it stands: answered first."""

from collections.abc import Iterable, Mapping
from typing import Any

from growthring.console.answers import evidence
from growthring.console.asked import link
from growthring.console.blocks import Block, Facts, Figure, Figures, Links, Statement, Statements, Tone
from growthring.console.pages.account_chosen import STATES, account_of, facts_of, spoken
from growthring.console.visit import Visit


def head(visit: Visit) -> Iterable[Block]:
    """Say how the customer stands, in a sentence, figures and facts."""
    found = facts_of(visit)
    row = found.rows[0]
    yield Statements([standing(visit, row, found.at)])
    yield Figures(_figures(visit, row, found.at))
    yield Facts(_facts(visit, row))
    if row["parent"]:
        yield Links([(str(row["parent_name"]), link("/account", id=row["parent"]))], visit.words("Belongs to"))


def standing(visit: Visit, row: Mapping[str, Any], month: str) -> Statement:
    """Say in a sentence what a customer pays, and how that compares with a year before."""
    _ = visit.words
    proof = evidence("account_revenue", id=row["account_id"])
    values = {
        "name": row["name"], "amount": _.brief(row["mrr"]), "currency": row["currency"], "month": month,
        "before": row["before"], "last": row["last_month"],
    }  # fmt: skip
    if row["state"] == "never":
        return Statement(_("{name} has not brought any recurring revenue so far.", **values), proof)
    if row["state"] == "left":
        text = _("{name} left: {last} was the last month with recurring revenue.", **values)
        return Statement(text, proof, tone="bad")
    if row["change_rate"] is None:
        text = _("{name} pays {currency} {amount} a month; in {before} it paid nothing yet.", **values)
        return Statement(text, proof, tone="good")
    share = _.value(abs(row["change_rate"]), "share")
    if row["change_rate"] >= 0:
        text = _("{name} pays {currency} {amount} a month, {share} more than in {before}.", share=share, **values)
    else:
        text = _("{name} pays {currency} {amount} a month, {share} less than in {before}.", share=share, **values)
    return Statement(text, proof, tone=_tone(row))


def _tone(row: Mapping[str, Any]) -> Tone:
    rate = row["change_rate"]
    return "plain" if not rate else "good" if rate > 0 else "bad"


def _figures(visit: Visit, row: Mapping[str, Any], month: str) -> list[Figure]:
    _ = visit.words
    revenue = evidence("account_revenue", id=row["account_id"])
    invoices, contracts = evidence("account_invoices", id=row["account_id"]), evidence("account_contracts", id=row["account_id"])
    share = (
        ""
        if row["change_rate"] is None
        else _("{share} of {month}", share=_.value(row["change_rate"], "share"), month=row["before"])
    )
    paid = "" if not row["invoiced_on"] else _("paid") if row["is_paid"] else _("not paid yet")
    invoiced = " · ".join(part for part in (row["invoiced_on"], paid) if part) or _("no invoice so far")
    renews = _("contracts in force: {count}", count=row["contracts"]) if row["contracts"] else _("no contract in force")
    return [
        Figure(_("MRR"), row["mrr"], "amount", row["currency"], _("per month, {month}", month=month), revenue),
        Figure(_("ARR"), row["arr"], "amount", row["currency"], _("12 × the MRR of {month}", month=month), revenue),
        Figure(_("Change in 12 months"), row["change"], "amount", row["currency"], share, revenue, _tone(row)),
        Figure(_("Last invoice"), row["invoice_amount"], "amount", row["invoice_currency"], invoiced, invoices),
        Figure(_("Next renewal"), row["renews_on"], "month", "", renews, contracts),
    ]


def _facts(visit: Visit, row: Mapping[str, Any]) -> list[tuple[str, object, Any]]:
    _ = visit.words
    return [
        (_("Id"), account_of(visit), "code"),
        (_("State"), _(STATES[row["state"]]), "text"),
        (_("Customer since"), row["since"], "month"),
        (_("Attributes"), " · ".join(f"{spoken(name)} {value}" for name, value in row["attributes"].items() if value), "text"),
    ]
