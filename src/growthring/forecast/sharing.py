"""Totals shared over rows so that the parts add up to the total to the last ten-thousandth."""

import numpy as np
from numpy.typing import NDArray

from growthring.kernel.errors import GrowthringError

Units = NDArray[np.int64]
"""Amounts counted in ten-thousandths: what is published has four decimals, and whole numbers add up without rounding."""

PER_ONE = 10_000
_LARGEST = 9e17


def to_units(values: NDArray[np.float64]) -> Units:
    """Return amounts in ten-thousandths, each rounded once; NaN counts 0.

    Raises:
        GrowthringError: An amount has more than fourteen digits before the point, which no forecast line can hold.

    Example:
        >>> to_units(np.array([1.00004, 2.5])).tolist()
        [10000, 25000]
    """
    return whole(np.nan_to_num(values, nan=0.0, posinf=np.inf, neginf=-np.inf) * PER_ONE)


def whole(units: NDArray[np.float64]) -> Units:
    """Return ten-thousandths rounded to whole ones, as `to_units` does."""
    largest = float(np.abs(units).max(initial=0.0))
    if largest > _LARGEST:
        raise GrowthringError(
            f"An amount of {largest / PER_ONE:.3g} is too large for a forecast line.",
            valid=f"Valid: up to {_LARGEST / PER_ONE:.0e}.",
            remedy="Correct the override that made it, or count usage in a larger unit.",
        )
    return np.asarray(np.rint(units), np.int64)


def share(totals: Units, weights: NDArray[np.float64]) -> Units:
    """Split totals over rows in proportion to weights; the largest remainders get what rounding left over.

    Args:
        totals: One total a column, shape (columns,).
        weights: Not negative, with a positive sum in every column, shape (rows, columns).

    Returns:
        Parts of shape (rows, columns), whose sums are exactly the totals; none is negative where the total is not.

    Example:
        >>> share(np.array([100]), np.array([[1.0], [1.0], [1.0]])).ravel().tolist()
        [34, 33, 33]
    """
    rows = len(weights)
    if rows == 1:
        return totals[np.newaxis, :].copy()
    exact = totals * (weights / weights.sum(axis=0))
    parts: Units = np.floor(exact).astype(np.int64)
    left = totals - parts.sum(axis=0)
    regular = np.clip(left, 0, rows - 1)
    rank = np.argsort(np.argsort(parts - exact, axis=0, kind="stable"), axis=0, kind="stable")
    parts += rank < regular
    columns = np.arange(len(totals))
    parts[weights.argmax(axis=0), columns] += left - regular  # only where floating point lost a unit of a huge total
    return parts
