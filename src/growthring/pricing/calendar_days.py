"""The instants at which subscriptions begin and end: what days mean in the time zones of billing."""

import duckdb

from growthring.engine.small_table import put_rows
from growthring.pricing.billing_calendar import BillingCalendar, day_start

_COLUMNS = "calendar_id VARCHAR, day DATE, starts_at TIMESTAMP"


def put_calendar_days(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``calendar_day``: for each calendar the first instant, UTC, of the days on which its subscriptions begin and end.

    Args:
        connection: Holds ``subscription``.
    """
    rows = connection.execute(
        """
        SELECT calendar_id, starts_on FROM subscription
        UNION SELECT calendar_id, ends_on FROM subscription
        UNION SELECT calendar_id, MIN(starts_on) OVER (PARTITION BY subscription_id) FROM subscription
        UNION SELECT calendar_id, MAX(ends_on) OVER (PARTITION BY subscription_id) FROM subscription
        """
    ).fetchall()
    days = [(calendar_id, day, day_start(day, BillingCalendar.of(calendar_id).zone)) for calendar_id, day in sorted(rows)]
    put_rows(connection, "calendar_day", _COLUMNS, days)
