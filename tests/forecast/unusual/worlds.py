"""Small panels with planted facts."""

import numpy as np

from growthring.forecast.panel import Cell, Panel, Values

FIRST = 2022 * 12
MONTHS = 36


def panel_of(values: Values, **attributes: list[str]) -> Panel:
    """Return a panel of values by account and month; NaN before the first value is not yet, after the last one gone."""
    known = np.isfinite(values)
    cells = np.where(known, np.where(values == 0, Cell.ZERO, Cell.PRESENT), Cell.MISSING).astype(np.uint8)
    cells[np.cumsum(known, axis=1) == 0] = Cell.NOT_YET
    cells[np.cumsum(known[:, ::-1], axis=1)[:, ::-1] == 0] = Cell.GONE
    names = np.array([f"A{row:05d}" for row in range(len(values))])
    given = {name: np.array(each) for name, each in attributes.items()}
    return Panel(names, np.full(len(values), ""), FIRST, values, cells, "calls", given)


def noise(rows: int, seed: int, *, spread: float = 0.15, growth: float = 0.02) -> Values:
    """Return logs of accounts of very different size that grow a little, each with noise of its own."""
    dice = np.random.default_rng(seed)
    size = dice.normal(7, 1.5, (rows, 1))
    return size + dice.uniform(0, growth, (rows, 1)) * np.arange(MONTHS) + dice.normal(0, spread, (rows, MONTHS))
