"""Opening history for a forecast: which measure, as known when, with the attributes accounts had then."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import duckdb

from growthring.engine.relation import literal
from growthring.forecast.history import QUIET_MONTHS, panel_of, with_late
from growthring.forecast.panel import Panel
from growthring.kernel.errors import UnknownValueError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.pricing.late_usage import usage_to_come
from growthring.operations.pricing.rating import rate
from growthring.operations.project import Project
from growthring.operations.reading import read

REVENUE = "revenue"
USAGE = "usage:"


@dataclass(frozen=True)
class History:
    """A panel and where it came from.

    Attributes:
        panel: The history.
        measure: What it holds: ``revenue`` or ``usage:METER``.
        currency: Reporting currency for revenue, empty text for usage.
        policy: Name and version of the revenue policy, or of rating.
        snapshot_id: The snapshot read.
        as_of: The instant whose knowledge was used; nothing means all that is known.
        attributes: Value of each attribute by account, of accounts without history too.
        data_through: Last day of the data.
        late_amount: What was added to the last month for revenue that usually becomes known after a month's end.
    """

    panel: Panel
    measure: str
    currency: str
    policy: dict[str, str]
    snapshot_id: str
    as_of: datetime | None
    attributes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    data_through: date | None = None
    late_amount: float = 0.0


def open_history(
    project: Project,
    *,
    measure: str = REVENUE,
    as_of: datetime | None = None,
    policy: str | None = None,
    through: Month | None = None,
    by_product: bool = False,
    settled: bool = False,
    progress: Progress = silent,
) -> History:
    """Read the history that a forecast starts from.

    Args:
        project: The project.
        measure: ``revenue``: a(t) by account under the policy, in the reporting currency per month; ``usage:METER``: the metered
            quantity by account.
        as_of: See only what was known then; months after it do not exist.
        policy: Revenue policy; the project's when absent.
        through: Last month used; by default the last complete one.
        settled: Leave the last month out when invoices for its usage are still to come, rather than estimate them: for outcomes.
        by_product: Keep the products of an account apart, as series; a migration then looks like a loss and a start.
        progress: Told about what has to be computed first.

    Raises:
        UnknownValueError: No such measure.
    """
    if measure == REVENUE:
        return _revenue(project, as_of, policy, through, by_product, settled, progress)
    if measure.startswith(USAGE):
        return _usage(project, measure, as_of, through, progress)
    raise UnknownValueError("measure", measure, [REVENUE, f"{USAGE}METER"])


def _revenue(
    project: Project,
    as_of: datetime | None,
    policy: str | None,
    through: Month | None,
    by_product: bool,
    settled: bool,
    progress: Progress,
) -> History:
    reading = read(project, policy=project.policy(policy), as_of=as_of, progress=progress)
    last = _last(reading.ledger.setting.last_complete_month, as_of, through)
    connection = reading.ledger.connection
    series = "product_id" if by_product else literal("")
    attributes = attributes_at(connection, last, as_of)
    panel = panel_of(
        connection,
        f"SELECT account_id, {series} AS series, month, recurring_amount AS amount FROM recurring",
        last_month=last.index,
        unit=f"{reading.currency} per month",
        attributes=attributes,
    )
    late = {} if by_product or through is not None else usage_to_come(reading, last)
    if settled and late:
        panel, late = panel.through(last.index - 1), {}
    return History(
        panel=with_late(panel, late),
        measure=REVENUE,
        currency=reading.currency,
        policy=reading.policy_name(),
        snapshot_id=reading.snapshot.snapshot_id,
        as_of=as_of,
        attributes=attributes,
        data_through=reading.ledger.setting.data_through,
        late_amount=sum(late.values()),
    )


def _usage(project: Project, measure: str, as_of: datetime | None, through: Month | None, progress: Progress) -> History:
    rating = rate(project, as_of=as_of, progress=progress)
    connection, meter = rating.connection, measure.removeprefix(USAGE)
    meters = [row[0] for row in connection.execute("SELECT DISTINCT meter FROM metered ORDER BY 1").fetchall()]
    if meter not in meters:
        raise UnknownValueError("meter", meter, meters)
    through_day = rating.terms.through
    complete = Month.of(through_day) if through_day == Month.of(through_day).last_day else Month.of(through_day) - 1
    last = _last(complete, as_of, through)
    attributes = attributes_at(connection, last, as_of)
    panel = panel_of(
        connection,
        "SELECT account_id, '' AS series, CAST(YEAR(period_start) * 12 + MONTH(period_start) - 1 AS INTEGER) AS month, "
        f"quantity AS amount FROM metered WHERE meter = {literal(meter)} AND period_end <= {literal((last + 1).last_day)}",
        last_month=last.index,
        unit=meter,
        quiet=QUIET_MONTHS,
        attributes=attributes,
    )
    policy = {"name": "rating", "version": "1"}
    snapshot_id = project.snapshot().snapshot_id
    return History(panel, measure, "", policy, snapshot_id, as_of, attributes, rating.terms.through)


def _last(complete: Month, as_of: datetime | None, through: Month | None) -> Month:
    last = complete
    if as_of is not None:
        month = Month.of(as_of.date())
        last = min(last, month if as_of.date() == month.last_day else month - 1)
    return min(last, through) if through is not None else last


def attributes_at(
    connection: duckdb.DuckDBPyConnection, month: Month, as_of: datetime | None = None
) -> dict[str, dict[str, str]]:
    """Return the value of each attribute by account as it held on the last day of a month, as known then."""
    known = f"AND known_at <= {literal(as_of)}" if as_of else ""
    rows = connection.execute(
        f"""
        SELECT attribute, account_id,
          ARG_MAX(value, CASE WHEN valid_from IS NULL OR valid_from <= {literal(month.last_day)} THEN
            COALESCE(valid_from, DATE '0001-01-01') END) AS held, ARG_MIN(value, valid_from) AS earliest
        FROM account_attribute WHERE TRUE {known} GROUP BY 1, 2
        """
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for attribute, account, held, earliest in rows:
        found.setdefault(attribute, {})[account] = held if held is not None else (earliest or "(unknown)")
    return found
