"""Peers from the library statsforecast (extra ``stats``), each series fitted on its own."""

from types import ModuleType
from typing import Protocol

import numpy as np

from growthring.forecast.challengers.challenger import Challenger, Method, Outlook
from growthring.forecast.challengers.history import Compact
from growthring.forecast.panel import Values
from growthring.forecast.prediction import LEVELS
from growthring.kernel.errors import GrowthringError

_COVERAGES = [round(100 * (1 - 2 * level)) for level in LEVELS if level < 0.5]


class _PeerModel(Protocol):
    def forecast(self, *, y: Values, h: int, level: list[int]) -> dict[str, Values]: ...


def dynamic_optimized_theta() -> Challenger:
    """Return the dynamic optimised theta method of statsforecast (Fiorucci et al. 2016).

    Raises:
        GrowthringError: The extra is not installed.
    """
    return Challenger("DynamicOptimizedTheta", _method(_models().DynamicOptimizedTheta(season_length=1)), shortest=4)


def auto_ets(*, season: int = 1) -> Challenger:
    """Return exponential smoothing of statsforecast, its form chosen by AICc.

    Args:
        season: Months of a season, 12 as the library's documentation gives it for monthly data; 1 tries only forms without one.

    Raises:
        GrowthringError: The extra is not installed.
    """
    model = _models().AutoETS(season_length=season, model="ZZN" if season == 1 else "ZZZ")
    return Challenger("AutoETS" if season == 1 else f"AutoETS, season {season}", _method(model), shortest=5)


def _models() -> ModuleType:
    try:
        from statsforecast import models
    except ImportError as missing:
        raise GrowthringError(
            "The peers DynamicOptimizedTheta and AutoETS need the library statsforecast, which is not installed.",
            valid="They belong to the extra stats.",
            remedy="Install it with: pip install 'growthring[stats]'.",
        ) from missing
    return models


def _method(model: _PeerModel) -> Method:
    def fit(series: Compact, ahead: Values) -> Outlook:
        steps = ahead.astype(int) - 1
        mean = np.full((len(series.lengths), len(ahead)), np.nan)
        quantiles = np.full((*mean.shape, len(LEVELS)), np.nan)
        for row, length in enumerate(series.lengths):
            found = _fit_one(model, series.values[row, -length:], int(steps[-1]) + 1)
            if found is None:
                continue
            mean[row] = found["mean"][steps]
            for place, level in enumerate(LEVELS):
                quantiles[row, :, place] = found[_bound(level)][steps]
        return Outlook(mean, quantiles)

    return fit


def _fit_one(model: _PeerModel, values: Values, horizon: int) -> dict[str, Values] | None:
    """Return a fitted forecast, or nothing for a series the library refuses; the caller marks whose forecast stands instead."""
    try:
        found: dict[str, Values] = model.forecast(y=values, h=horizon, level=_COVERAGES)
    except (NotImplementedError, ValueError, ZeroDivisionError, RuntimeError):
        return None
    return found


def _bound(level: float) -> str:
    if level == 0.5:
        return "mean"
    return f"lo-{round(100 * (1 - 2 * level))}" if level < 0.5 else f"hi-{round(100 * (2 * level - 1))}"
