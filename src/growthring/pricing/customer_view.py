"""A price as the customer sees it: average and marginal price, what more costs, what a budget buys, where plans break even.

One account at a time, in exact decimals through the reference implementation of rating (PR-03, PR-09). Between the bounds of a
price a bill only rises, or only falls, so that questions about quantities are answered exactly, by bisection on millionths of
a unit.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from itertools import pairwise
from typing import Self

from growthring.kernel.currency import exponent
from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.pricing.book import Component, PriceBook, Version
from growthring.pricing.compiled import compile_price
from growthring.pricing.full_units import Change
from growthring.pricing.policy import RatingPolicy
from growthring.pricing.price import CapacityTiers, Flat, Matrix, Percentage, SimplePrice
from growthring.pricing.reference import Bill, Share, Use, billable_quantity, rate_bill
from growthring.pricing.simulation.break_even import bounds
from growthring.pricing.simulation.kernel import stretches

HIGHEST = Decimal(1_000_000_000)
"""Quantities are looked at up to here unless told otherwise."""

LEAST_PERIODS = 3
"""Past periods needed before an interval is given."""

_UNIT_PRICE = Decimal("0.00000001")
_MOST_STEPS = 1_000


@dataclass(frozen=True, slots=True)
class Plan:
    """A version of a book as one customer is billed under it.

    Attributes:
        name: What the customer calls it.
        version: The version of the book.
        policy: How the book is read.
        currency: Currency of the bill.
        share: How much of the period the customer is active.
        usage: Quantity by meter of everything that is not asked about.
    """

    name: str
    version: Version
    policy: RatingPolicy
    currency: str
    share: Share = field(default_factory=Share)
    usage: Mapping[str, Decimal] = field(default_factory=dict)

    @classmethod
    def of(cls, book: PriceBook, on: date | None = None, currency: str = "", usage: Mapping[str, Decimal] | None = None) -> Self:
        """Take the version of a book that holds on a day, or the last.

        Raises:
            ConfigurationError: The book does not hold on that day.
        """
        version = book.versions[-1] if on is None else book.version_on(on)
        if version is None:
            raise ConfigurationError(
                f"{book.name} says nothing on {on}.",
                valid=f"It begins on {book.versions[0].effective_from}.",
                remedy="Ask later.",
            )
        return cls(book.name, version, book.rating_policy, currency or book.currency, usage=usage or {})

    def bill(self, usage: Mapping[str, Decimal]) -> Bill:
        """Rate quantities by meter, beside the plan's own usage."""
        every = {**self.usage, **usage}
        uses = [_use(meter, quantity) for meter, quantity in sorted(every.items())]
        return rate_bill(self.version, uses, self.share, self.policy, self.currency)

    def amount(self, meter: str, quantity: Decimal) -> Decimal:
        """Return the bill's amount when a meter counts a quantity."""
        return self.bill({meter: quantity}).amount

    def exact_amount(self, meter: str, quantity: Decimal) -> Decimal:
        """Return the amount before lines are rounded; where the whole bill is adjusted, that is done on rounded lines."""
        bill = self.bill({meter: quantity})
        return bill.amount if self.version.adjustments else sum((line.adjusted_amount for line in bill.lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class PricePoint:
    """A point of a price curve.

    Attributes:
        quantity: Quantity of the meter.
        amount: The bill.
        average_price: The bill over the quantity; empty without use.
        marginal_price: What the next unit costs.
    """

    quantity: Decimal
    amount: Decimal
    average_price: Decimal | None
    marginal_price: Decimal


@dataclass(frozen=True, slots=True)
class Affordable:
    """Quantities whose bill is within a budget.

    Attributes:
        low: Least of them.
        high: Largest of them, in millionths of a unit exact.
        has_end: Whether more would cost too much; no: the search ended here.
    """

    low: Decimal
    high: Decimal
    has_end: bool


@dataclass(frozen=True, slots=True)
class PlanBreakEven:
    """A quantity above which another plan has the lower bill.

    Attributes:
        quantity: The least quantity at which ``cheaper_above`` costs less.
        cheaper_below: Plan that costs less below.
        cheaper_above: Plan that costs less from here on.
    """

    quantity: Decimal
    cheaper_below: str
    cheaper_above: str


def price_point(plan: Plan, meter: str, quantity: Decimal, step: Decimal = Decimal(1)) -> PricePoint:
    """Return bill, average and marginal price at a quantity; the marginal price is that of the next ``step``, before rounding."""
    _known(plan, meter)
    amount = plan.amount(meter, quantity)
    more = plan.exact_amount(meter, quantity + step) - plan.exact_amount(meter, quantity)
    average = (amount / quantity).quantize(_UNIT_PRICE, ROUND_HALF_UP) if quantity > 0 else None
    return PricePoint(quantity, amount, average, (more / step).quantize(_UNIT_PRICE, ROUND_HALF_UP))


def cost_of_more(plan: Plan, meter: str, quantity: Decimal, more: Decimal) -> Decimal:
    """Return by how much the bill changes when the customer uses so much more (or less, below zero)."""
    _known(plan, meter)
    return plan.amount(meter, quantity + more) - plan.amount(meter, quantity)


def price_curve(plan: Plan, meter: str, highest: Decimal, points: int = 50) -> tuple[PricePoint, ...]:
    """Return points of a chart: evenly spaced, and exact on both sides of every bound of the price."""
    even = {(highest * number / points).quantize(Decimal(1).scaleb(-6)) for number in range(points + 1)}
    ends = [Decimal(each).scaleb(-6) for each in _tier_bounds(plan, meter, int(highest.scaleb(6)))]
    jumps = {each for end in ends for each in (end, end + Decimal(1).scaleb(-6)) if each <= highest}
    return tuple(price_point(plan, meter, quantity) for quantity in sorted(even | jumps))


def affordable(plan: Plan, meter: str, budget: Decimal, highest: Decimal = HIGHEST) -> tuple[Affordable, ...]:
    """Return every range of quantities whose bill is at most a budget; several where a volume price falls at a bound."""
    _known(plan, meter)
    most = int(highest.scaleb(6))

    def fits(millionths: int) -> bool:
        return plan.amount(meter, Decimal(millionths).scaleb(-6)) <= budget

    ranges: list[list[int]] = [[0, 0]] if fits(0) else []
    for low, high in pairwise(sorted({0, most, *_tier_bounds(plan, meter, most)})):
        first, last = low + 1, high
        if fits(first):
            end = last if fits(last) else _first(first, last, lambda each: not fits(each)) - 1
            start = first
        elif fits(last):
            start, end = _first(first, last, fits), last
        else:
            continue
        if ranges and ranges[-1][1] == start - 1:
            ranges[-1][1] = end
        else:
            ranges.append([start, end])
    return tuple(Affordable(Decimal(low).scaleb(-6), Decimal(high).scaleb(-6), high < most) for low, high in ranges)


def largest_affordable(plan: Plan, meter: str, budget: Decimal, highest: Decimal = HIGHEST) -> Decimal | None:
    """Return the largest quantity whose bill is at most a budget; nothing if even no use costs more."""
    ranges = affordable(plan, meter, budget, highest)
    return ranges[-1].high if ranges else None


def plan_break_evens(one: Plan, other: Plan, meter: str, highest: Decimal = HIGHEST) -> tuple[PlanBreakEven, ...]:
    """Return where the cheaper of two plans changes, fees and all, before amounts are rounded.

    Around a break-even, cents may waver. Where a bill has a minimum, maximum or discount, lines are rounded before it, and the
    quantity is right to the cent only.
    """
    names, most = {1: other.name, -1: one.name}, int(highest.scaleb(6))

    def sign(millionths: int) -> int:
        quantity = Decimal(millionths).scaleb(-6)
        difference = one.exact_amount(meter, quantity) - other.exact_amount(meter, quantity)
        return (difference > 0) - (difference < 0)

    found, before = [], sign(0)
    for low, high in pairwise(_cuts([one, other], meter, most)):
        for place in (low + 1, high):
            now = sign(place)
            if now and before and now != before:
                at = place if place == low + 1 else _first(low + 1, high, partial(_is, sign, now))
                found.append(PlanBreakEven(Decimal(at).scaleb(-6), names[before], names[now]))
            before = now or before
    return tuple(found)


def _use(meter: str, quantity: Decimal) -> Use:
    """Return a quantity used in one event, or units that are there for the whole period."""
    if not quantity:
        return Use(meter, quantity)
    return Use(meter, quantity, events=1, event_values=(quantity,), changes=(Change(quantity, 1, 1),))


def _known(plan: Plan, meter: str) -> None:
    meters = {component.meter for component in plan.version.components if component.meter}
    prices = [price for component in plan.version.components for price in component.every_price]
    meters |= {name for price in prices if isinstance(price, CapacityTiers) for name in price.meters}
    if meter not in meters:
        raise UnknownValueError(f"meter of {plan.name}", meter, sorted(meters))


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """Return the least number from low to high for which something holds that goes on holding."""
    return low + bisect_left(range(low, high), True, key=holds)


def _is(value: Callable[[int], int], wanted: int, number: int) -> bool:
    return value(number) == wanted


def _is_beyond(component: Component, end: Decimal, millionths: int) -> bool:
    return billable_quantity(Decimal(millionths).scaleb(-6), component) > end


def _cuts(plans: Sequence[Plan], meter: str, most: int) -> list[int]:
    """Return quantities in millionths between which bills are straight lines, or one flat step, but for the rounding to cents."""
    tiers = sorted({0, most, *(each for plan in plans for each in _tier_bounds(plan, meter, most))})
    flats = {
        end for low, high in pairwise(tiers) for plan in plans for end in _flat_ends(plan, meter, low + 1, high) if end < most
    }
    steps = {each for plan in plans for each in _tier_bounds(plan, meter, most, _MOST_STEPS)}
    return sorted({*tiers, *flats, *steps})


def _flat_ends(plan: Plan, meter: str, low: int, high: int) -> Iterator[int]:
    """Yield where a bill leaves its first amount and where it reaches its last: minimums and maximums of bills."""

    def amount(millionths: int) -> Decimal:
        return plan.amount(meter, Decimal(millionths).scaleb(-6))

    first, last = amount(low), amount(high)
    if first != last:
        yield _first(low, high, lambda each: amount(each) != first) - 1
        yield _first(low, high, lambda each: amount(each) == last)


def _tier_bounds(plan: Plan, meter: str, most: int, steps: int = 0) -> Iterator[int]:
    """Yield metered quantities in millionths at which the price of a meter changes its course: tiers, and some first steps."""
    for component in plan.version.components:
        price = component.price_in(plan.currency)
        if isinstance(price, CapacityTiers):
            yield from (int(limit.scaleb(6)) for tier in price.tiers if (limit := tier.limits.get(meter)) is not None)
        elif component.meter == meter and price is not None and not isinstance(price, Flat):
            included = [component.included_units] if component.included_units else []
            if isinstance(price, Percentage) and price.is_per_event:
                yield from _metered(component, [price.free_amount or Decimal(0)], most)
                continue
            cells = [cell.price for cell in price.cells] + [price.default] if isinstance(price, Matrix) else [price]
            for each in cells:
                if each is not None:
                    yield from _metered(component, [*included, *_billable_bounds(plan, each, most, steps)], most)


def _billable_bounds(plan: Plan, price: SimplePrice, most: int, steps: int) -> Iterator[Decimal]:
    rate = compile_price(price, plan.policy, plan.currency)
    yield from (row.up_to for row in rate.tiers)
    lines = stretches(rate, exponent(plan.currency))
    if steps and lines is not None:
        yield from (Decimal(each).scaleb(-6) for each in bounds([lines], most, steps))


def _metered(component: Component, ends: Sequence[Decimal], most: int) -> Iterator[int]:
    """Yield the largest metered quantity that is priced as at most each quantity."""
    for end in ends:
        found = _first(0, most + 1, partial(_is_beyond, component, end)) - 1
        if 0 <= found <= most:
            yield found


@dataclass(frozen=True, slots=True)
class Projection:
    """What a running period will cost.

    Attributes:
        so_far: The bill for what was used up to now.
        projected: The bill if usage goes on at its pace so far.
        low: Bill at the low end of the interval; empty with too little evidence.
        high: Bill at its high end.
        periods: Past periods behind the interval.
        note: How far to trust it.
    """

    so_far: Decimal
    projected: Decimal
    low: Decimal | None
    high: Decimal | None
    periods: int
    note: str


@dataclass(frozen=True, slots=True)
class BudgetAlert:
    """When a share of a budget is used up.

    Attributes:
        share: Share of the budget.
        amount: What that is.
        crossed_on: The day on which the bill reached it; empty if it has not.
        projected_on: The day on which it will at the pace so far; empty if not in this period.
    """

    share: Decimal
    amount: Decimal
    crossed_on: date | None
    projected_on: date | None


@dataclass(frozen=True, slots=True)
class RunningPeriod:
    """A billing period that is not over.

    Attributes:
        starts_on: Its first day.
        ends_on: The first day after it.
        as_of: The last day whose usage is known.
        daily: Quantity by meter and day.
    """

    starts_on: date
    ends_on: date
    as_of: date
    daily: Mapping[str, Mapping[date, Decimal]]

    @property
    def days(self) -> int:
        """Days of the period."""
        return (self.ends_on - self.starts_on).days

    @property
    def elapsed(self) -> int:
        """Days whose usage is known."""
        return (self.as_of - self.starts_on).days + 1

    def until(self, day: date) -> dict[str, Decimal]:
        """Return quantities from the first day to a day, it included; after the last known day at the pace so far."""
        known = {
            meter: sum((each for at, each in days.items() if self.starts_on <= at <= min(day, self.as_of)), Decimal(0))
            for meter, days in self.daily.items()
        }
        ahead = (day - self.as_of).days
        if ahead <= 0:
            return known
        return {meter: _quantity(quantity * (self.elapsed + ahead) / self.elapsed) for meter, quantity in known.items()}


def projected_bill(
    plan: Plan, period: RunningPeriod, past_shares: Sequence[Decimal] = (), level: Decimal = Decimal("0.8")
) -> Projection:
    """Project the bill of a running period.

    Args:
        plan: The plan.
        period: The period with what was used so far.
        past_shares: For each past period the share of its usage that had been used by the same part of it; quantities so far over
            their quantiles are the ends of the interval.
        level: Share of outcomes the interval should hold.

    Raises:
        ConfigurationError: The last known day is outside the period, or a share is not above 0 and at most 1.
    """
    _check(period, past_shares)
    so_far = period.until(period.as_of)
    now, projected = plan.bill(so_far).amount, plan.bill(period.until(period.ends_on - timedelta(days=1))).amount
    if len(past_shares) < LEAST_PERIODS:
        note = f"Too little evidence for an interval: {len(past_shares)} past periods, {LEAST_PERIODS} are needed."
        return Projection(now, projected, None, None, len(past_shares), note)
    tail = (1 - level) / 2
    ends = [_quantile(sorted(past_shares), share) for share in (1 - tail, tail)]
    amounts = sorted(plan.bill({meter: _quantity(each / end) for meter, each in so_far.items()}).amount for end in ends)
    note = f"Interval from how the usage of {len(past_shares)} past periods was spread over them."
    return Projection(now, projected, max(amounts[0], Decimal(0)), amounts[1], len(past_shares), note)


def budget_alerts(plan: Plan, period: RunningPeriod, budget: Decimal, shares: Sequence[Decimal]) -> tuple[BudgetAlert, ...]:
    """Say for each share of a budget on which day the bill reached it, or will at the pace so far."""
    _check(period, ())
    days = [period.starts_on + timedelta(days=number) for number in range(period.days)]
    amounts = {day: plan.bill(period.until(day)).amount for day in days}
    found = []
    for share in sorted(shares):
        limit = budget * share
        day = next((day for day in days if amounts[day] >= limit), None)
        is_past = day is not None and day <= period.as_of
        found.append(BudgetAlert(share, limit, day if is_past else None, None if is_past else day))
    return tuple(found)


def what_if(plan: Plan, usage: Mapping[str, Decimal], factors: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return by how much the bill changes when each driver's quantity is multiplied alone, and under ``""`` all at once."""
    base = plan.bill(usage).amount

    def change(meters: Sequence[str]) -> Decimal:
        return plan.bill({**usage, **{meter: _quantity(usage[meter] * factors[meter]) for meter in meters}}).amount - base

    for meter in factors:
        if meter not in usage:
            raise UnknownValueError("meter", meter, sorted(usage))
    return {**{meter: change([meter]) for meter in sorted(factors)}, "": change(sorted(factors))}


def with_usage(plan: Plan, usage: Mapping[str, Decimal]) -> Plan:
    """Return the plan with other quantities of everything that is not asked about."""
    return replace(plan, usage=usage)


def _quantity(exact: Decimal) -> Decimal:
    return exact.quantize(Decimal(1).scaleb(-6), ROUND_HALF_UP)


def _quantile(ordered: Sequence[Decimal], share: Decimal) -> Decimal:
    """Return a quantile between the two nearest values, by their distance."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _check(period: RunningPeriod, past_shares: Sequence[Decimal]) -> None:
    if not period.starts_on <= period.as_of < period.ends_on:
        raise ConfigurationError(
            f"{period.as_of} is not in the period.", valid=f"Valid: {period.starts_on} to the day before {period.ends_on}."
        )
    if wrong := [share for share in past_shares if not 0 < share <= 1]:
        raise ConfigurationError(
            f"Past shares cannot be {', '.join(map(str, wrong))}.", valid="Valid: above 0, at most 1.",
            remedy="Leave out periods without use.",
        )  # fmt: skip
