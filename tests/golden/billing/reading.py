"""Reading a worked case: the name of its model into a base and modifiers, its price into a component, its inputs into usage."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from growthring.pricing.adjustment import Adjustment, AdjustmentKind
from growthring.pricing.book import Component
from growthring.pricing.meter import Conversion, Rounding
from growthring.pricing.policy import RatingPolicy, rating_preset
from growthring.pricing.price import (
    Block,
    BlockTier,
    Capacity,
    CapacityTier,
    CapacityTiers,
    Dynamic,
    Flat,
    Graduated,
    GraduatedPercentage,
    Package,
    Percentage,
    PercentTier,
    PerUnit,
    SimplePrice,
    Tier,
    Volume,
)
from tests.golden.billing.running import METER, ZERO


class NotUnderstoodError(Exception):
    """A case says something no adapter reads."""


BASES = {
    "per_unit": "per_unit", "standard": "per_unit", "unit": "per_unit", "graduated": "graduated", "slab": "graduated",
    "tiered": "graduated", "tiered_graduated": "graduated", "tiered_slab": "graduated", "volume": "volume", "bulk": "volume",
    "tiered_volume": "volume", "stair_step": "volume", "stairstep": "volume", "package": "package", "percentage": "percentage",
    "graduated_percentage": "graduated_percentage", "block": "block_all_tiers", "block_all_tiers": "block_all_tiers",
    "all_tiers": "block_all_tiers", "block_top_tier": "block_top_tier", "top_tier": "block_top_tier",
    "capacity_tier": "capacity_tier", "capacity_tiers": "capacity_tier", "capacity": "capacity", "dynamic": "dynamic",
    "dynamic_multiplier": "dynamic", "flat": "flat", "flat_fee": "flat",
}  # fmt: skip
"""Base price by the words that name it."""

_MODIFIER_WORDS = """
    adjusted adjustment adjustments amount amount_discount and bucketed cap capped cents charge commitment conversion cumulative
    delta disc discount discounts event events final fixed free free_amount free_events free_units fee fees flat grouped groups
    included incremental max maximum min min_max minimum minmax multi multi_unit multiplier negative overage package packages
    per_bucket per_event per_group percent percent_discount pct pct_discount price progressive prorated prorated_events quantity
    rate rated rerate rerated rerating rounded rounded_cents round_down round_up rounding sequence single_rate split tier
    tier_cap tier_flat tiers true_up unit_conversion unitconfig unit_config usage_discount with zero zero_usage
"""
MODIFIERS = frozenset(_MODIFIER_WORDS.split())
"""Words that say how the base is used; the price and the inputs hold the figures."""


@dataclass(frozen=True)
class ModelName:
    """The base a model's name names (empty when the price has to tell) and its modifiers."""

    base: str
    modifiers: frozenset[str]


def read_model(model: str) -> ModelName:
    """Read the name of a model.

    Raises:
        NotUnderstoodError: Names the words no adapter knows.
    """
    words = model.lower().replace("-", "_").split("_")
    bases: list[str] = []
    modifiers: set[str] = set()
    unknown: list[str] = []
    at = 0
    while at < len(words):
        for size in range(len(words) - at, 0, -1):
            text = "_".join(words[at : at + size])
            if text in BASES and not (bases and text in MODIFIERS):
                bases.append(BASES[text])
                break
            if text in MODIFIERS:
                modifiers.add(text)
                break
        else:
            unknown.append(words[at])
            size = 1
        at += size
    if unknown:
        raise NotUnderstoodError(f"the model {model} has words no adapter knows: {', '.join(unknown)}")
    if len(bases) > 1:
        raise NotUnderstoodError(f"the model {model} names more than one price: {', '.join(bases)}")
    return ModelName(bases[0] if bases else "", frozenset(modifiers))


@dataclass
class Terms:
    """What a case says, with a note of what was read."""

    held: Mapping[str, Any]
    seen: set[str] = field(default_factory=set)

    def first(self, *names: str) -> Any:
        """Return the first of several keys that holds something."""
        for name in names:
            if name in self.held:
                self.seen.add(name)
                if self.held[name] is not None:
                    return self.held[name]
        return None

    def number(self, *names: str) -> Decimal | None:
        """Return a number by the first of several keys; words for no limit are none."""
        return number(self.first(*names))

    @property
    def unread(self) -> list[str]:
        """Keys nothing asked for."""
        return sorted(set(self.held) - self.seen)


_ENDLESS = {"", "inf", "infinity", "∞", "-1", "unlimited", "none", "null"}


def number(value: Any) -> Decimal | None:
    """Return a number, or nothing for null and for words that mean no limit."""
    if value is None or str(value).strip().lower() in _ENDLESS - {"-1"}:
        return None
    return Decimal(str(value).strip().rstrip("%").replace(",", ""))


def _bound(value: Any) -> Decimal | None:
    return None if str(value).strip().lower() in _ENDLESS else number(value)


UNIT = ("unit", "unit_price", "unit_amount", "per_unit", "per_unit_amount", "price_per_unit", "price", "rate", "amount")
_FLAT = ("flat", "flat_fee", "flat_amount", "flat_price", "fixed", "fee")
_UP_TO = ("up_to", "to", "last_unit", "to_value", "upper", "end")
_FROM = ("first_unit", "from", "from_value", "lower", "start")
_SIZE = ("package_size", "block_size", "size")
MINIMUM = ("minimum", "min", "minimum_amount", "min_amount", "minimum_spend")
MAXIMUM = ("maximum", "max", "maximum_amount", "max_amount", "maximum_spend", "cap")
PERCENT = ("discount_pct", "percent_discount", "discount_percent", "pct_discount", "percentage_discount")
FREE = ("free_units", "usage_discount", "usage_discount_units", "included_units", "usage_discount_quantity", "free_quantity")


def _bounds(tiers: Sequence[Mapping[str, Any]]) -> list[Decimal | None]:
    """Return the upper bound of each tier; tiers written by their first unit end where the next begins."""
    found: list[Decimal | None] = []
    for place, tier in enumerate(tiers):
        is_last = place == len(tiers) - 1
        named = next((key for key in _UP_TO if key in tier), None)
        following = None if is_last else next((tiers[place + 1][key] for key in _FROM if key in tiers[place + 1]), None)
        found.append(None if is_last else _bound(tier[named] if named else following))
    return found


def _tier(raw: Mapping[str, Any], up_to: Decimal | None) -> Tier:
    terms = Terms(raw)
    return Tier(
        up_to=up_to,
        unit_price=terms.number(*UNIT) or ZERO,
        flat_fee=terms.number(*_FLAT) or ZERO,
        package_size=terms.number(*_SIZE),
        cap=terms.number("cap", "flat_cap", "tier_cap", "max_amount", "maximum"),
    )


def _tiers(terms: Terms) -> tuple[Tier, ...]:
    raw = terms.first("tiers", "ranges", "slabs", "rows")
    if raw is None:
        lone = next((key for key in terms.held if re.fullmatch(r"tier_?\d+_(unit|unit_price|price|rate)", key)), "")
        if not lone:
            raise NotUnderstoodError(f"no tiers in the price: it holds {sorted(terms.held)}")
        return (Tier(unit_price=terms.number(lone) or ZERO),)
    shared_cap = terms.number("tier_cap", "flat_cap")
    read = (_tier(each, up_to) for each, up_to in zip(raw, _bounds(raw), strict=True))
    return tuple(
        each if each.cap is not None or shared_cap is None else each.model_copy(update={"cap": shared_cap}) for each in read
    )


def _percent_tiers(terms: Terms) -> tuple[PercentTier, ...]:
    raw = terms.first("tiers", "ranges")
    return tuple(
        PercentTier(
            up_to=up_to,
            rate=Terms(each).number("rate_pct", "pct", "percent", "rate") or ZERO,
            flat_fee=Terms(each).number(*_FLAT) or ZERO,
        )
        for each, up_to in zip(raw, _bounds(raw), strict=True)
    )


def block_tiers(raw: Any) -> tuple[BlockTier, ...]:
    """Read Kill Bill's tiers: size of a block, blocks the tier holds, price of a block."""
    listed = raw.get("tiers", [raw]) if isinstance(raw, Mapping) else raw
    found = []
    for each in listed:
        terms = Terms(each)
        most = _bound(terms.first("max_blocks", "max", "capacity"))
        found.append(
            BlockTier(
                size=terms.number(*_SIZE, "block") or Decimal(1),
                max_blocks=None if most is None else int(most),
                price=terms.number("price", "block_price", "unit_price", "unit") or ZERO,
            )
        )
    return tuple(found)


def _limits(raw: Any) -> dict[str, Decimal | None]:
    if isinstance(raw, list):
        return {each["unit"]: _bound(each.get("max", each.get("limit"))) for each in raw}
    if isinstance(raw, Mapping):
        return {unit: _bound(limit) for unit, limit in raw.items()}
    return {} if _bound(raw) is None else {METER: _bound(raw)}


def _capacity_tiers(terms: Terms) -> CapacityTiers:
    return CapacityTiers(
        tiers=tuple(
            CapacityTier(
                price=number(each.get("price", each.get("fee", each.get("amount")))) or ZERO,
                limits=_limits(each.get("limits", each.get("max"))),
            )
            for each in terms.first("tiers")
        )
    )


def _package(terms: Terms) -> Package:
    rounding = str(terms.first("round", "rounding", "round_mode") or "up").lower()
    return Package(
        package_size=terms.number("package_size", "size", "block_size", "package_units", "divide_by") or Decimal(1),
        package_price=terms.number("package_price", "price", "unit", "unit_price", "amount") or ZERO,
        free_units=terms.number(*FREE) or ZERO,
        round="down" if rounding in ("down", "floor") else "up",
        minimum_packages=int(terms.number("minimum_packages", "min_packages") or 0),
    )


def _percentage(terms: Terms) -> Percentage:
    free_events = terms.number("free_events", "free_units_per_events")
    return Percentage(
        rate=terms.number("rate_pct", "rate", "pct", "percent") or ZERO,
        fixed_per_event=terms.number("fixed_per_event", "fixed_amount", "fixed", "flat_per_event") or ZERO,
        free_events=None if free_events is None else int(free_events),
        free_amount=terms.number("free_amount", "free_units_per_total_aggregation", "free_units"),
        minimum_per_event=terms.number("min_per_event", "minimum_per_event", "per_transaction_min_amount"),
        maximum_per_event=terms.number("max_per_event", "maximum_per_event", "per_transaction_max_amount"),
    )


def _per_unit(terms: Terms) -> PerUnit:
    cents = terms.number("unit_cents", "unit_amount_cents", "unit_amount_decimal", "price_cents", "cents")
    unit = terms.number(*UNIT)
    if cents is not None:
        unit = cents / 100
    return PerUnit(unit_price=Decimal(1) if unit is None else unit)


_PRICES: dict[str, Callable[[Terms], SimplePrice]] = {
    "per_unit": _per_unit,
    "graduated": lambda terms: Graduated(tiers=_tiers(terms)),
    "volume": lambda terms: Volume(tiers=_tiers(terms)),
    "package": _package,
    "percentage": _percentage,
    "graduated_percentage": lambda terms: GraduatedPercentage(tiers=_percent_tiers(terms)),
    "dynamic": lambda terms: Dynamic(multiplier=terms.number("multiplier", "factor", "rate") or Decimal(1)),
    "block_all_tiers": lambda terms: Block(tiers=block_tiers(terms.first("tiers")), mode="all_tiers"),
    "block_top_tier": lambda terms: Block(tiers=block_tiers(terms.first("tiers")), mode="top_tier"),
    "capacity_tier": _capacity_tiers,
    "capacity": lambda terms: Capacity(
        amount=terms.number("amount", "fee", "rate", "flat", "price", "capacity_price") or ZERO,
        included=terms.number("included", "included_units", "capacity", "free_units") or ZERO,
        overage_price=terms.number("overage_rate", "overage_price", "overage", "unit", "per_unit") or ZERO,
    ),
    "flat": lambda terms: Flat(amount=terms.number(*_FLAT, *UNIT) or ZERO),
}


def base_of(price: Mapping[str, Any]) -> str:
    """Tell the base from the price, where the model's name does not."""
    tiers = price.get("tiers") or []
    first = tiers[0] if tiers else {}
    signs = (
        ("capacity_tier", "limits" in first),
        ("block_all_tiers", "size" in first),
        ("graduated_percentage", "rate_pct" in first),
        ("graduated", bool(tiers)),
        ("package", "package_size" in price),
        ("capacity", "included" in price and ("overage_rate" in price or "overage_price" in price)),
        ("percentage", "rate_pct" in price),
        ("dynamic", "multiplier" in price),
    )
    named = (str(price.get(key)).lower() for key in ("tier_mode", "mode", "model", "type", "charge_model"))
    return next((BASES[word] for word in named if word in BASES), next((base for base, holds in signs if holds), "per_unit"))


def _conversion(raw: Mapping[str, Any] | None) -> Conversion | None:
    if raw is None:
        return None
    names = {
        "ceil": Rounding.CEILING, "ceiling": Rounding.CEILING, "up": Rounding.CEILING, "floor": Rounding.FLOOR,
        "down": Rounding.FLOOR, "half_up": Rounding.HALF_UP, "round": Rounding.HALF_UP, "none": Rounding.NONE, "": Rounding.NONE,
    }  # fmt: skip
    word = str(raw.get("round", raw.get("rounding")) or "").lower()
    if word not in names:
        raise NotUnderstoodError(f"rounding {word} of a conversion")
    operation = str(raw.get("operation", "multiply" if "multiply_by" in raw else "divide")).lower().rstrip("_by")
    factor = number(raw.get("factor", raw.get("divide_by", raw.get("multiply_by")))) or Decimal(1)
    return Conversion(
        operation="multiply" if operation.startswith("mul") else "divide",
        factor=factor,
        round=names[word],
        precision=int(raw.get("precision") or 0),
    )


def _adjustments(terms: Terms) -> tuple[Adjustment, ...]:
    found = []
    for kind, names in (
        (AdjustmentKind.AMOUNT_DISCOUNT, ("discount_amount", "amount_discount", "fixed_discount", "discount_fixed")),
        (AdjustmentKind.MINIMUM, MINIMUM),
        (AdjustmentKind.MAXIMUM, MAXIMUM),
    ):
        if (amount := terms.number(*names)) is not None:
            found.append(Adjustment(kind=kind, amount=amount))
    if (percent := terms.number(*PERCENT)) is not None:
        found.append(Adjustment(kind=AdjustmentKind.PERCENT_DISCOUNT, percent=percent))
    if (commitment := terms.number("commitment", "commitment_amount")) is not None:
        is_true_up = str(terms.first("true_up")).lower() == "true"
        factor = terms.number("overage_factor", "overage_multiplier") or Decimal(1)
        found.append(Adjustment(kind=AdjustmentKind.OVERAGE, amount=commitment, factor=factor, true_up=is_true_up))
    return tuple(found)


_PRESETS = {
    "lago": "lago", "om": "openmeter", "openmeter": "openmeter", "kb": "killbill", "killbill": "killbill", "met": "meteroid",
    "meteroid": "meteroid", "flex": "flexprice", "flexprice": "flexprice", "stripe": "stripe", "orb": "orb",
}  # fmt: skip


def policy_of(case: Mapping[str, Any], price: Terms) -> RatingPolicy:
    """Return the rating policy of the system a case comes from, with the flags its price sets."""
    words = [str(case["id"]).split("-")[0].lower(), *re.findall(r"[a-z]+", str(case.get("source", "")).lower())]
    preset = rating_preset(next((_PRESETS[word] for word in words if word in _PRESETS), "standard"))
    changes: dict[str, Any] = {}
    flag = price.first("zero_usage_first_flat")
    if flag is not None:
        changes["zero_usage_flat"] = "first_tier" if str(flag).lower() == "true" else "none"
    boundary = str(price.first("boundary", "bounds") or "").lower()
    if re.search(r"lower bound inclusive|first_unit|from inclusive", boundary):
        changes["tier_bounds"] = "from_inclusive"
    elif re.search(r"upper bound inclusive|up_to inclusive|to inclusive", boundary):
        changes["tier_bounds"] = "up_to_inclusive"
    if "chargebee" in words or price.first("minimum_one_package", "min_one_package"):
        changes["package_minimum"] = "one"
    order = [str(each).lower().replace(" ", "_") for each in price.first("order", "adjustment_order") or []]
    if order and set(order) <= {kind.value for kind in AdjustmentKind}:
        changes["adjustment_order"] = (*order, *(kind for kind in AdjustmentKind if kind.value not in order))
    return RatingPolicy.model_validate({**preset.model_dump(), **changes}) if changes else preset


@dataclass(frozen=True)
class Offer:
    """What a case prices and how.

    Attributes:
        name: The model's name, read.
        components: One component a meter.
        policy: How prices are read.
        currency: Currency billed in.
        price: The case's price, with a note of what was read.
    """

    name: ModelName
    components: tuple[Component, ...]
    policy: RatingPolicy
    currency: str
    price: Terms

    @property
    def component(self) -> Component:
        """The first component."""
        return self.components[0]

    def adjusted(self, adjustments: Sequence[Adjustment]) -> "Offer":
        """Return the offer with other adjustments of each component."""
        changed = tuple(each.model_copy(update={"adjustments": tuple(adjustments)}) for each in self.components)
        return replace(self, components=changed)

    def priced(self, **changes: Any) -> "Offer":
        """Return the offer with other fields of its price."""
        price = self.component.price
        assert price is not None
        return replace(self, components=(self.component.model_copy(update={"price": price.model_copy(update=changes)}),))


def read_offer(case: Mapping[str, Any]) -> Offer:
    """Read what a case prices.

    Raises:
        NotUnderstoodError: Names what no adapter reads.
    """
    price = Terms(case.get("price") or {})
    name = read_model(case["model"])
    base = name.base or base_of(price.held)
    name = replace(name, base=base)
    price.first("currency", "notes", "flat_fee_policy", "mode")
    free = ZERO if base in ("package", "percentage", "capacity") else price.number(*FREE) or ZERO
    common = {
        "conversion": _conversion(price.first("conversion", "unit_config", "transform_quantity")),
        "included_units": free,
        "included_percent": price.number("usage_discount_pct", "usage_discount_percent") or ZERO,
        "adjustments": _adjustments(price),
    }
    units = price.first("units", "meters")
    if isinstance(units, Mapping):
        built = [(meter, _PRICES[base](Terms({"tiers": raw} if isinstance(raw, list) else raw))) for meter, raw in units.items()]
    else:
        built = [(METER, _PRICES[base](price))]
    if name.modifiers & {"prorated", "prorated_events"} and base in ("graduated", "volume"):
        built = [(meter, each.model_copy(update={"tiers_by": "full_units"})) for meter, each in built]
    components = tuple(
        Component(id=f"c{place:03d}", meter="" if isinstance(each, Flat | CapacityTiers) else meter, price=each, **common)
        for place, (meter, each) in enumerate(built)
    )
    return Offer(
        name, components, policy_of(case, price), str(price.first("currency") or case.get("currency") or "USD").upper(), price
    )
