"""Commands about the data: problems, runs, snapshots, tables."""

from typing import Annotated, Any

import typer

from growthring.cli.options import HERE, AsJson, ProjectFolder
from growthring.cli.output import print_json, print_table, say

_PROBLEMS_FOUND = 3


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: growthring problems   ·   growthring problems MISSING_ACCOUNT_ID --limit 20 --json")(problems)
    app.command(epilog="Example: growthring runs   ·   growthring runs --limit 0 --json")(runs)
    app.command(epilog="Example: growthring snapshots")(snapshots)
    app.command(epilog="Example: growthring tables   ·   growthring tables invoice_line")(tables)


def problems(
    code: Annotated[str | None, typer.Argument(help="List the rows of one code.", show_default=False)] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only this source.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=0, help="Rows listed; 0 lists all.")] = 50,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """Say what was wrong with the input, what is at stake and what to do; exit code 3 when rows were rejected."""
    from growthring.operations.data.problems import list_problems, summarise_problems
    from growthring.operations.project import Project

    opened = Project.open(project)
    summary = summarise_problems(opened)
    if code or source:
        rows = list_problems(opened, code=code, source=source, limit=limit)
    else:
        rows = [
            {
                "code": each.code,
                "severity": each.severity,
                "source": each.source,
                "rows": each.rows,
                "amounts": each.amounts if as_json else "; ".join(f"{name} {amount}" for name, amount in each.amounts.items()),
                "remedy": each.remedy,
                **({"example": each.example} if as_json else {}),
            }
            for each in summary
        ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(
            rows, columns=None if not code else ["file", "row_number", "row_key", "message", "amount", "currency", "remedy"]
        )
    else:
        say("No problems: every row was taken as it stood.")
    if any(each.severity == "rejected" for each in summary):
        raise typer.Exit(_PROBLEMS_FOUND)


def runs(
    limit: Annotated[int, typer.Option(min=0, help="Runs listed; 0 lists all.")] = 20,
    as_json: AsJson = False,
    project: ProjectFolder = HERE,
) -> None:
    """List the runs, the latest first: when each started (UTC), how it stands or ended, and how far it is."""
    from growthring.operations.data.runs import list_runs
    from growthring.operations.project import Project

    found = list_runs(Project.open(project))
    listed = found[:limit] if limit else found
    if as_json:
        print_json(listed)
    elif listed:
        print_table([_told(run) for run in listed])
    else:
        say("Nothing has been run yet. `growthring run` reads the sources.")


def _told(run: dict[str, Any]) -> dict[str, object]:
    far = f"{run['stage']} {run['done']} / {run['total']}" if run["total"] > 1 else run["stage"]
    return {
        "started": run["started_at"],
        "status": run["status"],
        "seconds": run["seconds"],
        "snapshot": run["snapshot"],
        "what it says": run["message"] or far,
    }


def snapshots(as_json: AsJson = False, project: ProjectFolder = HERE) -> None:
    """List the snapshots, the oldest first; show, explain and compare read any of them with --snapshot."""
    from growthring.operations.project import Project

    shelf = Project.open(project).shelf
    current = shelf.current()
    rows: list[dict[str, object]] = []
    for snapshot_id in shelf.list_ids():
        snapshot = shelf.load(snapshot_id)
        rows.append(
            {
                "snapshot": snapshot_id,
                "current": "yes" if current and current.snapshot_id == snapshot_id else "",
                "data_through": snapshot.data_through,
                "files": len(snapshot.files),
                "rows": sum(file.accepted for file in snapshot.files),
                "rejected": sum(file.rejected for file in snapshot.files),
            }
        )
    if as_json:
        print_json(rows)
    elif rows:
        print_table(rows)
    else:
        say("Nothing has been read yet. `growthring run` reads the sources.")


def tables(
    name: Annotated[str | None, typer.Argument(help="Show one table's columns.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """List the canonical tables, or the contract of one."""
    from growthring.kernel.errors import UnknownValueError
    from growthring.tables import CANONICAL, DERIVED

    every = {**CANONICAL, **DERIVED}
    if name and name not in every:
        raise UnknownValueError("table", name, every)
    if name:
        rows = [
            {"column": each.name, "type": each.type.value, "required": "yes" if each.required else "", "meaning": each.meaning}
            for each in every[name].columns
        ]
    else:
        rows = [
            {"table": each.name, "grain": each.grain, "key": ", ".join(each.key), "meaning": each.meaning}
            for each in every.values()
        ]
    if as_json:
        print_json(rows)
    else:
        print_table(rows)
