"""History as a panel: rows of amounts by account, series and month become cells with their meaning."""

from collections.abc import Mapping
from dataclasses import replace

import duckdb
import numpy as np
from numpy.typing import NDArray

from growthring.engine.relation import literal
from growthring.forecast.panel import Cell, Panel, Values

QUIET_MONTHS = 6
"""A usage series without any use for so long is gone (VN1: series without demand for half a year do not come back)."""

ALL_AT_ONCE = 20
"""So many customers do not all pause, or leave, in one month: the month is not in the data."""


def panel_of(
    connection: duckdb.DuckDBPyConnection,
    statement: str,
    *,
    last_month: int,
    unit: str,
    quiet: int = 0,
    attributes: Mapping[str, Mapping[str, str]] | None = None,
) -> Panel:
    """Return the panel of a statement's rows.

    Args:
        connection: Where the statement runs.
        statement: SELECT of account_id, series, month (year × 12 + month − 1) and amount, one row for each cell that is not zero.
        last_month: Last month the data speak for as a whole.
        unit: What the amounts count.
        quiet: Months without anything after which a series is gone; 0 means at once, as for recurring revenue.
        attributes: Value of each attribute by account.
    """
    rows = connection.execute(
        f"SELECT account_id, series, month, CAST(SUM(amount) AS DOUBLE) AS amount FROM ({statement}) "
        f"WHERE month <= {literal(last_month)} GROUP BY ALL HAVING SUM(amount) <> 0 ORDER BY account_id, series, month"
    ).fetchnumpy()
    if not len(rows["month"]):
        return empty_panel(last_month, unit)
    keys = np.char.add(np.char.add(rows["account_id"].astype(str), "\x1f"), rows["series"].astype(str))
    names, place = np.unique(keys, return_inverse=True)
    first_month = int(rows["month"].min())
    values = np.zeros((len(names), last_month - first_month + 1))
    values[place, rows["month"].astype(np.int64) - first_month] = rows["amount"]
    split = np.array([name.split("\x1f") for name in names])
    cells = cells_of(values, quiet)
    accounts = split[:, 0]
    return Panel(
        accounts=accounts,
        series=split[:, 1],
        first_month=first_month,
        values=np.where((cells == Cell.PRESENT) | (cells == Cell.ZERO), values, np.nan),
        cells=cells,
        unit=unit,
        attributes={name: _column(accounts, found) for name, found in (attributes or {}).items()},
    )


def cells_of(values: Values, quiet: int) -> NDArray[np.uint8]:
    """Return what each cell stands for, from amounts alone: nothing before the first, gone after the last when quiet for long.

    A month in which nobody has anything, of twenty customers or more, is missing: data lack, customers do not agree to pause.

    Example:
        >>> cells_of(np.array([[0.0, 5.0, 0.0, 5.0, 0.0]]), quiet=0).tolist()
        [[0, 1, 2, 1, 4]]
    """
    used = values != 0
    cells = np.where(used, Cell.PRESENT, Cell.ZERO).astype(np.uint8)
    months = np.arange(values.shape[1])
    some = np.flatnonzero(used.any(axis=0))
    if len(some) and some[-1] + 1 < len(months) and used[:, some[-1]].sum() >= ALL_AT_ONCE:
        ended_early = cells_of(values[:, : some[-1] + 1], quiet)
        left = np.where(ended_early[:, -1:] == Cell.GONE, Cell.GONE, Cell.MISSING).astype(np.uint8)
        return np.concatenate([ended_early, np.repeat(left, len(months) - some[-1] - 1, axis=1)], axis=1)
    first = np.where(used.any(axis=1), used.argmax(axis=1), values.shape[1])
    last = values.shape[1] - 1 - used[:, ::-1].argmax(axis=1)
    cells[months < first[:, None]] = Cell.NOT_YET
    silent = values.shape[1] - 1 - last
    ended = (months > last[:, None]) & (silent > max(quiet - 1, 0))[:, None]
    cells[ended & used.any(axis=1)[:, None]] = Cell.GONE
    paused = ~used.any(axis=0) & ((cells == Cell.ZERO).sum(axis=0) >= ALL_AT_ONCE)
    cells[(cells == Cell.ZERO) & paused] = Cell.MISSING
    return cells


def with_late(panel: Panel, late: Mapping[str, float]) -> Panel:
    """Return a panel whose last month holds what usually becomes known after a month's end.

    Args:
        panel: The history, one row an account.
        late: Amount by account that came late to the month before the last one.
    """
    if not late or panel.months < 2:
        return panel
    values, cells = panel.values.copy(), panel.cells.copy()
    customers = np.isin(cells[:, -2], (Cell.PRESENT, Cell.ZERO))
    for row in np.flatnonzero(customers):
        amount = late.get(str(panel.accounts[row]), 0.0)
        if amount:
            values[row, -1] = np.nan_to_num(values[row, -1]) + amount
            cells[row, -1] = Cell.PRESENT
    return replace(panel, values=values, cells=cells)


def empty_panel(last_month: int, unit: str) -> Panel:
    """Return a panel without rows."""
    nothing = np.zeros((0, 1))
    return Panel(np.zeros(0, "U1"), np.zeros(0, "U1"), last_month, nothing, nothing.astype(np.uint8), unit)


def _column(accounts: NDArray[np.str_], found: Mapping[str, str]) -> NDArray[np.str_]:
    return np.array([found.get(str(account), "(unknown)") for account in accounts], dtype=str)
