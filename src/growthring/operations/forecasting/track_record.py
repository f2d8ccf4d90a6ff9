"""How published forecasts did: the model's error, the published one's, who was right where people changed it (FC-27)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from growthring.forecast.track_record import Score, track_record
from growthring.journal.forecast_entries import ForecastRecord, ForecastState
from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer
from growthring.operations.forecasting.published import Published, published_forecasts, short
from growthring.operations.history.known_months import Moment, known_months
from growthring.operations.history.opening import REVENUE
from growthring.operations.project import Project

BY = ("horizon", "segment", "origin")
_AGREED = tuple(ForecastState)


def score_forecasts(project: Project, *, measure: str = REVENUE, by: str = "horizon", progress: Progress = silent) -> Answer:
    """Answer how far published forecasts were from what came.

    One forecast of each origin counts: of those agreed furthest the newest. Errors are absolute, over what came (WAPE).

    Args:
        project: The project.
        measure: ``revenue``, or ``usage:METER``.
        by: ``horizon`` (months ahead), ``segment``, or ``origin``: how the error moves from forecast to forecast.
        progress: Told about what has to be computed first.

    Raises:
        GrowthringError: Nothing was published, or no month of it has come.
    """
    if by not in BY:
        raise UnknownValueError("way to split", by, BY)
    counted = that_count(published_forecasts(project, measure))
    if not counted:
        raise GrowthringError(f"No forecast of {measure} is published yet.", remedy="`growthring forecast` makes one.")
    unit = counted[-1].facts.unit
    chosen = [each for each in counted if each.facts.unit == unit]
    scores = _scores(project, chosen, by, progress)
    if not scores:
        raise GrowthringError(
            f"No month of a forecast of {measure} has come yet.",
            valid=f"The first is {min(each.facts.first_month for each in chosen)}.",
            remedy="`growthring run` reads new data.",
        )
    every = sum(scores.values(), Score())
    return Answer(
        metric="forecast_error",
        value=_ratio(every.merged_error, every.actual),
        unit="ratio",
        at=f"origins {Month(chosen[0].facts.origin)} to {Month(chosen[-1].facts.origin)}",
        definition=(
            "Size of the errors of accounts' months over the size of what came (WAPE), all months ahead together. Model: the "
            "statistical and the commitment layer. Published: with everything people entered. Touched: accounts' months that "
            "people changed, the model beside what people left. Bias: forecast less actual, over actual."
        ),
        policy={"name": chosen[-1].facts.policy, "version": chosen[-1].facts.policy_version},
        snapshot=project.snapshot().snapshot_id,
        rows=[{by if by != "horizon" else "months_ahead": key} | _row(score) for key, score in scores.items()],
        caveats=_caveats(chosen, len(counted) - len(chosen), every),
    )


def that_count(found: Sequence[Published]) -> list[Published]:
    """Return one forecast of each origin: of those agreed furthest the newest, without superseded ones."""
    best: dict[int, Published] = {}
    for each in found:
        held = best.get(each.facts.origin)
        if not each.superseded_by and (held is None or _rank(each.record) >= _rank(held.record)):
            best[each.facts.origin] = each
    return [best[origin] for origin in sorted(best)]


def _rank(record: ForecastRecord) -> int:
    return _AGREED.index(record.state)


def _scores(project: Project, forecasts: Sequence[Published], by: str, progress: Progress) -> dict[str | int, Score]:
    found: dict[str | int, Score] = {}
    since = min(each.facts.origin for each in forecasts)
    for policy in sorted({each.facts.policy for each in forecasts}):
        mine = [each for each in forecasts if each.facts.policy == policy]
        moment = Moment(project.snapshot().snapshot_id)
        came = known_months(project, mine[0].facts.measure, policy, moment, since, by_product=False, progress=progress)
        for each in mine:
            scored = track_record([each.stored], came.rows, came.last_complete_month, by_segment=by == "segment")
            own: dict[str | int, Score] = {}
            for (segment, ahead), score in scored.items():
                names: dict[str, str | int] = {"horizon": ahead, "segment": segment, "origin": str(Month(each.facts.origin))}
                own[names[by]] = own.get(names[by], Score()) + score
            for key, score in own.items():
                found[key] = found.get(key, Score()) + replace(score, forecasts=1)
    return dict(sorted(found.items(), key=lambda each: (isinstance(each[0], str), each[0])))


def _row(score: Score) -> dict[str, Any]:
    return {
        "forecasts": score.forecasts,
        "account_months": score.cells,
        "model_wape": _ratio(score.model_error, score.actual),
        "published_wape": _ratio(score.merged_error, score.actual),
        "model_bias": _ratio(score.model_bias, score.actual),
        "published_bias": _ratio(score.merged_bias, score.actual),
        "touched": score.touched,
        "touched_model_wape": _ratio(score.touched_model, score.touched_actual),
        "touched_people_wape": _ratio(score.touched_human, score.touched_actual),
        "inside_80": _ratio(score.account_inside80, score.account_ranged),
        "inside_95": _ratio(score.account_inside95, score.account_ranged),
        "totals": score.totals,
        "total_model_error": _ratio(score.total_model, score.total_actual),
        "total_published_error": _ratio(score.total_merged, score.total_actual),
        "total_inside_80": _ratio(score.total_inside80, score.total_ranged),
        "total_inside_95": _ratio(score.total_inside95, score.total_ranged),
    }


def _ratio(numerator: float, denominator: float) -> float | None:
    return numerator / denominator if denominator else None


def _caveats(chosen: Sequence[Published], others: int, every: Score) -> list[str]:
    late = [each for each in chosen if each.record.recorded_at.date() - timedelta(days=1) >= each.facts.first_month.last_day]
    told = []
    if late:
        told.append(
            f"{len(late)} of {len(chosen)} forecasts were published after months they are scored on had ended "
            f"({', '.join(short(each.record.forecast_id) for each in late[:3])}{' …' if len(late) > 3 else ''}): they are tests "
            "in hindsight, not a record."
        )
    if others:
        told.append(f"{others} forecasts count in another unit than {chosen[-1].facts.unit} and are left out.")
    if not every.touched:
        told.append("Nobody changed an account's month that has come: there is nothing to compare people with.")
    if not every.account_ranged and not every.total_ranged:
        told.append("No ranges were published for these months.")
    return told
