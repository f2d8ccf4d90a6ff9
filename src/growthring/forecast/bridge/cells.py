"""The two ends laid side by side: one row an account's series, one column a month, amounts as whole ten-thousandths."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from growthring.forecast.bridge.ends import End
from growthring.forecast.snapshots import LAYERS, NEW_CUSTOMERS
from growthring.kernel.ids import digest

Amounts = NDArray[np.int64]
"""Exact amounts in ten-thousandths of the unit."""
Ratios = NDArray[np.float64]

_BETWEEN = "\x1f"


@dataclass(frozen=True)
class Side:
    """What one end says.

    Attributes:
        layers: Effect of each layer, shape (layers, rows, months); known months stand in the first layer.
        is_known: Months that were known, shape (months,).
        rate: Reported for one unit billed, shape (rows, months); NaN where nobody knows.
        price: Billed for one unit of quantity, shape (rows, months); NaN where nobody knows.
        counted: What the quantity counts, as a number that both ends share, shape (rows, months); −1 where nobody knows.
        base_rate: The rate in the earlier end's origin as known to this end, shape (rows, 1).
        base_price: The price in that month, shape (rows, 1).
        base_counted: What its quantity counts, shape (rows, 1).
        is_mixed: Rows billed in several currencies, which have neither, shape (rows,).
        one_off: Part of known amounts that will not repeat, shape (rows, months).
        level: Amount in the earlier end's origin as known to this end, without what will not repeat, shape (rows,).
        level_one_off: What will not repeat of that month, shape (rows,).
        level_tag: Whether a tag keeps something out of that month, shape (rows,).
        tagged: Whether a tag keeps something out of the month, shape (rows, months).
        last_seen: Last month in which the row's account has an amount, shape (rows,); −1 for never.
        speaks_later: Whether months after the origin have a statistical amount, shape (rows,), of the row's account.
    """

    layers: Amounts
    is_known: NDArray[np.bool_]
    rate: Ratios
    price: Ratios
    counted: NDArray[np.int64]
    base_rate: Ratios
    base_price: Ratios
    base_counted: NDArray[np.int64]
    is_mixed: NDArray[np.bool_]
    one_off: Amounts
    level: Amounts
    level_one_off: Amounts
    level_tag: NDArray[np.bool_]
    tagged: NDArray[np.bool_]
    last_seen: NDArray[np.int64]
    speaks_later: NDArray[np.bool_]

    @property
    def total(self) -> Amounts:
        """All layers together, shape (rows, months)."""
        summed: Amounts = self.layers.sum(axis=0)
        return summed


@dataclass(frozen=True)
class Cells:
    """Two ends over the same rows and months.

    Attributes:
        accounts: Account of each row, shape (rows,).
        series: Series of each row, shape (rows,).
        months: The months, shape (months,).
        account_of: Number of each row's account, shape (rows,).
        is_nameless: Rows of customers who are expected and have no name yet, shape (rows,).
        earlier: The end known first.
        later: The other end.
        rerun: Statistical layer of the later end's model on the earlier end's data, shape (rows, months), where somebody made it.
    """

    accounts: NDArray[np.object_]
    series: NDArray[np.object_]
    months: NDArray[np.int64]
    account_of: NDArray[np.int64]
    is_nameless: NDArray[np.bool_]
    earlier: Side
    later: Side
    rerun: Amounts | None


def side_by_side(earlier: End, later: End, months: NDArray[np.int64], rerun: End | None = None) -> Cells:
    """Lay two ends side by side over some months.

    Args:
        earlier: The end known first.
        later: The other end.
        months: The months, one after the other.
        rerun: A forecast of the later end's model on the earlier end's data.
    """
    tables = [earlier.lines, earlier.known, later.lines, later.known, *([rerun.lines] if rerun else [])]
    accounts, series, codes = _rows(tables)
    account_of = np.unique(accounts.astype(str), return_inverse=True)[1].astype(np.int64)
    rows = (accounts, series, account_of)
    again = None
    if rerun:
        again = _by_layer(rerun.lines, codes[4], (len(accounts), len(months)), months)[0]
    return Cells(
        accounts=accounts,
        series=series,
        months=months,
        account_of=account_of,
        is_nameless=accounts == NEW_CUSTOMERS,
        earlier=_side(earlier, codes[0], codes[1], rows, months, earlier.origin),
        later=_side(later, codes[2], codes[3], rows, months, earlier.origin),
        rerun=again,
    )


def _rows(tables: list[pa.Table]) -> tuple[NDArray[np.object_], NDArray[np.object_], list[NDArray[np.int64]]]:
    """Return the account and series of each row that any table names, in order, and the row of each line of each table."""
    keys = [pc.binary_join_element_wise(each["account_id"], each["series"], _BETWEEN) for each in tables]
    coded = pa.chunked_array([chunk for key in keys for chunk in key.chunks], pa.string()).combine_chunks().dictionary_encode()
    names = np.array(coded.dictionary.to_pylist(), dtype=object)
    order = np.argsort(names, kind="stable")
    rank = np.empty(len(names), dtype=np.int64)
    rank[order] = np.arange(len(names))
    split = [name.split(_BETWEEN) for name in names[order]]
    ends = np.cumsum([table.num_rows for table in tables])[:-1]
    accounts, series = (np.array([each[part] for each in split], dtype=object) for part in (0, 1))
    return accounts, series, np.split(rank[coded.indices.to_numpy()], ends)


def _by_layer(lines: pa.Table, rows: NDArray[np.int64], shape: tuple[int, int], months: NDArray[np.int64]) -> Amounts:
    found = np.zeros((len(LAYERS), *shape), dtype=np.int64)
    month = _months(lines)
    inside = (month >= months[0]) & (month <= months[-1])
    layer, amount = _layers(lines), amounts_of(lines["amount"])
    np.add.at(found, (layer[inside], rows[inside], month[inside] - months[0]), amount[inside])
    return found


_Rows = tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.int64]]


def _side(
    end: End, line_rows: NDArray[np.int64], known_rows: NDArray[np.int64], rows: _Rows, months: NDArray[np.int64], level_at: int
) -> Side:
    accounts, _, account_of = rows
    shape = (len(accounts), len(months))
    known_months, known_amounts = _months(end.known), amounts_of(end.known["amount"])
    line_months, line_amounts = _months(end.lines), amounts_of(end.lines["amount"])
    layers = _by_layer(end.lines, line_rows, shape, months)
    _add(layers[0], known_rows, known_months, known_amounts, months)
    one_off, level, level_one_off = (np.zeros((len(accounts), each), dtype=np.int64) for each in (len(months), 1, 1))
    passing = amounts_of(end.known["one_off_amount"])
    _add(one_off, known_rows, known_months, passing, months)
    _add(level, known_rows, known_months, known_amounts - passing, np.array([level_at]))
    _add(level_one_off, known_rows, known_months, passing, np.array([level_at]))
    rate, price, is_mixed = _rates(end, known_rows, len(accounts), months)
    base_rate, base_price, _ = _rates(end, known_rows, len(accounts), np.array([level_at]))
    counted = [_counted(end, known_rows, len(accounts), at) for at in (months, np.array([level_at]))]
    every_row = np.concatenate([known_rows, line_rows])
    every_month = np.concatenate([known_months, line_months])
    some = np.concatenate([known_amounts, line_amounts]) != 0
    last_seen = np.full(int(account_of.max(initial=-1)) + 1, -1, dtype=np.int64)
    np.maximum.at(last_seen, account_of[every_row[some]], every_month[some])
    speaks = np.zeros(len(last_seen), dtype=bool)
    speaks[account_of[line_rows[(_layers(end.lines) == 0) & (line_amounts != 0)]]] = True
    return Side(
        layers=layers,
        is_known=months <= end.origin,
        rate=rate,
        price=price,
        counted=counted[0],
        base_rate=base_rate,
        base_price=base_price,
        base_counted=counted[1],
        is_mixed=is_mixed,
        one_off=one_off,
        level=level[:, 0],
        level_one_off=level_one_off[:, 0],
        level_tag=_tagged(end, rows, np.array([level_at]))[:, 0],
        tagged=_tagged(end, rows, months),
        last_seen=last_seen[account_of],
        speaks_later=speaks[account_of],
    )


def _rates(
    end: End, known_rows: NDArray[np.int64], rows: int, months: NDArray[np.int64]
) -> tuple[Ratios, Ratios, NDArray[np.bool_]]:
    """Return rates and prices by row and month: of the month where it is known, of the origin for months forecast.

    A series billed in several currencies has neither. A series without an amount in the month takes the rate that others billed
    in its currency have. A month with a one-off has no price: nobody knows how much of its quantity the one-off took.
    """
    spoken = np.minimum(months, end.origin)
    first, last = int(spoken.min()), int(spoken.max())
    span = np.arange(first, last + 1)
    month = _months(end.known)
    currency = end.known["currency"].combine_chunks().dictionary_encode()
    code = currency.indices.to_numpy().astype(np.int64)
    own = np.full(rows, -1, dtype=np.int64)
    own[known_rows] = code
    mixed = np.zeros(rows, dtype=bool)
    mixed[known_rows[own[known_rows] != code]] = True
    native, reported, quantity, one_off = (np.zeros((rows, len(span))) for _ in range(4))
    amounts = amounts_of(end.known["amount"])
    billed = amounts_of(end.known["native_amount"])
    _add(native, known_rows, month, billed.astype(float), span)
    _add(reported, known_rows, month, amounts.astype(float), span)
    _add(quantity, known_rows, month, end.known["quantity"].fill_null(float("nan")).to_numpy(), span)
    _add(one_off, known_rows, month, amounts_of(end.known["one_off_amount"]).astype(float), span)
    in_currency = np.zeros((2, len(currency.dictionary) + 1, len(span)))
    _add(in_currency[0], code, month, amounts.astype(float), span)
    _add(in_currency[1], code, month, billed.astype(float), span)
    with np.errstate(all="ignore"):
        rate = np.where(native != 0, reported / native, (in_currency[0] / in_currency[1])[own])
        price = np.where((quantity != 0) & (native != 0) & (one_off == 0), native / quantity, np.nan)
    rate[mixed], price[mixed] = np.nan, np.nan
    return rate[:, spoken - first], price[:, spoken - first], mixed


def _counted(end: End, known_rows: NDArray[np.int64], rows: int, months: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what quantities count, by row and month: of the month where it is known, of the origin for months forecast."""
    spoken = np.minimum(months, end.origin)
    span = np.arange(int(spoken.min()), int(spoken.max()) + 1)
    named = end.known["counted"].combine_chunks().dictionary_encode()
    digests = np.array([int(digest([name])[:15], 16) for name in named.dictionary.to_pylist()] or [0], dtype=np.int64)
    month = _months(end.known)
    inside = (month >= span[0]) & (month <= span[-1])
    found = np.full((rows, len(span)), -1, dtype=np.int64)
    found[known_rows[inside], month[inside] - span[0]] = digests[named.indices.to_numpy()[inside]]
    return found[:, spoken - span[0]]


def _tagged(end: End, rows: _Rows, months: NDArray[np.int64]) -> NDArray[np.bool_]:
    accounts, series, _ = rows
    found = np.zeros((len(accounts), len(months)), dtype=bool)
    inside = end.tags.filter(pc.is_in(end.tags["month"], pa.array(months, pa.int32())))
    tagged = set(inside["account_id"].to_pylist())
    rows_of: dict[str, list[int]] = {}
    for row, account in enumerate(accounts if tagged else ()):
        if account in tagged:
            rows_of.setdefault(account, []).append(row)
    for tag in inside.to_pylist():
        for row in rows_of.get(tag["account_id"], ()):
            found[row, tag["month"] - months[0]] |= tag["series"] in ("", series[row])
    return found


def amounts_of(column: pa.ChunkedArray) -> Amounts:
    """Return exact amounts as whole ten-thousandths."""
    if not len(column):
        return np.zeros(0, dtype=np.int64)
    array = column.combine_chunks()
    words = np.frombuffer(array.buffers()[1], dtype=np.int64)
    return words[array.offset * 2 : (array.offset + len(array)) * 2 : 2].copy()


def _months(table: pa.Table) -> NDArray[np.int64]:
    months: NDArray[np.int64] = table["month"].to_numpy().astype(np.int64)
    return months


def _layers(table: pa.Table) -> NDArray[np.int64]:
    found: NDArray[np.int64] = pc.index_in(table["layer"], pa.array(LAYERS)).to_numpy().astype(np.int64)
    return found


def _add(
    into: NDArray[Any], rows: NDArray[np.int64], at: NDArray[np.int64], values: NDArray[Any], months: NDArray[np.int64]
) -> None:
    inside = (at >= months[0]) & (at <= months[-1])
    np.add.at(into, (rows[inside], at[inside] - months[0]), values[inside])
