"""Changing a price book by choice: prices of use, fees and included units, of one component or of all."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import yaml
from pydantic import ValidationError

from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.pricing.book import PriceBook

_FEE_PLACES = Decimal("0.0001")
_PRICE_PLACES = Decimal("0.00000001")
_RATE_PLACES = Decimal("0.000001")
_OF_USE: Mapping[str, Decimal] = {
    "rate": _RATE_PLACES,
    **dict.fromkeys(
        ("unit_price", "flat_fee", "cap", "package_price", "fixed_per_event", "minimum_per_event", "maximum_per_event",
         "multiplier", "overage_price", "price"),
        _PRICE_PLACES,
    ),
}  # fmt: skip
"""Fields of prices that depend on use, with the smallest step of each."""
_LIMIT = Decimal(1000)


@dataclass(frozen=True, slots=True)
class PriceChange:
    """What is changed about a book.

    Attributes:
        component: The component; every one of them when empty.
        use: Change of every price of use, in percent.
        fees: Change of every fee that is due whatever is used, in percent.
        included: Units of a period that cost nothing; as they are when absent.
        everyone: Whether everybody is billed under the book, and not only those who are on it.
    """

    component: str = ""
    use: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    included: Decimal | None = None
    everyone: bool = False


def changed_book(book: PriceBook, change: PriceChange) -> PriceBook:
    """Return a book whose last version has other prices; a book for everyone gets a name of its own.

    Raises:
        UnknownValueError: The last version has no such component.
        ConfigurationError: The changed book cannot be used.
    """
    raw = book.model_dump(exclude_unset=True)
    version = raw["versions"][-1]
    known = [each["id"] for each in version["components"]]
    if change.component and change.component not in known:
        raise UnknownValueError(f"component of {book.name}", change.component, known)
    if not all(-100 <= each <= _LIMIT for each in (change.use, change.fees)):
        raise ConfigurationError(f"Prices cannot change by {change.use} % and {change.fees} %.", valid="Valid: -100 to 1000.")
    version["components"] = [
        _component(each, change) if change.component in ("", each["id"]) else each for each in version["components"]
    ]
    if change.everyone:
        raw["name"] = f"{book.name}-for-everyone"
    try:
        return PriceBook.model_validate(raw)
    except ValidationError as error:
        told = "; ".join(each["msg"].removeprefix("Value error, ") for each in error.errors())
        raise ConfigurationError(f"{book.name} cannot be changed like this: {told}.", remedy="Choose another change.") from error


def as_yaml(book: PriceBook) -> str:
    """Return a book as the YAML file that reads as the same book, with exact decimals."""
    return yaml.dump(_plain(book.model_dump(exclude_unset=True)), Dumper=_ExactDumper, sort_keys=False, allow_unicode=True)


def _component(raw: dict[str, Any], change: PriceChange) -> dict[str, Any]:
    use, fees = (1 + each / 100 for each in (change.use, change.fees))
    found = {name: _scaled(each, use, fees) if name in ("price", "prices") else each for name, each in raw.items()}
    if change.included is not None and raw.get("meter"):
        found["included_units"] = change.included
    return found


def _scaled(value: Any, use: Decimal, fees: Decimal) -> Any:  # noqa: ANN401 - any part of a price
    if isinstance(value, dict):
        of_use = fees if value.get("model") == "capacity_tiers" else use
        return {name: _field(name, each, of_use, fees) for name, each in value.items()}
    return type(value)(_scaled(each, use, fees) for each in value) if isinstance(value, list | tuple) else value


def _field(name: str, value: Any, use: Decimal, fees: Decimal) -> Any:  # noqa: ANN401 - any part of a price
    if isinstance(value, dict | list | tuple):
        return _scaled(value, use, fees)
    if not isinstance(value, Decimal):
        return value
    if name == "amount":
        return (value * fees).quantize(_FEE_PLACES, ROUND_HALF_UP)
    return (value * use).quantize(_OF_USE[name], ROUND_HALF_UP) if name in _OF_USE else value


def _plain(value: Any) -> Any:  # noqa: ANN401 - any part of a book
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, str) else value


class _ExactDumper(yaml.SafeDumper):
    """YAML with exact decimals and without anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401 - as the base class has it
        return True


def _decimal(dumper: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    text = f"{value.normalize():f}"
    return dumper.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in text else 'int'}", text)


_ExactDumper.add_representer(Decimal, _decimal)
