"""History as a panel: what a cell without an amount means."""

import duckdb
import numpy as np
import pytest

from growthring.forecast.history import cells_of, empty_panel, panel_of
from growthring.forecast.panel import Cell
from growthring.kernel.period import Month

JANUARY = Month.parse("2024-01").index


def history(rows: list[tuple[str, str, int, float]], last: int, **settings: object):
    connection = duckdb.connect()
    connection.execute("CREATE TABLE amounts (account_id VARCHAR, series VARCHAR, month INTEGER, amount DECIMAL(18, 4))")
    connection.executemany(
        "INSERT INTO amounts VALUES (?, ?, ?, ?)", [(a, s, JANUARY + m, v) for a, s, m, v in rows] or [["", "", 0, 0]]
    )
    return panel_of(connection, "FROM amounts SELECT *", last_month=JANUARY + last, unit="USD per month", **settings)


def test_cells_before_between_and_after() -> None:
    """Recurring revenue: not yet a customer, paying, a month without, and gone at once."""
    cells = cells_of(np.array([[0, 5.0, 0, 5, 0], [1, 1, 1, 1, 1]]), quiet=0)
    assert cells.tolist() == [[0, 1, 2, 1, 4], [1, 1, 1, 1, 1]]


@pytest.mark.parametrize(("silent", "meaning"), [(1, Cell.ZERO), (5, Cell.ZERO), (6, Cell.GONE), (8, Cell.GONE)])
def test_a_usage_series_is_gone_after_six_quiet_months(silent: int, meaning: Cell) -> None:
    values = np.array([[5.0] * 4 + [0.0] * silent, [1.0] * (4 + silent)])
    assert (cells_of(values, quiet=6)[0, 4:] == meaning).all()


def test_a_quiet_stretch_that_ended_is_no_departure() -> None:
    values = np.array([[5.0] + [0.0] * 9 + [5.0]])
    assert cells_of(values, quiet=6).tolist() == [[1] + [2] * 9 + [1]]


def test_rows_become_a_panel_and_products_stay_apart() -> None:
    found = history([("b", "api", 1, 7), ("a", "", 0, 3), ("a", "", 2, 4), ("b", "web", 0, 1), ("b", "api", 1, 2)], 2)
    assert found.accounts.tolist() == ["a", "b", "b"]
    assert found.series.tolist() == ["", "api", "web"]
    assert found.first_month == JANUARY
    np.testing.assert_array_equal(found.values, [[3, 0, 4], [np.nan, 9, np.nan], [1, np.nan, np.nan]])
    assert found.cells.tolist() == [[1, 2, 1], [0, 1, 4], [1, 4, 4]]
    assert found.unit == "USD per month"


def test_months_after_the_last_one_do_not_exist() -> None:
    """An account that begins later is not in the panel, and one that goes on later is not told apart from one that ends."""
    short = history([("a", "", 0, 3), ("a", "", 1, 3)], 1)
    long = history([("a", "", 0, 3), ("a", "", 1, 3), ("a", "", 2, 99), ("late", "", 2, 1)], 1)
    assert long.accounts.tolist() == ["a"]
    np.testing.assert_array_equal(short.values, long.values)
    np.testing.assert_array_equal(short.cells, long.cells)


def test_amounts_that_cancel_out_are_a_month_without() -> None:
    found = history([("a", "", 0, 3), ("a", "", 1, 3), ("a", "", 1, -3), ("a", "", 2, 1)], 2)
    assert found.cells.tolist() == [[1, 2, 1]]


def test_nothing_is_an_empty_panel() -> None:
    found = history([], 2)
    assert found.rows == empty_panel(JANUARY, "").rows == 0
    assert not found.alive.any()


def test_attributes_are_beside_the_rows_and_unknown_ones_are_said() -> None:
    found = history([("a", "", 0, 3), ("b", "", 0, 3)], 0, attributes={"segment": {"a": "SMB"}})
    assert found.attributes["segment"].tolist() == ["SMB", "(unknown)"]


def test_a_month_in_which_nobody_used_anything_is_missing_not_zero() -> None:
    """Forty customers do not all pause in the same month: the month is not in the data. Three might."""
    values = np.ones((40, 12))
    values[:, 6] = 0
    values[0, :8] = 0
    values[1, 4:] = 0
    cells = cells_of(values, quiet=0)
    assert (cells[2:, 6] == Cell.MISSING).all()
    assert cells[0, 6] == Cell.NOT_YET
    assert cells[1, 6] == Cell.GONE
    assert (cells_of(values[2:5], quiet=0)[:, 6] == Cell.ZERO).all()


def test_data_that_end_early_for_everybody_are_missing_not_a_farewell_of_all() -> None:
    values = np.ones((40, 12))
    values[:, 10:] = 0
    values[0, 5:] = 0
    cells = cells_of(values, quiet=0)
    assert (cells[1:, 10:] == Cell.MISSING).all()
    assert (cells[0, 5:] == Cell.GONE).all()
    assert (cells_of(values[:5], quiet=0)[1:, 10:] == Cell.GONE).all()
