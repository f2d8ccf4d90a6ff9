"""Making a forecast: history, statistical layer, commitments, events, people's entries and customers to come, put together."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.commitments.layer import CommitmentLayer
from growthring.forecast.engines import together, two_engines
from growthring.forecast.growth import CohortGrowth, GrowthForecast
from growthring.forecast.layers import ALL, Layer
from growthring.forecast.named_accounts import with_named_accounts
from growthring.forecast.new_customers import NewCustomers
from growthring.forecast.outlook import Outlook
from growthring.forecast.panel import Panel
from growthring.forecast.policy import STANDARD, ForecastPolicy
from growthring.kernel.errors import ConfigurationError, GrowthringError, UnknownValueError
from growthring.kernel.progress import Progress, silent
from growthring.operations.forecasting.champions import champions, with_champions
from growthring.operations.forecasting.new_customers import pipeline_customers
from growthring.operations.forecasting.override_folding import FoldedOverrides, fold_overrides, standing_overrides
from growthring.operations.forecasting.published import amount_text
from growthring.operations.history.external_events import event_layer
from growthring.operations.history.opening import REVENUE, History, open_history
from growthring.operations.history.unusual import rulings
from growthring.operations.project import Project
from growthring.operations.reading import read

_EVERY = slice(None)
_FEW_ACCOUNTS = 30
_NAMED = 3
_PATHS = 1000
_LARGE = 0.05
_LONGEST = 36
_FEWEST_CASES = 10
_FAR = (12, 6, 3)
"""Months ahead of which the farthest that was measured is told beside one."""


@dataclass(frozen=True)
class Asked:
    """What is asked of a forecast.

    Attributes:
        measure: ``revenue`` or ``usage:METER``.
        horizon: Months ahead.
        by: Attribute that makes the segments.
        layers: Layers that are switched on.
        with_new: Whether customers to come are added to the total.
        pipeline: A CSV of open deals that customers to come are taken from, instead of the trend.
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
    pipeline: Path | None = None
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
        caveats: What a reader must know of all of it; see `told`.
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

    def told(self, rows: NDArray[np.intp] | slice = _EVERY) -> list[str]:
        """Return what a reader must know of the forecast of some rows; of all when absent."""
        return [*_shortfalls(self.outlook, self.history, rows), *self.caveats]


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
    return project.kept(("forecast", project.state_token(), wanted), lambda: _made(project, wanted, progress))


def _made(project: Project, wanted: Asked, progress: Progress) -> Made:
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
    new = _newcomers(project, panel, wanted, caveats)
    outlook = Outlook(model, people.folded, panel.segments(wanted.by), new, project.calendar, commitments)
    caveats += [*people.caveats, *_late(history), *_evidence(model)]
    return Made(wanted, history, outlook, people, adopted, caveats)


def _commitments(
    project: Project, history: History, asked: Asked, caveats: list[str], progress: Progress
) -> CommitmentLayer | None:
    """Return what commitments do to revenue; nothing where there are no price books, or none of it can be foreseen."""
    if Layer.COMMITMENT not in asked.layers or asked.measure != REVENUE or project.price_terms(project.snapshot()) is None:
        return None
    from growthring.operations.forecasting.commitment_layer import commitment_layer

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


def _newcomers(project: Project, panel: Panel, asked: Asked, caveats: list[str]) -> NewCustomers | None:
    if not asked.with_new or Layer.STATISTICAL not in asked.layers:
        return None
    if asked.pipeline is None:
        return together(two_engines(panel, asked.horizon, count=_PATHS))
    if asked.measure != REVENUE:
        raise ConfigurationError(
            f"A pipeline says nothing about {asked.measure}.", valid="A pipeline holds revenue a month: forecast revenue with it."
        )
    caveats.append(f"Customers to come are the open deals of {asked.pipeline.name}; who is not in it is not counted.")
    reading = read(project, policy=project.policy(asked.policy), as_of=asked.as_of)
    return pipeline_customers(reading, panel, asked.horizon, asked.pipeline)


def _shortfalls(outlook: Outlook, history: History, rows: NDArray[np.intp] | slice) -> list[str]:
    """Name months that a commitment settles at its end: what is billed once is no run-rate (FC-06)."""
    effect = outlook.folded.effect(Layer.COMMITMENT)[rows].sum(axis=0)
    found = np.flatnonzero(effect > _LARGE * np.maximum(outlook.folded.base[rows].sum(axis=0), 1.0))
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


def _coverage(model: GrowthForecast, ahead: int) -> str:
    """Say how often past ranges of accounts and of the total held so many months ahead; nothing where none was measured."""
    held = {name: each for name, each in model.coverage(ahead).items() if each[1]}
    if ahead > 1 and held.get("total 80", (0.0, 0))[1] < _FEWEST_CASES:
        return ""
    parts = []
    for name, (share, cases) in held.items():
        scope, level = name.split()
        parts.append(f"{scope} {level} % ranges held {share * 100:.0f} % ({cases:,} cases)")
    months = "one month" if ahead == 1 else f"{ahead} months"
    return f"Measured on past forecasts {months} ahead: {'; '.join(parts)}." if parts else ""


def _evidence(model: GrowthForecast) -> list[str]:
    """Say how past ranges held, and what there is too little of."""
    found = [_coverage(model, 1), *(told for ahead in _FAR if ahead <= model.horizon and (told := _coverage(model, ahead)))][:2]
    if not found[0]:
        found = ["No range can be stated: too few past months to measure errors on."]
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
