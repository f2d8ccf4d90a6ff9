"""Rating policies: the choices in which billing systems differ (billing §1g), named and shipped as presets."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal, Self

from pydantic import Field, model_validator

from growthring.kernel.errors import UnknownValueError
from growthring.pricing.adjustment import AdjustmentKind
from growthring.pricing.meter import Model

_DEFAULT_ORDER = (
    AdjustmentKind.AMOUNT_DISCOUNT,
    AdjustmentKind.PERCENT_DISCOUNT,
    AdjustmentKind.OVERAGE,
    AdjustmentKind.MINIMUM,
    AdjustmentKind.MAXIMUM,
)


class RatingPolicy(Model):
    """How a billing system reads a price book."""

    name: str = Field(description="Name of the policy.")
    title: str = Field("", description="What it reproduces, in one line.")
    source: str = Field("", description="Where its choices are documented.")
    tier_bounds: Literal["up_to_inclusive", "from_inclusive"] = Field(
        "up_to_inclusive", description="Whether a quantity equal to a bound is in the tier below (up_to) or above (from) it."
    )
    fractions: Literal["continuous", "gap"] = Field(
        "continuous",
        description="gap: with from_inclusive volume tiers a fraction between two whole bounds has no tier and costs nothing.",
    )
    zero_usage_flat: Literal["first_tier", "volume_only", "none"] = Field(
        "none", description="Whether the first tier's flat fee is due without any use."
    )
    block_overflow: Literal["last_tier", "stop"] = Field(
        "last_tier", description="What all_tiers blocks beyond the last tier's capacity cost: its price, or nothing."
    )
    tier_rounding: Literal["none", "minor_unit"] = Field(
        "none", description="minor_unit: the amount of each tier is rounded before tiers are added up."
    )
    unit_price_rounding: Literal["none", "minor_unit"] = Field(
        "none",
        description="minor_unit: the overage price of a capacity is rounded first, and its units are cut to whole ones.",
    )
    adjustment_order: tuple[AdjustmentKind, ...] = Field(_DEFAULT_ORDER, description="Order of the adjustment pipeline.")
    discounts_before_minimum: bool = Field(
        True,
        description="Whether a bill's minimum looks at amounts after discounts; no: the true-up is the same with a coupon.",
    )
    day_count: Literal["half_open", "inclusive", "second", "nominal"] = Field(
        "half_open",
        description="How a part of a period is counted: half-open, both ends, by second, or months of 30 days.",
    )
    package_minimum: Literal["none", "one"] = Field(
        "none", description="one: a package price bills at least one package a period."
    )
    booking: Literal["original", "current"] = Field(
        "original",
        description="Which period a later correction is booked on: the one it is about, or the one it became known in.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sorted(self.adjustment_order) != sorted(AdjustmentKind):
            raise ValueError(f"the order of adjustments names each of {', '.join(AdjustmentKind)} once")
        if self.fractions == "gap" and self.tier_bounds != "from_inclusive":
            raise ValueError("fractions = gap has a meaning for tier_bounds = from_inclusive only")
        return self


@cache
def rating_preset(name: str) -> RatingPolicy:
    """Return a shipped rating policy.

    Raises:
        UnknownValueError: There is none of that name.
    """
    if name not in rating_preset_names():
        raise UnknownValueError("rating policy", name, rating_preset_names())
    text = files("growthring.pricing").joinpath("presets", f"{name}.toml").read_text(encoding="utf-8")
    return RatingPolicy.model_validate(tomllib.loads(text))


@cache
def rating_preset_names() -> tuple[str, ...]:
    """Return the names of the shipped rating policies."""
    folder = files("growthring.pricing").joinpath("presets")
    return tuple(sorted(each.name.removesuffix(".toml") for each in folder.iterdir() if each.name.endswith(".toml")))
