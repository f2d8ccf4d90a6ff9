"""Vintage × age: planted curves and discounts come back, and the cells add up to the company."""

from decimal import Decimal

from growthring.forecast.vintages import VintageMonth, entry_balances, vintage_cells, vintage_curves
from growthring.kernel.period import FiscalCalendar, Month, PeriodKind

CALENDAR = FiscalCalendar(2)
START = Month.parse("2022-02").index


def planted(last: int, curve: list[str]) -> list[VintageMonth]:
    """A vintage of ten customers a month; each month of life multiplies 100 by the curve."""
    return [
        VintageMonth(first, month, 10, 100 * Decimal(curve[month - first]))
        for first in range(START, last + 1)
        for month in range(first, last + 1)
        if month - first < len(curve)
    ]


def test_a_balance_is_that_of_the_last_month_and_a_flow_the_sum_of_the_months():
    months = planted(START + 11, ["1"] * 12)
    balance = vintage_cells(months, CALENDAR, PeriodKind.QUARTER, Month(START + 11), adds_up=False)
    flow = vintage_cells(months, CALENDAR, PeriodKind.QUARTER, Month(START + 11), adds_up=True)
    first = Month(START + 2)
    assert [(cell.age, cell.amount, cell.customers) for cell in balance if cell.vintage == first] == [
        (age, 300, 30) for age in range(4)
    ]
    assert [cell.amount for cell in flow if cell.vintage == first] == [100 + 200 + 300, 900, 900, 900]


def test_the_cells_of_a_period_add_up_to_the_company_whatever_the_vintages():
    months = planted(START + 22, [str(1 - age / 40) for age in range(24)])
    for period in PeriodKind:
        cells = vintage_cells(months, CALENDAR, period, Month(START + 22), adds_up=True)
        ends = {cell.period for cell in cells}
        assert max(ends) <= Month(START + 22)
        for end in ends:
            inside = range(end.index - period.months + 1, end.index + 1)
            assert sum(cell.amount for cell in cells if cell.period == end) == sum(
                each.amount for each in months if each.month in inside
            )


def test_a_planted_curve_comes_back():
    months = planted(START + 11, ["1", "1.5", "1.2", "0.9"])
    cells = vintage_cells(months, CALENDAR, PeriodKind.MONTH, Month(START + 11), adds_up=False)
    curves = vintage_curves(cells, base_age=0)
    assert curves[Month(START)] == {0: 1.0, 1: 1.5, 2: 1.2, 3: 0.9}
    assert len(curves) == 12


def test_an_unfinished_period_is_left_out():
    months = planted(START + 13, ["1"] * 14)
    cells = vintage_cells(months, CALENDAR, PeriodKind.QUARTER, Month(START + 13), adds_up=True)
    assert max(cell.period for cell in cells) == Month(START + 11)


def test_entry_balances_add_up_to_all_revenue_and_see_nothing_of_the_year_they_enter():
    months = planted(START + 30, [str(1 - age / 40) for age in range(40)])
    entry = Month(START + 23)
    found = entry_balances(months, CALENDAR, entry)
    assert [each.age for each in found] == [1, 0]
    assert sum(each.amount for each in found) == sum(each.amount for each in months if each.month == entry.index)
    assert found[0].first_amount == 1200
    assert found == entry_balances([each for each in months if each.month <= entry.index], CALENDAR, entry)
