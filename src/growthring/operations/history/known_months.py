"""Months as they were known: recurring revenue by account and product, from the data and with the notes of a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from growthring.forecast.bridge.ends import KNOWN_SCHEMA, TAG_SCHEMA
from growthring.forecast.history import panel_of
from growthring.forecast.one_offs import Ruling, find_one_offs
from growthring.forecast.panel import Panel
from growthring.journal.entries import TagKind
from growthring.kernel.progress import Progress, silent
from growthring.operations.history.opening import REVENUE, attributes_at, open_history
from growthring.operations.history.unusual import rulings
from growthring.operations.project import Project
from growthring.operations.reading import rated_for
from growthring.revenue.setting import Setting
from growthring.revenue.stored_ledger import open_ledger

_ROWS = """
SELECT account_id, {series} AS series, month, currency, CAST(SUM(native_amount) AS DECIMAL(18,4)) AS native_amount,
  CAST(SUM(recurring_amount) AS DECIMAL(18,4)) AS amount,
  CAST(CASE WHEN COUNT(DISTINCT product_id) = 1 THEN SUM(quantity) END AS DOUBLE) AS quantity,
  MIN(product_id) AS counted,
  CAST(0 AS DECIMAL(18,4)) AS one_off_amount
FROM recurring
WHERE month BETWEEN $1 AND $2
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
"""
"""Quantities of several products do not add up: an account that has more has no quantity where products are not apart."""


@dataclass(frozen=True)
class Moment:
    """What somebody looking at the data could see.

    Attributes:
        snapshot_id: The data.
        as_of: Rows known later are not seen; nothing sees all of the data.
        noted_at: Notes recorded later are not seen; nothing sees all of them.
    """

    snapshot_id: str
    as_of: datetime | None = None
    noted_at: datetime | None = None


@dataclass(frozen=True)
class KnownMonths:
    """Months as known at a moment.

    Attributes:
        rows: As `KNOWN_SCHEMA`.
        tags: Months that people tagged as one-off, as `TAG_SCHEMA`.
        data_through: Last day the data speak for.
        last_complete_month: The last month that is over in the data.
        policy_version: Version of the policy they are read under.
    """

    rows: pa.Table
    tags: pa.Table
    data_through: date
    last_complete_month: int
    policy_version: str


def moment_of(project: Project, snapshot_id: str, as_of: date, noted_at: datetime) -> Moment:
    """Return the moment a forecast was made at; a day at or after the end of the data sees all of them."""
    snapshot = project.shelf.load(snapshot_id)
    cut = as_of.isoformat() < snapshot.data_through
    end_of_day = datetime.combine(as_of, time(23, 59, 59))
    return Moment(snapshot_id, end_of_day if cut else None, end_of_day.replace(tzinfo=UTC) if cut else noted_at)


def known_months(
    project: Project,
    measure: str,
    policy: str,
    moment: Moment,
    since: int,
    *,
    by_product: bool,
    progress: Progress = silent,
) -> KnownMonths:
    """Read recurring revenue by account from a month on, as known at a moment: the rows that a forecast's history is made of.

    Args:
        project: The project.
        measure: ``revenue``, or ``usage:METER``.
        policy: Name of the revenue policy.
        moment: What could be seen.
        since: First month, counted as year × 12 + month − 1.
        by_product: Keep the products of an account apart, as series.
        progress: Told about what has to be computed first.
    """
    if measure != REVENUE:
        return _metered(project, measure, moment, since, progress)
    snapshot = project.shelf.load(moment.snapshot_id)
    chosen = project.policy(policy)
    setting = replace(project.setting(snapshot, as_of=moment.as_of), tags=project.tags(moment.noted_at))
    rated = rated_for(project, snapshot, chosen, moment.as_of, progress)
    ledger = open_ledger(project.store, snapshot, chosen, setting, rated=rated, progress=progress)
    with ledger.connection as connection:
        series = "product_id" if by_product else "''"
        rows = connection.execute(_ROWS.format(series=series), [since, setting.last_month.index]).to_arrow_table()
        last = setting.last_complete_month
        panel = panel_of(
            connection,
            f"SELECT account_id, {series} AS series, month, recurring_amount AS amount FROM recurring",
            last_month=last.index,
            unit=measure,
            attributes=attributes_at(connection, last, moment.as_of),
        )
    return KnownMonths(
        _with_one_offs(rows.cast(KNOWN_SCHEMA), panel, rulings(project, moment.noted_at)),
        _one_off_months(setting, since),
        setting.data_through,
        setting.last_complete_month.index,
        chosen.version,
    )


def _metered(project: Project, measure: str, moment: Moment, since: int, progress: Progress) -> KnownMonths:
    """Read metered quantities, which have neither price nor currency; the meter's data are those of the current snapshot."""
    history = open_history(project, measure=measure, as_of=moment.as_of, progress=progress)
    panel = history.panel
    months = panel.first_month + np.arange(panel.months)
    place = np.nonzero(panel.is_present & (panel.values != 0) & (months >= since))
    amounts = [Decimal(str(round(value, 4))) for value in panel.values[place].tolist()]
    nothing = [Decimal(0)] * len(amounts)
    columns = [panel.accounts[place[0]].tolist(), panel.series[place[0]].tolist(), months[place[1]].tolist(), [""] * len(amounts)]
    columns += [amounts, amounts, [None] * len(amounts), [""] * len(amounts), nothing]
    rows = pa.table([pa.array(each, field.type) for each, field in zip(columns, KNOWN_SCHEMA, strict=True)], schema=KNOWN_SCHEMA)
    rows = _with_one_offs(rows, panel, rulings(project, moment.noted_at))
    setting = project.setting(project.snapshot(), as_of=moment.as_of)
    return KnownMonths(rows, TAG_SCHEMA.empty_table(), setting.data_through, panel.last_month.index, history.policy["version"])


def _with_one_offs(rows: pa.Table, panel: Panel, said: Sequence[Ruling]) -> pa.Table:
    """Fill in what will not repeat of each month: what people say, and what stands out from the level before and after it."""
    if not panel.rows:
        return rows
    leaving = find_one_offs(panel, said).leaving(expect=False)
    place = np.nonzero(leaving)
    keys = [
        f"{panel.accounts[row]}\x1f{panel.series[row]}\x1f{panel.first_month + column}"
        for row, column in zip(*(each.tolist() for each in place), strict=True)
    ]
    own = pc.binary_join_element_wise(rows["account_id"], rows["series"], rows["month"].cast(pa.string()), "\x1f")
    found = pc.index_in(own, pa.array(keys, pa.string())).fill_null(len(keys)).to_numpy()
    units = np.append(np.rint(leaving[place] * 10_000).astype(np.int64), 0)[found]
    amounts = pa.array([Decimal(int(each)).scaleb(-4) for each in units], pa.decimal128(18, 4))
    return rows.set_column(rows.column_names.index("one_off_amount"), "one_off_amount", amounts)


def _one_off_months(setting: Setting, since: int) -> pa.Table:
    found = [
        {"account_id": tag.account_id, "series": tag.product_id, "month": month}
        for tag in setting.tags
        if tag.tag == TagKind.ONE_OFF
        for month in range(max(tag.first_month.index, since), min(tag.last_month, setting.last_month).index + 1)
    ]
    return pa.Table.from_pylist(found, schema=TAG_SCHEMA)
