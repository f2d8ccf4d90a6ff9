"""What a backtest found, as rows: by level and horizon, by segment, by origin, and what it cost."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from growthring.forecast.backtest.replay import ACCOUNT, LEVELS_SCORED, MONTH, QUARTER, SEGMENT, TOTAL, Backtest
from growthring.forecast.backtest.tally import figures
from growthring.kernel.period import Month

BUCKETS = ((1, 1), (1, 3), (4, 6), (7, 12))
"""Months ahead that are reported together; lead times are never pooled silently."""

Row = dict[str, Any]


def summary(found: Backtest) -> Iterator[Row]:
    """Yield the figures of each level and model over all months ahead."""
    for level in LEVELS_SCORED:
        for model, tallies in found.tallies.items():
            yield {"level": level, "model": model, **figures(tallies[level, MONTH].select())}


def by_horizon(found: Backtest) -> Iterator[Row]:
    """Yield the figures of each level, model and bucket of months ahead; quarters are scored on their sums."""
    horizon = found.protocol.horizon
    buckets = [(first, min(last, horizon)) for first, last in BUCKETS if first <= horizon]
    for level in LEVELS_SCORED:
        for model, tallies in found.tallies.items():
            for first, last in dict.fromkeys([*buckets, (1, horizon)]):
                label = str(first) if first == last else f"{first}-{last}"
                sums = tallies[level, MONTH].select(slice(first - 1, last))
                yield {"level": level, "model": model, "months": label, **figures(sums)}
            for quarter in range(horizon // 3):
                sums = tallies[level, QUARTER].select(slice(quarter, quarter + 1))
                yield {"level": level, "model": model, "months": f"quarter {quarter + 1}", **figures(sums)}


def by_segment(found: Backtest) -> Iterator[Row]:
    """Yield the figures of each segment and model, of single accounts and of the segment's sum, over all months ahead."""
    for group, segment in enumerate(found.segments):
        for level in (ACCOUNT, SEGMENT):
            for model, tallies in found.tallies.items():
                sums = tallies[level, MONTH].select(groups=[group])
                yield {"segment": segment, "level": level, "model": model, **figures(sums)}


def by_origin(found: Backtest) -> Iterator[Row]:
    """Yield the figures of each origin and model, of single accounts and of the total, over all months ahead."""
    for place, origin in enumerate(found.protocol.origins):
        for level in (ACCOUNT, TOTAL):
            for model, tallies in found.tallies.items():
                yield {
                    "origin": str(Month(origin)),
                    "level": level,
                    "model": model,
                    **figures(tallies[level, MONTH].select(origins=[place])),
                }


def by_cost(found: Backtest) -> Iterator[Row]:
    """Yield seconds and memory of each model: per origin on average, and at the peak."""
    for model, costs in found.costs.items():
        peaks = [cost.peak_mb for cost in costs if cost.peak_mb is not None]
        yield {
            "model": model,
            "seconds_per_origin": float(np.mean([cost.seconds for cost in costs])),
            "cpu_seconds_per_origin": float(np.mean([cost.cpu_seconds for cost in costs])),
            "peak_mb": max(peaks) if peaks else None,
            "rows_scored": sum(found.scored),
            "rows_unanswered": sum(found.unanswered[model]),
            "rows_by_another": sum(found.substituted[model]),
        }


def figure(found: Backtest, model: str, level: str, name: str, *, origins: Sequence[int] | None = None) -> float | None:
    """Return one figure of a model at a level, over all months ahead."""
    return figures(found.tallies[model][level, MONTH].select(origins=origins))[name]
