"""Rounding the parts of a sum so that they add up to the rounded sum."""

from collections.abc import Hashable, Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)


def adding_up(units: Mapping[Name, int], whole: Decimal, step: Decimal) -> dict[Name, Decimal]:
    """Round parts to a step so that they add up to their rounded sum; what is left goes to the largest remainders.

    Args:
        units: Exact parts in ten-thousandths.
        whole: Their sum, rounded to the step.
        step: Such as 0.01.

    Example:
        >>> adding_up({"a": 3333, "b": 3333, "c": 3334}, Decimal("1.00"), Decimal("0.01"))
        {'a': Decimal('0.33'), 'b': Decimal('0.33'), 'c': Decimal('0.34')}
    """
    exact = {name: Decimal(each).scaleb(-4) for name, each in units.items()}
    found = {name: each.quantize(step, rounding=ROUND_FLOOR) for name, each in exact.items()}
    left = int((whole - sum(found.values(), Decimal(0))) / step)
    for name in sorted(exact, key=lambda name: found[name] - exact[name])[:left]:
        found[name] += step
    return found
