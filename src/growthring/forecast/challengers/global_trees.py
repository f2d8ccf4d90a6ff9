"""One global LightGBM for all accounts (extra ``ml``): direct, with the months ahead as a feature, on log ratios.

It learns y(q + h) ÷ y(q) from pairs whose target month q + h is no later than the origin, so nothing of the future leaks.
"""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.challengers.challenger import NAIVE, ChallengerPrediction
from growthring.forecast.challengers.history import compact, guarded
from growthring.forecast.panel import Panel, Values
from growthring.kernel.errors import GrowthringError

_LAGS = (1, 2, 3, 6, 12)
_PAIRS = 300_000
"""Most pairs learned from; more are thinned evenly by a seeded draw."""
_RECENT = 36
"""Months back from the origin in which pairs may begin."""
_FEWEST = 200
"""Fewest pairs worth a model."""
_SETTINGS: dict[str, Any] = {
    "objective": "regression",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 20_261_121,
    "verbosity": -1,
}
_ROUNDS = 300
_HELD_OUT = 6
"""One account in so many is kept from learning."""


@dataclass(frozen=True)
class GlobalTrees:
    """One gradient-boosted model over all accounts and months ahead."""

    name: str = "LightGBM"

    def predict(self, panel: Panel, horizon: int) -> ChallengerPrediction:
        """Forecast the months after a panel.

        Raises:
            GrowthringError: The extra is not installed, or the panel holds too few pairs to learn from.
        """
        library = _library()
        values = np.where(panel.is_present, panel.values, np.nan)[:, : panel.last_known + 1]
        table = _Features(values, panel)
        pairs = _pairs(table, horizon)
        if len(pairs.ratios) < _FEWEST:
            raise GrowthringError(
                f"{len(pairs.ratios)} pairs of months are too few for one global model.",
                valid=f"At least {_FEWEST} are needed.",
                remedy="Leave the peer out, or forecast more accounts or a longer history.",
            )
        learned = ~pairs.held_out
        trees = library.train(_SETTINGS, library.Dataset(pairs.features[learned], pairs.ratios[learned]), num_boost_round=_ROUNDS)
        correction = _mean_correction(trees.predict(pairs.features[pairs.held_out]), pairs, horizon)
        series = compact(panel)
        last = values[:, -1]
        fit = np.flatnonzero(np.isfinite(last) & (last > 0))
        point = NAIVE.predict(panel, horizon).point.copy()
        offset = panel.months - 1 - panel.last_known
        for step in range(1, horizon + 1):
            asked = table.at(fit, np.full(len(fit), values.shape[1] - 1), np.full(len(fit), step + offset))
            point[fit, step - 1] = last[fit] * np.exp(trees.predict(asked)) * correction[step - 1]
        made_by = np.full(panel.rows, NAIVE.name, dtype=f"<U{max(len(NAIVE.name), len(self.name))}")
        made_by[fit] = self.name
        return ChallengerPrediction(panel, guarded(point, panel, series), made_by)


@dataclass(frozen=True)
class _Features:
    """What is known of a row at a month."""

    values: Values
    panel: Panel

    def at(self, rows: NDArray[np.int64], columns: NDArray[np.int64], ahead: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the features of rows at columns for a number of months ahead, shape (pairs, features)."""
        logs = np.log(np.where(self.values > 0, self.values, np.nan))
        level = logs[rows, columns]
        lagged = [np.where(columns >= lag, level - logs[rows, np.maximum(columns - lag, 0)], np.nan) for lag in _LAGS]
        calendar = (self.panel.first_month + columns + ahead) % 12
        tenure = columns - self.panel.started[rows]
        names, segment = np.unique(self.panel.segments(), return_inverse=True)
        changes = np.diff(logs, axis=1, prepend=np.nan)
        recent = [changes[rows, np.maximum(columns - back, 0)] for back in range(6)]
        unsteady = np.where(np.isfinite(np.stack(recent)).any(axis=0), _spread(np.stack(recent)), np.nan)
        found = [ahead, level, *lagged, calendar, tenure, unsteady, segment[rows] if len(names) > 1 else np.zeros(len(rows))]
        return np.stack(found, axis=1).astype(np.float32)


def _spread(values: Values) -> Values:
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    spread: Values = np.sqrt((np.where(known, values - mean, 0.0) ** 2).sum(axis=0) / count)
    return spread


@dataclass(frozen=True)
class _Pairs:
    """Pairs of months to learn from; each array has one entry a pair.

    Attributes:
        features: What was known at the first month, shape (pairs, features).
        ratios: Log of the second month's value ÷ the first's.
        values: Value of the first month.
        ahead: Months between them.
        held_out: Pairs of accounts kept from learning, by which the mean is corrected: among those learned, errors are too small.
    """

    features: NDArray[np.float32]
    ratios: Values
    values: Values
    ahead: NDArray[np.int64]
    held_out: NDArray[np.bool_]


def _pairs(table: _Features, horizon: int) -> _Pairs:
    """Return the pairs that end no later than the origin, evenly thinned when there are too many."""
    values = table.values
    chance = np.random.default_rng(_SETTINGS["seed"])
    positive = values > 0
    rows, columns, ahead = [], [], []
    for step in range(1, horizon + 1):
        begin = max(values.shape[1] - step - _RECENT, 0)
        both = positive[:, begin : values.shape[1] - step] & positive[:, begin + step :]
        row, column = np.nonzero(both)
        rows.append(row)
        columns.append(column + begin)
        ahead.append(np.full(len(row), step))
    row, column, step_of = np.concatenate(rows), np.concatenate(columns), np.concatenate(ahead)
    if len(row) > _PAIRS:
        kept = np.sort(chance.choice(len(row), _PAIRS, replace=False))
        row, column, step_of = row[kept], column[kept], step_of[kept]
    ratios = np.log(values[row, column + step_of] / values[row, column])
    return _Pairs(table.at(row, column, step_of), ratios, values[row, column], step_of, row % _HELD_OUT == 0)


def _mean_correction(expected: Values, pairs: _Pairs, horizon: int) -> Values:
    """Return the factor by month ahead that makes totals unbiased: the exponential of a mean log lies below the mean.

    Args:
        expected: Log ratios that the model says of the accounts held out.
        pairs: All pairs.
        horizon: Months ahead.
    """
    factors = np.ones(horizon)
    values, ratios, ahead = (each[pairs.held_out] for each in (pairs.values, pairs.ratios, pairs.ahead))
    for step in range(1, horizon + 1):
        mine = ahead == step
        said = (values[mine] * np.exp(expected[mine])).sum()
        if said > 0:
            factors[step - 1] = (values[mine] * np.exp(ratios[mine])).sum() / said
    return factors


def _library() -> ModuleType:
    try:
        import lightgbm
    except ImportError as missing:
        raise GrowthringError(
            "The peer LightGBM needs the library lightgbm, which is not installed.",
            valid="It belongs to the extra ml.",
            remedy="Install it with: pip install 'growthring[ml]'.",
        ) from missing
    return lightgbm
