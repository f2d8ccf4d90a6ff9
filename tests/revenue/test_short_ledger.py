"""The short chain for simple data and the general one give the same ledger."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growthring.engine.catalog import create_empty
from growthring.engine.duckdb_session import connect
from growthring.kernel.errors import LedgerImbalanceError
from growthring.kernel.period import Month
from growthring.revenue.inputs import load_inputs
from growthring.revenue.ledger import book, check_identity, define, forget, observed
from growthring.revenue.pipeline import Shape, is_short, ledger_chain, recurring_chain
from growthring.revenue.policy import Policy, preset
from growthring.revenue.setting import Setting
from growthring.tables import CANONICAL, RECURRING

FIRST = Month.parse("2024-01")
SETTING = Setting("USD", date(2024, 12, 31))
POLICIES = {
    "standard": preset("standard"),
    "quarter": preset("standard").replace(grain="quarter"),
    "as_new": preset("standard").replace(reactivation="as_new"),
}

Cell = tuple[int, int, int]
"""Account number, month number, amount in cents."""


def _ledgers(cells: list[Cell], policy: Policy) -> tuple[Shape, list[list[tuple[object, ...]]]]:
    connection = connect()
    for table in CANONICAL.values():
        create_empty(connection, table)
    create_empty(connection, RECURRING)
    shape = load_inputs(connection, policy, SETTING)
    define(connection, recurring_chain(policy, SETTING)[:-1])
    for account, month, cents in cells:
        amount = Decimal(cents) / 100
        series = f"'a{account}', 'p{account % 3}', '', 'USD'"
        connection.execute(f"INSERT INTO recurring VALUES ({series}, {(FIRST + month).index}, {amount}, 1, {amount}, 0, NULL)")
    short = observed(connection, shape)
    found = []
    for each in (shape, short):
        chain = ledger_chain(policy, SETTING, each)
        book(connection, chain)
        check_identity(connection, policy, SETTING, is_single=is_short(policy, each))
        found.append(
            connection.execute("FROM movement ORDER BY ALL").fetchall()
            + connection.execute("FROM entity_month ORDER BY ALL").fetchall()
        )
        forget(connection, chain)
    return short, found


@pytest.mark.parametrize("policy", POLICIES)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 11), st.sampled_from([0, 1000, 1000, 2050, 99999])),
        min_size=1,
        max_size=30,
        unique_by=lambda cell: cell[:2],
    )
)
@settings(max_examples=25, deadline=None)
def test_simple_data_give_the_same_ledger_by_the_short_and_the_general_chain(policy: str, cells: list[Cell]) -> None:
    shape, (general, short) = _ledgers(cells, POLICIES[policy])
    assert shape.is_single
    assert general == short


def test_an_account_with_two_products_is_not_simple() -> None:
    connection = connect()
    create_empty(connection, RECURRING)
    for product in ("p", "q"):
        connection.execute(f"INSERT INTO recurring VALUES ('a', '{product}', '', 'USD', {FIRST.index}, 1, 1, 1, 0, NULL)")
    assert not observed(connection, Shape()).is_single


@pytest.mark.parametrize(
    ("amount", "rate", "quantity", "currency"),
    [("-1", "1", "NULL", "USD"), ("1", "1.1", "NULL", "USD"), ("1", "1", "3", "USD")],
)
def test_negative_foreign_or_counted_revenue_is_not_simple(amount: str, rate: str, quantity: str, currency: str) -> None:
    connection = connect()
    create_empty(connection, RECURRING)
    connection.execute(f"INSERT INTO recurring VALUES ('a', 'p', '', 'USD', {FIRST.index}, 1, 1, 1, 0, NULL)")
    connection.execute(
        f"INSERT INTO recurring VALUES ('b', 'p', '', '{currency}', {FIRST.index}, {amount}, {rate}, {amount}, 0, {quantity})"
    )
    assert not observed(connection, Shape()).is_single


def test_no_data_are_not_simple() -> None:
    connection = connect()
    create_empty(connection, RECURRING)
    assert not observed(connection, Shape()).is_single


def test_a_cent_that_went_missing_stops_the_short_ledger_too() -> None:
    connection = connect()
    for table in CANONICAL.values():
        create_empty(connection, table)
    create_empty(connection, RECURRING)
    policy = POLICIES["standard"]
    shape = load_inputs(connection, policy, SETTING)
    define(connection, recurring_chain(policy, SETTING)[:-1])
    connection.execute(f"INSERT INTO recurring VALUES ('a', 'p', '', 'USD', {FIRST.index}, 5, 1, 5, 0, NULL)")
    book(connection, ledger_chain(policy, SETTING, observed(connection, shape)))
    check_identity(connection, policy, SETTING, is_single=True)
    connection.execute("UPDATE movement SET movement_amount = movement_amount + 0.01 WHERE movement = 'churn'")
    with pytest.raises(LedgerImbalanceError, match="a · a · p in 2024-02"):
        check_identity(connection, policy, SETTING, is_single=True)
