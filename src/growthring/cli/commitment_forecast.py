"""Commands about future commitments: burn-down, attainment, the price of a commitment, the split of the forecast, exposure."""

from typing import Annotated

import typer

from growthring.cli.options import HERE, AsJson, AsOf, ProjectFolder, instant, number
from growthring.cli.output import print_answer, print_cards, print_caveats, print_table, say, with_commas
from growthring.cli.progress import drawn

OneAccount = Annotated[str | None, typer.Argument(help="Only this account's commitments.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        "burn-down",
        epilog="Example: growthring burn-down   ·   growthring burn-down ACCOUNT   ·   growthring burn-down --origins 6",
    )(burn_down)
    app.command(epilog="Example: growthring attainment   ·   growthring attainment ACCOUNT --json")(attainment)
    app.command(
        "price-commitment",
        epilog="Example: growthring price-commitment ACCOUNT   ·   growthring price-commitment ACCOUNT --discount-max 15 --json",
    )(price_commitment)
    app.command("forecast-split", epilog="Example: growthring forecast-split --by month   ·   growthring forecast-split --json")(
        forecast_split
    )
    app.command(epilog="Example: growthring exposure --stress 20   ·   growthring exposure --by country --json")(exposure)


def burn_down(
    account: OneAccount = None,
    origins: Annotated[
        int, typer.Option("--origins", min=0, max=24, help="Score what so many earlier days, a quarter apart, expected.")
    ] = 0,
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show the day each commitment is used up or falls short, with an interval from simulated usage."""
    from dataclasses import replace

    from growthring.operations.forecasting.commitment_forecast import burn_down_forecast
    from growthring.operations.forecasting.commitment_record import burn_down_record
    from growthring.operations.project import Project

    opened = Project.open(project)
    with drawn() as progress:
        if origins:
            answer = burn_down_record(opened, origins, progress=progress)
        else:
            answer = burn_down_forecast(opened, account, as_of=instant(as_of), progress=progress)
    if as_json:
        say(answer.as_json())
    elif origins:
        print_answer(answer)
    elif account:
        print_cards(answer)
    else:
        shown = ("account_id", "of", "unit", "ends_on", "committed", "pace", "exhausted")
        rows = [{name: row[name] for name in shown} | _used_up(row) | _range(row, "shortfall") for row in answer.rows]
        print_answer(replace(answer, rows=rows))


def attainment(account: OneAccount = None, as_of: AsOf = None, as_json: AsJson = False, project: ProjectFolder = HERE) -> None:
    """Show what contracts committed to consume, how far they are, and whether they get there."""
    from dataclasses import replace

    from growthring.operations.forecasting.commitment_forecast import attainment as answer_of
    from growthring.operations.project import Project

    with drawn() as progress:
        answer = answer_of(Project.open(project), account, as_of=instant(as_of), progress=progress)
    if as_json:
        say(answer.as_json())
        return
    shown = ("account_id", "contract_id", "unit", "ends_on", "goal", "attained", "progress", "gap_to_line", "on_pace")
    rows = [{name: row[name] for name in shown} | _range(row, "at_end") | {"outlook": row["outlook"]} for row in answer.rows]
    print_answer(replace(answer, rows=rows))


def price_commitment(
    account: Annotated[str, typer.Argument(help="The account's id.")],
    discount_max: Annotated[str, typer.Option("--discount-max", help="Highest discount to suggest, in percent.")] = "20",
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show what a yearly commitment of an account is worth, by level and discount, and which to offer."""
    from dataclasses import replace

    from growthring.operations.forecasting.commitment_forecast import price_of_commitment
    from growthring.operations.project import Project

    with drawn() as progress:
        answer = price_of_commitment(
            Project.open(project), account, discount_max=number(discount_max) / 100, as_of=instant(as_of), progress=progress
        )
    if as_json:
        say(answer.as_json())
        return
    print_answer(replace(answer, rows=[], caveats=[]))
    if answer.rows:
        say("\nNet value to the vendor by level and discount (* counts against the manager's quota, ** deal desk)")
        print_table(_grid(answer.rows))
    print_caveats(answer)


def forecast_split(
    months: Annotated[int, typer.Option("--months", min=1, max=36, help="Months ahead.")] = 12,
    by: Annotated[str, typer.Option("--by", help="month, quarter or year.")] = "quarter",
    self_serve: Annotated[
        str, typer.Option("--self-serve", help="ATTRIBUTE=VALUE of accounts that buy by themselves.")
    ] = "channel=self-serve",
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show the forecast of usage revenue by how firmly it is promised: floor, drawdown, above commitments, self-serve."""
    from growthring.kernel.errors import UnknownValueError
    from growthring.kernel.period import PeriodKind
    from growthring.operations.forecasting.commitment_split import forecast_split as answer_of
    from growthring.operations.project import Project

    periods = {"month": PeriodKind.MONTH, "quarter": PeriodKind.QUARTER, "year": PeriodKind.FISCAL_YEAR}
    if by not in periods:
        raise UnknownValueError("period", by, periods)
    with drawn() as progress:
        answer = answer_of(
            Project.open(project),
            months=months,
            period=periods[by],
            self_serve=self_serve,
            as_of=instant(as_of),
            progress=progress,
        )
    if as_json:
        say(answer.as_json())
    else:
        print_answer(answer)


def exposure(
    stress: Annotated[str, typer.Option("--stress", help="Percent by which usage falls.")] = "20",
    months: Annotated[int, typer.Option("--months", min=1, max=36, help="Months ahead.")] = 12,
    by: Annotated[str, typer.Option("--by", help="The account attribute to split by.")] = "segment",
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show how much coming usage revenue nobody promised, and what a fall in usage takes of it, with intervals."""
    from dataclasses import replace

    from growthring.operations.forecasting.commitment_split import exposure as answer_of
    from growthring.operations.project import Project

    with drawn() as progress:
        answer = answer_of(
            Project.open(project), number(stress) / 100, months=months, by=by, as_of=instant(as_of), progress=progress
        )
    if as_json:
        say(answer.as_json())
        return
    names = ("committed", "contracted", "uncommitted")
    rows = [
        {by: row[by]} | {name: row[name] for name in names} | _band(row, "at_risk_low") | _band(row, "at_risk_high")
        for row in answer.rows
    ]
    print_answer(replace(answer, rows=rows))


def _band(row: dict[str, object], name: str) -> dict[str, object]:
    low, high = (with_commas(str(row[f"{name}{ending}"])) for ending in ("_low80", "_high80"))
    return {name: row[name], f"{name.removeprefix('at_risk_')} band": f"{low} … {high}"}


def _grid(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return a line a level, a column a discount."""
    marks = {"rep": "", "manager": " *", "deal_desk": " **"}
    lines: dict[str, dict[str, object]] = {}
    for row in rows:
        even = row["even_for_vendor"]
        line = lines.setdefault(
            str(row["level"]),
            {
                "level": row["level"],
                "of expected": f"{float(str(row['of_expected'])):.0%}",
                "customer loses": f"{float(str(row['customer_loses'])):.0%}",
                "worth at most": f"{float(str(even)):.1%}",
                "suggested": "–" if row["suggested_discount"] is None else f"{float(str(row['suggested_discount'])):.1%}",
            },
        )
        line[f"{float(str(row['discount'])):.0%} off"] = with_commas(str(row["net_value"])) + marks[str(row["approval"])]
    return list(lines.values())


def _used_up(row: dict[str, object]) -> dict[str, object]:
    low, middle, high = (row[name] for name in ("exhausted_low80", "exhausted_on", "exhausted_high80"))
    return {"used up on": middle, "between": f"{low} … {high or 'end'}" if low else None}


def _range(row: dict[str, object], name: str) -> dict[str, object]:
    low, middle, high = (row[f"{name}{ending}"] for ending in ("_low80", "", "_high80"))
    return {name: middle, "8 of 10 futures": None if low is None else f"{with_commas(str(low))} … {with_commas(str(high))}"}
