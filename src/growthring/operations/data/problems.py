"""Problems: what was wrong with the input, how much money is at stake, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from growthring.engine.catalog import open_tables, problem_files
from growthring.engine.duckdb_session import connect
from growthring.engine.relation import literal
from growthring.kernel.currency import EXPONENT
from growthring.operations.answer import Answer, money
from growthring.operations.last_rates import converted, last_rates
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
    return [_plain(row) for row in cursor.fetchall()]


def problem_summary(project: Project) -> Answer:
    """Answer what was wrong with the input: by code and source how many rows, the money at stake, and what to do.

    Money is in the reporting currency at the rates of the last day; rows that were corrected or only doubted count no money.
    """
    found, currency = summarise_problems(project), project.settings.project.currency
    snapshot = project.snapshot()
    with connect() as connection:
        open_tables(connection, project.store, snapshot)
        rates = last_rates(project, connection) if snapshot.data_through else {}
    rows = [_summed(each, rates, currency) for each in found]
    unknown = sorted({code for each in found if each.severity == "rejected" for code in each.amounts} - rates.keys())
    return Answer(
        metric="problems",
        value=money(sum((Decimal(row["amount"]) for row in rows if row["amount"]), Decimal(0)), currency),
        unit=currency,
        at=snapshot.data_through,
        definition="Money on rows that were rejected, as far as their amounts could be read.",
        policy={},
        snapshot=snapshot.snapshot_id,
        rows=rows,
        sql=_select(project),
        caveats=[f"No exchange rate from {', '.join(unknown)}: left out of the sum."] if unknown else [],
    )


def _summed(each: ProblemSummary, rates: Mapping[str, Decimal], currency: str) -> dict[str, Any]:
    known = [(code, Decimal(amount)) for code, amount in each.amounts.items() if code in rates]
    return {
        "code": each.code, "severity": each.severity, "source": each.source, "rows": each.rows,
        "amount": money(converted(known, rates), currency) if each.severity == "rejected" and known else None,
        "amounts": "; ".join(f"{code} {amount}" for code, amount in each.amounts.items()),
        "remedy": each.remedy, "example": each.example,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProblemRows:
    """Some of the problem rows.

    Attributes:
        rows: The rows asked for.
        total: How many match.
    """

    rows: list[dict[str, Any]]
    total: int


def find_problems(
    project: Project, *, code: str = "", source: str = "", find: str = "", sort: str = "", offset: int = 0, limit: int = 50
) -> ProblemRows:
    """Return problem rows that hold a text, sorted and cut.

    Args:
        project: The project.
        code: Only problems of this code.
        source: Only problems of this source.
        find: Only rows whose file, key, message or payload holds it, whatever its case.
        sort: Column, with ``-`` before it for the largest first; in order of file and row when empty.
        offset: Rows left out at the start.
        limit: Most rows returned; 0 returns all.
    """
    select = _select(project)
    if not select:
        return ProblemRows([], 0)
    wanted = [f"{column} = {literal(value)}" for column, value in (("code", code), ("source", source)) if value]
    if find:
        text = "CONCAT_WS(' ', file, row_key, message, payload, CAST(amount AS VARCHAR), currency)"
        wanted.append(f"CONTAINS(LOWER({text}), LOWER({literal(find)}))")
    where = f"WHERE {' AND '.join(wanted)}" if wanted else ""
    name = sort.removeprefix("-")
    order = f"{name} {'DESC' if sort.startswith('-') else 'ASC'} NULLS LAST, " if name in PROBLEM.column_names else ""
    bounded = f"LIMIT {int(limit)} OFFSET {int(offset)}" if limit else ""
    with connect() as connection:
        counted = connection.execute(f"SELECT COUNT(*) FROM ({select}) {where}").fetchone()
        cursor = connection.execute(f"SELECT * FROM ({select}) {where} ORDER BY {order}source, file, row_number, code {bounded}")
        rows = [_plain(row) for row in cursor.fetchall()]
    return ProblemRows(rows, counted[0] if counted else 0)


def _plain(row: tuple[Any, ...]) -> dict[str, Any]:
    return {
        name: str(value) if isinstance(value, Decimal) else value for name, value in zip(PROBLEM.column_names, row, strict=True)
    }


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
