"""Home: what changed since the last close and why; what needs somebody today."""

from collections.abc import Iterable, Mapping
from typing import Any

from growthring.charts import Axis, Labels, waterfall
from growthring.console.answers import caveats, evidence, figure
from growthring.console.asked import link
from growthring.console.blocks import Block, Column, Drawing, Figures, Links, Note, Statements, Table
from growthring.console.deeds import Deed
from growthring.console.pages.evidence import AnswerOf
from growthring.console.pages.said import asked_of, rows_of, sentences
from growthring.console.pages.today import today
from growthring.console.terms import DRIVERS, MOVEMENT_NAMES, worded
from growthring.console.visit import PageKind, Section, Visit
from growthring.kernel.period import Month
from growthring.operations.answer import Answer
from growthring.operations.revenue.show import View, show
from growthring.operations.revenue.what_changed import what_changed, where_it_leaks

_FIGURES = (("mrr", "MRR"), ("arr", "ARR"), ("ndr", "NDR"), ("grr", "GRR"), ("customers", "Customers"))


def changed(visit: Visit) -> Answer:
    """Answer how revenue changed since the last close: parameters ``at`` and ``policy``."""
    found: Answer = visit.ask(what_changed, at=visit.asked.get("at") or None, policy=visit.asked.get("policy") or None)
    return found


def leaks(visit: Visit) -> Answer:
    """Answer which groups pull NDR down or up: parameters ``at`` and ``policy``."""
    found: Answer = visit.ask(where_it_leaks, at=visit.asked.get("at") or None, policy=visit.asked.get("policy") or None)
    return found


def said(visit: Visit) -> Iterable[Block]:
    """Say what changed, who did most of it and which group keeps least; each sentence leads to its evidence."""
    found = changed(visit)
    yield Statements(sentences(visit, found, leaks(visit)))
    yield from caveats(found)


def figures(visit: Visit) -> Iterable[Block]:
    """Show the figures that everybody asks for first."""
    _ = visit.words
    at, policy = visit.asked.get("at") or None, visit.asked.get("policy") or None
    answers = [(name, label, visit.ask(show, name, View(at=at), policy=policy)) for name, label in _FIGURES]
    yield Figures(
        [
            figure(visit, _(label), found, evidence("show", **asked_of(visit, metric=name, at=found.at)))
            for name, label, found in answers
        ]
    )


def steps(visit: Visit) -> Iterable[Block]:
    """Show how revenue came from one month to the other; a bar leads to its customers."""
    _ = visit.words
    found = changed(visit)
    start, end = found.at.split(" → ")
    names = worded(MOVEMENT_NAMES, visit)
    levels = {
        name: evidence("show", **asked_of(visit, metric="mrr", at=month)) for name, month in (("start", start), ("end", end))
    }
    rows = [
        {**row, "href": levels.get(row["step"]) or _behind(visit, found, movement=row["step"])} for row in rows_of(found, "step")
    ]
    axis = Axis(_(found.unit))
    title = _("From {start} to {end}", start=start, end=end)
    yield Drawing(
        waterfall(
            rows,
            step="step",
            amount="amount",
            axis=axis,
            title=title,
            totals=("start", "end"),
            labels=Labels(names),
            href="href",
            cut=_("(axis cut)"),
        )
    )
    columns = (
        Column("step", _("Step"), "name", words=names),
        Column("amount", _("Amount"), "amount", "href"),
        Column("customers", _("Customers"), "count", "href"),
    )
    yield Table("steps", columns, rows, find=False)


def _behind(visit: Visit, found: Answer, **chosen: object) -> str:
    """Return the address of what is behind a part of the change between two months."""
    start, end = found.at.split(" → ")
    return link("/revenue", **asked_of(visit, at=end, **chosen), **{"from": start})


def movers(visit: Visit) -> Iterable[Block]:
    """Show the customers that moved revenue most."""
    _ = visit.words
    found = changed(visit)
    rows = [
        {**row, "href": link("/account", id=row["customer"]), "label": row["name"] or row["customer"],
         "entries": _behind(visit, found, customer=row["customer"])}
        for row in rows_of(found, "customer")
    ]  # fmt: skip
    columns = (
        Column("label", _("Customer"), "name", "href"),
        Column("amount", _("Amount"), "amount", "entries"),
        Column("movement", _("Mostly"), words=worded(MOVEMENT_NAMES, visit)),
        Column("driver", _("Driven by"), words=worded(DRIVERS, visit)),
    )
    yield Table("movers", columns, rows, empty=_("No customer's revenue moved."), find=False)


def groups(visit: Visit) -> Iterable[Block]:
    """Show which groups of customers keep less or more than the others."""
    _ = visit.words
    found = leaks(visit)
    proof = evidence("where_it_leaks", **asked_of(visit, at=found.at))
    rows = [{**row, **_group_links(visit, found, row), "_proof": proof} for row in found.rows]
    columns = (
        Column("label", _("Group"), "name", "_customers"),
        Column("customers", _("Customers"), "count", "_customers"),
        Column("base_share", _("Share of revenue"), "share", "_proof"),
        Column("ndr", _("NDR"), "share", "_customers"),
        Column("others_ndr", _("NDR of the others"), "share", "_proof"),
        Column("effect", _("Moves NDR by, points"), "points", "_proof"),
        Column("new_in_12_months", _("New in 12 months"), "amount", "_new"),
    )
    yield Table("groups", columns, rows, empty=_("No attribute tells groups of at least ten customers apart."), page_size=8)
    yield Note(
        _("{count} groups were compared: the largest effect looks larger than it would alone.", count=len(rows)), state="caveat"
    )
    yield Links([(_("How this is computed"), proof)])


def _group_links(visit: Visit, found: Answer, row: Mapping[str, Any]) -> dict[str, str]:
    """Return what a group is called, and the addresses of the customers in its base and of those that are new to it."""
    group = asked_of(visit, by=row["attribute"], group=row["group"], at=found.at)
    year_ago = str(Month.parse(found.at) - 12)
    return {
        "label": f"{row['attribute']}: {row['group']}",
        "_customers": link("/revenue", **group, of_metric="ndr"),
        "_new": link("/revenue", **group, movement="new", **{"from": year_ago}),
    }


PAGE = PageKind(
    "home",
    "Home",
    (
        Section("changed", "What changed since the last close", said, is_half=True),
        Section("today", "What needs somebody today", today, is_half=True),
        Section("figures", "Where we stand", figures),
        Section("steps", "How revenue got here", steps, is_half=True),
        Section("movers", "Who moved it most", movers, is_half=True),
        Section("groups", "Who keeps, who leaks", groups),
    ),
)
DEEDS: tuple[Deed, ...] = ()
ANSWERS: dict[str, AnswerOf] = {"what_changed": changed, "where_it_leaks": leaks}
