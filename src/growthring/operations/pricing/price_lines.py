"""Prices as lines that can be read: for which units, what one of them costs, and what is due once."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from growthring.operations.project import Project
from growthring.pricing.book import PriceBook
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
            lines = [_line(fee=price.amount)]
        case PerUnit():
            lines = [_line(unit_price=price.unit_price, per=Decimal(1))]
        case Package():
            lines = [_line(over=price.free_units or None, unit_price=price.package_price, per=price.package_size)]
        case Percentage():
            lines = [
                _line(over=price.free_amount, unit_price=price.rate / 100, per=Decimal(1), fee=price.fixed_per_event or None)
            ]
        case Dynamic():
            lines = [_line(unit_price=price.multiplier, per=Decimal(1))]
        case Capacity():
            beyond = _line(over=price.included, unit_price=price.overage_price, per=Decimal(1))
            lines = [_line(up_to=price.included, fee=price.amount), beyond]
        case Block():
            lines = [_line(unit_price=tier.price, per=tier.size, up_to=_end(tier)) for tier in price.tiers]
        case CapacityTiers():
            lines = [_line(when=_limits(tier), fee=tier.price) for tier in price.tiers]
        case Matrix():
            lines = list(_cells(price))
        case GraduatedPercentage():
            lines = _tiers(price.as_graduated().tiers)
        case _:
            lines = _tiers(price.tiers)
    return lines


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
