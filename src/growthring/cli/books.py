"""Commands that keep the books: close, closes, restatement, assert, tag, tags, sign-off, definitions."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from growthring.cli.options import HERE, AsJson, Author, Partial, PolicyName, ProjectFolder, Top
from growthring.cli.output import print_answer, print_json, print_table, say

_PROBLEMS_FOUND = 3
Because = Annotated[str, typer.Option("--because", help="Why; kept with the entry.")]
MonthArgument = Annotated[str, typer.Argument(help="The month, 2011-11.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: growthring close 2011-11 --because 'board pack'")(close)
    app.command(epilog="Example: growthring closes")(closes)
    app.command(epilog="Example: growthring restatement 2011-11")(restatement)
    app.command("assert", epilog='Example: in growthring.toml: [[assertions]] that = "MRR at 2011-11 is 412,345.67 ± 0"')(check)
    app.command(epilog="Example: growthring tag 17850 --as one_off --from 2011-11 --because 'Christmas promotion'")(tag)
    app.command(epilog="Example: growthring tags --revoke 3 --because 'it came back'")(tags)
    app.command("sign-off", epilog="Example: growthring sign-off --policy standard --role finance")(sign_off)
    app.command(epilog="Example: growthring definitions")(definitions)


def close(
    month: MonthArgument,
    policy: PolicyName = None,
    author: Author = None,
    because: Because = "",
    again: Annotated[bool, typer.Option("--again", help="Close a closed month again; needs --because.")] = False,
    include_partial: Partial = False,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Keep a month as it is reported now; every assertion must hold."""
    from growthring.operations.data.closes import close as keep
    from growthring.operations.project import Project

    answer = keep(
        Project.open(project), month, policy=policy, author=author, because=because, again=again, include_partial=include_partial
    )
    if as_json:
        say(answer.as_json())
    else:
        print_answer(answer)


def closes(as_json: AsJson = False, project: ProjectFolder = HERE) -> None:
    """List the months that were closed."""
    from growthring.kernel.period import Month
    from growthring.operations.data.closes import list_closes
    from growthring.operations.project import Project

    rows = [
        {
            "month": str(Month(entry.month)),
            "policy": entry.policy_name,
            "revision": entry.revision,
            "mrr": entry.metrics.get("mrr"),
            "data_through": str(entry.data_as_of),
            "closed_at": f"{entry.closed_at:%Y-%m-%d %H:%M}",
            "author": entry.author,
            "because": entry.because,
        }
        for entry in list_closes(Project.open(project))
    ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(rows)
    else:
        say("No month is closed yet. `growthring close 2011-11` keeps one as reported.")


def restatement(
    month: MonthArgument, policy: PolicyName = None, top: Top = 20, as_json: AsJson = False, project: ProjectFolder = HERE
) -> None:
    """Show how a closed month would read today, and the rows that came late, were corrected or removed."""
    from growthring.operations.data.closes import restatement as answer_of
    from growthring.operations.project import Project

    answer = answer_of(Project.open(project), month, policy=policy, top=top)
    if as_json:
        say(answer.as_json())
        return
    rows, head = answer.rows, answer.as_dict() | {"rows": []}
    print_answer(type(answer)(**head))
    for kind, title in (("metric", "Figures"), ("customer", "Customers"), ("row", "Rows")):
        chosen = [row for row in rows if row["kind"] == kind]
        if chosen:
            say(f"\n{title}")
            print_table([_readable(row) for row in chosen] if kind == "metric" else chosen)


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """Write rates as per cent and indices with three decimals; money and counts stand as they are."""
    from growthring.revenue.metrics import Unit, metric

    unit = metric(row["metric"]).unit
    if unit not in (Unit.RATIO, Unit.INDEX):
        return dict(row)
    figures = {name: float(row[name]) for name in ("as_reported", "now", "difference") if row[name]}
    return {**row, **{name: f"{value * 100:.2f} %" if unit is Unit.RATIO else f"{value:.3f}" for name, value in figures.items()}}


def check(as_json: AsJson = False, project: ProjectFolder = HERE) -> None:
    """Check the assertions of growthring.toml against the books."""
    from growthring.operations.data.assertions import check_assertions
    from growthring.operations.project import Project

    results = check_assertions(Project.open(project))
    if as_json:
        print_json([{"that": each.statement, "actual": each.actual, "holds": each.holds} for each in results])
    elif not results:
        say('No assertions in growthring.toml. Add one: [[assertions]] that = "MRR at 2011-11 is 412,345.67 ± 0"')
    else:
        for each in results:
            say(f"{'✓' if each.holds else '✗'} {each.statement}" + ("" if each.holds else f" — but it is {each.actual}"))
    if any(not each.holds for each in results):
        raise typer.Exit(_PROBLEMS_FOUND)


def tag(
    account: Annotated[str, typer.Argument(help="The account.")],
    kind: Annotated[str, typer.Option("--as", help="one_off, advised_saving or at_renewal.")],
    first: Annotated[str, typer.Option("--from", help="First month.")],
    because: Because,
    last: Annotated[str | None, typer.Option("--to", help="Last month; default: the first.", show_default=False)] = None,
    product: Annotated[str | None, typer.Option("--product", help="Only this product.", show_default=False)] = None,
    author: Author = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Note something about months of an account, such as a one-off that is not to be annualised."""
    from growthring.operations.history.decisions import tag_account
    from growthring.operations.project import Project

    noted = tag_account(Project.open(project), account, kind, first, last, because=because, author=author, product_id=product)
    if as_json:
        print_json(noted)
    else:
        say(f"Noted as tag {noted['tag_id']}: {account} {noted['from']}..{noted['to']} is {kind}.")


def tags(
    revoke: Annotated[int | None, typer.Option("--revoke", help="Take this tag back.", show_default=False)] = None,
    because: Because = "",
    author: Author = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """List the notes in force, or take one back."""
    from growthring.operations.history.decisions import list_tags, revoke_tag
    from growthring.operations.project import Project

    opened = Project.open(project)
    if revoke is not None:
        revoke_tag(opened, revoke, because=because, author=author)
    rows = list_tags(opened)
    if as_json:
        print_json(rows)
    elif rows:
        print_table(rows)
    else:
        say("No tags.")


def sign_off(
    role: Annotated[str, typer.Option("--role", help="business, sales, ops or finance.")],
    policy: Annotated[str, typer.Option("--policy", help="The policy agreed to.")] = "standard",
    author: Author = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Record that a leader agrees with what a policy means."""
    from growthring.operations.history.decisions import sign_off as record
    from growthring.operations.project import Project

    entry = record(Project.open(project), policy, role, author=author)
    if as_json:
        print_json(entry)
    else:
        say(f"{entry['author']} ({role}) agreed to {entry['policy']} version {entry['version']}.")


def definitions(as_json: AsJson = False, project: ProjectFolder = HERE) -> None:
    """Show the log of policies that were used or agreed to, and who signed them off."""
    from growthring.operations.history.decisions import definition_log
    from growthring.operations.project import Project

    rows = definition_log(Project.open(project))
    if as_json:
        print_json(rows)
    elif rows:
        print_table(rows)
    else:
        say("No definitions recorded yet; a close or a sign-off records the policy it uses.")
