"""Minimums and ELAs: utilised + overage + true-up is what is charged, the same by relation and by reference."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings

from growthring.pricing.commitments import Charge, Commitment, commitment_charges
from growthring.pricing.commitments.minimums import PeriodCharge
from tests.pricing.commitments.running import run_relations
from tests.pricing.commitments.strategies import ON, POOLS, charges, minimums

D = Decimal
_FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_AMOUNTS = ("rated_amount", "utilised_amount", "overage_amount", "true_up_amount", "charge_amount")
JANUARY = date(2024, 1, 1)


def _charge(month: int, amount: str, quantity: str = "0") -> Charge:
    start = date(2024, month, 1)
    return Charge("a", "s", start, date(2024, month + 1, 1), "c", "usage", "m", D(quantity), D(amount), "USD")


def _minimum(amount: str, *, months: int = 3, **more: Any) -> Commitment:
    return Commitment("m", "a", "minimum", JANUARY, date(2024, 1 + months, 1), amount=D(amount), currency="USD", **more)


def _true_ups(commitment: Commitment, billed: list[Charge], on: date = ON) -> list[Decimal]:
    return [each.true_up_amount for each in commitment_charges(commitment, billed, on)]


def _figures(each: PeriodCharge) -> tuple[Any, ...]:
    return each.committed, each.consumed, *(getattr(each, name) for name in _AMOUNTS)


@_FEW
@given(minimums(), charges())
def test_the_relations_and_the_reference_agree_to_the_last_digit(commitments: list[Commitment], billed: list[Charge]) -> None:
    found = {
        (row["commitment_id"], row["period_start"]): (row["committed"], row["consumed"], *(row[name] for name in _AMOUNTS))
        for row in run_relations(commitments, billed, ON, POOLS).commitment_charge
    }
    assert found == {
        (each.commitment_id, period.period.period_start): _figures(period)
        for each in commitments
        for period in commitment_charges(each, billed, ON, pools=POOLS)
    }


@_FEW
@given(minimums(), charges())
def test_a_minimum_is_at_least_charged_when_it_has_run_its_term(commitments: list[Commitment], billed: list[Charge]) -> None:
    for each in commitments:
        periods = commitment_charges(each, billed, ON, pools=POOLS)
        ended = each.ends_on is not None and each.ends_on <= ON and not each.is_voided
        if each.kind == "minimum" and each.measure == "amount" and each.true_up == "term_end" and ended:
            paid = replace(each, overage_factor=D(1))
            total = sum((period.charge_amount for period in commitment_charges(paid, billed, ON, pools=POOLS)), D(0))
            assert total >= each.size
            assert sum((period.utilised_amount for period in periods), D(0)) <= each.size


@_FEW
@given(minimums(), charges())
def test_later_periods_do_not_change_what_earlier_ones_charged(commitments: list[Commitment], billed: list[Charge]) -> None:
    cut = date(2024, 7, 1)
    for each in commitments:
        if not each.currency:
            continue
        whole = commitment_charges(each, billed, ON, pools=POOLS)
        so_far = commitment_charges(each, billed, cut, pools=POOLS)
        complete = [part for part in so_far if part.period.period_end <= cut]
        assert [_figures(part) for part in complete] == [_figures(part) for part in whole[: len(complete)]]


def test_a_yearly_commitment_over_monthly_invoices_counts_prior_base_amounts() -> None:
    commitment = _minimum("60", months=12 - 1, overage_factor=D(2), true_up="none")
    january, february, march = commitment_charges(
        commitment, [_charge(1, "30"), _charge(2, "20"), _charge(3, "12")], date(2024, 3, 9)
    )
    assert (january.charge_amount, february.charge_amount) == (D(30), D(20))
    assert (march.utilised_amount, march.overage_amount, march.charge_amount) == (D(10), D(4), D(14))


def test_a_shortfall_is_billed_at_the_end_of_the_term_in_every_period_or_never() -> None:
    billed = [_charge(1, "10"), _charge(3, "50")]
    assert _true_ups(_minimum("90"), billed) == [D(0), D(0), D(30)]
    assert _true_ups(_minimum("30", true_up="period"), billed) == [D(20), D(30), D(0)]
    assert _true_ups(_minimum("90", true_up="none"), billed) == [D(0), D(0), D(0)]


def test_a_shortfall_is_not_billed_before_its_period_has_ended() -> None:
    assert _true_ups(_minimum("90"), [_charge(1, "10")], date(2024, 3, 31)) == [D(0), D(0), D(0)]
    assert _true_ups(_minimum("30", true_up="period"), [], date(2024, 1, 31)) == [D(0)]


def test_a_minimum_is_prorated_by_the_days_the_term_covers() -> None:
    commitment = replace(_minimum("10", true_up="period"), starts_on=date(2024, 1, 17), ends_on=date(2024, 2, 1))
    (only,) = commitment_charges(commitment, [], ON, calendar=[(JANUARY, date(2024, 2, 1))])
    assert (only.period.covered_days, only.period.period_days, only.committed) == (15, 31, D("4.84"))


def test_a_withdrawn_minimum_owes_no_shortfall_of_its_term() -> None:
    assert _true_ups(_minimum("90", voided_on=date(2024, 2, 1)), [_charge(1, "10")]) == [D(0)]


def test_units_within_the_commitment_cost_their_share_and_missing_units_its_price() -> None:
    commitment = Commitment(
        "q",
        "a",
        "minimum",
        JANUARY,
        date(2024, 3, 1),
        amount=D(50),
        quantity=D(100),
        meter="m",
        currency="USD",
        overage_factor=D(2),
    )
    first, second = commitment_charges(commitment, [_charge(1, "60", "60"), _charge(2, "60", "60")], ON)
    assert (first.utilised_amount, second.utilised_amount, second.overage_amount) == (D(60), D(40), D(40))
    assert _true_ups(commitment, [_charge(1, "60", "60")])[-1] == D(20)


def test_an_ela_charges_its_price_by_days_and_shows_the_rated_value_of_use_beside_it() -> None:
    commitment = Commitment("e", "a", "ela", JANUARY, date(2024, 3, 1), amount=D(600), currency="USD")
    january, february = commitment_charges(commitment, [_charge(1, "5000")], ON)
    assert (january.charge_amount, february.charge_amount) == (D(310), D(290))
    assert (january.rated_amount, january.overage_amount) == (D(5000), D(0))


def test_periods_of_a_commitment_do_not_drift_from_the_last_of_the_month() -> None:
    commitment = replace(_minimum("1"), starts_on=date(2024, 1, 31), ends_on=date(2024, 5, 31))
    starts = [each.period.period_start for each in commitment_charges(commitment, [], ON)]
    assert starts == [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30)]
    assert timedelta(0) < starts[1] - starts[0]
