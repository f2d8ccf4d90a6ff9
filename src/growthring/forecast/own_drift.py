"""A little own drift: how much of an account's deviation from everybody's growth carries on, learned from all accounts together.

An account's own trend alone is a bad guide (field evidence: WAPE above 3 on short histories). Pooled, gains and losses of the
last 1, 3, 6 and 12 months and of the whole tenure each get one coefficient for every horizon, by regression on absolute errors,
pulled to zero where there are few pairs.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.panel import Values

_BACK = (1, 3, 6, 12)
_STEP_BOUND = 1.0
_TENURE_BOUND = 0.3
_TARGET_BOUND = 0.7
_PRIOR_PAIRS = 200.0
_SAMPLE = 24_000
_MOST_ZEROS = 0.02


class OwnDrift:
    """Coefficients of own deviations by horizon.

    Args:
        level: Levels, shape (rows, months); NaN where unknown.
        started: Column of each row's first month, shape (rows,).
    """

    def __init__(self, level: Values, started: NDArray[np.int64]) -> None:
        with np.errstate(divide="ignore", invalid="ignore"):
            log = np.where(level > 0, np.log(level), np.nan)
        step = np.diff(log, axis=1)
        some = ~np.isnan(step).all(axis=0)
        common = np.zeros(level.shape[1])
        common[1:][some] = np.nanmedian(step[:, some], axis=0)
        self._common = np.cumsum(common)
        self._deviation = log - self._common
        self._started = started
        self._features: dict[int, NDArray[np.float32]] = {}

    def features(self, month: int) -> NDArray[np.float32]:
        """Return gains and losses against the common growth, as of a month, shape (features, rows)."""
        if month not in self._features:
            self._features[month] = self._gains_and_losses(month).astype(np.float32)
        return self._features[month]

    def _gains_and_losses(self, month: int) -> Values:
        now = self._deviation[:, month]
        parts = [np.clip(now - self._deviation[:, max(month - back, 0)], -_STEP_BOUND, _STEP_BOUND) for back in _BACK]
        first = np.minimum(self._started, month)
        tenure = np.maximum(month - first, 1)
        since_start = (now - self._deviation[np.arange(len(now)), first]) / tenure
        parts.append(np.clip(since_start, -_TENURE_BOUND, _TENURE_BOUND))
        stacked = np.nan_to_num(np.stack(parts))
        return np.concatenate([np.maximum(stacked, 0), np.minimum(stacked, 0)])

    def fit(
        self,
        expected: Callable[[int, NDArray[np.int64]], Values],
        values: Values,
        known: NDArray[np.bool_],
        last: int,
        horizon: int,
        origins: int,
    ) -> Values:
        """Return coefficients learned from pairs that end by ``last``, shape (features,).

        What is explained is the part of growth that the cohort's curve leaves: growth that a whole segment shares is in the curve
        already, and would be counted twice.

        Args:
            expected: Gives the log growth of the cohorts of some rows from a month on, over the horizon, shape (rows,).
            values: Values, shape (rows, months).
            known: Where a customer's value is known, shape (rows, months).
            last: Column of the last month that may be seen.
            horizon: Months ahead.
            origins: Past origins used.
        """
        chance = np.random.default_rng(horizon)
        each = max(_SAMPLE // max(origins, 1), 200)
        inputs, targets, weights = [], [], []
        for month in range(last - horizon, max(last - horizon - origins, max(_BACK) // 4), -1):
            rows = np.flatnonzero(known[:, month] & known[:, month + horizon] & ~np.isnan(self._deviation[:, month]))
            rows = rows if len(rows) <= each else np.sort(chance.choice(rows, each, replace=False))
            later = values[rows, month + horizon]
            if len(rows) == 0 or np.mean(later <= 0) > _MOST_ZEROS:
                continue
            rows, later = rows[later > 0], later[later > 0]
            now = self._deviation[rows, month] + self._common[month]
            target = np.log(later) - now - expected(month, rows)
            inputs.append(self.features(month)[:, rows])
            targets.append(np.clip(target - np.median(target), -_TARGET_BOUND, _TARGET_BOUND))
            size = np.sqrt(np.exp(self._deviation[rows, month] - np.max(self._deviation[rows, month])))
            weights.append(size / size.mean())
        if not inputs:
            return np.zeros(2 * (len(_BACK) + 1))
        return _least_absolute(np.concatenate(inputs, axis=1), np.concatenate(targets), np.concatenate(weights))

    def effect(self, month: int, coefficients: Values) -> Values:
        """Return the log factor of each row, shape (rows,)."""
        effect = _weighted(self.features(month), coefficients.astype(np.float32))
        return np.asarray(np.clip(effect, -_TARGET_BOUND, _TARGET_BOUND))


def _least_absolute(inputs: Values, target: Values, weight: Values, rounds: int = 4, smallest: float = 0.05) -> Values:
    """Fit by reweighted least squares, pulled to zero as if some pairs without any effect had been seen.

    Args:
        inputs: Shape (features, pairs).
        target: What is explained, shape (pairs,).
        weight: Weight of each pair, shape (pairs,).
        rounds: How often pairs are weighted again.
        smallest: Miss below which a pair gets no heavier.
    """
    scale = np.sqrt(np.average(inputs**2, axis=1, weights=weight)) + 1e-9
    scaled = inputs / scale[:, None]
    found = np.zeros(len(inputs))
    current = weight.copy()
    for _ in range(rounds):
        moments = np.einsum("fp,gp->fg", scaled, scaled * current)
        prior = _PRIOR_PAIRS * current.mean() * np.eye(len(found))
        found = np.linalg.solve(moments + prior, np.einsum("fp,p->f", scaled, current * target))
        current = weight / np.maximum(np.abs(target - _weighted(scaled, found)), smallest)
    return np.asarray(found / scale)


def _weighted(inputs: NDArray[Any], coefficients: NDArray[Any]) -> NDArray[Any]:
    """Return the sum of features times coefficients, shape (pairs,), without BLAS: its threads spin longer than this takes."""
    return np.asarray(np.einsum("f,fp->p", coefficients, inputs))
