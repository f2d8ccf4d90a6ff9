"""The job by the product: its own relations, its identity check, its metrics."""

from collections.abc import Callable
from pathlib import Path

from bench.contenders.report import Stages, run
from bench.panel import FIRST_MONTH, MONTHS
from growthring.engine.catalog import create_empty
from growthring.engine.duckdb_session import connect
from growthring.engine.relation import compose
from growthring.kernel.period import Month
from growthring.revenue.evaluation import Point, Question, evaluate_together, question_chain
from growthring.revenue.inputs import load_inputs
from growthring.revenue.ledger import build_movements, define
from growthring.revenue.metrics import metric
from growthring.revenue.pipeline import recurring_chain
from growthring.revenue.policy import preset
from growthring.revenue.setting import Setting
from growthring.tables import CANONICAL

_FIRST, _LAST = Month(FIRST_MONTH), Month(FIRST_MONTH + MONTHS - 1)


def job(panel: Path, stages: Stages) -> Callable[[Path], None]:
    """Build the ledger over the stored panel and ask it for the three tables."""
    connection = connect()
    policy, setting = preset("standard"), Setting("USD", _LAST.last_day)
    with stages.stage("inputs"):
        for table in CANONICAL.values():
            create_empty(connection, table)
        shape = load_inputs(connection, policy, setting)
        define(connection, recurring_chain(policy, setting)[:-1])
        connection.execute(f"CREATE VIEW recurring AS SELECT * FROM '{panel}/*.parquet'")
    with stages.stage("ledger and its check"):
        ledger = build_movements(connection, policy, setting, shape)
    months = tuple(_FIRST + number for number in range(12, MONTHS))
    with stages.stage("monthly"):
        connection.execute(
            "CREATE TABLE movements_by_month AS "
            "SELECT month, movement, SUM(movement_amount) AS amount FROM movement GROUP BY month, movement"
        )
    with stages.stage("retention"):
        rates = evaluate_together(ledger, [metric("ndr"), metric("grr")], months)
        ndr, grr = rates["ndr"], rates["grr"]
    with stages.stage("cohort"):
        triangle = compose(question_chain(ledger, Question(metric("cohort_revenue"), months)), "cohort")
        connection.execute(f"CREATE TABLE cohort_triangle AS {triangle}")

    def save(folder: Path) -> None:
        connection.execute(
            f"""
            COPY (
              SELECT account_id, product_id, month, movement, SUM(movement_amount) AS amount
              FROM movement GROUP BY account_id, product_id, month, movement
            ) TO '{folder}/ledger.parquet'
            """
        )
        connection.execute(
            "CREATE TABLE retention_series "
            "(month INTEGER, base_amount DECIMAL(38,4), current_amount DECIMAL(38,4), retained_amount DECIMAL(38,4))"
        )
        connection.executemany(
            "INSERT INTO retention_series VALUES (?, ?, ?, ?)", [_row(*pair) for pair in zip(ndr, grr, strict=True)]
        )
        for table, result in (
            ("movements_by_month", "monthly"),
            ("retention_series", "retention"),
            ("cohort_triangle", "cohort"),
        ):
            connection.execute(f"COPY {table} TO '{folder}/{result}.parquet'")

    return save


def _row(ndr: Point, grr: Point) -> list[object]:
    return [ndr.at_month.index, ndr.denominator, ndr.numerator, grr.numerator]


if __name__ == "__main__":
    run(job)
