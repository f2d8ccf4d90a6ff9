"""Forecasts of real panels beside peers on the same origins, and a forecast of a hundred thousand accounts."""

import time
import warnings
from pathlib import Path

import numpy as np
from tests.forecast.real_panels import london_meters, online_retail, usage_panel

from bench.race import RESULTS_FOLDER, Lap, judge, keep, lap, show
from growthring.forecast.backtest import (
    Absence,
    Backtest,
    Protocol,
    backtest,
    by_segment,
    by_size_and_tenure,
    figures,
    last_origins,
)
from growthring.forecast.backtest.views import figure
from growthring.forecast.challengers import (
    DAMPED_TREND,
    DRIFT,
    DYNAMIC_THETA,
    NAIVE,
    SEASONAL_NAIVE,
    GlobalTrees,
    auto_ets,
    dynamic_optimized_theta,
)
from growthring.forecast.growth import CohortGrowth
from growthring.forecast.panel import Cell, Panel
from growthring.forecast.prediction import Model
from growthring.kernel.period import Month

ORIGINS, HORIZON = 12, 6
SIZES = (12_500, 25_000, 50_000, 100_000)
MONTHS = 36
SEED = 20_261_122
OURS = "cohort_growth"
DOT = "DynamicOptimizedTheta"
_SAMPLE = 400
"""Series by which AutoETS is timed."""
_YEAR = 12
_SPACED = 3
"""Origins at which AutoETS, which is slow, is scored, spread over the others."""


def main(*, quick: bool = False) -> list[str]:
    """Score and time; return the claims that do not hold."""
    warnings.filterwarnings("ignore", module="statsforecast")
    missed = [*_usage(quick=quick), *_scale(quick=quick)]
    _as_found()
    return [] if quick else missed


def _usage(*, quick: bool) -> list[str]:
    """Score the growing, ragged panel of real usage against the bars of the issue."""
    panel = usage_panel()
    origins = last_origins(panel, ORIGINS, HORIZON)
    segments = by_size_and_tenure
    ours = [CohortGrowth(), NAIVE, DRIFT, SEASONAL_NAIVE, DYNAMIC_THETA, DAMPED_TREND]
    models: list[Model] = ours if quick else [*ours, GlobalTrees(), dynamic_optimized_theta()]
    found = backtest(panel, models, Protocol(origins, HORIZON, Absence.CENSORED, segments))
    _table(f"usage_panel: {_span(found)}, accounts listed from the origin through the horizon ({_counts(found)})", found)
    _origins_table(found)
    if not quick:
        some = origins[:: max(len(origins) // _SPACED, 1)][:_SPACED]
        slow = backtest(panel, [CohortGrowth(), NAIVE, auto_ets()], Protocol(some, HORIZON, Absence.CENSORED, segments))
        _table("usage_panel: AutoETS, at three of these origins", slow)
    keep("forecast_usage", _figures(found))
    return judge(_claims(found, DOT if DOT in found.tallies else DYNAMIC_THETA.name))


def _claims(found: Backtest, theta: str) -> list[tuple[str, float, str, float]]:
    account = {model: _known(figure(found, model, "account", "wape")) for model in found.tallies}
    total = {model: _known(figure(found, model, "total", "wape")) for model in found.tallies}
    tally = found.tallies[OURS]["account", "month"]
    by_segment = [figures(tally.select(groups=[group]))["coverage_80"] for group in range(len(found.segments))]
    covered = _known(figure(found, OURS, "account", "coverage_80"))
    return [
        ("account WAPE over naive", account[OURS] / account["naive"], "<=", 0.80),
        ("account WAPE over drift", account[OURS] / account["drift"], "<=", 0.90),
        (f"account WAPE over {theta}", account[OURS] / account[theta], "<=", 0.85),
        ("WAPE of the total over naive", total[OURS] / total["naive"], "<=", 0.60),
        ("|bias| of the total", abs(_known(figure(found, OURS, "total", "bias"))), "<=", 0.05),
        ("coverage of accounts at 80 %, at least", covered, ">=", 0.76),
        ("coverage of accounts at 80 %, at most", covered, "<=", 0.84),
        ("coverage of accounts at 80 %, worst segment", min(_known(each) for each in by_segment), ">=", 0.70),
        ("coverage of the total at 80 %", _known(figure(found, OURS, "total", "coverage_80")), ">=", 0.70),
        ("coverage of the total at 95 %", _known(figure(found, OURS, "total", "coverage_95")), ">=", 0.90),
    ]


def _as_found() -> None:
    """Score the other real panels without any bar: electricity of households, and a shop's revenue with its season."""
    models = [CohortGrowth(), NAIVE, DRIFT, SEASONAL_NAIVE, DYNAMIC_THETA, DAMPED_TREND]
    for name, panel in (("london_meters, kWh", london_meters()), ("online_retail, GBP", online_retail())):
        found = backtest(panel, models, Protocol(last_origins(panel, 8, HORIZON), HORIZON, segments=by_segment))
        _table(f"{name}: {_span(found)}, no survivor filter ({_counts(found)}); as found", found)
        keep(f"forecast_{name.split(',', maxsplit=1)[0]}", _figures(found))


def _scale(*, quick: bool) -> list[str]:
    """Time a forecast with intervals and reconciliation at several sizes, each in its own process, and AutoETS per series."""
    laps = {size: lap("forecast_product", _stored(size)) for size in (SIZES[:2] if quick else SIZES)}
    plain, seasonal = _cpu_of_ets(season=1), _cpu_of_ets(season=_YEAR)
    stages = list(next(iter(laps.values())).stages)
    rows = []
    for size, each in laps.items():
        seconds = [f"{value:.1f}" for value in (each.seconds, each.cpu_seconds, *each.stages.values())]
        rows.append([f"{size:,}", *seconds[:2], f"{each.peak_mb:.0f}", f"{each.cpu_seconds / size * 1e6:.0f}", *seconds[2:]])
    show(
        f"Accounts × {MONTHS} months → 12 months with intervals, reconciled; CPU time of AutoETS on a series: "
        f"{seasonal * 1e3:.1f} ms with season_length=12, {plain * 1e3:.1f} ms without season",
        ["accounts", "seconds", "CPU s", "peak MB", "CPU µs an account", *stages],
        rows,
    )
    kept: dict[str, object] = {str(size): each.__dict__ for size, each in laps.items()}
    keep("forecast_scale", kept | {"auto_ets": {"season_length=12": seasonal, "season_length=1": plain}})
    most, least = max(laps), min(laps)
    return judge(
        [
            (f"seconds for {most:,} accounts", laps[most].seconds, "<=", 60),
            (f"GB for {most:,} accounts", laps[most].peak_mb / 1024, "<=", 4),
            (f"CPU time an account, {most:,} over {least:,}", _each(laps, most) / _each(laps, least), "<=", 1.35),
            ("CPU time of AutoETS(season_length=12) a series over ours", seasonal / _each(laps, most), ">=", 20),
            ("CPU time of AutoETS without season a series over ours", plain / _each(laps, most), ">=", 20),
        ]
    )


def _cpu_of_ets(*, season: int) -> float:
    """Return the CPU seconds that AutoETS takes for a series that it can fit."""
    panel, model = _planted(_SAMPLE), auto_ets(season=season)
    model.predict(panel.take(np.arange(3)), HORIZON)  # what is compiled or loaded on first use is not counted
    began = time.process_time()
    fitted = int((model.predict(panel, _YEAR).made_by[panel.alive] == model.name).sum())
    return (time.process_time() - began) / fitted


def _each(laps: dict[int, Lap], size: int) -> float:
    return laps[size].cpu_seconds / size


def _stored(accounts: int) -> Path:
    target = RESULTS_FOLDER / f"forecast-{accounts}.npz"
    if not target.exists():
        RESULTS_FOLDER.mkdir(exist_ok=True)
        panel = _planted(accounts)
        np.savez(
            target, accounts=panel.accounts, series=panel.series, first_month=panel.first_month, values=panel.values,
            cells=panel.cells, segment=panel.attributes["segment"],
        )  # fmt: skip
    return target


def _planted(accounts: int) -> Panel:
    """Return accounts that join, grow by segment, wander together and leave; half were there from the start."""
    chance = np.random.default_rng(SEED)
    segment = chance.choice(["Enterprise", "Mid-market", "SMB", "Self-serve"], accounts, p=[0.05, 0.15, 0.4, 0.4])
    growth = np.select([segment == "Enterprise", segment == "Mid-market", segment == "SMB"], [0.02, 0.015, 0.01], 0.0)
    steps = chance.normal(growth[:, None], 0.12, (accounts, MONTHS)) + chance.normal(0, 0.02, MONTHS)
    values = np.exp(chance.normal(5, 1.3, (accounts, 1)) + steps.cumsum(axis=1))
    joins = np.where(chance.random(accounts) < 0.5, 0, chance.integers(0, MONTHS, accounts))
    stays = chance.geometric(0.006, accounts)
    months = np.arange(MONTHS)
    cells = np.where(months < joins[:, None], Cell.NOT_YET, np.where(months >= (joins + stays)[:, None], Cell.GONE, Cell.PRESENT))
    return Panel(
        np.char.add("A", np.arange(accounts).astype(str)), np.full(accounts, ""), 2022 * 12,
        np.where(cells == Cell.PRESENT, values, np.nan), cells.astype(np.uint8), "units", {"segment": segment},
    )  # fmt: skip


def _table(title: str, found: Backtest) -> None:
    accuracy, calibration = ("wape", "bias"), ("coverage_80", "coverage_95", "interval_score_80")
    rows = []
    for model, costs in found.costs.items():
        account = [figure(found, model, "account", name) for name in (*accuracy, "mase_1", *calibration)]
        total = [figure(found, model, "total", name) for name in (*accuracy, *calibration)]
        cost = [f"{np.mean([each.seconds for each in costs]):.1f}", f"{max(each.peak_mb or 0.0 for each in costs):.0f}"]
        rows.append([model, *map(_cell, [*account, *total]), *cost])
    header = ["model", "WAPE", "bias", "MASE", "80 %", "95 %", "score", "T WAPE", "T bias", "T 80 %", "T 95 %", "T score"]
    show(f"{title}; T: of the total; score: of 80 % intervals", [*header, "s an origin", "MB"], rows)


def _origins_table(found: Backtest) -> None:
    rows = []
    for place, origin in enumerate(found.protocol.origins):
        wapes = [figure(found, model, "account", "wape", origins=[place]) for model in (OURS, "naive", "drift")]
        account = [figure(found, OURS, "account", name, origins=[place]) for name in ("coverage_80", "bias")]
        total = [figure(found, OURS, "total", name, origins=[place]) for name in ("coverage_80", "bias")]
        rows.append([str(Month(origin)), *map(_cell, [*wapes, *account, *total])])
    show("by origin", ["origin", "WAPE", "naive", "drift", "80 %", "bias", "T 80 %", "T bias"], rows)


def _figures(found: Backtest) -> dict[str, dict[str, dict[str, float | None]]]:
    return {
        model: {level: figures(tallies[level, "month"].select()) for level in ("account", "segment", "total")}
        for model, tallies in found.tallies.items()
    }


def _span(found: Backtest) -> str:
    return f"{len(found.protocol.origins)} origins, {found.protocol.horizon} months ahead"


def _counts(found: Backtest) -> str:
    return f"{sum(found.scored):,} account-origins scored, {sum(found.left_out):,} not"


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _known(value: float | None) -> float:
    return float("nan") if value is None else value
