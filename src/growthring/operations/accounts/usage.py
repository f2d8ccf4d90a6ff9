"""Usage of one account by meter: month by month, and day by day where its records have days (CS-30)."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from growthring.engine.relation import literal, relation
from growthring.kernel.period import Month
from growthring.operations.accounts.overview import YEAR, AccountBook, known_account
from growthring.operations.answer import Answer
from growthring.operations.pricing.rating import rate
from growthring.operations.project import Project
from growthring.pricing.reference import plain

DAYS_SHOWN = 92
"""Days of the daily view: about three months."""

_DEFINITION = (
    "Usage of one customer by meter and month: where a price book rates the meter, what that counts in billing periods that "
    "begin then; else the sum of its records."
)
_POLICY = {"name": "rating", "version": "1"}


def account_usage(project: Project, account: str) -> Answer:
    """Answer what an account used, by meter and month, with the change to the month and to the year before.

    Raises:
        GrowthringError: No row names the account.
    """
    book = known_account(project, account)
    rated = dict(_rated(project, account)) if project.price_books[0] else {}
    events = _events(project)
    found = {meter: months for meter, months in _recorded(book, account) if meter not in events}
    rows = [
        row for meter, months in sorted({**found, **rated}.items()) for row in _month_rows(book, meter, months, meter in rated)
    ]
    value = len({row["meter"] for row in rows})
    return book.answer("account_usage", _DEFINITION, value, rows, policy=_POLICY, sql=_recorded_sql(book, account))


def account_usage_days(project: Project, account: str, meter: str) -> Answer:
    """Answer what an account's records of a meter add up to on each of the last days; no rows where records have no days.

    Args:
        project: The project.
        account: The account.
        meter: A meter as `account_usage` names it.

    Raises:
        GrowthringError: No row names the account.
    """
    book = known_account(project, account)
    known = {each.id: each for each in project.price_books[1]} | {
        each.id: each for books in project.price_books[0] for each in books.meters
    }
    event = known[meter].event_name if meter in known else meter
    since = book.today - timedelta(days=DAYS_SHOWN - 1)
    statement = (
        f"SELECT CAST(used_at AS DATE) AS day, SUM(quantity) AS quantity, COUNT(*) AS records FROM ({_current(book)}) AS usage "
        f"WHERE account_id = {literal(account)} AND meter = {literal(event)} AND used_at >= {literal(since)} "
        f"AND used_at < {literal(book.today + timedelta(days=1))} GROUP BY 1 ORDER BY 1"
    )
    found = book.rows(statement)
    months = {(row["day"].year, row["day"].month) for row in found}
    rows = [{"at": row["day"].isoformat(), "quantity": plain(row["quantity"]), "records": row["records"]} for row in found]
    shown = rows if len(rows) > 2 * len(months) else []
    return book.answer("account_usage_days", _DEFINITION, len(shown), shown, policy=_POLICY, sql=statement)


def _rated(project: Project, account: str) -> Iterator[tuple[str, dict[int, Decimal]]]:
    """Yield each meter that price books rate with its quantity by month."""
    found = rate(project).connection.execute(
        "SELECT meter, CAST(YEAR(period_start) * 12 + MONTH(period_start) - 1 AS INTEGER) AS month, SUM(quantity) FROM metered "
        "WHERE account_id = $1 GROUP BY 1, 2 ORDER BY 1, 2",
        [account],
    )
    meters: dict[str, dict[int, Decimal]] = {}
    for meter, month, quantity in found.fetchall():
        meters.setdefault(meter, {})[month] = quantity
    yield from meters.items()


def _events(project: Project) -> set[str]:
    """Return the names of events that meters of price books count."""
    books, meters = project.price_books
    return {each.event_name for each in (*meters, *(meter for book in books for meter in book.meters))}


def _recorded(book: AccountBook, account: str) -> Iterator[tuple[str, dict[int, Decimal]]]:
    """Yield each meter of the records with the sum of its quantities by month."""
    meters: dict[str, dict[int, Decimal]] = {}
    for row in book.rows(_recorded_sql(book, account)):
        meters.setdefault(row["meter"], {})[row["month"]] = row["quantity"]
    yield from meters.items()


def _recorded_sql(book: AccountBook, account: str) -> str:
    return (
        "SELECT meter, CAST(YEAR(used_at) * 12 + MONTH(used_at) - 1 AS INTEGER) AS month, SUM(quantity) AS quantity "
        f"FROM ({_current(book)}) AS usage WHERE account_id = {literal(account)} GROUP BY 1, 2 ORDER BY 1, 2"
    )


def _current(book: AccountBook) -> str:
    return relation("growthring.pricing.metering", "current_usage", {"as_of": book.reading.ledger.setting.as_of}).sql


def _month_rows(book: AccountBook, meter: str, months: dict[int, Decimal], is_rated: bool) -> Iterator[dict[str, Any]]:
    last = book.reading.ledger.setting.last_month.index
    for month in range(min(months), last + 1):
        used = months.get(month, Decimal(0))
        yield {
            "at": str(Month(month)),
            "meter": meter,
            "quantity": plain(used),
            "change": _change(used, months.get(month - 1)),
            "change_year": _change(used, months.get(month - YEAR)),
            "counted": "rated" if is_rated else "recorded",
            "is_partial": month > book.month.index,
        }


def _change(now: Decimal, before: Decimal | None) -> float | None:
    return float(now / before - 1) if before else None
