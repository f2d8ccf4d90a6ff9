"""Data: months kept as they were reported, what later data say of them, and closing another."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from growthring.console.answers import caveats, evidence, metric_name, shape_of_unit
from growthring.console.asked import link
from growthring.console.blocks import Block, Column, Form, Input, Shape, Statement, Statements, Table
from growthring.console.deeds import Given, LongDeed, Told
from growthring.console.pages.data_log import policies
from growthring.console.pages.data_words import CHANGES, COLUMNS
from growthring.console.terms import worded
from growthring.console.visit import Visit
from growthring.kernel.period import Month
from growthring.operations.answer import Answer
from growthring.operations.data.closes import Restated, close, figures_to_close, list_closes, restated_closes, restatement
from growthring.revenue.metrics import METRICS, Unit

_OFFERED_MONTHS = 24
_COMPARED = ("as_reported", "now", "difference")
_TOLD_FIGURES = ("mrr", "arr", "ndr", "grr", "customers")


def closes(visit: Visit) -> Iterable[Block]:
    """List closed months and what later data say of them; offer to close one."""
    _, asked = visit.words, visit.asked
    kept = visit.ask(list_closes)
    restated: list[Restated] = visit.ask(restated_closes)
    now = {(str(each.month), each.policy): each.now for each in restated}
    if restated:
        told = _("Closed months that would read differently today: {count}.", count=len(restated))
    else:
        told = _("Every closed month still reads as it was reported.") if kept else _("No month is closed yet.")
    yield Statements([Statement(told, tone="bad" if restated else "good" if kept else "plain")])
    rows = [
        {
            "month": str(Month(each.month)),
            "policy": each.policy_name,
            "revision": each.revision,
            "reported": each.metrics.get("mrr", ""),
            "now": now.get((str(Month(each.month)), each.policy_name)) or each.metrics.get("mrr", ""),
            "closed_at": f"{each.closed_at:%Y-%m-%d %H:%M}",
            "author": each.author,
            "because": each.because,
            "snapshot": each.snapshot_id,
            "_open": asked.url(closed=str(Month(each.month)), closed_policy=each.policy_name) + "#closes",
        }
        for each in reversed(kept)
    ]
    if rows:
        yield Table(
            "closes",
            [
                Column("month", _("Month"), "month", href="_open"),
                Column("policy", _("Policy"), "name"),
                Column("revision", _("Revision"), "count"),
                Column("reported", _("MRR as reported"), "amount", href="_open"),
                Column("now", _("Would be now"), "amount", href="_open"),
                Column("closed_at", _("Closed (UTC)"), "name"),
                Column("author", _("Closed by"), "name"),
                Column("because", _("Why"), "long"),
                Column("snapshot", _("Snapshot"), "code"),
            ],
            rows,
        )
    if asked.get("closed"):
        yield from restated_month(visit)
    yield close_form(visit, {str(Month(each.month)) for each in kept})


def restatement_of(visit: Visit) -> Answer:
    """Answer how a closed month would read today: parameters ``closed`` and ``closed_policy``."""
    asked = visit.asked
    found: Answer = visit.ask(restatement, asked.get("closed"), policy=asked.get("closed_policy") or None, top=0)
    return found


def restated_month(visit: Visit) -> Iterable[Block]:
    """Show what differs in a closed month: figures, customers, and the rows that came late, were corrected or removed."""
    _, asked = visit.words, visit.asked
    found = restatement_of(visit)
    href = evidence("restatement", closed=asked.get("closed"), closed_policy=asked.get("closed_policy"))
    yield Statements([Statement(_("{month} against what was reported.", month=found.at), href)])
    yield from caveats(found)
    yield from _figures(visit, [row for row in found.rows if row["kind"] == "metric"])
    customers = [{**row, "_href": link("/account", id=row["customer"])} for row in found.rows if row["kind"] == "customer"]
    if customers:
        columns = [Column("customer", _("Customer"), "name", href="_href"), *_sides(visit, "amount")]
        yield Table("closed-customer", columns, customers, _("Customers that differ"))
    rows = [row for row in found.rows if row["kind"] == "row"]
    if rows:
        names = [name for name in rows[0] if name != "kind"]
        shapes: dict[str, Shape] = {"amount_before": "amount", "amount_now": "amount", "row": "count"}
        columns = [
            Column(name, _(COLUMNS.get(name, name)), shapes.get(name, "name"), words=worded(CHANGES, visit)) for name in names
        ]
        yield Table("closed-row", columns, rows, _("Rows behind it"))


def _figures(visit: Visit, rows: Sequence[Mapping[str, Any]]) -> Iterable[Block]:
    """Show figures that differ: those that are ratios apart from amounts and counts."""
    _ = visit.words
    named = [{**row, "name": metric_name(visit, row["metric"]), "unit": METRICS[row["metric"]].unit} for row in rows]
    indexes = [{**row, **{side: float(row[side] or 0) for side in _COMPARED}} for row in named if row["unit"] is Unit.INDEX]
    ratios = [row for row in named if row["unit"] is Unit.RATIO]
    others = [row for row in named if row["unit"] not in (Unit.INDEX, Unit.RATIO)]
    groups: tuple[tuple[str, str, Shape, Sequence[Mapping[str, Any]]], ...] = (
        ("metric", _("Amounts and counts that differ"), "amount", others),
        ("ratio", _("Ratios that differ"), "share", ratios),
        ("index", _("Indexes that differ"), "number", indexes),
    )
    for name, title, shape, mine in groups:
        if mine:
            yield Table(f"closed-{name}", [Column("name", _("Figure"), "name"), *_sides(visit, shape)], mine, title, page_size=30)


def _sides(visit: Visit, shape: Shape) -> list[Column]:
    _ = visit.words
    return [
        Column("as_reported", _("As reported"), shape),
        Column("now", _("Now"), shape),
        Column("difference", _("Difference"), "points" if shape == "share" else shape),
    ]


def close_form(visit: Visit, closed: set[str]) -> Form:
    """Offer to close a month."""
    _ = visit.words
    last = visit.project.setting(visit.project.snapshot()).last_complete_month
    months = [str(last - place) for place in range(_OFFERED_MONTHS)]
    options = [(each, _("{month} (again)", month=each) if each in closed else each) for each in months]
    first_open = next((each for each in months if each not in closed), months[0])
    return Form(
        "close_month",
        _("Close a month"),
        [
            Input("month", _("Month"), "select", options, first_open, required=True),
            Input("policy", _("Policy"), "select", policies(visit), visit.project.settings.project.policy, required=True),
            Input("because", _("Why, if it is closed again"), hint=_("A close is kept for good; another one stands beside it.")),
        ],
        _("See what will be kept"),
        visit.asked.url() + "#closes",
        needs="approver",
    )


def _told_close(visit: Visit, given: Given) -> Told:
    _ = visit.words
    found: Answer = visit.ask(figures_to_close, given.get("month", ""), policy=given.get("policy") or None)
    figures = [(metric_name(visit, row["metric"]), _written(visit, row)) for row in found.rows if row["metric"] in _TOLD_FIGURES]
    count = len(found.rows) - len(figures)
    more = [(_("and"), _("{count} more figures, each customer's revenue and every movement of the month", count=count))]
    why = [(_("Why"), given["because"])] if given.get("because") else []
    return [(_("Month"), found.at), (_("Policy"), _policy_name(found)), *figures, *more, (_("Snapshot"), found.snapshot), *why]


def _policy_name(found: Answer) -> str:
    return f"{found.policy['name']} {found.policy['version']}"


def _written(visit: Visit, row: Mapping[str, Any]) -> str:
    shape = shape_of_unit(row["unit"])
    unit = f" {visit.words(row['unit'])}" if shape == "amount" else ""
    return visit.words.value(row["value"], shape) + unit


def _close(visit: Visit, given: Given) -> dict[str, Hashable]:
    because = given.get("because", "")
    return {
        "at": given.get("month", ""),
        "policy": given.get("policy") or None,
        "author": visit.user.name,
        "because": because,
        "again": bool(because),
    }


def _closed(visit: Visit, found: Answer) -> str:
    return visit.words("{month} is closed under {policy}.", month=found.at, policy=found.policy["name"])


DEEDS = (LongDeed("close_month", "Close a month", "approver", _told_close, close, _close, _closed),)
