"""Postgres, Spark and ClickHouse compute the same ledger and the same metrics as DuckDB, to the last digit of money."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from growthring.engine.executors import EXECUTORS, Executor, Row
from growthring.engine.relation import Relation
from growthring.revenue.evaluation import Question, _points, points_sql, question_chain, standalone_sql
from growthring.revenue.metrics import METRICS, Combine
from tests.parity.company import LAST
from tests.parity.conftest import COMPARED, expected_under, fill
from tests.parity.lacks import engine_cases
from tests.parity.statements import POLICIES

OTHERS = tuple(name for name in EXECUTORS if name != "duckdb")
ON_SPARK = ("event", "committed")
"""Policies that Spark, the slowest of them, runs row by row: every relation is among theirs; the others run all policies."""

VALUES = tuple(name for name, metric in METRICS.items() if metric.combine is not Combine.TABLE)
RETENTION = ("ndr", "grr", "logo_retention")
GROUPED = ("mrr", "ndr", "net_new_mrr", "top10_share")

OpenEngine = Callable[[str], Executor]


@pytest.mark.parametrize(
    ("engine", "policy"),
    [
        *engine_cases(*POLICIES, engines=tuple(name for name in OTHERS if name != "spark")),
        *engine_cases(*ON_SPARK, engines=("spark",)),
    ],
)
def test_the_ledger_and_retention_are_the_same_row_by_row(engine: str, policy: str, opened: OpenEngine) -> None:
    expected, executor = expected_under(policy), opened(engine)
    fill(executor, expected)
    for name in COMPARED:
        _assert_same(executor.fetch(name), expected.rows(name), name)
    for name in RETENTION:
        question = Question(METRICS[name], (LAST - 4, LAST))
        executor.run([Relation("point", points_sql(expected.ledger, question))], keep=())
        _assert_same(executor.fetch("point"), expected.points(question), name)


@pytest.mark.parametrize(("engine", "policy"), engine_cases("standard", engines=OTHERS))
def test_metrics_have_the_same_values(engine: str, policy: str, opened: OpenEngine) -> None:
    expected, executor = expected_under(policy), opened(engine)
    fill(executor, expected)
    computed: dict[str, str] = {}
    for question in _questions(sampled=engine == "spark"):
        *steps, contribution = question_chain(expected.ledger, question)
        executor.run([each for each in steps if computed.get(each.name) != each.sql])
        computed.update({each.name: each.sql for each in steps})
        executor.run([contribution, _points(expected.ledger.policy, question.metric)], keep=())
        _assert_same(executor.fetch("point"), expected.points(question), f"{question.metric.name} {question.by}")


@pytest.mark.parametrize(("engine", "policy"), engine_cases("standard", engines=OTHERS))
def test_one_statement_from_invoices_to_ndr_has_the_same_value(engine: str, policy: str, opened: OpenEngine) -> None:
    expected, executor = expected_under(policy), opened(engine)
    for name, table in expected.tables.items():
        executor.put(name, table)
    question = Question(METRICS["ndr"], (LAST,))
    executor.run([Relation("point", standalone_sql(expected.ledger, question))])
    _assert_same(executor.fetch("point"), expected.points(question), "ndr")


@pytest.mark.parametrize(("engine", "case"), engine_cases("text_and_nulls", engines=EXECUTORS))
def test_what_is_put_comes_back(engine: str, case: str, opened: OpenEngine) -> None:
    rows = [("O'Hara\t\\N", Decimal("-0.0001"), date(2024, 2, 29), 7), (None, None, None, None)]
    executor = opened(engine)
    for _ in range(2):
        executor.put("thing", _table(rows))
        executor.run([Relation("seen", "SELECT thing.a AS a, thing.b AS b, thing.c AS c, thing.d AS d FROM thing")], keep=())
        _assert_same(executor.fetch("seen"), rows, case)


@pytest.mark.parametrize(("engine", "case"), engine_cases("days_before_1900", engines=EXECUTORS))
def test_old_days_come_back(engine: str, case: str, opened: OpenEngine) -> None:
    rows = [("", Decimal(0), date(1850, 1, 1), 0)]
    executor = opened(engine)
    executor.put("thing", _table(rows))
    _assert_same(executor.fetch("thing"), rows, case)


def _questions(*, sampled: bool) -> Iterator[Question]:
    """Return what is asked; of a slow engine one metric for each relation and way of adding up."""
    first = {(METRICS[name].relation, METRICS[name].combine): name for name in reversed(VALUES)}
    for name in first.values() if sampled else VALUES:
        yield Question(METRICS[name], (LAST - 4, LAST))
    for by in ("segment", "product_family"):
        for name in GROUPED[: 2 if sampled else None]:
            yield Question(METRICS[name], (LAST - 4, LAST), by=by)


def _table(rows: list[Row]) -> pa.Table:
    types = (pa.string(), pa.decimal128(18, 4), pa.date32(), pa.int64())
    return pa.table({name: pa.array([row[i] for row in rows], types[i]) for i, name in enumerate("abcd")})


def _assert_same(found: list[Row], expected: list[Row], what: str) -> None:
    ours, theirs = _ordered(expected), _ordered(found)
    missing = [row for row in ours if row not in set(theirs)][:3]
    surplus = [row for row in theirs if row not in set(ours)][:3]
    assert ours == theirs, f"{what}: DuckDB alone has {missing}, the other engine alone has {surplus}"


def _ordered(rows: list[Row]) -> list[tuple[Any, ...]]:
    plain = [tuple(_plain(value) for value in row) for row in rows]
    return sorted(plain, key=lambda row: [(value is None, str(value)) for value in row])


def _plain(value: object) -> object:
    """Money stays exact; rates are averages of floats, whose last digits depend on the order of adding."""
    if isinstance(value, Decimal):
        return value.normalize() + 0
    return float(f"{value:.12g}") if isinstance(value, float) else value
