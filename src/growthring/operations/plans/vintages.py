"""Vintages: revenue, usage and price realisation by vintage × age, and the balances that enter a fiscal year (FC-02)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from growthring.engine.relation import compose, literal
from growthring.forecast.vintages import VintageCell, VintageMonth, entry_balances, vintage_cells, vintage_curves
from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.kernel.period import Month, PeriodKind
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money
from growthring.operations.project import Project
from growthring.operations.reading import Reading, caveats, last_month_of, read
from growthring.revenue.evaluation import Question, question_chain
from growthring.revenue.metrics import metric

_MEASURES = ("revenue", "usage:METER", "price")
_DEFINITIONS = {
    "revenue": "Recurring revenue of each vintage in the last month of each period of its life; index: as a share of its first.",
    "usage": "Quantity used by each vintage in each period of its life; index: as a share of its first whole period.",
    "price": "Price realisation: net over list amount of recurring and usage invoice lines by vintage and period of service.",
    "entry": "Entry balance: recurring revenue of each fiscal-year vintage in the last month before the year.",
}

_BEGAN = "SELECT entity_id, MIN(month) AS first_month FROM entity_month WHERE amount > 0 GROUP BY 1"

# an account's first month is that of the customer it belongs to, as in the cohort metrics
_FIRST_SEEN = f"""
  SELECT panel.account_id AS account_id, MIN(began.first_month) AS first_month
  FROM (SELECT DISTINCT account_id, entity_id FROM panel) AS panel
  JOIN ({_BEGAN}) AS began ON began.entity_id = panel.entity_id
  GROUP BY 1
"""


def vintages(
    project: Project,
    *,
    measure: str = "revenue",
    period: PeriodKind = PeriodKind.QUARTER,
    policy: str | None = None,
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> Answer:
    """Answer what each vintage brings at each age.

    Args:
        project: The project.
        measure: ``revenue``, ``usage:METER`` or ``price``.
        period: Length of vintages and ages.
        policy: Policy name; the project's when absent.
        as_of: See only what was known then.
        progress: Told about what has to be computed first.
    """
    reading = read(project, policy=project.policy(policy), as_of=as_of, progress=progress)
    kind, _, meter = measure.partition(":")
    if kind not in ("revenue", "usage", "price") or (kind == "usage") != bool(meter):
        raise UnknownValueError("measure", measure, _MEASURES)
    sql = _months_sql(reading, kind, meter)
    months = [VintageMonth(*row) for row in reading.ledger.connection.execute(sql).fetchall()]
    calendar = project.calendar
    last = last_month_of(reading, None, include_partial=False)
    cells = vintage_cells(months, calendar, period, last, adds_up=kind != "revenue")
    told = [*_left_out(reading, kind, meter), *caveats(reading, [last])]
    ends = [cell.period for cell in cells]
    value = _whole(reading, cells, kind, max(ends)) if ends else None
    return Answer(
        metric=f"vintage_{kind}", value=value, unit=meter or ("ratio" if kind == "price" else f"{reading.currency} per month"),
        at=calendar.label(max(ends, default=last), period), definition=_DEFINITIONS[kind], policy=reading.policy_name(),
        snapshot=reading.snapshot.snapshot_id, rows=_rows(reading, cells, kind, period), sql=sql,
        caveats=told if ends else [f"No whole {period.value.replace('_', ' ')} is in the data yet.", *told],
    )  # fmt: skip


def entering(
    project: Project,
    *,
    year: str | None = None,
    policy: str | None = None,
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> Answer:
    """Answer with how much recurring revenue each vintage enters a fiscal year.

    Args:
        project: The project.
        year: The fiscal year, such as FY2025; the one after the last that is complete when absent.
        policy: Policy name; the project's when absent.
        as_of: See only what was known then.
        progress: Told about what has to be computed first.
    """
    reading = read(project, policy=project.policy(policy), as_of=as_of, progress=progress)
    calendar, entry = project.calendar, _entry(reading, year)
    sql = _months_sql(reading, "revenue", "")
    months = [VintageMonth(*row) for row in reading.ledger.connection.execute(sql).fetchall()]
    found = entry_balances(months, calendar, entry)
    total = sum((each.amount for each in found), Decimal(0))
    rows = [
        {
            "vintage": calendar.label(each.vintage, PeriodKind.FISCAL_YEAR), "age": each.age, "size": each.size,
            "customers": each.customers, "first_amount": money(each.first_amount, reading.currency),
            "year_ago": money(each.year_ago_amount, reading.currency), "entry_balance": money(each.amount, reading.currency),
            "share": _ratio(each.amount, total), "of_first": _ratio(each.amount, each.first_amount),
            "of_year_ago": _ratio(each.amount, each.year_ago_amount),
        }
        for each in found
    ]  # fmt: skip
    known = reading.first_month
    more = [f"The first vintage holds everyone who was a customer when the data begin, in {known}."] if known else []
    return Answer(
        metric="entry_balance", value=money(total, reading.currency), unit=f"{reading.currency} per month", at=str(entry),
        definition=_DEFINITIONS["entry"], policy=reading.policy_name(), snapshot=reading.snapshot.snapshot_id, rows=rows,
        sql=sql, caveats=[*more, *caveats(reading, [entry])],
    )  # fmt: skip


def _entry(reading: Reading, year: str | None) -> Month:
    """Return the last month before a fiscal year, refusing one that lies ahead of the data or begins before them."""
    calendar, last = reading.project.calendar, last_month_of(reading, None, include_partial=False)
    first, end = calendar.parse(year) if year else calendar.period_of(last + 1, PeriodKind.FISCAL_YEAR)
    entry = first - 1
    if end.index - first.index != 11:
        raise GrowthringError(f"{year} is not a fiscal year.", valid="Valid: FY2025.")

    def year_of(month: Month) -> str:
        return calendar.label(calendar.period_of(month, PeriodKind.FISCAL_YEAR)[1], PeriodKind.FISCAL_YEAR)

    known, latest = reading.first_month, year_of(last + 1)
    if entry > last:
        raise GrowthringError(
            f"{calendar.label(end, PeriodKind.FISCAL_YEAR)} begins in {first}, and the last complete month is {last}.",
            valid=f"Valid: fiscal years up to {latest}.",
            remedy="Ask for an earlier year, or read later data first.",
        )
    if known is not None and entry < known:
        earliest = year_of(calendar.period_of(known, PeriodKind.FISCAL_YEAR)[1] + 1)
        raise GrowthringError(
            f"Nothing enters {year_of(first)}: revenue is known from {known} on.",
            valid=f"Valid: {earliest} to {latest}." if earliest <= latest else "",
        )
    return entry


def _ratio(part: Decimal, whole: Decimal) -> float | None:
    return round(float(part / whole), 4) if whole else None


def _months_sql(reading: Reading, kind: str, meter: str) -> str:
    known = literal(reading.ledger.setting.as_of)
    through = reading.ledger.setting.last_month.index
    match kind:
        case "revenue":
            chain = question_chain(reading.ledger, Question(metric("cohort_revenue"), (reading.ledger.setting.last_month,)))
            return f"SELECT first_month, month, active_customers, amount FROM ({compose(chain, 'cohort')}) ORDER BY 1, 2"
        case "usage":
            month, where = "YEAR(used_at) * 12 + MONTH(used_at) - 1", f"meter = {literal(meter)} AND known_at <= {known}"
            return f"""WITH first_seen AS ({_FIRST_SEEN}),
used AS (SELECT account_id, {month} AS month, SUM(quantity) AS quantity FROM usage WHERE {where} GROUP BY ALL)
SELECT first_month, month, COUNT(*), SUM(quantity) FROM used JOIN first_seen USING (account_id)
WHERE month BETWEEN first_month AND {through} GROUP BY 1, 2 ORDER BY 1, 2"""
        case _:
            served = "COALESCE(line.period_start, line.issued_on)"
            month = f"YEAR({served}) * 12 + MONTH({served}) - 1"
            return f"""WITH first_seen AS ({_FIRST_SEEN}),
billed AS (
  SELECT line.account_id, {month} AS month, SUM(line.amount * fx.rate) AS amount, SUM(line.list_amount * fx.rate) AS list_amount
  FROM invoice_line AS line JOIN reporting_rate AS fx
    ON fx.currency = line.currency AND line.issued_on >= fx.from_on AND line.issued_on < fx.to_on
  WHERE line.kind IN ('recurring', 'usage') AND line.known_at <= {known} GROUP BY ALL
)
SELECT first_month, month, COUNT(*), SUM(amount), SUM(list_amount) FROM billed JOIN first_seen USING (account_id)
WHERE month BETWEEN first_month AND {through} GROUP BY 1, 2 ORDER BY 1, 2"""


def _rows(reading: Reading, cells: list[VintageCell], kind: str, period: PeriodKind) -> list[dict[str, Any]]:
    calendar = reading.project.calendar
    sizes: dict[Month, int] = {}
    for first, count in reading.ledger.connection.execute(f"SELECT first_month, COUNT(*) FROM ({_BEGAN}) GROUP BY 1").fetchall():
        vintage = calendar.period_of(Month(first), period)[1]
        sizes[vintage] = sizes.get(vintage, 0) + count
    curves = vintage_curves(cells, base_age=0 if kind == "revenue" else 1)
    rows: list[dict[str, Any]] = []
    for cell in cells:
        row: dict[str, Any] = {"vintage": calendar.label(cell.vintage, period), "age": cell.age}
        row["value"] = cell.realisation if kind == "price" else _shown(reading, cell, kind)
        row |= {"customers": cell.customers, "size": sizes.get(cell.vintage, 0)}
        if kind == "price":
            row |= {"net": money(cell.amount, reading.currency), "list": money(cell.list_amount, reading.currency)}
        else:
            index = curves.get(cell.vintage, {}).get(cell.age)
            row["index"] = None if index is None else round(index, 4)
        rows.append(row)
    return rows


def _shown(reading: Reading, cell: VintageCell, kind: str) -> str:
    return money(cell.amount, reading.currency) if kind == "revenue" else f"{cell.amount.normalize():f}"


def _whole(reading: Reading, cells: list[VintageCell], kind: str, end: Month) -> str | float | None:
    """Return what all vintages together come to in the last period."""
    now = [cell for cell in cells if cell.period == end]
    amounts = sum((cell.amount for cell in now), Decimal(0)), sum((cell.list_amount for cell in now), Decimal(0))
    whole = VintageCell(end, end, 0, 0, *amounts)
    return whole.realisation if kind == "price" else _shown(reading, whole, kind)


def _left_out(reading: Reading, kind: str, meter: str) -> list[str]:
    """Name usage that belongs to no vintage, or that there is no usage under the name at all."""
    if kind != "usage":
        return []
    connection, known = reading.ledger.connection, literal(reading.ledger.setting.as_of)
    rows = connection.execute(f"SELECT DISTINCT meter FROM usage WHERE known_at <= {known} ORDER BY 1").fetchall()
    meters = [row[0] for row in rows]
    if meter not in meters:
        raise UnknownValueError("meter", meter, meters)
    row = connection.execute(f"""WITH first_seen AS ({_FIRST_SEEN})
SELECT COUNT(DISTINCT usage.account_id), SUM(quantity) FROM usage LEFT JOIN first_seen ON first_seen.account_id = usage.account_id
WHERE meter = {literal(meter)} AND known_at <= {known}
  AND (first_month IS NULL OR YEAR(used_at) * 12 + MONTH(used_at) - 1 < first_month)""").fetchone()
    if not row or not row[0]:
        return []
    return [
        f"{row[1].normalize():,f} {meter} of {row[0]:,} accounts were used before their first revenue, or without any: left out."
    ]
