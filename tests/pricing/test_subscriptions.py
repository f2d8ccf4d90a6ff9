"""Who is billed from when: contracts, assignments, and accounts of which only usage is known."""

from datetime import date
from pathlib import Path

import pytest

from growthring.operations.data.run import run
from growthring.operations.pricing.rating import rate
from growthring.operations.project import Project

_BOOK = """
name: calls
currency: USD
meters: [{id: calls}]
versions:
  - effective_from: 2024-01-01
    components: [{id: calls, meter: calls, price: {model: per_unit, unit_price: 1}}]
assign: [{}]
"""


def _project(folder: Path, zone: str, records: list[tuple[str, str, int]], accounts: str = "") -> Project:
    (folder / "price_books").mkdir()
    (folder / "price_books" / "calls.yaml").write_text(_BOOK)
    lines = [f"{number},{account},calls,{at},{quantity}" for number, (account, at, quantity) in enumerate(records)]
    (folder / "usage.csv").write_text("\n".join(["usage_id,account_id,meter,used_at,quantity", *lines]) + "\n")
    settings = f'[project]\nname = "Calls"\ntime_zone = "{zone}"\ndata_through = "2025-03-31"\n'
    settings += '[[sources]]\nname = "usage"\ntable = "usage"\npreset = "usage_events"\nfiles = "usage.csv"\n'
    if accounts:
        (folder / "accounts.csv").write_text(accounts)
        settings += '[[sources]]\nname = "accounts"\ntable = "account"\nfiles = "accounts.csv"\n'
    (folder / "growthring.toml").write_text(settings)
    project = Project.open(folder)
    run(project)
    return project


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London", "Pacific/Auckland", "UTC"])
def test_what_an_account_used_first_is_billed_on_its_local_day_in_every_zone(tmp_path: Path, zone: str) -> None:
    records = [("a", f"2025-02-01T{hour:02}:30:00Z", 1) for hour in range(24)]
    records += [("b", "2025-01-31T23:59:59Z", 5), ("c", "2025-02-01T00:00:00Z", 7)]
    rating = rate(_project(tmp_path, zone, records))
    assert rating.connection.execute("SELECT SUM(amount) FROM bill").fetchone() == (36,)


def test_an_account_that_says_nothing_of_its_first_day_begins_with_its_usage(tmp_path: Path) -> None:
    project = _project(tmp_path, "Europe/London", [("a", "2025-02-10T12:00:00Z", 3)], "account_id,name\na,A\nidle,I\n")
    rating = rate(project)
    rows = rating.connection.execute("SELECT account_id, starts_on FROM subscription").fetchall()
    assert rows == [("a", date(2025, 2, 10))]


def test_an_account_with_a_first_day_begins_on_it(tmp_path: Path) -> None:
    project = _project(
        tmp_path, "UTC", [("a", "2025-02-10T12:00:00Z", 3)], "account_id,valid_from\na,2025-01-15\nidle,2025-03-01\n"
    )
    rows = rate(project).connection.execute("SELECT account_id, starts_on FROM subscription ORDER BY 1").fetchall()
    assert rows == [("a", date(2025, 1, 15)), ("idle", date(2025, 3, 1))]
