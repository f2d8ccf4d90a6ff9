"""Price books: what things cost, from when, for whom. One YAML file a book, under `price_books/`."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from growthring.kernel.currency import exponent
from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.pricing.adjustment import Adjustment, AdjustmentKind
from growthring.pricing.meter import Conversion, Meter, Model
from growthring.pricing.policy import RatingPolicy, rating_preset
from growthring.pricing.price import CapacityTiers, Flat, Graduated, Matrix, Percentage, Price, Quantity, Volume

T = TypeVar("T", bound=Model)
KEY = r"^[A-Za-z0-9_.:-]+$"


class Component(Model):
    """One priced thing of a book: a fee, or the use of a meter."""

    id: str = Field(pattern=KEY, description="Identifier, unique in the version; lines of bills carry it.")
    name: str = Field("", description="What the customer reads; empty means the id.")
    meter: str = Field("", description="The meter whose quantity is priced; empty for fees.")
    product: str = Field("", description="Product the revenue belongs to; empty means the component's id.")
    price: Price | None = Field(None, description="The price, in the book's currency.")
    prices: dict[str, Price] = Field({}, description="The price by ISO 4217 currency, where a book is sold in several.")
    conversion: Conversion | None = Field(None, description="Turns the meter's unit into the priced unit.")
    included_units: Annotated[Quantity, Field(ge=0)] = Field(Decimal(0), description="Units per period taken off before pricing.")
    included_percent: Annotated[Decimal, Field(ge=0, le=100, max_digits=9, decimal_places=6)] = Field(
        Decimal(0), description="Percent of the units taken off before pricing, after included_units."
    )
    adjustments: tuple[Adjustment, ...] = Field((), description="What changes the amount after it was priced.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.price is None) == (not self.prices):
            raise ValueError(f"component {self.id} needs either price or prices")
        for code in self.prices:
            exponent(code)
        fee = all(isinstance(each, Flat) for each in self.every_price)
        if fee and self.meter:
            raise ValueError(f"component {self.id} has a flat fee and a meter; a fee needs none")
        if not fee and not self.meter and not all(isinstance(each, CapacityTiers) for each in self.every_price):
            raise ValueError(f"component {self.id} needs the meter whose use it prices")
        prorated = any(isinstance(each, Graduated | Volume) and each.tiers_by == "full_units" for each in self.every_price)
        if prorated and (self.conversion or self.included_units or self.included_percent):
            raise ValueError(f"component {self.id} chooses tiers by full units: it converts no units and includes none")
        return self

    @property
    def every_price(self) -> tuple[Price, ...]:
        """The price in each currency."""
        return (self.price,) if self.price is not None else tuple(self.prices.values())

    @property
    def is_fee(self) -> bool:
        """Whether it is due whatever is used."""
        return isinstance(self.every_price[0], Flat)

    def price_in(self, currency: str) -> Price | None:
        """Return the price in a currency, if there is one."""
        return self.price if self.price is not None else self.prices.get(currency)


class Version(Model):
    """What a book says from a day on."""

    effective_from: date = Field(description="First day; billing periods that begin on it or later are rated by this version.")
    components: Annotated[tuple[Component, ...], Field(min_length=1)] = Field(description="What is priced.")
    adjustments: tuple[Adjustment, ...] = Field((), description="Discounts, minimum and maximum of the whole bill.")

    @model_validator(mode="after")
    def _unique(self) -> Self:
        ids = [component.id for component in self.components]
        for each in ids:
            if ids.count(each) > 1:
                raise ValueError(f"two components are called {each}")
        if any(each.scope == "bucket" for each in self.adjustments):
            raise ValueError("adjustments of the whole bill have no buckets")
        return self


class Assignment(Model):
    """Who is billed under the book, and when. Several conditions must all hold; without any, it is everybody's default."""

    accounts: tuple[str, ...] = Field((), description="Account ids.")
    attributes: dict[str, str] = Field({}, description="Value by attribute of the account.")
    starts_on: date | None = Field(None, description="First day; empty means from the account's first day.")
    ends_on: date | None = Field(None, description="First day no longer; empty means no end.")
    billing_interval: Literal["day", "week", "month", "quarter", "year"] = Field(
        "month", description="Unit of the billing period."
    )
    interval_count: Annotated[int, Field(ge=1)] = Field(1, description="Number of units in a billing period.")
    anchor_on: date | None = Field(
        None, description="Day periods are counted from; empty means the contract's, or the first of the month."
    )
    time_zone: str = Field("", description="IANA zone of billing days; empty means the contract's, or UTC.")
    currency: str = Field("", description="Currency billed in; empty means the book's.")

    @property
    def precision(self) -> int:
        """How particular it is: accounts go before attributes, attributes before the default."""
        return 1_000_000 if self.accounts else len(self.attributes)

    def claims_too(self, other: "Assignment") -> str:
        """Return whom both claim on some day with equal right, in words; empty where they cannot be in each other's way."""
        if not _overlap(self, other) or self.attributes != other.attributes or bool(self.accounts) != bool(other.accounts):
            return ""
        if self.accounts:
            return ", ".join(sorted({*self.accounts} & {*other.accounts}))
        return ", ".join(f"{name} {value}" for name, value in self.attributes.items()) or "everybody that no other book claims"


def _overlap(one: Assignment, other: Assignment) -> bool:
    """Whether there is a day on which both assignments hold."""
    begins = max(one.starts_on or date.min, other.starts_on or date.min)
    return begins < min(one.ends_on or date.max, other.ends_on or date.max)


class PriceBook(Model):
    """A price book.

    A contract's `price_book` names its book; without one, the most particular assignment among the project's books holds.
    """

    name: str = Field(pattern=KEY, description="Name of the book.")
    title: str = Field("", description="What it is, in one line.")
    currency: str = Field(description="ISO 4217 code of its prices.")
    policy: str = Field("standard", description="Rating policy: how the billing system reads the book. A shipped preset.")
    policy_changes: dict[str, Any] = Field({}, description="Fields of the policy that differ from the preset.")
    order: tuple[AdjustmentKind, ...] = Field((), description="Order of adjustments, where it differs from the policy's.")
    meters: tuple[Meter, ...] = Field((), description="Meters of the book, beside those of price_books/meters.yaml.")
    versions: Annotated[tuple[Version, ...], Field(min_length=1)] = Field(description="What it says, from when.")
    assign: tuple[Assignment, ...] = Field((), description="Who is billed under it.")

    @field_validator("currency")
    @classmethod
    def _known(cls, code: str) -> str:
        exponent(code)
        return code

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        days = [version.effective_from for version in self.versions]
        if days != sorted(set(days)):
            raise ValueError("versions must be in the order of effective_from, each day once")
        _ = self.rating_policy
        return self

    @model_validator(mode="after")
    def _sold_in(self) -> Self:
        components = [component for version in self.versions for component in version.components]
        if len(self.currencies) > 1 and (single := next((each.id for each in components if each.price is not None), "")):
            raise ValueError(f"{single} has one price, and the book is sold in {', '.join(self.currencies)}: give it prices")
        for assignment in self.assign:
            if assignment.currency and assignment.currency not in self.currencies:
                raise ValueError(
                    f"an assignment bills in {assignment.currency}, and the book has prices in {', '.join(self.currencies)}"
                )
        return self

    @property
    def rating_policy(self) -> RatingPolicy:
        """The policy with the book's own choices."""
        preset = rating_preset(self.policy)
        changes = dict(self.policy_changes)
        if self.order:
            changes["adjustment_order"] = self.order
        return RatingPolicy.model_validate({**preset.model_dump(), **changes}) if changes else preset

    def version_on(self, day: date) -> Version | None:
        """Return the version in force on a day, if any."""
        return next((each for each in reversed(self.versions) if each.effective_from <= day), None)

    @property
    def currencies(self) -> tuple[str, ...]:
        """Every currency it has a price in."""
        codes = {code for version in self.versions for component in version.components for code in component.prices}
        return tuple(sorted({self.currency, *codes}))


class MeterFile(Model):
    """price_books/meters.yaml: meters that several books price."""

    meters: tuple[Meter, ...] = Field(description="The meters.")


def unmet_meters(books: Sequence[PriceBook], meters: Sequence[Meter]) -> Iterator[str]:
    """Yield, in words, every reference of a component to a meter or dimension that does not exist."""
    for book in books:
        known = {meter.id: meter for meter in (*meters, *book.meters)}
        for version in book.versions:
            for component in version.components:
                for price in component.every_price:
                    wanted = price.meters if isinstance(price, CapacityTiers) else (component.meter,)
                    for name in wanted:
                        if name and name not in known:
                            yield f"component {component.id} of {book.name} prices the meter {name}, which is not defined"
                    is_by_full_units = isinstance(price, Graduated | Volume) and price.tiers_by == "full_units"
                    if is_by_full_units and component.meter in known and not known[component.meter].prorated:
                        yield f"{component.id} of {book.name} chooses tiers by full units; {component.meter} is not prorated"
                    is_per_event = isinstance(price, Percentage) and price.is_per_event
                    if is_per_event and component.meter in known and not known[component.meter].per_event:
                        yield f"{component.id} of {book.name} has limits for each event; {component.meter} needs per_event: true"
                    if isinstance(price, Matrix) and component.meter in known:
                        kept = known[component.meter].kept_dimensions
                        for dimension in sorted({name for cell in price.cells for name in cell.when} - set(kept)):
                            yield f"{component.id} of {book.name} has prices by {dimension}; {component.meter} does not keep it"


class _ExactLoader(yaml.SafeLoader):
    """YAML with exact decimals, and without keys that stand twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key.value} stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _exact(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    try:
        return Decimal(loader.construct_scalar(node).replace("_", ""))
    except InvalidOperation as error:
        raise yaml.constructor.ConstructorError(None, None, f"{node.value} is no number", node.start_mark) from error


_ExactLoader.add_constructor("tag:yaml.org,2002:float", _exact)
# YAML 1.1 reads 22:00 as 1320 and 012 as 10: whole numbers are digits, everything else stays as it is written
_ExactLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":int", ":float"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_ExactLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"[-+]?(0|[1-9][0-9_]*)$"), list("-+0123456789"))
_ExactLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(0|[1-9][0-9_]*)?\.[0-9_]+$"), list("-+.0123456789")
)


def read_yaml(path: Path) -> Any:  # noqa: ANN401 - whatever the user wrote
    """Read a YAML file with exact decimals.

    Raises:
        ConfigurationError: It is not there, no YAML, or not UTF-8.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_ExactLoader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.", remedy="Correct the file at that place.") from error
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror}.", valid="Valid: the path of a YAML file with a price book."
        ) from error


def read_book(path: Path) -> PriceBook:
    """Read a price book.

    Raises:
        ConfigurationError: Names each place that cannot be used, and why.
    """
    return _validated(PriceBook, read_yaml(path), path)


def read_books(folder: Path) -> tuple[tuple[PriceBook, ...], tuple[Meter, ...]]:
    """Read every book of a folder and its meters.yaml.

    Raises:
        ConfigurationError: A file cannot be used, two books share a name or claim the same customers, or a meter is not defined
            or defined twice.
    """
    shared = folder / "meters.yaml"
    meters = _validated(MeterFile, read_yaml(shared), shared).meters if shared.exists() else ()
    books = tuple(read_book(path) for path in sorted(folder.glob("*.y*ml")) if path != shared)
    for book in books:
        if [each.name for each in books].count(book.name) > 1:
            raise ConfigurationError(f"Two price books are called {book.name}.", remedy=f"Rename one of them in {folder}.")
    for one, other in combinations(books, 2):
        if claimed := next((claim for mine in one.assign for their in other.assign if (claim := mine.claims_too(their))), ""):
            raise ConfigurationError(
                f"The price books {one.name} and {other.name} both claim {claimed}.",
                valid="Of two assignments that meet an account the more particular one holds; these are equally particular.",
                remedy="Give one of them other conditions, or days (`starts_on`, `ends_on`) on which the other does not hold.",
            )
    if wrong := list(unmet_meters(books, meters)):
        raise ConfigurationError(f"Price books cannot be used: {'; '.join(wrong)}.", remedy="Define it under `meters`.")
    if wrong := sorted(disputed([*meters, *(meter for book in books for meter in book.meters)])):
        raise ConfigurationError(
            f"Meters are defined in several ways: {', '.join(wrong)}.",
            valid="Books share their meters: the same id means the same meter in all of them.",
            remedy=f"Define it once, in {shared}, or give one of them another id; `event` names the records it counts.",
        )
    return books, meters


def disputed(meters: Sequence[Meter]) -> set[str]:
    """Return the ids of meters that two definitions differ about; what a unit is called does not matter."""
    first: dict[str, Meter] = {}
    counted = [meter.model_copy(update={"unit": "", "event": meter.event_name}) for meter in meters]
    return {meter.id for meter in counted if first.setdefault(meter.id, meter) != meter}


def _validated(kind: type[T], raw: Any, path: Path) -> T:  # noqa: ANN401
    if not isinstance(raw, dict):
        held = "it holds nothing" if raw is None else f"it holds no fields but {repr(raw)[:_SHOWN]}"
        raise ConfigurationError(
            f"{path} cannot be used: {held}.",
            valid=f"Valid: fields such as {', '.join(name for name, each in kind.model_fields.items() if each.is_required())}.",
            remedy=_FIELDS,
        )
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        raise ConfigurationError(f"{path} cannot be used: {'; '.join(_places(error))}.", remedy=_FIELDS) from error
    except UnknownValueError as error:
        raise ConfigurationError(f"{path} cannot be used: {error}", remedy=_FIELDS) from error


_FIELDS = "docs/reference/price-books.md lists every field."
_SHOWN = 60


def _places(error: ValidationError) -> Iterator[str]:
    """Yield each place that cannot be used, what stands there and what is wrong; a list left empty by such a place is none."""
    found = [(".".join(map(str, each["loc"])), each) for each in error.errors()]
    for place, each in found:
        if each["type"] == "too_short" and any(other.startswith(f"{place}.") for other, _ in found):
            continue
        words = each["msg"].removeprefix("Value error, ")
        if each["type"] == "extra_forbidden":
            yield f"{place}: there is no such field"
        elif isinstance(each["input"], dict | list | tuple):
            yield f"{place}: {words}" if place else words
        else:
            yield f"{place}: {words}, not {str(each['input'])[:_SHOWN]!r}"
