"""Rated history of a project: opening it, and what the price books ask for by month."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from growthring.engine.relation import literal
from growthring.engine.snapshot import Snapshot
from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, by_currency, money
from growthring.operations.project import Project
from growthring.pricing.stored_rating import Rating, open_rating


def rate(
    project: Project, snapshot: Snapshot | None = None, *, as_of: datetime | None = None, progress: Progress = silent
) -> Rating:
    """Open rated history, bringing it up to date first.

    Args:
        project: The project.
        snapshot: The snapshot; the current one when absent.
        as_of: See only what was known then.
        progress: Told about each month rated.

    Raises:
        GrowthringError: The project has no price books, or no data.
    """
    current = snapshot or project.snapshot()
    terms = project.price_terms(current, as_of)
    if terms is None:
        raise GrowthringError(
            f"{project.settings.project.name} has no price books, so nothing can be rated.",
            valid="A price book is a YAML file in price_books/; docs/how-to/price-books.md shows one.",
            remedy="Add one and run `growthring run`.",
        )
    return open_rating(project.store, current, terms, progress=progress)


def bills(
    project: Project,
    *,
    at: str | None = None,
    by: str = "month",
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> Answer:
    """Answer what the price books ask for: by month, component, book or account.

    Args:
        project: The project.
        at: Only periods that begin in this month.
        by: month, component, book or account.
        as_of: See only what was known then.
        progress: Told about each month rated.
    """
    rating = rate(project, as_of=as_of, progress=progress)
    statement = _statement(by, month_of(project, at) if at else None)
    cursor = rating.connection.execute(statement)
    names = [column[0] for column in cursor.description or []]
    rows = [_shown(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
    totals: dict[str, Decimal] = {}
    for row in rows:
        totals[row["currency"]] = totals.get(row["currency"], Decimal(0)) + Decimal(row["amount"])
    value, unit = by_currency(totals)
    return Answer(
        metric="bills",
        value=value,
        unit=unit,
        at=at or rating.terms.through.isoformat(),
        definition="What the price books ask for usage and fees of the billing periods that begin then, before credits.",
        policy={"name": ", ".join(sorted({book.policy for book in rating.terms.books})), "version": "rating"},
        snapshot=project.snapshot().snapshot_id,
        rows=rows,
        sql=statement,
        caveats=rating_caveats(rating),
    )


def month_of(project: Project, at: str) -> Month:
    """Return the month written as 2013-05, or the last month of a quarter or year."""
    return project.calendar.parse(at)[1]


_GROUPS = {
    "month": "strftime(period_start, '%Y-%m')",
    "component": "component_id",
    "book": "book",
    "account": "account_id",
}


def _statement(by: str, month: Month | None) -> str:
    if by not in _GROUPS:
        from growthring.kernel.errors import UnknownValueError

        raise UnknownValueError("grouping of bills", by, _GROUPS)
    where = f"WHERE period_start >= {literal(month.first_day)} AND period_start <= {literal(month.last_day)}" if month else ""
    group = _GROUPS[by]
    if by == "component":
        return (
            f"SELECT {group} AS component, currency, COUNT(DISTINCT account_id) AS accounts, SUM(quantity) AS quantity, "
            f"SUM(amount) AS amount FROM rated_line {where} GROUP BY ALL ORDER BY amount DESC, component"
        )
    order = "1" if by == "month" else "amount DESC, 1"
    return (
        f"SELECT {group} AS {by}, currency, COUNT(DISTINCT account_id) AS accounts, COUNT(*) AS bills, "
        f"SUM(subtotal_amount) AS lines, SUM(adjustment_amount) AS adjustments, SUM(amount) AS amount "
        f"FROM bill {where} GROUP BY ALL ORDER BY {order}"
    )


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    amounts = ("lines", "adjustments", "amount")
    return {
        name: money(value, row["currency"])
        if name in amounts
        else (f"{value.normalize():f}" if isinstance(value, Decimal) else value)
        for name, value in row.items()
    }


def rating_caveats(rating: Rating) -> list[str]:
    """Return what was used and could not be priced, in words."""
    rows = rating.connection.execute(
        """
        SELECT usage.meter, COUNT(*), COUNT(DISTINCT usage.account_id) FROM usage
        WHERE usage.meter NOT IN (SELECT event FROM meter_definition) GROUP BY 1 ORDER BY 2 DESC, 1
        """
    ).fetchall()
    found = [
        f"{count:,} records of {accounts:,} accounts name {meter}, which no meter counts." for meter, count, accounts in rows[:3]
    ]
    row = rating.connection.execute(
        "SELECT COUNT(DISTINCT account_id) FROM usage WHERE account_id NOT IN (SELECT account_id FROM subscription)"
    ).fetchone()
    if row and row[0]:
        found.append(f"{row[0]:,} accounts used something and are under no price book: assign one to them.")
    return found + _unpriced(rating)


def _unpriced(rating: Rating) -> list[str]:
    """Name quantities without a price; a meter whose records the book prices through another meter is none of them."""
    rows = rating.connection.execute(
        """
        WITH priced_event AS (
          SELECT DISTINCT component.version_no, definition.event FROM component
          JOIN meter_definition AS definition ON definition.meter = component.meter OR component.kind = 'capacity'
        ),
        priced_meter AS (SELECT DISTINCT version_no, currency, meter FROM component)
        SELECT metered.meter, CASE WHEN own.meter IS NULL THEN '' ELSE metered.dimensions END AS dimensions, COUNT(*) FROM metered
        JOIN billed_period AS period
          ON period.subscription_id = metered.subscription_id AND period.period_start = metered.period_start
        JOIN meter_definition AS definition ON definition.meter = metered.meter
        LEFT JOIN priced_meter AS own
          ON own.version_no = period.version_no AND own.currency = period.currency AND own.meter = metered.meter
        LEFT JOIN component ON component.version_no = period.version_no AND component.currency = period.currency
          AND component.meter = metered.meter AND component.kind = 'rate'
        LEFT JOIN dimension_rate
          ON dimension_rate.component_no = component.component_no AND dimension_rate.dimensions = metered.dimensions
        WHERE COALESCE(dimension_rate.rate_no, component.rate_no) = 0
          OR (own.meter IS NULL AND NOT EXISTS (
            SELECT 1 FROM priced_event WHERE priced_event.version_no = period.version_no AND priced_event.event = definition.event
          ))
        GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
        """
    ).fetchall()
    return [
        f"{count:,} quantities of {meter}{f' ({dimensions})' if dimensions else ''} have no price in their book."
        for meter, dimensions, count in rows[:3]
    ]
