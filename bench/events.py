"""A hundred million raw events to deduplicated account × meter × month: by hand, by the product, in Polars."""

import tempfile
from dataclasses import asdict
from pathlib import Path

import duckdb

from bench.event_log import cache_folder, event_log
from bench.race import ClaimError, Lap, StarvedError, judge, keep, lap, median, ratio, show

CONTENDERS = ("events_by_hand", "events_product", "events_polars_by_month", "events_polars")
_COLUMNS = "account_id::VARCHAR, meter::VARCHAR, used_on::DATE, quantity::DECIMAL(38,6), events::BIGINT"


def main(*, quick: bool = False, millions: int = 0) -> list[str]:
    """Race them; return the claims that do not hold. The claims are made for 100 million events."""
    millions = millions or (10 if quick else 100)
    rounds = 1 if quick else 3
    log = event_log(millions, cache_folder())
    laps: list[Lap] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            for name in CONTENDERS:
                result = Path(folder) / name
                result.mkdir(exist_ok=True)
                laps.append(_lap(name, log, result if number == 0 else None))
        for name in CONTENDERS[1:]:
            _agree(Path(folder) / CONTENDERS[0], Path(folder) / name)
    show(
        f"Event rollup: {millions} million events, median of {rounds}; all agree to the last digit",
        ["contender", "seconds", "CPU s", "peak MB", "× by hand"],
        [
            [
                name,
                *(f"{median(laps, name, what):.1f}" for what in ("seconds", "cpu_seconds")),
                f"{median(laps, name, 'peak_mb'):.0f}",
                f"{ratio(laps, name, 'events_by_hand'):.2f}",
            ]
            for name in CONTENDERS
        ],
    )
    keep("events", {"millions": millions, "laps": [asdict(each) for each in laps]})
    missed = judge(
        [
            ("time over the hand-written partition loop", ratio(laps, "events_product", "events_by_hand"), "<=", 1.2),
            ("time of Polars streaming over ours", ratio(laps, "events_polars", "events_product"), ">=", 2.5),
            ("peak memory in GB", median(laps, "events_product", "peak_mb") / 1024, "<=", 2.0),
        ]
    )
    return missed if millions >= 100 and not quick else []


def _lap(name: str, log: Path, result: Path | None) -> Lap:
    """Run a contender; one that was stopped for want of memory is timed until then, which is less than it needs."""
    try:
        return lap(name, log, result)
    except StarvedError as error:
        print(f"  {error}")
        return error.lap


def _agree(expected: Path, found: Path) -> None:
    """Compare every row, exactly."""
    if not (found / "rollup.parquet").exists():
        print(f"  {found.name} has no result to compare")
        return
    here, there = (f"SELECT {_COLUMNS} FROM '{folder}/rollup.parquet'" for folder in (expected, found))
    duckdb.execute("SET memory_limit = '4GB'")
    for first, second in ((here, there), (there, here)):
        if rows := duckdb.sql(f"({first}) EXCEPT ALL ({second}) LIMIT 3").fetchall():
            raise ClaimError(f"{found.name} disagrees: {rows}")
