"""What the demo ends with: the surprising fact, and the commands that lead to the rows behind it."""

from pathlib import Path

from growthring.cli.output import pretty, print_table, say
from growthring.operations.project import Project
from growthring.operations.show import View, show


def tour(project: Project, folder: Path) -> None:
    """Print what the sample company's revenue is doing and where to look next."""
    mrr = show(project, "mrr", View())
    ndr = show(project, "ndr", View())
    grr = show(project, "grr", View())
    say()
    say(
        f"In {mrr.at} {project.settings.project.name} earns {pretty(mrr.value, mrr.unit)} {mrr.unit}; "
        f"NDR {pretty(ndr.value, 'ratio')}, GRR {pretty(grr.value, 'ratio')}."
    )
    say()
    _movements(project)
    say()
    say("Where growth holds and where it leaks (same customers, twelve months apart):")
    print_table(
        show(project, "ndr", View(by="channel")).rows, unit="ratio", columns=["channel", "value", "customers"], bar="value"
    )
    say()
    say("Next:")
    for command in (
        "explain ndr",
        "compare ndr --policy standard --policy lazy_bridge",
        "show movements --from 2024-01",
        "problems",
        "close 2024-11",
    ):
        say(f"  growthring {command} -C {folder}")


def _movements(project: Project) -> None:
    last = show(project, "movements", View()).rows[-1]
    steps = [
        {"step": name, "amount": amount}
        for name, amount in last.items()
        if name != "at" and (name in ("start", "end") or float(amount))
    ]
    say(f"How {last['at']} came about:")
    print_table(steps, bar="amount")
