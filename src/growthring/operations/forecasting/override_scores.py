"""Scores of overrides: did people bring forecasts closer to what came, and how far are they believed next (FC-04, FC-27)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb

from growthring.engine.catalog import open_tables
from growthring.engine.duckdb_session import connect
from growthring.forecast.author_skill import AuthorSkill, author_skill, override_weights
from growthring.forecast.override_cases import Cases, join_cases, match_cases
from growthring.forecast.panel import Panel
from growthring.forecast.refolding import refold
from growthring.forecast.skill import FEWEST, GROUPINGS, Score, Verdict, score_all, score_overrides, small_edits
from growthring.forecast.snapshots import StoredForecast, read_forecast
from growthring.kernel.errors import UnknownValueError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money
from growthring.operations.forecasting.overrides import aware, snapshot_id
from growthring.operations.history.opening import REVENUE, attributes_at, open_history
from growthring.operations.project import Project

if TYPE_CHECKING:
    from growthring.journal.forecast_entries import ForecastRecord, Override

_DEFINITION = (
    "Forecast value added: the error of published forecasts without an override less the error with it, over the months that "
    "have come since; the rate is its share of the error without. Each month is scored once, in the first forecast that had the "
    "override."
)


@dataclass(frozen=True)
class _Evidence:
    cases: Cases
    forecasts: int
    overrides: int
    last_month: Month | None
    unit: str


def override_scores(
    project: Project,
    *,
    by: str = "author",
    measure: str = "revenue",
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> Answer:
    """Answer who, or what kind of override, brought published forecasts closer to what came.

    Args:
        project: The project.
        by: author, reason, layer, size, direction or ahead.
        measure: ``revenue``, or ``usage:METER``.
        as_of: See only what was published, recorded and known then.
        progress: Told about what has to be computed first.

    Raises:
        UnknownValueError: No such grouping or measure.
    """
    if by not in GROUPINGS:
        raise UnknownValueError("grouping", by, GROUPINGS)
    found = _evidence(project, measure, as_of, progress)
    whole = score_all(found.cases)
    scores = score_overrides(found.cases, by) if len(found.cases) else []
    skills = {each.author: each for each in author_skill(found.cases)} if by == "author" and scores else {}
    return Answer(
        metric="forecast_value_added",
        value=whole.rate,
        unit="ratio",
        at=str(found.last_month or (as_of or datetime.now(UTC)).date()),
        definition=_DEFINITION,
        policy={"name": "forecast_value_added", "version": "1"},
        snapshot=snapshot_id(project),
        rows=[_row(by, each, skills.get(each.name), found.unit) for each in scores],
        caveats=_caveats(found, whole, scores),
    )


def author_weights(
    project: Project,
    entries: Iterable["Override"],
    *,
    measure: str = "revenue",
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> tuple[dict[int, float], list[AuthorSkill]]:
    """Return how much of each override is taken by its author's record as known then, and the records."""
    wanted = list(entries)
    evidence = _evidence(project, measure, as_of, progress)
    skill = author_skill(evidence.cases, [each.author for each in wanted])
    return override_weights(skill, wanted), skill


def _evidence(project: Project, measure: str, as_of: datetime | None, progress: Progress) -> _Evidence:
    records, entries = _recorded(project, measure, as_of)
    used = {number for record in records for number in record.facts.get("override_ids", ())}
    if not used:
        return _Evidence(join_cases([]), len(records), 0, None, "")
    snapshot, connection = project.snapshot(), connect()
    open_tables(connection, project.store, snapshot)
    panels: dict[tuple[str | None, bool], Panel] = {}
    parts = []
    for record in records:
        if not record.facts.get("override_ids"):
            continue
        forecast = read_forecast(project.store, record.forecast_id)
        # what came is read as the forecast was made: under its policy, and by product if it was
        reading = (forecast.facts.policy if measure == REVENUE else None, _is_by_product(forecast))
        if reading not in panels:
            policy, by_product = reading
            panels[reading] = open_history(
                project, measure=measure, as_of=as_of, policy=policy, by_product=by_product, progress=progress
            ).panel
        panel, folded = refold(forecast, entries, _attributes(connection, forecast, snapshot.data_through))
        parts.append(match_cases(folded.applied, panel, panels[reading]))
    newest = panels[reading]
    last = Month(newest.first_month + newest.last_known)
    return _Evidence(join_cases(parts).first_said(), len(records), len(used), last, newest.unit)


def _is_by_product(forecast: StoredForecast) -> bool:
    return any(series for series in forecast.lines["series"].unique().to_pylist())


def _attributes(connection: duckdb.DuckDBPyConnection, forecast: StoredForecast, data_through: str) -> dict[str, dict[str, str]]:
    """Return attributes of accounts as the forecast knew them; one as of the end of the data saw all of them."""
    day = forecast.facts.as_of
    known_at = datetime.combine(day, time(23, 59, 59)) if day.isoformat() < data_through else None
    return attributes_at(connection, Month(forecast.facts.origin), known_at)


def _recorded(project: Project, measure: str, as_of: datetime | None) -> tuple[list["ForecastRecord"], list["Override"]]:
    if not project.has_journal():
        return [], []
    known_at = aware(as_of)
    with project.journal() as journal:
        return journal.forecasts(measure, known_at=known_at), journal.overrides(known_at=known_at, with_expired=True)


def _row(by: str, score: Score, skill: AuthorSkill | None, unit: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        by: score.name,
        "overrides": score.overrides,
        "months": score.cases,
        "improvement": _amount(score.improvement, unit),
        "rate": _rounded(score.rate),
        "low95": _rounded(score.low),
        "high95": _rounded(score.high),
        "improved": _rounded(score.improved),
        "bias": _rounded(score.bias),
        "verdict": score.verdict.value,
    }
    if skill is not None:
        row |= {"came_true": _rounded(skill.came_true), "weight": round(skill.weight, 2)}
    return row


def _amount(value: float, unit: str) -> str:
    exact = Decimal(repr(round(value, 4)))
    return money(exact, unit.split(maxsplit=1)[0]) if unit.endswith(" per month") else f"{exact:f}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _caveats(found: _Evidence, whole: Score, scores: Sequence[Score]) -> list[str]:
    if not found.forecasts:
        return ["No forecast was published yet: `growthring forecast --help` says how one is kept to be scored."]
    if not found.overrides:
        return [f"None of the {found.forecasts} published forecasts had an override."]
    if not whole.cases:
        return ["None of the months that people changed is over in the data yet, counted from after the override was recorded."]
    told = []
    few = sum(each.verdict is Verdict.TOO_FEW for each in scores)
    if few:
        told.append(f"{few} of {len(scores)} groups have fewer than {FEWEST} overrides with an outcome: too few to say.")
    judged = len(scores) - few
    if judged > 1:
        told.append(f"Of {judged} groups without any skill, about {judged * 0.05:.1f} would look different from 0 by chance.")
    return [*told, _small(found.cases)]


def _small(cases: Cases) -> str:
    """Say what small edits were worth: they take as much of people's time as large ones."""
    found = small_edits(cases)
    worth = "too few to say what they are worth" if found.small.verdict is Verdict.TOO_FEW else found.small.verdict.value
    rest = found.rest.verdict.value
    return f"{found.share:.0%} of overrides changed the forecast by less than 5 % ({worth}); the others: {rest}."
