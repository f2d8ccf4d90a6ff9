"""Forecast: what revenue or usage will be, by account, segment and in total, with ranges, layers and their evidence."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.layers import ALL, Layer
from growthring.forecast.outlook import Range, Span
from growthring.forecast.sharing import PER_ONE
from growthring.forecast.snapshots import ForecastFacts
from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.kernel.ids import digest
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer
from growthring.operations.forecasting.making import Asked, Made, make_forecast
from growthring.operations.forecasting.plan_beside import plan_beside
from growthring.operations.forecasting.published import amount_text, publish_forecast, short
from growthring.operations.history.opening import REVENUE
from growthring.operations.known_names import KnownNames
from growthring.operations.project import Project

__all__ = [
    "Asked", "Made", "assumptions", "forecast", "forecast_account", "forecast_by", "layers_on", "make_forecast", "publish",
]  # fmt: skip

_WHOLE = 1000
_YEAR = 12
_DEFINITION = (
    "Expected {what}: the level of each account × the pooled growth of accounts like it × survival × a little own drift, right "
    "on average in sums; then the layers {layers}. Customers to come are a line of their own."
)


def forecast(project: Project, asked: Asked | None = None, *, view: str = "month", progress: Progress = silent) -> Answer:
    """Answer what the total will be, by month, quarter or year (FC-01, FC-10, FC-11).

    Args:
        project: The project.
        asked: Measure, horizon, layers.
        view: ``month``, ``quarter`` or ``year``.
        progress: Told about what has to be computed first.
    """
    made = make_forecast(project, asked, progress=progress)
    spans = _spans(made, view)
    alive = made.outlook.folded.is_known.any(axis=1)
    line = made.outlook.group_ranges(np.where(alive, 0, -1), spans, with_new=True)[0]
    rows = [_row(made, {}, span, each) | _parts(made, span) for span, each in zip(spans, line, strict=True)]
    answer = _answer(made, spans[-1], line[-1], rows)
    return replace(answer, caveats=[*answer.caveats, *plan_beside(project, made)])


def forecast_by(project: Project, asked: Asked | None = None, *, view: str = "year", progress: Progress = silent) -> Answer:
    """Answer what each segment will be; segments add up to the total of existing customers."""
    made = make_forecast(project, asked, progress=progress)
    spans = _spans(made, view)
    names, codes = np.unique(made.outlook.segments, return_inverse=True)
    alive = made.outlook.folded.is_known.any(axis=1)
    groups = made.outlook.group_ranges(np.where(alive, codes, -1), spans)
    rows = [
        _row(made, {made.asked.by: str(name)}, span, each)
        for name, group in zip(names, groups, strict=False)
        for span, each in zip(spans, group, strict=True)
    ]
    total = made.outlook.group_ranges(np.where(alive, 0, -1), spans, with_new=True)[0]
    unknown = np.full(4, np.nan)
    for place, span in enumerate(spans if made.outlook.newcomers else []):
        new = int(made.outlook.new_units[span.window[0] - 1 : span.window[1]].sum())
        rows.append(_row(made, {made.asked.by: "(new customers)"}, spans[place], Range(new, unknown)))
    rows += [_row(made, {made.asked.by: "total"}, span, each) for span, each in zip(spans, total, strict=True)]
    return _answer(made, spans[-1], total[-1], rows)


def forecast_account(
    project: Project, account: str, asked: Asked | None = None, *, view: str = "month", progress: Progress = silent
) -> Answer:
    """Answer what an account will be, layer by layer."""
    KnownNames(project).require_account(account)
    made = make_forecast(project, asked, progress=progress)
    panel, folded = made.history.panel, made.outlook.folded
    places = np.flatnonzero((panel.accounts == account) & folded.is_known.any(axis=1))
    if not len(places):
        known = panel.accounts[panel.alive]
        raise UnknownValueError(
            "account with a forecast", account, sorted(known.tolist())[:5], remedy="Name a customer of today."
        )
    spans = _spans(made, view)
    ranges = made.outlook.account_ranges(spans)
    rows = []
    for place in places:
        for at, span in enumerate(spans):
            first, last = span.window
            units = int(made.outlook.units[place, first - 1 : last].sum())
            row = _row(made, {"series": str(panel.series[place])} if panel.series[place] else {}, span,
                       Range(units, ranges[place, at]))  # fmt: skip
            for layer, effect in folded.units.items():
                change = int(effect[place, first - 1 : last].sum())
                if layer is Layer.STATISTICAL or change:
                    row[str(layer)] = _text(made, change)
            rows.append(row)
    last_total = sum(int(made.outlook.units[place, spans[-1].window[0] - 1 : spans[-1].window[1]].sum()) for place in places)
    return _answer(made, spans[-1], Range(last_total, np.full(4, np.nan)), rows, places)


def assumptions(project: Project, asked: Asked | None = None, *, progress: Progress = silent) -> Answer:
    """Answer what a forecast assumes of each segment: survival, growth of those that stay, calibration (FC-03)."""
    made = make_forecast(project, asked, progress=progress)
    found = made.model.assumptions
    rows = [
        {
            made.asked.by: str(name),
            "months ahead": ahead,
            "survival": round(float(found.survival[place, ahead - 1]), 4),
            "growth of those that stay": round(float(found.growth[place, ahead - 1]), 4),
            "correction of sums": round(float(found.calibration[place, ahead - 1]), 4),
            "weight of the last month": float(found.level_weight[place]),
        }
        for place, name in enumerate(found.segments)
        for ahead in sorted({1, *(each for each in (3, 6, 12, 24) if each <= made.asked.horizon), made.asked.horizon})
    ]
    answer = _answer(made, made.outlook.spans[0], Range(0, np.full(4, np.nan)), rows)
    return Answer(**answer.as_dict() | {"metric": "forecast_assumptions", "value": len(rows), "unit": "assumptions"})


def publish(
    project: Project, asked: Asked | None = None, *, author: str | None = None, note: str = "", progress: Progress = silent
) -> dict[str, Any]:
    """Make a forecast and keep it for good, open for submission."""
    made = make_forecast(project, asked, progress=progress)
    wanted, history = made.asked, made.history
    on = tuple(str(each) for each in ALL if each in wanted.layers)
    facts = ForecastFacts(
        as_of=wanted.as_of.date() if wanted.as_of else history.data_through or made.outlook.origin.last_day,
        origin=made.outlook.origin.index,
        horizon=wanted.horizon,
        measure=wanted.measure,
        unit=history.panel.unit,
        model=", ".join(sorted({"cohort_growth", *made.champions.values()})),
        model_version=f"{wanted.settings.name} {_version(made)}",
        policy=history.policy["name"],
        policy_version=history.policy["version"],
        snapshot_id=history.snapshot_id,
        layers=on,
        override_ids=tuple(sorted(made.people.override_ids)),
        coverage={name: round(share, 4) for name, (share, cases) in made.model.coverage().items() if cases},
    )
    published = publish_forecast(project, made.outlook.lines(), made.outlook.intervals(), facts, author=author, note=note)
    return {
        "forecast": short(published.record.forecast_id),
        "forecast_id": published.record.forecast_id,
        "state": "open",
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        **facts.as_dict(),
    }


def _version(made: Made) -> str:
    return digest([made.asked.settings.model_dump_json(), repr(sorted(made.champions.items()))])[:8]


def layers_on(without: Collection[str]) -> tuple[Layer, ...]:
    """Return the layers that stay when some are switched off.

    Raises:
        UnknownValueError: No such layer.
    """
    for name in without:
        if name not in set(Layer):
            raise UnknownValueError("layer", name, [str(each) for each in Layer])
    return tuple(each for each in ALL if each not in without)


def _spans(made: Made, view: str) -> list[Span]:
    """Return the periods of a view; after the fiscal years, of which the first is mostly under way, the next twelve months."""
    if view not in ("month", "quarter", "year"):
        raise UnknownValueError("period", view, ["month", "quarter", "year"])
    found = [each for each in made.outlook.spans if each.kind == view]
    if view == "year" and made.asked.horizon >= _YEAR and (1, _YEAR) not in {each.window for each in found}:
        found.append(Span(view, (1, _YEAR), f"next {_YEAR} months"))
    if not found:
        raise GrowthringError(
            f"No fiscal {view} ends within {made.asked.horizon} months.", remedy="Ask for a longer --horizon, or by month."
        )
    return found


def _row(made: Made, labels: dict[str, str], span: Span, found: Range) -> dict[str, Any]:
    first, last = (made.outlook.origin + ahead for ahead in span.window)
    period = {"at": _label(made, span)} | ({} if span.kind == "month" else {"months": f"{first} to {last}"})
    ends = {
        name: None if np.isnan(bound) else _text(made, round(float(bound) * PER_ONE))
        for name, bound in zip(("low80", "high80", "low95", "high95"), found.bounds, strict=True)
    }
    return {**labels, **period, "amount": _text(made, found.amount), **ends}


def _unit(made: Made, span: Span) -> str:
    """Return what an amount over a span counts: a sum over months is no amount a month."""
    return made.history.panel.unit if span.kind == "month" else made.history.panel.unit.removesuffix(" per month")


def _label(made: Made, span: Span) -> str:
    whole = {"month": 1, "quarter": 3, "year": 12}[span.kind]
    return span.label if span.window[1] - span.window[0] + 1 == whole else f"{span.label} (part)"


def _parts(made: Made, span: Span) -> dict[str, str]:
    """Return what existing and new customers and each layer contribute to the total."""
    first, last = span.window
    found = {}
    for layer, units in made.outlook.folded.units.items():
        change = int(units[:, first - 1 : last].sum())
        if layer is Layer.STATISTICAL or change:
            found[str(layer)] = _text(made, change)
    if made.outlook.newcomers is not None:
        found["new customers"] = _text(made, int(made.outlook.new_units[first - 1 : last].sum()))
    return found


def _text(made: Made, units: int) -> str:
    amount = Decimal(units).scaleb(-4)
    if not made.history.currency and abs(amount) >= _WHOLE:
        amount = amount.quantize(Decimal(1))
    return amount_text(amount, made.history.currency)


def _answer(
    made: Made, span: Span, found: Range, rows: list[dict[str, Any]], about: NDArray[np.intp] | slice = slice(None)
) -> Answer:
    on = ", ".join(str(each) for each in made.asked.layers)
    what = "recurring revenue" if made.asked.measure == REVENUE else made.asked.measure.removeprefix("usage:")
    return Answer(
        metric=f"forecast {made.asked.measure}",
        value=_text(made, found.amount),
        unit=_unit(made, span),
        at=_label(made, span),
        definition=_DEFINITION.format(what=what, layers=on),
        policy=made.history.policy,
        snapshot=made.history.snapshot_id,
        rows=rows,
        caveats=made.told(about),
    )
