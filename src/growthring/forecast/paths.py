"""Simulated paths of a prediction: the one thing that commitments, sums and prices of certainty are computed from."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

PATHS = 200
"""Paths drawn unless a caller says otherwise."""


class Paths(Protocol):
    """Draws of the future. The same rows give the same draws, whatever else is asked for."""

    def paths(self, rows: NDArray[np.int64], count: int = PATHS) -> NDArray[np.float32]:
        """Return futures of some rows, shape (count, rows, horizon): path i of every row lives in the same world i."""
