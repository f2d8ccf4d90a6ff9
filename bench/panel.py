"""The panel of the benchmarks: seeded recurring revenue of many accounts over sixty months, in the product's stored form."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FIRST_MONTH = 2019 * 12
"""January 2019, counted as the product counts months: year × 12 + month − 1."""

MONTHS = 60
PRODUCTS = ("core", "insight", "edge")
SEED = 20_261_121

_UNIT = 10_000  # DECIMAL(18,4) as integers


def panel(accounts: int, folder: Path) -> Path:
    """Return the folder of a panel, one Parquet file a month; it is written when it is not there yet."""
    target = folder / f"panel-{accounts}"
    if not target.exists():
        arriving = folder / f"panel-{accounts}.arriving"
        shutil.rmtree(arriving, ignore_errors=True)
        arriving.mkdir(parents=True)
        _write(accounts, arriving)
        arriving.rename(target)
    return target


def _write(accounts: int, folder: Path) -> None:
    """Live sixty months of joining, growing, shrinking, leaving and coming back; about half of all cells are stored."""
    chance = np.random.default_rng(SEED)
    names = pa.array([f"A{number:07d}" for number in range(accounts)], pa.string())
    product = (np.arange(accounts, dtype=np.uint64) * np.uint64(2_654_435_761) >> np.uint64(7)) % np.uint64(len(PRODUCTS))
    products = pa.array(PRODUCTS).take(pa.array(product.astype(np.int32)))
    joins_in = np.where(chance.random(accounts) < 0.2, 0, chance.integers(0, MONTHS, accounts))
    price = _cents(chance.lognormal(5.0, 1.1, accounts))
    amount = np.zeros(accounts, np.int64)
    has_left = np.zeros(accounts, bool)
    for month in range(MONTHS):
        here = amount > 0
        draw, size = chance.random(accounts), chance.random(accounts)
        leaves = here & (draw < 0.012)
        grows = here & (draw >= 0.012) & (draw < 0.092)
        shrinks = here & (draw >= 0.092) & (draw < 0.132)
        returns = has_left & ~here & (draw < 0.03)
        amount = np.where(grows, _cents(amount / _UNIT * (1.02 + 0.5 * size)), amount)
        amount = np.where(shrinks, _cents(amount / _UNIT * (0.6 + 0.38 * size)), amount)
        amount = np.where(returns, _cents(price / _UNIT * (0.5 + size)), amount)
        amount = np.where(joins_in == month, price, amount)
        amount[leaves] = 0
        has_left |= leaves
        _write_month(folder, FIRST_MONTH + month, amount, names, products)


def _cents(value: np.ndarray) -> np.ndarray:
    return np.maximum(np.rint(value * 100), 100).astype(np.int64) * (_UNIT // 100)


def _write_month(folder: Path, month: int, amount: np.ndarray, names: pa.Array, products: pa.Array) -> None:
    stored = pa.array(np.flatnonzero(amount > 0))
    rows = len(stored)
    money = decimals(amount[stored], 18, 4)
    table = pa.table(
        {
            "account_id": names.take(stored),
            "product_id": products.take(stored),
            "contract_id": pa.array([""] * rows, pa.string()),
            "currency": pa.array(["USD"] * rows, pa.string()),
            "month": pa.array(np.full(rows, month, np.int32)),
            "native_amount": money,
            "rate": decimals(np.full(rows, 10**8, np.int64), 18, 8),
            "recurring_amount": money,
            "usage_amount": decimals(np.zeros(rows, np.int64), 18, 4),
            "quantity": pa.nulls(rows, pa.decimal128(18, 6)),
        }
    )
    pq.write_table(table, folder / f"{month // 12}-{month % 12 + 1:02d}.parquet", compression="zstd")


def decimals(scaled: np.ndarray, precision: int, scale: int) -> pa.Array:
    """Make decimals of scaled integers without going through Python objects: low and high 64 bits of each."""
    halves = np.empty((len(scaled), 2), np.int64)
    halves[:, 0] = scaled
    halves[:, 1] = scaled >> 63
    return pa.Array.from_buffers(pa.decimal128(precision, scale), len(scaled), [None, pa.py_buffer(halves)])
