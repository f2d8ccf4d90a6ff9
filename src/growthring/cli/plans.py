"""Commands about what is to come: new customers, the waterfall of cohorts, the economic model, the budget."""

from pathlib import Path
from typing import Annotated

import typer

from growthring.cli.options import HERE, AsJson, AsOf, PolicyName, ProjectFolder, instant
from growthring.cli.output import print_answer, say
from growthring.cli.progress import drawn

Horizon = Annotated[int, typer.Option("--horizon", min=1, max=60, help="Months ahead.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        name="new-customers",
        epilog="Example: growthring new-customers   ·   growthring new-customers --pipeline deals.csv --horizon 6",
    )(new_customers)


def new_customers(
    horizon: Horizon = 12,
    pipeline: Annotated[
        Path | None,
        typer.Option(
            "--pipeline",
            help="Open deals instead of the trend: a CSV with amount, probability, close, segment.",
            show_default=False,
        ),
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", help="Account attribute that tells the two engines of demand apart.")
    ] = "channel",
    self_serve: Annotated[
        list[str] | None,
        typer.Option("--self-serve", help="Its values that need no sales; default: self-serve.", show_default=False),
    ] = None,
    drivers: Annotated[
        Path | None,
        typer.Option("--drivers", help="What an engine hangs on: a CSV with month, engine, value.", show_default=False),
    ] = None,
    policy: PolicyName = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Forecast what customers bring that do not exist yet: by trend and engine of demand, or from open deals."""
    from growthring.operations.new_customers import Ahead
    from growthring.operations.new_customers import new_customers as answer_of
    from growthring.operations.project import Project

    asked = Ahead(horizon, pipeline, tuple(self_serve or ("self-serve",)), engine, drivers)
    with drawn() as progress:
        answer = answer_of(Project.open(project), asked, policy=policy, as_of=instant(as_of), progress=progress)
    if as_json:
        say(answer.as_json())
    else:
        print_answer(answer)
