"""Deduplicated account × meter × month by the product: files hashed, conflicts and bad values looked for, artifacts stored."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb

from bench.contenders.report import Stages, run
from growthring.engine.store import Store
from growthring.pricing.rollup import EventMapping, roll_up


def job(log: Path, stages: Stages) -> Callable[[Path], None]:
    """Roll up into an empty store."""
    root = tempfile.TemporaryDirectory()
    with stages.stage("months"):
        rollup = roll_up(sorted(log.glob("*.parquet")), EventMapping(), Store(Path(root.name)))

    def save(folder: Path) -> None:
        assert root.name
        files = [str(file) for file in rollup.files]
        select = f"SELECT account_id, meter, used_on, quantity, events FROM read_parquet({files})"
        duckdb.execute(f"COPY ({select}) TO '{folder}/rollup.parquet'")

    return save


if __name__ == "__main__":
    run(job)
