"""The default model: last level × pooled growth of its cohort × survival × a little own drift × calendar, calibrated in sums."""

from dataclasses import dataclass

import numpy as np

from growthring.forecast.growth_forecast import Assumptions, GrowthForecast
from growthring.forecast.intervals import AccountIntervals
from growthring.forecast.learner import Learner
from growthring.forecast.one_offs import Ruling
from growthring.forecast.panel import Panel
from growthring.forecast.past import Past
from growthring.forecast.policy import STANDARD, ForecastPolicy

__all__ = ["Assumptions", "CohortGrowth", "GrowthForecast", "Learner"]


@dataclass(frozen=True)
class CohortGrowth:
    """The default model (FC-01).

    Attributes:
        policy: Its choices.
        by: Attribute that makes the segments.
        rulings: What people said about months of accounts: one-off, or not.
    """

    policy: ForecastPolicy = STANDARD
    by: str = "segment"
    rulings: tuple[Ruling, ...] = ()

    @property
    def name(self) -> str:
        """Its name in tables."""
        return "cohort_growth"

    def predict(self, panel: Panel, horizon: int) -> GrowthForecast:
        """Forecast the months after a panel.

        Args:
            panel: The history; nothing else is seen.
            horizon: Months ahead.
        """
        learner = Learner(panel, horizon, self.policy, self.by, self.rulings)
        origins = np.arange(max(learner.first_origin, learner.last - self.policy.memory), learner.last)
        # in memory the rows of a month lie side by side: that is how they are read
        forecasts = np.full((len(origins), horizon, panel.rows), np.nan, dtype=np.float32).transpose(0, 2, 1)
        for place, origin in enumerate(origins):
            reach = min(horizon, learner.last - int(origin))
            for ahead in range(1, reach + 1):
                factor = np.exp(learner.calibration(int(origin), ahead))[learner.cohorts.segment]
                forecasts[place, :, ahead - 1] = learner.base(int(origin), ahead) * factor
        point = learner.predict_from(learner.last)
        point[learner.gone[:, learner.last]] = 0.0
        past = Past(origins, forecasts, learner.values)
        intervals = AccountIntervals(past, learner.known, learner.level, learner.cohorts, self.policy)
        return GrowthForecast(panel, point, past, learner.assumptions(), self.policy, intervals)
