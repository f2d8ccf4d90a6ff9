"""A period that is billed in part: half-open days, both ends, seconds, nominal months."""

from datetime import date
from decimal import Decimal

import pytest

from growthring.engine.duckdb_session import connect
from growthring.pricing.billing_calendar import BillingCalendar
from growthring.pricing.book import PriceBook
from growthring.pricing.metering.inputs import load_metering_inputs
from growthring.pricing.rating.pipeline import rating_chain
from growthring.pricing.rating.tables import compile_books, load_books
from growthring.pricing.reference import Share, rate_bill
from growthring.tables import METERED, SUBSCRIPTION, USAGE
from tests.pricing.rating.sql_path import put

MARCH = (date(2024, 3, 1), date(2024, 3, 31))
ZONE = "Europe/London"
"""31 March 2024 has 23 hours there."""


@pytest.mark.parametrize(
    ("day_count", "ends_on", "active", "whole", "fee"),
    [
        ("half_open", date(2024, 3, 31), 30, 31, "967.74"),
        ("inclusive", date(2024, 3, 31), 31, 31, "1000.00"),
        ("nominal", date(2024, 3, 16), 15, 30, "500.00"),
        ("second", date(2024, 3, 31), 30 * 86_400, 31 * 86_400 - 3_600, "969.04"),
        ("second", date(9999, 12, 31), 31 * 86_400 - 3_600, 31 * 86_400 - 3_600, "1000.00"),
    ],
)
def test_a_fee_is_due_for_the_share_of_the_period_that_the_policy_counts(
    day_count: str, ends_on: date, active: int, whole: int, fee: str
):
    book = PriceBook.model_validate(
        {
            "name": "book", "currency": "USD", "policy_changes": {"day_count": day_count},
            "versions": [
                {"effective_from": "2024-01-01", "components": [{"id": "fee", "price": {"model": "flat", "amount": 1000}}]}
            ],
        }
    )  # fmt: skip
    connection = connect()
    calendar = BillingCalendar(MARCH[0], "month", 1, ZONE).calendar_id
    put(connection, SUBSCRIPTION, [("s1", "a1", "book", calendar, MARCH[0], ends_on, "USD")])
    put(connection, USAGE, [])
    put(connection, METERED, [])
    load_metering_inputs(connection, (), *MARCH)
    tables = compile_books([book])
    load_books(connection, tables, {})
    for relation in rating_chain(tables.shape, has_buckets=False):
        connection.execute(f"CREATE TABLE {relation.name} AS {relation.sql}")
    assert connection.execute("SELECT active_units, period_units FROM billed_period").fetchall() == [(active, whole)]
    assert connection.execute("SELECT amount FROM bill").fetchall() == [(Decimal(fee),)]
    assert rate_bill(book.versions[0], [], Share(active, whole), book.rating_policy, "USD").amount == Decimal(fee)
