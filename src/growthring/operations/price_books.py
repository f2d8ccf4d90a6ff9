"""Price books and rating policies as lists."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from growthring.kernel.errors import UnknownValueError
from growthring.operations.answer import Answer, by_currency, money
from growthring.operations.project import Project
from growthring.operations.rating import begins_in, rate, rating_caveats
from growthring.pricing.book import PriceBook, read_book
from growthring.pricing.policy import rating_preset, rating_preset_names
from growthring.pricing.price import (
    Block,
    BlockTier,
    Capacity,
    CapacityTier,
    CapacityTiers,
    Dynamic,
    Flat,
    GraduatedPercentage,
    Matrix,
    Package,
    Percentage,
    PerUnit,
    Price,
    Tier,
)
from growthring.pricing.stored_rating import Rating

_BOOK_BILLS = """
SELECT book, currency, COUNT(DISTINCT account_id) FILTER (amount <> 0) AS accounts, SUM(amount) AS amount
FROM bill WHERE {span} GROUP BY ALL ORDER BY amount DESC, 1, 2
"""
_COMPONENT_LINES = """
SELECT book, component_id AS component, currency, COUNT(DISTINCT account_id) FILTER (amount <> 0) AS accounts,
  CAST(SUM(quantity) AS VARCHAR) AS quantity, SUM(amount) AS amount
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

    The share is that of the book among the bills of its currency.

    Args:
        project: The project.
        months: How many months up to the last complete one.
    """
    rating = rate(project)
    last = project.setting(project.snapshot()).last_complete_month
    span = begins_in((last - (months - 1), last))
    books = _BOOK_BILLS.format(span=span)
    rows = [*_read(rating, "book", books), *_read(rating, "component", _COMPONENT_LINES.format(span=span))]
    totals: dict[str, Decimal] = {}
    for row in rows:
        if row["kind"] == "book":
            totals[row["currency"]] = totals.get(row["currency"], Decimal(0)) + Decimal(row["amount"])
    for row in rows:
        total = totals.get(row["currency"])
        row["share"] = float(Decimal(row["amount"]) / total) if total else None
    value, unit = by_currency(totals)
    return Answer(
        metric="revenue by price book", value=value, unit=unit, at=f"{last - (months - 1)} to {last}",
        definition="What the price books ask for, before credits and commitments, by book and component.",
        policy={"name": ", ".join(sorted({book.policy for book in rating.terms.books})), "version": "rating"},
        snapshot=project.snapshot().snapshot_id, rows=rows, sql=books, caveats=rating_caveats(rating),
    )  # fmt: skip


def price_lines(project: Project) -> list[dict[str, Any]]:
    """Return every price of every book as lines that can be read: one a tier, by book, version, component and currency."""
    return [line for book in project.price_books[0] for line in book_lines(book)]


def book_lines(book: PriceBook) -> list[dict[str, Any]]:
    """Return the prices of a book, one line a tier."""
    return [
        {
            "book": book.name, "from": version.effective_from.isoformat(), "component": component.id,
            "name": component.name or component.id, "meter": component.meter, "included": _text(component.included_units),
            "currency": currency, "model": price.model, **line,
        }
        for version in book.versions
        for component in version.components
        for currency, price in (component.prices or {book.currency: component.every_price[0]}).items()
        for line in tier_lines(price)
    ]  # fmt: skip


def tier_lines(price: Price) -> list[dict[str, Any]]:
    """Return a price as lines: for which units, what one of them costs, and what is due once.

    Example:
        >>> from growthring.pricing.price import Capacity
        >>> tier_lines(Capacity(amount=99, included=1000, overage_price="0.05"))[1]
        {'when': '', 'over': '1000', 'up_to': None, 'unit_price': '0.05', 'fee': None, 'per': '1'}
    """
    match price:
        case Flat():
            return [_line(fee=price.amount)]
        case PerUnit():
            return [_line(unit_price=price.unit_price, per=Decimal(1))]
        case Package():
            return [_line(over=price.free_units or None, unit_price=price.package_price, per=price.package_size)]
        case Percentage():
            return [_line(over=price.free_amount, unit_price=price.rate / 100, per=Decimal(1), fee=price.fixed_per_event or None)]
        case Dynamic():
            return [_line(unit_price=price.multiplier, per=Decimal(1))]
        case Capacity():
            beyond = _line(over=price.included, unit_price=price.overage_price, per=Decimal(1))
            return [_line(up_to=price.included, fee=price.amount), beyond]
        case Block():
            return [_line(unit_price=tier.price, per=tier.size, up_to=_end(tier)) for tier in price.tiers]
        case CapacityTiers():
            return [_line(when=_limits(tier), fee=tier.price) for tier in price.tiers]
        case Matrix():
            return list(_cells(price))
        case GraduatedPercentage():
            return _tiers(price.as_graduated().tiers)
    return _tiers(price.tiers)


def book_text(project: Project, name: str) -> str:
    """Return the file of a price book as it was written.

    Raises:
        UnknownValueError: There is no such book.
    """
    for path in sorted((project.root / "price_books").glob("*.y*ml")):
        if path.name != "meters.yaml" and read_book(path).name == name:
            return path.read_text(encoding="utf-8")
    raise UnknownValueError("price book", name, [book.name for book in project.price_books[0]])


def _tiers(tiers: Sequence[Tier]) -> list[dict[str, Any]]:
    lows: list[Decimal | None] = [None, *(tier.up_to for tier in tiers[:-1])]
    return [
        _line(
            over=low, up_to=tier.up_to, unit_price=tier.unit_price, per=tier.package_size or Decimal(1),
            fee=tier.flat_fee or None,
        )
        for low, tier in zip(lows, tiers, strict=True)
    ]  # fmt: skip


def _cells(price: Matrix) -> Iterator[dict[str, Any]]:
    for cell in price.cells:
        when = ", ".join(f"{name} = {value}" for name, value in cell.when.items())
        yield from ({**line, "when": when} for line in tier_lines(cell.price))
    if price.default:
        yield from ({**line, "when": "otherwise"} for line in tier_lines(price.default))


def _end(tier: BlockTier) -> Decimal | None:
    return tier.size * tier.max_blocks if tier.max_blocks else None


def _limits(tier: CapacityTier) -> str:
    return ", ".join(f"{meter} ≤ {_text(limit)}" for meter, limit in tier.limits.items() if limit is not None)


def _line(
    *, when: str = "", over: Decimal | None = None, up_to: Decimal | None = None, unit_price: Decimal | None = None,
    fee: Decimal | None = None, per: Decimal | None = None,
) -> dict[str, Any]:  # fmt: skip
    figures = {"over": over, "up_to": up_to, "unit_price": unit_price, "fee": fee, "per": per}
    return {"when": when, **{name: None if value is None else _text(value) for name, value in figures.items()}}


def _text(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _read(rating: Rating, kind: str, statement: str) -> list[dict[str, Any]]:
    cursor = rating.connection.execute(statement)
    names = [column[0] for column in cursor.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [{"kind": kind, **row, "amount": money(row["amount"], row["currency"])} for row in rows]
