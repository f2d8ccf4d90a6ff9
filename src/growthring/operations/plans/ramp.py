"""Ramp lag: signed → live → first revenue by segment, and when revenue that is signed and not there yet arrives (FC-14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from growthring.engine.relation import literal
from growthring.forecast.ramp import DAYS_OF_A_MONTH, LEAST_ARRIVALS, LagCurve, lag_by_month, lags_by_group
from growthring.kernel.errors import UnknownValueError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money
from growthring.operations.project import Project
from growthring.operations.reading import Reading, caveats, read
from growthring.revenue.metrics import metric

_STAGES = {
    "signed to live": ("signed_on", "live_on"),
    "live to revenue": ("live_on", "revenue_on"),
    "signed to revenue": ("signed_on", "revenue_on"),
    "live to use": ("live_on", "used_on"),
}
_DEFINITION = (
    "Days from the signature of a customer's first contract to its start (live), its first paid day of service (revenue) and its "
    "first record of usage; signatures that have not arrived are censored at the end of the data, cancelled ones with them."
)


@dataclass(frozen=True, slots=True)
class Signing:
    """A customer's first contract.

    Attributes:
        account_id: The customer.
        group: Its value of the attribute on the day of the signature.
        signed_on: The signature.
        starts_on: The agreed first day of service, which may lie ahead.
        revenue_on: First paid day of service; empty while there is none.
        used_on: First day of usage; empty while there is none.
        cancelled: It ended before it brought anything.
    """

    account_id: str
    group: str
    signed_on: date
    starts_on: date
    revenue_on: date | None
    used_on: date | None
    cancelled: bool

    def day(self, name: str, through: date) -> date | None:
        """Return the day of a stage, unless it lies after the end of the data."""
        found: date | None = self.starts_on if name == "live_on" else getattr(self, name)
        return found if found and found <= through else None


def ramp(
    project: Project, *, by: str = "segment", months: int = 12, as_of: datetime | None = None, progress: Progress = silent
) -> Answer:
    """Answer how long signatures take to become revenue, and what those already signed will bring when.

    Args:
        project: The project.
        by: The account attribute to split by.
        months: Months ahead for what is signed and not there yet.
        as_of: See only what was known then.
        progress: Told about what has to be computed first.
    """
    reading = read(project, policy=project.policy(None), metric=metric("cmrr"), as_of=as_of, progress=progress)
    through = reading.ledger.setting.data_through
    found = signings(reading, by)
    rows = [row for stage in _STAGES for row in _lag_rows(found, stage, by, through)]
    waiting, told = _expected(reading, found, months)
    total = sum((Decimal(row["amount"]) for row in waiting), Decimal(0))
    none = [] if found else ["There are no contracts with a signature: map signed_on and starts_on of a contract source."]
    return Answer(
        metric="ramp_lag", value=money(total, reading.currency) if found else None, unit=f"{reading.currency} per month",
        at=through.isoformat(),
        definition=f"{_DEFINITION} The value is recurring revenue signed, not there yet, and expected within {months} months.",
        policy=reading.policy_name(), snapshot=reading.snapshot.snapshot_id,
        rows=[*rows, *waiting], caveats=[*none, *told, *_thin(found, through), *caveats(reading, [])],
    )  # fmt: skip


def signings(reading: Reading, by: str) -> list[Signing]:
    """Return the first contract of each customer, as known then."""
    connection, setting = reading.ledger.connection, reading.ledger.setting
    known, through = f"known_at <= {literal(setting.as_of)}", literal(setting.data_through)
    attributes = [row[0] for row in connection.execute("SELECT DISTINCT attribute FROM account_attribute ORDER BY 1").fetchall()]
    if attributes and by not in attributes:
        raise UnknownValueError("attribute", by, attributes, remedy="Map it under [sources.attributes] of the account source.")
    rows = connection.execute(f"""
WITH signing AS (
  SELECT * FROM contract WHERE {known} AND renews_contract_id IS NULL AND signed_on <= {through}
  QUALIFY ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY signed_on, contract_id) = 1
),
attribute AS (
  SELECT signing.account_id, COALESCE(
    ARG_MAX(value, COALESCE(valid_from, DATE '0001-01-01')) FILTER (COALESCE(valid_from, DATE '0001-01-01') <= signing.signed_on),
    ARG_MIN(value, COALESCE(valid_from, DATE '0001-01-01'))) AS value
  FROM signing JOIN account_attribute USING (account_id)
  WHERE attribute = {literal(by)} AND account_attribute.{known} GROUP BY 1
),
paid AS (
  SELECT account_id, MIN(COALESCE(period_start, issued_on)) AS revenue_on FROM invoice_line
  WHERE {known} AND amount > 0 AND kind IN ('recurring', 'usage') GROUP BY 1
),
used AS (SELECT account_id, CAST(MIN(used_at) AS DATE) AS used_on FROM usage WHERE {known} AND quantity > 0 GROUP BY 1)
SELECT signing.account_id, COALESCE(attribute.value, '(unknown)'), signed_on, starts_on, revenue_on, used_on,
  COALESCE(LEAST(cancelled_on, ends_on) <= COALESCE(revenue_on, {through}), FALSE)
FROM signing LEFT JOIN attribute USING (account_id) LEFT JOIN paid USING (account_id) LEFT JOIN used USING (account_id)
ORDER BY signed_on, signing.account_id""").fetchall()
    return [Signing(*row) for row in rows]


def waits(found: Sequence[Signing], stage: str, through: date) -> tuple[list[float], list[bool], list[str]]:
    """Return the days waited, whether something arrived and the group, of every signature that reached the stage's beginning."""
    start, end = _STAGES[stage]
    days: list[float] = []
    arrived: list[bool] = []
    groups: list[str] = []
    for each in found:
        began = each.day(start, through)
        if began is None:
            continue
        ended = each.day(end, through)
        days.append(float(max(((ended or through) - began).days, 0)))
        arrived.append(ended is not None)
        groups.append(each.group)
    return days, arrived, groups


def _lag_rows(found: Sequence[Signing], stage: str, by: str, through: date) -> list[dict[str, Any]]:
    days, arrived, groups = waits(found, stage, through)
    if not any(arrived):
        return []
    own, has_arrived = np.array(days), np.array(arrived)
    pooled, by_group = lags_by_group(own, has_arrived, groups)
    counts = {name: (groups.count(name), sum(a for a, g in zip(arrived, groups, strict=True) if g == name)) for name in by_group}
    rows = [_lag_row(stage, by, name, curve, counts[name], is_own) for name, (curve, is_own) in by_group.items()]
    return [*rows, _lag_row(stage, by, "all", pooled, (len(days), int(has_arrived.sum())), True)]


def _lag_row(stage: str, by: str, name: str, curve: LagCurve, count: tuple[int, int], is_own: bool) -> dict[str, Any]:
    low, high = curve.interval_by(3 * DAYS_OF_A_MONTH)
    return {
        "kind": "lag", "stage": stage, by: name, "signed": count[0], "arrived": count[1],
        "median_days": None if (median := curve.median()) is None else int(median),
        **{f"by_{month}_months": _share(curve.share_by(month * DAYS_OF_A_MONTH)) for month in (1, 3, 6, 12)},
        "by_3_months_95": f"{100 * low:.1f}–{_share(high)}", "lag_of": name if is_own else "all",
    }  # fmt: skip


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _expected(reading: Reading, found: Sequence[Signing], months: int) -> tuple[list[dict[str, Any]], list[str]]:
    """Return recurring revenue that is signed and brought nothing yet, by the month in which it is expected to arrive."""
    setting = reading.ledger.setting
    through, last = setting.data_through, Month.of(setting.data_through)
    days, arrived, groups = waits(found, "live to revenue", through)
    waiting = [each for each in found if each.day("revenue_on", through) is None and not each.cancelled]
    if not waiting or not any(arrived):
        return [], []
    pooled, curves = lags_by_group(np.array(days), np.array(arrived), groups)
    signed = dict(
        reading.ledger.connection.execute(
            "SELECT account_id, SUM(recurring_amount) FROM recurring WHERE month = ? GROUP BY 1", [last.index]
        ).fetchall()
    )
    total, customers = np.zeros(months), np.zeros(months)
    for each in waiting:
        curve = curves.get(each.group, (pooled, False))[0]
        since = (through - each.starts_on).days
        start = max(Month.of(each.starts_on).index - last.index - 1, 0)
        chance = np.concatenate([np.zeros(start), lag_by_month(curve, months, waited=float(max(since, 0)))])[:months]
        total += float(signed.get(each.account_id, 0)) * chance
        customers += chance
    rows = [
        {"kind": "expected", "month": str(last + 1 + ahead), "customers": round(float(customers[ahead]), 2),
         "amount": money(Decimal(repr(float(total[ahead]))), reading.currency)}
        for ahead in range(months) if customers[ahead] > 0
    ]  # fmt: skip
    return rows, [f"{len(waiting):,} signatures have brought no revenue yet; those cancelled before are left out."]


def _thin(found: Sequence[Signing], through: date) -> list[str]:
    """Name groups that have too few arrivals for a lag of their own."""
    counts: dict[str, int] = {}
    for each in found:
        counts[each.group] = counts.get(each.group, 0) + (each.day("revenue_on", through) is not None)
    thin = [f"{name} ({count})" for name, count in sorted(counts.items()) if count < LEAST_ARRIVALS]
    return [f"Fewer than {LEAST_ARRIVALS} arrivals, so given the lag of all signatures: {', '.join(thin)}."] if thin else []
