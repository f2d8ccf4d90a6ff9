"""Rating 9.6 M account-meter-months in DECIMAL: the product's relations beside one hand-written statement; bill so far."""

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

import duckdb

from bench.race import ClaimError, judge, keep, show
from growthring.engine.duckdb_session import connect
from growthring.engine.small_table import put_rows
from growthring.pricing.billing_calendar import BillingCalendar
from growthring.pricing.book import PriceBook
from growthring.pricing.metering.inputs import load_metering_inputs
from growthring.pricing.rating.pipeline import rating_chain
from growthring.pricing.rating.tables import compile_books, load_books
from growthring.pricing.reference import Share, Use, rate_bill

METERS = 8
MONTHS = 24
BOOKS = 200
FIRST = date(2023, 1, 1)
SWITCH = date(2024, 1, 1)
LAST = date(2024, 12, 31)


def books() -> list[PriceBook]:
    """Return 200 books of one to five tiers a meter; the first half holds before the switch, the second after it."""
    chance = random.Random(7)
    found = []
    for number in range(BOOKS):
        components = []
        for meter in range(METERS):
            model = chance.choice(["graduated", "graduated", "volume"])
            bounds = sorted(chance.sample(range(50, 5000, 50), chance.randrange(0, 5)))
            tiers = [{"up_to": bound, "unit_price": _price(chance)} for bound in bounds] + [{"unit_price": _price(chance)}]
            components.append({"id": f"c{meter}", "meter": f"m{meter}", "price": {"model": model, "tiers": tiers}})
        versions = [{"effective_from": "2020-01-01", "components": components}]
        found.append(PriceBook.model_validate({"name": f"b{number:03d}", "currency": "USD", "versions": versions}))
    return found


def _price(chance: random.Random) -> str:
    return str(Decimal(chance.randrange(1, 90_000)).scaleb(-6))


def prepare(accounts: int) -> duckdb.DuckDBPyConnection:
    """Return a connection with metered quantities, subscriptions that switch books, and the small tables of the books."""
    connection = connect()
    connection.execute("SET threads = 2")
    connection.execute(
        f"""
        CREATE TABLE metered AS
        SELECT subscription_id, subscription_id AS account_id, 'm' || meter AS meter, '' AS dimensions,
          CAST(DATE '{FIRST}' + INTERVAL (month) MONTH AS DATE) AS period_start,
          CAST(DATE '{FIRST}' + INTERVAL (month + 1) MONTH AS DATE) AS period_end,
          CAST(DATE '{FIRST}' + INTERVAL (month) MONTH AS TIMESTAMP) AS bucket_at,
          CAST(hash(account, meter, month) % 9000000007 / 1000000.0 AS DECIMAL(18,6)) AS quantity,
          CAST(1 AS BIGINT) AS events, CAST(0 AS DECIMAL(18,8)) AS event_amount
        FROM (SELECT range AS account, 'a' || lpad(CAST(range AS VARCHAR), 7, '0') AS subscription_id FROM range({accounts}))
        CROSS JOIN (SELECT range AS month FROM range({MONTHS})) CROSS JOIN (SELECT range AS meter FROM range({METERS}))
        """
    )
    calendar = BillingCalendar(FIRST, "month").calendar_id
    connection.execute(
        f"""
        CREATE TABLE subscription AS
        SELECT subscription_id, subscription_id AS account_id, 'b' || lpad(CAST(book AS VARCHAR), 3, '0') AS book,
          '{calendar}' AS calendar_id, starts_on, ends_on, 'USD' AS currency
        FROM (SELECT range AS account, 'a' || lpad(CAST(range AS VARCHAR), 7, '0') AS subscription_id FROM range({accounts}))
        CROSS JOIN LATERAL (
          SELECT account % {BOOKS // 2} AS book, DATE '{FIRST}' AS starts_on, DATE '{SWITCH}' AS ends_on
          UNION ALL SELECT {BOOKS // 2} + account % {BOOKS // 2}, DATE '{SWITCH}', DATE '9999-12-31'
        ) AS stretch
        """
    )
    put_rows(connection, "usage", "usage_id VARCHAR, used_at TIMESTAMP", [])
    load_metering_inputs(connection, (), FIRST, LAST)
    load_books(connection, compile_books(books()), {})
    return connection


def rate_by_hand(connection: duckdb.DuckDBPyConnection) -> None:
    """Rate with one statement that knows its data: books by account and month, tiers with what those below cost.

    It writes the columns of rated lines, so that both write the same table.
    """
    connection.execute(
        """
        CREATE OR REPLACE TABLE by_hand AS
        WITH usage AS MATERIALIZED (
          SELECT metered.subscription_id, metered.account_id, metered.period_start, metered.period_end, metered.dimensions,
            metered.quantity, price.book, price.version, price.component_id, price.rate_no
          FROM metered
          JOIN subscription ON subscription.subscription_id = metered.subscription_id
            AND metered.period_start >= subscription.starts_on AND metered.period_start < subscription.ends_on
          JOIN (
            SELECT book_version.book, component.version, component.component_id, component.meter, component.rate_no
            FROM book_version JOIN component ON component.version_no = book_version.version_no
          ) AS price ON price.book = subscription.book AND price.meter = metered.meter
        )
        SELECT subscription_id, account_id, period_start, period_end, book, version, component_id, dimensions, quantity,
          quantity AS billable_quantity, tier.tier,
          CAST(base_amount + flat_fee + CAST(CAST(quantity - origin AS DECIMAL(38,6)) * unit_price AS DECIMAL(38,14))
            AS DECIMAL(38,14)) AS raw_amount,
          raw_amount AS adjusted_amount, CAST(ROUND(raw_amount, 2) AS DECIMAL(18,4)) AS amount, 'USD' AS currency
        FROM usage JOIN rate_tier AS tier
          ON tier.rate_no = usage.rate_no AND usage.quantity > tier.over AND usage.quantity <= tier.up_to
        """
    )


def rate_with_the_product(connection: duckdb.DuckDBPyConnection) -> None:
    """Rate with the product's relations, up to rated lines."""
    chain = rating_chain(compile_books(books()).shape, has_buckets=False)
    for each in chain[: [each.name for each in chain].index("rated_line") + 1]:
        connection.execute(f"CREATE OR REPLACE {'VIEW' if each.is_light else 'TABLE'} {each.name} AS {each.sql}")


def bill_so_far(connection: duckdb.DuckDBPyConnection, file: Path, book: PriceBook, account: str) -> Decimal:
    """Rate what an account used in the running month, as the product explains a bill: stored quantities, one bill in Decimal."""
    rows = connection.execute(
        f"SELECT meter, quantity, events FROM read_parquet('{file}') WHERE subscription_id = '{account}'"
    ).fetchall()
    uses = [Use(meter, quantity, events=events) for meter, quantity, events in rows]
    assert len(uses) == METERS
    return rate_bill(book.versions[-1], uses, Share(), book.rating_policy, "USD").amount


def main(*, quick: bool = False) -> list[str]:
    """Race both; return the claims that do not hold. The claims are made for 9.6 million account-meter-months."""
    accounts = 5_000 if quick else 50_000
    connection = prepare(accounts)
    took: dict[str, list[tuple[float, float]]] = {"by hand": [], "growthring": []}
    for _ in range(1 if quick else 3):
        for name, work in (("by hand", rate_by_hand), ("growthring", rate_with_the_product)):
            began, spent = time.perf_counter(), time.process_time()
            work(connection)
            took[name].append((time.perf_counter() - began, time.process_time() - spent))
    _agree(connection)
    middle = {name: tuple(statistics.median(column) for column in zip(*laps, strict=True)) for name, laps in took.items()}
    rows = accounts * METERS * MONTHS
    with tempfile.TemporaryDirectory() as folder:
        file, book = Path(folder) / "metered-2024-12.parquet", books()[0]
        month = "SELECT * FROM metered WHERE period_start = DATE '2024-12-01' ORDER BY subscription_id, meter"
        connection.execute(f"COPY ({month}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
        latency = statistics.median(_timed(partial(bill_so_far, connection, file, book, f"a{n:07d}")) for n in range(1000, 1020))
    show(
        f"Rating {rows / 1e6:.1f} M account-meter-months in DECIMAL; both give the same digits",
        ["contender", "seconds", "CPU s", "M rows/s", "× by hand"],
        [
            [name, f"{seconds:.2f}", f"{cpu:.2f}", f"{rows / 1e6 / seconds:.1f}", f"{seconds / middle['by hand'][0]:.2f}"]
            for name, (seconds, cpu) in middle.items()
        ],
    )
    print(f"Bill so far of one account: {latency * 1000:.0f} ms")
    keep("rating", {"rows": rows, "laps": took, "bill_so_far_seconds": latency})
    missed = judge(
        [
            ("time over a hand-written statement", middle["growthring"][0] / middle["by hand"][0], "<=", 1.25),
            ("seconds for the bill so far of one account", latency, "<=", 0.1),
        ]
    )
    return [] if quick else missed


def _agree(connection: duckdb.DuckDBPyConnection) -> None:
    columns = "subscription_id, period_start, component_id, quantity, raw_amount, amount"
    here, there = (f"SELECT {columns} FROM {table} WHERE quantity <> 0" for table in ("by_hand", "rated_line"))
    for first, second in ((here, there), (there, here)):
        if rows := connection.execute(f"({first}) EXCEPT ALL ({second}) LIMIT 3").fetchall():
            raise ClaimError(f"They disagree: {rows}")


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
