"""Draws of the future: a shock that all accounts share in a world, and for each account a stretch of the past of one like it.

The common shock has the measured scale of the total's errors and Student's t tails; months of one world move together. The own
part is a whole path of past errors of an account of the same class, with that time's common error taken out, so that what
starts small stays likely to be small, and an account that left stays gone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.intervals import AccountIntervals
from growthring.forecast.panel import Values
from growthring.forecast.past import Past
from growthring.forecast.paths import PATHS

_SAMPLE = 4_000
_LARGEST = 20.0


@dataclass(frozen=True)
class Draws:
    """What paths are drawn from.

    Attributes:
        point: Expected values, shape (rows, horizon).
        common: Log scale of the common shock, shape (horizon,).
        freedom: Degrees of freedom of its tails.
        pools: Past error paths of each class, mean 1 in each month, shape (paths of the class, horizon).
        classes: Class of each row now, shape (rows,).
    """

    point: Values
    common: Values
    freedom: float
    pools: list[NDArray[np.float32]]
    classes: NDArray[np.int64]

    def worlds(self, count: int) -> Values:
        """Return the common factor of each world and month, mean 1, shape (count, horizon)."""
        chance = np.random.default_rng(0)
        rank = (chance.permutation(count) + 0.5) / count
        from scipy.stats import t as student

        steps = student.ppf(rank, self.freedom)[:, None] * np.nan_to_num(self.common)[None, :]
        factor = np.exp(np.clip(steps, -3, 3))
        return np.asarray(factor / factor.mean(axis=0))

    def paths(self, rows: NDArray[np.int64], count: int = PATHS) -> NDArray[np.float32]:
        """Return futures of some rows, shape (count, rows, horizon); the same row has the same futures in every call."""
        found = np.empty((count, len(rows), self.point.shape[1]), dtype=np.float32)
        common = self.worlds(count)
        for place, row in enumerate(rows):
            pool = self.pools[self.classes[row]]
            chance = np.random.default_rng(int(row) + 1)
            own = pool[chance.integers(0, len(pool), count)]
            found[:, place] = np.nan_to_num(self.point[row]) * common * own
        return found


def draws_of(point: Values, past: Past, intervals: AccountIntervals, common: Values, freedom: float) -> Draws:
    """Collect past error paths by class.

    Args:
        point: Expected values, shape (rows, horizon).
        past: Past forecasts and outcomes.
        intervals: The classes of accounts.
        common: Log scale of the total's error, shape (horizon,).
        freedom: Degrees of freedom of its tails.
    """
    horizon = point.shape[1]
    complete = past.known_origins((1, horizon))
    reach = horizon
    while not len(complete) and reach > 1:
        reach -= 1
        complete = past.known_origins((1, reach))
    collected: list[list[Values]] = [[] for _ in range(intervals.count)]
    for position in complete:
        ratio = _own_errors(past, int(position), reach)
        rows = np.flatnonzero(~np.isnan(ratio).any(axis=1))
        classes = intervals.classes(int(past.origins[position]))[rows]
        for place in np.unique(classes):
            collected[place].append(ratio[rows[classes == place]])
    whole = [each for part in collected for each in part] or [np.ones((1, reach))]
    pools = [
        _pool(np.concatenate(part if sum(map(len, part)) >= 10 else whole), horizon, seed) for seed, part in enumerate(collected)
    ]
    return Draws(point, common, freedom, pools, intervals.classes(past.values.shape[1] - 1))


def _own_errors(past: Past, position: int, reach: int) -> Values:
    """Outcome over forecast of each row and month, with the common error of that month taken out."""
    origin = int(past.origins[position])
    forecast = past.forecasts[position, :, :reach].astype(np.float64)
    actual = past.values[:, origin + 1 : origin + reach + 1]
    known = ~np.isnan(forecast) & ~np.isnan(actual) & (forecast > 0)
    came, expected = np.where(known, actual, 0).sum(axis=0), np.where(known, forecast, 0).sum(axis=0)
    common = np.where((came > 0) & (expected > 0), came / np.maximum(expected, 1e-12), 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(known, np.clip(actual / forecast / common, 0, _LARGEST), np.nan))


def _pool(paths: Values, horizon: int, seed: int) -> NDArray[np.float32]:
    if len(paths) > _SAMPLE:
        paths = paths[np.sort(np.random.default_rng(seed).choice(len(paths), _SAMPLE, replace=False))]
    if paths.shape[1] < horizon:
        paths = np.concatenate([paths, np.repeat(paths[:, -1:], horizon - paths.shape[1], axis=1)], axis=1)
    mean = paths.mean(axis=0)
    return np.asarray(paths / np.where(mean > 0, mean, 1.0), dtype=np.float32)
