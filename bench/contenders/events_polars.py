"""Deduplicated account × meter × month as one Polars query on the streaming engine."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import polars as pl

from bench.contenders.report import Stages, run


def job(log: Path, stages: Stages) -> Callable[[Path], None]:
    """Scan all files, drop equal rows, sum."""
    out = tempfile.TemporaryDirectory()
    with stages.stage("months"):
        rolled_up(pl.scan_parquet(f"{log}/*.parquet")).sink_parquet(f"{out.name}/rollup.parquet", engine="streaming")

    def save(folder: Path) -> None:
        pl.scan_parquet(f"{out.name}/*.parquet").sink_parquet(folder / "rollup.parquet")

    return save


def rolled_up(events: pl.LazyFrame) -> pl.LazyFrame:
    """Return account_id, meter, used_on, quantity, events."""
    return (
        events.unique()
        .group_by("account_id", "meter", pl.col("used_at").dt.truncate("1mo").cast(pl.Date).alias("used_on"))
        .agg(pl.col("quantity").sum(), pl.len().alias("events"))
    )


if __name__ == "__main__":
    run(job)
