"""Every relation keeps to the portable subset and is written for the other engines as the snapshots show."""

import os
from pathlib import Path

import pytest

from growthring.engine.dialects import DIALECTS, transpile
from growthring.engine.portable import check_portable, violations
from growthring.kernel.errors import NotPortableError, UnknownValueError
from tests.parity.statements import every_statement, relation_names, shown_relation

SNAPSHOTS = Path(__file__).parent / "snapshots"
REFRESH = "GROWTHRING_REFRESH_SNAPSHOTS"
"""Set to 1 to write the snapshots again: ``GROWTHRING_REFRESH_SNAPSHOTS=1 pytest tests/parity/test_portability.py``."""

RUN_ELSEWHERE = ("postgres", "spark", "clickhouse")


def test_every_statement_keeps_to_the_portable_subset() -> None:
    for each in every_statement().values():
        check_portable(each.sql, f"Relation {each.name}")


def test_no_relation_escapes_the_check() -> None:
    checked = {sql.splitlines()[0] for sql in every_statement()}
    assert [name for name in relation_names() if shown_relation(name).sql.splitlines()[0] not in checked] == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_statement_is_written_for_every_dialect(dialect: str) -> None:
    for each in every_statement().values():
        assert transpile(each.sql, dialect)


@pytest.mark.parametrize("dialect", RUN_ELSEWHERE)
def test_the_relations_in_other_dialects_are_as_recorded(dialect: str) -> None:
    folder = SNAPSHOTS / dialect
    made = {f"{name}.sql": transpile(shown_relation(name).sql, dialect) + "\n" for name in relation_names()}
    if os.environ.get(REFRESH) == "1":
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.sql"):
            path.unlink()
        for name, sql in made.items():
            (folder / name).write_text(sql)
    kept = {path.name: path.read_text() for path in folder.glob("*.sql")}
    changed = sorted(name for name in made.keys() | kept.keys() if made.get(name) != kept.get(name))
    assert changed == [], f"look at the differences, then run {REFRESH}=1 pytest tests/parity/test_portability.py"


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("SELECT * FROM t", "SELECT *"),
        ("SELECT t.a FROM t", "alias"),
        ("SELECT SUM(a) FROM t", "alias"),
        ("SELECT t.amount / 12 AS x FROM t", "never divided"),
        ("SELECT CAST(t.amount AS DOUBLE) / t.quantity AS x FROM t", "never divided"),
        ("SELECT t.amount // 12 AS x FROM t", "whole numbers"),
        ("WITH s AS (SELECT SUM(amount) AS n FROM t) SELECT s.n // 2 AS x FROM s", "whole numbers"),
        ("SELECT CAST(t.amount * t.rate AS DECIMAL(38,12)) AS x FROM t", "18 digits"),
        ("SELECT CAST(t.amount AS DECIMAL(38,4)) * t.rate AS x FROM t", "different scales"),
        ("SELECT CAST(t.amount * 10000 AS BIGINT) AS x FROM t", "18 digits"),
        ("SELECT t.amount * 0.9 AS x FROM t", "float"),
        ("SELECT t.amount * 1e-3 AS x FROM t", "float"),
        ("SELECT t.amount * CAST(t.share AS DOUBLE) AS x FROM t", "float"),
        ("SELECT now() AS x", "NOW"),
        ("SELECT current_date AS x", "clock"),
        ("SELECT CAST(x AS TIMESTAMPTZ) AS y FROM t", "time zone"),
        ("SELECT x AT TIME ZONE 'UTC' AS y FROM t", "time zone"),
        ("SELECT date_trunc('month', x) AS y FROM t", "TRUNC"),
        ("SELECT any_value(x) AS y FROM t", "any row"),
        ("SELECT first(x) AS y FROM t", "any row"),
        ("SELECT arg_max(x, z) AS y FROM t", "any row"),
        ("SELECT strftime(x, '%Y') AS y FROM t", "portable functions"),
        ("SELECT x FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY x) = 1", "QUALIFY"),
        ("SELECT DISTINCT ON (x) x, y FROM t", "DISTINCT ON"),
        ("SELECT x FROM t GROUP BY ALL", "group by"),
        ("SELECT x FROM t JOIN u USING (x)", "join ON"),
        ("SELECT x FROM t SEMI JOIN u ON u.y = t.y", "EXISTS"),
        ("SELECT TRY_CAST(x AS BIGINT) AS y FROM t", "TRY_CAST"),
        ("SELECT x FROM t WHERE y = $late", "not bound"),
        ("SELECT [1, 2] AS y", "lists"),
        ("SELECT x FROM t WHERE (", "not read"),
    ],
)
def test_what_some_engine_would_read_differently_is_refused(sql: str, problem: str) -> None:
    assert any(problem in found for found in violations(sql)), violations(sql)
    with pytest.raises(NotPortableError, match="portable subset"):
        check_portable(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT account_id, COUNT(*) AS lines FROM t GROUP BY account_id",
        "SELECT CAST(ROUND(CAST(CAST(t.amount AS DECIMAL(38,4)) * t.rate AS DECIMAL(38,12)), 4) AS DECIMAL(18,4)) AS x FROM t",
        "SELECT CAST(a.n AS DOUBLE) / NULLIF(CAST(a.d AS DOUBLE), 0) AS x FROM a",
        "WITH s AS (SELECT CAST(COUNT(*) AS BIGINT) AS n FROM t) SELECT (s.n + 9) // 10 AS x FROM s",
        "SELECT 12 * t.amount AS x FROM t",
    ],
)
def test_what_every_engine_reads_alike_is_taken(sql: str) -> None:
    assert violations(sql) == []


def test_steps_of_one_name_in_different_relations_do_not_meet() -> None:
    inner = "WITH s AS (SELECT x FROM t) SELECT s.x AS x FROM s"
    sql = f"WITH a AS ({inner}), s AS (SELECT x FROM u) SELECT s.x AS x FROM s JOIN a ON a.x = s.x"
    written = " ".join(transpile(sql, "spark").split())
    assert "a_s AS ( SELECT x FROM t )" in written
    assert "SELECT s.x AS x FROM a_s AS s" in written
    assert "s AS ( SELECT x FROM u )" in written


def test_an_unknown_dialect_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UnknownValueError, match="postgres, spark, clickhouse"):
        transpile("SELECT 1 AS x", "oracle")


@pytest.mark.parametrize(
    ("dialect", "sql", "expected"),
    [
        ("clickhouse", "SELECT a // 7 AS x FROM t", "intDiv(a, 7)"),
        ("snowflake", "SELECT a // 7 AS x FROM t", "CAST(((a) - MOD(a, 7)) / (7) AS BIGINT)"),
        ("bigquery", "SELECT a // 7 AS x FROM t", "DIV(a, 7)"),
        ("postgres", "SELECT DATE_DIFF('day', a, b) AS x FROM t", "(b - a)"),
        ("bigquery", "SELECT LEAST(a, b) AS x FROM t", "COALESCE(LEAST(a, b), a, b)"),
        ("bigquery", "SELECT CAST(a AS DECIMAL(38,4)) AS x FROM t", "CAST(a AS BIGNUMERIC)"),
        ("clickhouse", "SELECT DATE '9999-12-31' AS x", "CAST('2299-12-31' AS Nullable(Date32))"),
        ("clickhouse", "SELECT CAST(0.0001 AS DECIMAL(5,4)) AS x", "CAST('0.0001' AS"),
        ("spark", "SELECT CAST(a + INTERVAL (b - 1) DAY AS DATE) AS x FROM t", "DATE_ADD(a, CAST(b - 1 AS INT))"),
        ("spark", "SELECT SUM(a) OVER w - b AS x FROM t WINDOW w AS (ORDER BY c)", "(SUM(a) OVER w) - b"),
        ("duckdb", "SELECT a // 7 AS x FROM t", "SELECT a // 7 AS x FROM t"),
    ],
)
def test_what_an_engine_writes_differently_is_corrected(dialect: str, sql: str, expected: str) -> None:
    assert "".join(expected.split()) in "".join(transpile(sql, dialect).split())
