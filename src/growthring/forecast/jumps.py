"""Lasting jumps: an account's usage that went to another level and has stayed there for a quarter (FC-05)."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from growthring.forecast.excursions import DIRECTIONS, LEAST
from growthring.forecast.one_offs import OneOffs, Verdict
from growthring.forecast.usual_level import before_month, nearest_of_window, row_scales, straying_outside, usual_growth

_LASTS = 3


@dataclass(frozen=True, slots=True)
class Jump:
    """A change of level that lasts.

    Attributes:
        row: Row of the panel.
        start: First column at the new level.
        before: Usual amount a month before it.
        after: Usual amount a month since.
    """

    row: int
    start: int
    before: float
    after: float

    @property
    def change(self) -> float:
        """Amount a month by which the level changed."""
        return self.after - self.before


def find_jumps(stretches: OneOffs, *, rate: float = 0.05) -> list[Jump]:
    """Find lasting jumps, the farthest of each row's overlapping ones, in the order of rows and months.

    All three months from the jump on must lie beyond the level before by half as much again, more than the account's growth and
    noise explain at a false-discovery rate. The end of a stretch that went back is no jump: its months are left out.

    Args:
        stretches: The history with its unusual stretches.
        rate: Share of the jumps found that may be chance (Benjamini and Hochberg).
    """
    seen, logs = stretches.screen, stretches.screen.logs.copy()
    for each in stretches.found:
        if each.verdict is not Verdict.KEPT:
            logs[each.row, each.columns] = np.nan
    before = before_month(logs)
    since = logs - before
    growth, spread = usual_growth(since), row_scales(since)
    found: list[tuple[float, int, int]] = []
    tests = 0
    for direction in DIRECTIONS:
        stays = (nearest_of_window(logs * direction, _LASTS) - before * direction) - (growth * direction)[:, None]
        tests += int(np.isfinite(stays).sum())
        rows, starts = np.nonzero(np.nan_to_num(stays) >= LEAST)
        scale = np.maximum(spread[rows], straying_outside(seen.residuals, rows, starts, _LASTS))
        found += zip(stats.t.sf(stays[rows, starts] / scale, seen.tail), map(int, rows), map(int, starts), strict=True)
    ordered = sorted(found)
    accepted = [place for place, each in enumerate(ordered, 1) if each[0] <= rate * place / max(tests, 1)]
    taken: dict[int, list[int]] = {}
    jumps = []
    for _, row, start in ordered[: accepted[-1] if accepted else 0]:
        if all(abs(start - other) >= _LASTS for other in taken.get(row, ())):
            taken.setdefault(row, []).append(start)
            levels = np.exp([before[row, start], np.median(logs[row, start : start + _LASTS])])
            jumps.append(Jump(row, start, float(levels[0]), float(levels[1])))
    return sorted(jumps, key=lambda each: (each.row, each.start))
