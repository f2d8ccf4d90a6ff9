"""A forecast as it is published: layers folded, customers to come beside it, exact amounts that add up, ranges for every sum."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import t as student

from growthring.forecast.commitments.layer import CommitmentLayer
from growthring.forecast.group_intervals import factors
from growthring.forecast.growth import GrowthForecast
from growthring.forecast.layers import Folded, Layer
from growthring.forecast.new_customers import NewCustomers
from growthring.forecast.panel import Values
from growthring.forecast.past import Window
from growthring.forecast.sharing import PER_ONE, to_units
from growthring.forecast.snapshots import INTERVAL_SCHEMA, LINE_SCHEMA, NEW_CUSTOMERS
from growthring.kernel.period import FiscalCalendar, Month, PeriodKind

BOUNDS = (0.1, 0.9, 0.025, 0.975)
"""Lower and upper end of the 80 % range, then of the 95 % range."""

_WORLDS = 2_000
_AMOUNT = pa.decimal128(18, 4)


@dataclass(frozen=True)
class Span:
    """A stretch of months ahead that people ask about.

    Attributes:
        kind: ``month``, ``quarter`` or ``year``.
        window: First and last month ahead.
        label: Its name, such as ``2025-Q1``.
    """

    kind: str
    window: Window
    label: str


@dataclass(frozen=True)
class Range:
    """An expected amount with its ranges.

    Attributes:
        amount: In ten-thousandths.
        bounds: low80, high80, low95, high95; NaN with too little evidence.
    """

    amount: int
    bounds: Values


@dataclass(frozen=True)
class Outlook:
    """Everything a forecast says.

    Attributes:
        model: The statistical forecast.
        folded: Its layers.
        segments: Segment of each row, shape (rows,).
        newcomers: Customers to come; nothing where they are left out.
        calendar: The fiscal calendar.
        commitments: What commitments do to futures; nothing where there are none.
    """

    model: GrowthForecast
    folded: Folded
    segments: NDArray[np.str_]
    newcomers: NewCustomers | None
    calendar: FiscalCalendar
    commitments: CommitmentLayer | None = None
    _ranges_of: dict[tuple[Window, ...], Values] = field(default_factory=dict, repr=False, compare=False)

    @property
    def origin(self) -> Month:
        """The last month known."""
        return Month(self.model.panel.first_month + self.model.panel.last_known)

    @property
    def spans(self) -> list[Span]:
        """Months, then quarters and fiscal years that end within the horizon; those under way count from the next month on."""
        horizon = self.model.horizon
        found = [Span("month", (ahead, ahead), str(self.origin + ahead)) for ahead in range(1, horizon + 1)]
        for kind, name in ((PeriodKind.QUARTER, "quarter"), (PeriodKind.FISCAL_YEAR, "year")):
            first = 1
            for ahead in range(1, horizon + 1):
                if self.calendar.period_of(self.origin + ahead, kind)[1] == self.origin + ahead:
                    found.append(Span(name, (first, ahead), self.calendar.label(self.origin + ahead, kind)))
                    first = ahead + 1
        return found

    @property
    def units(self) -> NDArray[np.int64]:
        """The forecast of each row and month in ten-thousandths, shape (rows, horizon)."""
        return sum(self.folded.units.values(), np.zeros(self.folded.is_known.shape, np.int64))

    @property
    def new_units(self) -> NDArray[np.int64]:
        """What customers to come bring, in ten-thousandths, shape (horizon,)."""
        if self.newcomers is None:
            return np.zeros(self.model.horizon, np.int64)
        return np.asarray(to_units(self.newcomers.mean))

    def account_ranges(self, spans: Sequence[Span]) -> Values:
        """Return ranges of each row, shape (rows, spans, bounds); they are computed once, for all accounts together."""
        windows = tuple(each.window for each in spans)
        if windows not in self._ranges_of:
            self._ranges_of[windows] = self._account_ranges(windows)
        return self._ranges_of[windows]

    def _account_ranges(self, windows: Sequence[Window]) -> Values:
        found = self.model.quantiles(BOUNDS, windows)
        base = _over(np.nan_to_num(self.model.point), windows)
        if self.commitments is not None and Layer.COMMITMENT in self.folded.units and len(self.commitments.rows):
            held = self.commitments.rows
            futures = self.commitments.move(self.model.paths(held, self.commitments.charged.shape[0]), held)
            found[held] = np.stack(
                [np.quantile(each, BOUNDS, axis=0).T for each in _over(futures, windows).transpose(2, 0, 1)], axis=1
            )
            base = _over(self.folded.base, windows)
        final, added = _over(np.nan_to_num(self.folded.final), windows), _over(self.folded.added / PER_ONE, windows)
        for place in range(len(windows)):
            found[:, place] = _moved(found[:, place], base[:, place], final[:, place], added[:, place])
        return found

    def group_ranges(self, codes: NDArray[np.int64], spans: Sequence[Span], *, with_new: bool = False) -> list[list[Range]]:
        """Return sums over groups with their ranges, by group and span.

        Args:
            codes: Group of each row; −1 leaves a row out.
            spans: The stretches of months.
            with_new: Add customers to come to every group; meant for the total.
        """
        groups = int(codes.max(initial=-1)) + 1
        windows = [each.window for each in spans]
        levels = np.array(BOUNDS)
        ranks = (np.arange(_WORLDS) + 0.5) / _WORLDS
        steps = student.ppf(ranks, self.model.policy.degrees_of_freedom)
        scale = self.model.group_scale(codes, windows)
        found = []
        for group in range(groups):
            rows = codes == group
            line = []
            for place, (first, last) in enumerate(windows):
                units = int(self.units[rows, first - 1 : last].sum())
                base = float(self.folded.effect(Layer.STATISTICAL)[rows, first - 1 : last].sum())
                committed = float(self.folded.effect(Layer.COMMITMENT)[rows, first - 1 : last].sum())
                added = committed + float(self.folded.added[rows, first - 1 : last].sum() / PER_ONE)
                worlds = base * factors(scale[group, place] * steps)
                worlds = _moved(worlds[None], np.array([base]), np.array([units / PER_ONE]), np.array([added]))[0]
                if with_new and self.newcomers is not None:
                    units += int(self.new_units[first - 1 : last].sum())
                    worlds = worlds + _shuffled(self.newcomers.draws[:, first - 1 : last].sum(axis=1))
                bounds = np.quantile(worlds, levels) if not np.isnan(worlds).any() else np.full(len(levels), np.nan)
                line.append(Range(units, bounds))
            found.append(line)
        return found

    def lines(self) -> pa.Table:
        """Return the effect of each layer on each account and month: the layers add up to the forecast."""
        horizon, panel = self.model.horizon, self.model.panel
        parts = []
        for layer, units in self.folded.units.items():
            keep = self.folded.is_known if layer is Layer.STATISTICAL else units != 0
            row, ahead = np.nonzero(keep)
            parts.append((panel.accounts[row], panel.series[row], self.segments[row], ahead, str(layer), units[row, ahead]))
        if self.newcomers is not None:
            blank = np.full(horizon, "")
            names, segment = np.full(horizon, NEW_CUSTOMERS), np.full(horizon, "new")
            parts.append((names, blank, segment, np.arange(horizon), str(Layer.STATISTICAL), self.new_units))
        tables = []
        for accounts, series, segments, ahead, name, effect in parts:
            months = ahead.astype(np.int32) + self.origin.index + 1
            columns = [accounts, series, segments, months, np.full(len(ahead), name), amounts(effect)]
            tables.append(pa.table(columns, schema=LINE_SCHEMA))
        return pa.concat_tables(tables)

    def intervals(self) -> pa.Table:
        """Return amounts and ranges of accounts, segments and the total by month, quarter and year."""
        spans, panel = self.spans, self.model.panel
        alive = self.folded.is_known.any(axis=1)
        ranges = self.account_ranges(spans)
        sums = np.stack([self.units[:, first - 1 : last].sum(axis=1) for first, last in (each.window for each in spans)], axis=1)
        tables = []
        for place, span in enumerate(spans):
            names = (
                panel.accounts
                if len(np.unique(panel.series)) == 1
                else np.char.add(np.char.add(panel.accounts, " / "), panel.series)
            )
            tables.append(self._ranges("account", names[alive], span, sums[alive, place], ranges[alive, place]))
        names, codes = np.unique(self.segments, return_inverse=True)
        by_segment = self.group_ranges(np.where(alive, codes, -1), spans)
        total = self.group_ranges(np.where(alive, 0, -1), spans, with_new=True)
        for scope, labels, groups in (("segment", names, by_segment), ("total", np.array(["total"]), total)):
            for place, span in enumerate(spans):
                line = [group[place] for group in groups]
                tables.append(
                    self._ranges(
                        scope, labels[: len(line)], span, np.array([each.amount for each in line], np.int64),
                        np.array([each.bounds for each in line]).reshape(len(line), len(BOUNDS)),
                    )
                )  # fmt: skip
        return pa.concat_tables(tables)

    def _ranges(self, scope: str, names: NDArray[np.str_], span: Span, units: NDArray[np.int64], bounds: Values) -> pa.Table:
        count = len(names)
        first, last = (self.origin.index + ahead for ahead in span.window)
        columns = [
            np.full(count, scope),
            names,
            np.full(count, span.kind),
            np.full(count, first, np.int32),
            np.full(count, last, np.int32),
        ]
        ends = [amounts(to_units(np.nan_to_num(bounds[:, at])), ~np.isnan(bounds[:, at])) for at in range(len(BOUNDS))]
        return pa.table([*columns, amounts(units), *ends], schema=INTERVAL_SCHEMA)


def amounts(units: NDArray[np.int64], known: NDArray[np.bool_] | None = None) -> pa.Array:
    """Return ten-thousandths as exact decimals with four places; null where not known.

    Example:
        >>> amounts(np.array([12345, -1])).to_pylist()
        [Decimal('1.2345'), Decimal('-0.0001')]
    """
    wide = np.stack([units.astype(np.int64), units.astype(np.int64) >> 63], axis=1)
    found = pa.Array.from_buffers(_AMOUNT, len(units), [None, pa.py_buffer(np.ascontiguousarray(wide))])
    if known is None or known.all():
        return found
    return pa.compute.if_else(pa.array(known), found, pa.nulls(len(units), _AMOUNT))


def _moved(quantiles: Values, base: Values, final: Values, added: Values) -> Values:
    """Move quantiles of sums as people's layers move the point: added amounts shift them, the rest scales them.

    Where nothing stands there is nothing to scale: what was put in its place shifts them, too. What was never below 0 does not
    fall below it when an amount is taken away.
    """
    before = base + added
    scales = (before > 0) & (final >= 0)
    ratio = np.where(scales, final / np.where(scales, before, 1.0), 1.0)
    shift = np.where(scales, 0.0, final - before)
    lowest = np.where((quantiles >= 0).all(axis=1) & (final >= 0), 0.0, -np.inf)
    return np.asarray(np.maximum((quantiles + added[:, None]) * ratio[:, None] + shift[:, None], lowest[:, None]))


def _over(values: NDArray[Any], windows: Sequence[Window]) -> Values:
    """Return sums over windows of the last axis."""
    return np.stack([values[..., first - 1 : last].sum(axis=-1, dtype=np.float64) for first, last in windows], axis=-1)


def _shuffled(draws: Values) -> Values:
    """Return as many draws as there are worlds, in an order that has nothing to do with them."""
    chance = np.random.default_rng(7)
    return np.asarray(chance.permutation(np.resize(draws, _WORLDS)))
