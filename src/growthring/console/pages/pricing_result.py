"""Pricing: what other prices would have done to revenue and to each customer."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from growthring.charts import Axis, Labels, bars, histogram, lines
from growthring.console.answers import caveats, evidence
from growthring.console.asked import link
from growthring.console.blocks import (
    Block,
    Choice,
    Choices,
    Column,
    Drawing,
    Figure,
    Figures,
    Statement,
    Statements,
    Table,
    Tone,
)
from growthring.console.pages.pricing_trial import CHANGES, LOOKS, trial_of
from growthring.console.visit import Visit
from growthring.operations.answer import Answer
from growthring.operations.price_trial import simulate_prices

Row = Mapping[str, Any]
_BEYOND = ("5", "10", "25", "50")


def simulated(visit: Visit) -> Answer:
    """Answer what the prices of a URL would have done."""
    found: Answer = visit.ask(simulate_prices, trial_of(visit.asked), slow=True)
    return found


def result(visit: Visit) -> Iterable[Block]:
    """Say what would have changed, for whom, and how hard."""
    found = simulated(visit)
    yield from headline(visit, found)
    yield from caveats(found)
    yield from by_month(visit, found)
    yield from by_segment(visit, found)
    yield from shock(visit, found)
    yield from winners_and_losers(visit, found)
    yield from further(visit, found)


def rows_of(found: Answer, kind: str) -> list[dict[str, Any]]:
    """Return the rows of a kind."""
    return [row for row in found.rows if row["kind"] == kind]


def evidence_of(visit: Visit) -> str:
    """Return where the Answer of this trial is."""
    return evidence("simulation", **{name: visit.asked.get(name) for name in (*CHANGES, *LOOKS)})


def headline(visit: Visit, found: Answer) -> Iterable[Block]:
    """Say the change of revenue, with the figures."""
    _ = visit.words
    totals = rows_of(found, "total")
    total, responding = totals[0], next((row for row in totals if row["of"] == "responding"), None)
    beyond = beyond_row(visit, found)
    yield Statements([_changed(visit, found, total), _hit(visit, found, total, beyond), *_responding(visit, responding)])
    href = evidence_of(visit)
    yield Figures(
        [
            Figure(_("Billed"), total["before"], "amount", found.unit, found.at, href),
            Figure(_("Under these prices"), total["after"], "amount", found.unit, _("use as it was"), href),
            Figure(
                _("Change"),
                total["change"],
                "amount",
                found.unit,
                _.value(total["relative"], "share"),
                href,
                _tone(total["change"]),
            ),
            *(
                [
                    Figure(
                        _("Change if use responds"),
                        responding["change"],
                        "amount",
                        found.unit,
                        _.value(responding["relative"], "share"),
                        href,
                        _tone(responding["change"]),
                    )
                ]
                if responding
                else []
            ),
            Figure(
                _("Revenue at risk"),
                beyond["at_risk"],
                "amount",
                found.unit,
                _(
                    "paid by {count} customers whose bills rise by more than {percent} %",
                    count=beyond["up"],
                    percent=beyond["percent"],
                ),
                href,
            ),
        ]
    )


def _tone(change: str) -> Tone:
    return "good" if Decimal(change) > 0 else "bad" if Decimal(change) < 0 else "plain"


def _changed(visit: Visit, found: Answer, total: Row) -> Statement:
    _, change = visit.words, Decimal(total["change"])
    values = {
        "amount": f"{found.unit} {_.brief(abs(change))}",
        "at": found.at,
        "share": _.value(None if total["relative"] is None else abs(total["relative"]), "share"),
    }
    if change > 0:
        text = _("Bills of {at} would have been {amount} higher, {share} of what was billed.", **values)
    elif change < 0:
        text = _("Bills of {at} would have been {amount} lower, {share} of what was billed.", **values)
    else:
        text = _("Bills of {at} would have been the same.", **values)
    return Statement(text, evidence_of(visit), tone=_tone(total["change"]))


def _hit(visit: Visit, found: Answer, total: Row, beyond: Row) -> Statement:
    _ = visit.words
    text = _(
        "{up} of {all} customers would have paid over {percent} % more, {down} over {percent} % less.",
        up=_.value(beyond["up"], "count"),
        all=_.value(total["accounts"], "count"),
        down=_.value(beyond["down"], "count"),
        percent=beyond["percent"],
    )
    amount = f"{found.unit} {_.brief(beyond['at_risk'])}"
    return Statement(
        text,
        detail=_("Those who pay more brought {amount}: revenue at risk.", amount=amount),
        tone="warn" if beyond["up"] else "plain",
    )


def _responding(visit: Visit, responding: Row | None) -> list[Statement]:
    if responding is None:
        return []
    _ = visit.words
    amount = f"{responding['currency']} {_.brief(responding['change'])}"
    return [Statement(_("If use responds as chosen, the change is {amount}.", amount=amount), tone=_tone(responding["change"]))]


def by_month(visit: Visit, found: Answer) -> Iterable[Block]:
    """Draw bills as they were and as they would have been."""
    _ = visit.words
    months = rows_of(found, "month")
    drawn = [{"at": row["month"], "value": row[side], "side": side} for side in ("before", "after") for row in months]
    labels = Labels({"before": _("billed"), "after": _("under these prices")})
    title = _("Bills by month, as they were and under these prices")
    yield Drawing(
        lines(drawn, at="at", value="value", group="side", labels=labels, axis=Axis(found.unit), title=title, zero=True)
    )
    columns = [Column("month", _("Month"), "month"), *_sides(visit, found.unit)]
    yield Table("result-months", columns, months, _("By month"), find=False, page_size=12)


def by_segment(visit: Visit, found: Answer) -> Iterable[Block]:
    """Draw who brings the change."""
    _, by = visit.words, visit.asked.get("by")
    rows = [
        {**row, "segment": row["segment"] or _("(unknown)"), "_href": visit.asked.url(only=f"{by}={row['segment']}", by=None)}
        for row in rows_of(found, "segment")
    ]
    if rows:
        title = _("Change of bills by {attribute}", attribute=_(by))
        yield Drawing(bars(rows, name="segment", value="change", axis=Axis(found.unit), title=title, href="_href", signed=True))
        columns = [Column("segment", _(by), "name", href="_href"), *_sides(visit, found.unit)]
        yield Table("result-segments", columns, rows, _("By {attribute}", attribute=_(by)))


def shock(visit: Visit, found: Answer) -> Iterable[Block]:
    """Draw how hard bills change."""
    _, chosen = visit.words, chosen_beyond(visit)
    options = [(each, f"± {each} %") for each in _BEYOND]
    yield Choices(
        [Choice("beyond", _("Mark changes beyond"), options, chosen)],
        {name: visit.asked.get(name) for name in (*CHANGES, *LOOKS, "run") if name != "beyond"},
    )
    bins = [{**row, "bin": _bin(visit, row)} for row in rows_of(found, "shock_account")]
    marked = [
        row["bin"]
        for row in bins
        if ((row["up_to"] is None or row["up_to"] > int(chosen)) and (row["over"] or 0) >= int(chosen))
        or (row["up_to"] is not None and row["up_to"] <= -int(chosen))
    ]
    title = _("Bill shock: customers by change of their bill; beyond ± {percent} % marked", percent=chosen)
    yield Drawing(histogram(bins, bin_name="bin", count="bills", axis=Axis(_("customers"), "count"), title=title, marked=marked))
    columns = [
        Column("percent", _("Beyond ± %"), "number"),
        Column("up", _("Pay more"), "count"),
        Column("down", _("Pay less"), "count"),
        Column("at_risk", _("Revenue at risk, {currency}", currency=found.unit), "amount"),
    ]
    yield Table("result-beyond", columns, rows_of(found, "beyond_account"), _("Customers beyond a change"), find=False)
    spread = [
        Column("cohort", _("Customers"), "name", words=_cohorts(visit)),
        Column("accounts", _("Number"), "count"),
        *_sides(visit, found.unit),
    ]
    yield Table("result-cohorts", spread, rows_of(found, "cohort"), _("What happens to whom"), find=False)


def chosen_beyond(visit: Visit) -> str:
    """Return the share in percent beyond which changes are marked."""
    return visit.asked.choice("beyond", _BEYOND, "10")


def beyond_row(visit: Visit, found: Answer) -> Row:
    """Return how many customers are beyond the chosen share."""
    return next(row for row in rows_of(found, "beyond_account") if row["percent"] == chosen_beyond(visit))


def _bin(visit: Visit, row: Row) -> str:
    _, over, up_to = visit.words, row["over"], row["up_to"]
    if over is None:
        return f"≤ {up_to} %"
    return f"> {over} %" if up_to is None else _("{low} to {high} %", low=over, high=up_to)


def _cohorts(visit: Visit) -> dict[str, str]:
    _ = visit.words
    return {
        "pays less": _("pays less"),
        "pays the same": _("pays the same"),
        "pays up to 5 % more": _("pays up to 5 % more"),
        "pays 5 to 10 % more": _("pays 5 to 10 % more"),
        "pays 10 to 25 % more": _("pays 10 to 25 % more"),
        "pays 25 to 50 % more": _("pays 25 to 50 % more"),
        "pays more than 50 % more": _("pays more than 50 % more"),
        "paid nothing before": _("paid nothing before"),
    }


class _Linked(dict[str, Any]):
    """A row that knows where its customer is; the address is made when it is shown."""

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - any cell
        return link("/account", id=self["account"]) if key == "_href" else super().get(key, default)

    def __missing__(self, key: str) -> Any:  # noqa: ANN401 - any cell
        return self.get(key)


def winners_and_losers(visit: Visit, found: Answer) -> Iterable[Block]:
    """List who pays more and who pays less, the largest change first."""
    _, limit = visit.words, int(chosen_beyond(visit)) / 100
    columns = [Column("customer", _("Customer"), "name", href="_href"), *_sides(visit)]
    told = (("up", "losers", _("{count} customers pay more")), ("down", "winners", _("{count} customers pay less")))
    for direction, name, title in told:
        mine = [row for row in found.rows if row.get("direction") == direction]
        rows = [_Linked(row, _tone="bad") if (row["relative"] or 0) > limit else _Linked(row) for row in mine]
        empty = _("Nobody pays more.") if direction == "up" else _("Nobody pays less.")
        yield Table(f"result-{name}", columns, rows, title.format(count=_.value(len(rows), "count")), empty, page_size=15)


def further(visit: Visit, found: Answer) -> Iterable[Block]:
    """Show break-even, what choosing customers would do, and commitments."""
    _ = visit.words
    yield from _given(
        visit,
        found,
        "break_even",
        _("Break-even with the price in force"),
        [
            Column("meter", _("Meter")),
            Column("currency", _("Currency")),
            Column("quantity", _("Units in a period"), "number"),
            Column("cheaper_below", _("Cheaper below")),
            Column("cheaper_above", _("Cheaper above")),
        ],
    )
    yield from _given(
        visit,
        found,
        "choice",
        _("If customers take the cheapest: adverse selection"),
        [
            Column("plan", _("Prices"), words={"baseline": _("in force")}),
            Column("currency", _("Currency")),
            Column("choosers", _("Take it"), "count"),
            Column("paid", _("They pay"), "amount"),
            Column("if_everyone", _("If everybody did"), "amount"),
            Column("lost", _("Lost to choosing"), "amount"),
        ],
    )
    effects = {
        "drawn": _("paid from balances"),
        "overage": _("beyond balances"),
        "minimum_overage": _("beyond minimums"),
        "true_up": _("shortfall of minimums"),
    }
    yield from _given(
        visit,
        found,
        "commitment",
        _("What it does to commitments, over all of history"),
        [
            Column("effect", _("What"), "name", words=effects),
            Column("currency", _("Currency")),
            Column("before", _("Now"), "amount"),
            Column("after", _("Under these prices"), "amount"),
            Column("change", _("Change"), "amount"),
        ],
    )


def _given(visit: Visit, found: Answer, kind: str, title: str, columns: Sequence[Column]) -> Iterable[Block]:
    rows = rows_of(found, kind)
    if rows:
        yield Table(f"result-{kind.replace('_', '-')}", columns, rows, title, find=False)


def _sides(visit: Visit, unit: str = "") -> list[Column]:
    """Return the columns of what was billed and would have been; amounts of one currency name it once, in the headings."""
    _ = visit.words
    labels = [_("Billed"), _("Under these prices"), _("Change")]
    amounts = [
        Column(name, f"{label}, {unit}" if unit else label, "amount")
        for name, label in zip(("before", "after", "change"), labels, strict=True)
    ]
    currency = [] if unit else [Column("currency", _("Currency"))]
    return [*currency, *amounts, Column("relative", _("Change in %"), "share")]
