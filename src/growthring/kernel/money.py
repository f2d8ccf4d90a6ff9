"""Exact money: one rounding rule, one way to split an amount without losing a cent."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from growthring.kernel.currency import exponent


def round_money(amount: Decimal, currency: str) -> Decimal:
    """Round an amount once, half away from zero, to the currency's minor unit.

    Args:
        amount: Any exact amount in major units.
        currency: ISO 4217 code.

    Example:
        >>> round_money(Decimal("2.675"), "USD"), round_money(Decimal("2.5"), "JPY")
        (Decimal('2.68'), Decimal('3'))
    """
    return amount.quantize(Decimal(1).scaleb(-exponent(currency)), rounding=ROUND_HALF_UP)


def allocate(amount: Decimal, weights: Sequence[int], currency: str) -> list[Decimal]:
    """Split an amount by weights so that the parts add up to the whole (largest remainder).

    The leftover minor units go to the parts with the largest remainders, earliest first on a tie.

    Args:
        amount: The whole, already rounded to the minor unit.
        weights: Non-negative integers, one a part, for instance days of service per month.
        currency: ISO 4217 code; decides the minor unit.

    Example:
        >>> [str(part) for part in allocate(Decimal("300"), [14, 31, 30, 14], "USD")]
        ['47.19', '104.50', '101.12', '47.19']
    """
    unit = Decimal(1).scaleb(-exponent(currency))
    whole = int((abs(amount) / unit).to_integral_value(rounding=ROUND_HALF_UP))
    total = sum(weights)
    floors = [whole * weight // total for weight in weights]
    remainders = [whole * weight % total for weight in weights]
    order = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in order[: whole - sum(floors)]:
        floors[index] += 1
    sign = -1 if amount < 0 else 1
    return [sign * part * unit for part in floors]
