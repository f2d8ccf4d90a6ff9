"""The same query in Polars, file by file, for who knows that no event is repeated in another month's file."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import polars as pl

from bench.contenders.events_polars import rolled_up
from bench.contenders.report import Stages, run


def job(log: Path, stages: Stages) -> Callable[[Path], None]:
    """Run the streaming query once a file."""
    out = tempfile.TemporaryDirectory()
    with stages.stage("months"):
        for file in sorted(log.glob("*.parquet")):
            rolled_up(pl.scan_parquet(file)).sink_parquet(f"{out.name}/{file.name}", engine="streaming")

    def save(folder: Path) -> None:
        pl.scan_parquet(f"{out.name}/*.parquet").sink_parquet(folder / "rollup.parquet")

    return save


if __name__ == "__main__":
    run(job)
