"""What a forecast holds, as rows of an Answer: past, periods ahead, accounts, coverage, assumptions, people's entries."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.layers import COMPUTED, Layer
from growthring.forecast.outlook import Span
from growthring.forecast.sharing import PER_ONE
from growthring.kernel.currency import exponent
from growthring.kernel.period import PeriodKind
from growthring.operations.adding_up import adding_up
from growthring.operations.answer import Answer
from growthring.operations.forecasting.making import Made
from growthring.operations.known_names import account_names
from growthring.operations.project import Project

TOTAL, SEGMENT, ACCOUNT, NEW = "total", "segment", "account", "new"
"""Scopes of a row: everything, one segment, one account, customers to come."""
NEW_LAYER = "new customers"
AHEAD = "ahead"
"""The view of all months ahead together."""

_LISTED = 500
_FEWEST_CASES = 10
_MEASURED = (1, 6, 12)
_WHOLE = 1000
_BOUNDS = ("low80", "high80", "low95", "high95")
_PERIODS = {"month": PeriodKind.MONTH, "quarter": PeriodKind.QUARTER, "year": PeriodKind.FISCAL_YEAR}
_Bounds = NDArray[np.float64]
_DEFINITION = (
    "Expected {what}, right on average: the level of each account × the pooled growth of accounts like it × survival × a "
    "little own drift; then the layers {layers}. Customers to come are a line of their own. Rounded parts add up."
)


@dataclass(frozen=True)
class ForecastRows:
    """Says what a forecast holds, row by row.

    Attributes:
        project: The project.
        made: The forecast.
    """

    project: Project
    made: Made

    @cached_property
    def alive(self) -> NDArray[np.bool_]:
        """Rows that somebody says something about."""
        return np.asarray(self.made.outlook.folded.is_known.any(axis=1))

    @cached_property
    def spans(self) -> list[Span]:
        """Months, quarters and years ahead, then all months together."""
        return [*self.made.outlook.spans, self.ahead]

    @property
    def ahead(self) -> Span:
        """All months ahead together."""
        horizon = self.made.asked.horizon
        origin = self.made.outlook.origin
        return Span(AHEAD, (1, horizon), f"{origin + 1} to {origin + horizon}")

    @cached_property
    def step(self) -> Decimal:
        """What amounts are rounded to: the currency's minor unit; for quantities one, unless all are small."""
        if self.made.history.currency:
            return Decimal(1).scaleb(-exponent(self.made.history.currency))
        largest = np.nanmax(self.made.history.panel.values, initial=0.0)
        return Decimal(1) if largest >= _WHOLE else Decimal("0.0001")

    def rounded(self, units: int) -> Decimal:
        """Return ten-thousandths rounded as they are shown."""
        return Decimal(units).scaleb(-4).quantize(self.step, rounding=ROUND_HALF_UP)

    def bounds(self, found: Sequence[float] | NDArray[np.float64]) -> dict[str, str | None]:
        """Return the ends of ranges by name; nothing where there is too little evidence."""
        return {
            name: None if np.isnan(bound) else str(self.rounded(round(float(bound) * PER_ONE)))
            for name, bound in zip(_BOUNDS, found, strict=True)
        }

    def about(self) -> dict[str, Any]:
        """Return what the forecast is about: origin, customers, months of history, units."""
        panel, outlook = self.made.history.panel, self.made.outlook
        seen = np.flatnonzero(np.isfinite(panel.values).any(axis=0))
        return {
            "kind": "about",
            "origin": str(outlook.origin),
            "horizon": self.made.asked.horizon,
            "customers": int(panel.alive.sum()),
            "months_of_history": int(panel.last_known + 1 - (seen[0] if len(seen) else 0)),
            "unit": panel.unit,
            "unit_of_sums": panel.unit.removesuffix(" per month"),
            "by": self.made.asked.by,
            "entries": len(self.made.people.override_ids),
        }

    def of_groups(self) -> Iterator[dict[str, Any]]:
        """Yield past and periods of the total, of each segment, and of customers to come."""
        outlook = self.made.outlook
        names, codes = np.unique(outlook.segments, return_inverse=True)
        known = np.where(self.alive, codes, -1)
        total = outlook.group_ranges(np.where(self.alive, 0, -1), self.spans, with_new=True)[0]
        groups = outlook.group_ranges(known, self.spans)
        yield from self.past(TOTAL, "", np.ones(len(codes), np.bool_))
        for code, name in enumerate(names):
            yield from self.past(SEGMENT, str(name), codes == code)
        for place, span in enumerate(self.spans):
            new = self.new_units(span)
            parts = {(SEGMENT, str(name)): group[place].amount for name, group in zip(names, groups, strict=False)}
            parts |= {(NEW, ""): new} if outlook.newcomers is not None else {}
            whole = self.rounded(total[place].amount)
            shared = adding_up(parts, whole, self.step)
            beside = {NEW_LAYER: shared[NEW, ""]} if (NEW, "") in shared else {}
            every = _Group(TOTAL, "", np.ones(len(codes), np.bool_), self.alive)
            yield self.period(every, span, whole, total[place].bounds, beside)
            for code, group in enumerate(groups):
                name, rows = str(names[code]), codes == code
                segment = _Group(SEGMENT, name, rows, rows & self.alive)
                yield self.period(segment, span, shared[SEGMENT, name], group[place].bounds)
            if (NEW, "") in shared:
                nobody = np.zeros(len(codes), np.bool_)
                yield self.period(_Group(NEW, "", nobody, nobody), span, shared[NEW, ""], np.full(4, np.nan))

    def of_account(self, account: str, places: NDArray[np.intp]) -> Iterator[dict[str, Any]]:
        """Yield past and periods of an account; several series have no common range."""
        chosen = np.zeros(len(self.alive), np.bool_)
        chosen[places] = True
        ranges = self.made.outlook.account_ranges(self.spans)
        yield from self.past(ACCOUNT, account, chosen)
        for place, span in enumerate(self.spans):
            first, last = span.window
            units = int(self.made.outlook.units[places, first - 1 : last].sum())
            bounds = ranges[places[0], place] if len(places) == 1 else np.full(4, np.nan)
            yield self.period(_Group(ACCOUNT, account, chosen, chosen), span, self.rounded(units), bounds)

    def past(self, scope: str, name: str, rows: NDArray[np.bool_]) -> Iterator[dict[str, Any]]:
        """Yield what was, by month, and by quarter and year where all their months are over."""
        calendar, known = self.project.calendar, self.made.outlook.origin
        sums, begun = self.sums(rows)
        for view, kind in _PERIODS.items():
            for column in range(begun, len(sums)):
                month = known - (len(sums) - 1 - column)
                first = column - kind.months + 1
                if calendar.period_of(month, kind)[1] == month and first >= begun:
                    amount = self.rounded(round(float(sums[first : column + 1].sum()) * PER_ONE))
                    told = {"kind": "past", "scope": scope, "name": name, "view": view, "at": calendar.label(month, kind)}
                    yield told | {"amount": str(amount)}

    def sums(self, rows: NDArray[np.bool_]) -> tuple[NDArray[np.float64], int]:
        """Return the sum of some rows by month known, and the first column in which there is anything."""
        panel = self.made.history.panel
        values = panel.values[rows, : panel.last_known + 1]
        there = np.isfinite(values).any(axis=0)
        return np.nansum(values, axis=0), int(np.argmax(there)) if there.any() else values.shape[1]

    def period(
        self,
        group: "_Group",
        span: Span,
        amount: Decimal,
        bounds: NDArray[np.float64],
        beside: Mapping[str, Decimal] | None = None,
    ) -> dict[str, Any]:
        """Return a period ahead; layers and what stands beside them add up to the amount."""
        others = dict(beside or {})
        layers = self.layers(group.forecast, span)
        shared = adding_up(layers, amount - sum(others.values(), Decimal(0)), self.step) if group.forecast.any() else {}
        first, last = (self.made.outlook.origin + ahead for ahead in span.window)
        return {
            "kind": "period", "scope": group.scope, "name": group.name, "view": span.kind, "at": span.label,
            "first": str(first), "last": str(last), "amount": str(amount), **self.bounds(bounds),
            **{name: str(value) for name, value in (shared | others).items()}, **_people(shared, amount),
            **self.before(group, span, amount), **self.under_way(group, span, amount, bounds),
        }  # fmt: skip

    def before(self, group: "_Group", span: Span, amount: Decimal) -> dict[str, Any]:
        """Return, for all months ahead together, as many months before them and the change against those."""
        sums, begun = self.sums(group.rows)
        months = span.window[1]
        if span.kind != AHEAD or len(sums) - begun < months:
            return {}
        before = self.rounded(round(float(sums[-months:].sum()) * PER_ONE))
        return {"before": str(before), "change_share": round(float(amount / before) - 1, 4) if before else None}

    def under_way(self, group: "_Group", span: Span, amount: Decimal, bounds: _Bounds) -> dict[str, str | None]:
        """Return what is over already of a quarter or year under way, and the whole of it with its ranges."""
        if span.kind not in ("quarter", "year") or span.window[0] != 1:
            return {}
        first = self.made.outlook.origin + 1
        over = first.index - self.project.calendar.period_of(first, _PERIODS[span.kind])[0].index
        if not over:
            return {}
        known = self.rounded(round(float(self.sums(group.rows)[0][-over:].sum()) * PER_ONE))
        whole = {f"whole_{name}": value for name, value in self.bounds(bounds + float(known)).items()}
        return {"known": str(known), "whole_amount": str(known + amount), **whole}

    def layers(self, rows: NDArray[np.bool_], span: Span) -> dict[str, int]:
        """Return the effect of each layer in ten-thousandths; of those that do nothing anywhere only the model's."""
        first, last = span.window
        found = {}
        for layer, units in self.made.outlook.folded.units.items():
            if layer is Layer.STATISTICAL or units.any():
                found[str(layer)] = int(units[rows, first - 1 : last].sum())
        return found

    def new_units(self, span: Span) -> int:
        """Return what customers to come bring, in ten-thousandths."""
        first, last = span.window
        return int(self.made.outlook.new_units[first - 1 : last].sum())

    def accounts(self) -> Iterator[dict[str, Any]]:
        """Yield accounts by what is expected of them in all months ahead, the largest first, the rest in one row."""
        outlook, panel = self.made.outlook, self.made.history.panel
        ranges = outlook.account_ranges([self.ahead])[:, 0]
        units = np.where(self.alive, outlook.units.sum(axis=1), 0)
        people = np.zeros(len(units), np.int64)
        for layer, effect in outlook.folded.units.items():
            people += 0 if layer in COMPUTED else effect.sum(axis=1)
        month = np.nan_to_num(panel.values[:, panel.last_known])
        order = [
            int(place) for place in np.argsort(-units, kind="stable") if self.alive[place] and (units[place] or month[place])
        ]
        names, left = account_names(self.project), self.rounded(int(units.sum()))
        for place in order[:_LISTED]:
            account, series, amount = str(panel.accounts[place]), str(panel.series[place]), self.rounded(int(units[place]))
            left -= amount
            yield {
                "kind": "account", "account": account, "name": names.get(account, account), "series": series,
                "segment": str(outlook.segments[place]),
                "last_month": str(self.rounded(round(float(month[place]) * PER_ONE))), "amount": str(amount),
                **self.bounds(ranges[place]), "people": str(self.rounded(int(people[place]))),
            }  # fmt: skip
        if rest := order[_LISTED:]:
            yield {
                "kind": "account", "account": "", "name": f"({len(rest):,} others)", "series": "", "segment": "",
                "last_month": str(self.rounded(round(float(month[rest].sum()) * PER_ONE))), "amount": str(left),
                **dict.fromkeys(_BOUNDS), "people": str(self.rounded(int(people[rest].sum()))),
            }  # fmt: skip

    def coverage(self) -> Iterator[dict[str, Any]]:
        """Yield how often past ranges held what came, one month ahead and, where enough was measured, further."""
        for ahead in (each for each in _MEASURED if each <= self.made.asked.horizon):
            for name, (share, cases) in self.made.model.coverage(ahead).items():
                if ahead > 1 and cases < _FEWEST_CASES:
                    continue
                scope, level = name.split()
                yield {
                    "kind": "coverage", "scope": scope, "level": int(level), "ahead": ahead, "cases": int(cases),
                    "held_share": round(float(share), 4) if cases else None,
                    "verdict": _verdict(int(level) / 100, float(share), int(cases)),
                }  # fmt: skip

    def assumptions(self) -> Iterator[dict[str, Any]]:
        """Yield what is assumed of each segment (FC-03)."""
        found, horizon = self.made.model.assumptions, self.made.asked.horizon
        for place, name in enumerate(found.segments):
            for ahead in sorted({1, *(each for each in (3, 6, 12, 24) if each <= horizon), horizon}):
                yield {
                    "kind": "assumption", "segment": str(name), "months_ahead": ahead,
                    "survival": round(float(found.survival[place, ahead - 1]), 4),
                    "growth": round(float(found.growth[place, ahead - 1]), 4),
                    "correction": round(float(found.calibration[place, ahead - 1]), 4),
                    "level_weight": round(float(found.level_weight[place]), 4),
                }  # fmt: skip

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield what each entry of people did to the forecast."""
        for each in self.made.outlook.folded.applied:
            yield {
                "kind": "entry", "id": each.entry.override_id, "about": each.entry.scope, "layer": str(each.entry.layer),
                "author": each.entry.author, "weight": round(each.weight, 3),
                "change": str(self.rounded(round(each.change * PER_ONE))), "remark": each.remark,
            }  # fmt: skip

    def answer(self, rows: list[dict[str, Any]], scope: str, caveats: list[str]) -> Answer:
        """Return rows as an Answer whose value is that of a scope over all months ahead."""
        asked, history = self.made.asked, self.made.history
        whole = next(row for row in rows if row["kind"] == "period" and row["scope"] == scope and row["view"] == AHEAD)
        what = "recurring revenue" if history.currency else asked.measure.removeprefix("usage:")
        return Answer(
            metric=f"forecast {asked.measure}",
            value=whole["amount"],
            unit=history.panel.unit.removesuffix(" per month"),
            at=self.ahead.label,
            definition=_DEFINITION.format(what=what, layers=", ".join(str(each) for each in asked.layers)),
            policy=history.policy,
            snapshot=history.snapshot_id,
            rows=rows,
            caveats=caveats,
        )


@dataclass(frozen=True)
class _Group:
    """Rows that are told together: all that have a history, and those of them that have a forecast."""

    scope: str
    name: str
    rows: NDArray[np.bool_]
    forecast: NDArray[np.bool_]


def _verdict(promised: float, held: float, cases: int) -> str:
    """Say whether ranges held as often as they promise, as far as so many cases can tell (two standard errors)."""
    if cases < _FEWEST_CASES:
        return "too_few"
    apart = held - promised
    if abs(apart) <= 2 * (promised * (1 - promised) / cases) ** 0.5:
        return "holds"
    return "too_narrow" if apart < 0 else "too_wide"


def _people(layers: Mapping[str, Decimal], amount: Decimal) -> dict[str, str]:
    """Return what people's layers change, and the amount without them, where there are any."""
    found = [change for layer, change in layers.items() if Layer(layer) not in COMPUTED]
    whole = sum(found, Decimal(0))
    return {"people": str(whole), "without_people": str(amount - whole)} if found else {}
