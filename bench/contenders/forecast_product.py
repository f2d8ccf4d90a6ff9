"""A forecast of all accounts, twelve months ahead, with intervals of accounts, segments and the total, reconciled."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.contenders.report import Stages, run
from growthring.forecast.challengers import DYNAMIC_THETA
from growthring.forecast.challengers.history import chained, months_ahead
from growthring.forecast.growth import CohortGrowth
from growthring.forecast.panel import Panel
from growthring.forecast.prediction import LEVELS
from growthring.forecast.tree import Level, reconcile

HORIZON = 12
_LOW, _HIGH = LEVELS.index(0.1), LEVELS.index(0.9)


def job(stored: Path, stages: Stages) -> Callable[[Path], None]:
    """Forecast the stored panel."""
    with np.load(stored) as read:
        panel = Panel(
            read["accounts"], read["series"], int(read["first_month"]), read["values"], read["cells"], "units",
            {"segment": read["segment"]},
        )  # fmt: skip
    with stages.stage("point"):
        found = CohortGrowth().predict(panel, HORIZON)
    with stages.stage("intervals"):
        ranges = found.quantiles()
        names, codes = np.unique(panel.attributes["segment"], return_inverse=True)
        whole = np.zeros(panel.rows, np.int64)
        by_segment, total = found.group_quantiles(codes), found.group_quantiles(whole)
    with stages.stage("reconciliation"):
        ahead = months_ahead(panel, HORIZON)
        own = [DYNAMIC_THETA.method(chained(panel, groups), ahead).mean for groups in (codes, whole)]
        point = np.nan_to_num(found.point)
        variances = [_variance(each) for each in (ranges, by_segment, total)]
        added = np.empty_like(point)
        for month in range(HORIZON):
            levels = [
                Level(point[:, month], variances[0][:, month], codes),
                Level(own[0][:, month], variances[1][:, month], np.zeros(len(names), np.int64)),
                Level(own[1][:, month], variances[2][:, month]),
            ]
            leaves, segments, _ = reconcile(levels, floor=0.0)
            assert np.allclose(np.bincount(codes, leaves), segments), "segments are not the sums of their accounts"
            added[:, month] = leaves

    def save(folder: Path) -> None:
        np.savez(folder / "forecast.npz", point=added, ranges=ranges)

    return save


def _variance(ranges: np.ndarray) -> np.ndarray:
    return np.nan_to_num((ranges[..., _HIGH] - ranges[..., _LOW]) / 2.563) ** 2


if __name__ == "__main__":
    run(job)
