"""Break-even quantities: where one book becomes cheaper than another, exactly.

Prices are straight lines between bounds, so that two of them cross between neighbouring bounds at most once, at a ratio of whole
numbers, or at a bound itself, where one of them jumps.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from growthring.kernel.currency import exponent
from growthring.pricing.book import PriceBook
from growthring.pricing.compiled import compile_price
from growthring.pricing.price import CapacityTiers, Flat, Matrix
from growthring.pricing.simulation.kernel import Stretch, beyond_included, reads_records, stretches

HIGHEST = Decimal(1_000_000_000)
"""Quantities are compared up to here unless told otherwise."""

_MOST_STEPS = 10_000


@dataclass(frozen=True, slots=True)
class BreakEven:
    """A quantity at which the cheaper of two prices changes.

    Attributes:
        meter: The meter.
        currency: Currency of both prices.
        quantity: Metered quantity, to six decimals, rounded down; above it the second is cheaper.
        exact: The same as a ratio of whole numbers.
        cheaper_below: The cheaper book below.
        cheaper_above: The cheaper book above.
    """

    meter: str
    currency: str
    quantity: Decimal
    exact: Fraction
    cheaper_below: str
    cheaper_above: str


def break_even(
    one: PriceBook, other: PriceBook, meter: str, currency: str, highest: Decimal = HIGHEST
) -> tuple[BreakEven, ...] | None:
    """Return where two books' prices of a meter cross, in ascending order; nothing if a price depends on more than the quantity.

    Fees and adjustments of the books are left out: they do not depend on the meter.
    """
    mine, theirs = meter_price(one, meter, currency), meter_price(other, meter, currency)
    if mine is None or theirs is None or not mine or not theirs:
        return None
    names = {1: other.name, -1: one.name}
    return tuple(
        BreakEven(
            meter, currency, Decimal(found.numerator // found.denominator).scaleb(-6), found / 10**6, names[before], names[after]
        )
        for found, before, after in crossings(mine, theirs, int(highest.scaleb(6)))
    )


def meter_price(book: PriceBook, meter: str, currency: str) -> list[tuple[Stretch, ...]] | None:
    """Return what the last version of a book charges for a meter, as straight lines of each component.

    Nothing is returned where some component's price does not depend on the meter's quantity alone.
    """
    found = []
    for component in book.versions[-1].components:
        price = component.price_in(currency) if component.prices or currency == book.currency else None
        if component.meter != meter or price is None or isinstance(price, Flat):
            continue
        if isinstance(price, CapacityTiers | Matrix) or reads_records(price):
            return None
        rate = stretches(compile_price(price, book.rating_policy, currency), exponent(currency))
        if rate is None or component.conversion or component.included_percent or component.adjustments:
            return None
        included = int(component.included_units.scaleb(6))
        found.append(beyond_included(rate, included) if included else rate)
    return found


def crossings(
    mine: Sequence[Sequence[Stretch]], theirs: Sequence[Sequence[Stretch]], highest: int
) -> Iterator[tuple[Fraction, int, int]]:
    """Yield quantities in millionths at which the sign of mine less theirs changes, with the sign before and after."""
    sign = 0
    for low, high in pairwise(bounds([*mine, *theirs], highest)):
        first, last = (_total(mine, each) - _total(theirs, each) for each in (low + 1, high))
        for place, difference in ((Fraction(low), first), (_root(low + 1, first, high, last), last)):
            now = (difference > 0) - (difference < 0)
            if now and sign and now != sign:
                yield place, sign, now
            sign = now or sign


def _root(low: int, first: int, high: int, last: int) -> Fraction:
    return Fraction(low) - Fraction(first * (high - low), last - first) if last != first else Fraction(low)


def bounds(rates: Sequence[Sequence[Stretch]], highest: int, most_steps: int = _MOST_STEPS) -> list[int]:
    """Return quantities in millionths, ascending, between which every rate is a straight line: ends of tiers and of steps.

    Of packages and blocks, only so many steps of a tier are followed.
    """
    found = {0, highest}
    for stretch in (each for rate in rates for each in rate):
        found.add(stretch.up_to)
        if stretch.block and stretch.slope:
            shift = 0 if stretch.block_up else -1
            first = max(stretch.over - stretch.origin, 0) // stretch.block + 1
            last = (min(stretch.up_to, highest) - stretch.origin) // stretch.block
            steps = range(first, min(last, first + most_steps) + 1)
            found.update(stretch.origin + step * stretch.block + shift for step in steps)
    return sorted(each for each in found if 0 <= each <= highest)


def _total(rates: Sequence[Sequence[Stretch]], quantity: int) -> int:
    return sum(
        each.raw(quantity) + each.rounded_apart * 10**12 for rate in rates for each in rate if each.over < quantity <= each.up_to
    )
