"""The engines as executors, and the made-up company under each policy as DuckDB sees it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import pyarrow as pa
import pytest

from growthring.engine.executors import Executor, Row, open_executor
from growthring.revenue.evaluation import Question, points_sql
from growthring.revenue.ledger import Ledger, build_ledger
from growthring.tables import CANONICAL
from tests.parity.company import SETTING, open_company
from tests.parity.statements import POLICIES

INPUTS = (
    "rated_line",
    "bill",
    "rated_component",
    "month_spine",
    "currency_unit",
    "reporting_rate",
    "tag",
    "entity_span",
    "excluded_account",
    "excluded_product",
)
COMPUTED = (
    "rated_share",
    "rated_month",
    "spread_segment",
    "run_rate",
    "monthly",
    "rate_segment",
    "spread_month",
    "recurring",
    "panel",
    "step",
    "entity_change",
    "movement",
    "entity_month",
)
"""Relations that are read more than once: computed into tables, the others stay views."""

COMPARED = ("recurring", "panel", "movement", "entity_month")


@dataclass(frozen=True)
class Expected:
    """What DuckDB makes of the company under a policy.

    Attributes:
        ledger: The ledger in DuckDB.
        tables: Canonical and input tables.
    """

    ledger: Ledger
    tables: dict[str, pa.Table]

    def rows(self, name: str) -> list[Row]:
        """Return the rows of a ledger table."""
        return self.ledger.connection.execute(f"FROM {name}").fetchall()

    def points(self, question: Question) -> list[Row]:
        """Return the values that answer a question."""
        return self.ledger.connection.execute(points_sql(self.ledger, question)).fetchall()


@cache
def expected_under(policy: str) -> Expected:
    """Compute the company's ledger in DuckDB."""
    connection = open_company()
    ledger = build_ledger(connection, POLICIES[policy], SETTING)
    return Expected(ledger, {name: connection.table(name).to_arrow_table() for name in (*CANONICAL, *INPUTS)})


def fill(executor: Executor, expected: Expected) -> None:
    """Put the company into an engine and compute its ledger there."""
    for name, table in expected.tables.items():
        executor.put(name, table)
    executor.run(expected.ledger.chain, keep=COMPUTED)


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
