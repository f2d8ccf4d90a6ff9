"""What the default model hands over: point forecasts with the evidence behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.curves import sums_by
from growthring.forecast.draws import Draws, draws_of
from growthring.forecast.group_intervals import group_quantiles, group_scale, total_coverage
from growthring.forecast.intervals import AccountIntervals
from growthring.forecast.panel import Panel, Values
from growthring.forecast.past import Past, Window
from growthring.forecast.paths import PATHS
from growthring.forecast.policy import ForecastPolicy
from growthring.forecast.prediction import LEVELS


@dataclass(frozen=True)
class Assumptions:
    """What a forecast assumes, by segment and horizon (FC-03): every one can be read, and replaced by a layer.

    Attributes:
        segments: Names.
        level_weight: Weight of the last month in the level, shape (segments,).
        survival: Share of today's level that is still a customer's, shape (segments, horizon).
        growth: Factor on the level of those that stay, shape (segments, horizon).
        calibration: Factor that corrects the middle past error of sums, shape (segments, horizon).
        season: Log level of each calendar month, shape (12,).
        is_season_matched: Whether growth was learned from the same season of earlier years only.
    """

    segments: NDArray[np.str_]
    level_weight: Values
    survival: Values
    growth: Values
    calibration: Values
    season: Values
    is_season_matched: bool = False


@dataclass(frozen=True)
class GrowthForecast:
    """Point forecasts with the evidence behind them.

    Attributes:
        panel: The history.
        point: Expected value, shape (rows, horizon); NaN for rows that are not forecast, 0 for rows that are gone.
        past: Forecasts and outcomes of past origins.
        assumptions: What it assumes.
        policy: The policy.
        intervals: Quantiles of single accounts.
    """

    panel: Panel
    point: Values
    past: Past
    assumptions: Assumptions
    policy: ForecastPolicy
    intervals: AccountIntervals

    @property
    def horizon(self) -> int:
        """Months ahead."""
        return int(self.point.shape[1])

    @property
    def months(self) -> list[Window]:
        """The windows of single months."""
        return [(ahead, ahead) for ahead in range(1, self.horizon + 1)]

    def sums(self, windows: Sequence[Window]) -> Values:
        """Return the expected sum of each row over windows, shape (rows, windows)."""
        return np.stack([self.point[:, first - 1 : last].sum(axis=1) for first, last in windows], axis=1)

    def quantiles(self, levels: tuple[float, ...] = LEVELS, windows: Sequence[Window] | None = None) -> Values:
        """Return quantiles of each row, shape (rows, windows, levels); NaN with too little evidence.

        Args:
            levels: The quantiles.
            windows: Months ahead, first and last; each month by default.
        """
        asked = list(windows or self.months)
        classes = self.intervals.classes(self.past.values.shape[1] - 1)
        point = self.sums(asked)
        found = np.stack(
            [point[:, [at]] * self.intervals.ratios(window, levels)[classes] for at, window in enumerate(asked)], axis=1
        )
        # a negative value times a larger ratio is the lower end
        if not (point < 0).any():
            return found
        mirrored = tuple(1 - level for level in levels)
        lower = np.stack(
            [point[:, [at]] * self.intervals.ratios(window, mirrored)[classes] for at, window in enumerate(asked)], axis=1
        )
        return np.asarray(np.where(point[:, :, None] < 0, lower, found))

    def group_quantiles(
        self, codes: NDArray[np.int64], levels: tuple[float, ...] = LEVELS, windows: Sequence[Window] | None = None
    ) -> Values:
        """Return quantiles of sums over groups, shape (groups, windows, levels); NaN with too little evidence.

        Args:
            codes: Group of each row, 0 … groups − 1; −1 leaves a row out.
            levels: The quantiles.
            windows: Months ahead, first and last; each month by default.
        """
        asked = list(windows or self.months)
        groups = int(codes.max(initial=-1)) + 1
        scale = self.group_scale(codes, asked)
        inside = codes >= 0
        point = np.stack([sums_by(codes[inside], np.nan_to_num(each[inside]), groups) for each in self.sums(asked).T], axis=1)
        return group_quantiles(scale, point, levels, self.policy.degrees_of_freedom)

    def group_scale(self, codes: NDArray[np.int64], windows: Sequence[Window]) -> Values:
        """Return the scale of the log error of sums over groups, shape (groups, windows); NaN with too little evidence."""
        groups = int(codes.max(initial=-1)) + 1
        return group_scale(self.past, codes, groups, windows, self.policy.degrees_of_freedom)

    def coverage(self, ahead: int = 1) -> dict[str, tuple[float, int]]:
        """Return the measured coverage of past ranges at a horizon: share and number of cases, by scope and level (FC-11)."""
        window, freedom = (ahead, ahead), self.policy.degrees_of_freedom
        found = {}
        for name, low, high in (("80", 0.1, 0.9), ("95", 0.025, 0.975)):
            found[f"account {name}"] = self.intervals.coverage(window, low, high)
            found[f"total {name}"] = total_coverage(self.past, window, low, high, freedom)
        return found

    @cached_property
    def draws(self) -> Draws:
        """What simulated futures are drawn from."""
        freedom = self.policy.degrees_of_freedom
        common = group_scale(self.past, np.zeros(self.panel.rows, dtype=np.int64), 1, self.months, freedom)[0]
        return draws_of(self.point, self.past, self.intervals, common, freedom)

    def paths(self, rows: NDArray[np.int64], count: int = PATHS) -> NDArray[np.float32]:
        """Return futures of some rows, shape (count, rows, horizon)."""
        return self.draws.paths(rows, count)
