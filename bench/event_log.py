"""The event log of the benchmarks: seeded raw usage events, one Parquet file for each of 24 event months."""

import os
import shutil
import tempfile
from calendar import monthrange
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.panel import decimals

FIRST_MONTH = 2024 * 12
"""January 2024, counted as the product counts months: year × 12 + month − 1."""

MONTHS = 24
ACCOUNTS = 50_000
METERS = ("api_calls", "storage_gb", "egress_gb", "input_tokens", "output_tokens", "seats", "builds", "messages")
DUPLICATES = 0.01
"""Share of the rows that repeat an earlier row of the month, byte for byte."""

SEED = 20_261_121

_UNIT = 1_000_000  # DECIMAL(18,6) as integers


def cache_folder() -> Path:
    """Return where event logs are kept: ``GROWTHRING_BENCH_DIR``, or a folder of the system's for temporary files."""
    return Path(os.environ.get("GROWTHRING_BENCH_DIR") or Path(tempfile.gettempdir()) / "growthring-bench")


def event_log(millions: int, folder: Path) -> Path:
    """Return the folder of an event log of so many million rows; it is written when it is not there yet."""
    target = folder / f"events-{millions}m"
    if not target.exists():
        arriving = folder / f"events-{millions}m.arriving"
        shutil.rmtree(arriving, ignore_errors=True)
        arriving.mkdir(parents=True)
        chance = np.random.default_rng(SEED)
        for number in range(MONTHS):
            rows = millions * 1_000_000 * (number + 1) // MONTHS - millions * 1_000_000 * number // MONTHS
            _write_month(arriving, FIRST_MONTH + number, rows, chance)
        arriving.rename(target)
    return target


def _write_month(folder: Path, month: int, rows: int, chance: np.random.Generator) -> None:
    """Write a month of events in order of time, the repeated ones somewhere after the first."""
    accounts = pa.array([f"A{number:07d}" for number in range(ACCOUNTS)])
    first = np.datetime64(f"{month // 12}-{month % 12 + 1:02d}", "M")
    days = monthrange(month // 12, month % 12 + 1)[1]
    again = int(rows * DUPLICATES)
    fresh = rows - again
    microseconds = np.sort(chance.integers(0, days * 86_400 * 1_000_000, fresh))
    columns = {
        "event_id": chance.integers(-(2**63), 2**63 - 1, fresh),
        "account": (ACCOUNTS * chance.random(fresh) ** 3).astype(np.int32),  # a power law: the first tenth has 46 % of events
        "meter": chance.choice(len(METERS), fresh, p=(0.3, 0.05, 0.1, 0.2, 0.2, 0.02, 0.03, 0.1)).astype(np.int8),
        "used_at": first.astype("datetime64[us]") + microseconds.astype("timedelta64[us]"),
        "quantity": np.maximum(np.rint(chance.lognormal(2.0, 1.5, fresh) * _UNIT), 1).astype(np.int64),
    }
    repeated = chance.integers(0, fresh, again)
    delay = chance.integers(0, fresh, again)
    order = np.argsort(np.concatenate([np.arange(fresh), np.minimum(repeated + delay // 100, fresh - 1)]), kind="stable")
    place = np.concatenate([np.arange(fresh), repeated])[order]
    table = pa.table(
        {
            "event_id": pa.array(columns["event_id"][place]),
            "account_id": pa.DictionaryArray.from_arrays(pa.array(columns["account"][place]), accounts),
            "meter": pa.DictionaryArray.from_arrays(pa.array(columns["meter"][place]), pa.array(METERS)),
            "used_at": pa.array(columns["used_at"][place], pa.timestamp("us")),
            "quantity": decimals(columns["quantity"][place], 18, 6),
        }
    )
    table = table.cast(
        pa.schema([(field.name, pa.string() if pa.types.is_dictionary(field.type) else field.type) for field in table.schema])
    )
    pq.write_table(table, folder / f"{month // 12}-{month % 12 + 1:02d}.parquet", compression="zstd", row_group_size=1_000_000)
