"""Pricing: what other prices would have done to revenue and to each customer."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from growthring.charts import Axis, Labels, bars, lines
from growthring.console.answers import caveats
from growthring.console.blocks import (
    Block,
    Column,
    Drawing,
    Figure,
    Figures,
    Statement,
    Statements,
    Table,
    Tone,
)
from growthring.console.pages.pricing_shock import Row, beyond_row, proven, rows_of, shock, sides, winners_and_losers
from growthring.console.pages.pricing_trial import evidence_of, trial_of
from growthring.console.visit import Visit
from growthring.operations.answer import Answer
from growthring.operations.pricing.price_trial import simulate_prices


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
    months = proven(visit, found, "month")
    drawn = [{"at": row["month"], "value": row[side], "side": side} for side in ("before", "after") for row in months]
    labels = Labels({"before": _("billed"), "after": _("under these prices")})
    title = _("Bills by month, as they were and under these prices")
    yield Drawing(
        lines(drawn, at="at", value="value", group="side", labels=labels, axis=Axis(found.unit), title=title, zero=True)
    )
    columns = [Column("month", _("Month"), "month"), *sides(visit, found.unit)]
    yield Table("result-months", columns, months, _("By month"), find=False, page_size=12)


def by_segment(visit: Visit, found: Answer) -> Iterable[Block]:
    """Draw who brings the change."""
    _, by = visit.words, visit.asked.get("by")
    rows = [
        {**row, "segment": row["segment"] or _("(unknown)"), "_href": visit.asked.url(only=f"{by}={row['segment']}", by=None)}
        for row in proven(visit, found, "segment")
    ]
    if rows:
        title = _("Change of bills by {attribute}", attribute=_(by))
        yield Drawing(bars(rows, name="segment", value="change", axis=Axis(found.unit), title=title, href="_href", signed=True))
        columns = [Column("segment", _(by), "name", href="_href"), *sides(visit, found.unit)]
        yield Table("result-segments", columns, rows, _("By {attribute}", attribute=_(by)))


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
            Column("quantity", _("Units in a period"), "number", "_proof"),
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
            Column("lost", _("Lost to choosing"), "amount", "_proof"),
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
            Column("change", _("Change"), "amount", "_proof"),
        ],
    )


def _given(visit: Visit, found: Answer, kind: str, title: str, columns: Sequence[Column]) -> Iterable[Block]:
    if rows := proven(visit, found, kind):
        yield Table(f"result-{kind.replace('_', '-')}", columns, rows, title, find=False)
