"""Show: the value of a metric, now, over time, or by an attribute."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from growthring.kernel.errors import ConfigurationError
from growthring.kernel.period import Month, PeriodKind
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, plain, unit_name
from growthring.operations.project import Project
from growthring.operations.reading import Reading, caveats, last_month_of, read, undefined_because
from growthring.operations.revenue.tables import table_answer
from growthring.operations.wording import in_words
from growthring.revenue.evaluation import Point, Question, evaluate, standalone_sql
from growthring.revenue.metrics import Combine, Metric, metric
from growthring.revenue.policy import Policy


@dataclass(frozen=True, slots=True)
class View:
    """How a metric is looked at.

    Attributes:
        at: ``2011-11``, ``2011-Q4``, ``FY2011`` or nothing for the last complete month.
        since: First period of a series, or nothing for a single value.
        period: Length of a period.
        by: Attribute to break down by.
        currency: Reporting currency other than the project's.
        as_of: What was known then.
        include_partial: Whether a month that the data cut off may be compared.
        snapshot: Id of an earlier snapshot to read, or nothing for the current one.
    """

    at: str | None = None
    since: str | None = None
    period: PeriodKind = PeriodKind.MONTH
    by: str = ""
    currency: str | None = None
    as_of: datetime | None = None
    include_partial: bool = False
    snapshot: str | None = None

    def read(self, project: Project, policy: Policy, metric: Metric | None = None, progress: Progress = silent) -> Reading:
        """Open the ledger that a metric is read from under a policy, as the view asks for it."""
        return read(
            project,
            policy=policy,
            metric=metric,
            currency=self.currency,
            as_of=self.as_of,
            snapshot=self.snapshot,
            progress=progress,
        )


@dataclass(frozen=True, slots=True)
class Series:
    """The periods asked for.

    Attributes:
        months: Last months of the periods, in order.
        labels: Their names.
        period: Their length: what ``at`` names, or else what was asked for.
    """

    months: tuple[Month, ...]
    labels: dict[Month, str] = field(default_factory=dict)
    period: PeriodKind = PeriodKind.MONTH


def show(project: Project, name: str, view: View, *, policy: str | None = None, progress: Progress = silent) -> Answer:
    """Answer what a metric is.

    Args:
        project: The project.
        name: Metric name.
        view: Period, breakdown, currency.
        policy: Policy name; the project's when absent.
        progress: Told about what has to be computed first.
    """
    wanted = metric(name)
    reading = view.read(project, project.policy(policy), wanted, progress)
    series = series_of(reading, view)
    if wanted.combine is Combine.TABLE:
        return table_answer(reading, wanted, series.months, series.period, view.by)
    question = Question(wanted, series.months, series.period, view.by)
    points = evaluate(reading.ledger, question)
    whole = evaluate(reading.ledger, Question(wanted, series.months, series.period)) if view.by else points
    return _answer(reading, question, series, view, points, whole)


def period_asked(reading: Reading, view: View) -> tuple[Month, PeriodKind]:
    """Return the last month and the length of the period that a view is about.

    A quarter or a year named in ``at`` decides the length; a month named together with a length means the period it lies in;
    without ``at`` it is the last period that the data cover whole.
    """
    setting, calendar = reading.ledger.setting, reading.ledger.setting.calendar
    if view.at is None:
        last = last_month_of(reading, None, include_partial=view.include_partial)
        first, end = calendar.period_of(last, view.period)
        return (end if end <= setting.last_complete_month or view.period is PeriodKind.MONTH else first - 1), view.period
    first, end = calendar.parse(view.at)
    named = {1: PeriodKind.MONTH, 3: PeriodKind.QUARTER, 12: PeriodKind.FISCAL_YEAR}[end.index - first.index + 1]
    period = view.period if named is PeriodKind.MONTH else named
    last = calendar.period_of(end, period)[1]
    return last_month_of(reading, calendar.label(last, period), include_partial=view.include_partial), period


def series_of(reading: Reading, view: View) -> Series:
    """Return the periods that a view asks for."""
    calendar = reading.ledger.setting.calendar
    last, period = period_asked(reading, view)
    months = [last]
    if view.since:
        start = calendar.parse(view.since)[1]
        if start > last:
            raise ConfigurationError(f"--from {view.since} lies after {last}.", remedy="Swap --from and --at.")
        months = [Month(index) for index in range(start.index, last.index + 1)]
        months = [month for month in months if calendar.period_of(month, period)[1] == month] or [last]
    return Series(tuple(months), {month: calendar.label(month, period) for month in months}, period)


def _answer(
    reading: Reading, question: Question, series: Series, view: View, points: Sequence[Point], whole: Sequence[Point]
) -> Answer:
    wanted, currency = question.metric, reading.currency
    last = series.months[-1]
    total = next((point for point in whole if point.at_month == last), None)
    reason = undefined_because(
        reading, wanted, last, total.denominator if total else None, include_partial=view.include_partial, period=series.period
    )
    value = total.value if total and not reason else None
    if total is None and not wanted.denominator and not reason:
        value = Decimal(0)
    rows = [_row(reading, wanted, point, series, view) for point in points] if view.by or view.since else []
    return Answer(
        metric=wanted.name,
        value=plain(value, wanted.unit, currency),
        unit=unit_name(wanted.unit, currency),
        at=series.labels[last],
        definition=in_words(wanted, reading.policy, last),
        policy=reading.policy_name(),
        snapshot=reading.snapshot.snapshot_id,
        rows=rows,
        sql=standalone_sql(reading.ledger, question),
        caveats=[*([reason[0].upper() + reason[1:] + "."] if reason else []), *caveats(reading, series.months)],
    )


def _row(reading: Reading, wanted: Metric, point: Point, series: Series, view: View) -> dict[str, Any]:
    reason = undefined_because(
        reading, wanted, point.at_month, point.denominator, include_partial=view.include_partial, period=series.period
    )
    row: dict[str, Any] = {"at": series.labels[point.at_month]}
    if view.by:
        row[view.by] = point.group
    row["value"] = plain(None if reason else point.value, wanted.unit, reading.currency)
    row["customers"] = point.customers
    if reason:
        row["undefined"] = reason
    return row
