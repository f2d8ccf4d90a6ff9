"""Rating keeps to the portable subset of SQL, and every engine gives DuckDB's digits: every model, every adjustment."""

import random
from collections.abc import Callable, Iterator
from decimal import Decimal

import pyarrow as pa
import pytest

from growthring.engine.executors import EXECUTORS, Executor, open_executor
from growthring.engine.portable import violations
from growthring.pricing.book import PriceBook
from growthring.pricing.policy import rating_preset_names
from growthring.pricing.rating.pipeline import rating_chain
from growthring.pricing.rating.tables import COLUMNS, BookShape, compile_books
from growthring.pricing.reference import Share, Use
from tests.pricing.rating.sql_path import Asked, rated

D = Decimal
OTHERS = [pytest.param(name, marks=pytest.mark.engine(name)) for name in EXECUTORS if name != "duckdb"]
INPUTS = (*COLUMNS, "subscription", "billing_period", "calendar_day", "metered", "metered_event")
KINDS = frozenset({"rate", "fee", "percentage", "capacity"})
GRADUATED = {
    "model": "graduated",
    "tiers": [{"up_to": "10", "unit_price": "0.12345678", "flat_fee": "1.005"}, {"unit_price": "0.1", "cap": "3.33"}],
}
PRICES = {
    "per_unit": {"model": "per_unit", "unit_price": "0.00000333"},
    "graduated": GRADUATED,
    "volume": {"model": "volume", "tiers": [{"up_to": "7.5", "unit_price": "1.335"}, {"unit_price": "0.5", "flat_fee": "2"}]},
    "stairs": {"model": "stair_step", "tiers": [{"up_to": "5", "flat_fee": "10"}, {"flat_fee": "17.77"}]},
    "package": {"model": "package", "package_size": "3", "package_price": "1.99", "free_units": "2"},
    "percentage": {"model": "percentage", "rate": "2.9", "fixed_per_event": "0.3"},
    "per_event": {"model": "percentage", "rate": "1.25", "free_events": 2, "free_amount": "20",
        "minimum_per_event": "0.07", "maximum_per_event": "0.4",
    },
    "shares": {"model": "graduated_percentage", "tiers": [{"up_to": "10", "rate": "1.5", "flat_fee": "0.25"}, {"rate": "0.755"}]},
    "dynamic": {"model": "dynamic", "multiplier": "1.33333"},
    "capacity": {"model": "capacity", "amount": "25", "included": "8", "overage_price": "0.125"},
    "block": {
        "model": "block",
        "tiers": [{"size": "4", "max_blocks": 2, "price": "1.1"}, {"size": "5", "max_blocks": 3, "price": "0.9"}],
    },
    "matrix": {
        "model": "matrix",
        "cells": [{"when": {"x": "a"}, "price": {"model": "per_unit", "unit_price": "0.7"}},
            {"when": {"x": "a", "y": "b"}, "price": GRADUATED}],
        "default": {"model": "per_unit", "unit_price": "0.01"},
    },
}  # fmt: skip
ADJUSTED = [
    {"kind": "percent_discount", "percent": "12.5", "last_period": 1},
    {"kind": "amount_discount", "amount": "0.35"},
    {"kind": "overage", "amount": "2", "factor": "1.5", "true_up": True, "scope": "bucket"},
    {"kind": "minimum", "amount": "1.01"},
    {"kind": "maximum", "amount": "40"},
]
CONVERTED = {
    "conversion": {"operation": "divide", "factor": "7", "round": "ceiling"},
    "included_units": "1.5",
    "included_percent": "10",
}


def book(currency: str, policy: str) -> PriceBook:
    """Return a book with every model, plain and with everything that can change it."""
    components: list[dict[str, object]] = [
        {"id": "fee", "price": {"model": "flat", "amount": "9.99"}, "adjustments": ADJUSTED[:2]}
    ]
    for name, price in PRICES.items():
        components.append({"id": name, "meter": "m1", "price": price})
        components.append({"id": f"{name}_changed", "meter": "m2", "price": price, "adjustments": ADJUSTED, **CONVERTED})
    limits = [{"price": "5", "limits": {"m1": "10", "m2": "20"}}, {"price": "9", "limits": {}}]
    components.append({"id": "limits", "price": {"model": "capacity_tiers", "tiers": limits}})
    return PriceBook.model_validate(
        {
            "name": "book", "currency": currency, "policy": policy,
            "meters": [{"id": "m1", "dimensions": ["x", "y"]}, {"id": "m2", "dimensions": ["x", "y"]}],
            "versions": [{"effective_from": "2020-01-01", "components": components, "adjustments": ADJUSTED[:2] + ADJUSTED[3:]}],
        }
    )  # fmt: skip


def population() -> list[Asked]:
    chance = random.Random(3)
    asked = []
    for number in range(40):
        uses = []
        for meter in ("m1", "m2"):
            for dimensions in ((), (("x", "a"),), (("x", "a"), ("y", "b"))):
                values = tuple(D(chance.randrange(0, 30_000_000)).scaleb(-6) for _ in range(chance.randrange(0, 4)))
                if values:
                    carried = D(chance.randrange(10**9)).scaleb(-8)
                    uses.append(Use(meter, sum(values, D(0)), dimensions, chance.randrange(3), len(values), carried, values))
        asked.append(Asked(uses, Share(chance.randrange(1, 31), 30), f"s{number:02d}"))
    return asked


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


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("matrix", [True, False])
def test_every_relation_of_rating_is_portable(plain: bool, matrix: bool):
    shape = BookShape(not plain, plain, matrix, not plain, KINDS, {"bucket": 1, "line": 2, "bill": 1})
    for relation in rating_chain(shape):
        assert violations(relation.sql) == [], relation.name


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize(("currency", "policy"), [("USD", "openmeter"), ("JPY", "meteroid"), ("KWD", "lago")])
def test_every_engine_rates_to_the_same_digits(engine: str, currency: str, policy: str, opened: Callable[[str], Executor]):
    assert policy in rating_preset_names()
    priced = book(currency, policy)
    expected = rated(priced, population())
    executor = opened(engine)
    for name in INPUTS:
        executor.put(name, expected.execute(f"SELECT * FROM {name}").to_arrow_table())
    executor.run(rating_chain(compile_books([priced]).shape))
    for name in ("rated_line", "bill"):
        rows = expected.execute(f"SELECT * FROM {name}").fetchall()
        assert len(rows) > 30
        assert sorted(map(repr, executor.fetch(name))) == sorted(map(repr, rows)), name


def test_arrow_keeps_the_digits_of_prices():
    table = rated(book("USD", "standard"), population()[:1]).execute("SELECT base_amount FROM rate_tier").to_arrow_table()
    assert table.schema.field("base_amount").type == pa.decimal128(38, 14)
