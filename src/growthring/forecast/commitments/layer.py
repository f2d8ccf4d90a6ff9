"""The commitment layer: what commitments add to, or take from, the forecast of each account, and to its futures.

Effects are the mean over futures of committed less uncommitted revenue. Futures of an account are moved by the same difference in
each: where usage is low a shortfall is billed, so that the interval narrows towards the floor rather than shifting as a whole.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.panel import Values


@dataclass(frozen=True, eq=False)
class CommitmentLayer:
    """What commitments do to rows of a panel, in the panel's currency.

    Attributes:
        rows: Rows of the panel that hold commitments, ascending, shape (held,).
        count: Rows of the panel.
        charged: What usage and fees of the row would be charged, shape (paths, held, horizon).
        billed: What the row is billed with its commitments, same shape.
        unplaced: Accounts with commitments that the panel has no row for.
    """

    rows: NDArray[np.int64]
    count: int
    charged: NDArray[np.float32]
    billed: NDArray[np.float32]
    unplaced: tuple[str, ...] = ()

    @property
    def effect(self) -> Values:
        """Effect on the point forecast, shape (rows of the panel, horizon); 0 for rows without commitments."""
        found = np.zeros((self.count, self.charged.shape[2]))
        found[self.rows] = (self.billed.astype(np.float64) - self.charged).mean(axis=0)
        return found

    def move(self, paths: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Move futures of some rows by what their commitments do.

        Futures of revenue and futures of usage may come from different models. They are matched by rank, row by row: the future
        with the lowest revenue over the horizon is the one with the lowest charges.

        Args:
            paths: Futures without the layer, shape (paths, n, horizon), the number of paths being that of the layer.
            rows: Rows of the panel they belong to, shape (n,).
        """
        moved = paths.copy()
        place = {row: held for held, row in enumerate(self.rows.tolist())}
        for column, row in enumerate(rows.tolist()):
            held = place.get(row)
            if held is None:
                continue
            by_revenue = np.argsort(paths[:, column].sum(axis=1), kind="stable")
            by_charge = np.argsort(self.charged[:, held].sum(axis=1), kind="stable")
            moved[by_revenue, column] += self.billed[by_charge, held] - self.charged[by_charge, held]
        return moved
