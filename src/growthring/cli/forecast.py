"""Commands about the future: forecast and what it assumes."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from growthring.cli.options import HERE, AsJson, AsOf, Author, Pipeline, PolicyName, ProjectFolder, instant
from growthring.cli.output import print_answer, print_json, say
from growthring.cli.progress import drawn

if TYPE_CHECKING:
    from growthring.operations.answer import Answer

_LARGE = 100_000
_LABELS = ("at", "months", "series")
_AMOUNT = re.compile(r"-?[0-9]+\.[0-9]+")
_EXAMPLES = (
    "Example: growthring forecast --by quarter   ·   growthring forecast --segments --by year   ·   "
    "growthring forecast ACCOUNT --without rep   ·   growthring forecast --measure usage:api_calls --json   ·   "
    'growthring forecast --assumptions   ·   growthring forecast --publish --note "before the board meeting"'
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog=_EXAMPLES)(forecast)


def forecast(
    account: Annotated[str, typer.Argument(help="An account; without one, the total.")] = "",
    project: ProjectFolder = HERE,
    measure: Annotated[str, typer.Option("--measure", help="revenue, or usage:METER.")] = "revenue",
    horizon: Annotated[int, typer.Option("--horizon", help="Months ahead.")] = 12,
    view: Annotated[str, typer.Option("--by", help="month, quarter or year.")] = "month",
    segments: Annotated[bool, typer.Option("--segments", help="Each segment.")] = False,
    attribute: Annotated[str, typer.Option("--segment-by", help="Attribute that makes the segments.")] = "segment",
    without: Annotated[list[str] | None, typer.Option("--without", help="Switch a layer off; repeat for several.")] = None,
    no_new: Annotated[bool, typer.Option("--existing-only", help="Leave customers to come out.")] = False,
    pipeline: Pipeline = None,
    by_confidence: Annotated[
        bool, typer.Option("--by-confidence", help="Take only the share of an override its author is sure of.")
    ] = False,
    by_skill: Annotated[
        bool, typer.Option("--by-skill", help="Take only the share of an override its author's record bears out.")
    ] = False,
    show_assumptions: Annotated[
        bool, typer.Option("--assumptions", help="What it assumes of each segment: survival, growth, correction.")
    ] = False,
    keep: Annotated[bool, typer.Option("--publish", help="Keep it for good, open for submission.")] = False,
    note: Annotated[str, typer.Option("--note", help="Why it is published.")] = "",
    author: Author = None,
    policy: PolicyName = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Say what revenue or usage will be, with ranges: in total, by segment, or of an account, layer by layer."""
    from growthring.operations.forecasting import forecast as operations
    from growthring.operations.project import Project

    asked = operations.Asked(
        measure=measure,
        horizon=horizon,
        by=attribute,
        layers=operations.layers_on(without or ()),
        with_new=not no_new,
        pipeline=pipeline,
        by_confidence=by_confidence,
        by_skill=by_skill,
        policy=policy,
        as_of=instant(as_of),
    )
    opened = Project.open(project)
    with drawn() as progress:
        if keep:
            published = operations.publish(opened, asked, author=author, note=note, progress=progress)
            if as_json:
                print_json(published)
            else:
                say(f"Published {published['forecast']} ({published['measure']} as of {published['as_of']}), open.")
                say(f"  growthring forecasts submit {published['forecast']}")
            return
        if show_assumptions:
            answer = operations.assumptions(opened, asked, progress=progress)
        elif account:
            answer = operations.forecast_account(opened, account, asked, view=view, progress=progress)
        elif segments:
            answer = operations.forecast_by(opened, asked, view=view, progress=progress)
        else:
            answer = operations.forecast(opened, asked, view=view, progress=progress)
    if as_json:
        print_json(answer.as_dict())
    else:
        print_answer(answer if view == "month" or show_assumptions else _narrow(answer))


def _narrow(answer: "Answer") -> "Answer":
    """Show quarters and years so that they fit the screen: large sums without decimals, months told only of parts."""
    rows = answer.rows
    if max((abs(Decimal(row["amount"])) for row in rows), default=Decimal(0)) >= _LARGE:
        rows = [{name: _whole(value) if name not in _LABELS else value for name, value in row.items()} for row in rows]
    parts = dict.fromkeys(_part(row) for row in rows if row["at"].endswith("(part)"))
    shown = [{name: value for name, value in row.items() if name != "months"} for row in rows]
    return replace(answer, rows=shown, caveats=[*parts, *answer.caveats])


def _whole(value: str | None) -> str | None:
    return value if value is None or not _AMOUNT.fullmatch(value) else f"{Decimal(value):.0f}"


def _part(row: dict[str, Any]) -> str:
    months = " to ".join(dict.fromkeys(row["months"].split(" to ")))
    return f"{row['at']} holds only what is still to come of it: {months}."
