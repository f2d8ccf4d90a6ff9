"""Commands about prices: books, bills."""

from typing import Annotated

import typer

from growthring.cli.options import HERE, AsJson, AsOf, ProjectFolder, instant
from growthring.cli.output import print_answer, print_json, print_table, say
from growthring.cli.progress import drawn

Account = Annotated[str, typer.Argument(help="The account's id.")]
Month = Annotated[
    str | None, typer.Option("--at", help="Month in which the billing period begins, such as 2013-05.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: growthring bills --by component --at 2013-05   ·   growthring bills --json")(bills)
    app.command(
        epilog="Example: growthring bill ACCOUNT --at 2013-05   (the same as growthring explain bill ACCOUNT --at 2013-05)"
    )(bill)
    app.command(epilog="Example: growthring books   ·   growthring books --policies")(books)


def bills(
    at: Month = None,
    by: Annotated[str, typer.Option("--by", help="month, component, book or account.")] = "month",
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Show what the price books ask for: by month, component, book or account."""
    from growthring.operations.project import Project
    from growthring.operations.rating import bills as answer_of

    with drawn() as progress:
        answer = answer_of(Project.open(project), at=at, by=by, as_of=instant(as_of), progress=progress)
    if as_json:
        say(answer.as_json())
    else:
        print_answer(answer)


def bill(
    account: Account,
    at: Month = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Explain an account's bill line by line: tiers, quantities, prices, adjustments, and why."""
    from growthring.operations.bill import explain_bill
    from growthring.operations.project import Project

    with drawn() as progress:
        found = explain_bill(Project.open(project), account, at=at, as_of=instant(as_of), progress=progress)
    if as_json:
        print_json([each.as_dict() for each in found])
        return
    for each in found:
        days = f", {each.active[0]} of {each.active[1]} days" if each.active[0] != each.active[1] else ""
        say(f"{each.account_id}: {each.bill.amount} {each.bill.currency} for {each.period_start} to {each.period_end}{days}")
        say(f"  book {each.book} from {each.version}, read as {each.policy}; subscription {each.subscription_id}\n")
        print_table(each.rows())
        say()


def books(
    policies: Annotated[bool, typer.Option("--policies", help="List the rating policies instead.")] = False,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """List the price books of the project, or the rating policies a book can be read under."""
    from growthring.operations.price_books import list_books, list_rating_policies

    rows = list_rating_policies() if policies else list_books(project)
    if as_json:
        print_json(rows)
    else:
        print_table(rows)
