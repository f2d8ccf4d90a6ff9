"""The simulation kernel beside the SQL path: 9.6 M quantities under 200 books, equal to the cent on every row."""

import random
import statistics
import time
from collections.abc import Callable
from decimal import Decimal

import duckdb
import numpy as np

from bench.race import judge, keep, show
from growthring.engine.duckdb_session import connect
from growthring.engine.relation import relation
from growthring.engine.small_table import put_rows
from growthring.pricing.book import Component, PriceBook, Version
from growthring.pricing.price import Graduated, Tier
from growthring.pricing.rating.tables import COLUMNS, BookTables, compile_books
from growthring.pricing.simulation.kernel import population, rate_population, stretches

BOOKS, METERS, MONTHS = 200, 8, 24


def main(*, quick: bool = False) -> list[str]:
    """Measure both paths in one process; return the claims that do not hold."""
    accounts, rounds = (2_500, 3) if quick else (50_000, 5)
    tables = compile_books(_books(random.Random(20)))
    connection = _billable(accounts, tables)
    sql_seconds = _seconds(lambda: _rate_in_sql(connection), 1)
    quantities, rates_of_rows, by_sql = _arrays(connection)
    connection.close()
    rates = [stretches(rate, 2) for rate in tables.rates]
    started = time.perf_counter()
    people = population(quantities, rates_of_rows, len(rates))
    sort_seconds = time.perf_counter() - started
    scenario = [rate for rate in rates if rate is not None]
    decimals = [2] * len(scenario)
    amounts = rate_population(people, scenario, decimals)
    assert len(scenario) == len(rates) and np.array_equal(amounts, by_sql), "the kernel and the SQL path differ"
    floor_seconds = _seconds(lambda: _floor(quantities, amounts), rounds)
    kernel_seconds = _seconds(lambda: rate_population(people, scenario, decimals, in_given_order=False), rounds)
    ordered_seconds = _seconds(lambda: rate_population(people, scenario, decimals), rounds)
    rows = len(quantities)
    shown = {
        "SQL path (charge_tiers, rounded)": sql_seconds,
        "kernel": kernel_seconds,
        "kernel, amounts in the order given": ordered_seconds,
        "floor: one multiplication and one division": floor_seconds,
        "sorting, once for all scenarios": sort_seconds,
    }
    show(
        f"One scenario: {rows:,} rows, {BOOKS} books × {METERS} meters; equal to the cent on every row",
        ["path", "seconds", "M rows/s"],
        [[name, f"{seconds:.3f}", f"{rows / seconds / 1e6:.1f}"] for name, seconds in shown.items()],
    )
    keep("simulation", {"rows": rows, "seconds": shown})
    missed = judge(
        [
            ("M rows/s of the kernel, amounts in the order given", rows / ordered_seconds / 1e6, ">=", 30),
            ("time of the SQL path over the kernel", sql_seconds / ordered_seconds, ">=", 5),
            ("time of the kernel over the floor", kernel_seconds / floor_seconds, "<=", 16),
        ]
    )
    return [] if quick else missed


def _books(chance: random.Random) -> list[PriceBook]:
    def price() -> Graduated:
        bounds = sorted({Decimal(chance.randint(1, 200_000)) for _ in range(chance.randint(0, 4))})
        return Graduated(
            tiers=tuple(
                Tier(up_to=bound, unit_price=Decimal(chance.randint(1, 2_000_000)).scaleb(-8)) for bound in [*bounds, None]
            )
        )

    def version() -> Version:
        return Version(
            effective_from="2020-01-01",
            components=tuple(Component(id=f"c{number}", meter=f"m{number}", price=price()) for number in range(METERS)),
        )

    return [PriceBook(name=f"book{number}", currency="USD", versions=(version(),)) for number in range(BOOKS)]


def _billable(accounts: int, tables: BookTables) -> duckdb.DuckDBPyConnection:
    """Make quantities of every account, meter and month: skewed, a third of them with fractions."""
    connection = connect()
    connection.execute("SET enable_progress_bar = false")
    put_rows(connection, "rate_tier", COLUMNS["rate_tier"], tables.rows["rate_tier"])
    connection.execute(
        f"""
        CREATE TABLE billable AS
        SELECT
          's' || account AS subscription_id,
          CAST(DATE '2022-01-01' + to_months(CAST(month AS INTEGER)) AS DATE) AS period_start,
          CAST((account % {BOOKS}) * {METERS} + meter + 1 AS INTEGER) AS component_no,
          '' AS dimensions,
          CAST('2022-01-01' AS TIMESTAMP) AS bucket_at,
          CAST((account % {BOOKS}) * {METERS} + meter + 1 AS INTEGER) AS rate_no,
          quantity AS quantity,
          quantity AS billable_quantity
        FROM (
          SELECT
            account, meter, month,
            CAST(
              CASE WHEN noise % 3 = 0 THEN CAST(noise % 1000003 AS DECIMAL(18,6)) * CAST(0.037 AS DECIMAL(18,6))
              ELSE CAST((noise % 997) * (noise % 211) AS DECIMAL(18,6)) END AS DECIMAL(18,6)
            ) AS quantity
          FROM (
            SELECT account, meter, month, hash(account, meter, month) % 2147483647 AS noise
            FROM range({accounts}) AS a(account), range({METERS}) AS m(meter), range({MONTHS}) AS t(month)
          )
        )
        """
    )
    return connection


def _rate_in_sql(connection: duckdb.DuckDBPyConnection) -> None:
    charge = relation("growthring.pricing.rating", "charge_tiers")
    connection.execute(
        "CREATE OR REPLACE TABLE by_sql AS SELECT subscription_id, period_start, component_no, billable_quantity, "
        f"CAST(ROUND(raw_amount, 2) AS DECIMAL(18,4)) AS amount FROM ({charge.sql})"
    )


def _arrays(connection: duckdb.DuckDBPyConnection) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return quantities in millionths, the number of their rate, and the amounts of the SQL path in cents."""
    found = connection.execute(
        "SELECT CAST(billable_quantity * 1000000 AS BIGINT) AS quantity, CAST(component_no AS SMALLINT) AS rate_no, "
        "CAST(amount * 100 AS BIGINT) AS cents FROM by_sql"
    ).fetchnumpy()
    return found["quantity"], found["rate_no"], found["cents"]


def _floor(quantities: np.ndarray, out: np.ndarray) -> None:
    np.multiply(quantities, 3, out=out)
    np.floor_divide(out, 10_000, out=out)


def _seconds(work: Callable[[], object], rounds: int) -> float:
    laps = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        laps.append(time.perf_counter() - started)
    return statistics.median(laps)
