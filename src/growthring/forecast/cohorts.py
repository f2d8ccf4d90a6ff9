"""Cohorts: rows of one segment, alike in size and tenure, whose growth is pooled."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.panel import Panel, Values
from growthring.forecast.policy import ForecastPolicy

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Cohorts:
    """Which cohort each row belongs to in each month.

    Attributes:
        names: Names of the segments.
        segment: Segment of each row, shape (rows,).
        started: Column of each row's first month as a customer, shape (rows,).
        policy: Bounds of the classes.
    """

    names: NDArray[np.str_]
    segment: Codes
    started: Codes
    policy: ForecastPolicy

    @classmethod
    def of(cls, panel: Panel, policy: ForecastPolicy, by: str = "segment") -> "Cohorts":
        """Return the cohorts of a panel; a segment is a series of accounts with one value of an attribute."""
        text = panel.segments(by)
        if len(np.unique(panel.series)) > 1:
            text = np.char.add(np.char.add(panel.series, " / "), text)
        names, codes = np.unique(text, return_inverse=True)
        return cls(names, codes.astype(np.int64), panel.started.astype(np.int64), policy)

    @property
    def count(self) -> int:
        """Number of cohorts."""
        return len(self.names) * self.classes

    @property
    def classes(self) -> int:
        """Number of cohorts of a segment."""
        return (len(self.policy.sizes) + 1) * (len(self.policy.tenures) + 1)

    def size_class(self, level: Values, known: NDArray[np.bool_]) -> Codes:
        """Return the size class of each row among the rows of its segment whose level is known."""
        found = np.zeros(len(level), dtype=np.int64)
        for segment in range(len(self.names)):
            rows = (self.segment == segment) & known
            if rows.any():
                found[rows] = np.digitize(level[rows], np.quantile(level[rows], self.policy.sizes))
        return found

    def codes(self, month: int, level: Values, known: NDArray[np.bool_]) -> Codes:
        """Return the cohort of each row in a month.

        Args:
            month: Column of the panel.
            level: Level of each row in that month, shape (rows,).
            known: Rows whose level counts, shape (rows,).
        """
        tenure = np.digitize(month - self.started, self.policy.tenures)
        inside = self.size_class(level, known) * (len(self.policy.tenures) + 1) + tenure
        return self.segment * self.classes + inside
