"""Commands about the outlook of the base: vintages, regime, concentration, downturn."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from growthring.cli.options import HERE, AsJson, AsOf, At, PolicyName, ProjectFolder, Top, instant
from growthring.cli.output import print_answer, print_caveats, print_table, print_triangle, say
from growthring.cli.progress import drawn
from growthring.kernel.period import PeriodKind

if TYPE_CHECKING:
    from growthring.operations.answer import Answer


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        epilog="Example: growthring vintages --measure price   ·   growthring vintages --year FY2025   ·   "
        "growthring vintages --measure usage:api_calls --period fiscal_year"
    )(vintages)
    app.command(epilog="Example: growthring regime   ·   growthring regime --policy snowflake --years 5")(regime)
    app.command(
        epilog="Example: growthring concentration   ·   growthring concentration --by product   ·   "
        "growthring concentration --measure usage:api_calls"
    )(concentration)
    app.command(
        epilog="Example: growthring downturn --shock retail=-30 --shock all=-10   ·   growthring downturn --shock all=-20"
    )(downturn)
    app.command(epilog="Example: growthring ramp   ·   growthring ramp --by channel --months 6")(ramp)


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
    from growthring.operations.plans.vintages import entering
    from growthring.operations.plans.vintages import vintages as answer_of
    from growthring.operations.project import Project

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


def ramp(
    by: Annotated[str, typer.Option("--by", help="Account attribute to split by.")] = "segment",
    months: Annotated[int, typer.Option("--months", min=1, max=60, help="Months ahead.")] = 12,
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show how long signatures take to go live and to bring revenue, and when what is signed will arrive."""
    from growthring.operations.plans.ramp import ramp as answer_of
    from growthring.operations.project import Project

    with drawn() as progress:
        answer = answer_of(Project.open(project), by=by, months=months, as_of=instant(as_of), progress=progress)
    if as_json:
        say(answer.as_json())
    else:
        print_parts(answer, {"lag": "Lag", "expected": "Signed, and expected to arrive"})


def regime(
    at: At = None,
    years: Annotated[int, typer.Option("--years", min=1, max=50, help="Years ahead.")] = 10,
    policy: PolicyName = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show where today's net dollar retention leads: to a ceiling, in a straight line, or compounding."""
    from growthring.operations.plans.regime import regime as answer_of
    from growthring.operations.project import Project

    with drawn() as progress:
        answer = answer_of(Project.open(project), at=at, years=years, policy=policy, as_of=instant(as_of), progress=progress)
    if as_json:
        say(answer.as_json())
    else:
        print_answer(answer)


def concentration(
    by: Annotated[str, typer.Option("--by", help="Account attribute, product, product_family or customer.")] = "industry",
    measure: Annotated[str, typer.Option("--measure", help="revenue or usage:METER.")] = "revenue",
    policy: PolicyName = None,
    as_of: AsOf = None,
    top: Top = 20,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show how few groups revenue or usage rests on, whether they move together, and which of them moves the total."""
    from growthring.operations.plans.concentration import concentration as answer_of
    from growthring.operations.project import Project

    with drawn() as progress:
        answer = answer_of(Project.open(project), by=by, measure=measure, policy=policy, as_of=instant(as_of), progress=progress)
    if as_json:
        say(answer.as_json())
    else:
        print_top(answer, top)


def downturn(
    shock: Annotated[
        list[str], typer.Option("--shock", help="GROUP=PERCENT by which usage falls, such as retail=-30; `all` for the others.")
    ],
    by: Annotated[str, typer.Option("--by", help="The account attribute that names the groups.")] = "industry",
    as_of: AsOf = None,
    top: Top = 10,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show what a fall in usage takes of revenue and cash, by group, and who is most likely to cut."""
    from growthring.operations.plans.downturn import downturn as answer_of
    from growthring.operations.plans.downturn import read_shocks
    from growthring.operations.project import Project

    with drawn() as progress:
        answer = answer_of(Project.open(project), read_shocks(shock), by=by, as_of=instant(as_of), progress=progress)
    if as_json:
        say(answer.as_json())
        return
    customers = [row for row in answer.rows if row["kind"] == "customer"]
    shown = [row for row in answer.rows if row["kind"] != "customer"] + (customers[:top] if top else customers)
    print_parts(replace(answer, rows=shown), {"group": "A year of revenue, and cash of twelve months", "customer": "Customers"})


def print_top(answer: "Answer", top: int) -> None:
    """Print an Answer with so many of its rows."""
    print_answer(replace(answer, rows=answer.rows[:top] if top else answer.rows))
    if top and len(answer.rows) > top:
        say(f"\n{len(answer.rows) - top:,} more; --top 0 lists all.")


def print_parts(answer: "Answer", titles: Mapping[str, str]) -> None:
    """Print an Answer whose rows are of several kinds: a table for each."""
    print_answer(type(answer)(**answer.as_dict() | {"rows": [], "caveats": []}))
    for kind, title in titles.items():
        chosen = [row for row in answer.rows if row["kind"] == kind]
        if chosen:
            say(f"\n{title}")
            print_table(chosen, unit=answer.unit)
    print_caveats(answer)
