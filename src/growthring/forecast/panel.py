"""The panel: one row a series of an account, one column a month, with what is known of each cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from growthring.kernel.period import Month

Values = NDArray[np.float64]


class Cell(IntEnum):
    """What a cell of the panel stands for."""

    NOT_YET = 0
    """The account was no customer yet."""
    PRESENT = 1
    """Something was used or paid."""
    ZERO = 2
    """A customer, and nothing was used."""
    MISSING = 3
    """Nobody knows: a month that is not in the data, or an account below what the data list."""
    GONE = 4
    """No customer any more: a cancelled contract, or nothing again to the end of the data."""


@dataclass(frozen=True)
class Panel:
    """Usage or revenue per account, series and month, as it was known at one time.

    Attributes:
        accounts: Account of each row, shape (rows,).
        series: Product or meter of each row, shape (rows,); empty text where the row is the whole account.
        first_month: Month of the first column, counted as year × 12 + month − 1.
        values: Amount or quantity, shape (rows, months); NaN where the cell is not yet, missing or gone.
        cells: What each cell stands for, a `Cell`, shape (rows, months).
        unit: What the values count, such as ``USD per month`` or a meter's unit.
        attributes: Attributes of each row's account as known at the panel's time, each of shape (rows,): segment, region …
    """

    accounts: NDArray[np.str_]
    series: NDArray[np.str_]
    first_month: int
    values: Values
    cells: NDArray[np.uint8]
    unit: str = ""
    attributes: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Number of series."""
        return len(self.accounts)

    @property
    def months(self) -> int:
        """Number of months."""
        return int(self.values.shape[1])

    @property
    def last_month(self) -> Month:
        """The last month known."""
        return Month(self.first_month + self.months - 1)

    @property
    def is_present(self) -> NDArray[np.bool_]:
        """Cells in which the account is a customer and the value is known, shape (rows, months)."""
        return np.asarray((self.cells == Cell.PRESENT) | (self.cells == Cell.ZERO))

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Rows that are forecast: known in the last month that anything is known of, shape (rows,)."""
        return np.asarray(self.is_present[:, self.last_known], dtype=np.bool_)

    @property
    def last_known(self) -> int:
        """Column of the last month of which anything is known."""
        known = np.flatnonzero(self.is_present.any(axis=0))
        return int(known[-1]) if len(known) else self.months - 1

    @property
    def started(self) -> NDArray[np.int64]:
        """Column of the first month of each row as a customer; the number of months where there is none."""
        seen = (self.cells != Cell.NOT_YET) & (self.cells != Cell.MISSING)
        return np.where(seen.any(axis=1), seen.argmax(axis=1), self.months)

    def through(self, month: int) -> Self:
        """Return the panel cut after a month: what an origin may see of values that are never restated.

        Values that were restated or came late need a panel that was read as of the origin instead.
        """
        stop = month - self.first_month + 1
        cells = self.cells[:, :stop].copy()
        return replace(self, values=self.values[:, :stop], cells=cells)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        """Return some rows."""
        return replace(
            self,
            accounts=self.accounts[rows],
            series=self.series[rows],
            values=self.values[rows],
            cells=self.cells[rows],
            attributes={name: values[rows] for name, values in self.attributes.items()},
        )

    def segments(self, by: str | Sequence[str] = "segment") -> NDArray[np.str_]:
        """Return the segment of each row: the values of one or several attributes, joined."""
        names = [by] if isinstance(by, str) else list(by)
        known = [self.attributes[name] for name in names if name in self.attributes]
        if not known:
            return np.full(self.rows, "all")
        joined = known[0]
        for values in known[1:]:
            joined = np.char.add(np.char.add(joined, " / "), values)
        return joined
