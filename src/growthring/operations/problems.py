"""Problems: what was wrong with the input, how much money is at stake, and what to do."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from growthring.engine.catalog import problem_files
from growthring.engine.duckdb_session import connect
from growthring.engine.relation import literal
from growthring.kernel.currency import EXPONENT
from growthring.operations.answer import money
from growthring.operations.project import Project
from growthring.tables import PROBLEM

# an account history has one problem row a code, whose message says how many input rows it stands for
_STANDS_FOR = "COALESCE(TRY_CAST(regexp_extract(message, 'Rows like this: (\\d+),', 1) AS BIGINT), 1)"


@dataclass(frozen=True, slots=True)
class ProblemSummary:
    """Problems of one code in one source.

    Attributes:
        code: What is wrong.
        severity: rejected, corrected or warning.
        source: Source name.
        rows: Number of rows.
        amounts: Money at stake by currency, as exact text.
        remedy: What to do.
        example: One message.
    """

    code: str
    severity: str
    source: str
    rows: int
    amounts: dict[str, str]
    remedy: str
    example: str


def summarise_problems(project: Project) -> list[ProblemSummary]:
    """Return the problems of the current snapshot by code and source, the worst first."""
    select = _select(project)
    if not select:
        return []
    rows = (
        connect()
        .execute(
            f"""
            WITH summed AS (
              SELECT code, severity, source, COALESCE(currency, '') AS currency,
                SUM({_STANDS_FOR}) AS rows, SUM(amount) AS amount, MIN(remedy) AS remedy, MIN(message) AS example
              FROM ({select}) GROUP BY ALL
            )
            SELECT code, severity, source, SUM(rows), list(currency ORDER BY currency), list(amount ORDER BY currency),
              MIN(remedy), MIN(example)
            FROM summed GROUP BY 1, 2, 3
            ORDER BY CASE severity WHEN 'rejected' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, 4 DESC, 1, 3
            """
        )
        .fetchall()
    )
    return [
        ProblemSummary(code, severity, source, int(count), _amounts(currencies, amounts), remedy, example)
        for code, severity, source, count, currencies, amounts, remedy, example in rows
    ]


def list_problems(
    project: Project, *, code: str | None = None, source: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Return problem rows in order of file and row.

    Args:
        project: The project.
        code: Only problems of this code.
        source: Only problems of this source.
        limit: Most rows returned; 0 returns all.
    """
    select = _select(project)
    if not select:
        return []
    wanted = [f"{column} = {literal(value)}" for column, value in (("code", code), ("source", source)) if value]
    where = f"WHERE {' AND '.join(wanted)}" if wanted else ""
    bounded = f"LIMIT {limit}" if limit else ""
    cursor = connect().execute(f"SELECT * FROM ({select}) {where} ORDER BY source, file, row_number, code {bounded}")
    return [
        {name: str(value) if isinstance(value, Decimal) else value for name, value in zip(PROBLEM.column_names, row, strict=True)}
        for row in cursor.fetchall()
    ]


def _select(project: Project) -> str:
    paths = problem_files(project.store, project.snapshot())
    if not paths:
        return ""
    listed = ", ".join(literal(str(path)) for path in paths)
    return f"SELECT {', '.join(PROBLEM.column_names)} FROM read_parquet([{listed}])"


def _amounts(currencies: list[str], amounts: list[Decimal | None]) -> dict[str, str]:
    return {
        currency or "(no currency)": money(amount, currency) if currency in EXPONENT else str(amount)
        for currency, amount in zip(currencies, amounts, strict=True)
        if amount is not None
    }
