"""What a customer agreed to: contracts, commitments, and how these burn down."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from growthring.charts import Axis, Labels, lines
from growthring.console.answers import caveats, evidence
from growthring.console.blocks import Block, Choice, Choices, Column, Drawing, Note, Statement, Statements, Table, Tone
from growthring.console.pages.account_chosen import INTERVALS, LINE_KINDS, PROMISES, TERM_STATES, TRUE_UPS, account_of, spoken
from growthring.console.terms import worded
from growthring.console.visit import Visit
from growthring.operations.accounts.contracts import account_burn_down, account_contracts, account_promises
from growthring.operations.answer import Answer
from growthring.operations.forecasting.commitment_forecast import burn_down_forecast

_LINES = ("consumed", "at_present_pace", "even_pace", "committed")
_LIKELY = 0.5


def contracts_of(visit: Visit) -> Answer:
    """Answer the contracts: parameter ``id``."""
    found: Answer = visit.ask(account_contracts, account_of(visit))
    return found


def promises_of(visit: Visit) -> Answer:
    """Answer the commitments: parameter ``id``."""
    found: Answer = visit.ask(account_promises, account_of(visit))
    return found


def burn_down_of(visit: Visit) -> Answer:
    """Answer how commitments burn down: parameter ``id``."""
    found: Answer = visit.ask(account_burn_down, account_of(visit))
    return found


def leads_to(visit: Visit) -> Answer:
    """Answer where commitments lead: parameter ``id``."""
    found: Answer = visit.ask(burn_down_forecast, account_of(visit), slow=True)
    return found


def contracts(visit: Visit) -> Iterable[Block]:
    """Show contracts, line by line."""
    _ = visit.words
    found = contracts_of(visit)
    columns = [
        Column("contract", _("Contract"), "name"),
        Column("state", _("State"), "name", words=worded(TERM_STATES, visit)),
        Column("product", _("Product"), "name"),
        Column("type", _("Kind"), words=worded(LINE_KINDS, visit)),
        Column("quantity", _("Quantity"), "number", "_proof"),
        Column("amount", _("Amount"), "amount", "_proof"),
        Column("currency", _("Currency")),
        Column("every", _("Billed every"), words=worded(INTERVALS, visit)),
        Column("discount", _("Discount"), "share", "_proof"),
        Column("from", _("From"), "month"),
        Column("until", _("Until"), "month"),
        Column("why_cancelled", _("Why cancelled")),
    ]
    proof = evidence("account_contracts", id=account_of(visit))
    rows = [
        {**row, "discount": row["discount"] or None, "why_cancelled": row["why_cancelled"] and spoken(row["why_cancelled"]),
         "_proof": proof}
        for row in found.rows
    ]  # fmt: skip
    nothing = _("No contract of this customer is known: its revenue rests on invoices alone.")
    yield Table("contracts", held(columns, rows), rows, empty=nothing, page_size=8)


def held(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    """Return the columns in which some row holds something."""
    return [column for column in columns if any(row.get(column.name) is not None for row in rows)]


def commitments(visit: Visit) -> Iterable[Block]:
    """Show commitments, the burn-down of one in force, and where it leads."""
    _ = visit.words
    found = promises_of(visit)
    if not found.rows:
        yield Note(
            _("This customer promised no consumption and paid for none ahead."),
            _("Its usage is billed as it comes. The command growthring price-commitment says what a promise would be worth."),
            "empty",
        )  # fmt: skip
        return
    yield _promises(visit, found)
    if not found.value:
        yield Note(_("None of these is in force, so nothing burns down."), state="empty")
        return
    burning = burn_down_of(visit)
    if burning.rows:
        yield Statements([_paced(visit, row) for row in burning.rows if row["kind"] == "pace"])
        yield from _burning(visit, burning)
        ahead = leads_to(visit)
        yield Statements([_leads(visit, row) for row in ahead.rows])
        yield from caveats(ahead)


def _promises(visit: Visit, found: Answer) -> Table:
    _ = visit.words
    columns = [
        Column("commitment", _("Commitment"), "name"),
        Column("of", _("Kind"), "name", words=worded(PROMISES, visit)),
        Column("state", _("State"), "name", words=worded(TERM_STATES, visit)),
        Column("committed", _("Committed"), "amount", "_proof"),
        Column("unit", _("Unit")),
        Column("from", _("From"), "month"),
        Column("until", _("Until"), "month"),
        Column("shared", _("Shared by"), words={"account": _("this customer alone"), "family": _("its family of accounts")}),
        Column("rollover", _("Passes on"), "share", "_proof"),
        Column("overage", _("Beyond it, times the price"), "number", "_proof"),
        Column("shortfall_billed", _("Shortfall billed"), words=worded(TRUE_UPS, visit)),
    ]
    usual = {"shared": "account", "rollover": 0.0, "overage": "1"}
    proof = evidence("account_promises", id=account_of(visit))
    rows = [
        {**{name: None if value == usual.get(name) else value for name, value in row.items()}, "_proof": proof}
        for row in found.rows
    ]
    return Table("commitments", held(columns, rows), rows, page_size=8)


def _burning(visit: Visit, found: Answer) -> Iterable[Block]:
    _ = visit.words
    ids = list(dict.fromkeys(row["commitment"] for row in found.rows))
    chosen = visit.asked.choice("commitment", tuple(ids), ids[0])
    if len(ids) > 1:
        keep = {name: value for name, value in visit.asked.params.items() if name != "commitment"}
        yield Choices(
            [Choice("commitment", _("Commitment"), [(each, each) for each in ids], chosen)], keep, "/account#commitments"
        )
    proof = evidence("account_burn_down", id=account_of(visit))
    rows = [{**row, "_proof": proof} for row in found.rows if row["commitment"] == chosen and row["kind"] == "days"]
    words = {
        "consumed": _("consumed"), "at_present_pace": _("at the present pace"), "even_pace": _("even pace"),
        "committed": _("committed"),
    }  # fmt: skip
    title = _("{commitment}: consumed against committed", commitment=chosen)
    drawn = _long(rows)
    axis = Axis(rows[0]["unit"])
    yield Drawing(lines(drawn, at="at", value="value", axis=axis, title=title, group="line", labels=Labels(words), zero=True))
    columns = [
        Column("at", _("By the day"), "month"),
        *(Column(name, words[name].capitalize(), "amount", "_proof") for name in _LINES),
    ]
    yield Table(
        "burn_down",
        columns,
        rows,
        _("{commitment} by month, {unit}", commitment=chosen, unit=rows[0]["unit"]),
        page_size=8,
        find=False,
    )


def _long(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a row a line and day; the projection begins where consumption ends."""
    drawn = []
    last = max((place for place, row in enumerate(rows) if row["consumed"] is not None), default=-1)
    for place, row in enumerate(rows):
        joined = {**row, "at_present_pace": row["consumed"]} if place == last else row
        drawn += [{"at": row["at"], "line": name, "value": joined[name]} for name in _LINES if joined[name] is not None]
    return drawn


def _paced(visit: Visit, row: Mapping[str, Any]) -> Statement:
    """Say how much of a commitment is consumed, and where the pace of the last months leads."""
    _ = visit.words
    values = {name: row[name] for name in ("commitment", "unit", "used_up", "ends")} | {
        name: _.value(row[name], "amount") for name in ("committed", "consumed", "even_pace", "left_over")
    }
    text = _("{commitment}: {consumed} of {committed} {unit} consumed.", **values)
    if row["even_pace"] is not None:
        text = _("{commitment}: {consumed} of {committed} {unit} consumed; at an even pace it would be {even_pace}.", **values)
    tone: Tone = "plain"
    detail = ""
    if row["used_up"]:
        detail, tone = _("At the pace of the last months it is used up on {used_up}.", **values), "warn"
    elif row["ends"]:
        detail, tone = _("At the pace of the last months {left_over} {unit} are left unused on {ends}.", **values), "warn"
    return Statement(text, evidence("account_burn_down", id=account_of(visit)), detail, tone)


def _leads(visit: Visit, row: Mapping[str, Any]) -> Statement:
    """Say where a commitment leads: used up on a day, or left over at its end, with the interval."""
    _ = visit.words
    proof = evidence("account_outlook", id=row["account_id"])
    values = {
        "commitment": row["commitment_id"], "unit": row["unit"], "end": row["ends_on"] or "", "day": row["exhausted_on"],
        "low": row["exhausted_low80"], "high": row["exhausted_high80"], "chance": _.value(row["exhausted"], "share"),
    }  # fmt: skip
    tone: Tone = "warn"
    if row["exhausted"] is not None and row["exhausted"] >= _LIKELY and row["exhausted_on"]:
        text = _used_up(visit, row, values)
    elif row["shortfall"] is not None:
        left = {name: _.brief(row[f"shortfall{end}"]) for name, end in (("left", ""), ("least", "_low80"), ("most", "_high80"))}
        text = _(
            "{commitment} will end on {end} with {left} {unit} unused, {least} to {most} in four of five cases.", **values, **left
        )
    else:
        text, tone = _("{commitment} does not end within view; it is used up by then in {chance} of cases.", **values), "plain"
    return Statement(text, proof, tone=tone)


def _used_up(visit: Visit, row: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Say when a commitment will be used up; where more than one case in ten leaves some of it, there is no latest day."""
    _ = visit.words
    if row["exhausted_high80"]:
        return _("{commitment} will be used up around {day}, between {low} and {high} in four of five cases.", **values)
    return _(
        "{commitment} will be used up around {day}, before {low} in one case of ten; in {rest} of cases some is left at the end.",
        rest=_.value(1 - row["exhausted"], "share"), **values,
    )  # fmt: skip
