"""Commands about unusual usage: one-offs, run-rate, external events, spikes with a common cause, and why usage changed."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from growthring.cli.options import HERE, AsJson, AsOf, At, Author, PolicyName, ProjectFolder, Top, instant, number
from growthring.cli.output import print_answer, print_json, say
from growthring.cli.progress import drawn

if TYPE_CHECKING:
    from growthring.operations.answer import Answer

Measure = Annotated[str, typer.Option("--measure", help="usage (usage revenue), revenue, or usage:METER.")]
MoneyMeasure = Annotated[str, typer.Option("--measure", help="usage (usage revenue) or revenue.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("one-offs", epilog="Example: growthring one-offs   ·   growthring one-offs --measure usage:api_calls --top 0")(
        one_offs
    )
    app.command("run-rate", epilog="Example: growthring run-rate   ·   growthring run-rate --as trimmed_6 --at 2024-11")(run_rate)
    app.add_typer(_events(), name="events")
    app.add_typer(_spikes(), name="spikes")
    app.add_typer(_why(), name="why")


def _events() -> typer.Typer:
    group = typer.Typer(
        no_args_is_help=True,
        help="Register what happened outside the company, and measure what it did to usage.",
        epilog="Example: growthring events add 'API change' --where industry=retail --from 2024-05 --note 'release notes'",
    )
    group.command(
        "add",
        epilog="Example: growthring events add 'API change' --where industry=retail --from 2024-05 --note 'release notes'   ·   "
        "growthring events add 'New tariff' --where country=DE --from 2024-09 --lasting --note 'in the press'",
    )(add_event)
    group.command("list", epilog="Example: growthring events list")(list_events)
    group.command("expire", epilog="Example: growthring events expire 1 --because 'they took the change back'")(expire_event)
    group.command(
        "effect", epilog="Example: growthring events effect 1   ·   growthring events effect 1 --measure usage:api_calls"
    )(event_effect)
    return group


def _spikes() -> typer.Typer:
    group = typer.Typer(
        invoke_without_command=True,
        help="Find spikes of accounts that share an attribute, and what crediting them would cost.",
        epilog="Example: growthring spikes   ·   growthring spikes decide 2024-05 industry=retail --choice credit --note 'bug'",
    )
    group.callback()(spikes)
    group.command(
        "decide", epilog="Example: growthring spikes decide 2024-05 industry=retail --choice credit --note 'their vendor did it'"
    )(decide)
    return group


def _why() -> typer.Typer:
    group = typer.Typer(
        invoke_without_command=True,
        help="List changes of usage that nobody explained, largest first, and answer them.",
        epilog="Example: growthring why   ·   growthring why answer A1 --month 2024-05 --code one_off --evidence 'migration'",
    )
    group.callback()(why)
    group.command("answer", epilog="Example: growthring why answer A1 --month 2024-05 --code one_off --evidence 'migration'")(
        answer
    )
    return group


def one_offs(
    at: At = None,
    measure: Measure = "usage",
    policy: PolicyName = None,
    as_of: AsOf = None,
    top: Top = 20,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """List one-off usage: what was far above or below the level before and after it, and leaves the run-rate."""
    from growthring.operations.history.unusual import Asked
    from growthring.operations.history.unusual import one_offs as answer_of
    from growthring.operations.project import Project

    with drawn() as progress:
        found = answer_of(Project.open(project), Asked(measure, at, instant(as_of), policy), progress=progress)
    _print(found, top, as_json=as_json)


def run_rate(
    at: At = None,
    by: Annotated[
        str, typer.Option("--as", help="median_3, mean_3, trimmed_6, mean_12, or mean_3_all (with one-offs).")
    ] = "median_3",
    measure: MoneyMeasure = "usage",
    policy: PolicyName = None,
    as_of: AsOf = None,
    top: Top = 20,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show the run-rate of usage revenue under a policy beside the last month times twelve, and the difference by account."""
    from growthring.operations.history.unusual import Asked
    from growthring.operations.history.unusual import run_rate as answer_of
    from growthring.operations.project import Project

    with drawn() as progress:
        found = answer_of(Project.open(project), Asked(measure, at, instant(as_of), policy), by=by, progress=progress)
    _print(found, top + 1 if top else 0, as_json=as_json)


def add_event(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    where: Annotated[str, typer.Option("--where", help="ATTRIBUTE=VALUE of the accounts it reaches, such as industry=retail.")],
    since: Annotated[str, typer.Option("--from", help="First month.")],
    note: Annotated[str, typer.Option("--note", help="What happened; it is kept and shown.")],
    until: Annotated[str | None, typer.Option("--to", help="Last month; default: the first.", show_default=False)] = None,
    lasting: Annotated[bool, typer.Option("--lasting", help="It goes on for good.")] = False,
    author: Author = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Register an external event: whose usage it moves, and when."""
    from growthring.operations.history.external_events import add_event as record
    from growthring.operations.project import Project

    row = record(Project.open(project), name, where=where, first=since, last=until, lasting=lasting, note=note, author=author)
    if as_json:
        print_json(row)
    else:
        say(f"Noted as event {row['id']}: {row['name']}, {row['about']}, {row['from']} to {row['to']}.")


def list_events(as_of: AsOf = None, as_json: AsJson = False, project: ProjectFolder = HERE) -> None:
    """List the external events on record."""
    from growthring.operations.history.external_events import list_events as answer_of
    from growthring.operations.project import Project

    _print(answer_of(Project.open(project), as_of=instant(as_of)), 0, as_json=as_json)


def expire_event(
    event: Annotated[int, typer.Argument(metavar="ID", help="Its number, as `growthring events list` shows it.")],
    because: Annotated[str, typer.Option("--because", help="Why it no longer counts.")],
    author: Author = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Take an event back; a look --as-of an earlier day, and every forecast published before, still has it."""
    from growthring.operations.history.external_events import expire_event as record
    from growthring.operations.project import Project

    row = record(Project.open(project), event, because=because, author=author)
    if as_json:
        print_json(row)
    else:
        say(f"Event {row['id']} ({row['name']}, {row['about']}) no longer counts: {because}")


def event_effect(
    event: Annotated[int, typer.Argument(help="The event's number, as `events list` shows it.")],
    measure: Measure = "usage",
    policy: PolicyName = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Measure what an event did: the accounts it reached against the others, with placebo months as control."""
    from growthring.operations.history.external_events import event_effect as answer_of
    from growthring.operations.history.unusual import Asked
    from growthring.operations.project import Project

    with drawn() as progress:
        found = answer_of(Project.open(project), event, Asked(measure, None, instant(as_of), policy), progress=progress)
    _print(found, 0, as_json=as_json)


def spikes(
    context: typer.Context,
    at: At = None,
    policy: PolicyName = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Find months in which accounts that share an attribute spiked together, with the cost of crediting the excess."""
    if context.invoked_subcommand:
        return
    from growthring.operations.history.shared_spikes import shared_spikes
    from growthring.operations.history.unusual import USAGE_REVENUE, Asked
    from growthring.operations.project import Project

    with drawn() as progress:
        found = shared_spikes(Project.open(project), Asked(USAGE_REVENUE, at, instant(as_of), policy), progress=progress)
    _print(found, 0, as_json=as_json)


def decide(
    month: Annotated[str, typer.Argument(help="The month of the spike.")],
    where: Annotated[str, typer.Argument(help="What its accounts share, ATTRIBUTE=VALUE.")],
    choice: Annotated[str, typer.Option("--choice", help="credit, forgive, charge, or keep (it is no one-off).")],
    note: Annotated[str, typer.Option("--note", help="Why; it is kept.")],
    amount: Annotated[
        str | None, typer.Option("--amount", help="What is credited; default: the excess.", show_default=False)
    ] = None,
    author: Author = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Record what you do about a spike; unless you keep it, its accounts are tagged one-off and leave the run-rate."""
    from growthring.operations.history.shared_spikes import decide_spike
    from growthring.operations.project import Project

    with drawn() as progress:
        row = decide_spike(
            Project.open(project), month, where, choice,
            note=note, author=author, amount=number(amount) if amount else None, progress=progress,
        )  # fmt: skip
    if as_json:
        print_json(row)
    else:
        tagged = f"; {row['tagged']} accounts tagged one-off" if row["tagged"] else ""
        say(f"{row['subject']}: {row['choice']} {row['currency']} {row['amount']}{tagged}.")


def why(
    context: typer.Context,
    measure: Measure = "usage",
    policy: PolicyName = None,
    as_of: AsOf = None,
    top: Top = 10,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """List changes of usage that nobody explained yet, the largest first."""
    if context.invoked_subcommand:
        return
    from growthring.operations.history.unusual import Asked
    from growthring.operations.history.why import open_questions
    from growthring.operations.project import Project

    with drawn() as progress:
        asked = Asked(measure, None, instant(as_of), policy)
        found = open_questions(Project.open(project), asked, top=top, progress=progress)
    _print(found, 0, as_json=as_json)


def answer(
    account: Annotated[str, typer.Argument(help="The account's id.")],
    month: Annotated[str, typer.Option("--month", help="The month, or the first one.")],
    code: Annotated[str, typer.Option("--code", help="structural, one_off, seasonal, external or unknown.")],
    evidence: Annotated[str, typer.Option("--evidence", help="What it is known from.")],
    until: Annotated[str | None, typer.Option("--to", help="Last month; default: the same.", show_default=False)] = None,
    author: Author = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Say why an account's usage changed; one-off months leave ledger and run-rate."""
    from growthring.operations.history.why import answer_question
    from growthring.operations.project import Project

    row = answer_question(Project.open(project), account, first=month, last=until, code=code, evidence=evidence, author=author)
    if as_json:
        print_json(row)
        return
    say(f"Noted as reason {row['reason_id']}: {row['account']} {row['from']}..{row['to']} is {row['code']}.")
    if row["tag_id"]:
        say(f"  Tagged one-off (tag {row['tag_id']}): out of recurring revenue and of the run-rate.")
    for tag_id in row["revoked_tags"]:
        say(f"  Tag {tag_id} taken back.")


def _print(found: "Answer", top: int, *, as_json: bool) -> None:
    if as_json:
        say(found.as_json())
        return
    print_answer(replace(found, rows=found.rows[:top] if top else found.rows))
    if top and len(found.rows) > top:
        say(f"\n{len(found.rows) - top:,} more; --top 0 lists all.")
