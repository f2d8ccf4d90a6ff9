"""Rolling origins: every model forecasts from every origin with what was known then, and is scored on what came."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol as Interface
from typing import runtime_checkable

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.backtest.actuals import Actuals, actuals_after
from growthring.forecast.backtest.cost import Cost, measured
from growthring.forecast.backtest.metrics import naive_scale
from growthring.forecast.backtest.protocol import Protocol
from growthring.forecast.backtest.tally import Tally, add_up, losses
from growthring.forecast.panel import Panel, Values
from growthring.forecast.prediction import LEVELS, Model, Prediction
from growthring.kernel.errors import GrowthringError
from growthring.kernel.progress import Progress, silent

ACCOUNT, SEGMENT, TOTAL, WITH_NEW = "account", "segment", "total", "total with new business"
MONTH, QUARTER = "month", "quarter"
LEVELS_SCORED = (ACCOUNT, SEGMENT, TOTAL, WITH_NEW)

Key = tuple[str, str]
"""A level and the kind of step: months, or sums of three months."""


@runtime_checkable
class WindowedPrediction(Interface):
    """A prediction that can tell the distribution of sums over months, such as quarters."""

    def sums(self, windows: Sequence[tuple[int, int]]) -> Values:
        """Return the expected sum of each row over windows of months ahead, shape (rows, windows)."""

    def quantiles(self, levels: tuple[float, ...], windows: Sequence[tuple[int, int]]) -> Values | None:
        """Return quantiles of each row's sums, shape (rows, windows, levels)."""

    def group_quantiles(
        self, codes: NDArray[np.int64], levels: tuple[float, ...], windows: Sequence[tuple[int, int]]
    ) -> Values | None:
        """Return quantiles of sums over groups and windows, shape (groups, windows, levels)."""


@dataclass
class Backtest:
    """What a backtest found.

    Attributes:
        protocol: How it was run.
        unit: What the values count.
        segments: Segment names; the order of every tally by segment.
        tallies: Per model, per level and kind of step, the losses.
        costs: Per model, what each origin's forecast cost.
        scored: Rows scored at each origin.
        left_out: Rows at each origin that were there and cannot be scored.
        unanswered: Per model, scored rows at each origin that it gave no forecast for; they count as 0.
        substituted: Per model, scored rows at each origin that another method forecast for it, as it says itself.
        new_business: Actual of accounts that began after each origin, over the horizon.
    """

    protocol: Protocol
    unit: str
    segments: list[str] = field(default_factory=list)
    tallies: dict[str, dict[Key, Tally]] = field(default_factory=dict)
    costs: dict[str, list[Cost]] = field(default_factory=dict)
    scored: list[int] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)
    unanswered: dict[str, list[int]] = field(default_factory=dict)
    substituted: dict[str, list[int]] = field(default_factory=dict)
    new_business: list[float] = field(default_factory=list)


def backtest(
    truth: Panel,
    models: Sequence[Model],
    protocol: Protocol,
    *,
    as_of: Callable[[int], Panel] | None = None,
    progress: Progress = silent,
) -> Backtest:
    """Let models forecast from rolling origins, and tally their losses by level, segment, origin and month ahead.

    Args:
        truth: The panel that holds what happened.
        models: The models; each sees only the panel of the origin.
        protocol: Origins, horizon, what absence means, segments.
        as_of: Reads the panel as it was known at an origin; without it the truth is cut after the origin, which is right only
            for values that are never restated.
        progress: Told after each origin and model.

    Raises:
        GrowthringError: A panel as of an origin holds months after it, or a model answers for other rows or months.
    """
    found = Backtest(protocol, truth.unit)
    for model in models:
        found.tallies[model.name] = {(level, step): Tally([]) for level in LEVELS_SCORED for step in (MONTH, QUARTER)}
        found.costs[model.name], found.unanswered[model.name], found.substituted[model.name] = [], [], []
    for number, origin in enumerate(protocol.origins):
        seen = (as_of or truth.through)(origin)
        _require_blind(seen, origin)
        actuals = actuals_after(truth, seen, origin, protocol.horizon, protocol.absence)
        contest = _Contest(seen, actuals, _codes(found.segments, protocol.segments(seen)))
        found.scored.append(int(actuals.scored.sum()))
        found.left_out.append(actuals.left_out)
        found.new_business.append(float(np.nansum(actuals.new_business)))
        for place, model in enumerate(models):
            _enter(found, contest, model)
            progress("backtest", number * len(models) + place + 1, len(protocol.origins) * len(models))
    _name_groups(found)
    return found


def _enter(found: Backtest, contest: "_Contest", model: Model) -> None:
    """Let a model forecast from one origin, and note its losses and what it cost."""
    horizon, scored = found.protocol.horizon, contest.actuals.scored
    with measured() as cost:
        prediction = model.predict(contest.seen, horizon)
        ranges = contest.ranges(prediction, len(found.segments), horizon)
    _require_fit(model, prediction, contest.seen, horizon)
    made_by = getattr(prediction, "made_by", None)
    found.costs[model.name].append(cost)
    found.unanswered[model.name].append(int((~np.isfinite(prediction.point[scored])).any(axis=1).sum()))
    found.substituted[model.name].append(0 if made_by is None else int((made_by[scored] != model.name).sum()))
    for key, sums in contest.score(prediction, ranges, len(found.segments)).items():
        found.tallies[model.name][key].by_origin.append(sums)


@dataclass(frozen=True)
class _Contest:
    """One origin: what was seen, what happened, and the segment code of each row."""

    seen: Panel
    actuals: Actuals
    codes: NDArray[np.int64]

    def ranges(self, prediction: Prediction, segments: int, horizon: int) -> dict[Key, Values | None]:
        """Return the quantiles of each level by month and by quarter; making them is part of what a model's forecast costs."""
        by_segment, whole = np.where(self.actuals.scored, self.codes, -1), np.where(self.actuals.scored, 0, -1)
        found: dict[Key, Values | None] = {
            (ACCOUNT, MONTH): prediction.quantiles(),
            (SEGMENT, MONTH): _padded(prediction.group_quantiles(by_segment), segments),
            (TOTAL, MONTH): prediction.group_quantiles(whole),
        }
        if isinstance(prediction, WindowedPrediction) and horizon >= 3:
            quarters = [(first, first + 2) for first in range(1, horizon - 1, 3)]
            found[ACCOUNT, QUARTER] = prediction.quantiles(LEVELS, quarters)
            found[SEGMENT, QUARTER] = _padded(prediction.group_quantiles(by_segment, LEVELS, quarters), segments)
            found[TOTAL, QUARTER] = prediction.group_quantiles(whole, LEVELS, quarters)
        return found

    def score(self, prediction: Prediction, ranges: dict[Key, Values | None], segments: int) -> dict[Key, dict[str, Values]]:
        """Return the losses of a prediction at every level, by month and by quarter."""
        scored, actual = self.actuals.scored, self.actuals.values
        codes = np.where(scored, self.codes, -1)
        whole = np.where(scored, 0, -1)
        point = np.where(np.isfinite(prediction.point), prediction.point, 0.0)
        scales = {season: naive_scale(self._history(), season) for season in (1, 12)}
        result: dict[Key, dict[str, Values]] = {}
        for step in (MONTH, QUARTER):
            forecast, happened = (point, actual) if step == MONTH else (_by_quarter(point), _by_quarter(actual))
            items = losses(forecast, happened, ranges.get((ACCOUNT, step)), scales if step == MONTH else None)
            result[ACCOUNT, step] = add_up(items, codes, segments)
            grouped = add_up({"f": forecast, "a": happened}, codes, segments)
            occupied = np.isin(np.arange(segments), codes)[:, None]
            result[SEGMENT, step] = losses(grouped["f"], np.where(occupied, grouped["a"], np.nan), ranges.get((SEGMENT, step)))
            sums = add_up({"f": forecast, "a": happened}, whole, 1)
            result[TOTAL, step] = losses(sums["f"], sums["a"], ranges.get((TOTAL, step)))
            new = self.actuals.new_business[None, :]
            result[WITH_NEW, step] = losses(sums["f"], sums["a"] + (new if step == MONTH else _by_quarter(new)), None)
        return result

    def _history(self) -> Values:
        history: Values = np.where(self.seen.is_present, self.seen.values, np.nan)
        return history


def _codes(segments: list[str], labels: NDArray[np.str_]) -> NDArray[np.int64]:
    """Return the code of each row's segment; segments not met before are added to the list."""
    names, inverse = np.unique(labels, return_inverse=True)
    segments.extend(name for name in names.tolist() if name not in segments)
    return np.array([segments.index(name) for name in names.tolist()], np.int64)[inverse]


def _padded(quantiles: Values | None, groups: int) -> Values | None:
    """Return quantiles of all groups: those after the last one that has rows are unknown."""
    if quantiles is None or len(quantiles) == groups:
        return quantiles
    return np.concatenate([quantiles, np.full((groups - len(quantiles), *quantiles.shape[1:]), np.nan)])


def _by_quarter(values: Values) -> Values:
    """Return sums of three months each; months at the end that fill no quarter are dropped."""
    quarters = values.shape[1] // 3
    sums: Values = values[:, : quarters * 3].reshape(len(values), quarters, 3).sum(axis=2)
    return sums


def _name_groups(found: Backtest) -> None:
    """Give every tally its names, and origins that knew fewer segments empty ones."""
    for tallies in found.tallies.values():
        for (level, _), tally in tallies.items():
            tally.groups = list(found.segments) if level in (ACCOUNT, SEGMENT) else [level]
            groups = len(tally.groups)
            tally.by_origin = [
                {name: np.pad(values, ((0, groups - len(values)), (0, 0))) for name, values in sums.items()}
                for sums in tally.by_origin
            ]


def _require_blind(seen: Panel, origin: int) -> None:
    if seen.last_month.index != origin:
        raise GrowthringError(
            f"The panel for the origin {origin // 12}-{origin % 12 + 1:02d} ends with {seen.last_month}.",
            valid="A model may see the months through the origin, all of them and no later one.",
            remedy="Cut the panel after the origin: panel.through(origin).",
        )


def _require_fit(model: Model, prediction: Prediction, seen: Panel, horizon: int) -> None:
    if prediction.point.shape != (seen.rows, horizon):
        raise GrowthringError(
            f"{model.name} answered with {prediction.point.shape[0]} rows × {prediction.point.shape[1]} months.",
            valid=f"Valid: {seen.rows} rows × {horizon} months, those of the panel it was given.",
            remedy="Return one row for each row of the panel; NaN where nothing can be said.",
        )
