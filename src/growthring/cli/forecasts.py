"""Commands about published forecasts: list, show, submit, approve, lock, score; and the bridge between them."""

from pathlib import Path
from typing import Annotated

import typer

from growthring.cli.options import HERE, AsJson, AsOf, Author, ProjectFolder, Top, instant
from growthring.cli.output import pretty, print_answer, print_caveats, print_json, print_table, say
from growthring.cli.progress import drawn

Forecast = Annotated[str, typer.Argument(help="Its id, the beginning of its id, or `latest`.")]
Because = Annotated[str, typer.Option("--because", help="Why; kept with the step.")]
Measure = Annotated[
    str | None, typer.Option("--measure", help="Only forecasts of revenue, or of usage:METER.", show_default=False)
]

forecasts = typer.Typer(
    name="forecasts",
    help="Published forecasts: list and show them, take them through approval, score them on what came.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    forecasts.command("list", epilog="Example: growthring forecasts list   ·   growthring forecasts list --measure usage:calls")(
        list_
    )
    forecasts.command(epilog="Example: growthring forecasts show latest")(show)
    forecasts.command(epilog="Example: growthring forecasts submit latest --because 'reps have spoken'")(submit)
    forecasts.command(epilog="Example: growthring forecasts approve latest --author Kim --because 'checked with sales'")(approve)
    forecasts.command(epilog="Example: growthring forecasts lock latest --because 'board pack'")(lock)
    forecasts.command(epilog="Example: growthring forecasts score   ·   growthring forecasts score --by origin")(score)
    app.add_typer(forecasts)
    app.command(epilog="Example: growthring bridge latest actual --window 2025-Q1   ·   growthring bridge 3f9a1c 77b0e2")(bridge)


def list_(measure: Measure = None, as_json: AsJson = False, project: ProjectFolder = HERE) -> None:
    """List the published forecasts with their state."""
    from growthring.operations.forecasting.published import list_forecasts
    from growthring.operations.project import Project

    rows = list_forecasts(Project.open(project), measure=measure)
    if as_json:
        print_json(rows)
    elif rows:
        print_table([{name: value for name, value in row.items() if name != "forecast_id"} for row in rows])
    else:
        say("No forecast is published yet. `growthring forecast` makes one.")


def show(forecast: Forecast, as_json: AsJson = False, project: ProjectFolder = HERE) -> None:
    """Show a forecast by month, with its layers and ranges, and who agreed to it."""
    from growthring.operations.forecasting.published import show_forecast
    from growthring.operations.project import Project

    answer = show_forecast(Project.open(project), forecast)
    if as_json:
        say(answer.as_json())
    else:
        print_answer(answer)


def submit(
    forecast: Forecast, because: Because, author: Author = None, as_json: AsJson = False, project: ProjectFolder = HERE
) -> None:
    """Submit a forecast for approval."""
    _move(project, forecast, "submitted", because, author, as_json)


def approve(
    forecast: Forecast,
    because: Because,
    author: Author = None,
    alone: Annotated[bool, typer.Option("--alone", help="Approve what you submitted yourself.")] = False,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Approve a forecast that somebody else submitted."""
    _move(project, forecast, "approved", because, author, as_json, alone=alone)


def lock(
    forecast: Forecast,
    because: Because,
    author: Author = None,
    again: Annotated[bool, typer.Option("--again", help="Supersede the one locked for the same month of origin.")] = False,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Lock an approved forecast: it is superseded, never edited."""
    _move(project, forecast, "locked", because, author, as_json, again=again)


def score(
    by: Annotated[str, typer.Option("--by", help="horizon (months ahead), segment or origin.")] = "horizon",
    measure: Annotated[str, typer.Option("--measure", help="`revenue`, or `usage:METER`.")] = "revenue",
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Score published forecasts on what came: the model, what was published, and who was right where people changed it."""
    from growthring.operations.forecasting.track_record import score_forecasts
    from growthring.operations.project import Project

    with drawn() as progress:
        answer = score_forecasts(Project.open(project), measure=measure, by=by, progress=progress)
    if as_json:
        say(answer.as_json())
        return
    print_answer(type(answer)(**answer.as_dict() | {"rows": [], "caveats": []}))
    names = [name for name in answer.rows[0] if not name.startswith("total")]
    for title, columns in (("Accounts", names), ("Total", [names[0], *(name for name in answer.rows[0] if name not in names)])):
        say(f"\n{title}")
        print_table([{name: _share(name, row[name]) for name in columns} for row in answer.rows])
    print_caveats(answer)


def _share(name: str, value: object) -> object:
    return pretty(value, "ratio") if isinstance(value, float) and name != "totals" else value


def _move(
    project: Path,
    forecast: str,
    state: str,
    because: str,
    author: str | None,
    as_json: bool,
    *,
    alone: bool = False,
    again: bool = False,
) -> None:
    from growthring.journal.forecast_entries import ForecastState
    from growthring.operations.forecasting.approval import move_forecast
    from growthring.operations.project import Project

    row = move_forecast(
        Project.open(project), forecast, ForecastState(state), because=because, author=author, alone=alone, again=again
    )
    if as_json:
        print_json(row)
    else:
        say(f"Forecast {row['forecast']} of {row['measure']} from {row['origin']} is {row['state']}.")


def bridge(
    first: Annotated[str, typer.Argument(help="A forecast: its id, the beginning of it, or `latest`; or `actual`.")],
    second: Annotated[str, typer.Argument(help="Another forecast, or `actual`: what came.")],
    window: Annotated[
        str | None,
        typer.Option("--window", help="2025-01, 2025-Q1 or FY2025; default: all they share.", show_default=False),
    ] = None,
    top: Top = 10,
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Explain why two forecasts differ, or a forecast and what came, part by part and without a rest."""
    from growthring.operations.forecasting.bridge import bridge as answer_of
    from growthring.operations.project import Project

    with drawn() as progress:
        answer = answer_of(Project.open(project), first, second, window=window, as_of=instant(as_of), top=top, progress=progress)
    if as_json:
        say(answer.as_json())
        return
    print_answer(type(answer)(**answer.as_dict() | {"rows": [], "caveats": []}))
    for kind, title in (("part", ""), ("account", "By account")):
        say(f"\n{title}" if title else "")
        print_table([row for row in answer.rows if row["kind"] == kind])
    print_caveats(answer)
