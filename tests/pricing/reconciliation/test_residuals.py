"""The relations: which period a line belongs to, what is compared, and that residuals add up on every engine."""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growthring.engine.catalog import create_empty
from growthring.engine.duckdb_session import connect
from growthring.engine.executors import EXECUTORS, Executor, open_executor
from growthring.engine.portable import violations
from growthring.engine.relation import Relation, relation
from growthring.engine.small_table import put_rows
from growthring.pricing.book import PriceBook
from growthring.pricing.rating.tables import compile_books, load_books
from growthring.pricing.reconciliation.reconcile import PACKAGE, RELATIONS
from growthring.tables import BILL, CANONICAL, RATED_LINE, SUBSCRIPTION

D = Decimal
OTHERS = [pytest.param(name, marks=pytest.mark.engine(name)) for name in EXECUTORS if name != "duckdb"]
CURRENCIES = ("USD", "JPY", "KWD")
PER_CALL, FEE = {"model": "per_unit", "unit_price": 1}, {"model": "flat", "amount": 10}
BOOK = PriceBook.model_validate(
    {
        "name": "api", "currency": "USD", "meters": [{"id": "calls"}],
        "versions": [
            {
                "effective_from": "2020-01-01",
                "components": [
                    {"id": "calls", "meter": "calls", "prices": dict.fromkeys(CURRENCIES, PER_CALL)},
                    {"id": "fee", "prices": dict.fromkeys(CURRENCIES, FEE)},
                ],
            }
        ],
    }
)  # fmt: skip
THROUGH = date(2024, 6, 30)
PERIOD_COLUMNS = "account_id VARCHAR, subscription_id VARCHAR, period_start DATE, period_end DATE, version_no INTEGER"
INPUTS = ("billed_period", "invoice_line", "rated_line", "bill", "component", "book_version", "currency_decimals")
MONTHS = [date(2024, number, 1) for number in range(1, 8)]


def chain(*, with_fees: bool = False) -> list[Relation]:
    values = {"as_of": datetime(2024, 8, 1), "through": THROUGH, "with_fees": with_fees}
    return [relation(PACKAGE, name, values) for name in RELATIONS]


class World:
    """Rated lines, bills and invoice lines of a few accounts, by hand."""

    def __init__(self) -> None:
        self.connection = connect()
        self.periods: list[tuple[Any, ...]] = []
        for table in (SUBSCRIPTION, RATED_LINE, BILL, CANONICAL["invoice_line"]):
            create_empty(self.connection, table)
        load_books(self.connection, compile_books([BOOK]), {})

    def period(self, account: str, start: date, end: date, *, subscription: str = "") -> None:
        self.periods.append((account, subscription or account, start, end, 1))

    def rate(
        self, account: str, start: date, end: date, use: str, *, currency: str = "USD", fee: str = "0", adjusted: str = "0",
        subscription: str = "",
    ) -> None:  # fmt: skip
        name = subscription or account
        self.period(account, start, end, subscription=subscription)
        for component, amount in (("calls", D(use)), ("fee", D(fee))):
            if amount:
                row = (name, account, start, end, "api", "2020-01-01", component, "", 1, 1, 1, amount, amount, amount, currency)
                self.connection.execute(f"INSERT INTO rated_line VALUES ({', '.join('?' * len(row))})", row)
        total = D(use) + D(fee)
        bill = (name, account, start, end, "api", total, D(adjusted), total + D(adjusted), currency)
        self.connection.execute(f"INSERT INTO bill VALUES ({', '.join('?' * len(bill))})", bill)

    def invoice(self, account: str, issued: date, amount: str, service: tuple[date, date] | None = None, **other: Any) -> None:
        row = self.connection.execute("SELECT COUNT(*) FROM invoice_line").fetchone()
        start, end = service or (None, None)
        values = {
            "invoice_line_id": f"i{row[0] if row else 0}", "invoice_id": "i", "account_id": account, "product_id": "p",
            "issued_on": issued, "period_start": start, "period_end": end, "kind": "usage", "currency": "USD",
            "amount": D(amount), "known_at": datetime.combine(issued, datetime.min.time()),
        } | other  # fmt: skip
        marks = ", ".join("?" * len(values))
        self.connection.execute(f"INSERT INTO invoice_line ({', '.join(values)}) VALUES ({marks})", list(values.values()))

    def put_periods(self) -> duckdb.DuckDBPyConnection:
        put_rows(self.connection, "billed_period", PERIOD_COLUMNS, self.periods)
        return self.connection

    def rows(self, *, with_fees: bool = False) -> list[tuple[Any, ...]]:
        """Return account, first day, rated, invoiced and cause of each row."""
        self.put_periods()
        for each in chain(with_fees=with_fees):
            self.connection.execute(f"CREATE OR REPLACE TABLE {each.name} AS {each.sql}")
        return self.connection.execute(
            "SELECT account_id, period_start, rated_amount, invoiced_amount, cause FROM reconciliation ORDER BY ALL"
        ).fetchall()


def only(rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    (row,) = rows
    return row


def test_every_relation_is_portable():
    for with_fees in (True, False):
        for each in chain(with_fees=with_fees):
            assert violations(each.sql) == [], each.name


def test_a_line_belongs_to_the_period_in_which_its_service_begins():
    world = World()
    world.rate("a", date(2024, 2, 15), date(2024, 3, 15), "7")
    world.invoice("a", date(2024, 4, 1), "7", (date(2024, 3, 1), date(2024, 4, 1)))
    assert only(world.rows()) == ("a", date(2024, 2, 15), 7, 7, "matched")


@pytest.mark.parametrize("issued", [date(2024, 3, 15), date(2024, 4, 1), date(2024, 4, 14)])
def test_a_line_without_service_belongs_to_the_last_period_that_had_ended(issued: date):
    world = World()
    world.period("a", date(2024, 1, 15), date(2024, 2, 15))
    world.rate("a", date(2024, 2, 15), date(2024, 3, 15), "7")
    world.period("a", date(2024, 3, 15), date(2024, 4, 15))
    world.invoice("a", issued, "7")
    assert only(world.rows()) == ("a", date(2024, 2, 15), 7, 7, "matched")


def test_a_line_of_an_account_without_periods_bills_the_month_before_its_issue():
    world = World()
    world.invoice("a", date(2024, 3, 31), "7")
    assert only(world.rows()) == ("a", date(2024, 2, 1), 0, 7, "not_rated")
    assert world.connection.execute("SELECT period_end FROM reconciliation").fetchone() == (date(2024, 3, 1),)


def test_a_line_that_names_its_contract_belongs_to_the_contracts_period():
    world = World()
    world.rate("a", date(2024, 2, 1), date(2024, 3, 1), "7", subscription="c1")
    world.rate("a", date(2024, 2, 15), date(2024, 3, 15), "5", subscription="c2")
    world.invoice("a", date(2024, 3, 20), "7", (date(2024, 2, 20), date(2024, 2, 21)), contract_id="c1")
    world.invoice("a", date(2024, 3, 20), "5", (date(2024, 2, 20), date(2024, 2, 21)))
    assert [row[1:4] for row in world.rows()] == [(date(2024, 2, 1), 7, 7), (date(2024, 2, 15), 5, 5)]


def test_fees_are_compared_when_asked_for():
    world = World()
    world.rate("a", MONTHS[0], MONTHS[1], "7", fee="10", adjusted="-1")
    world.invoice("a", MONTHS[1], "7")
    world.invoice("a", MONTHS[1], "9", (MONTHS[0], MONTHS[1]), kind="recurring")
    assert only(world.rows())[2:] == (7, 7, "matched")
    assert only(world.rows(with_fees=True))[2:] == (16, 16, "matched")


def test_what_adjusts_a_bill_counts_where_everything_on_it_does():
    world = World()
    world.rate("a", MONTHS[0], MONTHS[1], "7", adjusted="13")
    world.rate("b", MONTHS[0], MONTHS[1], "0", adjusted="20")
    world.invoice("a", MONTHS[1], "20")
    assert [row[2:] for row in world.rows()] == [(20, 20, "matched"), (20, 0, "not_invoiced")]


@pytest.mark.parametrize(("currency", "off"), [("USD", "0.01"), ("JPY", "1"), ("KWD", "0.001")])
def test_one_minor_unit_a_line_is_rounding(currency: str, off: str):
    world = World()
    for account, lines in (("a", 1), ("b", 2), ("c", 1)):
        world.rate(account, MONTHS[0], MONTHS[1], "8", currency=currency)
        parts = ["8"] if lines == 1 else ["5", "3"]
        times = {"a": 1, "b": 2, "c": 2}[account]
        for place, part in enumerate(parts):
            world.invoice(account, MONTHS[1], str(D(part) + times * D(off) * (place == 0)), currency=currency)
    assert [row[4] for row in world.rows()] == ["rounding", "rounding", "unexplained"]


def test_a_period_that_ends_after_the_data_is_open_until_it_is_invoiced():
    world = World()
    world.rate("a", date(2024, 6, 1), date(2024, 7, 1), "7")
    world.rate("b", date(2024, 5, 1), date(2024, 6, 1), "7")
    assert [row[4] for row in world.rows()] == ["open_period", "not_invoiced"]


def test_lines_known_later_than_asked_are_not_seen():
    world = World()
    world.rate("a", MONTHS[0], MONTHS[1], "7")
    world.invoice("a", MONTHS[1], "7", known_at=datetime(2024, 9, 1))
    assert only(world.rows())[4] == "not_invoiced"


amounts = st.integers(-500, 500).map(lambda cents: str(D(cents).scaleb(-2)))


@settings(max_examples=15, deadline=None)
@given(
    rated=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5), amounts), unique_by=lambda row: row[:2], max_size=8),
    invoiced=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 180), amounts, st.booleans()), max_size=8),
)
def test_rated_less_invoiced_is_the_residual_row_by_row_and_in_sum(rated, invoiced):
    world = World()
    for account, month, amount in rated:
        world.rate(account, MONTHS[month], MONTHS[month + 1], amount)
    for account, days, amount, has_service in invoiced:
        day = MONTHS[0] + timedelta(days=days)
        world.invoice(account, day, amount, (day, day + timedelta(days=1)) if has_service else None)
    rows = world.rows()
    assert sum((row[2] for row in rows), D(0)) == sum((D(row[2]) for row in rated), D(0))
    assert sum((row[3] for row in rows), D(0)) == sum((D(row[2]) for row in invoiced), D(0))
    residuals = world.connection.execute("SELECT rated_amount - invoiced_amount = residual_amount FROM reconciliation").fetchall()
    assert all(same for (same,) in residuals)
    assert len({row[:2] for row in rows}) == len(rows)


@pytest.fixture
def opened(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Executor]]:
    """Return a function that opens an engine for this test."""
    executors: list[Executor] = []

    def open_engine(name: str) -> Executor:
        given = {"postgres": ("url", "postgres_server_url"), "spark": ("session", "spark")}
        needs = {given[name][0]: request.getfixturevalue(given[name][1])} if name in given else {}
        executors.append(open_executor(name, **needs))
        return executors[-1]

    yield open_engine
    for executor in executors:
        executor.close()


def a_few_accounts() -> World:
    chance, world = random.Random(5), World()
    for number in range(30):
        account, currency = f"a{number:02d}", CURRENCIES[number % 3]
        places = {"USD": -2, "JPY": 0, "KWD": -3}[currency]
        for start, end in pairwise(MONTHS):
            amount = D(chance.randrange(1, 10**6)).scaleb(places)
            world.rate(account, start, end, str(amount), currency=currency, fee=str(chance.choice((0, 10))))
            if chance.random() < 0.9:
                off = D(chance.choice((0, 0, 1, 2, 500))).scaleb(places)
                service = (start, end) if chance.random() < 0.5 else None
                world.invoice(account, end + timedelta(days=chance.randrange(20)), str(amount + off), service, currency=currency)
    world.invoice("nobody", date(2024, 3, 31), "12.34")
    return world


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize("with_fees", [False, True])
def test_every_engine_finds_the_same_residuals(engine: str, with_fees: bool, opened: Callable[[str], Executor]):
    world = a_few_accounts()
    assert {row[4] for row in world.rows(with_fees=with_fees)} >= {"not_invoiced", "unexplained"}
    executor = opened(engine)
    for name in INPUTS:
        executor.put(name, world.connection.execute(f"SELECT * FROM {name}").to_arrow_table())
    executor.run(chain(with_fees=with_fees))
    expected = world.connection.execute("SELECT * FROM reconciliation").fetchall()
    assert sorted(map(repr, executor.fetch("reconciliation"))) == sorted(map(repr, expected))
