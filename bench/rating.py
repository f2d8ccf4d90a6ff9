"""Rating 9.6 M account-meter-months in DECIMAL: the product's relations beside one hand-written statement; bill so far; late events."""

import random
import sys
import time
from dataclasses import asdict
from datetime import date
from decimal import Decimal

import duckdb

from bench.race import ClaimError, Lap, judge, keep, lap, median, ratio, show
from growthring.engine.duckdb_session import connect
from growthring.engine.small_table import put_rows
from growthring.pricing.billing_calendar import BillingCalendar
from growthring.pricing.book import PriceBook
from growthring.pricing.metering.inputs import load_metering_inputs
from growthring.pricing.rating.pipeline import rating_chain
from growthring.pricing.rating.tables import compile_books, load_books

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
        SELECT subscription_id, subscription_id AS account_id, book, '{calendar}' AS calendar_id, starts_on, ends_on, 'USD' AS currency
        FROM (SELECT range AS account, 'a' || lpad(CAST(range AS VARCHAR), 7, '0') AS subscription_id FROM range({accounts}))
        CROSS JOIN LATERAL (
          SELECT 'b' || lpad(CAST(account % {BOOKS // 2} AS VARCHAR), 3, '0') AS book, DATE '{FIRST}' AS starts_on, DATE '{SWITCH}' AS ends_on
          UNION ALL SELECT 'b' || lpad(CAST({BOOKS // 2} + account % {BOOKS // 2} AS VARCHAR), 3, '0'), DATE '{SWITCH}', DATE '9999-12-31'
        ) AS stretch
        """
    )
    put_rows(connection, "usage", "usage_id VARCHAR, used_at TIMESTAMP", [])
    load_metering_inputs(connection, (), FIRST, LAST)
    load_books(connection, compile_books(books()), {})
    return connection


def rate_by_hand(connection: duckdb.DuckDBPyConnection) -> None:
    """Rate with one statement that knows its data: books by account and month, tiers with what those below cost."""
    connection.execute(
        """
        CREATE OR REPLACE TABLE by_hand AS
        SELECT metered.subscription_id, metered.period_start, metered.meter, metered.quantity, tier.tier,
          CAST(tier.base_amount + tier.flat_fee
            + CAST(CAST(metered.quantity - tier.origin AS DECIMAL(38,6)) * tier.unit_price AS DECIMAL(38,14)) AS DECIMAL(38,14)) AS raw_amount,
          CAST(ROUND(tier.base_amount + tier.flat_fee
            + CAST(CAST(metered.quantity - tier.origin AS DECIMAL(38,6)) * tier.unit_price AS DECIMAL(38,14)), 2) AS DECIMAL(18,4)) AS amount
        FROM metered
        JOIN subscription ON subscription.subscription_id = metered.subscription_id
          AND metered.period_start >= subscription.starts_on AND metered.period_start < subscription.ends_on
        JOIN book_version ON book_version.book = subscription.book
        JOIN component ON component.version_no = book_version.version_no AND component.meter = metered.meter
        JOIN rate_tier AS tier ON tier.rate_no = component.rate_no
          AND metered.quantity > tier.over AND metered.quantity <= tier.up_to
        """
    )


def rate_with_the_product(connection: duckdb.DuckDBPyConnection) -> None:
    """Rate with the product's relations, up to rated lines."""
    chain = rating_chain(compile_books(books()).shape, has_buckets=False)
    for each in chain[: [each.name for each in chain].index("rated_line") + 1]:
        connection.execute(f"CREATE OR REPLACE {'VIEW' if each.is_light else 'TABLE'} {each.name} AS {each.sql}")
