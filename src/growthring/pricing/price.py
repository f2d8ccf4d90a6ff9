"""Price models: how a quantity becomes an amount.

Sources of the semantics: Lago charge models, OpenMeter prices, Stripe tiers, Orb prices, Kill Bill usage tiers, Meteroid and
Flexprice prices; where they differ, a rating policy decides (`pricing/policy.py`).
"""

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from growthring.pricing.meter import Model

Quantity = Annotated[Decimal, Field(max_digits=18, decimal_places=6)]
UnitPrice = Annotated[Decimal, Field(max_digits=18, decimal_places=8)]
Money = Annotated[Decimal, Field(max_digits=18, decimal_places=4)]
Percent = Annotated[Decimal, Field(max_digits=18, decimal_places=6)]


class Flat(Model):
    """A fee per billing period, whatever is used."""

    model: Literal["flat"] = "flat"
    amount: Money = Field(description="Fee of one billing period.")
    prorate: bool = Field(True, description="Charge the share of days the subscription was active in the period.")


class PerUnit(Model):
    """Every unit at one price."""

    model: Literal["per_unit"] = "per_unit"
    unit_price: UnitPrice = Field(description="Price of one unit.")


class Tier(Model):
    """One tier of a graduated or volume price."""

    up_to: Quantity | None = Field(None, description="Upper bound, cumulative; empty for the last tier.")
    unit_price: UnitPrice = Field(Decimal(0), description="Price of one unit in the tier.")
    flat_fee: UnitPrice = Field(Decimal(0), description="Fee for reaching the tier.")
    package_size: Annotated[Quantity, Field(gt=0)] | None = Field(
        None, description="Units sold together in the tier; unit_price is then the price of a package."
    )
    cap: UnitPrice | None = Field(None, description="The tier never costs more than this.")


def _ascending(bounds: list[Decimal | None]) -> None:
    known = [bound for bound in bounds[:-1] if bound is not None]
    if len(known) < len(bounds) - 1 or bounds[-1] is not None:
        raise ValueError(
            "every tier but the last needs up_to, and the last leaves it empty: some price must hold for any quantity"
        )
    if any(high <= low for low, high in pairwise(known)) or (known and known[0] <= 0):
        raise ValueError("up_to must rise from tier to tier and be above zero")


class _Tiered(Model):
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1)] = Field(description="Tiers in ascending order.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        _ascending([tier.up_to for tier in self.tiers])
        return self


class _TieredUnits(_Tiered):
    tiers_by: Literal["quantity", "full_units"] = Field(
        "quantity",
        description=(
            "full_units: units of a prorated meter count in full when tiers are chosen, for their share of the period when they"
            " are priced."
        ),
    )

    @model_validator(mode="after")
    def _plain_where_prorated(self) -> Self:
        if self.tiers_by == "full_units" and any(tier.package_size or tier.cap is not None for tier in self.tiers):
            raise ValueError("tiers by full units have no package_size and no cap: parts of units are priced")
        return self


class Graduated(_TieredUnits):
    """Each unit at the price of the tier it lies in."""

    model: Literal["graduated"] = "graduated"


class Volume(_TieredUnits):
    """All units at the price of the tier the total reaches."""

    model: Literal["volume"] = "volume"


class StairStep(_Tiered):
    """One fee by the tier the total reaches, whatever the quantity in it."""

    model: Literal["stair_step"] = "stair_step"

    @model_validator(mode="after")
    def _only_fees(self) -> Self:
        if any(tier.unit_price for tier in self.tiers):
            raise ValueError("stair_step tiers have a flat_fee and no unit_price; use volume for both")
        return self


class Package(Model):
    """Units sold in packages; part of a package costs a whole one."""

    model: Literal["package"] = "package"
    package_size: Annotated[Quantity, Field(gt=0)] = Field(description="Units in a package.")
    package_price: UnitPrice = Field(description="Price of a package.")
    free_units: Annotated[Quantity, Field(ge=0)] = Field(Decimal(0), description="Units that cost nothing.")
    round: Literal["up", "down"] = Field("up", description="down: an incomplete package costs nothing.")
    minimum_packages: Annotated[int, Field(ge=0)] = Field(0, description="Packages billed in every period, even without use.")


class Percentage(Model):
    """A share of the money that flows through, with an allowance and limits per event.

    The free allowance ends when either `free_events` or `free_amount` is used up, whichever comes first.
    """

    model: Literal["percentage"] = "percentage"
    rate: Percent = Field(description="Percent of the amount.")
    fixed_per_event: UnitPrice = Field(Decimal(0), description="Fee of each event that is not free.")
    free_events: Annotated[int, Field(ge=0)] | None = Field(None, description="Events that cost nothing.")
    free_amount: Annotated[Quantity, Field(ge=0)] | None = Field(None, description="Amount that costs nothing.")
    minimum_per_event: UnitPrice | None = Field(None, description="Least fee of an event, fixed fee included.")
    maximum_per_event: UnitPrice | None = Field(None, description="Highest fee of an event, fixed fee included.")

    @property
    def is_per_event(self) -> bool:
        """Whether the fee depends on each event rather than on their sum and number."""
        return not (
            self.free_events is None
            and self.free_amount is None
            and self.minimum_per_event is None
            and self.maximum_per_event is None
        )


class PercentTier(Model):
    """One tier of a graduated percentage."""

    up_to: Quantity | None = Field(None, description="Upper bound of the amount, cumulative; empty for the last tier.")
    rate: Percent = Field(description="Percent of the amount in the tier.")
    flat_fee: UnitPrice = Field(Decimal(0), description="Fee for reaching the tier.")


class GraduatedPercentage(Model):
    """Each part of an amount at the percentage of the tier it lies in."""

    model: Literal["graduated_percentage"] = "graduated_percentage"
    tiers: Annotated[tuple[PercentTier, ...], Field(min_length=1)] = Field(description="Tiers in ascending order.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        _ascending([tier.up_to for tier in self.tiers])
        return self

    def as_graduated(self) -> Graduated:
        """Return the same price with unit prices instead of percentages."""
        return Graduated(
            tiers=tuple(Tier(up_to=tier.up_to, unit_price=tier.rate / 100, flat_fee=tier.flat_fee) for tier in self.tiers)
        )


class Dynamic(Model):
    """The price each record carries, times a factor."""

    model: Literal["dynamic"] = "dynamic"
    multiplier: UnitPrice = Field(Decimal(1), description="Times the carried price.")


class Capacity(Model):
    """A fee for a capacity, and a unit price beyond it."""

    model: Literal["capacity"] = "capacity"
    amount: Money = Field(description="Fee of the capacity.")
    included: Annotated[Quantity, Field(ge=0)] = Field(description="Units in the fee.")
    overage_price: UnitPrice = Field(description="Price of each unit beyond.")


class BlockTier(Model):
    """A tier of Kill Bill's consumable usage: blocks of units, and how many blocks the tier holds."""

    size: Annotated[Quantity, Field(gt=0)] = Field(description="Units in a block.")
    max_blocks: Annotated[int, Field(gt=0)] | None = Field(
        None, description="Blocks the tier holds, not a cumulative bound; empty for no end."
    )
    price: UnitPrice = Field(description="Price of a block.")


class Block(Model):
    """Blocks of units in tiers that hold a number of blocks each (Kill Bill)."""

    model: Literal["block"] = "block"
    tiers: Annotated[tuple[BlockTier, ...], Field(min_length=1)] = Field(description="Tiers in order.")
    mode: Literal["all_tiers", "top_tier"] = Field(
        "all_tiers", description="all_tiers: graduated; top_tier: all blocks at the last tier reached."
    )


class CapacityTier(Model):
    """A price, and the limits of every meter under which it holds."""

    price: UnitPrice = Field(description="Fee of the period.")
    limits: dict[str, Quantity | None] = Field(
        {}, description="Highest quantity by meter, inclusive; empty or absent for no limit."
    )


class CapacityTiers(Model):
    """One fee by the first tier whose every limit holds; above the last tier its fee holds (Kill Bill capacity)."""

    model: Literal["capacity_tiers"] = "capacity_tiers"
    tiers: Annotated[tuple[CapacityTier, ...], Field(min_length=1)] = Field(description="Tiers in ascending order.")

    @property
    def meters(self) -> tuple[str, ...]:
        """Meters whose quantities decide."""
        return tuple(sorted({meter for tier in self.tiers for meter in tier.limits}))


SimplePrice: TypeAlias = Annotated[
    Flat
    | PerUnit
    | Graduated
    | Volume
    | StairStep
    | Package
    | Percentage
    | GraduatedPercentage
    | Dynamic
    | Capacity
    | Block
    | CapacityTiers,
    Field(discriminator="model"),
]


CellPrice: TypeAlias = Annotated[
    PerUnit | Graduated | Volume | StairStep | Package | GraduatedPercentage | Capacity | Block, Field(discriminator="model")
]


class Cell(Model):
    """The price of records with certain values of dimensions."""

    when: dict[str, str] = Field(description="Value by dimension; dimensions not named may have any value.")
    price: CellPrice = Field(description="Their price.")

    @model_validator(mode="after")
    def _by_quantity(self) -> Self:
        if isinstance(self.price, Graduated | Volume) and self.price.tiers_by == "full_units":
            raise ValueError("prices by dimensions choose tiers by quantity; use a component of its own for tiers by full units")
        return self


class Matrix(Model):
    """Prices by values of one or more dimensions; the cell that names most dimensions wins, then the first."""

    model: Literal["matrix"] = "matrix"
    cells: Annotated[tuple[Cell, ...], Field(min_length=1)] = Field(description="Prices by dimension values.")
    default: CellPrice | None = Field(None, description="Price of everything else; without it, that is a problem row.")


Price: TypeAlias = Annotated[
    Flat
    | PerUnit
    | Graduated
    | Volume
    | StairStep
    | Package
    | Percentage
    | GraduatedPercentage
    | Dynamic
    | Capacity
    | Block
    | CapacityTiers
    | Matrix,
    Field(discriminator="model"),
]
