"""What happened after an origin, for the rows a forecast was made for, and which of them can be scored."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.backtest.protocol import Absence
from growthring.forecast.panel import Cell, Panel, Values


@dataclass(frozen=True)
class Actuals:
    """What happened after an origin.

    Attributes:
        values: Shape (rows, horizon); 0 for an account that is gone, NaN in months of which nothing is known.
        scored: Rows that are scored, shape (rows,).
        known: Months of the horizon of which anything is known, shape (horizon,).
        new_business: Actual of accounts that began after the origin, shape (horizon,).
        left_out: Rows present at the origin that are not scored, as nobody knows what became of them.
    """

    values: Values
    scored: NDArray[np.bool_]
    known: NDArray[np.bool_]
    new_business: Values
    left_out: int


def actuals_after(truth: Panel, seen: Panel, origin: int, horizon: int, absence: Absence) -> Actuals:
    """Match the rows of the panel an origin saw with what the whole panel says of the months after it.

    Args:
        truth: The panel with the actuals.
        seen: The panel the models saw; its rows may be fewer and in another order.
        origin: The last month seen.
        horizon: Months ahead.
        absence: What it means that an account is not there.
    """
    place = _places(truth, seen)
    column = origin - truth.first_month
    after = slice(column + 1, column + 1 + horizon)
    known: NDArray[np.bool_] = np.asarray(truth.is_present[:, after].any(axis=0))
    cells = truth.cells[:, after]
    values = np.where((cells == Cell.PRESENT) | (cells == Cell.ZERO), truth.values[:, after], 0.0)
    mine = np.where(place[:, None] >= 0, cells[place], np.uint8(Cell.MISSING))
    here = seen.is_present[:, origin - seen.first_month]
    unknown = ((mine == Cell.MISSING) & known).any(axis=1)
    if absence is Absence.CENSORED:
        listed = (((mine == Cell.PRESENT) | (mine == Cell.ZERO)) | ~known).all(axis=1)
        scored = here & listed
    else:
        scored = (seen.started <= origin - seen.first_month) & ~unknown
    is_old = np.zeros(truth.rows, bool)
    is_old[place[(place >= 0) & (seen.started <= origin - seen.first_month)]] = True
    return Actuals(
        values=np.where(known, values[place], np.nan),
        scored=scored,
        known=known,
        new_business=np.where(known, values[~is_old].sum(axis=0), np.nan),
        left_out=int((here & ~scored).sum()),
    )


def _places(truth: Panel, seen: Panel) -> NDArray[np.int64]:
    """Return the row of the truth for each row seen, or −1."""
    if seen.accounts is truth.accounts and seen.series is truth.series:
        return np.arange(seen.rows)
    row_of = {key: row for row, key in enumerate(zip(truth.accounts.tolist(), truth.series.tolist(), strict=True))}
    keys = zip(seen.accounts.tolist(), seen.series.tolist(), strict=True)
    return np.array([row_of.get(key, -1) for key in keys], np.int64)
