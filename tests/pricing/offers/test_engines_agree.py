"""Every engine gives the digits of DuckDB for offers, trials, the free tier and revenue by type."""

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pyarrow as pa
import pytest

from growthring.engine.catalog import create_empty
from growthring.engine.executors import EXECUTORS, Executor
from growthring.pricing.offers import free_chain, offer_chain, revenue_chain, rows_of, trial_chain
from growthring.tables import BILL, METERED
from tests.parity.conftest import opened  # noqa: F401
from tests.parity.lacks import engine_cases
from tests.pricing.offers import log

START = date(2024, 1, 1)
INPUTS = ("offer", "trial", "account_attribute", "invoice_line", "product", "metered", "bill", "unit_cost")


@pytest.mark.parametrize(
    ("engine", "case"), engine_cases("offers", engines=tuple(name for name in EXECUTORS if name != "duckdb"))
)
def test_engines_agree(engine: str, case: str, opened: Callable[[str], Executor]) -> None:  # noqa: F811
    executor = opened(engine)
    tables, chain, expected = _expected()
    for name, table in tables.items():
        executor.put(name, table)
    executor.run(chain, keep={each.name for each in chain})
    for each in chain:
        assert len(expected[each.name]) > 1, each.name
        assert _ordered(executor.fetch(each.name)) == _ordered(expected[each.name]), each.name


@cache
def _expected() -> tuple[dict[str, pa.Table], list[Any], dict[str, list[tuple[Any, ...]]]]:
    chance = random.Random(7)
    day = lambda: START + timedelta(days=chance.randrange(300))  # noqa: E731
    attributes = [
        {"account_id": f"a{n % 20}", "attribute": "segment", "value": chance.choice("xyz"), "valid_from": day()}
        for n in range(30)
    ]
    lines = [
        {"invoice_line_id": str(n), "invoice_id": str(n), "account_id": f"a{n % 20}", "issued_on": day(), "currency": "USD",
         "kind": chance.choice(["recurring", "usage", "one_off", "tax"]), "product_id": chance.choice(["seat", "flat", "none"]),
         "amount": Decimal(chance.randrange(-500, 90_000)) / 100} for n in range(80)
    ]  # fmt: skip
    products = [{"product_id": name, "quantity_kind": name} for name in ("seat", "flat")]
    made = {"offer": _offers(chance, day), "trial": _trials(chance, day), "invoice_line": lines, "product": products}
    with log.opened(**made, account_attribute=attributes) as connection:
        _put_usage(connection, chance)
        chain = [
            *offer_chain(log.AS_OF, log.THROUGH, by="rep", run_deals=4), *trial_chain(log.AS_OF, log.THROUGH, by="segment"),
            *free_chain(connection, {"calls": Decimal("0.00012345")}), *revenue_chain(log.AS_OF, log.THROUGH),
        ]  # fmt: skip
        tables = {name: connection.table(name).to_arrow_table() for name in INPUTS}
        return (
            tables,
            chain,
            {each.name: [tuple(row.values()) for row in rows_of(connection, chain, each.name)] for each in chain},
        )


def _offers(chance: random.Random, day: Callable[[], date]) -> list[dict[str, Any]]:
    rows = []
    for n in range(120):
        price, on = Decimal(chance.randrange(100, 900_000)) / 100, day()
        net = price - Decimal(chance.randrange(0, 100)) / 100 if n % 3 else price
        row = log.offer(f"o{n:03}", account_id=f"a{n % 20}", list_amount=price, amount=net, term_months=chance.randrange(1, 37))
        row |= {"segment": None if n % 2 else "mid", "gift": chance.choice([None, "", "mug"]), "offered_on": on}
        row |= {"rep": chance.choice([None, "rita", "sam"]), "manager": chance.choice(["max", "mia"]), "prepaid": None}
        row |= {"decided_on": on + timedelta(days=n), "outcome": chance.choice(["won", "lost", "open"])}
        rows.append(row)
    return rows


def _trials(chance: random.Random, day: Callable[[], date]) -> list[dict[str, Any]]:
    later = lambda on: chance.choice([None, on + timedelta(days=chance.randrange(40))])  # noqa: E731
    rows = []
    for n in range(80):
        on = day()
        row = log.trial(f"t{n}", on, account_id=f"a{n % 20}", extended_on=later(on), converted_on=later(on))
        rows.append(row | {"cancelled_on": later(on), "ends_on": on + timedelta(days=14)})
    return rows


def _put_usage(connection: Any, chance: random.Random) -> None:
    for table in (METERED, BILL):
        create_empty(connection, table)
    for n in range(40):
        start = date(2024, 1 + n % 6, 1)
        common = {"subscription_id": f"a{n % 7}", "account_id": f"a{n % 7}", "period_start": start, "period_end": start}
        quantity = Decimal(chance.randrange(0, 10**9)) / 1000
        counted = {"meter": "calls", "dimensions": f"n={n}", "bucket_at": datetime(2024, 1, 1), "events": 1, "event_amount": 0}
        _insert(connection, "metered", common | counted | {"quantity": quantity})
        if n < 7 * 6:
            paid = Decimal(chance.choice([0, 0, 10]))
            amounts = {"book": "b", "subtotal_amount": paid, "adjustment_amount": 0, "amount": paid, "currency": "USD"}
            _insert(connection, "bill", common | amounts)


def _insert(connection: Any, table: str, row: dict[str, Any]) -> None:
    marks = ", ".join("?" for _ in row)
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def _ordered(rows: list[tuple[Any, ...]]) -> list[str]:
    return sorted(str(tuple(_plain(value) for value in row)) for row in rows)


def _plain(value: object) -> object:
    if isinstance(value, Decimal | int):
        return str((Decimal(value) + 0).normalize())
    return str(value)
