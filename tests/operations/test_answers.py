"""The shape of every Answer is a contract, and its SQL computes its value from the canonical tables alone."""

import json
from decimal import Decimal

import pytest

from growthring.engine.catalog import open_tables
from growthring.engine.duckdb_session import connect
from growthring.operations.answer import Answer
from growthring.operations.data.closes import close, restatement
from growthring.operations.project import Project
from growthring.operations.revenue.compare import compare
from growthring.operations.revenue.explain import explain
from growthring.operations.revenue.show import View, show
from growthring.revenue.inputs import load_inputs
from growthring.revenue.metrics import METRICS, Combine
from tests.operations.books import Books

KEYS = ["metric", "value", "unit", "at", "definition", "policy", "snapshot", "rows", "sql", "caveats"]


def assert_in_shape(answer: Answer) -> None:
    told = json.loads(answer.as_json(), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert list(told) == KEYS
    assert list(told["policy"]) == ["name", "version"]
    for name in ("metric", "unit", "at", "definition", "snapshot"):
        assert told[name], name
        assert isinstance(told[name], str), name
    assert isinstance(told["value"], str | int | float | None)
    assert all(isinstance(row, dict) for row in told["rows"])
    assert all(isinstance(caveat, str) and caveat for caveat in told["caveats"])


def test_every_operation_answers_in_the_same_shape(books: Books):
    books.run()
    project = books.open()
    view = View(at="2025-01")
    answers = [show(project, name, view) for name in ("mrr", "ndr", "customers", "hhi", "movements", "cohort_ndr", "cohort_logo")]
    answers += [show(project, "ndr", View(at="2024-03")), show(project, "mrr", View(since="2024-06"))]
    answers += [explain(project, "ndr", view), explain(project, "movements", view)]
    answers += [compare(project, "ndr", "standard", "lazy_bridge", view), close(project, "2025-01", author="Kim")]
    answers += [restatement(project, "2025-01")]
    for answer in answers:
        assert_in_shape(answer)
    assert all(answer.sql for answer in answers if answer.metric not in ("close", "restatement"))


def from_canonical_tables(project: Project, answer: Answer, name: str) -> Decimal | float | None:
    """Execute an answer's SQL where nothing but the canonical tables and the small input tables exists."""
    connection = connect()
    snapshot = project.snapshot()
    open_tables(connection, project.store, snapshot)
    load_inputs(connection, project.policy().replace(**dict(METRICS[name].basis)), project.setting(snapshot))
    rows = connection.execute(answer.sql).fetchall()
    names = [column[0] for column in connection.description]
    if not rows:
        return None
    [row] = [dict(zip(names, row, strict=True)) for row in rows]
    metric = METRICS[name]
    if metric.combine is Combine.SUM:
        return row["numerator"]
    if not row["denominator"]:
        return None
    if metric.combine is Combine.HHI:
        return float(row["numerator"] / (row["denominator"] * row["denominator"]))
    return float(row["numerator"] / row["denominator"])


@pytest.mark.parametrize(
    "name", ["mrr", "customers", "ndr", "grr", "hhi", "top10_share", "new_mrr", "logo_churn", "carr", "arpa"]
)
def test_the_sql_of_an_answer_computes_its_value_from_the_canonical_tables(ringwood: Project, name: str):
    answer = show(ringwood, name, View())
    found = from_canonical_tables(ringwood, answer, name)
    assert answer.value is not None
    assert float(found or 0) == pytest.approx(float(answer.value), abs=0.005)


@pytest.mark.parametrize("dialect", ["postgres", "spark", "clickhouse", "bigquery", "snowflake"])
def test_the_sql_of_an_explanation_is_written_in_every_dialect(books: Books, dialect: str):
    books.run()
    answer = explain(books.open(), "ndr", View(at="2025-01"), dialect=dialect)
    assert answer.sql.lstrip().upper().startswith(("WITH", "SELECT", "/*", "--"))
    assert "read_parquet" not in answer.sql
