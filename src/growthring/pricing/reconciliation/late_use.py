"""What was known of a period when its invoice was issued, for the residuals where more became known later."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

import duckdb

from growthring.engine.relation import literal
from growthring.engine.small_table import put_rows
from growthring.pricing.metering.chain import metering_chain
from growthring.pricing.reconciliation.difference import Billed, Difference, Known
from growthring.pricing.reference import Use
from growthring.pricing.stored_rating import Rating
from growthring.pricing.uses import load_uses

SCHEMA = "as_issued"
Key = tuple[str, date, str]
_SECOND = timedelta(seconds=1)
_SPAN = """
  SELECT issued.case_no, issued.account_id, issued.issued_on, MIN(period.starts_at) AS starts_at, MAX(period.ends_at) AS ends_at
  FROM issued
  JOIN subscription ON subscription.account_id = issued.account_id
  JOIN billing_period AS period
    ON period.calendar_id = subscription.calendar_id AND period.period_start = issued.period_start
  GROUP BY 1, 2, 3
"""
_RECORDS = """
  SELECT account_id, used_at, known_at FROM usage
  UNION ALL
  SELECT COALESCE(correction.account_id, usage.account_id), COALESCE(correction.window_start, usage.used_at), correction.known_at
  FROM usage_correction AS correction LEFT JOIN usage ON usage.usage_id = correction.usage_id
"""


def known_at_issue(
    rating: Rating, differences: Sequence[Difference], billed: Mapping[tuple[str, date], Sequence[Billed]]
) -> dict[Key, list[Known]]:
    """Return what was known when invoices were issued: at the end of the day, and at its beginning where that is not the same.

    Args:
        rating: Rated history.
        differences: Residuals to look at; those without an invoice or without later records are left out.
        billed: Subscriptions by account and first day of the period.
    """
    issued = [each for each in differences if each.issued_on and (each.account_id, each.period_start) in billed]
    if not issued:
        return {}
    by_instant: dict[datetime, list[tuple[Difference, int]]] = defaultdict(list)
    for case_no, after_day, since_day in _later_records(rating.connection, issued, rating.terms.as_of):
        each = issued[case_no]
        midnight = datetime.combine(each.issued_on or date.min, time.min)
        if after_day:
            by_instant[midnight + timedelta(days=1) - _SECOND].append((each, after_day))
        if since_day > after_day:
            by_instant[midnight - _SECOND].append((each, since_day))
    if not by_instant:
        return {}
    known: dict[Key, list[Known]] = defaultdict(list)
    cursor = _restricted(rating.connection, sorted({each.account_id for cases in by_instant.values() for each, _ in cases}))
    for at, cases in sorted(by_instant.items(), reverse=True):
        for each, uses, records in _metered_at(cursor, rating, at, cases, billed):
            known[each.key].append(Known(at, uses, records))
    cursor.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
    cursor.close()
    return known


def _later_records(
    connection: duckdb.DuckDBPyConnection, issued: Sequence[Difference], as_of: datetime
) -> list[tuple[int, int, int]]:
    """Return for each residual how many records of its period became known after the day of the invoice, and since it began."""
    rows = [(number, each.account_id, each.period_start, each.issued_on) for number, each in enumerate(issued)]
    put_rows(connection, "issued", "case_no INTEGER, account_id VARCHAR, period_start DATE, issued_on DATE", rows)
    found = connection.execute(
        f"""
        SELECT span.case_no, COUNT(*) FILTER (record.known_at >= span.issued_on + INTERVAL 1 DAY), COUNT(*)
        FROM ({_SPAN}) AS span
        JOIN ({_RECORDS}) AS record ON record.account_id = span.account_id
          AND record.used_at >= span.starts_at AND record.used_at < span.ends_at
        WHERE record.known_at >= span.issued_on AND record.known_at <= {literal(as_of)}
        GROUP BY 1 ORDER BY 1
        """
    ).fetchall()
    connection.execute("DROP TABLE issued")
    return [(number, after, since) for number, after, since in found]


def _restricted(connection: duckdb.DuckDBPyConnection, accounts: Sequence[str]) -> duckdb.DuckDBPyConnection:
    """Return a connection in a schema of its own, in which only some accounts used anything."""
    cursor = connection.cursor()
    cursor.execute(f"CREATE SCHEMA {SCHEMA}")
    cursor.execute(f"SET search_path = '{SCHEMA},main'")
    put_rows(cursor, "wanted_account", "account_id VARCHAR", [(each,) for each in accounts])
    for name in ("usage", "subscription"):
        cursor.execute(
            f"CREATE TABLE {name} AS SELECT * FROM main.{name} WHERE account_id IN (SELECT account_id FROM wanted_account)"
        )
    return cursor


def _metered_at(
    cursor: duckdb.DuckDBPyConnection,
    rating: Rating,
    at: datetime,
    cases: Sequence[tuple[Difference, int]],
    billed: Mapping[tuple[str, date], Sequence[Billed]],
) -> list[tuple[Difference, dict[str, tuple[Use, ...]], int]]:
    """Return the quantities of some residuals as they were known at an instant, by subscription."""
    meters = rating.terms.every_meter
    row = cursor.execute("SELECT COUNT(*) FROM usage_correction").fetchone()
    for step in metering_chain(meters, at, has_corrections=bool(row and row[0])):
        cursor.execute(f"CREATE OR REPLACE TABLE {step.name} AS {step.sql}")
    subscriptions = {each.key: [b.subscription_id for b in billed[each.account_id, each.period_start]] for each, _ in cases}
    places = [(name, each.period_start) for each, _ in cases for name in subscriptions[each.key]]
    uses = load_uses(cursor, meters, places)
    return [
        (each, {name: uses.get((name, each.period_start), ()) for name in subscriptions[each.key]}, records)
        for each, records in cases
    ]
