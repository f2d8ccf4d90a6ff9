"""Balances and credits pay charges in order, never more than they hold, the same by relation and by reference."""

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from growthring.pricing.commitments import Charge, Commitment, draw_down
from growthring.pricing.commitments.slices import grant_slices
from tests.pricing.commitments.running import Results, run_relations
from tests.pricing.commitments.strategies import ON, POOLS, charges, grants

D = Decimal
_FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_PARTS = ("granted", "rolled_in", "drawn", "rolled_out", "breakage", "balance")


def _charge(month: int, amount: str, *, kind: str = "usage", quantity: str = "0", account: str = "a") -> Charge:
    start, end = date(2024, month, 1), date(2024, month + 1, 1)
    return Charge(account, "s", start, end, "c", kind, "m" if kind == "usage" else "", D(quantity), D(amount), "USD")


def _prepaid(name: str, start: int, end: int, amount: str, **more: Any) -> Commitment:
    return Commitment(name, "a", "prepaid", date(2024, start, 1), date(2024, end, 1), amount=D(amount), currency="USD", **more)


def _paid(results: Results) -> dict[tuple[str, date], Decimal]:
    return {(row["commitment_id"], row["period_start"]): row["drawn_amount"] for row in results.drawdown}


@_FEW
@given(grants(), charges(), st.sampled_from([ON, date(2024, 6, 15)]))
def test_the_relations_and_the_reference_agree_to_the_last_digit(
    commitments: list[Commitment], billed: list[Charge], on: date
) -> None:
    expected, found = draw_down(commitments, billed, on, POOLS), run_relations(commitments, billed, on, POOLS)
    assert _payments_of(found) == sorted(
        (each.commitment_id, *_place(each.charge), each.drawn_amount, each.drawn_quantity, each.balance)
        for each in expected.payments
    )
    assert {row["commitment_id"]: tuple(row[part] for part in _PARTS) for row in found.commitment_balance} == {
        key: tuple(getattr(value, part) for part in _PARTS) for key, value in expected.balances.items()
    }
    assert sorted(
        (row["commitment_id"], *_row_place(row), row["uncovered_amount"], row["overage_amount"]) for row in found.overage
    ) == sorted(
        (each.commitment_id, *_place(each.charge), each.uncovered_amount, each.overage_amount) for each in expected.overage
    )


def _payments_of(found: Results) -> list[tuple[Any, ...]]:
    return sorted(
        (row["commitment_id"], *_row_place(row), row["drawn_amount"], row["drawn_quantity"], row["balance"])
        for row in found.drawdown
    )


def _place(charge: Charge) -> tuple[Any, ...]:
    return charge.account_id, charge.period_start, charge.component_id, charge.currency


def _row_place(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["account_id"], row["period_start"], row["component_id"], row["currency"]


@_FEW
@given(grants(), charges())
def test_drawdowns_never_exceed_what_was_granted_and_no_balance_is_negative(
    commitments: list[Commitment], billed: list[Charge]
) -> None:
    found = run_relations(commitments, billed, ON, POOLS)
    assert all(row["balance"] >= 0 and row["drawn_amount"] >= 0 for row in found.drawdown)
    for row in found.commitment_balance:
        assert row["drawn"] <= row["granted"] + row["rolled_in"]
        assert row["granted"] + row["rolled_in"] == row["drawn"] + row["rolled_out"] + row["breakage"] + row["balance"]
        assert min(row[part] for part in _PARTS) >= 0


@_FEW
@given(grants(), charges())
def test_what_was_drawn_and_what_was_not_covered_add_up_to_the_charge(
    commitments: list[Commitment], billed: list[Charge]
) -> None:
    found = draw_down(commitments, billed, ON, POOLS)
    paid: dict[Charge, Decimal] = defaultdict(Decimal)
    for each in found.payments:
        paid[each.charge] += each.drawn_amount
    for over in found.overage:
        assert paid[over.charge] + over.uncovered_amount == over.charge.amount
    assert all(paid[charge] <= max(charge.amount, D(0)) for charge in paid)


@_FEW
@given(grants(), charges(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(commitments: list[Commitment], billed: list[Charge], chance: Any) -> None:
    expected = draw_down(commitments, billed, ON, POOLS)
    chance.shuffle(commitments)
    chance.shuffle(billed)
    again = draw_down(commitments, billed, ON, POOLS)
    assert (again.payments, again.balances, again.overage) == (expected.payments, expected.balances, expected.overage)


@_FEW
@given(grants(), charges())
def test_splitting_charges_within_a_period_changes_nothing(commitments: list[Commitment], billed: list[Charge]) -> None:
    halves = [replace(each, amount=D(1), quantity=D(1)) for each in billed]
    rest = [replace(each, amount=each.amount - 1, quantity=each.quantity - 1) for each in billed]
    assert _payments_of(run_relations(commitments, [*halves, *rest], ON, POOLS)) == _payments_of(
        run_relations(commitments, billed, ON, POOLS)
    )


@_FEW
@given(grants(), charges())
def test_later_periods_do_not_change_what_earlier_ones_drew(commitments: list[Commitment], billed: list[Charge]) -> None:
    cut = date(2024, 7, 1)
    whole = draw_down(commitments, billed, ON, POOLS).payments
    so_far = draw_down(commitments, billed, cut, POOLS).payments
    assert sorted(map(repr, so_far)) == sorted(repr(each) for each in whole if each.charge.period_start < cut)


@_FEW
@given(grants())
def test_slices_that_share_a_pass_never_compete(commitments: list[Commitment]) -> None:
    slices = grant_slices(commitments, POOLS)
    for each in slices:
        for other in slices:
            if each.slice_id < other.slice_id and each.pass_number == other.pass_number and each.pool_id == other.pool_id:
                assert not each.competes_with(other)
            if each.passes_to == other.slice_id:
                assert each.pass_number < other.pass_number


def test_consecutive_grants_share_one_pass() -> None:
    monthly = [_prepaid(f"g{month}", month, month + 1, "10") for month in range(1, 11)]
    assert {each.pass_number for each in grant_slices(monthly, {})} == {1}


def test_the_lower_priority_number_then_the_earlier_expiry_pays_first() -> None:
    commitments = [_prepaid("late", 1, 12, "10"), _prepaid("soon", 1, 6, "10"), _prepaid("first", 1, 12, "10", priority=0)]
    results = run_relations(commitments, [_charge(1, "15"), _charge(2, "10")], ON)
    assert _paid(results) == {
        ("first", date(2024, 1, 1)): D(10),
        ("soon", date(2024, 1, 1)): D(5),
        ("soon", date(2024, 2, 1)): D(5),
        ("late", date(2024, 2, 1)): D(5),
    }


def test_a_quarter_of_the_rest_rolls_over_and_the_remainder_is_breakage() -> None:
    commitments = [_prepaid("old", 1, 3, "100", rollover_share=D("0.25")), _prepaid("new", 3, 6, "10")]
    found = run_relations(commitments, [_charge(1, "66.66"), _charge(3, "30")], ON)
    balances = {row["commitment_id"]: row for row in found.commitment_balance}
    assert (balances["old"]["rolled_out"], balances["old"]["breakage"]) == (D("8.34"), D("25.00"))
    assert (balances["new"]["rolled_in"], balances["new"]["drawn"], balances["new"]["balance"]) == (D("8.34"), D("18.34"), D(0))


def test_a_withdrawn_balance_disappears_and_later_charges_are_overage() -> None:
    commitments = [_prepaid("gone", 1, 6, "100", voided_on=date(2024, 2, 1), overage_factor=D("1.2"))]
    found = run_relations(commitments, [_charge(1, "30"), _charge(2, "30")], ON)
    (balance,) = found.commitment_balance
    assert (balance["drawn"], balance["breakage"], balance["balance"]) == (D(30), D(70), D(0))
    assert found.overage == []


def test_what_a_balance_in_force_does_not_cover_costs_the_overage_factor() -> None:
    found = run_relations([_prepaid("p", 1, 6, "20", overage_factor=D("1.5"))], [_charge(1, "30")], ON)
    (over,) = found.overage
    assert (over["uncovered_amount"], over["overage_amount"]) == (D(10), D(15))


def test_a_family_shares_a_pool_and_an_account_keeps_its_own_balance() -> None:
    commitments = [
        Commitment("shared", "parent", "prepaid", date(2024, 1, 1), amount=D(10), currency="USD", scope="family"),
        Commitment("own", "child", "credit", date(2024, 1, 1), amount=D(10), currency="USD"),
    ]
    pools = {"parent": "parent", "child": "parent", "other": "parent"}
    billed = [_charge(1, "15", account="child"), _charge(1, "15", account="other")]
    paid = {
        (row["commitment_id"], row["account_id"]): row["drawn_amount"]
        for row in run_relations(commitments, billed, ON, pools).drawdown
    }
    assert paid == {("own", "child"): D(10), ("shared", "child"): D(5), ("shared", "other"): D(5)}


def test_prepaid_units_pay_their_share_of_the_rated_amount_and_the_parts_add_up() -> None:
    units = [Commitment(f"u{n}", "a", "prepaid", date(2024, 1, 1), quantity=D(1), meter="m") for n in range(3)]
    found = run_relations(units, [_charge(1, "10", quantity="3")], ON)
    assert sorted(row["drawn_amount"] for row in found.drawdown) == [D("3.33"), D("3.33"), D("3.34")]
