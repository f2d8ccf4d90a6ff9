"""Rating of one bill in plain Decimal arithmetic: the second, independent implementation, and the one that explains.

It walks the tiers of the book as they are written; the SQL path looks amounts up in compiled rows. Both give the same digits.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from growthring.kernel.currency import exponent
from growthring.kernel.money import round_money
from growthring.pricing.adjustment import Adjustment, AdjustmentKind
from growthring.pricing.book import Component, Version
from growthring.pricing.full_units import Change, graduated_units, volume_units
from growthring.pricing.meter import Conversion, Rounding
from growthring.pricing.policy import RatingPolicy
from growthring.pricing.price import (
    Block,
    Capacity,
    CapacityTiers,
    Dynamic,
    Flat,
    Graduated,
    GraduatedPercentage,
    Matrix,
    Package,
    Percentage,
    PerUnit,
    Price,
    StairStep,
    Tier,
    Volume,
)

ZERO = Decimal(0)
_RAW = Decimal(1).scaleb(-14)
_QUANTITY = Decimal(1).scaleb(-6)
_DIGITS = 76
"""Digits of intermediate results: a quantity of 18 digits times a price of 18, twice over."""

_MODES = {Rounding.HALF_UP: ROUND_HALF_UP, Rounding.CEILING: ROUND_CEILING, Rounding.FLOOR: ROUND_FLOOR}


@dataclass(frozen=True, slots=True)
class Use:
    """A metered quantity: what one row of ``metered`` says.

    Attributes:
        meter: The meter.
        quantity: The aggregated quantity.
        dimensions: Values by dimension.
        bucket: What tells buckets of one meter apart.
        events: Number of records behind it.
        event_amount: Sum of the prices the records carry.
        event_values: Each record's quantity, in order; needed by percentages with allowances or limits per event.
        changes: Units added and removed, in order; needed where tiers are chosen by full units.
    """

    meter: str
    quantity: Decimal
    dimensions: tuple[tuple[str, str], ...] = ()
    bucket: int = 0
    events: int = 0
    event_amount: Decimal = ZERO
    event_values: tuple[Decimal, ...] = ()
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a billing period a subscription was active.

    Attributes:
        active: Days (or seconds) active.
        whole: Units of the period.
        period_no: Number of the period since the subscription began, from 1.
        unit: What is counted, as the policy's ``day_count`` says: days or seconds.
    """

    active: int = 1
    whole: int = 1
    period_no: int = 1
    unit: str = "days"


@dataclass(frozen=True, slots=True)
class TierPart:
    """What one tier contributes to a line.

    Attributes:
        tier: The tier, from 1; 0 when nothing was used.
        quantity: Units in the tier.
        unit_price: Price of a unit, or of a package.
        amount: What the tier costs.
        reason: How it came about, in words.
    """

    tier: int
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class AdjustmentPart:
    """What one step of the pipeline changed, signed."""

    kind: str
    amount: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """An explained line of a bill.

    Attributes:
        component_id: The component.
        dimensions: Values by dimension, as in ``metered``.
        quantity: Metered quantity.
        billable_quantity: Quantity after conversion and included units.
        tier: The tier it ends in.
        parts: What each tier contributes; they add up to ``raw_amount``.
        raw_amount: Amount before adjustments.
        adjustments: What each step changed.
        adjusted_amount: Amount before rounding.
        amount: Amount rounded to the minor unit.
    """

    component_id: str
    dimensions: tuple[tuple[str, str], ...]
    quantity: Decimal
    billable_quantity: Decimal
    tier: int
    parts: tuple[TierPart, ...]
    raw_amount: Decimal
    adjustments: tuple[AdjustmentPart, ...]
    adjusted_amount: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill: its lines, what adjusted the whole, and the amount."""

    lines: tuple[Line, ...]
    subtotal_amount: Decimal
    adjustments: tuple[AdjustmentPart, ...]
    amount: Decimal
    currency: str = field(default="USD")


def rate_bill(version: Version, uses: Sequence[Use], share: Share, policy: RatingPolicy, currency: str) -> Bill:
    """Rate what a subscription used in one billing period.

    Args:
        version: The version of the book in force on the first day billed.
        uses: Metered quantities of the period.
        share: How much of the period it was active.
        policy: How the book is read.
        currency: The subscription's currency.
    """
    with localcontext(prec=_DIGITS):
        every = (line for component in version.components for line in rate_component(component, uses, share, policy, currency))
        lines = tuple(line for line in every if line.quantity or line.raw_amount or line.adjusted_amount)
        subtotal = sum((line.amount for line in lines), ZERO)
        amount, steps = _adjust(subtotal, version.adjustments, share, policy, is_bill=True)
        return Bill(lines, subtotal, steps, round_money(amount, currency), currency)


def rate_component(
    component: Component, uses: Sequence[Use], share: Share, policy: RatingPolicy, currency: str
) -> Iterator[Line]:
    """Yield the lines of one component: one for each group of dimensions, and one of no use where there is none."""
    price = component.price_in(currency)
    if price is None:
        return
    if isinstance(price, Flat | CapacityTiers):
        part = _fee(price, share) if isinstance(price, Flat) else _capacity_tier(price, uses)
        yield _line(component, (), [Use("", Decimal(1))], [(Decimal(1), (part,))], share, policy, currency)
        return
    mine = [use for use in uses if use.meter == component.meter]
    groups = sorted({use.dimensions for use in mine})
    for group in groups:
        buckets = [use for use in mine if use.dimensions == group]
        if isinstance(price, Percentage) and price.is_per_event:
            buckets = [_together(buckets)]  # its allowance is one for the whole period
        if isinstance(price, Graduated | Volume) and price.tiers_by == "full_units":
            buckets = [_in_full(buckets)]
        yield _line(
            component,
            group,
            buckets,
            [_priced(component, price, use, policy, currency) for use in buckets],
            share,
            policy,
            currency,
        )
    if not groups:
        idle = Use(component.meter, ZERO)
        yield _line(component, (), [idle], [_priced(component, price, idle, policy, currency)], share, policy, currency)


def _together(uses: Sequence[Use]) -> Use:
    values = tuple(value for use in uses for value in use.event_values)
    return replace(uses[0], quantity=sum(values, ZERO), event_values=values)


def _in_full(uses: Sequence[Use]) -> Use:
    changes = tuple(change for use in uses for change in use.changes)
    return replace(uses[0], quantity=sum((change.quantity for change in changes), ZERO), changes=changes)


def _line(
    component: Component,
    dimensions: tuple[tuple[str, str], ...],
    uses: Sequence[Use],
    priced: Sequence[tuple[Decimal, tuple[TierPart, ...]]],
    share: Share,
    policy: RatingPolicy,
    currency: str,
) -> Line:
    by_bucket = [each for each in component.adjustments if each.scope == "bucket"]
    by_line = [each for each in component.adjustments if each.scope == "line"]
    raw = [sum((part.amount for part in parts), ZERO) for _, parts in priced]
    adjusted = [_adjust(amount, by_bucket, share, policy) for amount in raw]
    steps = [step for _, parts in adjusted for step in parts]
    amount, more = _adjust(sum((each for each, _ in adjusted), ZERO), by_line, share, policy)
    return Line(
        component_id=component.id,
        dimensions=dimensions,
        quantity=sum((use.quantity for use in uses), ZERO),
        billable_quantity=sum((quantity for quantity, _ in priced), ZERO),
        tier=max((part.tier for _, parts in priced for part in parts), default=0),
        parts=tuple(part for _, parts in priced for part in parts),
        raw_amount=sum(raw, ZERO),
        adjustments=(*steps, *more),
        adjusted_amount=amount,
        amount=round_money(amount, currency),
    )


def _priced(
    component: Component, price: Price, use: Use, policy: RatingPolicy, currency: str
) -> tuple[Decimal, tuple[TierPart, ...]]:
    """Return the billable quantity of one use and what each tier makes of it."""
    if isinstance(price, Percentage) and price.is_per_event:
        charged, amount = percentage_fees(price, use.event_values)
        return charged, (TierPart(0, charged, price.rate / 100, amount, f"{plain(price.rate)} % of each event that is not free"),)
    if isinstance(price, Graduated | Volume) and price.tiers_by == "full_units":
        return _by_full_units(price, use.changes, policy)
    quantity = billable_quantity(use.quantity, component)
    cell = _cell(price, dict(use.dimensions)) if isinstance(price, Matrix) else price
    if cell is None:
        return quantity, (TierPart(0, quantity, ZERO, ZERO, "no price for these dimensions"),)
    parts = tuple(price_quantity(cell, quantity, policy, currency))
    if isinstance(cell, Percentage) and cell.fixed_per_event:
        fees = cell.fixed_per_event * use.events
        parts += (TierPart(0, Decimal(use.events), cell.fixed_per_event, fees, f"{use.events} events"),)
    if isinstance(cell, Dynamic):
        parts = (TierPart(0, quantity, cell.multiplier, _raw(use.event_amount * cell.multiplier), "prices the records carry"),)
    return quantity, parts


def _by_full_units(
    price: Graduated | Volume, changes: Sequence[Change], policy: RatingPolicy
) -> tuple[Decimal, tuple[TierPart, ...]]:
    """Return prorated units and what each tier makes of them; never less than nothing."""
    is_volume = isinstance(price, Volume)
    idle_fee = price.tiers[0].flat_fee if _is_fee_due_idle(policy, is_volume=is_volume) else ZERO
    found = [volume_units(price.tiers, changes, idle_fee)] if is_volume else graduated_units(price.tiers, changes, idle_fee)
    parts = tuple(
        TierPart(
            each.tier,
            each.units,
            each.unit_price,
            each.flat_fee + _raw(each.units * each.unit_price),
            f"{each.units.normalize():f} prorated × {each.unit_price:f}" + (f" + fee {each.flat_fee:f}" if each.flat_fee else ""),
        )
        for each in found
    )
    total = sum((part.amount for part in parts), ZERO)
    if total < 0:
        parts += (TierPart(0, ZERO, ZERO, -total, "never less than nothing"),)
    return sum((each.units for each in found), ZERO).quantize(_QUANTITY, ROUND_HALF_UP), parts


def _is_fee_due_idle(policy: RatingPolicy, *, is_volume: bool) -> bool:
    return policy.zero_usage_flat == "first_tier" or (policy.zero_usage_flat == "volume_only" and is_volume)


def price_quantity(price: Price, quantity: Decimal, policy: RatingPolicy, currency: str) -> Iterator[TierPart]:
    """Yield what each tier of a price makes of a quantity.

    Raises:
        TypeError: The price does not depend on one quantity.
    """
    decimals = exponent(currency) if policy.tier_rounding == "minor_unit" else 14
    match price:
        case PerUnit():
            yield from _graduated((Tier(unit_price=price.unit_price),), quantity, policy, decimals)
        case Percentage():
            yield from _graduated((Tier(unit_price=price.rate / 100),), quantity, policy, decimals)
        case Graduated():
            yield from _graduated(price.tiers, quantity, policy, decimals)
        case GraduatedPercentage():
            yield from _graduated(price.as_graduated().tiers, quantity, policy, decimals)
        case Volume() | StairStep():
            yield from _volume(price.tiers, quantity, policy, decimals)
        case Package():
            part = _package(price, quantity, policy)
            yield replace(part, amount=_cents(part.amount, decimals))
        case Capacity():
            for part in _capacity(price, quantity, policy, currency):
                yield replace(part, amount=_cents(part.amount, decimals))
        case Block():
            yield from _block(price, quantity, policy, decimals)
        case Dynamic():
            return
        case _:
            raise TypeError(f"{price.model} does not depend on one quantity")


def billable_quantity(quantity: Decimal, component: Component) -> Decimal:
    """Return the quantity that is priced: converted, rounded, less included units (billing §1g 7)."""
    converted = convert(quantity, component.conversion)
    if converted > 0:
        converted = max(converted - component.included_units, ZERO) if component.included_units else converted
    kept = 1 - component.included_percent / 100
    return (converted * kept).quantize(_QUANTITY, ROUND_HALF_UP)


def convert(quantity: Decimal, conversion: Conversion | None) -> Decimal:
    """Convert a quantity to the priced unit and round it; exact until then."""
    if conversion is None:
        return quantity
    factor = Fraction(conversion.factor)
    exact = Fraction(quantity) * factor if conversion.operation == "multiply" else Fraction(quantity) / factor
    if conversion.round is Rounding.NONE:
        return _quantized(exact, 6, ROUND_HALF_UP)
    return _quantized(exact, conversion.precision, _MODES[conversion.round])


def percentage_fees(price: Percentage, values: Iterable[Decimal]) -> tuple[Decimal, Decimal]:
    """Return the charged amount and the fees of events under a percentage with allowances and limits (billing §1g 12)."""
    charged = fees = so_far = ZERO
    has_allowance = bool(price.free_events) or bool(price.free_amount)
    for number, value in enumerate(values, start=1):
        before, so_far = so_far, so_far + value
        within_events = not price.free_events or number <= price.free_events
        within_amount = not price.free_amount or so_far <= price.free_amount
        if has_allowance and within_events and within_amount:
            continue
        free_rest = (
            max((price.free_amount or ZERO) - before, ZERO) if has_allowance and within_events and price.free_amount else ZERO
        )
        part = min(value, max(value - free_rest, ZERO))
        fee = part * price.rate / 100 + price.fixed_per_event
        fee = max(fee, price.minimum_per_event) if price.minimum_per_event is not None else fee
        fee = min(fee, price.maximum_per_event) if price.maximum_per_event is not None else fee
        charged, fees = charged + part, fees + fee
    return charged, fees


def plain(number: Decimal) -> str:
    """Write a number without trailing zeros.

    Example:
        >>> plain(Decimal("272.697000")), plain(Decimal("1E+3"))
        ('272.697', '1000')
    """
    return f"{number.normalize():f}"


def prorated(amount: Decimal, share: Share) -> Decimal:
    """Return the share of an amount, to 14 decimals."""
    return _quantized(Fraction(amount) * share.active / share.whole, 14, ROUND_HALF_UP)


def _graduated(tiers: Sequence[Tier], quantity: Decimal, policy: RatingPolicy, decimals: int) -> Iterator[TierPart]:
    first = tiers[0]
    if quantity <= 0:
        yield _without_use(first, quantity, policy.zero_usage_flat == "first_tier", decimals)
        return
    lower = ZERO
    for number, tier in enumerate(tiers, start=1):
        reached = quantity >= lower if policy.tier_bounds == "from_inclusive" and lower > 0 else quantity > lower
        if not reached:
            return
        upper = quantity if tier.up_to is None else min(quantity, tier.up_to)
        yield _tier_part(number, tier, upper - lower, decimals)
        lower = quantity if tier.up_to is None else tier.up_to


def _volume(tiers: Sequence[Tier], quantity: Decimal, policy: RatingPolicy, decimals: int) -> Iterator[TierPart]:
    if quantity <= 0:
        yield _without_use(tiers[0], quantity, policy.zero_usage_flat in ("first_tier", "volume_only"), decimals)
        return
    inclusive = policy.tier_bounds == "up_to_inclusive"
    for number, tier in enumerate(tiers, start=1):
        inside = tier.up_to is None or (quantity <= tier.up_to if inclusive else quantity < tier.up_to)
        if inside and policy.fractions == "gap" and tier.up_to is not None and quantity > tier.up_to - 1:
            yield TierPart(number, quantity, ZERO, ZERO, f"between {plain(tier.up_to - 1)} and {plain(tier.up_to)} no tier holds")
            return
        if inside:
            yield _tier_part(number, tier, quantity, decimals)
            return


def _without_use(first: Tier, quantity: Decimal, flat_is_due: bool, decimals: int) -> TierPart:
    unit = ZERO if first.package_size else first.unit_price
    flat = _cents(first.flat_fee, decimals) if flat_is_due else ZERO
    return TierPart(
        0, quantity, unit, flat + _cents(quantity * unit, decimals), "first tier's fee, due without use" if flat else "no use"
    )


def _tier_part(number: int, tier: Tier, units: Decimal, decimals: int) -> TierPart:
    counted = _blocks(units, tier.package_size) if tier.package_size else units
    amount = _cents(tier.flat_fee, decimals) + _cents(counted * tier.unit_price, decimals)
    words = [f"{plain(counted)} × {plain(tier.unit_price)}"] + ([f"fee {plain(tier.flat_fee)}"] if tier.flat_fee else [])
    if tier.cap is not None and tier.cap < amount:
        amount, words = tier.cap, [*words, f"at most {plain(tier.cap)}"]
    return TierPart(number, units, tier.unit_price, amount, ", ".join(words))


def _package(price: Package, quantity: Decimal, policy: RatingPolicy) -> TierPart:
    paid = max(quantity - price.free_units, ZERO)
    count = _blocks(paid, price.package_size, up=price.round == "up")
    least = max(price.minimum_packages, 1 if policy.package_minimum == "one" else 0)
    count = max(count, Decimal(least))
    words = f"{plain(count)} packages of {plain(price.package_size)}"
    return TierPart(1 if paid else 0, quantity, price.package_price, count * price.package_price, words)


def _capacity(price: Capacity, quantity: Decimal, policy: RatingPolicy, currency: str) -> Iterator[TierPart]:
    over = max(quantity - price.included, ZERO)
    yield TierPart(0 if quantity <= 0 else 1, min(quantity, price.included), ZERO, price.amount, "fee of the capacity")
    if over > 0:
        cut = policy.unit_price_rounding == "minor_unit"
        unit = round_money(price.overage_price, currency) if cut else price.overage_price
        units = Decimal(int(over)) if cut else over
        yield TierPart(2, units, unit, units * unit, f"{plain(units)} beyond the capacity × {plain(unit)}")


def _block(price: Block, quantity: Decimal, policy: RatingPolicy, decimals: int) -> Iterator[TierPart]:
    rest, number = quantity, 0
    for number, tier in enumerate(price.tiers, start=1):
        holds = None if tier.max_blocks is None else tier.max_blocks * tier.size
        is_last = number == len(price.tiers)
        endless = holds is None or (is_last and (price.mode == "top_tier" or policy.block_overflow == "last_tier"))
        here = rest if endless or holds is None else min(rest, holds)
        if here > 0 and price.mode == "all_tiers":
            blocks = _blocks(here, tier.size)
            yield TierPart(
                number, here, tier.price, _cents(blocks * tier.price, decimals), f"{plain(blocks)} blocks × {plain(tier.price)}"
            )
        rest -= here
        if rest <= 0:
            break
    if price.mode == "top_tier" and quantity > 0:
        blocks, unit = _blocks(quantity, price.tiers[number - 1].size), price.tiers[number - 1].price
        yield TierPart(number, quantity, unit, _cents(blocks * unit, decimals), f"{plain(blocks)} blocks × {plain(unit)}")


def _fee(price: Flat, share: Share) -> TierPart:
    active = share if price.prorate else replace(share, active=share.whole)
    words = "fee" if active.active == active.whole else f"fee, {active.active} of {active.whole} {active.unit}"
    return TierPart(0, Decimal(1), price.amount, prorated(price.amount, active), words)


def _capacity_tier(price: CapacityTiers, uses: Sequence[Use]) -> TierPart:
    for number, tier in enumerate(price.tiers, start=1):
        limits = {meter: limit for meter, limit in tier.limits.items() if limit is not None}
        is_last = number == len(price.tiers)
        if is_last or all(use.quantity <= limits.get(use.meter, use.quantity) for use in uses):
            return TierPart(number, Decimal(1), tier.price, tier.price, f"tier {number}: every limit holds")
    raise AssertionError("the last tier holds always")


def _cell(price: Matrix, values: dict[str, str]) -> Price | None:
    best, named = price.default, -1
    for cell in price.cells:
        if cell.when.items() <= values.items() and len(cell.when) > named:
            best, named = cell.price, len(cell.when)
    return best


def _adjust(
    amount: Decimal, adjustments: Sequence[Adjustment], share: Share, policy: RatingPolicy, *, is_bill: bool = False
) -> tuple[Decimal, tuple[AdjustmentPart, ...]]:
    """Run the pipeline; return the amount after it and what each step changed."""
    started, steps = amount, []
    for kind in policy.adjustment_order:
        for each in adjustments:
            due = each.first_period <= share.period_no and (each.last_period is None or share.period_no <= each.last_period)
            if each.kind is kind and due:
                raw = is_bill and not policy.discounts_before_minimum
                after = _adjusted(amount, started if raw else amount, each, share)
                if after != amount:
                    steps.append(AdjustmentPart(each.kind.value, after - amount, each.reason))
                amount = after
    return amount, tuple(steps)


def _adjusted(amount: Decimal, measured: Decimal, step: Adjustment, share: Share) -> Decimal:
    limit = prorated(step.amount or ZERO, share if step.prorate else replace(share, active=share.whole))
    match step.kind:
        case AdjustmentKind.PERCENT_DISCOUNT:
            fraction = ((step.percent or ZERO) / 100).quantize(Decimal("1e-8"), ROUND_HALF_UP)
            return amount - _raw(amount * fraction)
        case AdjustmentKind.AMOUNT_DISCOUNT:
            return amount - max(min(limit, amount), ZERO)
        case AdjustmentKind.MINIMUM:
            return amount + max(limit - measured, ZERO)
        case AdjustmentKind.MAXIMUM:
            return min(amount, limit)
        case AdjustmentKind.OVERAGE:
            if amount > limit:
                return limit + _raw((amount - limit) * step.factor)
            return limit if step.true_up else amount


def _blocks(units: Decimal, size: Decimal, *, up: bool = True) -> Decimal:
    whole, rest = divmod(units, size)
    return whole + (1 if up and rest > 0 else 0)


def _cents(amount: Decimal, decimals: int) -> Decimal:
    return amount if decimals >= 14 else amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _raw(amount: Decimal) -> Decimal:
    return amount.quantize(_RAW, ROUND_HALF_UP)


def _quantized(exact: Fraction, decimals: int, rounding: str) -> Decimal:
    """Round an exact ratio; the decision is taken on whole numbers, so that no digit is lost before it."""
    scaled = exact * Fraction(10) ** decimals
    whole, rest = divmod(abs(scaled.numerator), scaled.denominator)
    negative = scaled < 0
    if rounding == ROUND_HALF_UP:
        whole += 2 * rest >= scaled.denominator
    elif rest and (rounding == ROUND_CEILING) != negative:
        whole += 1
    with localcontext(prec=_DIGITS):
        return Decimal(-whole if negative else whole).scaleb(-decimals)
