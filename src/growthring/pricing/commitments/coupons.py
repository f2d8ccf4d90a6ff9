"""Coupons on a bill: percentages first, one on what the other left, then fixed amounts, never more than the bill."""

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

import pyarrow as pa

from growthring.engine.relation import Relation, relation
from growthring.kernel.money import allocate
from growthring.pricing.commitments.inputs import COUNT, TEXT, arrow_table
from growthring.pricing.commitments.reference import minor_unit, rounded

PACKAGE = "growthring.pricing.commitments"
_RAW = Decimal("0.00000000000001")
_RAW_TYPE = pa.decimal128(38, 14)
_HUNDREDTH = Decimal("0.01")


def coupon_discount(
    subtotal: Decimal, percentages: Sequence[Decimal], fixed: Sequence[Decimal], currency: str = "USD"
) -> Decimal:
    """Return what coupons take off a bill, whatever the order in which they are listed (Meteroid).

    Example:
        >>> coupon_discount(Decimal(100), [Decimal(10)], [Decimal(50)])
        Decimal('60.00')
    """
    left = max(subtotal, Decimal(0))
    start = left
    for percent in sorted(percentages):
        left -= min(left, (left * percent * _HUNDREDTH).quantize(_RAW, rounding=ROUND_HALF_UP))
    for amount in fixed:
        left -= min(left, amount)
    return rounded(start - left, currency)


def coupon_allocation(discount: Decimal, fees: Sequence[Decimal], currency: str = "USD") -> list[Decimal]:
    """Spread a discount over fees in proportion to them; the parts add up to the discount, which never exceeds the fees.

    Example:
        >>> coupon_allocation(Decimal("0.12"), [Decimal(2), Decimal(1)])
        [Decimal('0.08'), Decimal('0.04')]
    """
    weights = [int(max(fee, Decimal(0)) / minor_unit(currency)) for fee in fees]
    if not sum(weights):
        return [Decimal(0)] * len(fees)
    return allocate(min(discount, sum(weights) * minor_unit(currency)), weights, currency)


def coupon_inputs(
    bills: Mapping[str, tuple[Decimal, Sequence[Decimal], Sequence[Decimal], str]],
) -> tuple[dict[str, pa.Table], int]:
    """Make the inputs of the relations, and the number of coupons of the bill that has most.

    Args:
        bills: By identifier: subtotal, percentages, fixed amounts, currency.
    """
    rows: list[tuple[object, ...]] = []
    for bill_id, (_, percentages, fixed, _currency) in bills.items():
        kinds = [*(("percent", each * _HUNDREDTH) for each in sorted(percentages)), *(("fixed", each) for each in fixed)]
        rows += [(bill_id, place, kind, value) for place, (kind, value) in enumerate(kinds, start=1)]
    columns = {"bill_id": TEXT, "subtotal_amount": _RAW_TYPE, "digits": COUNT}
    subtotals = [(key, each[0], -int(minor_unit(each[3]).as_tuple().exponent)) for key, each in bills.items()]
    tables = {
        "coupon_bill": arrow_table(columns, subtotals),
        "coupon": arrow_table({"bill_id": TEXT, "place": COUNT, "kind": TEXT, "value": pa.decimal128(18, 8)}, rows),
    }
    return tables, max((int(str(row[1])) for row in rows), default=0)


def coupon_chain(number: int) -> list[Relation]:
    """Return the relations; ``coupon_discount`` holds the discount of each bill.

    Args:
        number: Coupons of the bill that has most; one relation each.
    """
    chain = [relation(PACKAGE, "coupon_start", called="coupon_left_0")]
    for place in range(1, number + 1):
        step = relation(PACKAGE, "coupon_left", {"place": place}, called=f"coupon_left_{place}")
        chain.append(Relation(step.name, re.sub(r"\bcoupon_left_before\b", f"coupon_left_{place - 1}", step.sql)))
    final = relation(PACKAGE, "coupon_discount")
    return [*chain, Relation(final.name, re.sub(r"\bcoupon_left_last\b", f"coupon_left_{number}", final.sql))]


def allocation_inputs(bills: Mapping[str, tuple[Decimal, Sequence[Decimal], str]]) -> dict[str, pa.Table]:
    """Make the inputs of the relation ``coupon_share``: by bill the discount, its fees and the currency."""
    rows = [
        (key, place, int(discount / minor_unit(currency)), int(max(fee, Decimal(0)) / minor_unit(currency)), minor_unit(currency))
        for key, (discount, fees, currency) in bills.items()
        for place, fee in enumerate(fees, start=1)
    ]
    units = pa.decimal128(18, 0)
    columns = {"bill_id": TEXT, "place": COUNT, "discount_units": units, "fee_units": units, "unit_amount": pa.decimal128(18, 4)}
    return {"coupon_fee": arrow_table(columns, [(*row[:2], Decimal(row[2]), Decimal(row[3]), row[4]) for row in rows])}


def allocation_chain() -> list[Relation]:
    """Return the relations; ``coupon_share`` holds the part of the discount that each fee bears."""
    return [relation(PACKAGE, "coupon_share")]
