"""The job in pandas and NumPy: accounts as categories, money as integers of a hundredth of a cent."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.contenders.report import Stages, run
from bench.panel import FIRST_MONTH, MONTHS

_LAST = FIRST_MONTH + MONTHS - 1
_UNIT = pa.scalar(Decimal("0.0001"), pa.decimal128(5, 4))


def job(panel: Path, stages: Stages) -> Callable[[Path], None]:
    """Read, sort once by account, product and month, then compare neighbouring rows."""
    results: dict[str, pd.DataFrame] = {}
    with stages.stage("ledger"):
        rows = _read(panel)
        results["ledger"] = _ledger(rows)
    with stages.stage("monthly"):
        results["monthly"] = results["ledger"].groupby(["month", "movement"], as_index=False, observed=True)["amount"].sum()
    with stages.stage("account_month"):
        by_account = rows.groupby(["account_id", "month"], as_index=False, observed=True, sort=False)["amount"].sum()
        del rows
    with stages.stage("retention"):
        results["retention"] = _retention(by_account)
    with stages.stage("cohort"):
        by_account["first_month"] = by_account.groupby("account_id", observed=True, sort=False)["month"].transform("min")
        results["cohort"] = by_account.groupby(["first_month", "month"], as_index=False).agg(
            active_customers=("amount", "size"), amount=("amount", "sum")
        )

    def save(folder: Path) -> None:
        for name, frame in results.items():
            table = pa.Table.from_pandas(frame, preserve_index=False)
            for place, column in enumerate(table.column_names):
                if column.endswith("amount"):
                    whole = table[column].cast(pa.decimal128(38, 4))
                    table = table.set_column(
                        place, column, pc.multiply(whole.cast(pa.decimal128(28, 4)), _UNIT).cast(pa.decimal128(38, 8))
                    )
            pq.write_table(table, folder / f"{name}.parquet")

    return save


def _read(panel: Path) -> pd.DataFrame:
    table = pq.read_table(
        panel, columns=["account_id", "product_id", "month", "recurring_amount"], read_dictionary=["account_id", "product_id"]
    ).unify_dictionaries()
    scaled = [
        np.frombuffer(chunk.buffers()[1], np.int64)[2 * chunk.offset :: 2][: len(chunk)]
        for chunk in table["recurring_amount"].chunks
    ]
    frame = table.drop_columns(["recurring_amount"]).to_pandas()
    frame["amount"] = np.concatenate(scaled)
    order = np.lexsort((frame["month"], frame["product_id"].cat.codes, frame["account_id"].cat.codes))
    return frame.iloc[order].reset_index(drop=True)


def _ledger(rows: pd.DataFrame) -> pd.DataFrame:
    account, product = rows["account_id"].cat.codes.to_numpy(), rows["product_id"].cat.codes.to_numpy()
    month, amount = rows["month"].to_numpy(), rows["amount"].to_numpy()
    same = np.append(False, (account[1:] == account[:-1]) & (product[1:] == product[:-1]))
    adjacent = same & (np.append(0, month[:-1]) == month - 1)
    before = np.where(adjacent, np.append(0, amount[:-1]), 0)
    kind = np.select([~same, ~adjacent, amount > before], [0, 1, 2], 3)
    changed = np.flatnonzero(~adjacent | (amount != before))
    lost = np.flatnonzero(~np.append(adjacent[1:], False) & (month < _LAST))
    kinds = np.concatenate([kind[changed], np.full(len(lost), 4)])
    ledger = rows.iloc[np.concatenate([changed, lost])][["account_id", "product_id"]].reset_index(drop=True)
    ledger["month"] = np.concatenate([month[changed], month[lost] + 1])
    ledger["movement"] = pd.Categorical.from_codes(kinds, ["new", "reactivation", "expansion", "contraction", "churn"])
    ledger["amount"] = np.concatenate([(amount - before)[changed], -amount[lost]])
    return ledger


def _retention(by_account: pd.DataFrame) -> pd.DataFrame:
    base = by_account[by_account["month"] <= _LAST - 12].assign(month=lambda frame: frame["month"] + 12)
    paired = base.merge(by_account, on=["account_id", "month"], how="left", suffixes=("", "_latest"))
    latest = paired["amount_latest"].fillna(0).astype(np.int64)
    return (
        paired.assign(current_amount=latest, retained_amount=np.minimum(latest, paired["amount"]))
        .rename(columns={"amount": "base_amount"})
        .groupby("month", as_index=False)[["base_amount", "current_amount", "retained_amount"]]
        .sum()
    )


if __name__ == "__main__":
    run(job)
