"""What revenue can be asked for: the periods that the data cover, what it can be broken down by, and in which currencies."""

from dataclasses import dataclass

from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month, PeriodKind
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer
from growthring.operations.project import Project
from growthring.operations.reading import read
from growthring.operations.revenue.customers import PRODUCT_GROUPS
from growthring.revenue.evaluation import account_attributes
from growthring.revenue.metrics import metric


@dataclass(frozen=True, slots=True)
class Askable:
    """What can be chosen.

    Attributes:
        months: Complete months with revenue, the latest first.
        quarters: Complete quarters, the latest first.
        years: Complete fiscal years, the latest first.
        attributes: What accounts can be grouped by, then products and their families.
        currencies: The project's currency, then those with an exchange rate.
    """

    months: tuple[str, ...]
    quarters: tuple[str, ...]
    years: tuple[str, ...]
    attributes: tuple[str, ...]
    currencies: tuple[str, ...]

    def periods(self, kind: PeriodKind) -> tuple[str, ...]:
        """Return the periods of a length."""
        return {PeriodKind.MONTH: self.months, PeriodKind.QUARTER: self.quarters, PeriodKind.FISCAL_YEAR: self.years}[kind]


def askable(project: Project) -> Askable:
    """Return what revenue can be asked for under the project's policy."""
    reading = read(project, policy=project.policy())
    first, last = reading.first_month, reading.ledger.setting.last_complete_month
    months = [Month(index) for index in range(last.index, first.index - 1, -1)] if first else []
    calendar, connection = project.calendar, reading.ledger.connection

    def ends(kind: PeriodKind) -> tuple[str, ...]:
        return tuple(calendar.label(month, kind) for month in months if calendar.period_of(month, kind)[1] == month)

    rated = connection.execute("SELECT DISTINCT base_currency FROM fx_rate UNION SELECT DISTINCT quote_currency FROM fx_rate")
    others = sorted({row[0] for row in rated.fetchall()} - {reading.currency})
    return Askable(
        ends(PeriodKind.MONTH), ends(PeriodKind.QUARTER), ends(PeriodKind.FISCAL_YEAR),
        (*account_attributes(reading.ledger), *PRODUCT_GROUPS), (reading.currency, *others),
    )  # fmt: skip


def prepare(
    project: Project, name: str, *, policy: str | None = None, currency: str | None = None, progress: Progress = silent
) -> Answer:
    """Bring the ledger that a metric is read from up to date, so that questions about it are quick from then on.

    Args:
        project: The project.
        name: Metric name.
        policy: Policy name; the project's when absent.
        currency: Reporting currency; the project's when absent.
        progress: Told about each month computed.
    """
    reading = read(project, policy=project.policy(policy), metric=metric(name), currency=currency, progress=progress)
    first = reading.first_month
    if first is None:
        raise GrowthringError(
            f"There is no recurring revenue under policy {reading.policy.name}.", remedy="Choose another policy."
        )
    months = reading.ledger.setting.last_month.index - first.index + 1
    return Answer(
        metric="ledger",
        value=months,
        unit="count",
        at=str(reading.ledger.setting.last_month),
        definition="Months of the movement ledger that are up to date.",
        policy=reading.policy_name(),
        snapshot=reading.snapshot.snapshot_id,
    )
