"""The defects of the real panels become masks, counted here against the files themselves."""

import duckdb
import numpy as np
import pytest

from growthring.forecast.panel import Cell
from tests.forecast.real_panels import DATA, london_meters, online_retail, usage_panel

pytestmark = pytest.mark.real


def test_an_account_off_the_list_is_missing_and_never_gone() -> None:
    panel = usage_panel()
    assert (panel.rows, panel.months) == (15_177, 99)
    assert int(panel.is_present.sum()) == 339_557
    assert set(np.unique(panel.cells)) == {Cell.PRESENT, Cell.MISSING}
    empty = [panel.first_month + int(column) for column in np.flatnonzero(~panel.is_present.any(axis=0))]
    assert empty == [2020 * 12 + 1, 2025 * 12]


def test_a_household_begins_with_its_first_whole_month_and_null_days_are_unknown() -> None:
    panel = london_meters()
    assert str(panel.last_month) == "2014-02"
    daily = f"(SELECT day, kwh FROM '{DATA}/london_meters/daily_kwh.parquet' WHERE LCLid = 'MAC000003')"
    first = duckdb.sql(f"SELECT min(day) FROM {daily}").fetchone()[0]
    row = panel.accounts.tolist().index("MAC000003")
    begun = panel.first_month + int(panel.started[row])
    assert begun == first.year * 12 + first.month - 1 + (first.day > 1)
    month = panel.started[row]
    whole = duckdb.sql(f"SELECT sum(kwh)::DOUBLE FROM {daily} WHERE year(day) * 12 + month(day) - 1 = {begun}").fetchone()[0]
    assert panel.values[row, month] == pytest.approx(whole)
    assert set(panel.attributes["segment"]) >= {"Adversity", "Comfortable", "Affluent"}


def test_a_shop_s_overlapping_sheets_and_duplicates_count_once_and_nobody_cancels() -> None:
    panel = online_retail()
    assert str(panel.last_month) == "2011-11"
    assert not np.isin(panel.cells, [Cell.GONE, Cell.MISSING]).any()
    december = panel.values[:, 2010 * 12 + 11 - panel.first_month]
    naive = duckdb.sql(
        f"""
        SELECT sum(Quantity * UnitPrice) FROM '{DATA}/online_retail/online_retail_ii.parquet'
        WHERE CustomerID IS NOT NULL AND InvoiceDate >= '2010-12-01' AND InvoiceDate < '2011-01-01'
        """
    ).fetchone()[0]
    assert np.nansum(december) < 0.75 * naive, "the first nine days stand in both sheets"
    assert panel.values[panel.cells == Cell.ZERO].sum() == 0
