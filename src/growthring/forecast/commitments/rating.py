"""Quantities of many futures through the price book, never an average price × a quantity.

A component whose amount depends on the period's quantity alone runs on the exact integer kernel of simulation
(`growthring.pricing.simulation.kernel`); whatever the kernel cannot express (converted units, adjustments) is rated by the
Decimal reference, once for each different quantity. Both give the amount of a real bill, to the minor unit. A component whose
amount depends on more than the period's quantity is refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from growthring.forecast.commitments.whole import QUANTITY_DIGITS, Whole, fixed, money_units
from growthring.kernel.currency import exponent
from growthring.pricing.adjustment import Adjustment
from growthring.pricing.book import Component, Version
from growthring.pricing.compiled import compile_price
from growthring.pricing.policy import RatingPolicy
from growthring.pricing.price import CapacityTiers, Dynamic, Flat, Graduated, Matrix, Percentage, Volume
from growthring.pricing.reference import Share, Use, rate_bill, rate_component
from growthring.pricing.simulation.kernel import Stretch, beyond_included, population, rate_population, stretches

WHOLE_BILL = "(whole bill)"


@dataclass(frozen=True, slots=True, eq=False)
class RatedPaths:
    """What one component is charged in a period, in every future.

    Attributes:
        component_id: The component, or ``(whole bill)`` for what adjusts the bill.
        kind: usage or fee.
        meter: The meter; empty for fees.
        quantity: Millionths.
        amount: Ten-thousandths of the major unit, rounded to the minor unit as a bill is.
    """

    component_id: str
    kind: str
    meter: str
    quantity: Whole
    amount: Whole


def why_not_rated(version: Version, currency: str) -> str:
    """Return why a book's version cannot rate simulated quantities, in words; nothing when it can."""
    for component in version.components:
        price = component.price_in(currency)
        per_unit = isinstance(price, Graduated | Volume) and price.tiers_by == "full_units"
        per_record = isinstance(price, Percentage) and (price.is_per_event or bool(price.fixed_per_event))
        if per_record or isinstance(price, Dynamic):
            return f"{component.id} is priced record by record"
        if per_unit:
            return f"{component.id} is priced by when units came and went"
        if isinstance(price, Matrix):
            return f"{component.id} is priced by dimensions"
        if any(each.scope == "bucket" for each in component.adjustments):
            return f"{component.id} is adjusted bucket by bucket"
    return ""


def rate_paths(
    version: Version, policy: RatingPolicy, currency: str, used: Mapping[str, Whole], *, period_no: int = 1
) -> list[RatedPaths]:
    """Rate a whole billing period of a subscription in every future.

    Args:
        version: The book's version in force on the first day of the period; `why_not_rated` names nothing.
        policy: How the book is read.
        currency: The subscription's currency.
        used: Quantity by meter in millionths, each of shape (paths,) or (1,); meters that are absent were not used.
        period_no: Number of the period since the subscription began: discounts may end.
    """
    share = Share(period_no=period_no)
    found = [
        _component(component, policy, currency, used, share)
        for component in version.components
        if component.price_in(currency) is not None
    ]
    if _due(version.adjustments, share):
        found.append(_whole_bill(version, policy, currency, used, share, found))
    return found


def _component(component: Component, policy: RatingPolicy, currency: str, used: Mapping[str, Whole], share: Share) -> RatedPaths:
    price = component.price_in(currency)
    if isinstance(price, Flat | CapacityTiers):
        every = _each_use(used) if isinstance(price, CapacityTiers) else iter(((),))
        fee = np.array([_by_reference(component, policy, currency, uses, share) for uses in every], dtype=np.int64)
        kind = "fee" if isinstance(price, Flat) else "usage"
        return RatedPaths(component.id, kind, "", np.full_like(fee, 10**QUANTITY_DIGITS), fee)
    quantity = used.get(component.meter, fixed(0))
    lines = _lines(component, policy, currency) if not _due(component.adjustments, share) else None
    if lines is not None:
        people = population(quantity, np.zeros(len(quantity), dtype=np.int64), 1)
        decimals = exponent(currency)
        amount = rate_population(people, [lines], [decimals]) * 10 ** (4 - decimals)
        return RatedPaths(component.id, "usage", component.meter, quantity, amount)
    different, place = np.unique(quantity, return_inverse=True)
    amounts = [
        _by_reference(component, policy, currency, (Use(component.meter, _quantity(each)),), share) for each in different.tolist()
    ]
    return RatedPaths(component.id, "usage", component.meter, quantity, np.array(amounts, dtype=np.int64)[place])


def _lines(component: Component, policy: RatingPolicy, currency: str) -> tuple[Stretch, ...] | None:
    """Return the price as straight lines, or nothing where the kernel cannot express it."""
    price = component.price_in(currency)
    if component.conversion or component.included_percent or price is None or isinstance(price, Flat | CapacityTiers | Matrix):
        return None
    found = stretches(compile_price(price, policy, currency), exponent(currency))
    if found and component.included_units:
        return beyond_included(found, int(component.included_units.scaleb(QUANTITY_DIGITS)))
    return found


def _whole_bill(
    version: Version, policy: RatingPolicy, currency: str, used: Mapping[str, Whole], share: Share, lines: list[RatedPaths]
) -> RatedPaths:
    """Return what discounts, minimum and maximum of the whole bill change; each future's bill is rated by the reference."""
    bills = np.array(
        [money_units(rate_bill(version, uses, share, policy, currency).amount) for uses in _each_use(used)], dtype=np.int64
    )
    changed = bills - sum((each.amount for each in lines), fixed(0))
    return RatedPaths(WHOLE_BILL, "fee", "", np.full_like(changed, 10**QUANTITY_DIGITS), changed)


def _each_use(used: Mapping[str, Whole]) -> Iterator[tuple[Use, ...]]:
    paths = max((len(each) for each in used.values()), default=1)
    columns = {meter: np.broadcast_to(values, (paths,)).tolist() for meter, values in used.items()}
    for path in range(paths):
        yield tuple(Use(meter, _quantity(values[path])) for meter, values in columns.items())


def _by_reference(component: Component, policy: RatingPolicy, currency: str, uses: tuple[Use, ...], share: Share) -> int:
    lines = rate_component(component, uses, share, policy, currency)
    return sum(money_units(line.amount) for line in lines)


def _quantity(millionths: int) -> Decimal:
    return Decimal(millionths).scaleb(-QUANTITY_DIGITS)


def _due(adjustments: tuple[Adjustment, ...], share: Share) -> bool:
    return any(
        each.first_period <= share.period_no and (each.last_period is None or share.period_no <= each.last_period)
        for each in adjustments
    )
