"""Backtest a project's forecast: what each model would have said at past month ends, knowing only what was known then."""

from collections.abc import Sequence
from datetime import datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer
from growthring.operations.history.opening import REVENUE, open_history
from growthring.operations.project import Project

if TYPE_CHECKING:
    from growthring.forecast.backtest import Backtest
    from growthring.forecast.panel import Panel
    from growthring.forecast.prediction import Model

_DEFINITION = (
    "Each model forecasts from the end of past months, seeing only what was recorded by then, and is scored on what came. An "
    "account that left counts as 0: there is no survivor filter. Accounts that began after an origin are in the total with new "
    "business only. WAPE is Σ|F − A| ÷ Σ|A|, bias Σ(F − A) ÷ ΣA; coverage is the share of actuals within the interval."
)
_PLACES = 6


def backtest(
    project: Project,
    *,
    origins: int = 12,
    horizon: int = 12,
    measure: str = REVENUE,
    by: str = "segment",
    peers: bool = False,
    known_now: bool = False,
    progress: Progress = silent,
) -> Answer:
    """Answer how good forecasts would have been (FC-27), the product's beside simple ones and, if asked, libraries' (FC-28).

    Args:
        project: The project.
        origins: Number of month ends to forecast from, the last ones whose horizon has passed.
        horizon: Months ahead.
        measure: ``revenue`` or ``usage:METER``.
        by: Account attribute that makes the segments.
        peers: Also run LightGBM, DynamicOptimizedTheta and AutoETS; needs the extras ml and stats.
        known_now: Cut what is known now at each origin, for data that do not say when they were recorded; later records leak.
        progress: Told what is being done.

    Raises:
        GrowthringError: The history is too short, or at an origin nothing had been recorded yet.
    """
    from growthring.forecast.backtest import Protocol, last_origins
    from growthring.forecast.backtest import backtest as replay

    history = open_history(project, measure=measure, settled=True, progress=progress)
    chosen = last_origins(history.panel, origins, horizon)

    def seen_at(origin: int) -> "Panel":
        return _seen_at(project, measure, Month(origin), progress, known_now=known_now)

    found = replay(
        history.panel,
        models(by, peers=peers),
        Protocol(chosen, horizon, segments=lambda panel: panel.segments(by)),
        as_of=seen_at,
        progress=progress,
    )
    return _answer(found, history.policy, history.snapshot_id, known_now=known_now)


def _seen_at(project: Project, measure: str, origin: Month, progress: Progress, *, known_now: bool) -> "Panel":
    if known_now:
        return open_history(project, measure=measure, through=origin, progress=progress).panel
    end = datetime.combine(origin.last_day, time(23, 59, 59))
    seen = open_history(project, measure=measure, as_of=end, progress=progress).panel
    if not seen.rows or not seen.alive.any():
        raise _nothing_known(origin)
    return seen


def models(by: str, *, peers: bool) -> "list[Model]":
    """Return the models that compete: the product's first."""
    from growthring.forecast.challengers import CHALLENGERS, GlobalTrees, auto_ets, dynamic_optimized_theta
    from growthring.forecast.growth import CohortGrowth

    others: list[Model] = [GlobalTrees(), dynamic_optimized_theta(), auto_ets()] if peers else []
    return [CohortGrowth(by=by), *CHALLENGERS, *others]


def _answer(found: "Backtest", policy: dict[str, str], snapshot: str, *, known_now: bool) -> Answer:
    from growthring.forecast.backtest.replay import ACCOUNT
    from growthring.forecast.backtest.views import by_cost, by_horizon, by_origin, by_segment, figure, summary

    ours, *others = found.tallies
    views = {
        "summary": summary(found),
        "horizon": by_horizon(found),
        "segment": by_segment(found),
        "origin": by_origin(found),
        "cost": by_cost(found),
    }
    first, last = (Month(found.protocol.origins[place]) for place in (0, -1))
    rows = [{"view": view, **_plain(row)} for view, each in views.items() for row in each]
    rows += [{"view": "champion", **_plain(row)} for row in _champions(found, ours, others)]
    wape = figure(found, ours, ACCOUNT, "wape")
    return Answer(
        metric="backtest",
        value=None if wape is None else round(wape, _PLACES),
        unit="ratio",
        at=f"{first} to {last}",
        definition=_DEFINITION,
        policy=policy,
        snapshot=snapshot,
        rows=rows,
        caveats=_caveats(found, ours, known_now=known_now),
    )


def _champions(found: "Backtest", ours: str, others: Sequence[str]) -> list[dict[str, Any]]:
    from growthring.forecast.champion import choose_champions

    return [
        {
            "segment": champion.segment,
            "champion": champion.model,
            "because": champion.because,
            "challenger": contest.challenger,
            "challenger_wape": contest.challenger_wape,
            "champion_wape": contest.champion_wape,
            "better_origins": contest.better,
            "origins": contest.origins,
            "chance": contest.chance,
        }
        for champion in choose_champions(found, ours, others)
        for contest in champion.contests
    ]


def _caveats(found: "Backtest", ours: str, *, known_now: bool) -> list[str]:
    from growthring.forecast.backtest.replay import TOTAL
    from growthring.forecast.backtest.views import figure

    protocol, said = found.protocol, []
    whole = len(protocol.origins) // protocol.horizon
    said.append(
        f"{len(protocol.origins)} origins of {protocol.horizon} months share most of their months: they are worth about "
        f"{max(whole, 1)} independent ones."
    )
    if known_now:
        said.append("Every origin saw today's data cut after it: restated and late records leak into the past.")
    if left_out := sum(found.left_out):
        said.append(f"{left_out} account-origins are not scored, as nobody knows what became of them.")
    if new := sum(found.new_business):
        said.append(f"Accounts that began after an origin brought {new:,.0f} {found.unit} in all, which no model here forecasts.")
    covered = figure(found, ours, TOTAL, "coverage_80")
    if covered is not None:
        said.append(f"80 % intervals of the total held {covered:.0%} of months, over origins that share them.")
    if unanswered := _counted(found.unanswered):
        said.append(f"Rows without a forecast count as 0: {unanswered}.")
    if substituted := _counted(found.substituted):
        said.append(f"Rows too short for a method hold the naive forecast: {substituted}.")
    return said


def _counted(by_model: dict[str, list[int]]) -> str:
    return ", ".join(f"{model} {sum(counts)}" for model, counts in by_model.items() if sum(counts))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as it stands in an Answer: sums as exact text, ratios rounded."""
    return {name: _value(name, value) for name, value in row.items()}


def _value(name: str, value: Any) -> Any:  # noqa: ANN401 - a row holds text, counts and ratios
    if name == "actual" and value is not None:
        return str(Decimal(repr(float(value))).quantize(Decimal("0.01")))
    if name == "items" and value is not None:
        return int(value)
    return round(value, _PLACES) if isinstance(value, float) else value


def _nothing_known(origin: Month) -> GrowthringError:
    return GrowthringError(
        f"By {origin.last_day} nothing had been recorded that the forecast could start from.",
        valid="Every origin sees only rows whose known_at is no later than its last day.",
        remedy="Ask for fewer origins, or, for data that were all recorded later, pass --known-now to cut today's data instead.",
    )
