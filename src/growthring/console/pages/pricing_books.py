"""Pricing: the price books in force, what they ask for and what they bring."""

from collections.abc import Iterable, Mapping
from itertools import groupby

from growthring.console.answers import caveats, evidence
from growthring.console.blocks import Block, Choice, Choices, Column, Facts, Note, Statement, Statements, Table, Text
from growthring.console.pages.pricing_trial import prices_table
from growthring.console.visit import Visit
from growthring.operations.answer import Answer
from growthring.operations.pricing.price_books import book_text, revenue_by_book
from growthring.operations.pricing.price_lines import price_lines
from growthring.pricing.book import Assignment, PriceBook


def carried(visit: Visit) -> Answer:
    """Answer what each price book brings."""
    found: Answer = visit.ask(revenue_by_book)
    return found


def books(visit: Visit) -> Iterable[Block]:
    """Show each book with what it brings, and the prices of one."""
    _ = visit.words
    every = visit.project.price_books[0]
    if not every:
        yield Note(_("There are no price books yet."), _("Add a YAML file to price_books/ and run growthring run."))
        return
    found = carried(visit)
    titles = {each.name: each.title or each.name for each in every}
    amount = f"{found.unit} {_.brief(found.value)}"
    told = _("The price books asked for {amount} in {at}, before credits and commitments.", amount=amount, at=found.at)
    yield Statements([Statement(told, evidence("books"))])
    rows = [
        {**row, "_book": visit.asked.url(book=row["book"], draft=None) + "#books", "_evidence": evidence("books")}
        for row in found.rows
        if row["kind"] == "book"
    ]
    columns = [
        Column("book", _("Price book"), "name", href="_book", words=titles),
        Column("accounts", _("Customers billed"), "count"),
        Column("amount", _("Asked for, {currency}", currency=found.unit), "amount", href="_evidence"),
        Column("share", _("Share"), "share", bar=True),
    ]
    yield Table("books", columns, rows, _("What they bring"), find=len(rows) > 20)
    yield from caveats(found)
    yield from one_book(visit, found, every)


def one_book(visit: Visit, found: Answer, every: tuple[PriceBook, ...]) -> Iterable[Block]:
    """Show the prices of one book, a table a component."""
    _, asked = visit.words, visit.asked
    book = next((each for each in every if each.name == asked.get("book")), every[0])
    versions = [each.effective_from.isoformat() for each in reversed(book.versions)]
    version = asked.choice("version", tuple(versions), versions[0])
    choices = [Choice("book", _("Price book"), [(each.name, each.title or each.name) for each in every], book.name)]
    if len(versions) > 1:
        choices.append(Choice("version", _("Prices from"), [(each, each) for each in versions], version))
    if len(every) > 1 or len(versions) > 1:
        keep = {name: value for name, value in asked.params.items() if name not in ("book", "version", "draft")}
        yield Choices(choices, keep)
    yield facts(visit, book, version)
    lines = [line for line in visit.ask(price_lines) if line["book"] == book.name and line["from"] == version]
    brought = {row["component"]: row["accounts"] for row in found.rows if row["kind"] == "component" and row["book"] == book.name}
    for component, group in groupby(lines, lambda line: line["component"]):
        mine = list(group)
        name = f"prices-{book.name}-{component}".replace(".", "-").replace(":", "-")
        yield prices_table(visit, mine, name, _title(visit, mine[0]), apart=False)
        if component not in brought:
            yield Note(_("Nobody was billed for it in {at}.", at=found.at))
    yield Text(visit.ask(book_text, book.name), _("The file as it was written"), "yaml", folded=True)


def facts(visit: Visit, book: PriceBook, version: str) -> Facts:
    """Say what a book is and whom it is for."""
    _ = visit.words
    for_whom = "; ".join(_assigned(visit, each) for each in book.assign)
    return Facts(
        [
            (_("Name"), book.name, "code"),
            (_("Prices from"), version, "text"),
            (_("Read as by"), _("rating policy {name}", name=book.policy), "text"),
            (_("Billed under it"), for_whom or _("contracts that name it"), "long"),
        ],
        book.title or book.name,
    )


def _assigned(visit: Visit, each: Assignment) -> str:
    _ = visit.words
    told = []
    if each.accounts:
        told.append(_("{count} customers by name", count=len(each.accounts)))
    told += [f"{name} = {value}" for name, value in each.attributes.items()]
    found = ", ".join(told) or _("everybody without another book")
    if each.starts_on:
        found += " " + _("from {day} on", day=each.starts_on)
    return found + " · " + _("billed every {count} × {interval}", count=each.interval_count, interval=_(each.billing_interval))


def _title(visit: Visit, line: Mapping[str, str]) -> str:
    _ = visit.words
    models = {
        "flat": _("a fee for each period"),
        "per_unit": _("every unit at one price"),
        "graduated": _("each unit at the price of its tier"),
        "volume": _("all units at the price of the tier reached"),
        "stair_step": _("one fee by the tier reached"),
        "package": _("sold in packages"),
        "percentage": _("a share of the amount"),
        "graduated_percentage": _("a share by tier"),
        "dynamic": _("the price each record carries, times a factor"),
        "capacity": _("a fee for a capacity, and a price beyond it"),
        "block": _("blocks of units"),
        "capacity_tiers": _("one fee by limits of meters"),
        "matrix": _("by what the use was"),
    }
    told = f"{line['name']}: {models.get(line['model'], line['model'])}"
    return f"{told} ({_('meter {name}', name=line['meter'])})" if line["meter"] else told
