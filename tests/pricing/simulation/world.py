"""A small company with a year of metered usage, rated under its own books."""

import random
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import duckdb

from growthring.engine.duckdb_session import connect
from growthring.pricing.book import Component, PriceBook, Version
from growthring.pricing.meter import Meter
from growthring.pricing.price import Flat, Graduated, PerUnit, Price, Tier, Volume
from growthring.pricing.rating.pipeline import rating_chain
from growthring.pricing.rating.tables import compile_books, load_books
from growthring.tables import ACCOUNT_ATTRIBUTE, BILLING_PERIOD, METERED, SUBSCRIPTION
from tests.pricing.rating.sql_path import put

CALENDAR = "month/1/1/UTC"
METERS = (Meter(id="m1"), Meter(id="m2"))
FOREVER = date(9999, 12, 31)


def graduated(*tiers: tuple[int | None, str]) -> Graduated:
    return Graduated(tiers=tuple(Tier(up_to=Decimal(b) if b else None, unit_price=Decimal(price)) for b, price in tiers))


def volume(*tiers: tuple[int | None, str]) -> Volume:
    return Volume(tiers=tuple(Tier(up_to=Decimal(b) if b else None, unit_price=Decimal(price)) for b, price in tiers))


def book(name: str, m1: Price, fee: str | None = None, m2: Price | None = None, **more: Any) -> PriceBook:
    components = [Component(id="use", meter="m1", price=m1)]
    components += [Component(id="fee", price=Flat(amount=Decimal(fee)))] if fee else []
    components += [Component(id="seats", meter="m2", price=m2)] if m2 else []
    version = Version(effective_from=date(2020, 1, 1), components=tuple(components))
    return PriceBook(name=name, currency="USD", meters=METERS, versions=(version,), **more)


STANDARD = book("standard", graduated((100, "0.50"), (None, "0.20")), "20", PerUnit(unit_price=Decimal("7.125")))
BUSINESS = book("business", volume((1000, "0.30"), (None, "0.155")), "150", PerUnit(unit_price=Decimal("5")))


def month_starts(months: int) -> list[date]:
    return [date(2023 + number // 12, number % 12 + 1, 1) for number in range(months + 1)]


def company(
    books: Sequence[PriceBook] = (STANDARD, BUSINESS), accounts: int = 12, months: int = 12, seed: int = 1, currency: str = "USD"
) -> duckdb.DuckDBPyConnection:
    """Return a connection with usage of accounts a0, a1 …, on the books in turn, and their rated lines and bills."""
    chance = random.Random(seed)
    connection = connect()
    starts = month_starts(months)
    periods = [
        (CALENDAR, low, high, datetime(low.year, low.month, 1), datetime(high.year, high.month, 1), (high - low).days,
         (high - low).days * 86400)
        for low, high in pairwise(starts)
    ]  # fmt: skip
    subscriptions, metered, attributes = [], [], []
    for number in range(accounts):
        joined = starts[0] if number % 3 else date(2023, 2, 11)
        name = books[number % len(books)].name
        subscriptions.append((f"s{number}", f"a{number}", name, CALENDAR, joined, FOREVER, currency))
        provenance = ("test", None)[: max(len(ACCOUNT_ATTRIBUTE.columns) - 4, 0)]
        attributes.append((f"a{number}", "region", ("north", "south")[number % 2], date(2020, 1, 1), *provenance))
        if number == 0:
            attributes.append((f"a{number}", "region", "south", date(2023, 6, 1), *provenance))
        for _, low, high, at, *_ in periods:
            if high <= joined:
                continue
            for meter, most in (("m1", 3000), ("m2", 9)):
                quantity = Decimal(chance.randint(0, most * 1000)).scaleb(-3) if chance.random() > 0.1 else Decimal(0)
                key = (f"s{number}", f"a{number}", meter, "", low, high, at)
                metered.append((*key, quantity, chance.randint(1, 5), Decimal(0)))
    put(connection, SUBSCRIPTION, subscriptions)
    put(connection, BILLING_PERIOD, periods)
    put(connection, METERED, metered)
    columns = ", ".join(f"{column.name} {column.type.value}" for column in ACCOUNT_ATTRIBUTE.columns[:4])
    connection.execute(f"CREATE TABLE account_attribute ({columns})")
    connection.executemany("INSERT INTO account_attribute VALUES (?, ?, ?, ?)", [row[:4] for row in attributes])
    tables = compile_books(books)
    load_books(connection, tables, {})
    for step in rating_chain(tables.shape):
        connection.execute(f"CREATE OR REPLACE TABLE {step.name} AS {step.sql}")
    return connection
