"""The main job beside a hand-written DuckDB script, Polars and pandas, on a million accounts over sixty months."""

from dataclasses import asdict

from bench.panel import MONTHS, panel
from bench.race import RESULTS_FOLDER, judge, keep, median, race, ratio, show

CONTENDERS = ("by_hand", "product", "polars_frame", "pandas_frame")


def main(*, quick: bool = False) -> list[str]:
    """Race the four; return the claims that do not hold."""
    accounts, rounds = (50_000, 1) if quick else (1_000_000, 3)
    laps = race(CONTENDERS, panel(accounts, RESULTS_FOLDER), rounds)
    show(
        f"Ledger, retention, cohorts: {accounts:,} accounts × {MONTHS} months, median of {rounds}; all agree to the cent",
        ["contender", "seconds", "CPU s", "peak MB", "× by hand"],
        [
            [
                name,
                *(f"{median(laps, name, what):.1f}" for what in ("seconds", "cpu_seconds")),
                f"{median(laps, name, 'peak_mb'):.0f}",
                f"{ratio(laps, name, 'by_hand'):.2f}",
            ]
            for name in CONTENDERS
        ],
    )
    keep("ledger", {"accounts": accounts, "laps": [asdict(each) for each in laps]})
    missed = judge(
        [
            ("time over the hand-written script", ratio(laps, "product", "by_hand"), "<=", 1.15),
            ("time of Polars over ours", ratio(laps, "polars_frame", "product"), ">=", 1.0),
            ("time of pandas over ours", ratio(laps, "pandas_frame", "product"), ">=", 1.7),
            ("peak memory in GB", median(laps, "product", "peak_mb") / 1024, "<=", 4.0),
        ]
    )
    return [] if quick else missed
