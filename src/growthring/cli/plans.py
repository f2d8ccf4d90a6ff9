"""Commands about what is to come: new customers, the waterfall of cohorts, the economic model, the budget."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from growthring.cli.options import HERE, AsJson, AsOf, Pipeline, PolicyName, ProjectFolder, instant
from growthring.cli.outlook import print_parts
from growthring.cli.output import print_answer, say
from growthring.cli.progress import drawn
from growthring.kernel.errors import ConfigurationError

_AMOUNTS = ("revenue", "revenue_uncapped", "gm1", "gm2", "gm3", "gm4")
Horizon = Annotated[int, typer.Option("--horizon", min=1, max=60, help="Months ahead.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        name="new-customers",
        epilog="Example: growthring new-customers   ·   growthring new-customers --pipeline deals.csv --horizon 6",
    )(new_customers)
    app.command(
        epilog="Example: growthring waterfall --quarters 8   ·   growthring waterfall --write plan.toml   ·   "
        "growthring waterfall --assumptions plan.toml --set new.first_amount=1200"
    )(waterfall)
    app.command(
        name="economic-model",
        epilog="Example: growthring economic-model --example > model.toml   ·   growthring economic-model model.toml",
    )(economic_model)
    app.command(epilog="Example: growthring budget budget.csv   (columns: indicator,at,budget; such as mrr,2024-11,540000)")(
        budget
    )


def new_customers(
    horizon: Horizon = 12,
    pipeline: Pipeline = None,
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
    from growthring.operations.forecasting.new_customers import Ahead
    from growthring.operations.forecasting.new_customers import new_customers as answer_of
    from growthring.operations.project import Project

    asked = Ahead(horizon, pipeline, tuple(self_serve or ("self-serve",)), engine, drivers)
    with drawn() as progress:
        answer = answer_of(Project.open(project), asked, policy=policy, as_of=instant(as_of), progress=progress)
    if as_json:
        say(answer.as_json())
    else:
        print_answer(answer)


def waterfall(
    quarters: Annotated[int, typer.Option("--quarters", min=1, max=20, help="Fiscal quarters ahead.")] = 4,
    assumptions: Annotated[
        Path | None,
        typer.Option("--assumptions", help="TOML file of assumptions; what it leaves out is estimated.", show_default=False),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=VALUE, such as rates.1-3.churn=0.02; repeat for more.", show_default=False),
    ] = None,
    write: Annotated[
        Path | None, typer.Option("--write", help="Write the assumptions in force to a file, to edit.", show_default=False)
    ] = None,
    policy: PolicyName = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Plan the quarters ahead as a waterfall of cohorts: opening base, new cohorts, expansion, contraction and churn."""
    from growthring.operations.forecasting.plan_beside import forecast_beside
    from growthring.operations.plans.waterfall import Changes, cohort_waterfall
    from growthring.operations.project import Project

    opened, known = Project.open(project), instant(as_of)
    asked = Changes(assumptions, tuple(settings or ()), write)
    with drawn() as progress:
        plan = cohort_waterfall(opened, quarters=quarters, changes=asked, policy=policy, as_of=known, progress=progress)
        beside = forecast_beside(opened, plan, policy=policy, as_of=known, progress=progress)
    answer = replace(plan, caveats=[*plan.caveats, *beside])
    if as_json:
        say(answer.as_json())
    else:
        whole = [{name: _whole(value) for name, value in row.items()} if row["kind"] == "step" else row for row in answer.rows]
        print_parts(replace(answer, rows=whole), {"step": "Waterfall", "assumption": "Assumptions"})


def economic_model(
    file: Annotated[Path | None, typer.Argument(help="TOML file of assumptions.", show_default=False)] = None,
    example: Annotated[bool, typer.Option("--example", help="Print a file to start from.")] = False,
    as_json: AsJson = False,
) -> None:
    """Plan market × share × price × retention less costs: revenue and GM1 to GM4 by year, from your assumptions alone."""
    from growthring.operations.plans.economic_model import EXAMPLE
    from growthring.operations.plans.economic_model import economic_model as answer_of

    if example:
        say(EXAMPLE.rstrip())
        return
    if file is None:
        raise ConfigurationError(
            "A file of assumptions is needed.",
            remedy="`growthring economic-model --example > model.toml` writes one to start from.",
        )
    answer = answer_of(file)
    if as_json:
        say(answer.as_json())
    else:
        whole = [{name: _whole(str(value)) if name in _AMOUNTS else value for name, value in row.items()} for row in answer.rows]
        print_parts(replace(answer, rows=whole), {"year": "Plan, not forecast", "limit": "Limits"})


def budget(
    file: Annotated[Path, typer.Argument(help="CSV with the columns indicator (a metric), at and budget.")],
    policy: PolicyName = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Compare a budget with what came: by indicator, down the tree of indicators, and whether budgets become more exact."""
    from growthring.operations.plans.budget import budget as answer_of
    from growthring.operations.project import Project

    with drawn() as progress:
        answer = answer_of(Project.open(project), file, policy=policy, as_of=instant(as_of), progress=progress)
    if as_json:
        say(answer.as_json())
    else:
        print_parts(
            answer, {"line": "Budget and actual", "tree": "Where the miss comes from", "accuracy": "How exact budgets are"}
        )


def _whole(value: str) -> str:
    """Show amounts without decimals; JSON keeps them."""
    return f"{Decimal(value):.0f}" if value.lstrip("-").replace(".", "", 1).isdigit() else value
