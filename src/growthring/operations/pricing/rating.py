"""Rated history of a project: opening it, and what the price books ask for by month."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from growthring.engine.relation import literal
from growthring.engine.snapshot import Snapshot
from growthring.kernel.errors import GrowthringError, UnknownValueError
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

    def opened() -> Rating:
        return open_rating(project.store, current, terms, progress=progress)

    key = ("rating", current.snapshot_id, repr(terms))
    return project.kept(key, opened)


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
        at: Only periods that begin in this month, quarter or year.
        by: month, component, book or account.
        as_of: See only what was known then.
        progress: Told about each month rated.
    """
    rating = rate(project, as_of=as_of, progress=progress)
    statement = _statement(by, project.calendar.parse(at) if at else None)
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


def begins_in(months: tuple[Month, Month]) -> str:
    """Return the condition on a billing period that it begins in a stretch of months, first and last."""
    return f"period_start >= {literal(months[0].first_day)} AND period_start <= {literal(months[1].last_day)}"


_GROUPS = {
    "month": "strftime(period_start, '%Y-%m')",
    "component": "component_id",
    "book": "book",
    "account": "account_id",
}


def _statement(by: str, months: tuple[Month, Month] | None) -> str:
    if by not in _GROUPS:
        raise UnknownValueError("grouping of bills", by, _GROUPS)
    where = f"WHERE {begins_in(months)}" if months else ""
    group = _GROUPS[by]
    if by == "component":
        return (
            f"SELECT {group} AS component, currency, COUNT(DISTINCT account_id) AS accounts, SUM(quantity) AS quantity, "
            f"SUM(amount) AS amount FROM rated_line {where} GROUP BY ALL ORDER BY amount DESC, component, currency"
        )
    order = "1, currency" if by == "month" else "amount DESC, 1, currency"
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
    """Return what was used and could not be priced, and what may be priced twice, in words."""
    known = f"usage.known_at <= {literal(rating.terms.as_of)}"
    rows = rating.connection.execute(
        f"""
        SELECT usage.meter, COUNT(*), COUNT(DISTINCT usage.account_id) FROM usage
        WHERE {known} AND usage.meter NOT IN (SELECT event FROM meter_definition) GROUP BY 1 ORDER BY 2 DESC, 1
        """
    ).fetchall()
    found = [
        f"{count:,} records of {accounts:,} accounts name {meter}, which no meter counts." for meter, count, accounts in rows[:3]
    ]
    row = rating.connection.execute(
        f"SELECT COUNT(DISTINCT account_id) FROM usage WHERE {known} AND account_id NOT IN (SELECT account_id FROM subscription)"
    ).fetchone()
    if row and row[0]:
        found.append(f"{row[0]:,} accounts used something and are under no price book: assign one to them.")
    found += [*_unknown_books(rating), *_running(rating)]
    return [*found, *_outside(rating, known), *_claimed_twice(rating), *_unpriced(rating), *_unsold_fees(rating)]


def _unknown_books(rating: Rating) -> list[str]:
    """Name price books that contracts name and the project does not have."""
    books = ", ".join(literal(book.name) for book in rating.terms.books)
    rows = rating.connection.execute(
        f"SELECT price_book, COUNT(*), MIN(contract_id) FROM contract WHERE price_book NOT IN ({books}) "
        f"AND known_at <= {literal(rating.terms.as_of)} GROUP BY 1 ORDER BY 2 DESC, 1"
    ).fetchall()
    return [
        f"{count:,} contracts, such as {first}, name the price book {book}, which is not in price_books/: nothing bills them."
        for book, count, first in rows[:3]
    ]


def _running(rating: Rating) -> list[str]:
    """Say how many periods are not over yet."""
    after = rating.terms.through + timedelta(days=1)
    query = f"SELECT COUNT(*) FROM billed_period WHERE period_end > {literal(after)}"
    (count,) = rating.connection.execute(query).fetchone() or (0,)
    return [f"{count:,} periods are not over: they hold what was used through {rating.terms.through}."] if count else []


def _outside(rating: Rating, known: str) -> list[str]:
    """Name usage on days on which nothing bills it; a day beside a bound is let pass, because bounds are local days."""
    row = rating.connection.execute(
        f"""
        WITH term AS (
          SELECT subscription_id, MIN(starts_on) AS starts_on, MAX(ends_on) AS ends_on FROM subscription GROUP BY 1
        ),
        span AS (
          SELECT period.account_id, MIN(GREATEST(period.period_start, term.starts_on)) - 1 AS first_on,
            MAX(LEAST(period.period_end, term.ends_on)) AS last_on
          FROM billed_period AS period JOIN term ON term.subscription_id = period.subscription_id
          GROUP BY period.subscription_id, period.account_id
        ),
        used AS (
          SELECT account_id, CAST(used_at AS DATE) AS used_on, COUNT(*) AS records FROM usage
          WHERE {known} AND used_at < CAST({literal(rating.terms.through)} AS DATE) + INTERVAL 1 DAY
            AND meter IN (SELECT event FROM meter_definition) AND account_id IN (SELECT account_id FROM subscription)
          GROUP BY 1, 2
        ),
        billed AS (
          SELECT DISTINCT used.account_id, used.used_on FROM used
          JOIN span ON span.account_id = used.account_id AND used.used_on BETWEEN span.first_on AND span.last_on
        )
        SELECT SUM(used.records), COUNT(DISTINCT used.account_id), MIN(used.used_on), MAX(used.used_on)
        FROM used ANTI JOIN billed USING (account_id, used_on)
        """
    ).fetchone()
    if not row or not row[0]:
        return []
    return [
        f"{row[0]:,} records of {row[1]:,} accounts, between {row[2]} and {row[3]}, are on days on which no book bills them: "
        "before its first version, or outside its assignment or contract."
    ]


def _claimed_twice(rating: Rating) -> list[str]:
    """Name usage that several subscriptions of an account price at a time."""
    rows = rating.connection.execute(
        """
        WITH several AS (SELECT account_id FROM subscription GROUP BY 1 HAVING COUNT(DISTINCT subscription_id) > 1),
        priced AS (
          SELECT DISTINCT line.account_id, line.subscription_id, line.period_start, line.period_end, component.meter
          FROM rated_line AS line
          JOIN several ON several.account_id = line.account_id
          JOIN book_version AS version ON version.book = line.book AND CAST(version.from_on AS VARCHAR) = line.version
          JOIN component ON component.version_no = version.version_no AND component.component_id = line.component_id
          WHERE line.quantity <> 0 AND component.meter <> ''
        )
        SELECT one.account_id FROM priced AS one
        JOIN priced AS other ON other.account_id = one.account_id AND other.meter = one.meter
          AND other.subscription_id > one.subscription_id
          AND other.period_start < one.period_end AND other.period_end > one.period_start
        GROUP BY 1 ORDER BY 1
        """
    ).fetchall()
    if not rows:
        return []
    return [
        f"Usage of {len(rows):,} accounts, such as {rows[0][0]}, is billed under several subscriptions at a time: "
        "records do not say which of them they belong to."
    ]


def _unsold_fees(rating: Rating) -> list[str]:
    """Name fees that have no price in a currency in which their book bills someone."""
    rows = rating.connection.execute(
        """
        SELECT book, CAST(version.from_on AS VARCHAR), currency, COUNT(DISTINCT account_id) FROM billed_period AS period
        JOIN (SELECT version_no, from_on FROM book_version) AS version ON version.version_no = period.version_no
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        """
    ).fetchall()
    versions = {(book.name, f"{each.effective_from}"): each for book in rating.terms.books for each in book.versions}
    return [
        f"The fee {component.id} of {book} has no price in {currency}: {accounts:,} accounts billed in it do not pay it."
        for book, day, currency, accounts in rows
        for component in versions[book, day].components
        if component.is_fee and component.price_in(currency) is None
    ]


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
