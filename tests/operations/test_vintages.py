"""Vintages of a project: they add up to its revenue, and planted discounts come back."""

from decimal import Decimal

import pytest

from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.kernel.period import Month, PeriodKind
from growthring.operations.plans.vintages import entering, vintages
from growthring.operations.project import Project
from growthring.operations.revenue.show import View, show
from tests.operations.books import Books


def test_vintages_of_the_sample_company_add_up_to_its_recurring_revenue(ringwood: Project):
    answer = vintages(ringwood, period=PeriodKind.MONTH)
    shown = show(ringwood, "mrr", View())
    last = max(row["age"] for row in answer.rows)
    diagonal = [row for row in answer.rows if Month.parse(row["vintage"]).index + row["age"] == Month.parse(shown.at).index]
    assert last > 12 and answer.value == shown.value
    assert sum(Decimal(row["value"]) for row in diagonal) == pytest.approx(Decimal(shown.value), abs=Decimal("0.2"))
    entered = entering(ringwood, year="FY2024")
    assert Decimal(entered.value) == Decimal(show(ringwood, "mrr", View(at="2023-01")).value)


def test_price_realisation_is_the_planted_discount_of_each_vintage(tmp_path):
    listed = "CAST(amount AS DECIMAL(18,4)) * 1.25"
    more = f'list_amount = "{listed}"\nrecurring_discount_amount = "{listed} - CAST(amount AS DECIMAL(18,4))"'
    books = Books(tmp_path / "brook", more=more)
    books.steady("2023-01", "2023-06", {"anna": 100, "bert": 40})
    books.run()
    answer = vintages(books.open(), measure="price", period=PeriodKind.MONTH)
    assert {row["value"] for row in answer.rows} == {0.8}
    assert {(row["net"], row["list"]) for row in answer.rows} == {("140.00", "175.00")}


def test_usage_of_an_unknown_meter_and_a_year_to_come_are_refused_with_what_is_valid(ringwood: Project):
    with pytest.raises(UnknownValueError, match="api_calls"):
        vintages(ringwood, measure="usage:shoes")
    with pytest.raises(UnknownValueError, match="usage:METER"):
        vintages(ringwood, measure="shoes")
    with pytest.raises(GrowthringError, match="begins in"):
        entering(ringwood, year="FY2099")
    with pytest.raises(GrowthringError, match=r"revenue is known from 20\d\d-\d\d on. Valid: FY20\d\d to FY20\d\d"):
        entering(ringwood, year="FY1999")
    with pytest.raises(GrowthringError, match="not a fiscal year"):
        entering(ringwood, year="2023-01")
    used = vintages(ringwood, measure="usage:api_calls")
    assert used.unit == "api_calls" and used.rows[0]["age"] == 0
