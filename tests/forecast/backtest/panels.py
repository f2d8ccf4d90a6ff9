"""Small panels written by hand."""

import numpy as np

from growthring.forecast.panel import Cell, Panel

FIRST = 2024 * 12
"""January 2024."""

_CELLS = {".": Cell.NOT_YET, "0": Cell.ZERO, "?": Cell.MISSING, "x": Cell.GONE}


def panel_of(rows: dict[str, list[float | str]], **attributes: list[str]) -> Panel:
    """Return a panel of rows by account; "." is not yet, "?" missing, "x" gone, 0 a customer without usage."""
    cells = [[_CELLS.get(str(cell), Cell.ZERO if cell == 0 else Cell.PRESENT) for cell in row] for row in rows.values()]
    values = [[np.nan if isinstance(cell, str) else float(cell) for cell in row] for row in rows.values()]
    accounts = np.array(list(rows))
    return Panel(
        accounts,
        np.full(len(rows), ""),
        FIRST,
        np.array(values),
        np.array(cells, np.uint8),
        "units",
        {name: np.array(each) for name, each in attributes.items()},
    )
