"""Forecast: what revenue or usage will be, by account, segment and in total, with ranges, layers and their evidence."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from growthring.forecast.commitments.layer import CommitmentLayer
from growthring.forecast.engines import together, two_engines
from growthring.forecast.growth import CohortGrowth, GrowthForecast
from growthring.forecast.layers import ALL, Layer
from growthring.forecast.named_accounts import with_named_accounts
from growthring.forecast.new_customers import NewCustomers
from growthring.forecast.outlook import Outlook, Range, Span
from growthring.forecast.panel import Panel
from growthring.forecast.policy import STANDARD, ForecastPolicy
from growthring.forecast.sharing import PER_ONE
from growthring.forecast.snapshots import ForecastFacts
from growthring.kernel.errors import ConfigurationError, GrowthringError, UnknownValueError
from growthring.kernel.ids import digest
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer
from growthring.operations.champions import champions, with_champions
from growthring.operations.external_events import event_layer
from growthring.operations.forecasting import REVENUE, History, open_history
from growthring.operations.forecasts import amount_text, publish_forecast, short
from growthring.operations.known_names import KnownNames
from growthring.operations.override_folding import FoldedOverrides, fold_overrides, standing_overrides
from growthring.operations.project import Project
from growthring.operations.unusual import rulings

_FEW_ACCOUNTS = 30
_NAMED = 3
_PATHS = 1000
_LARGE = 0.05
_WHOLE = 1000
_LONGEST = 36
_DEFINITION = (
    "Expected {what}: the level of each account × the pooled growth of accounts like it × survival × a little own drift, right "
    "on average in sums; then the layers {layers}. Customers to come are a line of their own."
)


@dataclass(frozen=True)
class Asked:
    """What is asked of a forecast.

    Attributes:
        measure: ``revenue`` or ``usage:METER``.
        horizon: Months ahead.
        by: Attribute that makes the segments.
        layers: Layers that are switched on.
        with_new: Whether customers to come are added to the total.
        by_confidence: Take only the share of an override that its author is sure of.
        by_skill: Take only the share of an override that its author's record bears out.
        policy: Revenue policy; the project's when absent.
        as_of: See only what was known then.
        settings: Choices of the statistical layer.
    """

    measure: str = REVENUE
    horizon: int = 12
    by: str = "segment"
    layers: tuple[Layer, ...] = ALL
    with_new: bool = True
    by_confidence: bool = False
    by_skill: bool = False
    policy: str | None = None
    as_of: datetime | None = None
    settings: ForecastPolicy = STANDARD


@dataclass(frozen=True)
class Made:
    """A forecast as it was made.

    Attributes:
        asked: What was asked.
        history: The history.
        outlook: What it says.
        people: What people's entries did.
        champions: Models adopted for segments.
        caveats: What a reader must know.
    """

    asked: Asked
    history: History
    outlook: Outlook
    people: FoldedOverrides
    champions: dict[str, str] = field(default_factory=dict)
    caveats: list[str] = field(default_factory=list)

    @property
    def model(self) -> GrowthForecast:
        """The statistical layer."""
        return self.outlook.model


def make_forecast(project: Project, asked: Asked | None = None, *, progress: Progress = silent) -> Made:
    """Make a forecast from everything known.

    Args:
        project: The project.
        asked: Measure, horizon, layers.
        progress: Told about what has to be computed first.

    Raises:
        GrowthringError: There is no history to forecast from, or the horizon cannot be used.
    """
    wanted = asked or Asked()
    if not 1 <= wanted.horizon <= _LONGEST:
        raise ConfigurationError(f"The horizon is {wanted.horizon} months.", valid=f"Valid: 1 to {_LONGEST} months.")
    history = open_history(project, measure=wanted.measure, as_of=wanted.as_of, policy=wanted.policy, progress=progress)
    entries = standing_overrides(project, measure=wanted.measure, as_of=wanted.as_of)
    panel = with_named_accounts(history.panel, entries, history.attributes)
    history = replace(history, panel=panel)
    if not panel.rows or not panel.alive.any():
        raise GrowthringError(
            f"There is nothing to forecast {wanted.measure} from.",
            remedy="Read data with `growthring run`, or ask a later --as-of.",
        )
    if wanted.by not in panel.attributes and wanted.by != "segment":
        raise UnknownValueError("attribute", wanted.by, panel.attributes)
    said = tuple(rulings(project, wanted.as_of)) if project.has_journal() else ()
    caveats: list[str] = []
    model = CohortGrowth(wanted.settings, wanted.by, said).predict(panel, wanted.horizon)
    adopted = champions(project, measure=wanted.measure, by=wanted.by, as_of=wanted.as_of)
    model = with_champions(model, adopted, wanted.by, caveats)
    commitments = _commitments(project, history, wanted, caveats, progress)
    computed = {Layer.COMMITMENT: commitments.effect} if commitments else {}
    if Layer.EXTERNAL_EVENT in wanted.layers and project.has_journal():
        computed[Layer.EXTERNAL_EVENT] = event_layer(project, panel, model.point, as_of=wanted.as_of)
    people = fold_overrides(
        project, model.point, panel, entries, measure=wanted.measure, as_of=wanted.as_of, on=wanted.layers,
        computed=computed, by_confidence=wanted.by_confidence, by_skill=wanted.by_skill, progress=progress,
    )  # fmt: skip
    new = _newcomers(panel, wanted)
    outlook = Outlook(model, people.folded, panel.segments(wanted.by), new, project.calendar, commitments)
    caveats += [*people.caveats, *_late(history), *_shortfalls(outlook, history), *_evidence(model)]
    return Made(wanted, history, outlook, people, adopted, caveats)


def _commitments(
    project: Project, history: History, asked: Asked, caveats: list[str], progress: Progress
) -> CommitmentLayer | None:
    """Return what commitments do to revenue; nothing where there are no price books, or none of it can be foreseen."""
    if Layer.COMMITMENT not in asked.layers or asked.measure != REVENUE or project.price_terms(project.snapshot()) is None:
        return None
    from growthring.operations.commitment_layer import commitment_layer

    try:
        layer = commitment_layer(
            project, history.panel, asked.horizon, currency=history.currency, as_of=asked.as_of, progress=progress
        )
    except GrowthringError as error:
        caveats.append(f"The commitment layer is left out: {error.happened}")
        return None
    if layer.unplaced:
        named = ", ".join(layer.unplaced[:_NAMED])
        caveats.append(f"{len(layer.unplaced)} accounts with commitments have no revenue yet, such as {named}.")
    return layer


def _newcomers(panel: Panel, asked: Asked) -> NewCustomers | None:
    if not asked.with_new or Layer.STATISTICAL not in asked.layers:
        return None
    return together(two_engines(panel, asked.horizon, count=_PATHS))


def _shortfalls(outlook: Outlook, history: History) -> list[str]:
    """Name months that a commitment settles at its end: what is billed once is no run-rate (FC-06)."""
    effect = outlook.folded.effect(Layer.COMMITMENT).sum(axis=0)
    found = np.flatnonzero(effect > _LARGE * np.maximum(outlook.folded.base.sum(axis=0), 1.0))
    return [
        f"{outlook.origin + int(ahead) + 1} holds {history.currency} {effect[ahead]:,.0f} more for commitments that end: "
        "billed once, not to be taken times twelve."
        for ahead in found
    ]


def _late(history: History) -> list[str]:
    if not history.late_amount:
        return []
    amount = amount_text(Decimal(repr(round(history.late_amount, 4))), history.currency)
    return [
        f"{history.currency} {amount} were added to the last month for usage whose invoices are still to come: "
        "the median of what came late to the three months before."
    ]


def _evidence(model: GrowthForecast) -> list[str]:
    """Say how past ranges held, and what there is too little of."""
    found = []
    parts = []
    for name, (share, cases) in model.coverage().items():
        scope, level = name.split()
        if cases:
            parts.append(f"{scope} {level} % ranges held {share * 100:.0f} % ({cases:,} cases)")
    if parts:
        found.append(f"Measured on past forecasts one month ahead: {'; '.join(parts)}.")
    else:
        found.append("No range can be stated: too few past months to measure errors on.")
    alive = int(model.panel.alive.sum())
    if alive < _FEW_ACCOUNTS:
        found.append(f"Only {alive} customers: curves are pooled over all of them, and ranges are wide (FC-11).")
    months = model.panel.last_known + 1
    if months <= model.horizon:
        found.append(f"{months} months of history for {model.horizon} months ahead: later months rest on earlier ones.")
    if model.assumptions.is_season_matched:
        found.append("Growth is learned from the same season of the year before only: it was the better guide at past origins.")
    elif not np.any(model.assumptions.season):
        found.append("No calendar effect is applied: two years of history do not show one.")
    return found


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
    return _answer(made, spans[-1], line[-1], rows)


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
    ranges = made.outlook.account_ranges(made.outlook.spans)
    index = {each.label: place for place, each in enumerate(made.outlook.spans)}
    rows = []
    for place in places:
        for span in spans:
            first, last = span.window
            units = int(made.outlook.units[place, first - 1 : last].sum())
            row = _row(made, {"series": str(panel.series[place])} if panel.series[place] else {}, span,
                       Range(units, ranges[place, index[span.label]]))  # fmt: skip
            for layer, effect in folded.units.items():
                change = int(effect[place, first - 1 : last].sum())
                if layer is Layer.STATISTICAL or change:
                    row[str(layer)] = _text(made, change)
            rows.append(row)
    last_total = sum(int(made.outlook.units[place, spans[-1].window[0] - 1 : spans[-1].window[1]].sum()) for place in places)
    return _answer(made, spans[-1], Range(last_total, np.full(4, np.nan)), rows)


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
    kinds = {each.kind for each in made.outlook.spans}
    if view not in ("month", "quarter", "year"):
        raise UnknownValueError("period", view, ["month", "quarter", "year"])
    if view not in kinds:
        raise GrowthringError(
            f"No fiscal {view} ends within {made.asked.horizon} months.", remedy="Ask for a longer --horizon, or by month."
        )
    return [each for each in made.outlook.spans if each.kind == view]


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


def _answer(made: Made, span: Span, found: Range, rows: list[dict[str, Any]]) -> Answer:
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
        caveats=made.caveats,
    )
