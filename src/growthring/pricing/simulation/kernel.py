"""Rating arrays of quantities on exact integers: the same cents as the SQL path, many scenarios over one sorted population.

Rows are sorted once by the price they share and by quantity. A rate is a few straight lines over quantities, so that each line
is a slice of the array: an amount costs one multiplication, one addition and one division by a constant. Everything is counted in
10⁻¹⁴ (millionths of units times 10⁻⁸ of money, as in the SQL path). Whether a slice fits into 64 bits is decided on exact whole
numbers at its two ends, which bound it because it is a straight line; a slice that does not fit is split into two words, and one
that does not fit then is counted in Python's integers.
"""

import os
from bisect import bisect_left
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from math import gcd
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from growthring.pricing.compiled import NO_CAP, RAW_DECIMALS, Rate, RateTier
from growthring.pricing.price import Graduated, Percentage, Price, Volume

Whole: TypeAlias = NDArray[np.int64]

_WORD = 2**64
_HALF_WORD = 2**63
_SPLIT = 10**6
_CHUNK = 16_384
"""Rows worked on at a time, so that they stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A range of quantities over which an amount is a straight line, or a staircase of equal steps.

    Attributes:
        over: Lower bound in millionths, exclusive.
        up_to: Upper bound in millionths, inclusive.
        slope: Amount of a millionth, or of a block, in 10⁻¹⁴.
        intercept: Amount at the origin in 10⁻¹⁴.
        origin: Quantity in millionths that is subtracted first.
        block: Millionths in a block; 0 for none.
        block_up: Whether a part of a block costs a whole one.
        rounded_apart: Added after rounding, in minor units: what the tiers below cost where each tier is rounded.
    """

    over: int
    up_to: int
    slope: int
    intercept: int
    origin: int = 0
    block: int = 0
    block_up: int = 1
    rounded_apart: int = 0

    def raw(self, quantity: int) -> int:
        """Return the amount of a quantity in millionths, before rounding, in 10⁻¹⁴."""
        units = quantity - self.origin
        if self.block:
            units = (units + self.block_up * (self.block - 1)) // self.block
        return units * self.slope + self.intercept


@dataclass(frozen=True, slots=True)
class Population:
    """Quantities in the order in which they are rated; sorted once, rated under any number of scenarios.

    Attributes:
        quantities: Millionths, ascending within each group.
        order: For each of them the position it was given at.
        starts: Where each group begins, and the number of rows at the end.
    """

    quantities: Whole
    order: NDArray[np.intp]
    starts: NDArray[np.intp]


def population(quantities: Whole, groups: NDArray[np.integer], number_of_groups: int) -> Population:
    """Sort quantities by the group whose rows share a rate, and by size.

    Args:
        quantities: Quantities in millionths.
        groups: Group of each row, from 0.
        number_of_groups: Number of groups; groups may be empty.
    """
    order = np.argsort(groups, kind="stable")
    counts = np.bincount(groups, minlength=number_of_groups)
    starts = np.concatenate(([0], np.cumsum(counts))).astype(np.intp)
    by_group = quantities[order]

    def sort(group: int) -> None:
        place = slice(starts[group], starts[group + 1])
        within = np.argsort(by_group[place])
        by_group[place] = by_group[place][within]
        order[place] = order[place][within]

    _each(sort, number_of_groups)
    return Population(by_group, order, starts)


def stretches(rate: Rate, decimals: int) -> tuple[Stretch, ...] | None:
    """Return a rate as straight lines, or nothing where an amount depends on more than the quantity.

    Args:
        rate: A compiled price.
        decimals: Decimals of the currency's minor unit.
    """
    if rate.fee_per_event or rate.carried or rate.decimals not in (RAW_DECIMALS, decimals):
        return None
    found: list[Stretch] = []
    with localcontext(prec=76):
        for row in rate.tiers:
            of_row = _rounded_apart(row, decimals) if rate.decimals == decimals else _capped(row)
            if of_row is None:
                return None
            found += of_row
    return tuple(found)


def reads_records(price: Price) -> bool:
    """Return whether an amount depends on single records rather than on a quantity: fees of events, tiers by full units."""
    if isinstance(price, Percentage):
        return price.is_per_event
    return isinstance(price, Graduated | Volume) and price.tiers_by == "full_units"


def beyond_included(rate: Sequence[Stretch], included: int) -> tuple[Stretch, ...]:
    """Return a rate over quantities of which some millionths are included; where nothing was used, nothing is taken off."""
    at_zero = next(each for each in rate if each.over < 0 <= each.up_to)
    unused = [replace(each, up_to=min(each.up_to, 0)) for each in rate if each.over < 0]
    free = Stretch(0, included, 0, at_zero.raw(0), rounded_apart=at_zero.rounded_apart)
    paid = [
        replace(each, over=max(each.over, 0) + included, up_to=each.up_to + included, origin=each.origin + included)
        for each in rate
        if each.up_to > 0
    ]
    return (*unused, free, *paid)


def rate_population(
    people: Population, rates: Sequence[tuple[Stretch, ...]], decimals: Sequence[int], *, in_given_order: bool = True
) -> Whole:
    """Rate every quantity; return amounts in minor units, rounded half away from zero at the line.

    Args:
        people: The sorted quantities.
        rates: The rate of each group, as straight lines.
        decimals: Decimals of the minor unit of each group's currency.
        in_given_order: Return amounts in the order quantities were given; no: in the population's own.
    """
    amounts = np.empty(len(people.quantities), dtype=np.int64)
    returned = np.empty_like(amounts) if in_given_order else amounts

    def rate(group: int) -> None:
        place = slice(people.starts[group], people.starts[group + 1])
        rate_sorted(people.quantities[place], rates[group], decimals[group], amounts[place])
        if in_given_order:
            returned[people.order[place]] = amounts[place]

    _each(rate, len(rates))
    return returned


def rate_sorted(quantities: Whole, rate: Sequence[Stretch], decimals: int, amounts: Whole) -> None:
    """Rate ascending quantities under one rate, writing minor units into ``amounts``."""
    for stretch in rate:
        low, high = (int(each) for each in np.searchsorted(quantities, [stretch.over, stretch.up_to], side="right"))
        for start in range(low, high, _CHUNK):
            end = min(start + _CHUNK, high)
            _rate_stretch(quantities[start:end], stretch, decimals, amounts[start:end])


def _each(work: Callable[[int], None], count: int) -> None:
    """Do one piece of work for each group, on every thread this process may use: NumPy lets go of the interpreter's lock."""
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if threads == 1 or count == 1:
        for number in range(count):
            work(number)
        return

    def every(first: int) -> None:
        for number in range(first, count, threads):
            work(number)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(every, range(threads)))


def _scaled(amount: Decimal, decimals: int) -> int:
    return int(amount.scaleb(decimals))


def _line(row: RateTier) -> Stretch:
    price = _scaled(row.unit_price, 8)
    return Stretch(
        _scaled(row.over, 6), _scaled(row.up_to, 6), price * 10**6 if row.block else price,
        _scaled(row.base_amount + row.flat_fee, RAW_DECIMALS), _scaled(row.origin, 6), row.block, row.block_up,
    )  # fmt: skip


def _capped(row: RateTier) -> list[Stretch] | None:
    """Return the line of a tier up to the quantity at which its cap is reached, and the cap above it."""
    line = _line(row)
    if row.cap == NO_CAP:
        return [line]
    room = _scaled(row.cap - row.flat_fee, RAW_DECIMALS)
    at_cap = Stretch(line.over, line.up_to, 0, _scaled(row.base_amount + row.cap, RAW_DECIMALS))
    if line.slope < 0:
        return None
    if line.slope == 0:
        return [line] if room >= 0 else [at_cap]
    units = room // line.slope
    reached = units if not line.block else units * line.block if line.block_up else (units + 1) * line.block - 1
    bound = min(max(reached + line.origin, line.over), line.up_to)
    both = replace(line, up_to=bound), replace(at_cap, over=bound)
    return [each for each in both if each.over < each.up_to]


def _rounded_apart(row: RateTier, decimals: int) -> list[Stretch] | None:
    """Return the line of a tier whose own part is rounded before the tiers are added up."""
    unit = Decimal(1).scaleb(-decimals)
    if row.cap != NO_CAP or row.base_amount % unit or row.flat_fee % unit:
        return None
    below = _scaled(row.base_amount + row.flat_fee, decimals)
    return [replace(_line(row), intercept=0, rounded_apart=below)]


def _rate_stretch(quantities: Whole, line: Stretch, decimals: int, amounts: Whole) -> None:
    """Rate quantities that lie in one stretch, all of whose amounts have one sign or are split where it changes."""
    ends = line.raw(int(quantities[0])), line.raw(int(quantities[-1]))
    if min(ends) < 0 < max(ends):
        rising = ends[0] < 0
        change = bisect_left(quantities, True, key=lambda each: (line.raw(int(each)) >= 0) == rising)
        _rate_stretch(quantities[:change], line, decimals, amounts[:change])
        _rate_stretch(quantities[change:], line, decimals, amounts[change:])
        return
    sign = -1 if min(ends) < 0 else 1
    upward = replace(line, slope=sign * line.slope, intercept=sign * line.intercept)
    _rate_upward(quantities, upward, 10 ** (RAW_DECIMALS - decimals), abs(ends[0]), abs(ends[1]), amounts)
    if sign < 0:
        np.negative(amounts, out=amounts)
    if line.rounded_apart:
        np.add(amounts, line.rounded_apart, out=amounts)


def _rate_upward(quantities: Whole, line: Stretch, unit: int, first: int, last: int, amounts: Whole) -> None:
    """Rate quantities whose amounts are not below zero; ``first`` and ``last`` are the amounts at the ends."""
    half = unit // 2
    common = gcd(line.slope, line.intercept - (0 if line.block else line.slope * line.origin), half)
    words = amounts.view(np.uint64)
    if line.slope == 0:
        amounts.fill((line.intercept + half) // unit)
    elif (max(first, last) + half) // common < _WORD:
        _one_word(quantities, line, unit, common, words)
    elif _fits_two_words(line, unit, int(quantities[0]), int(quantities[-1])):
        _two_words(quantities, line, unit, words)
    else:
        amounts[:] = [(line.raw(int(each)) + half) // unit for each in quantities]


def _one_word(quantities: Whole, line: Stretch, unit: int, common: int, amounts: NDArray[np.uint64]) -> None:
    """Multiply, add, divide, modulo 2⁶⁴: the sum is below it, so that words that run over on the way do no harm."""
    slope, constant = line.slope // common, line.intercept + unit // 2
    if line.block:
        np.add(quantities, line.block_up * (line.block - 1) - line.origin, out=amounts.view(np.int64))
        np.floor_divide(amounts.view(np.int64), line.block, out=amounts.view(np.int64))
        np.multiply(amounts, np.uint64(slope % _WORD), out=amounts)
    else:
        np.multiply(quantities.view(np.uint64), np.uint64(slope % _WORD), out=amounts)
        constant -= line.slope * line.origin
    np.add(amounts, np.uint64(constant // common % _WORD), out=amounts)
    np.floor_divide(amounts, np.uint64(unit // common), out=amounts)


def _fits_two_words(line: Stretch, unit: int, first: int, last: int) -> bool:
    return (
        line.slope > 0
        and line.intercept >= 0
        and first >= line.origin
        and (last - line.origin) // _SPLIT * line.slope < _WORD
        and _SPLIT * line.slope + 3 * unit < _HALF_WORD
    )


def _two_words(quantities: Whole, line: Stretch, unit: int, amounts: NDArray[np.uint64]) -> None:
    """Split units u = h·10⁶ + l and h·slope = a·(unit/10⁶) + b, so that (u·slope + c)/unit = a + (b·10⁶ + l·slope + c)/unit."""
    units = (quantities - line.origin).view(np.uint64)
    if line.block:
        units = (units + np.uint64(line.block_up * (line.block - 1))) // np.uint64(line.block)
    split, steps = np.uint64(_SPLIT), np.uint64(unit // _SPLIT)
    high = units // split
    units -= high * split
    high *= np.uint64(line.slope)
    whole = high // steps
    high -= whole * steps
    rest = high * split + units * np.uint64(line.slope) + np.uint64(line.intercept % unit + unit // 2)
    np.floor_divide(rest, np.uint64(unit), out=amounts)
    amounts += whole + np.uint64(line.intercept // unit)
