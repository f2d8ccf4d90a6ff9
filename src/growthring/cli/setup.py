"""Commands that set a project up and bring it up to date: init, demo, company, run."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from growthring.cli.options import HERE, AsJson, ProjectFolder
from growthring.cli.output import print_json, print_table, say, tell
from growthring.cli.progress import drawn

if TYPE_CHECKING:
    from growthring.operations.data.run import RunResult

_PROBLEMS_FOUND = 3


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: growthring init shop --from 'exports/*.csv' --from prices.xlsx")(init)
    app.command(epilog="Example: growthring run -C shop")(run)
    app.command(epilog="Example: growthring demo ./demo --accounts 300")(demo)
    app.command(epilog="Example: growthring company ./big --accounts 1000000 --months 36")(company)


def init(
    folder: Annotated[Path, typer.Argument(help="Folder of the new project.")],
    files: Annotated[list[str], typer.Option("--from", help="A file or glob: CSV, Parquet, XLSX, JSONL. Repeat for more.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing growthring.toml.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look at files and propose a commented growthring.toml that reads them."""
    from growthring.operations.setup import init as propose

    proposed = propose(folder, files, overwrite=overwrite)
    if as_json:
        print_json({"settings": str(proposed.path), "doubts": proposed.doubts})
        return
    say(f"Wrote {proposed.path}.")
    for doubt in proposed.doubts:
        say(f"  ? {doubt}")
    say(f"Look it over, then: growthring run -C {folder}")


def run(
    project: ProjectFolder = HERE,
    engine: Annotated[str, typer.Option(help="Where events are rolled up and usage is rated: duckdb or spark.")] = "duckdb",
    as_json: AsJson = False,
) -> None:
    """Read the sources, bring the ledger up to date, check assertions and closes."""
    from growthring.operations.data.run import run as bring_up_to_date
    from growthring.operations.project import Project

    with drawn() as progress:
        result = bring_up_to_date(Project.open(project), engine=engine, progress=progress)
    if as_json:
        print_json(_as_dict(result))
    else:
        _report(result)
    if any(not each.holds for each in result.assertions):
        raise typer.Exit(_PROBLEMS_FOUND)


def demo(
    folder: Annotated[Path, typer.Argument(help="Folder to make.")] = Path("demo"),
    accounts: Annotated[int, typer.Option(min=1, help="Number of customers.")] = 300,
    months: Annotated[int, typer.Option(min=1, help="Number of months.")] = 36,
    seed: Annotated[int, typer.Option(help="The same seed gives the same company.")] = 7,
    serve: Annotated[
        bool | None,
        typer.Option(
            "--serve/--no-serve", help="Whether to open the console at the end; by default on a terminal.", show_default=False
        ),
    ] = None,
) -> None:
    """Make the sample company, run everything on it and show what there is to see."""
    from growthring.cli.console import serve as open_console
    from growthring.cli.tour import tour
    from growthring.operations.data.run import run as bring_up_to_date
    from growthring.operations.setup import demo as make

    tell(f"Making Ringwood Software, a company that does not exist: {accounts} customers, {months} months.")
    with drawn() as progress:
        project = make(folder, accounts=accounts, months=months, seed=seed, progress=progress)
        result = bring_up_to_date(project, progress=progress)
    _report(result)
    tour(project, folder)
    if sys.stdin.isatty() and sys.stdout.isatty() if serve is None else serve:
        say()
        open_console(project=folder)


def company(
    folder: Annotated[Path, typer.Argument(help="Folder to make.")],
    accounts: Annotated[int, typer.Option(min=1, help="Number of customers; any size works in bounded memory.")] = 300,
    months: Annotated[int, typer.Option(min=1, help="Number of months.")] = 36,
    seed: Annotated[int, typer.Option(help="The same seed gives the same company.")] = 7,
) -> None:
    """Write the raw files of the sample company and the truth planted in them, without running anything."""
    from growthring.operations.setup import demo as make

    with drawn() as progress:
        made = make(folder, accounts=accounts, months=months, seed=seed, progress=progress)
    say(f"Wrote {made.root}. Next: growthring run -C {folder}")


def _as_dict(result: "RunResult") -> dict[str, object]:
    return {
        "snapshot": result.snapshot.snapshot_id,
        "data_through": result.snapshot.data_through,
        "built": result.built,
        "reused": result.reused,
        "seconds": round(result.seconds, 3),
        "files": [
            {name: getattr(file, name) for name in file.__slots__} if hasattr(file, "__slots__") else vars(file)
            for file in result.files
        ],
        "assertions": [{"that": each.statement, "actual": each.actual, "holds": each.holds} for each in result.assertions],
        "restated": [
            {"month": str(each.month), "policy": each.policy, "as_reported": each.as_reported, "now": each.now}
            for each in result.restated
        ],
    }


def _report(result: "RunResult") -> None:
    sources: dict[str, dict[str, object]] = {}
    for file in result.files:
        row = sources.setdefault(
            file.source, {"source": file.source, "files": 0, "read": 0, "accepted": 0, "corrected": 0, "rejected": 0}
        )
        row["files"] = int(str(row["files"])) + 1
        for name in ("read", "accepted", "corrected", "rejected"):
            row[name] = int(str(row[name])) + int(getattr(file, name))
    print_table(list(sources.values()))
    say()
    months = f", revenue from {result.first_month} to {result.last_month}" if result.first_month else ""
    say(f"Snapshot {result.snapshot.snapshot_id}: data through {result.snapshot.data_through or '(none)'}{months}.")
    say(f"{result.built} parts computed, {result.reused} as they stood, {result.seconds:.1f} s. The ledger balances to the cent.")
    if result.rated_periods:
        say(f"{result.rated_periods:,} account-periods were rated under the price books.")
    for each in result.assertions:
        say(f"  {'✓' if each.holds else '✗'} {each.statement}" + ("" if each.holds else f" — but it is {each.actual}"))
    for changed in result.restated:
        say(
            f"  ! {changed.month}, closed under {changed.policy} at {changed.as_reported}, would now be {changed.now}: "
            f"growthring restatement {changed.month} --policy {changed.policy}"
        )
