"""Prices as flat rows: tiers, packages and blocks get one shape, so that one statement rates them all.

The amount of a quantity q is found in the row with ``over < q <= up_to`` of its rate:

    base_amount + min(cap, flat_fee + unit_price × n),   n = q − origin, or whole blocks of it

``base_amount`` is what the tiers below cost in full. Bounds carry the policy's choice of inclusive side; row 0 is the amount
without use.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal, localcontext

from growthring.kernel.currency import exponent
from growthring.pricing.policy import RatingPolicy
from growthring.pricing.price import (
    Block,
    Capacity,
    Dynamic,
    Graduated,
    GraduatedPercentage,
    Package,
    Percentage,
    PerUnit,
    SimplePrice,
    StairStep,
    Tier,
    Volume,
)

UNBOUNDED = Decimal("999999999999.999999")
STEP = Decimal("0.000001")
NO_CAP = Decimal("999999999999999999999999")
RAW_DECIMALS = 14


@dataclass(frozen=True, slots=True)
class RateTier:
    """One row of a rate.

    Attributes:
        tier: Position from 1; 0 is the row without use.
        over: Lower bound, exclusive.
        up_to: Upper bound, inclusive.
        base_amount: What the tiers below cost in full.
        flat_fee: Fee for reaching the tier.
        unit_price: Price of a unit, or of a block.
        origin: Subtracted from the quantity before it is multiplied.
        block: Units of a block in millionths; 0 for none.
        block_up: 1 when a part of a block costs a whole one, 0 when nothing.
        cap: The tier never costs more.
    """

    tier: int
    over: Decimal
    up_to: Decimal
    base_amount: Decimal = Decimal(0)
    flat_fee: Decimal = Decimal(0)
    unit_price: Decimal = Decimal(0)
    origin: Decimal = Decimal(0)
    block: int = 0
    block_up: int = 1
    cap: Decimal = NO_CAP

    def amount(self, quantity: Decimal, decimals: int = RAW_DECIMALS) -> Decimal:
        """Return the amount of a quantity in this row, rounded in the tier to some decimals."""
        return self.base_amount + self.part(quantity, decimals)

    def part(self, quantity: Decimal, decimals: int = RAW_DECIMALS) -> Decimal:
        """Return what the tier itself costs."""
        priced = _rounded(self.unit_price * self.units(quantity), decimals)
        return min(self.cap, _rounded(self.flat_fee, decimals) + priced)

    def units(self, quantity: Decimal) -> Decimal:
        """Return the units or blocks that the tier prices."""
        if not self.block:
            return quantity - self.origin
        millionths = int((quantity - self.origin) * 1_000_000)
        return Decimal((millionths + self.block_up * (self.block - 1)) // self.block)


@dataclass(frozen=True, slots=True)
class Rate:
    """A compiled price.

    Attributes:
        tiers: Rows in ascending order, covering every quantity.
        decimals: Decimals each tier's part is rounded to; 14 rounds nothing.
        fee_per_event: Fee of each record beside the quantity's price.
        carried: Times the prices that records carry.
    """

    tiers: tuple[RateTier, ...]
    decimals: int = RAW_DECIMALS
    fee_per_event: Decimal = Decimal(0)
    carried: Decimal = Decimal(0)

    def landing(self, quantity: Decimal) -> RateTier:
        """Return the row a quantity lies in."""
        return next(row for row in self.tiers if row.over < quantity <= row.up_to)

    @property
    def is_due_without_use(self) -> bool:
        """Whether a period without any record costs something."""
        return self.landing(Decimal(0)).amount(Decimal(0), self.decimals) != 0


def compile_price(price: SimplePrice, policy: RatingPolicy, currency: str) -> Rate:
    """Compile a price that depends on one quantity.

    Args:
        price: Any model but flat fees and capacity tiers; a percentage with allowances or limits per event has no rate.
        policy: How bounds, fractions and empty periods are read.
        currency: Decides what tiers are rounded to, where the policy rounds them.
    """
    decimals = exponent(currency) if policy.tier_rounding == "minor_unit" else RAW_DECIMALS
    with localcontext(prec=76):
        rows = tuple(_rows(price, policy, currency, decimals))
    return Rate(
        rows,
        decimals,
        fee_per_event=price.fixed_per_event if isinstance(price, Percentage) else Decimal(0),
        carried=price.multiplier if isinstance(price, Dynamic) else Decimal(0),
    )


def _rows(price: SimplePrice, policy: RatingPolicy, currency: str, decimals: int) -> Iterator[RateTier]:
    match price:
        case Volume() | StairStep():
            yield from _volume(price.tiers, policy)
        case Package():
            yield from _package(price, policy)
        case Block():
            yield from _block(price, policy, decimals)
        case Capacity():
            yield from _capacity(price, policy, currency, decimals)
        case Dynamic():
            yield RateTier(0, -UNBOUNDED, UNBOUNDED)
        case _:
            yield from _graduated(_unit_tiers(price), policy, decimals)


def _unit_tiers(price: SimplePrice) -> tuple[Tier, ...]:
    match price:
        case PerUnit():
            return (Tier(unit_price=price.unit_price),)
        case Percentage():
            return (Tier(unit_price=price.rate / 100),)
        case Graduated():
            return price.tiers
        case GraduatedPercentage():
            return price.as_graduated().tiers
    raise TypeError(f"{price.model} has no rate")


def _rounded(amount: Decimal, decimals: int) -> Decimal:
    return amount if decimals >= RAW_DECIMALS else amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _without_use(policy: RatingPolicy, first: Tier, *, is_volume: bool) -> RateTier:
    """Return the row of no use; quantities below zero, where a meter keeps them, are priced like the first units."""
    due = policy.zero_usage_flat == "first_tier" or (policy.zero_usage_flat == "volume_only" and is_volume)
    unit = Decimal(0) if first.package_size else first.unit_price
    return RateTier(0, -UNBOUNDED, Decimal(0), flat_fee=first.flat_fee if due else Decimal(0), unit_price=unit)


def _bounded(rows: Iterator[RateTier], policy: RatingPolicy) -> Iterator[RateTier]:
    """Move bounds by the smallest step where a quantity equal to a bound belongs above it."""
    for row in rows:
        if policy.tier_bounds == "from_inclusive" and row.tier > 0:
            over = row.over - STEP if row.over > 0 else row.over
            up_to = row.up_to if row.up_to == UNBOUNDED else row.up_to - STEP
            yield replace(row, over=over, up_to=up_to)
        else:
            yield row


def _graduated(tiers: Sequence[Tier], policy: RatingPolicy, decimals: int) -> Iterator[RateTier]:
    yield _without_use(policy, tiers[0], is_volume=False)
    yield from _bounded(_stacked(tiers, decimals), policy)


def _stacked(tiers: Sequence[Tier], decimals: int) -> Iterator[RateTier]:
    base = lower = Decimal(0)
    for number, tier in enumerate(tiers, start=1):
        row = RateTier(
            number, lower, UNBOUNDED if tier.up_to is None else tier.up_to, base, tier.flat_fee, tier.unit_price, lower,
            _millionths(tier.package_size), cap=NO_CAP if tier.cap is None else tier.cap,
        )  # fmt: skip
        yield row
        base, lower = row.amount(row.up_to, decimals), row.up_to


def _volume(tiers: Sequence[Tier], policy: RatingPolicy) -> Iterator[RateTier]:
    yield _without_use(policy, tiers[0], is_volume=True)
    for row in _bounded(_by_total(tiers), policy):
        if policy.fractions == "gap" and row.up_to != UNBOUNDED:
            last_whole = max(row.over, row.up_to + STEP - 1)
            yield from (
                each
                for each in (replace(row, up_to=last_whole), RateTier(row.tier, last_whole, row.up_to))
                if each.over < each.up_to
            )
        else:
            yield row


def _by_total(tiers: Sequence[Tier]) -> Iterator[RateTier]:
    lower = Decimal(0)
    for number, tier in enumerate(tiers, start=1):
        up_to = UNBOUNDED if tier.up_to is None else tier.up_to
        cap = NO_CAP if tier.cap is None else tier.cap
        block = _millionths(tier.package_size)
        yield RateTier(number, lower, up_to, flat_fee=tier.flat_fee, unit_price=tier.unit_price, block=block, cap=cap)
        lower = up_to


def _package(price: Package, policy: RatingPolicy) -> Iterator[RateTier]:
    least = max(price.minimum_packages, 1 if policy.package_minimum == "one" else 0)
    bound = price.free_units + least * price.package_size
    yield RateTier(0, -UNBOUNDED, bound, flat_fee=least * price.package_price)
    yield RateTier(
        1, bound, UNBOUNDED, unit_price=price.package_price, origin=price.free_units,
        block=_millionths(price.package_size), block_up=int(price.round == "up"),
    )  # fmt: skip


def _block(price: Block, policy: RatingPolicy, decimals: int) -> Iterator[RateTier]:
    yield RateTier(0, -UNBOUNDED, Decimal(0))
    base = lower = Decimal(0)
    graduated = price.mode == "all_tiers"
    for number, tier in enumerate(price.tiers, start=1):
        up_to = UNBOUNDED if tier.max_blocks is None else lower + tier.size * tier.max_blocks
        row = RateTier(
            number, lower, up_to, base if graduated else Decimal(0), unit_price=tier.price,
            origin=lower if graduated else Decimal(0), block=_millionths(tier.size),
        )  # fmt: skip
        is_last = number == len(price.tiers)
        ends = graduated and policy.block_overflow == "stop"
        yield replace(row, up_to=UNBOUNDED) if is_last and not ends else row
        base, lower = row.amount(up_to, decimals), up_to
    if ends and lower < UNBOUNDED:
        yield RateTier(len(price.tiers), lower, UNBOUNDED, base)


def _capacity(price: Capacity, policy: RatingPolicy, currency: str, decimals: int) -> Iterator[RateTier]:
    cut = policy.unit_price_rounding == "minor_unit"
    overage = _rounded(price.overage_price, exponent(currency)) if cut else price.overage_price
    yield RateTier(0, -UNBOUNDED, Decimal(0), flat_fee=price.amount)
    if price.included > 0:
        yield RateTier(1, Decimal(0), price.included, flat_fee=price.amount)
    yield RateTier(
        2, price.included, UNBOUNDED, _rounded(price.amount, decimals), unit_price=overage, origin=price.included,
        block=1_000_000 if cut else 0, block_up=0,
    )  # fmt: skip


def _millionths(units: Decimal | None) -> int:
    return 0 if units is None else int(units * 1_000_000)
