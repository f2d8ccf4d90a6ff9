"""Sums and counts."""

from datetime import date, datetime
from decimal import Decimal

from growthring.pricing.billing_calendar import BillingCalendar
from growthring.pricing.meter import Aggregation, Meter
from tests.pricing.metering.workbench import Used, metered

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
