"""Charges of many futures: what a subscription is charged for a component in a period, one amount a path."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from growthring.forecast.commitments.whole import Whole, fixed, money_units, quantity_units
from growthring.pricing.commitments import Charge


@dataclass(frozen=True, slots=True, eq=False)
class ChargePaths:
    """A row of ``drawable`` in every future; what is known already is one value on which all futures agree.

    Attributes:
        account_id: The customer.
        subscription_id: The subscription.
        period_start: First day of the billing period.
        period_end: First day after it.
        component_id: The component.
        component_kind: usage or fee.
        meter: The meter; empty for fees.
        currency: ISO 4217 code.
        quantity: Millionths, shape (paths,) or (1,).
        amount: Ten-thousandths of the currency's major unit, shape (paths,) or (1,).
    """

    account_id: str
    subscription_id: str
    period_start: date
    period_end: date
    component_id: str
    component_kind: str
    meter: str
    currency: str
    quantity: Whole
    amount: Whole


def known_charge(charge: Charge) -> ChargePaths:
    """Return a charge that is known, the same in every future."""
    return ChargePaths(
        charge.account_id, charge.subscription_id, charge.period_start, charge.period_end, charge.component_id,
        charge.component_kind, charge.meter, charge.currency, fixed(quantity_units(charge.quantity)),
        fixed(money_units(charge.amount)),
    )  # fmt: skip


def in_order(charges: Iterable[ChargePaths], pools: Mapping[str, str]) -> list[ChargePaths]:
    """Return one charge per subscription, period and component, in the order in which commitments pay them.

    The order is that of `growthring.pricing.commitments.reference.summed_charges`: pool, period, fees before usage.
    """
    same: dict[tuple[str | date, ...], list[ChargePaths]] = defaultdict(list)
    for each in charges:
        place = pools.get(each.account_id, each.account_id), each.period_start, each.component_kind, each.account_id
        same[*place, each.subscription_id, each.component_id, each.currency, each.meter, each.period_end].append(each)
    return [_added(same[key]) for key in sorted(same)]


def _added(charges: list[ChargePaths]) -> ChargePaths:
    first = charges[0]
    quantity, amount = first.quantity, first.amount
    for each in charges[1:]:
        quantity, amount = quantity + each.quantity, amount + each.amount
    return replace(first, quantity=quantity, amount=amount)
