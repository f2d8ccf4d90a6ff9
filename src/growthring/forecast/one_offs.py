"""One-off usage: a stretch of at most a quarter far from the level before and after it (FC-05, FC-06).

Each account is compared with itself on the log scale. A stretch of one to three months is a one-off only when every month of it
lies beyond the median of the months before and the median of the months after. Growth and lasting jumps therefore never count:
they are level with one of the two sides. What all accounts of a segment do in a month is taken off first, and what returns after
twelve months is a season. The many stretches looked at are held to a false-discovery rate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.excursions import Screen, screen
from growthring.forecast.panel import Panel, Values

RATE = 0.05
"""Share of the stretches found that may be chance."""


class Verdict(StrEnum):
    """What became of an unusual stretch."""

    FOUND = "found"
    """A one-off by the figures alone."""
    TAGGED = "tagged"
    """A one-off because somebody says so."""
    KEPT = "kept"
    """No one-off because somebody says so."""
    SEASONAL = "seasonal"
    """It returns after twelve months."""
    UNKNOWN_YET = "unknown_yet"
    """The data end before it could have gone back."""


LEAVING = (Verdict.FOUND, Verdict.TAGGED)
"""Verdicts that leave the run-rate."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person said about months of an account: it goes before anything found.

    Attributes:
        account: The account.
        series: Its product or meter; empty for all of them.
        first_month: First month, counted as year × 12 + month − 1.
        last_month: Last month, included.
        is_one_off: Whether they will not repeat.
    """

    account: str
    series: str
    first_month: int
    last_month: int
    is_one_off: bool


@dataclass(frozen=True, slots=True)
class OneOff:
    """An unusual stretch of a row.

    Attributes:
        row: Row of the panel.
        start: First column.
        length: Months.
        value: What the stretch adds up to.
        usual: What it would have been by the level before and after it.
        probability: Chance that it is a one-off: 1 or 0 where that is known, else the share of such jumps that went back.
        verdict: What it counts as.
        p_value: Chance of one stretch as far out when nothing happens; NaN where a person decided.
    """

    row: int
    start: int
    length: int
    value: float
    usual: float
    probability: float
    verdict: Verdict
    p_value: float

    @property
    def excess(self) -> float:
        """What it is above the usual; below 0 for a dip."""
        return self.value - self.usual

    @property
    def columns(self) -> slice:
        """Its columns."""
        return slice(self.start, self.start + self.length)


@dataclass(frozen=True)
class OneOffs:
    """Unusual stretches of a panel, and the panel without them.

    Attributes:
        panel: The history.
        found: The stretches, by row and column.
        usual: Usual amount of the cells of stretches, shape (rows, months); NaN elsewhere.
        screen: How the panel was looked through.
    """

    panel: Panel
    found: tuple[OneOff, ...]
    usual: Values
    screen: Screen

    def leaving(self, *, expect: bool = True) -> Values:
        """Return what leaves the run-rate, shape (rows, months); below 0 where a dip is filled up.

        Args:
            expect: Let rises that are unknown yet leave with their probability; otherwise they stay whole. A fall that is unknown
                yet always stays: nobody's run-rate is filled up on a guess.
        """
        gone = np.zeros(self.panel.values.shape)
        for each in self.found:
            may_leave = expect and each.verdict is Verdict.UNKNOWN_YET and each.excess > 0
            share = each.probability if each.verdict in LEAVING or may_leave else 0.0
            gap = self.panel.values[each.row, each.columns] - self.usual[each.row, each.columns]
            gone[each.row, each.columns] = share * np.where(np.isfinite(gap), gap, 0.0)
        return gone

    def cleaned(self, *, expect: bool = True) -> Values:
        """Return the values without what leaves, shape (rows, months)."""
        return np.asarray(self.panel.values - self.leaving(expect=expect), np.float64)


def find_one_offs(panel: Panel, rulings: Sequence[Ruling] = (), *, by: str = "segment", rate: float = RATE) -> OneOffs:
    """Find one-off stretches of a panel as known at its time.

    Args:
        panel: Usage or revenue per month.
        rulings: What people said; a later one goes before an earlier one.
        by: Attribute whose accounts share a month's ups and downs.
        rate: Share of the stretches found that may be chance (Benjamini and Hochberg).
    """
    seen = screen(panel, by=by)
    ruled = _ruled(panel, rulings)
    stretches = [
        *(_judged(panel, seen, ruled, which) for which in _chosen(panel, seen, rate)),
        *_tagged(panel, seen, ruled),
    ]
    found = tuple(sorted((each for each in stretches if each), key=lambda each: (each.row, each.start)))
    usual = np.full(panel.values.shape, np.nan)
    for each in found:
        usual[each.row, each.columns] = seen.usual(each.row, each.start, each.start + each.length)
    return OneOffs(panel, found, usual, seen)


def _chosen(panel: Panel, seen: Screen, rate: float) -> list[int]:
    """Return the windows that chance does not explain, of overlapping ones the longest, then the least likely."""
    all_of = seen.excursions
    candidates = np.flatnonzero(all_of.p_values <= _limit(all_of.p_values, seen.tests, rate))
    taken = np.zeros(panel.values.shape, np.bool_)
    chosen = []
    for which in candidates[np.lexsort((all_of.p_values[candidates], -all_of.lengths[candidates]))]:
        row, start = all_of.rows[which], all_of.starts[which]
        cells = (row, slice(start, start + all_of.lengths[which]))
        if not taken[cells].any():
            taken[cells] = True
            chosen.append(int(which))
    return chosen


def _limit(p_values: Values, tests: int, rate: float) -> float:
    """Return the largest p-value that the procedure of Benjamini and Hochberg accepts; below 0 for none."""
    ordered = np.sort(p_values)
    accepted = np.flatnonzero(ordered <= rate * np.arange(1, len(ordered) + 1) / max(tests, 1))
    return float(ordered[accepted[-1]]) if len(accepted) else -1.0


def _judged(panel: Panel, seen: Screen, ruled: NDArray[np.int8], which: int) -> OneOff | None:
    """Return what a window counts as; nothing where a person calls some of it one-off and speaks for it elsewhere."""
    all_of = seen.excursions
    row, start, length = int(all_of.rows[which]), int(all_of.starts[which]), int(all_of.lengths[which])
    said = ruled[row, start : start + length]
    if (said == 1).any():
        return None
    verdict, probability = Verdict.FOUND, 1.0
    if (said == -1).any():
        verdict, probability = Verdict.KEPT, 0.0
    elif _returns_yearly(seen, row, start, length):
        verdict, probability = Verdict.SEASONAL, 0.0
    elif all_of.is_recent[which]:
        verdict, probability = Verdict.UNKNOWN_YET, seen.chance_of_return(int(all_of.directions[which]), length)
    return _stretch(panel, seen, (row, start, length), probability, verdict, float(all_of.p_values[which]))


def _stretch(
    panel: Panel, seen: Screen, place: tuple[int, int, int], probability: float, verdict: Verdict, p_value: float
) -> OneOff:
    row, start, length = place
    value = float(np.nansum(panel.values[row, start : start + length]))
    usual = seen.usual(row, start, start + length).sum()
    return OneOff(row, start, length, value, float(usual), probability, verdict, p_value)


def _returns_yearly(seen: Screen, row: int, start: int, length: int) -> bool:
    """Tell whether the same months of the year before or after stood out at least half as far, the same way."""
    columns = np.arange(start, start + length)
    own = seen.logs[row, columns] - np.log(seen.usual(row, start, start + length)) + seen.common[row, columns]
    size = float(np.mean(own))
    for shift in (-12, 12):
        others = columns + shift
        if others[0] >= 0 and others[-1] < seen.residuals.shape[1]:
            there = seen.residuals[row, others]
            if np.isfinite(there).all() and float(np.mean(there)) * np.sign(size) > abs(size) / 2:
                return True
    return False


def _ruled(panel: Panel, rulings: Sequence[Ruling]) -> NDArray[np.int8]:
    """Return what people said of each cell: 1 one-off, −1 none, 0 nothing; shape (rows, months)."""
    said = np.zeros(panel.values.shape, np.int8)
    for each in rulings:
        rows = np.flatnonzero((panel.accounts == each.account) & ((panel.series == each.series) | (not each.series)))
        start, stop = max(each.first_month - panel.first_month, 0), max(each.last_month - panel.first_month + 1, 0)
        said[rows, start:stop] = 1 if each.is_one_off else -1
    return said


def _tagged(panel: Panel, seen: Screen, ruled: NDArray[np.int8]) -> list[OneOff]:
    """Return the stretches that people call one-off, each as long as they say."""
    stretches = []
    for row in np.flatnonzero((ruled == 1).any(axis=1)):
        edges = np.diff(np.concatenate([[0], (ruled[row] == 1).astype(np.int8), [0]]))
        for start, stop in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
            place = (int(row), int(start), int(stop - start))
            stretches.append(_stretch(panel, seen, place, 1.0, Verdict.TAGGED, float("nan")))
    return stretches
