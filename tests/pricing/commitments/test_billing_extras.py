"""Threshold invoices and coupons: the same by relation and by reference, and never more than there is to bill."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from growthring.engine.executors import open_executor
from growthring.pricing.commitments.coupons import (
    allocation_chain,
    allocation_inputs,
    coupon_allocation,
    coupon_chain,
    coupon_discount,
    coupon_inputs,
)
from growthring.pricing.commitments.thresholds import all_thresholds, progressive_billing, threshold_chain, threshold_inputs

D = Decimal
_FEW = settings(max_examples=40, deadline=None)
_AMOUNT = st.integers(0, 10_000_000).map(lambda cents: D(cents) / 100)
_PERCENT = st.integers(0, 10000).map(lambda value: D(value) / 100)


@_FEW
@given(st.lists(_AMOUNT, max_size=8), st.lists(_AMOUNT, max_size=3), st.none() | st.integers(10_000, 90_000).map(D))
def test_threshold_invoices_are_the_same_both_ways(
    steps: list[Decimal], levels: list[Decimal], recurring: Decimal | None
) -> None:
    executor = open_executor("duckdb")
    thresholds = all_thresholds(levels, recurring, sum(steps, D(0)))
    for name, table in threshold_inputs({"s": steps}, {"s": thresholds}).items():
        executor.put(name, table)
    executor.run(threshold_chain())
    rows = sorted(executor.fetch("threshold_invoice"), key=lambda row: row[1])
    executor.close()
    assert tuple(row[2] for row in rows) == progressive_billing(steps, levels, recurring=recurring).invoices


def test_thresholds_passed_at_once_make_one_invoice_and_the_last_invoice_credits_all() -> None:
    billed = progressive_billing([D(90), D(250), D(5)], [D(100), D(300)], plan_fee=D(10))
    assert (billed.invoices, billed.credited, billed.final_amount) == ((D(340),), D(340), D(15))


@_FEW
@given(_AMOUNT, st.lists(_PERCENT, max_size=4), st.lists(_AMOUNT, max_size=3), st.sampled_from(["USD", "JPY", "KWD"]))
def test_coupons_take_off_the_same_both_ways_and_never_more_than_the_bill(
    subtotal: Decimal, percentages: list[Decimal], fixed: list[Decimal], currency: str
) -> None:
    executor = open_executor("duckdb")
    tables, number = coupon_inputs({"b": (subtotal, percentages, fixed, currency)})
    for name, table in tables.items():
        executor.put(name, table)
    executor.run(coupon_chain(number))
    expected = coupon_discount(subtotal, percentages, fixed, currency)
    assert executor.fetch("coupon_discount") == [("b", expected)]
    executor.close()
    assert D(0) <= expected <= subtotal + D("0.5")


@_FEW
@given(_AMOUNT, st.lists(_AMOUNT, min_size=1, max_size=6))
def test_an_allocated_discount_adds_up_and_no_fee_bears_more_than_itself(discount: Decimal, fees: list[Decimal]) -> None:
    executor = open_executor("duckdb")
    for name, table in allocation_inputs({"b": (discount, fees, "USD")}).items():
        executor.put(name, table)
    executor.run(allocation_chain())
    rows = sorted(executor.fetch("coupon_share"))
    executor.close()
    parts = coupon_allocation(discount, fees)
    if sum(fees) > 0:
        assert [row[2] for row in rows] == parts
    assert sum(parts) == min(discount, sum(fees))
    assert all(part <= fee for part, fee in zip(parts, fees, strict=True))
