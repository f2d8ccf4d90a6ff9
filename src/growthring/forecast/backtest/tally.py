"""Sums of losses of one model by origin, group and step, from which every figure of any selection follows exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.backtest.metrics import covered, interval_score, pinball_loss
from growthring.forecast.panel import Values
from growthring.forecast.prediction import LEVELS

INTERVALS = {80: (LEVELS.index(0.1), LEVELS.index(0.9)), 95: (LEVELS.index(0.025), LEVELS.index(0.975))}
"""Places of the bounds of the published intervals among the levels."""

Sums = dict[str, Values]
"""Sums of each loss, shape (groups, steps)."""


def losses(forecast: Values, actual: Values, quantiles: Values | None, scales: Mapping[int, Values] | None = None) -> Sums:
    """Return the losses of each item.

    Args:
        forecast: Shape (items, steps).
        actual: Shape (items, steps); NaN is not scored.
        quantiles: Shape (items, steps, levels), or nothing.
        scales: Per season, the scale of each item, shape (items,); NaN where undefined.

    Returns:
        Each of shape (items, steps), 0 where it is not scored or not defined.
    """
    error = np.abs(forecast - actual)
    found = {
        "items": np.ones_like(actual),
        "forecast": forecast,
        "actual": actual,
        "volume": np.abs(actual),
        "error": error,
    }
    for season, scale in (scales or {}).items():
        found[f"scaled_{season}"] = error / scale[:, None]
        found[f"scalable_{season}"] = np.where(np.isfinite(scale)[:, None], 1.0, 0.0) * np.ones_like(actual)
    if quantiles is not None:
        found |= _interval_losses(quantiles, actual)
    is_scored = np.isfinite(actual)
    return {name: np.where(is_scored & np.isfinite(values), values, 0.0) for name, values in found.items()}


def _interval_losses(quantiles: Values, actual: Values) -> Sums:
    answered = np.isfinite(quantiles).all(axis=2)
    found = {
        "ranged": answered.astype(float),
        "ranged_volume": np.where(answered, np.abs(actual), 0.0),
        "pinball": pinball_loss(quantiles, actual[..., None], np.array(LEVELS)).mean(axis=2),
    }
    for coverage, (low_place, high_place) in INTERVALS.items():
        low, high = quantiles[..., low_place], quantiles[..., high_place]
        found[f"covered_{coverage}"] = np.where(answered, covered(low, high, actual), 0.0)
        found[f"width_{coverage}"] = high - low
        found[f"interval_score_{coverage}"] = interval_score(low, high, actual, coverage / 100)
    return found


def add_up(items: Sums, codes: NDArray[np.int64], groups: int) -> Sums:
    """Add the losses of items by group; code −1 is left out."""
    kept = codes >= 0
    order = np.argsort(codes[kept], kind="stable")
    sorted_codes = codes[kept][order]
    starts = np.searchsorted(sorted_codes, np.arange(groups))
    filled = np.bincount(sorted_codes, minlength=groups) > 0
    sums = {}
    for name, values in items.items():
        total = np.zeros((groups, values.shape[1]))
        if len(order):
            total[filled] = np.add.reduceat(values[kept][order], starts[filled], axis=0)
        sums[name] = total
    return sums


def figures(sums: Mapping[str, float]) -> dict[str, float | None]:
    """Return the figures of summed losses: accuracy always, calibration for a model with intervals; None where undefined."""
    wape, bias = _share(sums, "error", "volume"), _share(sums, "forecast", "actual")
    bias = None if bias is None else bias - 1
    found: dict[str, float | None] = {
        "items": sums.get("items", 0.0),
        "actual": sums.get("actual", 0.0),
        "wape": wape,
        "bias": bias,
        "vn1": None if wape is None or bias is None else wape + abs(bias),
    }
    for season in (1, 12):
        found[f"mase_{season}"] = _share(sums, f"scaled_{season}", f"scalable_{season}")
    pinball = _share(sums, "pinball", "ranged_volume")
    found["quantile_loss"] = None if pinball is None else 2 * pinball
    for coverage in INTERVALS:
        found[f"coverage_{coverage}"] = _share(sums, f"covered_{coverage}", "ranged")
        found[f"width_{coverage}"] = _share(sums, f"width_{coverage}", "ranged_volume")
        found[f"interval_score_{coverage}"] = _share(sums, f"interval_score_{coverage}", "ranged_volume")
    return found


def _share(sums: Mapping[str, float], above: str, below: str) -> float | None:
    return sums[above] / sums[below] if above in sums and sums.get(below) else None


@dataclass
class Tally:
    """Losses of one model at one level, by origin, group and step.

    Attributes:
        groups: Name of each group: segments, or one for the total.
        by_origin: Sums of each origin, each of shape (groups, steps).
    """

    groups: Sequence[str]
    by_origin: list[Sums] = field(default_factory=list)

    def select(
        self,
        steps: slice = slice(None),
        *,
        origins: Sequence[int] | NDArray[np.int64] | None = None,
        groups: Sequence[int] | None = None,
    ) -> dict[str, float]:
        """Return the sums over some steps, origins (by their place; one may count twice) and groups."""
        chosen = self.by_origin if origins is None else [self.by_origin[place] for place in origins]
        rows = slice(None) if groups is None else list(groups)
        names = {name for sums in chosen for name in sums}
        return {name: float(sum(sums[name][rows, steps].sum() for sums in chosen if name in sums)) for name in sorted(names)}
