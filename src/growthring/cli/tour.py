"""What the demo ends with: the surprising fact, and the commands that lead to the rows behind it."""

from pathlib import Path

from growthring.cli.output import pretty, print_table, say
from growthring.kernel.period import PeriodKind
from growthring.operations.project import Project
from growthring.operations.revenue.show import View, show

_YEAR = PeriodKind.FISCAL_YEAR


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
    _channels(project)
    say()
    say("Next:")
    for command in (
        "serve",
        "explain ndr",
        "show ndr --by channel",
        "compare ndr --policy standard --policy figma",
        f"show movements --from {mrr.at[:4]}-01",
        "reconcile",
        "commitments",
        "forecast --by quarter",
        "backtest",
        "problems",
        f"close {mrr.at}",
    ):
        say(f"  growthring {command} -C {folder}")


def _channels(project: Project) -> None:
    """Print what each channel brought in and what stays of it, and name the one that brings most but keeps least."""
    new = {row["channel"]: float(row["value"]) for row in show(project, "new_mrr", View(by="channel", period=_YEAR)).rows}
    kept = show(project, "ndr", View(by="channel")).rows
    rows = [
        {
            "channel": row["channel"],
            "new_in_12_months": f"{new.get(row['channel'], 0.0):.2f}",
            "ndr": pretty(row["value"], "ratio"),
        }
        for row in kept
    ]
    defined = {row["channel"]: row["value"] for row in kept if row["value"] is not None}
    if defined and new:
        most, least = max(new, key=lambda name: new[name]), min(defined, key=lambda name: defined[name])
        if most == least and defined[least] < 1:
            kept_share = pretty(defined[least], "ratio")
            say(f"The surprise: {most} brings the most new revenue and keeps the least of it, {kept_share} after a year.")
        else:
            say("What each channel brought in, and what stays of it after a year:")
    print_table(rows)


def _movements(project: Project) -> None:
    last = show(project, "movements", View()).rows[-1]
    steps = [
        {"step": name, "amount": amount}
        for name, amount in last.items()
        if name != "at" and (name in ("start", "end") or float(amount))
    ]
    say(f"How {last['at']} came about:")
    print_table(steps, bar="amount")
