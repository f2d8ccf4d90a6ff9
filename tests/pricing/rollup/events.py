"""Small event logs for the tests."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from growthring.pricing.rollup import RollUp

SCHEMA = pa.schema(
    [
        ("event_id", pa.string()),
        ("account_id", pa.string()),
        ("meter", pa.string()),
        ("used_at", pa.timestamp("us")),
        ("quantity", pa.decimal128(18, 6)),
        ("region", pa.string()),
    ]
)


def event(
    event_id: str | None,
    used_at: str | None = "2024-05-03T10:00:00",
    quantity: Any = "1",
    account_id: str | None = "A1",
    meter: str | None = "calls",
    region: str | None = "eu",
) -> dict[str, Any]:
    """Make a record; quantities are given as text."""
    return {
        "event_id": event_id,
        "account_id": account_id,
        "meter": meter,
        "used_at": datetime.fromisoformat(used_at) if used_at else None,
        "quantity": Decimal(quantity) if isinstance(quantity, str) else quantity,
        "region": region,
    }


def write(path: Path, records: Sequence[dict[str, Any]], schema: pa.Schema = SCHEMA) -> Path:
    """Write records as Parquet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(records), schema), path)
    return path


def cells(rollup: RollUp) -> dict[tuple[Any, ...], tuple[Decimal, int]]:
    """Return quantity and events by account, meter, dimensions and day."""
    rows = duckdb.sql(f"FROM read_parquet({[str(file) for file in rollup.files]})").fetchall() if rollup.files else []
    return {tuple(row[:4]): (row[4], row[5]) for row in rows}


def problems(rollup: RollUp, columns: str = "code, row_key") -> list[tuple[Any, ...]]:
    """Return columns of the problem rows, in order."""
    files = [str(file) for file in rollup.problem_files]
    return duckdb.sql(f"SELECT {columns} FROM read_parquet({files}) ORDER BY ALL").fetchall()
