"""Drivers: what moved recurring revenue in a period."""

from decimal import Decimal

from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money, unit_name
from growthring.operations.project import Project
from growthring.operations.reading import caveats
from growthring.operations.revenue.show import View, period_asked
from growthring.operations.revenue.standalone import standalone
from growthring.revenue.metrics import Unit


def drivers(project: Project, view: View, *, policy: str | None = None, progress: Progress = silent) -> Answer:
    """Answer what drove the movements of a period: each kind by driver and reason, with its customers.

    Args:
        project: The project.
        view: The period.
        policy: Policy name; the project's when absent.
        progress: Told about what has to be computed first.
    """
    reading = view.read(project, project.policy(policy), progress=progress)
    month, period = period_asked(reading, view)
    where = f"WHERE month > {(month - period.months).index} AND month <= {month.index}"
    statement = (
        "SELECT movement, driver, reason, COUNT(DISTINCT entity_id) AS customers, SUM(movement_amount) AS amount "
        f"FROM movement {where} GROUP BY 1, 2, 3 ORDER BY ABS(SUM(movement_amount)) DESC, 1, 2, 3"
    )
    found = reading.ledger.connection.execute(statement).fetchall()
    total = sum((row[4] for row in found), Decimal(0))
    return Answer(
        metric="drivers",
        value=money(total, reading.currency),
        unit=unit_name(Unit.MONEY_PER_MONTH, reading.currency),
        at=reading.ledger.setting.calendar.label(month, period),
        definition="Movements of the period by what drove them and what is known of their reason; the value is their sum.",
        policy=reading.policy_name(),
        snapshot=reading.snapshot.snapshot_id,
        rows=[
            {"movement": movement, "driver": driver, "reason": reason, "customers": count,
             "amount": money(amount, reading.currency)}
            for movement, driver, reason, count, amount in found
        ],
        sql=standalone(reading, statement),
        caveats=caveats(reading, [month]),
    )  # fmt: skip
