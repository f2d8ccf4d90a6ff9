"""Price books and rating policies as lists."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from growthring.kernel.errors import UnknownValueError
from growthring.operations.answer import Answer, money
from growthring.operations.last_rates import converted, last_rates
from growthring.operations.pricing.rating import begins_in, rate, rating_caveats
from growthring.operations.project import Project
from growthring.pricing.book import PriceBook, read_book
from growthring.pricing.policy import rating_preset, rating_preset_names
from growthring.pricing.stored_rating import Rating

_BOOK_BILLS = """
SELECT book, currency, COUNT(DISTINCT account_id) FILTER (amount <> 0) AS accounts, SUM(amount) AS amount
FROM bill WHERE {span} GROUP BY ALL ORDER BY amount DESC, 1, 2
"""
_COMPONENT_LINES = """
SELECT book, component_id AS component, currency, COUNT(DISTINCT account_id) FILTER (amount <> 0) AS accounts,
  TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(SUM(quantity) AS VARCHAR))) AS quantity, SUM(amount) AS amount
FROM rated_line WHERE {span} GROUP BY ALL ORDER BY amount DESC, 1, 2, 3
"""


def list_books(folder: Path) -> list[dict[str, Any]]:
    """Return the books of the project in a folder, one row a version."""
    books, _ = Project.open(folder).price_books
    return [row for book in books for row in _versions(book)]


def _versions(book: PriceBook) -> list[dict[str, Any]]:
    return [
        {
            "book": book.name,
            "title": book.title,
            "currency": book.currency,
            "policy": book.policy,
            "from": version.effective_from.isoformat(),
            "components": ", ".join(f"{each.id} ({each.every_price[0].model})" for each in version.components),
        }
        for version in book.versions
    ]


def list_rating_policies() -> list[dict[str, Any]]:
    """Return the shipped rating policies with what they reproduce and how they differ from the standard one."""
    standard = rating_preset("standard").model_dump(mode="json")
    rows = []
    for name in rating_preset_names():
        policy = rating_preset(name)
        own = {key: value for key, value in policy.model_dump(mode="json").items() if value != standard[key]}
        choices = "; ".join(f"{key} = {value}" for key, value in own.items() if key not in ("name", "title", "source"))
        rows.append({"policy": name, "title": policy.title, "choices": choices, "source": policy.source})
    return rows


def revenue_by_book(project: Project, months: int = 12) -> Answer:
    """Answer what each price book, and each component of it, brought in the last complete months, by currency.

    Sums of a book are in the reporting currency, at the exchange rates of the last day.

    Args:
        project: The project.
        months: How many months up to the last complete one.
    """
    rating = rate(project)
    last = project.setting(project.snapshot()).last_complete_month
    span = begins_in((last - (months - 1), last))
    sql = _BOOK_BILLS.format(span=span)
    billed = _read(rating, "billed", sql)
    rates, currency = last_rates(project, rating.connection), project.settings.project.currency
    rows = [*_books(project, billed, rates), *billed, *_read(rating, "component", _COMPONENT_LINES.format(span=span))]
    total = converted(((row["currency"], Decimal(row["amount"])) for row in billed), rates)
    return Answer(
        metric="revenue by price book", value=money(total, currency), unit=currency, at=f"{last - (months - 1)} to {last}",
        definition="What the price books ask for, before credits and commitments, by book and component.",
        policy={"name": ", ".join(sorted({book.policy for book in rating.terms.books})), "version": "rating"},
        snapshot=project.snapshot().snapshot_id, rows=rows, sql=sql,
        caveats=[*rating_caveats(rating), *_conversion({row["currency"] for row in billed}, rates, currency)],
    )  # fmt: skip


def _books(project: Project, billed: list[dict[str, Any]], rates: Mapping[str, Decimal]) -> list[dict[str, Any]]:
    """Return what each book of the project brings in the reporting currency, its accounts and its share."""
    currency, found = project.settings.project.currency, []
    for book in project.price_books[0]:
        mine = [row for row in billed if row["book"] == book.name]
        amount = converted(((row["currency"], Decimal(row["amount"])) for row in mine), rates)
        found.append((amount, {"kind": "book", "book": book.name, "accounts": sum(row["accounts"] for row in mine)}))
    total = sum(amount for amount, _ in found)
    return [
        {**row, "amount": money(amount, currency), "currency": currency, "share": float(amount / total) if total else None}
        for amount, row in sorted(found, key=lambda each: -each[0])
    ]


def _conversion(billed: set[str], rates: Mapping[str, Decimal], currency: str) -> list[str]:
    if not billed - {currency}:
        return []
    unknown = sorted(billed - rates.keys())
    left_out = [f"No exchange rate from {', '.join(unknown)} to {currency}: left out of sums."] if unknown else []
    return [f"Sums in {currency} convert every currency at the rate of the last day of the data.", *left_out]


def book_text(project: Project, name: str) -> str:
    """Return the file of a price book as it was written.

    Raises:
        UnknownValueError: There is no such book.
    """
    for path in sorted((project.root / "price_books").glob("*.y*ml")):
        if path.name != "meters.yaml" and read_book(path).name == name:
            return path.read_text(encoding="utf-8")
    raise UnknownValueError("price book", name, [book.name for book in project.price_books[0]])


def _read(rating: Rating, kind: str, statement: str) -> list[dict[str, Any]]:
    cursor = rating.connection.execute(statement)
    names = [column[0] for column in cursor.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [{"kind": kind, **row, "amount": money(row["amount"], row["currency"])} for row in rows]
