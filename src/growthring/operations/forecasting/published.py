"""Published forecasts: kept for good, agreed step by step, listed and shown (FC-27)."""

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from growthring.forecast.snapshots import LAYERS, ForecastFacts, StoredForecast, read_forecast, write_forecast
from growthring.journal.forecast_entries import ForecastRecord, ForecastState, StateChange
from growthring.kernel.currency import EXPONENT
from growthring.kernel.errors import UnknownValueError
from growthring.kernel.period import Month
from growthring.operations.answer import Answer, money
from growthring.operations.project import Project

LATEST = "latest"
_SHOWN_ID = 12


@dataclass(frozen=True)
class Published:
    """A forecast of the journal with its content.

    Attributes:
        record: Who published it, when, and how far it was agreed.
        stored: Its lines, ranges and facts.
        superseded_by: Id of the forecast that was locked in its place, or empty text.
    """

    record: ForecastRecord
    stored: StoredForecast
    superseded_by: str = ""

    @property
    def facts(self) -> ForecastFacts:
        """What it was made from."""
        return self.stored.facts


def publish_forecast(
    project: Project,
    lines: pa.Table,
    intervals: pa.Table,
    facts: ForecastFacts,
    *,
    author: str | None = None,
    note: str = "",
) -> Published:
    """Keep a forecast and enter it into the journal as open; the same forecast is kept and entered once."""
    artifact = write_forecast(project.store, lines, intervals, facts)
    with project.journal() as journal:
        record = journal.record_forecast(
            artifact.key,
            artifact.key,
            measure=facts.measure,
            as_of=datetime.combine(facts.as_of, time(23, 59, 59), UTC),
            origin=facts.origin,
            horizon=facts.horizon,
            snapshot_id=facts.snapshot_id,
            facts=facts.as_dict(),
            author=author or getpass.getuser(),
            note=note,
        )
    return Published(record, read_forecast(project.store, artifact.key))


def find_forecast(project: Project, name: str, *, measure: str | None = None) -> Published:
    """Return a published forecast by its id, the beginning of its id, or `latest`.

    Raises:
        UnknownValueError: None or more than one is meant.
    """
    records = records_of(project, measure)
    meant = records[-1:] if name == LATEST else [each for each in records if name and each.forecast_id.startswith(name)]
    if len(meant) != 1:
        raise UnknownValueError(
            "forecast", name, [LATEST, *(short(each.forecast_id) for each in records)] if records else [],
            remedy="`growthring forecasts list` lists them; `growthring forecast` makes one.",
        )  # fmt: skip
    return Published(meant[0], read_forecast(project.store, meant[0].forecast_id), _superseded_by(meant[0], records))


def find_rerun(project: Project, ends: Sequence[Published]) -> Published | None:
    """Return a forecast of the later end's model on the earlier end's data, if somebody published one."""
    first, second = sorted(ends, key=lambda each: (each.facts.origin, each.facts.as_of))
    model = (second.facts.model, second.facts.model_version)
    if (first.facts.model, first.facts.model_version) == model:
        return None
    for record in reversed(records_of(project, first.record.measure)):
        facts = ForecastFacts.from_dict(record.facts)
        data = (facts.origin, facts.as_of, facts.snapshot_id, facts.policy_version)
        if (facts.model, facts.model_version) == model and data == (
            first.facts.origin, first.facts.as_of, first.facts.snapshot_id, first.facts.policy_version,
        ):  # fmt: skip
            return Published(record, read_forecast(project.store, record.forecast_id))
    return None


def published_forecasts(project: Project, measure: str) -> list[Published]:
    """Return every published forecast of a measure, oldest first."""
    records = records_of(project, measure)
    return [Published(each, read_forecast(project.store, each.forecast_id), _superseded_by(each, records)) for each in records]


def list_forecasts(project: Project, *, measure: str | None = None) -> list[dict[str, Any]]:
    """Return the published forecasts, newest last."""
    records = records_of(project, measure)
    return [listed(record, records) for record in records]


def show_forecast(project: Project, name: str) -> Answer:
    """Answer what a forecast says in total: by month, with its layers and ranges, and how it was agreed."""
    found = find_forecast(project, name)
    facts = found.facts
    currency = currency_of(facts.unit)
    totals = found.stored.totals()
    layers = [layer for layer in LAYERS if layer in set(found.stored.lines["layer"].to_pylist())]
    by_layer = {layer: found.stored.totals([layer]) for layer in layers}
    ranges = _total_ranges(found.stored)
    rows = [
        {"month": str(month), "amount": amount_text(total, currency)}
        | {layer: amount_text(by_layer[layer][month], currency) for layer in layers}
        | {bound: amount_text(value, currency) for bound, value in ranges.get(month.index, {}).items()}
        for month, total in totals.items()
    ]
    whole = sum(totals.values(), Decimal(0))
    return Answer(
        metric="forecast",
        value=amount_text(whole, currency),
        unit=currency or facts.unit,
        at=f"{facts.first_month} to {facts.last_month}",
        definition=(
            f"Forecast {short(found.record.forecast_id)} of {facts.measure} from {Month(facts.origin)}, made with what was known "
            f"on {facts.as_of} by {facts.model} {facts.model_version}; published by {found.record.author} on "
            f"{found.record.recorded_at:%Y-%m-%d %H:%M} UTC, {found.record.state}. The figure adds up all its months."
        ),
        policy={"name": facts.policy, "version": facts.policy_version},
        snapshot=facts.snapshot_id,
        rows=rows,
        caveats=[*_told(found), *_agreed(found.record)],
    )


def records_of(project: Project, measure: str | None) -> list[ForecastRecord]:
    """Return the journal's forecasts of a measure, or all of them, oldest first."""
    if not project.has_journal():
        return []
    with project.journal() as journal:
        return journal.forecasts(measure)


def _superseded_by(record: ForecastRecord, records: Sequence[ForecastRecord]) -> str:
    """Return the forecast that was locked next for the same measure and origin."""
    locked = step_of(record, ForecastState.LOCKED)
    if locked is None:
        return ""
    later = [
        (step.changed_at, each.forecast_id)
        for each in records
        if (each.measure, each.origin) == (record.measure, record.origin)
        and (step := step_of(each, ForecastState.LOCKED))
        and step.changed_at > locked.changed_at
    ]
    return min(later)[1] if later else ""


def step_of(record: ForecastRecord, state: ForecastState) -> StateChange | None:
    """Return the last step of a forecast to a state."""
    taken = [each for each in record.changes if each.state is state]
    return taken[-1] if taken else None


def listed(record: ForecastRecord, records: Sequence[ForecastRecord]) -> dict[str, Any]:
    """Return a forecast as a row of the list."""
    facts = ForecastFacts.from_dict(record.facts)
    superseded = _superseded_by(record, records)
    return {
        "forecast": short(record.forecast_id),
        "measure": record.measure,
        "origin": str(Month(record.origin)),
        "months": f"{facts.first_month} to {facts.last_month}",
        "as_of": facts.as_of.isoformat(),
        "model": f"{facts.model} {short(facts.model_version)}",
        "state": str(record.state),
        "superseded_by": short(superseded),
        "published": f"{record.recorded_at:%Y-%m-%d %H:%M}",
        "author": record.author,
        "note": record.note,
        "forecast_id": record.forecast_id,
    }


def _total_ranges(stored: StoredForecast) -> dict[int, dict[str, Decimal]]:
    table = stored.intervals
    chosen = table.filter(pc.and_(pc.equal(table["scope"], "total"), pc.equal(table["window"], "month")))
    bounds = ("low80", "high80", "low95", "high95")
    return {row["first_month"]: {bound: row[bound] for bound in bounds} for row in chosen.to_pylist()}


def _told(found: Published) -> list[str]:
    facts = found.facts
    coverage = "; ".join(f"{name}: {share:.1%}" for name, share in facts.coverage.items())
    return [
        *([f"Superseded by {short(found.superseded_by)}."] if found.superseded_by else []),
        f"Layers switched on: {', '.join(facts.layers)}; people's entries: {', '.join(map(str, facts.override_ids)) or 'none'}.",
        f"Past values inside the ranges one month ahead: {coverage}."
        if coverage
        else "Nobody measured how often the ranges hold.",
    ]


def _agreed(record: ForecastRecord) -> list[str]:
    submitted = step_of(record, ForecastState.SUBMITTED)
    return [
        f"{each.state} by the one who submitted it, {each.author}, on {each.changed_at:%Y-%m-%d %H:%M} UTC: {each.because}"
        if each.state is ForecastState.APPROVED and submitted and submitted.author == each.author
        else f"{each.state} by {each.author} on {each.changed_at:%Y-%m-%d %H:%M} UTC: {each.because}"
        for each in record.changes
    ]


def short(name: str) -> str:
    """Return as much of an id as a person types."""
    return name[:_SHOWN_ID]


def currency_of(unit: str) -> str:
    """Return the currency of a unit such as ``USD per month``, or empty text for a quantity."""
    first = unit.split(" ", 1)[0]
    return first if first in EXPONENT else ""


def amount_text(value: Decimal, currency: str) -> str:
    """Return an amount as exact text: money with its decimals, quantities without trailing zeros."""
    return money(value, currency) if currency else f"{value.normalize():f}"
