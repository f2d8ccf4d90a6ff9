"""The job as a hand-written DuckDB script."""

import os
from collections.abc import Callable
from pathlib import Path

import duckdb

from bench.contenders.report import RESULTS, Stages, run
from bench.panel import FIRST_MONTH, MONTHS


def job(panel: Path, stages: Stages) -> Callable[[Path], None]:
    """Run the script beside this file, stage by stage."""
    connection = duckdb.connect()
    connection.execute(f"SET threads = {len(os.sched_getaffinity(0))}")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(f"CREATE VIEW recurring AS SELECT * FROM '{panel}/*.parquet'")
    connection.execute(f"SET VARIABLE last_month = {FIRST_MONTH + MONTHS - 1}")
    for part in Path(__file__).with_suffix(".sql").read_text().split("-- stage: ")[1:]:
        name, _, statement = part.partition("\n")
        with stages.stage(name):
            connection.execute(statement)

    def save(folder: Path) -> None:
        for result in RESULTS:
            connection.execute(f"COPY {result} TO '{folder}/{result}.parquet'")

    return save


if __name__ == "__main__":
    run(job)
