"""Learning from a panel: levels, curves, drift, calendar and calibration, each from what its origin may see."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.calibration import calibrated
from growthring.forecast.cohorts import Codes, Cohorts
from growthring.forecast.curves import Curve, PairSums, pair_sums, pooled_curve, sums_by
from growthring.forecast.growth_forecast import Assumptions
from growthring.forecast.levels import smoothed
from growthring.forecast.one_offs import Ruling, find_one_offs
from growthring.forecast.own_drift import OwnDrift
from growthring.forecast.panel import Cell, Panel, Values
from growthring.forecast.past import log_error
from growthring.forecast.policy import STANDARD, ForecastPolicy
from growthring.forecast.seasonality import seasonal_index

_FEWEST_MONTHS = 2
_TRIED_HORIZONS = (1, 3, 6)
_YEAR = 12
_HALF_YEAR = 6


@dataclass
class Learner:
    """Learns from a panel; holds what several steps share.

    Attributes:
        panel: The history.
        horizon: Months ahead.
        policy: The policy.
        by: Attribute that makes the segments.
        rulings: What people said about months of accounts.
    """

    panel: Panel
    horizon: int
    policy: ForecastPolicy = STANDARD
    by: str = "segment"
    rulings: Sequence[Ruling] = ()
    _pairs: dict[tuple[int, int], PairSums] = field(default_factory=dict)
    _codes: dict[int, Codes] = field(default_factory=dict)
    _curves: dict[tuple[int, int], Curve] = field(default_factory=dict)
    _base: dict[tuple[int, int], Values] = field(default_factory=dict)
    _calibrations: dict[tuple[int, int], Values] = field(default_factory=dict)

    @cached_property
    def last(self) -> int:
        """Column of the origin."""
        return self.panel.last_known

    @cached_property
    def cohorts(self) -> Cohorts:
        """Segments and cohorts."""
        return Cohorts.of(self.panel, self.policy, self.by)

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Cells of customers whose value is known, shape (rows, origin + 1); the rows of a month lie side by side here."""
        return np.asfortranarray(self.panel.is_present[:, : self.last + 1])

    @cached_property
    def gone(self) -> NDArray[np.bool_]:
        """Cells of customers that left."""
        return np.asfortranarray(self.panel.cells[:, : self.last + 1] == Cell.GONE)

    @cached_property
    def values(self) -> Values:
        """Values: 0 where a customer was gone, NaN where unknown."""
        values = np.where(self.known, self.panel.values[:, : self.last + 1], np.nan)
        values[self.gone] = 0.0
        return np.asfortranarray(values)

    @cached_property
    def usual(self) -> Values:
        """Values without what one-off months had above or below the usual: what levels are read from, not what outcomes are."""
        if not self.policy.one_offs:
            return self.values
        cleaned = find_one_offs(self.panel, self.rulings, by=self.by).cleaned()[:, : self.last + 1]
        return np.asfortranarray(np.where(self.known, cleaned, self.values))

    @cached_property
    def level_weight(self) -> Values:
        """The level weight of each segment: the one whose past forecasts missed least."""
        candidates = self.policy.levels
        missed = np.zeros((len(candidates), len(self.cohorts.names)))
        for place, weight in enumerate(candidates if len(candidates) > 1 else ()):
            level = smoothed(self.usual, self.known, weight)
            for horizon in _TRIED_HORIZONS:
                for origin in range(self.last - horizon, max(self.last - horizon - self.policy.recent, 0), -1):
                    missed[place] += self._missed(level, origin, horizon)
        return np.asarray(np.array(candidates)[missed.argmin(axis=0)])

    def _missed(self, level: Values, origin: int, horizon: int) -> Values:
        later = self.values[:, origin + horizon]
        rows = self.known[:, origin] & ~np.isnan(later) & ~np.isnan(level[:, origin])
        segment, count = self.cohorts.segment, len(self.cohorts.names)
        now, then = np.where(rows, level[:, origin], 0.0), np.where(rows, later, 0.0)
        factor = sums_by(segment, then, count) / np.maximum(sums_by(segment, now, count), 1e-12)
        return sums_by(segment, np.abs(then - now * factor[segment]), count)

    @cached_property
    def level(self) -> Values:
        """Level of each row after each month; NaN where it was no customer or unknown."""
        level = smoothed(self.usual, self.known, self.level_weight[self.cohorts.segment])
        level[~self.known] = np.nan
        return level

    def codes(self, origin: int) -> Codes:
        """Cohort of each row at an origin."""
        if origin not in self._codes:
            level = self.level[:, origin]
            self._codes[origin] = self.cohorts.codes(origin, level, ~np.isnan(level))
        return self._codes[origin]

    def pairs(self, origin: int, horizon: int) -> PairSums:
        """Sums by cohort from an origin to a month after it."""
        if (origin, horizon) not in self._pairs:
            later = origin + horizon
            self._pairs[origin, horizon] = pair_sums(
                self.codes(origin),
                self.cohorts.count,
                self.level[:, origin],
                self.values[:, later],
                self.gone[:, later],
                self.policy.clip,
            )
        return self._pairs[origin, horizon]

    @cached_property
    def season(self) -> Values:
        """Log level of each calendar month, shape (12,)."""
        if not self.policy.seasonality:
            return np.zeros(12)
        months = np.arange(1, self.last + 1)
        sums = [self.pairs(int(month) - 1, 1) for month in months]
        growth = np.array([log_error(each.kept.sum(keepdims=True), each.came_to.sum(keepdims=True))[0] for each in sums])
        return seasonal_index(growth, months + self.panel.first_month)

    def seasonal(self, origin: int, horizon: int) -> float:
        """Log of the calendar effect from an origin to a month after it."""
        month = self.panel.first_month + origin
        return float(self.season[(month + horizon) % 12] - self.season[month % 12])

    @cached_property
    def _own(self) -> OwnDrift:
        return OwnDrift(self.level, self.cohorts.started)

    @cached_property
    def _coefficients(self) -> list[Values]:
        return [
            self._own.fit(partial(self._expected, horizon=ahead), self.values, self.known, self.last, ahead, self.policy.origins)
            for ahead in range(1, self.horizon + 1)
        ]

    def _expected(self, origin: int, rows: NDArray[np.int64], horizon: int) -> Values:
        """Log growth of the cohorts of some rows, calendar included."""
        growth = self.curve(origin, horizon).growth[self.codes(origin)[rows]]
        return np.asarray(np.log(growth) + self.seasonal(origin, horizon))

    def _places(self, origin: int, horizon: int, matched: bool) -> list[int]:
        """Origins whose pairs an origin may learn from; when matched, those around the same month of other years."""
        places = list(range(origin - horizon, max(origin - horizon - self.policy.origins, -1), -1))
        near = [place for place in places if (origin - place + 1) % 12 <= 2]
        return near if matched and near else places

    @cached_property
    def is_season_matched(self) -> bool:
        """Whether growth is learned from the same season of earlier years only (with less than two years of history).

        The question is put to the growth of the sum at past origins: it is answered with yes only when matching was the better
        guide by more than twice the standard error of the difference, over at least half a year of origins.
        """
        if not self.policy.seasonality or self.season.any():
            return False
        gains: dict[int, list[float]] = {}
        for horizon in (each for each in _TRIED_HORIZONS if each <= self.horizon):
            for origin in range(self.last - horizon, max(self.last - horizon - self.policy.recent, _YEAR), -1):
                came = self._total_growth(origin, horizon)
                every, near = (
                    [self._total_growth(place, horizon) for place in self._places(origin, horizon, matched)]
                    for matched in (False, True)
                )
                if origin - horizon >= _YEAR - 1 and len(near) < len(every) and np.isfinite([came, *every]).all():
                    gains.setdefault(origin, []).append(abs(float(np.median(every)) - came) - abs(float(np.median(near)) - came))
        gain = np.array([np.mean(each) for each in gains.values()])
        return len(gain) >= _HALF_YEAR and bool(gain.mean() > 2 * gain.std(ddof=1) / np.sqrt(len(gain)) and gain.mean() > 0)

    def _total_growth(self, origin: int, horizon: int) -> float:
        each = self.pairs(origin, horizon)
        return float(log_error(each.kept.sum(keepdims=True), each.came_to.sum(keepdims=True))[0])

    def curve(self, origin: int, horizon: int) -> Curve:
        """The curve that an origin would have used: from pairs that ended by then."""
        if (origin, horizon) not in self._curves:
            self._curves[origin, horizon] = self._pooled(origin, horizon)
        return self._curves[origin, horizon]

    def _pooled(self, origin: int, horizon: int) -> Curve:
        places = self._places(origin, horizon, self.is_season_matched)
        pairs = [self.pairs(place, horizon) for place in places]
        season = np.array([self.seasonal(place, horizon) for place in places])
        return pooled_curve(pairs, self.cohorts, self.policy, season)

    def base(self, origin: int, horizon: int) -> Values:
        """The forecast from an origin before calibration, shape (rows,)."""
        if (origin, horizon) not in self._base:
            curve, codes = self.curve(origin, horizon), self.codes(origin)
            factor = (curve.growth * curve.survival)[codes] * np.exp(self.seasonal(origin, horizon))
            if self.policy.own_drift:
                factor = factor * np.exp(self._own.effect(origin, self._coefficients[horizon - 1]))
            self._base[origin, horizon] = self.level[:, origin] * factor
        return self._base[origin, horizon]

    @cached_property
    def _errors(self) -> dict[tuple[int, int], tuple[Values, Values, float]]:
        return {}

    def _error(self, origin: int, horizon: int) -> tuple[Values, Values, float]:
        """Log error of the base forecast of each segment, the rows behind it, and of the total."""
        if (origin, horizon) not in self._errors:
            forecast, came = self.base(origin, horizon), self.values[:, origin + horizon]
            rows = ~np.isnan(forecast) & ~np.isnan(came)
            segment, count = self.cohorts.segment, len(self.cohorts.names)
            expected, actual, counts = (
                sums_by(segment, each, count)
                for each in (np.where(rows, forecast, 0.0), np.where(rows, came, 0.0), rows.astype(np.float64))
            )
            whole = log_error(expected.sum(keepdims=True), actual.sum(keepdims=True))[0]
            self._errors[origin, horizon] = (log_error(expected, actual), counts, float(whole))
        return self._errors[origin, horizon]

    def calibration(self, origin: int, horizon: int) -> Values:
        """Log factor by segment that makes sums right on average, from errors known at the origin, shape (segments,)."""
        if (origin, horizon) not in self._calibrations:
            self._calibrations[origin, horizon] = self._calibrated(origin, horizon)
        return self._calibrations[origin, horizon]

    def _calibrated(self, origin: int, horizon: int) -> Values:
        names = len(self.cohorts.names)
        oldest = max(origin - horizon - self.policy.origins, self.first_origin - 1)
        found = [self._error(place, horizon) for place in range(origin - horizon, oldest, -1)]
        if not self.policy.calibrate or not found:
            return np.zeros(names)
        base = self.base(origin, horizon)
        sums = sums_by(self.cohorts.segment, np.where(np.isnan(base), 0.0, base), names)
        errors, counts = np.stack([each[0] for each in found]), np.stack([each[1] for each in found]).sum(axis=0)
        return calibrated(sums, errors, counts, np.array([each[2] for each in found]), self.policy.pairs)

    @cached_property
    def first_origin(self) -> int:
        """First column from which a curve can be learned at all."""
        some = np.flatnonzero(self.known.any(axis=0))
        return int(some[0]) + _FEWEST_MONTHS if len(some) else self.last

    def predict_from(self, origin: int) -> Values:
        """Return what would have been said at an origin, shape (rows, horizon)."""
        found = np.empty((self.panel.rows, self.horizon))
        for horizon in range(1, self.horizon + 1):
            found[:, horizon - 1] = self.base(origin, horizon) * np.exp(self.calibration(origin, horizon))[self.cohorts.segment]
        return found

    def assumptions(self) -> Assumptions:
        """What the forecast from the last month assumes."""
        shape = (len(self.cohorts.names), self.horizon)
        survival, growth, calibration = np.ones(shape), np.ones(shape), np.ones(shape)
        level, codes = self.level[:, self.last], self.codes(self.last)
        rows = ~np.isnan(level)
        segment, count = self.cohorts.segment[rows], len(self.cohorts.names)
        total = sums_by(segment, level[rows], count)
        some = total > 0
        for place in range(self.horizon):
            curve = self.curve(self.last, place + 1)
            stays = sums_by(segment, level[rows] * curve.survival[codes[rows]], count)
            survival[some, place] = stays[some] / total[some]
            grown = sums_by(segment, level[rows] * (curve.survival * curve.growth)[codes[rows]], count)
            held = stays > 0
            growth[held, place] = grown[held] / stays[held]
            calibration[:, place] = np.exp(self.calibration(self.last, place + 1))
        return Assumptions(
            self.cohorts.names, self.level_weight, survival, growth, calibration, self.season, self.is_season_matched
        )
