"""Sums and counts."""

from datetime import date, datetime
from decimal import Decimal

from growthring.engine.catalog import create_empty
from growthring.pricing.billing_calendar import BillingCalendar
from growthring.pricing.meter import Aggregation, Meter
from growthring.pricing.metering import load_metering_inputs, metering_chain
from growthring.tables.usage_correction import USAGE_CORRECTION
from tests.pricing.metering.workbench import Subscribed, Used, define, metered, open_usage

MONTHLY = BillingCalendar(date(2024, 1, 1), "month")


def test_a_sum_adds_the_quantities_of_each_period() -> None:
    records = [
        Used(datetime(2024, 1, 1), Decimal(2)),
        Used(datetime(2024, 1, 31, 23, 59), Decimal(3)),
        Used(datetime(2024, 2, 1)),
    ]
    assert metered(records, Meter(id="m"), MONTHLY, date(2024, 1, 1), date(2024, 2, 29)) == [
        (date(2024, 1, 1), datetime(2024, 1, 1), "", Decimal(5), 2),
        (date(2024, 2, 1), datetime(2024, 2, 1), "", Decimal(1), 1),
    ]


def test_a_count_counts_records() -> None:
    records = [Used(datetime(2024, 1, 1), Decimal(2)), Used(datetime(2024, 1, 2), Decimal(3))]
    meter = Meter(id="m", aggregation=Aggregation.COUNT)
    assert [row[3] for row in metered(records, meter, MONTHLY, date(2024, 1, 1), date(2024, 1, 31))] == [Decimal(2)]


def test_records_known_later_are_not_seen() -> None:
    records = [Used(datetime(2024, 1, 1)), Used(datetime(2024, 1, 2), known_at=datetime(2024, 2, 1))]
    rows = metered(records, Meter(id="m"), MONTHLY, date(2024, 1, 1), date(2024, 1, 31), as_of=datetime(2024, 1, 20))
    assert [row[3] for row in rows] == [Decimal(1)]


def test_usage_is_metered_as_it_was_corrected() -> None:
    records = [Used(datetime(2024, 1, day), Decimal(day)) for day in (1, 2, 3, 31)]
    corrections = [
        ("c1", "amend", "u000000", Decimal(10), None, datetime(2024, 2, 1)),
        ("c2", "withdraw", "u000001", None, None, datetime(2024, 2, 1)),
        ("c3", "amend", "u000003", None, datetime(2024, 2, 1), datetime(2024, 2, 2)),
        ("c4", "withdraw", "u000002", None, None, datetime(2024, 3, 1)),
    ]
    meters = [Meter(id="m"), Meter(id="last", event="m", aggregation=Aggregation.LATEST)]
    with open_usage(records, [Subscribed(MONTHLY.calendar_id)]) as connection:
        create_empty(connection, USAGE_CORRECTION)
        for row in corrections:
            connection.execute(
                "INSERT INTO usage_correction (correction_id, action, usage_id, quantity, used_at, known_at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )
        load_metering_inputs(connection, meters, date(2024, 1, 1), date(2024, 2, 29))
        define(connection, metering_chain(meters, datetime(2024, 2, 20), has_corrections=True))
        found = connection.execute("SELECT meter, period_start, quantity FROM metered ORDER BY ALL").fetchall()
    assert found == [
        ("last", date(2024, 1, 1), Decimal(3)),
        ("last", date(2024, 2, 1), Decimal(31)),
        ("m", date(2024, 1, 1), Decimal(13)),
        ("m", date(2024, 2, 1), Decimal(31)),
    ]
