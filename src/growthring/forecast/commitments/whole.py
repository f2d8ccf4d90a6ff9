"""Exact amounts of many futures at once: money in ten-thousandths, quantities in millionths, as whole numbers of numpy.

Simulated futures go through the same rounding as a bill does, so that a commitment drawn down in numpy leaves the same cents as
the reference in Decimal. A product that would not fit into 64 bits is counted in Python's integers.
"""

from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from growthring.kernel.currency import EXPONENT

Whole: TypeAlias = NDArray[np.int64]
"""Whole numbers by future, shape (paths,), or (1,) where all futures agree."""

MONEY_DIGITS = 4
QUANTITY_DIGITS = 6
RATE_SCALE = 10**8
"""Factors and shares have 8 decimals."""

_WORD = 2**62


def money_units(amount: Decimal) -> int:
    """Return an amount in ten-thousandths of the major unit.

    Example:
        >>> money_units(Decimal("12.3456"))
        123456
    """
    return int(amount.scaleb(MONEY_DIGITS).to_integral_value())


def quantity_units(quantity: Decimal) -> int:
    """Return a quantity in millionths."""
    return int(quantity.scaleb(QUANTITY_DIGITS).to_integral_value())


def rate_units(rate: Decimal) -> int:
    """Return a factor or share in hundred-millionths."""
    return int((rate * RATE_SCALE).to_integral_value())


def minor_step(currency: str) -> int:
    """Return the smallest coin of a currency in ten-thousandths; a hundredth for one that is not known."""
    return int(10 ** (MONEY_DIGITS - EXPONENT.get(currency, 2)))


def fixed(value: int) -> Whole:
    """Return a number on which all futures agree."""
    return np.array([value], dtype=np.int64)


def share(amount: Whole, part: Whole, whole: Whole, step: int) -> Whole:
    """Return amount × part / whole, rounded half up to a step; all of it for the whole, nothing of nothing.

    Args:
        amount: Not below zero, shape (paths,) or (1,).
        part: Between 0 and ``whole``.
        whole: What the amount is for.
        step: The step in the amount's own unit.

    Example:
        >>> share(fixed(100_000), fixed(1), fixed(3), 100)
        array([33300])
    """
    safe = np.where(whole == 0, 1, whole)
    shared = _rounded_ratio(amount, part, safe, step)
    return np.asarray(np.where(whole == 0, 0, np.where(part == whole, amount, shared)), dtype=np.int64)


def times(amount: Whole, rate: int, step: int) -> Whole:
    """Return an amount × a rate in hundred-millionths, rounded half up to a step."""
    if rate == RATE_SCALE:
        return np.asarray((2 * amount + step) // (2 * step) * step, dtype=np.int64)
    return _rounded_ratio(amount, fixed(rate), fixed(RATE_SCALE), step)


def _rounded_ratio(amount: Whole, part: Whole, whole: Whole, step: int) -> Whole:
    most = 2 * _most(amount) * _most(part) + _most(whole) * step
    if most < _WORD and 2 * _most(whole) * step < _WORD:
        return np.asarray((2 * amount * part + whole * step) // (2 * whole * step) * step, dtype=np.int64)
    wide: list[NDArray[Any]] = [each.astype(object) for each in (amount, part, whole)]
    return np.asarray((2 * wide[0] * wide[1] + wide[2] * step) // (2 * wide[2] * step) * step, dtype=np.int64)


def _most(values: Whole) -> int:
    return int(np.abs(values).max(initial=0))
