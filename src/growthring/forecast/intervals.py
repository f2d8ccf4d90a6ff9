"""Intervals of single accounts: split conformal by class of volatility and size, adapted to the coverage achieved.

The outcome over the forecast of past origins, pooled within a class of accounts that move alike, gives the quantiles (Mondrian
split conformal). The levels that are read off follow the coverage that past intervals achieved, with the delay of the horizon
(adaptive conformal inference, Gibbs & Candès 2021). Ratios are kept as sketches, so that 100,000 accounts cost what 1,000 cost.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.cohorts import Codes, Cohorts
from growthring.forecast.levels import volatility
from growthring.forecast.panel import Values
from growthring.forecast.past import Past, Window
from growthring.forecast.policy import ForecastPolicy

_POINTS = 201
_GRID = (np.arange(_POINTS) + 0.5) / _POINTS
_FEWEST = 20
"""Outcomes that a class needs at an origin to be judged by."""
_VOLATILITY_CLASSES = 5
_SIZE_CLASSES = 3
_MANY = 1_500
"""Accounts from which classes are formed by size as well."""
_LARGEST = 50.0
_SAMPLE = 20_000
"""Accounts of an origin that a sketch is made from."""
_EXTREME = 0.002


@dataclass
class AccountIntervals:
    """Quantiles of the ratio of outcome to forecast, by class of account.

    Attributes:
        past: Past forecasts and outcomes.
        present: Where values are known, shape (rows, months).
        level: Levels, shape (rows, months).
        cohorts: When accounts began.
        policy: The policy.
    """

    past: Past
    present: NDArray[np.bool_]
    level: Values
    cohorts: Cohorts
    policy: ForecastPolicy
    _volatility: Values | None = None
    _classes: dict[int, Codes] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of classes."""
        rows = int(self.present[:, -1].sum()) if self.present.size else 0
        if rows < _MANY:
            return _VOLATILITY_CLASSES + 1 if rows >= _MANY / 5 else (3 if rows >= 60 else 1)
        return _VOLATILITY_CLASSES * _SIZE_CLASSES + 1

    def classes(self, month: int) -> Codes:
        """Return the class of each row at an origin: 0 for newcomers, then by volatility and size."""
        if month not in self._classes:
            self._classes[month] = self._classified(month)
        return self._classes[month]

    def _classified(self, month: int) -> Codes:
        if self._volatility is None:
            self._volatility = volatility(self.past.values, self.present)
        count, moves = self.count, self._volatility[:, month]
        rows = self.present[:, month] & ~np.isnan(moves)
        found = np.zeros(len(moves), dtype=np.int64)
        if count == 1 or not rows.any():
            return found
        by_size = count > _VOLATILITY_CLASSES * _SIZE_CLASSES
        bins = _VOLATILITY_CLASSES if count > _VOLATILITY_CLASSES else count - 1
        found[rows] = 1 + _ranked(moves[rows], bins)
        if by_size:
            found[rows] = 1 + (found[rows] - 1) * _SIZE_CLASSES + _ranked(self.level[rows, month], _SIZE_CLASSES)
        return found

    def sketches(self, window: Window) -> tuple[Values, Values]:
        """Return quantiles of outcome / forecast and the number of outcomes, by origin and class.

        Returns:
            Shapes (origins, classes, points) and (origins, classes); NaN and 0 where an origin has no outcome.
        """
        shape = (len(self.past.origins), self.count)
        found, counts = np.full((*shape, _POINTS), np.nan), np.zeros(shape)
        step = max(len(self.past.values) // _SAMPLE, 1)
        for position in self.past.known_origins(window):
            forecast, actual = self.past.pair(int(position), window, step)
            rows = np.flatnonzero(forecast > 0)
            ratio = np.clip(actual[rows] / forecast[rows], 0, _LARGEST)
            classes = self.classes(int(self.past.origins[position]))[::step][rows]
            ratio = ratio[np.argsort(classes.astype(np.uint8), kind="stable")]
            sizes = np.bincount(classes, minlength=self.count)
            for place, stop in enumerate(np.cumsum(sizes)):
                part = np.sort(ratio[stop - sizes[place] : stop])
                counts[position, place] = len(part)
                if len(part):
                    found[position, place] = _read(part, np.full(len(part), 1.0), _GRID)
        return found, counts

    def ratios(self, window: Window, levels: tuple[float, ...]) -> Values:
        """Return the quantiles of outcome / forecast of each class now, shape (classes, levels); NaN without evidence.

        A window that no past origin reached is read from the longest measured month before it, wider by the root of the time.
        """
        found = self._measured(window, levels)
        for ahead in range(min(window[1], self.past.forecasts.shape[2]), 0, -1):
            if not np.isnan(found).all():
                break
            found = self._measured((ahead, ahead), levels) ** np.sqrt(window[1] / ahead)
        return found

    def _measured(self, window: Window, levels: tuple[float, ...]) -> Values:
        sketches, counts = self.sketches(window)
        aims, ranks = np.tile(np.array(levels), (self.count, 1)), np.argsort(levels)
        found = np.full((self.count, len(levels)), np.nan)
        for place in range(self.count):
            adapted = self._adapted(sketches[:, place], counts[:, place], window, np.array(levels))
            pool, weight = self._pool(sketches[:, place], counts[:, place], len(self.past.origins), 1)
            if len(pool):
                origins = int((counts[:, place] > 0).sum())
                found[place, ranks] = np.sort(_read(pool, weight, _widened(adapted, origins)))
        return self._filled(found, sketches, counts, aims)

    def coverage(self, window: Window, low: float, high: float) -> tuple[float, int]:
        """Return the share of past outcomes between two quantiles as they would have been stated then, and their number."""
        sketches, counts = self.sketches(window)
        inside, cases = 0.0, 0.0
        for place in range(self.count):
            said = self._said(sketches[:, place], counts[:, place], window, np.array([low, high]))[0]
            for position, (below, above) in said.items():
                came, number = sketches[position, place], counts[position, place]
                if number:
                    inside += number * float(np.mean((came >= below) & (came <= above)))
                    cases += number
        return (inside / cases if cases else float("nan")), int(cases)

    def _adapted(self, sketches: Values, counts: Values, window: Window, levels: Values) -> Values:
        """Return the levels to read off now."""
        return self._said(sketches, counts, window, levels)[1]

    def _said(self, sketches: Values, counts: Values, window: Window, levels: Values) -> tuple[dict[int, Values], Values]:
        """Replay past intervals, moving levels by how far coverage was off; return what was said by origin, and the levels."""
        reach, current = window[1], levels.copy()
        said: dict[int, Values] = {}
        for position in range(len(sketches)):
            came = position - reach
            if came in said and counts[came] >= _FEWEST:
                below = np.mean(sketches[came][:, None] <= said[came][None, :], axis=0)
                current = np.clip(current + self.policy.adaptation * (levels - below), _EXTREME, 1 - _EXTREME)
            pool, weight = self._pool(sketches, counts, position, reach)
            if len(pool):
                origins = int((counts[: max(position - reach + 1, 0)] > 0).sum())
                said[position] = _read(pool, weight, _widened(current, origins))
        return said, current

    def _pool(self, sketches: Values, counts: Values, position: int, reach: int) -> tuple[Values, Values]:
        """Return the outcomes known at an origin, the newer the heavier."""
        usable = [place for place in range(max(position - reach + 1, 0)) if counts[place] > 0][-self.policy.recent :]
        if not usable or counts[usable].sum() < _FEWEST:
            return np.zeros(0), np.zeros(0)
        age = usable[-1] - np.array(usable)
        weight = self.policy.forgetting**age * np.minimum(counts[usable], _POINTS)
        pool = sketches[usable].ravel()
        order = np.argsort(pool, kind="stable")
        return pool[order], np.repeat(weight, _POINTS)[order]

    def _filled(self, found: Values, sketches: Values, counts: Values, aims: Values) -> Values:
        """Give classes without evidence of their own the quantiles of all classes together."""
        if not np.isnan(found).any() or not counts.any():
            return found
        weight = np.repeat(counts.ravel() / _POINTS, _POINTS)
        pool = sketches.ravel()
        known = ~np.isnan(pool)
        order = np.argsort(pool[known], kind="stable")
        whole = _read(pool[known][order], weight[known][order], aims[0])
        return np.asarray(np.where(np.isnan(found), whole, found))


def _widened(levels: Values, origins: int) -> Values:
    """Move levels outwards by the finite-sample rule of split conformal; an origin is one case, as accounts move together."""
    room = np.minimum(levels, 1 - levels)
    wider = np.maximum(room - (1 - 2 * room) / (2 * max(origins, 1)), np.minimum(room, _EXTREME))
    return np.asarray(np.where(levels < 0.5, wider, 1 - wider))


def _ranked(values: Values, bins: int) -> Codes:
    bounds = np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1])
    return np.digitize(values, bounds).astype(np.int64)


def _read(ordered: Values, weight: Values, levels: Values) -> Values:
    """Return weighted quantiles of ordered values, between them by straight lines."""
    middle = np.cumsum(weight) - weight / 2
    return np.asarray(np.interp(levels, middle / weight.sum(), ordered))
