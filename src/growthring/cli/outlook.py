"""Commands about the outlook of the base: vintages, regime, concentration, downturn."""

from decimal import Decimal
from typing import Annotated, Any

import typer

from growthring.cli.options import HERE, AsJson, AsOf, PolicyName, ProjectFolder, instant
from growthring.cli.output import print_answer, print_caveats, print_triangle, say
from growthring.cli.progress import drawn
from growthring.kernel.period import PeriodKind


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        epilog="Example: growthring vintages --measure price   ·   growthring vintages --year FY2025   ·   "
        "growthring vintages --measure usage:api_calls --period fiscal_year"
    )(vintages)


def vintages(
    year: Annotated[
        str | None,
        typer.Option("--year", help="The balances that enter a fiscal year, such as FY2025.", show_default=False),
    ] = None,
    measure: Annotated[str, typer.Option("--measure", help="revenue, usage:METER, or price (net over list).")] = "revenue",
    period: Annotated[PeriodKind, typer.Option("--period", help="Length of vintages and ages.")] = PeriodKind.QUARTER,
    policy: PolicyName = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show revenue, usage or price realisation by vintage and age, or the balances that enter a fiscal year."""
    from growthring.operations.project import Project
    from growthring.operations.vintages import entering
    from growthring.operations.vintages import vintages as answer_of

    opened, known = Project.open(project), instant(as_of)
    with drawn() as progress:
        if year:
            answer = entering(opened, year=year, policy=policy, as_of=known, progress=progress)
        else:
            answer = answer_of(opened, measure=measure, period=period, policy=policy, as_of=known, progress=progress)
    if as_json:
        say(answer.as_json())
    elif year:
        print_answer(answer)
    else:
        print_answer(type(answer)(**answer.as_dict() | {"rows": [], "caveats": []}))
        say()
        print_triangle(type(answer)(**answer.as_dict() | {"rows": _whole_units(answer.rows, answer.unit)}))
        print_caveats(answer)


def _whole_units(rows: list[dict[str, Any]], unit: str) -> list[dict[str, Any]]:
    """Show sums without decimals, so that a triangle fits the screen; JSON keeps them."""
    return rows if unit == "ratio" else [row | {"value": f"{Decimal(row['value']):.0f}"} for row in rows]
