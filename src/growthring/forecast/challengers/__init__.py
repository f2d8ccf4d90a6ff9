"""Models that compete with the product's own: simple ones always, others behind extras."""

from growthring.forecast.challengers.challenger import NAIVE, Challenger, ChallengerPrediction
from growthring.forecast.challengers.global_trees import GlobalTrees
from growthring.forecast.challengers.intermittent import CROSTON, SBA, TSB
from growthring.forecast.challengers.peers import auto_ets, dynamic_optimized_theta
from growthring.forecast.challengers.simple import DRIFT, SEASONAL_NAIVE, WINDOW_AVERAGE
from growthring.forecast.challengers.smoothing import DAMPED_TREND, SIMPLE_SMOOTHING
from growthring.forecast.challengers.theta import DYNAMIC_THETA

CHALLENGERS = (NAIVE, DRIFT, SEASONAL_NAIVE, WINDOW_AVERAGE, SIMPLE_SMOOTHING, DAMPED_TREND, DYNAMIC_THETA, CROSTON, SBA, TSB)
"""Those that need nothing beyond the core."""

__all__ = [
    "CHALLENGERS",
    "CROSTON",
    "DAMPED_TREND",
    "DRIFT",
    "DYNAMIC_THETA",
    "NAIVE",
    "SBA",
    "SEASONAL_NAIVE",
    "SIMPLE_SMOOTHING",
    "TSB",
    "WINDOW_AVERAGE",
    "Challenger",
    "ChallengerPrediction",
    "GlobalTrees",
    "auto_ets",
    "dynamic_optimized_theta",
]
