"""Simulated months become charges of billing periods."""

from datetime import date

import numpy as np
import pytest

from growthring.forecast.commitments.future_charges import Horizon, Subscribed, future_charges, why_not_foreseen
from growthring.kernel.period import Month
from growthring.pricing.billing_calendar import BillingCalendar
from growthring.pricing.book import PriceBook
from growthring.pricing.meter import Meter

BOOK = PriceBook.model_validate(
    {
        "name": "b", "currency": "USD", "meters": [{"id": "calls"}],
        "versions": [
            {"effective_from": "2024-01-01", "components": [
                {"id": "api", "meter": "calls", "price": {"model": "graduated", "tiers": [
                    {"up_to": 100, "unit_price": 1}, {"unit_price": "0.5"}]}},
                {"id": "fee", "price": {"model": "flat", "amount": 20}},
            ]},
            {"effective_from": "2025-03-01", "components": [
                {"id": "api", "meter": "calls", "price": {"model": "per_unit", "unit_price": 2}}]},
        ],
    }
)  # fmt: skip
HORIZON = Horizon(date(2025, 1, 1), Month.parse("2025-01").index, 4, 2)


def subscribed(calendar: BillingCalendar) -> Subscribed:
    return Subscribed("a", "a", BOOK, "USD", calendar.calendar_id, date(2024, 1, 1))


def rated(calendar: BillingCalendar, monthly: list[list[float]], so_far: int = 0) -> dict[tuple[str, str], list[float]]:
    used = {("a", "calls"): np.array(monthly, dtype=float)}
    found = future_charges([subscribed(calendar)], used, HORIZON, so_far={("a", "calls"): so_far * 10**6})
    return {(str(each.period_start), each.component_id): (each.amount / 10**4).tolist() for each in found}


MONTHS = BillingCalendar(date(2024, 1, 1), "month")


def test_each_future_goes_through_the_tiers_and_never_an_average_price():
    found = rated(MONTHS, [[50, 50, 50, 50], [150, 150, 150, 150]])
    assert found["2025-01-01", "api"] == [50, 125]
    assert found["2025-01-01", "fee"] == [20, 20]


def test_a_new_version_of_the_book_rates_the_periods_that_begin_under_it():
    found = rated(MONTHS, [[50] * 4, [150] * 4])
    assert found["2025-03-01", "api"] == [100, 300]
    assert ("2025-03-01", "fee") not in found


def test_a_period_across_two_months_takes_their_days_and_what_is_known_of_it():
    calendar = BillingCalendar(date(2024, 1, 16), "month")
    found = rated(calendar, [[31, 28, 31, 30], [0, 0, 0, 0]], so_far=60)
    assert found["2024-12-16", "api"] == [75, 60]
    assert found["2025-01-16", "api"] == [31, 0]
    assert {start for start, _ in found} == {"2024-12-16", "2025-01-16", "2025-02-16", "2025-03-16"}


@pytest.mark.parametrize(
    ("meter", "calendar", "said"),
    [
        (Meter(id="calls", bucket="day"), MONTHS, "parts of a period"),
        (Meter(id="calls", aggregation="max"), BillingCalendar(date(2024, 1, 16), "month"), "does not add up over days"),
        (Meter(id="calls", aggregation="max"), MONTHS, ""),
    ],
)
def test_what_cannot_be_rated_from_months_is_refused(meter: Meter, calendar: BillingCalendar, said: str):
    assert said in why_not_foreseen(subscribed(calendar), {"calls": meter}, HORIZON)
    assert bool(said) == bool(why_not_foreseen(subscribed(calendar), {"calls": meter}, HORIZON))
