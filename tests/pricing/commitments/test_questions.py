"""RPO, burn-down and the split of revenue, asked of canonical tables."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growthring.engine.catalog import create_empty
from growthring.engine.duckdb_session import connect
from growthring.kernel.errors import GrowthringError
from growthring.pricing.commitments import (
    Charge,
    Commitment,
    burn_down,
    compute_commitments,
    remaining_obligations,
    revenue_split,
    total_obligations,
)
from growthring.pricing.commitments.burn_down import project
from growthring.pricing.commitments.obligations import obligation
from growthring.pricing.commitments.revenue_split import split_revenue
from growthring.tables import ACCOUNT, ACCOUNT_ATTRIBUTE, COMMITMENT, CONTRACT, Table
from tests.pricing.commitments.running import drawable_table

D = Decimal
JANUARY, APRIL = date(2024, 1, 1), date(2024, 4, 1)
_PROVENANCE = {"known_at": datetime(2024, 1, 1), "source_file": "f", "source_row": 1}
_KEEP = {"currency": "USD", "priority": 1, "scope": "account", "rollover_share": 0, "overage_factor": 1, "true_up": "term_end"}


@pytest.fixture
def company() -> Iterator[duckdb.DuckDBPyConnection]:
    """A family of two accounts and one alone, with every kind of commitment, three months into the year."""
    connection = connect()
    for table in (ACCOUNT, ACCOUNT_ATTRIBUTE, COMMITMENT, CONTRACT):
        create_empty(connection, table)
    for account, parent in (("chain", None), ("shop", "chain"), ("solo", None)):
        _insert(connection, ACCOUNT, account_id=account, name=account, parent_account_id=parent, valid_from=JANUARY)
        _insert(connection, ACCOUNT_ATTRIBUTE, account_id=account, attribute="segment", value=f"{account}s", valid_from=JANUARY)
    _insert(connection, CONTRACT, contract_id="k-solo", account_id="solo", starts_on=JANUARY, signed_on=JANUARY)
    _commit(connection, "pool", "chain", "prepaid", date(2025, 1, 1), amount=D(366), scope="family")
    _commit(connection, "promise", "solo", "minimum", date(2026, 1, 1), amount=D(1000))
    _commit(connection, "gift", "solo", "credit", None, amount=D(5))
    charges = [_charge("shop", month, "30.5") for month in (1, 2, 3)] + [_charge("solo", month, "100") for month in (1, 2, 3)]
    charges += [_charge("solo", month, "20", kind="fee") for month in (1, 2, 3)]
    connection.register("drawable", drawable_table(charges))
    yield connection
    connection.close()


def _insert(connection: duckdb.DuckDBPyConnection, table: Table, **values: Any) -> None:
    row = {**_PROVENANCE, **values}
    marks = ", ".join("?" for _ in row)
    connection.execute(f"INSERT INTO {table.name} ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def _commit(connection: duckdb.DuckDBPyConnection, name: str, account: str, kind: str, end: date | None, **more: Any) -> None:
    values = {**_KEEP, "commitment_id": name, "account_id": account, "kind": kind, "starts_on": JANUARY, "ends_on": end, **more}
    _insert(connection, COMMITMENT, **values)


def _charge(account: str, month: int, amount: str, kind: str = "usage") -> Charge:
    start, end = date(2024, month, 1), date(2024, month + 1, 1)
    return Charge(account, f"k-{account}", start, end, kind, kind, "m" if kind == "usage" else "", D(0), D(amount), "USD")


def test_rpo_is_what_was_promised_less_what_was_consumed_and_crpo_what_is_due_in_a_year(
    company: duckdb.DuckDBPyConnection,
) -> None:
    chain, solo = remaining_obligations(company, APRIL)
    assert (chain.account_id, chain.remaining_amount, chain.current_amount) == ("chain", D("274.5"), D("274.5"))
    assert (solo.account_id, solo.consumed_amount, solo.remaining_amount) == ("solo", D(360), D(640))
    assert (solo.current_amount, solo.noncurrent_amount) == (D(365), D(275))
    (total,) = total_obligations([chain, solo])
    assert (total.remaining_amount, total.committed_amount) == (D("914.5"), D(1366))


def test_a_family_burns_down_its_pool_and_the_pace_says_when_it_is_short(company: duckdb.DuckDBPyConnection) -> None:
    (pool,) = burn_down(company, "chain", APRIL)
    assert (pool.consumed, pool.balance, pool.straight_line) == (D("91.5"), D("274.5"), D(91))
    assert (pool.pace_per_day, pool.exhausted_on) == (D("1.005495"), date(2024, 12, 30))
    assert (pool.shortfall, pool.shortfall_on, pool.expected_overage) == (D(0), None, D("2.010989"))


def test_a_minimum_that_is_consumed_fast_names_the_day_it_is_used_up(company: duckdb.DuckDBPyConnection) -> None:
    named = {each.commitment_id: each for each in burn_down(company, "solo", APRIL)}
    promise = named["promise"]
    assert (promise.consumed, promise.balance) == (D(360), D(640))
    assert promise.exhausted_on is not None and APRIL < promise.exhausted_on < date(2026, 1, 1)
    assert promise.exhausted_earliest_on <= promise.exhausted_on <= promise.exhausted_latest_on
    assert promise.expected_overage > 0


def test_revenue_is_split_into_committed_contracted_and_uncommitted(company: duckdb.DuckDBPyConnection) -> None:
    inputs = compute_commitments(company, APRIL)
    chain, solo = revenue_split(company, D("0.2"), on=APRIL, computed=inputs)
    assert (chain.segment, chain.committed_amount, chain.uncommitted_amount) == ("chains", D("91.5"), D(0))
    assert (chain.at_risk_low_amount, chain.at_risk_high_amount) == (D(0), D("18.30"))
    assert (solo.committed_amount, solo.contracted_amount, solo.uncommitted_amount) == (D(355), D(0), D(0))


def test_a_stress_that_is_no_share_is_refused(company: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(GrowthringError, match=r"Write 0\.2 for 20 %"):
        revenue_split(company, D(20), on=APRIL)


_AMOUNT = st.integers(0, 1_000_000).map(lambda cents: D(cents) / 100)


@settings(max_examples=40, deadline=None)
@given(_AMOUNT, _AMOUNT, _AMOUNT, _AMOUNT, _AMOUNT, st.integers(0, 100))
def test_the_parts_of_revenue_add_up_and_the_band_lies_within_usage(
    usage: Decimal, fees: Decimal, contract_fees: Decimal, covered: Decimal, fixed: Decimal, percent: int
) -> None:
    split = split_revenue(("a", "", "USD"), usage, fees, min(contract_fees, fees), covered, fixed, D(percent) / 100)
    assert split.revenue_amount == usage + fees + fixed
    assert min(split.committed_amount, split.contracted_amount, split.uncommitted_amount) >= 0
    assert 0 <= split.at_risk_low_amount <= split.at_risk_high_amount <= usage


@settings(max_examples=40, deadline=None)
@given(_AMOUNT, _AMOUNT, st.integers(1, 1500), st.integers(0, 1499), st.sampled_from(["prepaid", "minimum", "ela"]))
def test_rpo_lies_between_nothing_and_the_promise_and_contains_its_current_part(
    size: Decimal, consumed: Decimal, days: int, elapsed: int, kind: str
) -> None:
    end = date.fromordinal(JANUARY.toordinal() + days)
    commitment = Commitment("c", "a", kind, JANUARY, end, amount=size, currency="USD")
    left = obligation(commitment, consumed, D(0), date.fromordinal(JANUARY.toordinal() + min(elapsed, days - 1)))
    assert 0 <= left.current_amount <= left.remaining_amount <= size
    assert left.consumed_amount + left.remaining_amount == left.committed_amount


def test_an_ela_is_recognised_by_days() -> None:
    ela = Commitment("e", "a", "ela", JANUARY, date(2025, 1, 1), amount=D(366), currency="USD")
    assert obligation(ela, D(9999), D(0), APRIL).remaining_amount == D(275)


def test_a_minimum_of_each_period_owes_the_rest_of_this_period_and_all_later_ones() -> None:
    monthly = Commitment("m", "a", "minimum", JANUARY, date(2024, 7, 1), amount=D(10), currency="USD", true_up="period")
    left = obligation(monthly, D(4), D(0), date(2024, 3, 15))
    assert (left.committed_amount, left.remaining_amount) == (D(60), D(36))


def test_a_slow_pace_leaves_a_shortfall_on_the_day_the_term_ends() -> None:
    year = Commitment("c", "a", "minimum", JANUARY, date(2025, 1, 1), amount=D(366), currency="USD")
    slow = project(year, [(JANUARY, D("45.5")), (date(2024, 2, 1), D(0))], APRIL)
    assert (slow.pace_per_day, slow.exhausted_on) == (D("0.5"), None)
    assert (slow.shortfall, slow.shortfall_on) == (D(183), date(2025, 1, 1))


def test_the_pace_looks_at_the_last_three_complete_periods_only() -> None:
    year = Commitment("c", "a", "prepaid", JANUARY, date(2025, 1, 1), amount=D(1000), currency="USD")
    used = [(JANUARY, D(500)), *((date(2024, month, 1), D(0)) for month in (2, 3, 4)), (date(2024, 5, 1), D(99))]
    assert project(year, used, date(2024, 5, 20)).pace_per_day == 0
