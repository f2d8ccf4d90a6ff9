"""The customers behind a figure of revenue: who moved it, or makes it up."""

from collections.abc import Iterable
from dataclasses import replace

from growthring.console.answers import caveats, evidence, metric_name
from growthring.console.asked import link
from growthring.console.blocks import Block, Column, Figure, Figures, Links, Shape, Table
from growthring.console.desk import StillWorkingError
from growthring.console.pages.evidence import AnswerOf
from growthring.console.pages.metrics import RATES
from growthring.console.pages.revenue_cohorts import MEASURES as COHORTS
from growthring.console.pages.revenue_look import FILTERS, Look, choices, look, opened, shown, unit_words
from growthring.console.terms import DRIVERS, MOVEMENT_NAMES, worded
from growthring.console.visit import Section, Visit
from growthring.operations.answer import Answer
from growthring.operations.known_names import account_names
from growthring.operations.revenue.customers import PRODUCT_GROUPS, Cut, Part, customers
from growthring.tables import MOVEMENTS

PAGE_SIZE = 25
"""Rows of a page of a long table."""
_AT_ONCE = 2_000
"""Customers written at once; longer lists are written aside, so that nobody waits for them but who asked."""
_EVIDENCE = 200
"""Customers listed as evidence; the table of the page has all of them."""
_COUNTED = ("logo_retention", "cohort_logo")
"""Measures that count customers, not money."""


def part(visit: Visit) -> Part:
    """Return which customers a visit asks for."""
    asked = visit.asked
    return Part(
        asked.get("movement"), asked.get("driver"), asked.get("by"), asked.get("group"), asked.get("vintage"), asked.get("from")
    )  # fmt: skip


def metric_of(visit: Visit) -> str:
    """Return the metric whose customers are asked for: a rate, a cohort, or recurring revenue."""
    return visit.asked.choice("of_metric", (*RATES, *COHORTS), "mrr")


def listed(visit: Visit) -> Answer:
    """Answer the customers that a visit asks for: those of the page of the table, or all of them for a file."""
    cut = cut_of(visit, "customers", PAGE_SIZE)
    if cut.limit:
        return _listed(visit, cut)
    found = _listed(visit, replace(cut, limit=PAGE_SIZE))
    return _listed(visit, cut, aside=int(str(found.value)) > _AT_ONCE)


def _listed(visit: Visit, cut: Cut, *, aside: bool = False) -> Answer:
    found = opened(visit, metric_of(visit))
    asked, metric = part(visit), metric_of(visit)
    # a rate of products reads every product of every customer
    is_slow = aside or (asked.by in PRODUCT_GROUPS and metric in RATES)
    answer: Answer = visit.ask(customers, metric, found.view, asked, cut, policy=found.policy, slow=is_slow)
    return answer


def cut_of(visit: Visit, table: str, size: int) -> Cut:
    """Return the rows of a table that a URL asks for: all of them where the whole page is wanted, as for a file."""
    order, find = visit.asked.get(f"{table}.sort"), visit.asked.get(f"{table}.find")
    page = visit.asked.number(f"{table}.page", 1)
    return Cut(order, find) if visit.patient else Cut(order, find, (page - 1) * size, size)


def way(visit: Visit) -> Iterable[Block]:
    """Show where the reader is and what else can be chosen."""
    _ = visit.words
    found = look(visit)
    back = visit.asked.url(**dict.fromkeys((*FILTERS, *(name for name in visit.asked.params if "." in name))))
    links = [(_("All of revenue in {period}", period=found.at), back)]
    if visit.asked.get("customer"):
        links.append((_("The customers beside this one"), visit.asked.url(customer=None)))
        links.append((_("Everything about this customer"), link("/account", id=visit.asked.get("customer"))))
    yield Links(links)
    yield choices(visit, found)


def many(visit: Visit) -> Iterable[Block]:
    """Show the customers behind a figure, with what they add up to."""
    found = opened(visit, metric_of(visit))
    answer = listed(visit)
    total, *rows = answer.rows
    yield _summary(visit, found, answer, total)
    yield _table(visit, answer, rows, None if metric_of(visit) == "mrr" else total["since"])
    yield from caveats(answer)


def _summary(visit: Visit, found: Look, answer: Answer, total: dict[str, object]) -> Figures:
    _ = visit.words
    asked, shape = part(visit), _shape(visit)
    href = evidence("customers", **{**found.params, **visit.asked.params})
    unit = "" if shape == "count" else unit_words(visit, shown(visit, "mrr", found).unit)
    since = asked.vintage if metric_of(visit) in COHORTS else total["since"]
    about = _("{since} → {period} · policy {policy}", since=since, period=answer.at, policy=found.policy)
    before, after = _ends(visit)
    amount = _bar(visit, found) or total["amount"]
    moved = _(MOVEMENT_NAMES.get(asked.movement, asked.movement)) if asked.movement else _("Change")
    return Figures(
        [
            Figure(_("Customers"), answer.value, "count", "", about, href),
            Figure(before, total["before"], shape, unit, "", href),
            Figure(moved, amount, shape, unit, "", href),
            Figure(after, total["after"], shape, unit, "", href),
        ]
    )


def _bar(visit: Visit, found: Look) -> object:
    """Return the amount of the bar that led here, which is rounded so that all bars add up; nothing for a part of a bar."""
    asked, calendar = part(visit), visit.project.calendar
    usual = str(calendar.parse(found.at)[1] - found.period.months)
    whole = (Part(movement=asked.movement), Part(movement=asked.movement, since=usual))
    if not asked.movement or asked not in whole or visit.asked.get("customers.find"):
        return None
    rows = shown(visit, "movements", found).rows
    return rows[-1].get(asked.movement) if rows else None


def _shape(visit: Visit) -> Shape:
    return "count" if metric_of(visit) in _COUNTED else "amount"


def _ends(visit: Visit) -> tuple[str, str]:
    """Return what the columns of before and after are called."""
    _ = visit.words
    metric = metric_of(visit)
    if metric in COHORTS:
        return _("In its first month"), _("Now")
    if metric in RATES and not part(visit).movement:
        return _("In the base"), _("Retained") if metric == "grr" else _("Now")
    return _("Before the period"), _("At its end")


def _table(visit: Visit, answer: Answer, rows: list[dict[str, object]], since: object) -> Table:
    _ = visit.words
    asked, shape = part(visit), _shape(visit)
    before, after = _ends(visit)
    words = worded(DRIVERS, visit)
    plain: dict[str, object] = {name: None for name in visit.asked.params if "." in name}
    if since:
        plain["from"] = since
    for row in rows:
        row["href"] = link("/account", id=row["customer"])
        row["rows"] = visit.asked.url(customer=row["customer"], **plain)
        row["why"] = ", ".join(sorted(words.get(each, each) for each in str(row["drivers"]).split(", ") if each))
    columns = [
        Column("name", _("Customer"), "name", "href"),
        Column("customer", _("Account"), "code", "href"),
        Column("before", before, shape, "rows"),
        Column("amount", _(MOVEMENT_NAMES[asked.movement]) if asked.movement in MOVEMENT_NAMES else _("Change"), shape, "rows"),
        Column("after", after, shape, "rows"),
    ]
    if asked.movement:
        columns.append(Column("why", _("Driven by"), "text", "rows"))
    title = _("An amount leads to its rows, a name to everything about the customer")
    return Table("customers", columns, rows, title, _("No customer."), PAGE_SIZE, total=int(str(answer.value)))


def heading(visit: Visit) -> str:
    """Name the customers or the customer of a visit; empty for the overview."""
    _ = visit.words
    asked = part(visit)
    if visit.asked.get("customer"):
        return _("Revenue of {customer}: the rows", customer=_name(visit))
    if asked.movement in MOVEMENTS:
        told = _("Revenue: {movement}", movement=_(MOVEMENT_NAMES[asked.movement]))
    elif asked.vintage:
        told = _("Revenue: customers since {vintage}", vintage=asked.vintage)
    elif visit.asked.get("group") or visit.asked.get("of_metric"):
        told = _("Revenue: {metric}", metric=metric_name(visit, metric_of(visit)))
    else:
        return ""
    return f"{told} · {asked.group}" if asked.group else told


def _name(visit: Visit) -> str:
    """Return what the customer of a visit is called, or its id until that is known."""
    customer = visit.asked.get("customer")
    try:
        return str(visit.ask(account_names).get(customer, customer))
    except StillWorkingError:
        return customer


MANY = (Section("way", "", way), Section("customers", "", many))
ANSWERS: dict[str, AnswerOf] = {
    "customers": lambda visit: _listed(visit, Cut(limit=_EVIDENCE)),
}
