"""Rating history again under any price: on the integer kernel if they depend on quantities alone, else through the SQL path."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Literal

import duckdb
import numpy as np
from numpy.typing import NDArray

from growthring.engine.relation import Relation, relation
from growthring.engine.small_table import put_rows
from growthring.kernel.currency import exponent
from growthring.kernel.period import Month
from growthring.pricing.book import Component, PriceBook
from growthring.pricing.compiled import compile_price
from growthring.pricing.price import CapacityTiers, Flat, Matrix, Price
from growthring.pricing.rating.pipeline import rating_chain
from growthring.pricing.rating.tables import END, compile_books, load_books
from growthring.pricing.simulation.commitment_effect import Effects, commitment_amounts, commitment_effects
from growthring.pricing.simulation.kernel import (
    Population,
    Stretch,
    Whole,
    beyond_included,
    population,
    rate_population,
    reads_records,
    stretches,
)
from growthring.pricing.simulation.result import CommitmentEffect
from growthring.pricing.simulation.scenario import Scenario

PACKAGE = "growthring.pricing.simulation"
SCHEMA = "simulation"
AMOUNT_DECIMALS = 4
"""Amounts are whole numbers of ten-thousandths, enough for every currency."""

Path = Literal["kernel", "sql"]
_EVERYTHING = Decimal("999999999999.999999")
_NOTHING = (Stretch(-int(_EVERYTHING.scaleb(6)), int(_EVERYTHING.scaleb(6)), 0, 0),)


@dataclass(frozen=True, slots=True)
class Cells:
    """The months in which accounts are billed, ordered by account, currency and month.

    Attributes:
        accounts: Account of each cell, as a place in ``account_names``.
        currencies: Currency of each cell, as a place in ``currency_names``.
        months: Month of each cell.
        account_names: Accounts.
        currency_names: Currencies.
        baseline: What was paid, in ten-thousandths.
    """

    accounts: NDArray[np.intp]
    currencies: NDArray[np.intp]
    months: NDArray[np.int32]
    account_names: tuple[str, ...]
    currency_names: tuple[str, ...]
    baseline: Whole

    def month(self, place: int) -> Month:
        """Return the month of a cell."""
        return Month(int(self.months[place]))


@dataclass(frozen=True, slots=True)
class Rerated:
    """What a scenario asks for.

    Attributes:
        amounts: Ten-thousandths by cell.
        path: How it was rated.
        reason: Why not on the kernel; empty if it was.
    """

    amounts: Whole
    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class _Quantities:
    people: Population
    cells: NDArray[np.intp]
    groups: tuple[tuple[str, str, str, date], ...]
    bucketed: frozenset[str]


class History:
    """Metered quantities and what was paid for them, ready to be rated again.

    Everything is kept in schemas of its own, so that the caller's tables stay as they are.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        scenarios: Sequence[Scenario],
        first_on: date,
        until_on: date,
        accounts: Sequence[str] | None,
        baseline_table: str,
    ) -> None:
        """Prepare the cells of the accounts and months asked for.

        Args:
            connection: Holds ``subscription``, ``billing_period``, ``metered`` and the baseline.
            scenarios: What will be rated; their versions decide which quantities share a price.
            first_on: Periods that begin earlier are left out.
            until_on: Periods that begin on this day or later are left out.
            accounts: Accounts to look at; all of them if absent.
            baseline_table: Table with account_id, period_start, currency and amount.
        """
        row = connection.execute("SELECT current_schema()").fetchone()
        self._source = str(row[0]) if row else "main"
        self._window = {"first_on": first_on, "until_on": until_on}
        self._metered = f"{self._source}.metered"
        self._connection = self._in_schema(connection, SCHEMA)
        self._scenarios = scenarios
        self._is_everyone = accounts is None
        self._baseline = f"{self._source}.{baseline_table}"
        self._restrict(accounts)
        self._define("simulated_period")
        self._define("baseline_bill", before=self._baseline)
        self._define("cell")
        self.cells = self._cells()
        self._quantities: _Quantities | None = None
        self._commitments: Effects | None = None

    def rate(self, scenario: Scenario, *, force_sql: bool = False) -> Rerated:
        """Rate every quantity and fee under a scenario."""
        quantities = self._loaded_quantities()
        reason = "asked for" if force_sql else _why_not_kernel(scenario, quantities.bucketed)
        if reason:
            return Rerated(self._rate_in_sql(scenario, fees_only=False), "sql", reason)
        amounts = self._rate_on_kernel(scenario, quantities)
        if any(isinstance(price, Flat) for _, _, price in _prices(scenario)):
            amounts += self._rate_in_sql(scenario, fees_only=True)
        return Rerated(amounts, "kernel", "")

    def responding(self, factors: Mapping[str, Decimal]) -> "History":
        """Return the same history with every account's quantities times a factor."""
        put_rows(self._connection, "response", "account_id VARCHAR, factor DECIMAL(18,8)", list(factors.items()))
        self._define("responded_quantity", before=self._metered)
        other = object.__new__(History)
        other.__dict__.update(self.__dict__)
        other._metered = f"{SCHEMA}.responded_quantity"
        other._quantities = None
        return other

    def costs(self, unit_costs: Mapping[str, Decimal]) -> Whole:
        """Return what serving the quantities costs, in ten-thousandths by cell."""
        put_rows(self._connection, "unit_cost", "meter VARCHAR, unit_cost DECIMAL(18,8)", list(unit_costs.items()))
        self._define("unit_cost_amount", metered=self._metered)
        return self._by_cell(self._connection, "unit_cost_amount")

    def commitment_effects(self, scenario: Scenario) -> tuple[CommitmentEffect, ...]:
        """Return what a scenario does to commitments; nothing where there are none, or not all bills to compare with."""
        if not self._has_commitments():
            return ()
        row = self._connection.execute(f"SELECT MAX(period_end) FROM {self._source}.bill").fetchone()
        on = min(self._window["until_on"], row[0] if row and row[0] else self._window["until_on"])
        if self._commitments is None:
            with self._scenario_schema() as connection:
                self._commitments = commitment_amounts(connection, on)
        with self._scenario_schema() as connection:
            self._rate_scenario(connection, scenario, fees_only=False)
            return commitment_effects(self._commitments, commitment_amounts(connection, on))

    def _has_commitments(self) -> bool:
        if not self._is_everyone or self._baseline != f"{self._source}.bill":
            return False
        found = self._connection.execute(
            f"SELECT COUNT(*) FROM duckdb_columns() WHERE schema_name = '{self._source}' AND table_name = 'commitment'"
        ).fetchone()
        rows = self._connection.execute("SELECT COUNT(*) FROM commitment").fetchone() if found and found[0] else None
        return bool(rows and rows[0])

    def segments(self, attribute: str) -> NDArray[np.object_]:
        """Return the value of an attribute of the account, by cell; empty where it has none."""
        sql = relation(PACKAGE, "cell_segment", {"attribute": attribute}).sql
        found = self._connection.execute(f"SELECT cell_no, value FROM ({sql})").fetchall()
        values = np.full(len(self.cells.baseline), "", dtype=object)
        for cell_no, value in found:
            values[cell_no] = value
        return values

    def unpriced(self, scenario: Scenario) -> list[str]:
        """Return meters that were used and that no component of a scenario prices."""
        used = {row[0] for row in self._connection.execute(f"SELECT DISTINCT meter FROM {self._metered}").fetchall()}
        priced = {component.meter for _, component, _ in _prices(scenario)}
        priced |= {name for _, _, price in _prices(scenario) if isinstance(price, CapacityTiers) for name in price.meters}
        return sorted(used - priced)

    def accounts_without_subscription(self) -> int:
        """Return how many accounts paid in the baseline without having a subscription that could be rated."""
        if not self._is_everyone:
            return 0
        row = self._connection.execute(
            f"SELECT COUNT(DISTINCT account_id) FROM {self._baseline} "
            "WHERE account_id NOT IN (SELECT account_id FROM simulated_account)"
        ).fetchone()
        return int(row[0]) if row else 0

    def currencies_without_price(self, scenario: Scenario) -> list[str]:
        """Return currencies that are billed and in which some book of a scenario has no price at all."""
        return [code for code in self.cells.currency_names if not all(code in book.currencies for book in scenario.books)]

    def close(self) -> None:
        """Drop what was prepared."""
        self._connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
        self._connection.close()

    def _in_schema(self, connection: duckdb.DuckDBPyConnection, schema: str, *more: str) -> duckdb.DuckDBPyConnection:
        cursor = connection.cursor()
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        cursor.execute(f"SET search_path = '{','.join([schema, *more, self._source])}'")
        return cursor

    def _restrict(self, accounts: Sequence[str] | None) -> None:
        if accounts is None:
            known = f"SELECT DISTINCT account_id FROM {self._source}.subscription"
            self._connection.execute(f"CREATE OR REPLACE TABLE simulated_account AS {known}")
        else:
            put_rows(self._connection, "simulated_account", "account_id VARCHAR", [(each,) for each in sorted(set(accounts))])
        self._connection.execute(
            f"CREATE OR REPLACE TABLE subscription AS SELECT * FROM {self._source}.subscription "
            "WHERE account_id IN (SELECT account_id FROM simulated_account)"
        )

    def _define(self, name: str, **reading: str) -> None:
        """Create a table from its relation; names it reads may stand for other tables."""
        sql = relation(PACKAGE, name, self._window).sql
        for called, table in reading.items():
            sql = sql.replace(f"FROM {called}\n", f"FROM {table} AS {called}\n")
        self._connection.execute(f"CREATE OR REPLACE TABLE {name} AS {sql}")

    def _cells(self) -> Cells:
        found = self._connection.execute("SELECT account_id, currency, month FROM cell ORDER BY cell_no").fetchnumpy()
        account_names, accounts = np.unique(found["account_id"].astype(str), return_inverse=True)
        currency_names, currencies = np.unique(found["currency"].astype(str), return_inverse=True)
        cells = Cells(
            accounts, currencies, found["month"].astype(np.int32), tuple(account_names.tolist()), tuple(currency_names.tolist()),
            np.zeros(len(accounts), dtype=np.int64),
        )  # fmt: skip
        paid = self._connection.execute(
            "SELECT cell.cell_no AS cell_no, CAST(baseline_bill.amount * 10000 AS BIGINT) AS amount FROM baseline_bill JOIN cell "
            "ON cell.account_id = baseline_bill.account_id AND cell.currency = baseline_bill.currency "
            "AND cell.month = baseline_bill.month"
        ).fetchnumpy()
        np.add.at(cells.baseline, paid["cell_no"], paid["amount"])
        return cells

    def _loaded_quantities(self) -> _Quantities:
        if self._quantities is None:
            connection = self._connection
            days = sorted(
                {version.effective_from for each in self._scenarios for book in each.books for version in book.versions}
            )
            eras = list(enumerate(pairwise([date.min, *(day for day in days if day > date.min), END])))
            put_rows(
                connection, "era", "era_no BIGINT, from_on DATE, until_on DATE", [(number, *bounds) for number, bounds in eras]
            )
            for name in ("rate_group", "bucketed_meter"):
                self._define(name, metered=self._metered)
            groups = connection.execute("SELECT book, meter, currency, from_on FROM rate_group ORDER BY group_no").fetchall()
            bucketed = frozenset(row[0] for row in connection.execute("SELECT meter FROM bucketed_meter").fetchall())
            self._define("simulated_quantity", metered=self._metered)
            found = connection.execute("SELECT cell_no, group_no, quantity FROM simulated_quantity").fetchnumpy()
            connection.execute("DROP TABLE simulated_quantity")
            people = population(found["quantity"], found["group_no"], len(groups))
            cells = found["cell_no"][people.order]
            self._quantities = _Quantities(people, cells, tuple(tuple(row) for row in groups), bucketed)
        return self._quantities

    def _rate_on_kernel(self, scenario: Scenario, quantities: _Quantities) -> Whole:
        amounts = np.zeros(len(self.cells.baseline), dtype=np.int64)
        books = {book.name: book for book in scenario.books}
        by_group = [
            list(_group_rates(books.get(book, scenario.books[0]), meter, currency, day))
            for book, meter, currency, day in quantities.groups
        ]
        decimals = [exponent(currency) for _, _, currency, _ in quantities.groups]
        for layer in range(max((len(each) for each in by_group), default=0)):
            rates = [each[layer] if layer < len(each) else _NOTHING for each in by_group]
            cents = rate_population(quantities.people, rates, decimals, in_given_order=False)
            for group, places in enumerate(decimals):
                rows = slice(quantities.people.starts[group], quantities.people.starts[group + 1])
                cents[rows] *= 10 ** (AMOUNT_DECIMALS - places)
            np.add.at(amounts, quantities.cells, cents)
        return amounts

    def _rate_in_sql(self, scenario: Scenario, *, fees_only: bool) -> Whole:
        with self._scenario_schema() as connection:
            self._rate_scenario(connection, scenario, fees_only=fees_only)
            connection.execute(f"CREATE OR REPLACE TABLE scenario_amount AS {relation(PACKAGE, 'scenario_amount').sql}")
            return self._by_cell(connection, "scenario_amount")

    @contextmanager
    def _scenario_schema(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open a schema before the others, for tables of one scenario."""
        connection = self._in_schema(self._connection, f"{SCHEMA}_scenario", SCHEMA)
        try:
            yield connection
        finally:
            connection.execute(f"DROP SCHEMA {SCHEMA}_scenario CASCADE")
            connection.close()

    def _rate_scenario(self, connection: duckdb.DuckDBPyConnection, scenario: Scenario, *, fees_only: bool) -> None:
        """Define the rated lines and bills of a scenario; bills of fees alone are the lines themselves."""
        put_rows(connection, "scenario_book", "book VARCHAR", [(book.name,) for book in scenario.books])
        moved = relation(PACKAGE, "scenario_subscription", {"default_book": scenario.books[0].name}).sql
        moved = moved.replace("FROM before\n", f"FROM {SCHEMA}.subscription AS before\n")
        connection.execute(f"CREATE OR REPLACE TABLE subscription AS {moved}")
        connection.execute(f"CREATE OR REPLACE VIEW metered AS SELECT * FROM {self._metered}")
        tables = compile_books(scenario.books)
        texts: dict[str, list[str]] = {}
        if tables.shape.has_matrix:
            for meter, text in connection.execute("SELECT DISTINCT meter, dimensions FROM metered").fetchall():
                texts.setdefault(meter, []).append(text)
        load_books(connection, tables, texts)
        shape = replace(tables.shape, kinds=frozenset({"fee"})) if fees_only else tables.shape
        chain = rating_chain(
            shape, until_on=self._window["until_on"], has_buckets=not fees_only and bool(self._loaded_quantities().bucketed)
        )
        if fees_only:
            lines = next(place for place, step in enumerate(chain) if step.name == "rated_line")
            chain = [*chain[: lines + 1], Relation("bill", "SELECT * FROM rated_line", is_light=True)]
        for step in chain:
            connection.execute(f"CREATE OR REPLACE {'VIEW' if step.is_light else 'TABLE'} {step.name} AS {step.sql}")

    def _by_cell(self, connection: duckdb.DuckDBPyConnection, table: str) -> Whole:
        found = connection.execute(f"SELECT cell_no, amount FROM {table}").fetchnumpy()
        amounts = np.zeros(len(self.cells.baseline), dtype=np.int64)
        amounts[found["cell_no"]] = found["amount"]
        return amounts


def _prices(scenario: Scenario) -> list[tuple[PriceBook, Component, Price]]:
    return [
        (book, component, price)
        for book in scenario.books
        for version in book.versions
        for component in version.components
        for price in component.every_price
    ]


def _why_not_kernel(scenario: Scenario, bucketed: frozenset[str]) -> str:
    """Return why a scenario has to be rated through the SQL path; nothing if the kernel can."""
    if any(version.adjustments for book in scenario.books for version in book.versions):
        return "bills are adjusted"
    every = (_why_not_in_kernel(*each, bucketed) for each in _prices(scenario))
    return next((reason for reason in every if reason), "")


def _why_not_in_kernel(book: PriceBook, component: Component, price: Price, bucketed: frozenset[str]) -> str:
    if component.adjustments:
        return f"{component.id} is adjusted"
    if isinstance(price, Flat):
        return ""
    if isinstance(price, CapacityTiers | Matrix) or reads_records(price):
        return f"{component.id} depends on more than one quantity"
    if component.conversion or component.included_percent:
        return f"{component.id} converts units or includes a share of them"
    if component.meter in bucketed:
        return f"{component.id} has several quantities on a line"
    rates = [(compile_price(price, book.rating_policy, currency), exponent(currency)) for currency in book.currencies]
    is_plain = all(not rate.is_due_without_use and stretches(rate, decimals) is not None for rate, decimals in rates)
    return "" if is_plain else f"{component.id} depends on more than the quantity"


def _group_rates(book: PriceBook, meter: str, currency: str, day: date) -> Iterator[tuple[Stretch, ...]]:
    """Yield the rate of every component that prices a meter on a day."""
    version = book.version_on(day)
    for component in version.components if version else ():
        price = component.price_in(currency) if component.prices or currency == book.currency else None
        if component.meter == meter and price is not None and not isinstance(price, Flat | CapacityTiers | Matrix):
            rate = stretches(compile_price(price, book.rating_policy, currency), exponent(currency))
            if rate is not None:
                included = int(component.included_units.scaleb(6))
                yield beyond_included(rate, included) if included else rate
