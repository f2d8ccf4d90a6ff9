"""The command that compares rated lines with issued invoices."""

from typing import TYPE_CHECKING, Annotated

import typer

from growthring.cli.options import HERE, AsJson, AsOf, ProjectFolder, Top, instant
from growthring.cli.output import print_answer, print_caveats, print_table, say
from growthring.cli.pricing import Month
from growthring.cli.progress import drawn

if TYPE_CHECKING:
    from growthring.operations.answer import Answer

_TITLES = (("cause", "By cause"), ("account", "By account"), ("residual", "Largest residuals"))
_KEPT_APART = ("kind", "what_to_do")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: growthring reconcile --at 2024-05   ·   growthring reconcile --by account --json")(reconcile)


def reconcile(
    at: Month = None,
    by: Annotated[str, typer.Option("--by", help="cause or account.")] = "cause",
    fees: Annotated[bool, typer.Option("--fees", help="Compare fees with recurring invoice lines, too.")] = False,
    top: Top = 20,
    as_of: AsOf = None,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Compare what the price books ask for with issued invoices: residuals, likely causes, what to do."""
    from growthring.operations.pricing.reconcile import reconcile as answer_of
    from growthring.operations.project import Project

    with drawn() as progress:
        answer = answer_of(Project.open(project), at=at, by=by, with_fees=fees, top=top, as_of=instant(as_of), progress=progress)
    if as_json:
        say(answer.as_json())
    else:
        _print(answer)


def _print(answer: "Answer") -> None:
    print_answer(type(answer)(**answer.as_dict() | {"rows": [], "caveats": []}))
    for kind, title in _TITLES:
        chosen = [row for row in answer.rows if row["kind"] == kind]
        if chosen:
            say(f"\n{title}")
            print_table(chosen, columns=[name for name in chosen[0] if name not in _KEPT_APART])
    remedies = {row["cause"]: row["what_to_do"] for row in answer.rows if row.get("what_to_do")}
    if remedies:
        say("\nWhat to do")
    for cause, remedy in remedies.items():
        say(f"  {cause}: {remedy}")
    print_caveats(answer)
