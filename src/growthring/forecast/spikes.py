"""Simultaneous spikes: accounts that share an attribute and were far above their usual in the same month (PR-10).

Some accounts are high in every month. That many of those with one attribute value are, of all that are, has an exact chance: the
hypergeometric one, which holds whatever the noise is. Months and values are many, so a false-discovery rate is kept. A group that
is explained is taken out before the next one is looked for, so that one cause is not told under three names.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats

from growthring.forecast.excursions import screen
from growthring.forecast.panel import Panel, Values
from growthring.forecast.usual_level import before_month, row_scales, usual_growth

FEWEST = 4
"""Accounts of a group that must be high together."""
_HIGH = 1.5
_RATE = 0.01


@dataclass(frozen=True)
class SharedSpike:
    """Accounts with one attribute value that spiked together.

    Attributes:
        column: Column of the month.
        attribute: The attribute.
        value: Its value.
        rows: Rows of the group known in the month, shape (members,).
        high: Which of them were high, shape (members,).
        excess: What each had above its usual, shape (members,), in the panel's unit.
        others_high: Accounts outside the group that were high, and how many there are.
        p_value: Chance of so many.
        is_open: Whether the data end with the month: nobody knows yet whether it lasts.
    """

    column: int
    attribute: str
    value: str
    rows: NDArray[np.int64]
    high: NDArray[np.bool_]
    excess: Values
    others_high: tuple[int, int]
    p_value: float
    is_open: bool

    @property
    def affected(self) -> NDArray[np.int64]:
        """Rows that were high."""
        return self.rows[self.high]

    @property
    def total_excess(self) -> float:
        """What the accounts that were high had above their usual, together."""
        return float(self.excess[self.high].sum())


def find_shared_spikes(panel: Panel, *, rate: float = _RATE) -> list[SharedSpike]:
    """Find months in which accounts that share an attribute value spiked together.

    Args:
        panel: Usage revenue or usage per month, one row an account, with its attributes.
        rate: Share of what is found that may be chance (Benjamini and Hochberg over months, attributes and values).
    """
    standard, usual = _distances(panel)
    known = np.isfinite(standard)
    is_high = known & (np.nan_to_num(standard) > _HIGH)
    groups = _groups(panel)
    if not groups.keys:
        return []
    found: list[SharedSpike] = []
    limit = _limit(_chances(is_high, known, groups).ravel(), rate)
    for column in range(panel.months):
        left = known[:, column].copy()
        while True:
            chances = _chances((is_high[:, column] & left)[:, None], left[:, None], groups)[:, 0]
            best = int(np.argmin(chances))  # of equal ones the first by name
            if chances[best] > limit:
                break
            name, value = groups.keys[best]
            members = panel.attributes[name] == value
            found.append(
                _spike(panel, usual, is_high[:, column], left & members, left, (column, name, value), float(chances[best]))
            )
            left = left & ~members
    return found


@dataclass(frozen=True, eq=False)
class _Groups:
    """Accounts by attribute value: names and values in order, and which rows are whose members, shape (groups, rows)."""

    keys: list[tuple[str, str]]
    members: sparse.csr_array


def _groups(panel: Panel) -> _Groups:
    """Return the groups with enough members to be looked at, those of everybody left out."""
    keys: list[tuple[str, str]] = []
    places, rows = [], []
    for name, values in sorted(panel.attributes.items()):
        known, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
        for code in np.flatnonzero((counts >= FEWEST) & (counts < panel.rows)):
            members = np.flatnonzero(codes == code)
            places.append(np.full(len(members), len(keys)))
            rows.append(members)
            keys.append((name, str(known[code])))
    if not keys:
        return _Groups([], sparse.csr_array((0, panel.rows), dtype=np.int64))
    place, row = np.concatenate(places), np.concatenate(rows)
    return _Groups(keys, sparse.csr_array((np.ones(len(row), np.int64), (place, row)), shape=(len(keys), panel.rows)))


def _distances(panel: Panel) -> tuple[Values, Values]:
    """Return how many spreads each month lies above its row's usual, and the usual amount, each of shape (rows, months)."""
    seen = screen(panel, by="")
    since = seen.logs - before_month(seen.logs)
    growth = usual_growth(since)[:, None]
    standard = seen.residuals / row_scales(seen.residuals)[:, None]
    at_end = ~np.isfinite(standard)
    at_end[:, : panel.last_known] = False
    standard = np.where(at_end, (since - growth) / row_scales(since)[:, None], standard)
    level = np.where(at_end, seen.logs - since + growth, seen.logs - seen.residuals)
    return np.asarray(standard, np.float64), np.asarray(np.exp(level + seen.common), np.float64)


def _chances(is_high: NDArray[np.bool_], known: NDArray[np.bool_], groups: _Groups) -> Values:
    """Return the chance of as many high members in each month, shape (groups, months); 1 where too few are high."""
    high, everybody = is_high.sum(axis=0), known.sum(axis=0)
    inside, size = groups.members @ is_high.astype(np.int64), groups.members @ known.astype(np.int64)
    chances = np.ones(inside.shape)
    where = np.nonzero((inside >= FEWEST) & (size < everybody))
    month = where[1]
    chances[where] = stats.hypergeom.sf(inside[where] - 1, everybody[month], high[month], size[where])
    return chances


def _limit(chances: Values, rate: float) -> float:
    ordered = np.sort(chances)
    accepted = np.flatnonzero(ordered <= rate * np.arange(1, len(ordered) + 1) / len(ordered))
    return float(ordered[accepted[-1]]) if len(accepted) else -1.0


def _spike(
    panel: Panel,
    usual: Values,
    is_high: NDArray[np.bool_],
    members: NDArray[np.bool_],
    left: NDArray[np.bool_],
    place: tuple[int, str, str],
    p_value: float,
) -> SharedSpike:
    column, attribute, value = place
    rows = np.flatnonzero(members)
    excess = np.maximum(panel.values[rows, column] - usual[rows, column], 0.0)
    others = left & ~members
    return SharedSpike(
        column,
        attribute,
        value,
        rows,
        is_high[rows],
        np.nan_to_num(excess),
        (int((is_high & others).sum()), int(others.sum())),
        p_value,
        column == panel.last_known,
    )
