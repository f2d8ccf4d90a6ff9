"""Layers of a forecast: the model's point, what follows from contracts, and what people know, folded and never overwritten.

Each layer is kept as its effect on each row and month. Effects are counted in ten-thousandths, so that they add up to the
forecast exactly. A layer can be switched off: the ones after it are then folded onto what is left, and nobody's entry changes
(FC-04).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.panel import Panel, Values
from growthring.forecast.scopes import Scopes
from growthring.forecast.sharing import PER_ONE, Units, share, to_units, whole
from growthring.journal.forecast_entries import Override
from growthring.journal.forecast_entries import OverrideMethod as Method

__all__ = ["ALL", "COMPUTED", "Applied", "Folded", "Layer", "Method", "fold", "standing"]


class Layer(StrEnum):
    """The layers of a forecast, in the order in which they are folded."""

    STATISTICAL = "statistical"
    COMMITMENT = "commitment"
    KNOWN_RAMP = "known_ramp"
    PRICE_EVENT = "price_event"
    EXTERNAL_EVENT = "external_event"
    REP = "rep"
    MANAGER = "manager"
    TOPSIDE = "topside"


ALL = tuple(Layer)
COMPUTED = (Layer.STATISTICAL, Layer.COMMITMENT)
"""Layers in which nobody writes."""


@dataclass(frozen=True)
class Applied:
    """What an override did to a forecast.

    Attributes:
        entry: The override.
        weight: How much of it was taken, 0 to 1.
        rows: Rows of the panel it is about.
        first_month: The first month it changed, counted as year × 12 + month − 1.
        before: Sum of its rows before it, by month, shape (months,).
        after: Sum of its rows after it, by month, shape (months,).
        remark: Why it changed nothing, or less than it says; empty otherwise.
    """

    entry: Override
    weight: float
    rows: NDArray[np.int64]
    first_month: int
    before: Values
    after: Values
    remark: str = ""

    @property
    def change(self) -> float:
        """What it added over all months."""
        return float((self.after - self.before).sum())


@dataclass(frozen=True)
class Folded:
    """A forecast in layers.

    Attributes:
        units: Effect of each layer that has one, in ten-thousandths, each of shape (rows, horizon); statistical is always there.
        is_known: Cells somebody says something about, the model or a person, shape (rows, horizon).
        added: The part of people's effects that came from adding amounts, in ten-thousandths, shape (rows, horizon).
        applied: What each override did, in the order of folding.
    """

    units: Mapping[Layer, Units]
    is_known: NDArray[np.bool_]
    added: Units
    applied: tuple[Applied, ...] = field(default=())

    def effect(self, layer: Layer) -> Values:
        """Return the effect of a layer, shape (rows, horizon)."""
        found = self.units.get(layer)
        return np.zeros(self.is_known.shape) if found is None else found / PER_ONE

    @property
    def base(self) -> Values:
        """The forecast before anybody changed it, shape (rows, horizon)."""
        return self._sum(COMPUTED)

    @property
    def final(self) -> Values:
        """The forecast, shape (rows, horizon): the sum of all effects, NaN where nobody says anything."""
        return np.where(self.is_known, self._sum(ALL), np.nan)

    def _sum(self, layers: Collection[Layer]) -> Values:
        total = sum((units for layer, units in self.units.items() if layer in layers), np.zeros(self.is_known.shape, np.int64))
        return np.asarray(total / PER_ONE, np.float64)


def standing(entries: Iterable[Override], measure: str, as_of: datetime | None = None) -> list[Override]:
    """Return the overrides of a measure that count at an instant, in the order in which they are folded.

    Left out are those recorded later, those taken back by then, and those past their last day.

    Args:
        entries: Overrides, expired ones among them or not.
        measure: What is forecast.
        as_of: The instant, UTC; nothing means now.
    """
    at = as_of or datetime.now(UTC)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    counting = [
        each
        for each in entries
        if each.measure == measure
        and each.recorded_at <= at
        and (each.expired_by is None or each.expired_by.expired_at > at)
        and (each.expires_on is None or at.date() <= each.expires_on)
    ]
    return sorted(counting, key=lambda each: (ALL.index(Layer(each.layer)), each.recorded_at, each.override_id))


def fold(
    point: Values,
    panel: Panel,
    entries: Iterable[Override],
    *,
    on: Collection[Layer] = ALL,
    computed: Mapping[Layer, Values] | None = None,
    by_confidence: bool = False,
    weights: Mapping[int, float] | None = None,
) -> Folded:
    """Fold overrides onto a model's point, layer by layer.

    Inside a layer the earlier entry comes first, and a later one changes what it left. An override of several rows changes their
    sum by exactly its amount, shared in proportion to what stands there; where nothing stands, equally. Amounts cannot push a sum
    below 0 unless the measure knows negative values.

    Args:
        point: The model's expected values, shape (rows, horizon); NaN where it says nothing.
        panel: The history the point was made from; horizon 1 is the month after its last known one.
        entries: Overrides that count, as `standing` returns them.
        on: Layers that are switched on.
        computed: Effects that follow from contracts or from measured events, by layer, each of shape (rows, horizon); they come
            before people's entries of their layer.
        by_confidence: Take only the share of an override that its author is sure of.
        weights: Share of an override to be taken, by its number; those not named are taken whole. See `skill.override_weights`.

    Returns:
        The layers.
    """
    ordered = sorted(entries, key=lambda each: (ALL.index(Layer(each.layer)), each.recorded_at, each.override_id))
    folding = _Folding(point if Layer.STATISTICAL in on else np.zeros_like(point), panel)
    for layer in ALL[1:]:
        if layer not in on:
            continue
        if computed is not None and layer in computed:
            folding.add_computed(layer, computed[layer])
        for entry in ordered:
            if Layer(entry.layer) is layer:
                sure = entry.confidence if by_confidence else 1.0
                folding.apply(entry, sure * (weights or {}).get(entry.override_id, 1.0))
    return folding.folded(np.isfinite(point))


class _Folding:
    """The forecast while it is being folded."""

    def __init__(self, point: Values, panel: Panel) -> None:
        self._units: dict[Layer, Units] = {Layer.STATISTICAL: to_units(point)}
        self._stage = self._units[Layer.STATISTICAL].copy()
        self._added = np.zeros_like(self._stage)
        self._named = np.zeros(point.shape, np.bool_)
        self._applied: list[Applied] = []
        self._panel = panel
        self._alive = panel.alive
        self._scopes = Scopes(panel)
        self._first = panel.first_month + panel.last_known + 1
        self._knows_negatives = bool((panel.values < 0).any() or (point < 0).any())

    def folded(self, is_known: NDArray[np.bool_]) -> Folded:
        """Return the layers as they stand."""
        return Folded(dict(self._units), is_known | self._named | (self._stage != 0), self._added, tuple(self._applied))

    def add_computed(self, layer: Layer, effect: Values) -> None:
        """Add what follows from contracts or measured events."""
        units = to_units(effect)
        self._units[layer] = self._units.get(layer, 0) + units
        self._stage += units

    def apply(self, entry: Override, weight: float) -> None:
        """Add what an override changes."""
        rows, remark = self._scopes.find(entry)
        start, stop = self._columns(entry)
        if not remark and start >= stop:
            remark = "its months lie outside the forecast"
        if remark:
            self._applied.append(Applied(entry, weight, rows, self._first + start, np.zeros(0), np.zeros(0), remark))
            return
        cells = np.ix_(rows, np.arange(start, stop))
        before = self._stage[cells]
        after, remark = self._changed(before, entry, weight, self._alive[rows])
        change = after - before
        layer = Layer(entry.layer)
        self._units.setdefault(layer, np.zeros_like(self._stage))[cells] += change
        self._stage[cells] = after
        if entry.method == Method.ADD:
            self._added[cells] += change
        if entry.account_id is not None and entry.method != Method.MULTIPLY:
            self._named[cells] = True
        sums = (before.sum(axis=0) / PER_ONE, after.sum(axis=0) / PER_ONE)
        self._applied.append(Applied(entry, weight, rows, self._first + start, *sums, remark))

    def _columns(self, entry: Override) -> tuple[int, int]:
        horizon = self._stage.shape[1]
        last = horizon if entry.last_month is None else min(entry.last_month - self._first + 1, horizon)
        return max(entry.first_month - self._first, 0), last

    def _changed(self, before: Units, entry: Override, weight: float, alive: NDArray[np.bool_]) -> tuple[Units, str]:
        """Return the rows of an override after it, and what is to be said about it."""
        if entry.method == Method.MULTIPLY:
            factor = 1 + weight * (float(entry.amount) - 1)
            return whole(before.astype(np.float64) * factor), ""
        total = before.sum(axis=0)
        whole(np.array([float(entry.amount) * PER_ONE]))  # refuses what a line cannot hold
        wanted = np.full_like(total, int((entry.amount * PER_ONE).to_integral_value()))
        change = wanted if entry.method == Method.ADD else wanted - total
        change = change if weight == 1 else np.asarray(np.rint(weight * change), np.int64)
        remark = ""
        if not self._knows_negatives and (total + change < 0).any():
            change = np.maximum(change, -total)
            remark = "it takes away more than there is: nothing is left in some months"
        weights = np.maximum(before, 0).astype(np.float64)
        fallback = alive if alive.any() else np.ones_like(alive)
        weights = np.where(weights.sum(axis=0) > 0, weights, fallback[:, np.newaxis].astype(np.float64))
        if (before < 0).any() or (total + change < 0).any():
            return before + share(change, weights), remark
        return share(total + change, weights), remark
