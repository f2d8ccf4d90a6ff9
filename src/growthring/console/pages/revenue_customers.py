"""The customers behind a figure of revenue, and the rows behind one customer: ledger entries, then documents."""

from collections.abc import Iterable
from dataclasses import replace

from growthring.console.answers import caveats, evidence, metric_name
from growthring.console.asked import link
from growthring.console.blocks import Block, Column, Figure, Figures, Links, Note, Shape, Table
from growthring.console.pages.evidence import AnswerOf
from growthring.console.pages.revenue_look import FILTERS, Look, choices, look, opened, shown, unit_words
from growthring.console.terms import DRIVERS, MOVEMENT_NAMES, worded
from growthring.console.visit import Section, Visit
from growthring.operations.answer import Answer
from growthring.operations.customer_rows import customer_documents, customer_movements
from growthring.operations.customers import PRODUCT_GROUPS, Cut, Part, customers
from growthring.tables import MOVEMENTS

_PAGE = 25
_AT_ONCE = 2_000
"""Customers written at once; longer lists are written aside, so that nobody waits for them but who asked."""
_EVIDENCE = 200
"""Customers listed as evidence; the table of the page has all of them."""
_RATES = ("ndr", "grr", "logo_retention", "renewal_rate", "renewal_rate_net")


def part(visit: Visit) -> Part:
    """Return which customers a visit asks for."""
    asked = visit.asked
    return Part(
        asked.get("movement"), asked.get("driver"), asked.get("by"), asked.get("group"), asked.get("vintage"), asked.get("from")
    )  # fmt: skip


def metric_of(visit: Visit) -> str:
    """Return the metric whose customers are asked for: a rate, or recurring revenue."""
    return visit.asked.choice("of_metric", _RATES, "mrr")


def listed(visit: Visit) -> Answer:
    """Answer the customers that a visit asks for: those of the page of the table, or all of them for a file."""
    cut = cut_of(visit, "customers", _PAGE)
    if cut.limit:
        return _listed(visit, cut)
    found = _listed(visit, replace(cut, limit=_PAGE))
    return _listed(visit, cut, aside=int(str(found.value)) > _AT_ONCE)


def _listed(visit: Visit, cut: Cut, *, aside: bool = False) -> Answer:
    found = opened(visit, metric_of(visit))
    asked, metric = part(visit), metric_of(visit)
    # a rate of products reads every product of every customer
    is_slow = aside or (asked.by in PRODUCT_GROUPS and metric in _RATES)
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
    yield _table(visit, answer, rows, total["since"] if metric_of(visit) in _RATES else None)
    yield from caveats(answer)


def _summary(visit: Visit, found: Look, answer: Answer, total: dict[str, object]) -> Figures:
    _ = visit.words
    asked, metric = part(visit), metric_of(visit)
    href = evidence("customers", **{**found.params, **visit.asked.params})
    unit = unit_words(visit, shown(visit, "mrr", found).unit)
    shape: Shape = "count" if metric == "logo_retention" else "amount"
    unit = "" if shape == "count" else unit
    about = _("{since} → {period} · policy {policy}", since=total["since"], period=answer.at, policy=found.policy)
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


def _ends(visit: Visit) -> tuple[str, str]:
    """Return what the columns of before and after are called."""
    _ = visit.words
    metric = metric_of(visit)
    if metric in _RATES and not part(visit).movement:
        return _("In the base"), _("Retained") if metric == "grr" else _("Now")
    return _("Before the period"), _("At its end")


def _table(visit: Visit, answer: Answer, rows: list[dict[str, object]], since: object) -> Table:
    _ = visit.words
    asked, metric = part(visit), metric_of(visit)
    before, after = _ends(visit)
    shape: Shape = "count" if metric == "logo_retention" else "amount"
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
    return Table("customers", columns, rows, title, _("No customer."), _PAGE, total=int(str(answer.value)))


def one(visit: Visit) -> Iterable[Block]:
    """Show the entries of the movement ledger of one customer."""
    _ = visit.words
    found = opened(visit)
    answer = moved(visit)
    unit = unit_words(visit, answer.unit)
    href = evidence("customer_movements", **{**found.params, **visit.asked.params})
    yield Figures(
        [
            Figure(
                _("Change"),
                answer.value,
                "amount",
                unit,
                _("{period} · policy {policy}", period=answer.at, policy=found.policy),
                href,
            )
        ]
    )
    words = worded(DRIVERS, visit)
    columns = [
        Column("month", _("Month"), "month"),
        Column("movement", _("Movement"), "name", words=worded(MOVEMENT_NAMES, visit)),
        Column("driver", _("Driven by"), "name", words=words),
        Column("reason", _("Reason known"), "name", words=words),
        Column("product", _("Product"), "name"),
        Column("account", _("Account"), "code"),
        Column("amount", unit, "amount"),
    ]
    yield Table("entries", columns, answer.rows, _("Entries of the movement ledger"), _("Nothing changed in this period."))


def moved(visit: Visit) -> Answer:
    """Answer the ledger entries of the customer of a visit."""
    found = opened(visit)
    answer: Answer = visit.ask(
        customer_movements, visit.asked.get("customer"), found.view, since=visit.asked.get("from"), policy=found.policy
    )
    return answer


_KINDS = {"recurring": "recurring", "usage": "usage", "one_off": "one-off", "credit": "credit", "tax": "tax", "fee": "fee"}
_DATED = {
    "invoice_line": (("issued_on", "Issued"), ("period_start", "Service from"), ("period_end", "Service until")),
    "contract_line": (("starts_on", "From"), ("ends_on", "Until")),
    "usage": (("used_at", "Used"),),
}
_TITLES = {
    "invoice_line": "Invoice lines that bear on these months",
    "contract_line": "Contract lines in force in these months",
    "usage": "Usage of these months",
}


def documents(visit: Visit) -> Iterable[Block]:
    """Show the documents that the customer's revenue comes from, with the file and row of each."""
    found, _ = opened(visit), visit.words
    seen = False
    for name in _TITLES:
        answer = _documents(visit, found, name)
        if answer.value or visit.asked.get(f"{name}.find"):
            seen = True
            yield _document_table(visit, answer, name)
    if not seen:
        yield Note(_("No document bears on these months."))


def _documents(visit: Visit, found: Look, table: str) -> Answer:
    answer: Answer = visit.ask(
        customer_documents, visit.asked.get("customer"), table, found.view, cut_of(visit, table, _PAGE),
        since=visit.asked.get("from"), policy=found.policy,
    )  # fmt: skip
    return answer


def _document_table(visit: Visit, answer: Answer, name: str) -> Table:
    _ = visit.words
    dated = [Column(each, _(label), "month") for each, label in _DATED[name]]
    columns = [*dated, Column("product", _("Product"), "name")]
    if name == "usage":
        columns += [Column("meter", _("Meter"), "code"), Column("quantity", _("Quantity"), "number")]
    else:
        kinds = {kind: _(word) for kind, word in _KINDS.items()}
        columns += [
            Column("kind", _("Kind"), "name", words=kinds), Column("quantity", _("Quantity"), "number"),
            Column("amount", _("Amount"), "number"), Column("currency", _("Currency"), "code"),
            Column("counts", _("Counted"), "name", words={"yes": _("yes"), "no": _("no")}),
        ]  # fmt: skip
    columns += [
        Column("source_file", _("File"), "name"),
        Column("source_row", _("Row"), "count"),
        Column("key", _("Key"), "name"),
    ]
    return Table(name, columns, answer.rows, _(_TITLES[name]), "", _PAGE, total=int(str(answer.value)))


def heading(visit: Visit) -> str:
    """Name the customers or the customer of a visit; empty for the overview."""
    _ = visit.words
    asked = part(visit)
    if visit.asked.get("customer"):
        return _("Revenue of {customer}: the rows", customer=visit.asked.get("customer"))
    if asked.movement in MOVEMENTS:
        told = _("Revenue: {movement}", movement=_(MOVEMENT_NAMES[asked.movement]))
    elif asked.vintage:
        told = _("Revenue: customers since {vintage}", vintage=asked.vintage)
    elif asked.group:
        told = _("Revenue: {metric}", metric=metric_name(visit, metric_of(visit)))
    else:
        return ""
    return f"{told} · {asked.group}" if asked.group else told


MANY = (Section("way", "", way), Section("customers", "", many))
ONE = (Section("way", "", way), Section("entries", "What changed", one), Section("documents", "Where it comes from", documents))
ANSWERS: dict[str, AnswerOf] = {
    "customers": lambda visit: _listed(visit, Cut(limit=_EVIDENCE)),
    "customer_movements": moved,
}
