"""Every metering relation keeps to the portable subset and gives the same digits on every engine."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pyarrow as pa
import pytest

from growthring.engine.dialects import DIALECTS, transpile
from growthring.engine.executors import EXECUTORS, Executor
from growthring.engine.portable import violations
from growthring.pricing.meter import Meter
from growthring.pricing.metering import INPUT_COLUMNS, metering_chain
from tests.parity.conftest import opened  # noqa: F401
from tests.parity.lacks import engine_cases
from tests.pricing.metering.town import FIRST, LAST, METERS, open_town
from tests.pricing.metering.workbench import run_chain

AS_OF = datetime(2024, 6, 1)
RESULTS = ("metered", "metered_event", "metered_change")
READ_AGAIN = {"subscription_period", "usage_window", "metered_record", "level_change", "level_period", "level", *RESULTS}
CHAIN = metering_chain([*METERS, Meter(id="none")], AS_OF)


@pytest.mark.parametrize("name", [each.name for each in CHAIN])
def test_each_relation_is_portable(name: str) -> None:
    sql = next(each.sql for each in CHAIN if each.name == name)
    assert violations(sql) == []
    assert all(transpile(sql, dialect) for dialect in DIALECTS)


def test_quantities_without_rounding_are_portable() -> None:
    assert [violations(each.sql) for each in metering_chain([Meter(id="m")])] == [[]] * 5


def test_usage_in_force_is_read_by_every_relation_that_reads_usage() -> None:
    chain = metering_chain(METERS, AS_OF, has_corrections=True)
    assert all(violations(each.sql) == [] for each in chain)
    assert [each.name for each in chain if "FROM usage\n" in each.sql] == ["current_usage"]


@pytest.mark.parametrize(
    ("engine", "case"), engine_cases("every_meter", engines=tuple(name for name in EXECUTORS if name != "duckdb"))
)
def test_engines_meter_alike(engine: str, case: str, opened: Callable[[str], Executor]) -> None:  # noqa: F811
    executor = opened(engine)
    tables, expected = _expected()
    for name, table in tables.items():
        executor.put(name, table)
    executor.run(CHAIN, keep=READ_AGAIN)
    for name in RESULTS:
        found = _ordered(executor.fetch(name))
        assert len(found) > 100
        assert found == _ordered(expected[name])


@cache
def _expected() -> tuple[dict[str, pa.Table], dict[str, list[tuple[Any, ...]]]]:
    with open_town() as connection:
        run_chain(connection, METERS, FIRST, LAST, AS_OF)
        tables = {
            name: connection.table(name).to_arrow_table() for name in ("usage", "subscription", "calendar_day", *INPUT_COLUMNS)
        }
        return tables, {name: connection.execute(f"FROM {name}").fetchall() for name in RESULTS}


def _ordered(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(tuple(_plain(value) for value in row) for row in rows)


def _plain(value: object) -> object:
    return value.normalize() + 0 if isinstance(value, Decimal) else value
