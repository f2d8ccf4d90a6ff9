"""Amounts of prorated units: full units choose the tier, the share of the period each unit was there is what is priced.

A seat added on 16 June counts as one seat when tiers are chosen and as half a seat when it is priced (Lago's prorated graduated
and volume charges, billing §1g 15). The relations ``charge_prorated`` and ``charge_prorated_volume`` give the same digits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from growthring.pricing.price import Tier

_UNITS = Decimal(1).scaleb(-10)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Change:
    """Units that were added or removed, and the share of the period that was left.

    Attributes:
        quantity: Full units; below zero when they were removed.
        left: Days (or seconds) left in the period.
        whole: Days (or seconds) of the period.
    """

    quantity: Decimal
    left: int
    whole: int

    def share(self, units: Decimal) -> Decimal:
        """Return some of its units, prorated to 10 decimals."""
        exact = abs(Fraction(units)) * self.left / self.whole
        shared = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(_UNITS, ROUND_HALF_UP)
        return -shared if units < 0 else shared


@dataclass(frozen=True, slots=True)
class TierUnits:
    """Prorated units that a tier prices; tier 0 holds those below zero, which have the first tier's price."""

    tier: int
    units: Decimal
    unit_price: Decimal
    flat_fee: Decimal


def graduated_units(tiers: Sequence[Tier], changes: Iterable[Change], idle_fee: Decimal) -> list[TierUnits]:
    """Return the prorated units of each tier that full units passed through.

    Args:
        tiers: Tiers in order; a quantity equal to a bound is in the tier below it.
        changes: Changes in the order in which they came.
        idle_fee: Fee when no tier was reached.
    """
    bounds = [_ZERO, *(tier.up_to for tier in tiers[:-1] if tier.up_to is not None)]
    units: dict[int, Decimal] = {}
    level = _ZERO
    for change in changes:
        low, high = sorted((level, level + change.quantity))
        level += change.quantity
        sign = -1 if change.quantity < 0 else 1
        for number in range(len(tiers) + 1):
            over = bounds[number - 1] if number else low
            up_to = bounds[number] if number < len(bounds) else high
            inside = min(high, up_to) - max(low, over)
            if inside > 0:
                units[number] = units.get(number, _ZERO) + sign * change.share(inside)
    reached = max(units, default=0)
    return [
        TierUnits(
            number,
            units[number],
            tiers[max(number - 1, 0)].unit_price,
            tiers[number - 1].flat_fee if number else (_ZERO if reached else idle_fee),
        )
        for number in sorted(units)
    ] or [TierUnits(0, _ZERO, tiers[0].unit_price, idle_fee)]


def volume_units(tiers: Sequence[Tier], changes: Iterable[Change], idle_fee: Decimal) -> TierUnits:
    """Return all prorated units in the tier of the full units at the end of the period."""
    listed = list(changes)
    units = sum((change.share(change.quantity) for change in listed), _ZERO)
    full = sum((change.quantity for change in listed), _ZERO)
    if full <= 0:
        return TierUnits(0, units, tiers[0].unit_price, idle_fee)
    number, tier = next((at, tier) for at, tier in enumerate(tiers, start=1) if tier.up_to is None or full <= tier.up_to)
    return TierUnits(number, units, tier.unit_price, tier.flat_fee)
