"""What overrides did, beside what then happened: the evidence that people's skill is measured from (FC-27)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.layers import Applied
from growthring.forecast.panel import Cell, Panel, Values
from growthring.kernel.period import Month

Names = NDArray[np.str_]
Numbers = NDArray[np.int64]

SIZES = ("under 5 %", "5 to 20 %", "20 to 50 %", "over 50 %")
"""Size of an override: what it changed over its months, relative to what stood there."""
_BOUNDS = (0.05, 0.2, 0.5)


@dataclass(frozen=True)
class Cases:
    """One row per override and month whose outcome is known. An override of a group is judged by the group's sum.

    Attributes:
        override_ids: The override.
        authors: Who wrote it.
        reasons: Why, coded.
        layers: In which layer.
        months: The month, counted as year × 12 + month − 1.
        ahead: Months after the origin of the forecast.
        before: The forecast without it and without what was folded after it.
        after: The forecast with it.
        actual: What happened.
    """

    override_ids: Numbers
    authors: Names
    reasons: Names
    layers: Names
    months: Numbers
    ahead: Numbers
    before: Values
    after: Values
    actual: Values

    def __len__(self) -> int:
        return len(self.months)

    @property
    def improvement(self) -> Values:
        """Error without the override less error with it: forecast value added."""
        improvement: Values = np.abs(self.before - self.actual) - np.abs(self.after - self.actual)
        return improvement

    @property
    def clusters(self) -> Numbers:
        """Position of each case's override among the overrides, 0 … overrides − 1."""
        return np.unique(self.override_ids, return_inverse=True)[1]

    @property
    def directions(self) -> Names:
        """Whether each case's override raised or lowered the forecast over its months."""
        is_up = self._summed(self.after - self.before) >= 0
        directions: Names = np.where(is_up, "up", "down")
        return directions

    @property
    def sizes(self) -> Names:
        """Size of each case's override, one of `SIZES`."""
        change, stood = self._summed(np.abs(self.after - self.before)), self._summed(np.abs(self.before))
        relative = np.divide(change, stood, out=np.full(len(self), np.inf), where=stood > 0)
        sizes: Names = np.array(SIZES)[np.digitize(relative, _BOUNDS)]
        return sizes

    def take(self, chosen: NDArray[np.bool_] | Numbers) -> Self:
        """Return some cases."""
        return type(self)(**{each.name: getattr(self, each.name)[chosen] for each in fields(self)})

    def known_through(self, month: int) -> Self:
        """Return the cases whose outcome was known at the end of a month."""
        return self.take(self.months <= month)

    def first_said(self) -> Self:
        """Return each override's first case for each month: a forecast made again does not count twice."""
        order = np.lexsort((-self.ahead, self.months, self.override_ids))
        key = np.stack([self.override_ids[order], self.months[order]])
        is_first = np.ones(len(self), np.bool_)
        is_first[1:] = (np.diff(key, axis=1) != 0).any(axis=0)
        return self.take(order[is_first])

    def _summed(self, values: Values) -> Values:
        """Return the sum over each case's override."""
        clusters = self.clusters
        return np.bincount(clusters, values).astype(np.float64)[clusters]


def match_cases(applied: Iterable[Applied], panel: Panel, actual: Panel) -> Cases:
    """Set what overrides did to a forecast beside what happened.

    Args:
        applied: What overrides did, as `fold` tells it.
        panel: The history the forecast was made from; its last known month is the origin.
        actual: What is known today; months after its last known one have no outcome yet.

    Returns:
        The cases whose outcome is known; an account that is gone came to 0, a missing month is no outcome, and a month that had
        begun when the override was recorded is hindsight and left out.
    """
    origin = panel.first_month + panel.last_known
    known = np.where((actual.cells == Cell.GONE) | (actual.cells == Cell.NOT_YET), 0.0, actual.values)
    known[actual.cells == Cell.MISSING] = np.nan
    last_column, order = actual.last_known, np.argsort(actual.accounts, kind="stable")
    by_account = actual.accounts[order]
    found = []
    for each in applied:
        if each.remark and not len(each.before):
            continue
        rows = _rows_of(panel.accounts[each.rows], by_account, order)
        if each.entry.series is not None and (panel.series[each.rows] != "").any():
            rows = rows[actual.series[rows] == each.entry.series]
        months = each.first_month + np.arange(len(each.before))
        columns = months - actual.first_month
        is_known = (columns >= 0) & (columns <= last_column)
        is_known &= months > Month.of(each.entry.recorded_at.date()).index
        outcome = np.full(len(months), np.nan)
        outcome[is_known] = known[np.ix_(rows, columns[is_known])].sum(axis=0)
        found.append(_cases(each, months, origin, outcome))
    return join_cases(found)


def join_cases(parts: Sequence[Cases]) -> Cases:
    """Return cases of several forecasts together."""
    if not parts:
        whole, text, real = np.zeros(0, np.int64), np.zeros(0, np.str_), np.zeros(0)
        return Cases(whole, text, text, text, whole, whole, real, real, real)
    return Cases(**{each.name: np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Cases)})


def _rows_of(accounts: Names, by_account: Names, order: Numbers) -> Numbers:
    """Return the rows of some accounts among rows sorted by account."""
    names = np.unique(accounts)
    if len(names) > 1:
        return order[np.isin(by_account, names)]
    first, last = (int(np.searchsorted(by_account, names[0], side=side)) for side in ("left", "right"))
    return order[first:last]


def _cases(applied: Applied, months: Numbers, origin: int, outcome: Values) -> Cases:
    entry, count = applied.entry, len(months)
    cases = Cases(
        np.full(count, entry.override_id),
        np.full(count, entry.author),
        np.full(count, str(entry.reason_code)),
        np.full(count, str(entry.layer)),
        months,
        months - origin,
        applied.before,
        applied.after,
        outcome,
    )
    return cases.take(np.isfinite(outcome))
