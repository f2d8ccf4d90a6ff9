"""Groups: several metrics of each value of an attribute beside each other, read from one ledger."""

from typing import Any

from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, unit_name
from growthring.operations.opened_books import OpenedBooks
from growthring.operations.project import Project
from growthring.operations.reading import caveats
from growthring.operations.revenue.show import View, period_asked, show
from growthring.revenue.metrics import Unit


def groups(
    project: Project, names: tuple[str, ...], view: View, *, policy: str | None = None, progress: Progress = silent
) -> Answer:
    """Answer several metrics by one attribute: a row a group, a column a metric, as each metric alone would say.

    Args:
        project: The project.
        names: Metrics that have one value a period; the groups come in the order of the first.
        view: The period and the attribute.
        policy: Policy name; the project's when absent.
        progress: Told how many metrics are done.
    """
    opened = project if project.books else project.with_books(OpenedBooks())
    rows: dict[str, dict[str, Any]] = {}
    for done, name in enumerate(names):
        progress("groups", done, len(names))
        for each in show(opened, name, view, policy=policy).rows:
            rows.setdefault(each[view.by], {"group": each[view.by]})[name] = each["value"]
    reading = view.read(opened, project.policy(policy))
    month, period = period_asked(reading, view)
    return Answer(
        metric="groups",
        value=len(rows),
        unit="count",
        at=reading.ledger.setting.calendar.label(month, period),
        definition=f"{', '.join(names)} by {view.by}; money in {unit_name(Unit.MONEY_PER_MONTH, reading.currency)}.",
        policy=reading.policy_name(),
        snapshot=reading.snapshot.snapshot_id,
        rows=list(rows.values()),
        caveats=caveats(reading, [month]),
    )
