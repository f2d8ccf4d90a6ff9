"""The job in Polars, money in its Decimal type, lazily and with the streaming engine where it serves."""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from bench.contenders.report import Stages, run
from bench.panel import FIRST_MONTH, MONTHS

_LAST = FIRST_MONTH + MONTHS - 1
_SERIES = ["account_id", "product_id"]


def job(panel: Path, stages: Stages) -> Callable[[Path], None]:
    """Sort the stored months once, look at neighbours, then aggregate."""
    results: dict[str, pl.DataFrame] = {}
    with stages.stage("ledger"):
        rows = (
            pl.scan_parquet(f"{panel}/*.parquet")
            .select("account_id", "product_id", "month", pl.col("recurring_amount").alias("amount"))
            .collect()
            .sort(*_SERIES, "month")
        )
        results["ledger"] = _ledger(rows)
    with stages.stage("monthly"):
        results["monthly"] = results["ledger"].group_by("month", "movement").agg(pl.col("amount").sum())
    with stages.stage("account_month"):
        by_account = rows.lazy().group_by("account_id", "month").agg(pl.col("amount").sum()).collect(engine="streaming")
        del rows
    with stages.stage("retention"):
        results["retention"] = _retention(by_account)
    with stages.stage("cohort"):
        vintage = by_account.group_by("account_id").agg(pl.col("month").min().alias("first_month"))
        results["cohort"] = (
            by_account.lazy()
            .join(vintage.lazy(), on="account_id")
            .group_by("first_month", "month")
            .agg(pl.len().alias("active_customers"), pl.col("amount").sum())
            .collect(engine="streaming")
        )

    def save(folder: Path) -> None:
        for name, frame in results.items():
            frame.write_parquet(folder / f"{name}.parquet")

    return save


def _ledger(rows: pl.DataFrame) -> pl.DataFrame:
    same_before = (pl.col("account_id") == pl.col("account_id").shift(1)) & (
        pl.col("product_id") == pl.col("product_id").shift(1)
    )
    same_after = (pl.col("account_id") == pl.col("account_id").shift(-1)) & (
        pl.col("product_id") == pl.col("product_id").shift(-1)
    )
    neighbours = rows.lazy().with_columns(
        pl.when(same_before).then(pl.col("month").shift(1)).alias("previous_month"),
        pl.when(same_before).then(pl.col("amount").shift(1)).alias("previous_amount"),
        pl.when(same_after).then(pl.col("month").shift(-1)).alias("following_month"),
    )
    adjacent = (pl.col("previous_month") == pl.col("month") - 1).fill_null(False)
    changed = neighbours.filter(~adjacent | (pl.col("amount") != pl.col("previous_amount"))).select(
        *_SERIES,
        "month",
        pl.when(pl.col("previous_month").is_null())
        .then(pl.lit("new"))
        .when(~adjacent)
        .then(pl.lit("reactivation"))
        .when(pl.col("amount") > pl.col("previous_amount"))
        .then(pl.lit("expansion"))
        .otherwise(pl.lit("contraction"))
        .alias("movement"),
        pl.when(adjacent).then(pl.col("amount") - pl.col("previous_amount")).otherwise(pl.col("amount")).alias("amount"),
    )
    followed = (pl.col("following_month") == pl.col("month") + 1).fill_null(False)
    lost = neighbours.filter((pl.col("month") < _LAST) & ~followed).select(
        *_SERIES, pl.col("month") + 1, pl.lit("churn").alias("movement"), -pl.col("amount")
    )
    return pl.concat([changed, lost], how="vertical_relaxed").collect()


def _retention(by_account: pl.DataFrame) -> pl.DataFrame:
    base = by_account.lazy().filter(pl.col("month") <= _LAST - 12).with_columns(pl.col("month") + 12)
    latest = by_account.lazy().rename({"amount": "latest"})
    return (
        base.join(latest, on=["account_id", "month"], how="left")
        .group_by("month")
        .agg(
            pl.col("amount").sum().alias("base_amount"),
            pl.col("latest").sum().alias("current_amount"),
            pl.when(pl.col("latest") < pl.col("amount"))
            .then(pl.col("latest"))
            .when(pl.col("latest").is_not_null())
            .then(pl.col("amount"))
            .sum()
            .alias("retained_amount"),
        )
        .collect(engine="streaming")
    )


if __name__ == "__main__":
    run(job)
