"""Usage that is billed after its month: what is added to the last month, and when nothing is."""

from datetime import datetime
from types import SimpleNamespace

import pytest

from growthring.engine.duckdb_session import connect
from growthring.kernel.period import Month
from growthring.operations.pricing.late_usage import usage_to_come
from growthring.revenue.policy import preset

LAST = Month.parse("2024-12")


def reading(rows: list[tuple[str, str, str, int]], policy: str = "standard") -> SimpleNamespace:
    """An open ledger that holds usage lines: account, first day of the month used, day it became known, amount."""
    connection = connect()
    connection.execute(
        "CREATE TABLE reporting_rate AS SELECT 'USD' AS currency, DATE '1900-01-01' AS from_on, DATE '9999-12-31' AS to_on, "
        "CAST(2 AS DECIMAL(18,8)) AS rate"
    )
    connection.execute(
        "CREATE TABLE invoice_line (account_id VARCHAR, kind VARCHAR, currency VARCHAR, period_start DATE, known_at TIMESTAMP, "
        "amount DECIMAL(18,4))"
    )
    for account, used, known, amount in rows:
        values = f"'{account}', 'usage', 'USD', DATE '{used}', TIMESTAMP '{known}', {amount}"
        connection.execute(f"INSERT INTO invoice_line VALUES ({values})")
    setting = SimpleNamespace(as_of=datetime(9999, 1, 1))
    return SimpleNamespace(policy=preset(policy), ledger=SimpleNamespace(connection=connection, setting=setting))


def late(account: str, amounts: dict[str, int]) -> list[tuple[str, str, str, int]]:
    return [(account, f"{month}-01", str((Month.parse(month) + 1).first_day), amount) for month, amount in amounts.items()]


def test_the_median_of_three_months_is_expected_so_that_a_spike_does_not_repeat() -> None:
    rows = late("a", {"2024-09": 100, "2024-10": 110, "2024-11": 9_000})
    assert usage_to_come(reading(rows), LAST) == {"a": pytest.approx(220)}


def test_nothing_is_added_once_the_lines_of_the_month_have_arrived() -> None:
    rows = late("a", {"2024-09": 100, "2024-10": 100, "2024-11": 100, "2024-12": 90})
    assert usage_to_come(reading(rows), LAST) == {}


def test_nothing_is_expected_from_an_account_that_used_in_one_month_only() -> None:
    rows = late("a", {"2024-09": 100, "2024-10": 100, "2024-11": 100}) + late("b", {"2024-11": 500})
    assert set(usage_to_come(reading(rows), LAST)) == {"a"}


def test_lines_that_were_known_in_their_month_are_not_late() -> None:
    rows = [("a", f"{month}-01", f"{month}-20", 100) for month in ("2024-09", "2024-10", "2024-11")]
    assert usage_to_come(reading(rows), LAST) == {}
