"""Commands about what people know that a forecast cannot: override add, list, expire and scores."""

from typing import Annotated, Any

import typer

from growthring.cli.options import HERE, AsJson, AsOf, Author, ProjectFolder, instant, number, on_day
from growthring.cli.output import print_answer, print_json, print_table, say
from growthring.cli.progress import drawn
from growthring.kernel.errors import ConfigurationError

Measure = Annotated[str, typer.Option("--measure", help="What is forecast: revenue, or usage:METER.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Say what you know that a forecast cannot, see who said what, and who was right.",
        epilog="Example: growthring override add --account A1 --add 1200 --from 2025-02 --reason ramp --note 'second team'",
    )
    group.command(
        epilog="Example: growthring override add --account A1 --add 1200 --from 2025-02 --to 2025-06 --reason new_use_case "
        "--note 'second team starts' --confidence 0.7   ·   growthring override add --where segment=SMB --multiply 0.95 "
        "--from 2025-04 --reason price_change --note 'new list' --layer price_event   ·   growthring override add --everything "
        "--add -5000 --from 2025-01 --reason correction --note 'held back' --layer topside --expires 2025-03-31"
    )(add)
    group.command("list", epilog="Example: growthring override list   ·   growthring override list --all --as-of 2025-01-31")(
        list_them
    )
    group.command(epilog="Example: growthring override expire 3 --because 'the project was stopped'")(expire)
    group.command(epilog="Example: growthring override scores   ·   growthring override scores --by reason --as-of 2025-06-30")(
        scores
    )
    app.add_typer(group, name="override")


def add(
    since: Annotated[str, typer.Option("--from", help="First month, such as 2025-02.")],
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            help="new_use_case, expansion, ramp, migration, price_change, budget_cut, churn_risk, seasonal, one_off, external, "
            "correction or other.",
        ),
    ],
    note: Annotated[str, typer.Option("--note", help="Why, in words; it is kept and shown.")],
    account: Annotated[str | None, typer.Option("--account", help="About this account.", show_default=False)] = None,
    series: Annotated[
        str | None, typer.Option("--series", help="With --account: about this one of its products or meters.", show_default=False)
    ] = None,
    where: Annotated[
        str | None, typer.Option("--where", help="About accounts with ATTRIBUTE=VALUE, such as segment=SMB.", show_default=False)
    ] = None,
    everything: Annotated[bool, typer.Option("--everything", help="About the whole forecast.")] = False,
    added: Annotated[
        str | None, typer.Option("--add", help="Add this much a month; below 0 takes away.", show_default=False)
    ] = None,
    multiply: Annotated[
        str | None, typer.Option("--multiply", help="Multiply by this factor, such as 1.2.", show_default=False)
    ] = None,
    replace: Annotated[
        str | None, typer.Option("--replace", help="Put this much a month in place of the forecast.", show_default=False)
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="Last month; default: for good.", show_default=False)] = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", help="Last day (YYYY-MM-DD) on which it counts; default: never expires.", show_default=False),
    ] = None,
    layer: Annotated[
        str, typer.Option("--layer", help="known_ramp, price_event, external_event, rep, manager or topside.")
    ] = "rep",
    confidence: Annotated[str, typer.Option("--confidence", help="How sure you are, 0 to 1.")] = "1",
    measure: Measure = "revenue",
    author: Author = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Say how a forecast should differ from the model's, and why; the model's own figures stay beside it."""
    from growthring.operations.forecasting.overrides import Wanted, add_override
    from growthring.operations.project import Project

    given = {name: text for name, text in (("add", added), ("multiply", multiply), ("replace", replace)) if text is not None}
    if len(given) != 1:
        raise ConfigurationError(
            f"{len(given)} changes were given.", valid="Valid: one of --add AMOUNT, --multiply FACTOR, --replace AMOUNT."
        )
    ((method, amount),) = given.items()
    wanted = Wanted(
        method, number(amount), since, until, reason, note, account, series, where, everything, layer, measure, on_day(expires),
        float(number(confidence)),
    )  # fmt: skip
    row = add_override(Project.open(project), wanted, author=author)
    if as_json:
        print_json(row)
    else:
        amount = row["change"] if method == "multiply" else f"{row['change']} a month"
        months = f"from {row['from']} {'' if row['to'] == 'for good' else 'to '}{row['to']}"
        say(f"Noted as override {row['id']}: {row['about']} {amount} {months}, as {row['layer']}.")


def list_them(
    every: Annotated[bool, typer.Option("--all", help="Those that no longer count, too.")] = False,
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """List the overrides that count, or counted on an earlier day."""
    from growthring.operations.forecasting.overrides import list_overrides
    from growthring.operations.project import Project

    answer = list_overrides(Project.open(project), as_of=instant(as_of), with_expired=every)
    if as_json:
        say(answer.as_json())
    elif answer.rows:
        print_table(_without_defaults(answer.rows))
    else:
        say(answer.caveats[0])


def expire(
    override_id: Annotated[int, typer.Argument(metavar="ID", help="Its number, as `growthring override list` shows it.")],
    because: Annotated[str, typer.Option("--because", help="Why it no longer holds.")],
    author: Author = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Take an override back; a look --as-of an earlier day, and every forecast published before, still has it."""
    from growthring.operations.forecasting.overrides import expire_override
    from growthring.operations.project import Project

    row = expire_override(Project.open(project), override_id, because=because, author=author)
    if as_json:
        print_json(row)
    else:
        say(f"Override {row['id']} ({row['about']} {row['change']}) no longer counts: {because}")


def scores(
    by: Annotated[str, typer.Option("--by", help="author, reason, layer, size, direction or ahead.")] = "author",
    measure: Measure = "revenue",
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show who brought published forecasts closer to what came: forecast value added, with its interval."""
    from growthring.operations.forecasting.override_scores import override_scores
    from growthring.operations.project import Project

    with drawn() as progress:
        answer = override_scores(Project.open(project), by=by, measure=measure, as_of=instant(as_of), progress=progress)
    if as_json:
        say(answer.as_json())
    else:
        print_answer(answer)


def _without_defaults(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows without the columns that say the same, usual thing in every row."""
    usual = {"measure": "revenue", "expires": "", "confidence": 1.0}
    dull = {name for name, value in usual.items() if all(row[name] == value for row in rows)}
    return [{name: value for name, value in row.items() if name not in dull} for row in rows]
