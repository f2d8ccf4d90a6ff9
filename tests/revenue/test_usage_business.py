"""A business that sells use alone and keeps no invoices: from usage records and a price book to NDR, worked out by hand."""

import shutil
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from growthring.operations.data.run import RunResult, run
from growthring.operations.project import Project
from growthring.operations.reading import caveats, read
from growthring.revenue.evaluation import Question, evaluate
from growthring.revenue.metrics import metric
from growthring.revenue.policy import Policy, preset

FIRST, LAST = Month.parse("2023-01"), Month.parse("2024-12")
RATED = preset("standard").replace(usage_evidence="rated")
SETTINGS = """
[project]
name = "Metered"
currency = "USD"
policy = "rated"
data_through = "2024-12-31"

[[sources]]
name = "usage"
table = "usage"
files = "raw/usage_*.csv"

[[sources]]
name = "promises"
table = "commitment"
files = "raw/promises.csv"

[[sources]]
name = "products"
table = "product"
files = "raw/products.csv"
"""
BOOK = """
name: list
currency: USD
meters:
  - id: calls
versions:
  - effective_from: 2023-01-01
    components:
      - {id: api, meter: calls, price: {model: per_unit, unit_price: 1}}
assign:
  - {}
"""


class Business:
    """A project folder whose only documents are usage records, a price book and a promise."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("raw", "price_books", "policies"):
            (root / folder).mkdir(parents=True)
        self.write("growthring.toml", SETTINGS)
        self.write("price_books/list.yaml", BOOK)
        self.write("policies/rated.toml", 'name = "rated"\nextends = "standard"\nusage_evidence = "rated"\n')
        self.write("raw/products.csv", "product_id,name,quantity_kind\napi,API,usage\n")
        self.write(
            "raw/promises.csv",
            "commitment_id,account_id,kind,starts_on,ends_on,amount,currency\nk,a,minimum,2023-01-01,2025-01-01,2880,USD\n",
        )
        for index in range(FIRST.index, LAST.index + 1):
            self.month(Month(index), calls(Month(index)))

    @classmethod
    def at(cls, root: Path) -> "Business":
        """Return the business of a folder that is written already."""
        found = cls.__new__(cls)
        found.root = root
        return found

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    def month(self, month: Month, used: Mapping[str, int]) -> None:
        """Write what accounts used in a month, on its fifth day."""
        day = month.first_day.replace(day=5)
        rows = [f"{account}-{month},{account},calls,{day} 12:00:00,{quantity}" for account, quantity in used.items()]
        self.write(f"raw/usage_{month}.csv", "\n".join(["usage_id,account_id,meter,used_at,quantity", *rows]) + "\n")

    def open(self) -> Project:
        return Project.open(self.root)

    def run(self) -> RunResult:
        return run(self.open())

    def figure(self, name: str, policy: Policy, at: str) -> float | Decimal | None:
        ledger = read(self.open(), policy=policy).ledger
        found = evaluate(ledger, Question(metric(name), (Month.parse(at),)))
        return found[0].value if found else None


def calls(month: Month) -> dict[str, int]:
    """From February 2024 on customer a uses half as much again and b half as much; c comes in January 2024."""
    changed = month >= Month.parse("2024-02")
    used = {"a": 150 if changed else 100, "b": 25 if changed else 50}
    return used | ({"c": 1000} if month >= Month.parse("2024-01") else {})


@pytest.fixture(scope="module")
def as_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Business(tmp_path_factory.mktemp("usage") / "metered")
    made.run()
    return made.root


@pytest.fixture
def business(as_run: Path, tmp_path: Path) -> Business:
    return Business.at(shutil.copytree(as_run, tmp_path / "metered"))


def test_revenue_and_movements_come_from_use_alone(business: Business) -> None:
    ledger = read(business.open(), policy=RATED).ledger
    rows = ledger.connection.execute(
        "SELECT month, account_id, movement, driver, movement_amount FROM movement ORDER BY month, account_id, movement"
    ).fetchall()
    assert [(str(Month(month)), *rest) for month, *rest in rows] == [
        ("2023-01", "a", "new", "", 100),
        ("2023-01", "b", "new", "", 50),
        ("2024-01", "c", "new", "", 1000),
        ("2024-02", "a", "expansion", "volume", 50),
        ("2024-02", "b", "contraction", "volume", -25),
    ]


@pytest.mark.parametrize(
    ("changes", "at", "now", "then"),
    [
        ({}, "2024-03", 150 + 25, 150),
        ({"smoothing": "trailing_3"}, "2024-03", Decimal("133.3333") + Decimal("33.3333"), 150),
        ({"basis": "usage_smoothed", "usage_window": 3}, "2024-03", Decimal("133.3333") + Decimal("33.3333"), 150),
        ({"smoothing": "quarter_x4"}, "2024-05", Decimal("133.3333") + Decimal("33.3333"), 150),
        ({"smoothing": "trailing_12"}, "2024-12", Decimal("145.8333") + Decimal("27.0833"), 150),
        # a promised 120 a month: 30 beyond it from February 2024 on
        ({"smoothing": "committed_plus_trailing"}, "2024-03", 120 + 20 + Decimal("33.3333"), 120 + 50),
        ({"ndr": "two_year"}, "2024-12", 100 + 11 * 150 + 50 + 11 * 25, 12 * 150),
        ({"ndr": "two_year", "basis": "recognised"}, "2024-12", 100 + 11 * 150 + 50 + 11 * 25, 12 * 150),
        ({"ndr": "quarter_yoy"}, "2024-03", 3 * 150 + (50 - 25) * 2, 3 * 150),
    ],
)
def test_net_retention_of_a_usage_business_under_each_policy(
    business: Business, changes: dict[str, str], at: str, now: Decimal, then: Decimal
) -> None:
    found = business.figure("ndr", RATED.replace(**changes), at)
    assert found == pytest.approx(float(now) / float(then), abs=1e-9)


def test_what_was_run_is_found_again_and_gives_the_same_bytes(business: Business) -> None:
    again = business.run()
    assert (again.built, again.rated_periods) == (0, 0)


def test_a_changed_month_costs_that_month_and_what_follows_and_gives_the_bytes_of_a_full_run(
    business: Business, tmp_path: Path
) -> None:
    before = contents(business)
    business.month(LAST - 1, {**calls(LAST - 1), "a": 151})
    changed = business.run()
    kept = contents(business)
    assert {name: kept[name] for name in before} == before
    assert 0 < changed.built < len(before) / 4
    whole = Business(tmp_path / "fresh")
    whole.month(LAST - 1, {**calls(LAST - 1), "a": 151})
    whole.run()
    made = ("contribution.parquet", "recurring-", "movement-")
    expected = {name: data for name, data in contents(whole).items() if any(each in data for each in made)}
    assert len(expected) == 3 * 24
    assert {name: kept.get(name) for name in expected} == expected
    assert business.figure("mrr", RATED, str(LAST - 1)) == 1176


def test_policies_that_read_invoices_see_no_use_and_need_no_rating(business: Business) -> None:
    assert business.figure("mrr", preset("standard"), "2024-12") is None


def test_without_a_price_book_a_policy_of_rated_usage_says_what_is_missing(business: Business) -> None:
    (business.root / "price_books" / "list.yaml").unlink()
    with pytest.raises(GrowthringError, match="nothing is rated"):
        business.run()


def test_use_billed_in_a_currency_without_a_rate_is_said_to_be_left_out(business: Business) -> None:
    business.write("price_books/list.yaml", BOOK.replace("currency: USD", "currency: CHF"))
    told = caveats(read(business.open(), policy=RATED), [LAST])
    assert "No exchange rate from CHF to USD: revenue in it is left out. Add an fx_rate source." in told


def test_an_earlier_look_rates_what_was_known_then(tmp_path: Path) -> None:
    made = Business(tmp_path / "late")
    rows = ["usage_id,account_id,meter,used_at,quantity,known_at", "x,d,calls,2024-12-05 12:00:00,70,2025-01-20 00:00:00"]
    made.write("raw/usage_late.csv", "\n".join(rows) + "\n")
    made.run()
    found = {}
    for as_of in (None, datetime(2025, 1, 10)):
        ledger = read(made.open(), policy=RATED, as_of=as_of).ledger
        total = ledger.connection.execute("SELECT SUM(recurring_amount) FROM recurring WHERE month = ?", [LAST.index])
        found[as_of] = total.fetchone()[0]
    assert found == {None: 1245, datetime(2025, 1, 10): 1175}


def contents(business: Business) -> dict[str, str]:
    """Return the record of every artifact of the store, which holds the digests of its files, by its place."""
    root = business.open().store.root / "objects"
    return {str(path.parent.relative_to(root)): path.read_text() for path in sorted(root.rglob("contents.json"))}
