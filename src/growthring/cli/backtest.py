"""The command that scores forecasts on the past: backtest."""

from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any

import typer

from growthring.cli.options import HERE, AsJson, Author, ProjectFolder
from growthring.cli.output import print_caveats, print_table, say
from growthring.cli.progress import drawn
from growthring.kernel.errors import UnknownValueError

_SHOWN = ("items", "wape", "bias", "mase_1", "quantile_loss", "coverage_80", "coverage_95", "interval_score_80")


class View(StrEnum):
    """What the rows are shown by."""

    SUMMARY = "summary"
    HORIZON = "horizon"
    SEGMENT = "segment"
    ORIGIN = "origin"
    COST = "cost"
    CHAMPION = "champion"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog="Example: growthring backtest   ·   growthring backtest --origins 6 --horizon 3 --view origin   ·   "
        "growthring backtest --view horizon --model cohort_growth   ·   growthring backtest --adopt   ·   "
        "growthring backtest --measure usage:calls --peers --json"
    )(backtest)


def backtest(
    origins: Annotated[int, typer.Option("--origins", min=1, help="Month ends to forecast from.")] = 12,
    horizon: Annotated[int, typer.Option("--horizon", min=1, max=36, help="Months ahead.")] = 12,
    measure: Annotated[str, typer.Option("--measure", help="What is forecast: revenue, or usage:METER.")] = "revenue",
    by: Annotated[str, typer.Option("--by", help="The account attribute that makes segments.")] = "segment",
    view: Annotated[View, typer.Option("--view", help="What to list.")] = View.SUMMARY,
    model: Annotated[
        list[str] | None, typer.Option("--model", help="Only rows of this model; may be repeated.", show_default=False)
    ] = None,
    peers: Annotated[bool, typer.Option("--peers", help="Run LightGBM, DynamicOptimizedTheta and AutoETS, too.")] = False,
    known_now: Annotated[
        bool, typer.Option("--known-now", help="Cut today's data at each origin; restatements and late records then leak.")
    ] = False,
    adopt: Annotated[bool, typer.Option("--adopt", help="Let the winners forecast their segments from now on.")] = False,
    author: Author = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Score forecasts on the past: each model from past month ends, knowing only what was known then.

    With --json all views are given at once, with all measures.
    """
    from growthring.operations.forecasting.backtest import backtest as answer_of
    from growthring.operations.forecasting.backtest import models
    from growthring.operations.forecasting.champions import adopt_champions
    from growthring.operations.project import Project

    known = [each.name for each in models(by, peers=peers)]
    for name in model or ():
        if name not in known:
            raise UnknownValueError(
                "model", name, known, remedy="" if peers else "--peers adds LightGBM, DynamicOptimizedTheta and AutoETS."
            )
    with drawn() as progress:
        answer = answer_of(
            Project.open(project),
            origins=origins,
            horizon=horizon,
            measure=measure,
            by=by,
            peers=peers,
            known_now=known_now,
            progress=progress,
        )
    kept = adopt_champions(Project.open(project), answer, measure=measure, by=by, author=author) if adopt else []
    if as_json:
        say(answer.as_json())
        return
    say(f"backtest of {measure}, {horizon} months from {origins} origins, {answer.at}")
    say(f"  {answer.definition}\n")
    rows = [row for row in answer.rows if row["view"] == view and (not model or row.get("model") in model)]
    print_table([_short(row) for row in rows])
    print_caveats(replace(answer, rows=rows))
    if adopt:
        _say_adopted(kept)


def _say_adopted(kept: list[dict[str, Any]]) -> None:
    for each in kept:
        say(f"{each['segment']} is forecast by {each['model']} from now on: {each['because']}")
    if not kept:
        say("No challenger won: the models stay as they are.")


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that fit a screen; --json gives all."""
    if "wape" not in row:
        return {name: value for name, value in row.items() if name != "view"}
    labels = [name for name in ("segment", "origin", "level", "model", "months") if name in row]
    return {name: row[name] for name in (*labels, *_SHOWN)}
