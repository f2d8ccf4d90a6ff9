"""What the price books ask for, and what they leave without a price."""

from decimal import Decimal
from pathlib import Path

import pytest

from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.operations.data.run import run
from growthring.operations.pricing.bill import add_up, explain_bill
from growthring.operations.pricing.commitments import promised_revenue
from growthring.operations.pricing.rating import bills
from growthring.operations.project import Project
from tests.operations.books import ACCOUNTS, USAGE, Books

BOOK = """\
name: brook
currency: USD
meters:
  - {id: calls, dimensions: [region]}
  - {id: days_with_calls, event: calls, aggregation: count}
  - {id: seats}
versions:
  - effective_from: 2023-01-01
    components:
      - id: api
        meter: calls
        price: {model: matrix, cells: [{when: {region: eu}, price: {model: per_unit, unit_price: 0.01}}]}
  - effective_from: 2024-02-01
    components:
      - {id: days, meter: days_with_calls, price: {model: per_unit, unit_price: 1}}
assign: [{}]
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    books = Books(tmp_path / "brook", project='data_through = "2024-02-29"', more=USAGE)
    books.steady("2024-01", "2024-02", {"17850": 100})
    books.usage([])
    rows = ["usage_id,account_id,meter,used_at,quantity,dimensions,known_at"]
    for number, (meter, day, dimensions) in enumerate(
        [("calls", "2024-01-01", "region=eu"), ("calls", "2024-01-02", "region=us"), ("calls", "2024-02-01", "region=us"),
         ("seats", "2024-02-01", ""), ("sms", "2024-02-01", "")]
    ):  # fmt: skip
        rows.append(f"u{number},17850,{meter},{day} 12:00:00,100,{dimensions},{day} 12:00:00")
    (books.root / "raw" / "usage.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (books.root / "price_books" / "brook.yaml").write_text(BOOK, encoding="utf-8")
    opened = Project.open(books.root)
    run(opened)
    return opened


def test_usage_without_a_price_is_named_and_a_meter_read_through_another_one_is_not(project: Project):
    answer = bills(project)
    assert [row["amount"] for row in answer.rows] == ["1.00", "1.00"]
    told = " ".join(answer.caveats)
    assert "1 quantities of calls (region=us) have no price" in told
    assert "1 quantities of seats have no price" in told
    assert "name sms, which no meter counts" in told
    assert "quantities of days_with_calls" not in told


def test_bills_can_be_grouped_and_a_grouping_that_does_not_exist_is_refused(project: Project):
    assert [row["component"] for row in bills(project, by="component").rows] == ["api", "days"]
    assert [row["account"] for row in bills(project, by="account", at="2024-01").rows] == ["17850"]
    with pytest.raises(UnknownValueError, match="weather"):
        bills(project, by="weather")


def test_a_month_without_a_bill_is_refused_with_the_months_that_have_one(project: Project):
    with pytest.raises(GrowthringError, match="no bill for 2020-01"):
        explain_bill(project, "17850", at="2020-01")


def test_parts_that_are_shown_add_up_to_the_whole():
    for parts, whole in (
        (["0.333"] * 3, "1.00"),
        (["10.005", "-0.004", "2.4"], "12.40"),
        (["-0.333", "-0.333", "-0.334"], "-1.00"),
    ):
        shown = add_up([Decimal(part) for part in parts], Decimal(whole), "USD")
        assert sum(shown) == Decimal(whole)
        assert all(abs(one - Decimal(part)) <= Decimal("0.01") for one, part in zip(shown, parts, strict=True))


PLAIN = """\
name: brook
currency: USD
meters: [{{id: calls}}]
versions:
  - effective_from: {since}
    components:
      - {{id: api, meter: calls, prices: {{USD: {{model: per_unit, unit_price: 0.01}}}}}}
      - {{id: seat, prices: {{EUR: {{model: flat, amount: 20}}}}}}
assign: [{{}}]
"""
CONTRACTS = """
[[sources]]
name = "contracts"
table = "contract"
files = "raw/contracts.csv"
"""


def plainly_billed(root: Path, *, since: str = "2023-01-01", contracts: list[str] | None = None) -> Project:
    """A project whose customer 17850 makes 100 calls in each of January, February and March 2024."""
    books = Books(root, project='data_through = "2024-03-31"', more=USAGE + (CONTRACTS if contracts else ""))
    books.steady("2024-01", "2024-03", {"17850": 100})
    books.usage([(f"u{month}", "17850", f"2024-0{month}-15", 100) for month in (1, 2, 3)])
    (root / "price_books" / "brook.yaml").write_text(PLAIN.format(since=since), encoding="utf-8")
    if contracts:
        text = ["contract_id,account_id,price_book,starts_on,ends_on,known_at", *contracts]
        (root / "raw" / "contracts.csv").write_text("\n".join(text) + "\n", encoding="utf-8")
    opened = Project.open(root)
    run(opened)
    return opened


def test_usage_before_the_first_version_of_a_book_is_told(tmp_path: Path):
    told = " ".join(bills(plainly_billed(tmp_path, since="2024-02-01")).caveats)
    assert "1 records of 1 accounts, between 2024-01-15 and 2024-01-15, are on days on which no book bills them" in told


def test_a_fee_without_a_price_in_the_currency_of_an_account_is_told(tmp_path: Path):
    told = " ".join(bills(plainly_billed(tmp_path)).caveats)
    assert "The fee seat of brook has no price in USD: 1 accounts" in told
    assert "no book bills them" not in told


def test_usage_that_two_contracts_price_at_a_time_is_told(tmp_path: Path):
    both = plainly_billed(tmp_path / "both", contracts=[f"{name},17850,brook,2024-01-01,,2024-01-01" for name in ("c1", "c2")])
    one_by_one = ["c1,17850,brook,2024-01-01,2024-02-01,2024-01-01", "c2,17850,brook,2024-02-01,,2024-01-01"]
    after = plainly_billed(tmp_path / "after", contracts=one_by_one)
    told = "Usage of 1 accounts, such as 17850, is billed under several subscriptions"
    assert told in " ".join(bills(both).caveats)
    assert told not in " ".join(bills(after).caveats)


def test_a_contract_that_names_a_book_that_is_not_there_is_told(tmp_path: Path):
    contracts = ["c1,17850,brook,2024-01-01,,2024-01-01", "c2,17850,old_brook,2024-01-01,,2024-01-01"]
    told = " ".join(bills(plainly_billed(tmp_path, contracts=contracts)).caveats)
    assert "1 contracts, such as c2, name the price book old_brook, which is not in price_books/: nothing bills them." in told


def test_revenue_is_split_by_attributes_that_accounts_have(ringwood: Project):
    assert {"industry"} <= promised_revenue(ringwood, Decimal("0.2"), by="industry").rows[0].keys()
    with pytest.raises(UnknownValueError, match="weather"):
        promised_revenue(ringwood, Decimal("0.2"), by="weather")


def test_bills_of_a_quarter_or_year_are_those_of_all_its_months(tmp_path: Path):
    project = plainly_billed(tmp_path)
    assert [(row["month"], row["amount"]) for row in bills(project, at="2024-Q1").rows] == [
        ("2024-01", "1.00"), ("2024-02", "1.00"), ("2024-03", "1.00"),
    ]  # fmt: skip
    assert bills(project, at="FY2024").value == "3.00"
    assert [str(each.period_start) for each in explain_bill(project, "17850", at="2024-Q1")] == [
        "2024-01-01", "2024-02-01", "2024-03-01",
    ]  # fmt: skip


def test_a_change_of_segment_changes_the_book_from_its_day_on_and_not_before(tmp_path: Path):
    books = Books(tmp_path / "brook", project='data_through = "2024-04-30"', more=USAGE + ACCOUNTS)
    books.steady("2024-01", "2024-04", {"17850": 100})
    books.usage([(f"u{month}", "17850", f"2024-0{month}-01", 100) for month in (1, 2, 3, 4)])
    header = "account_id,name,country,valid_from,known_at"
    rows = [
        "17850,Ann,small,2024-01-01,2024-01-01",
        "17850,Ann,large,2024-03-01,2024-03-01",
        "17850,Ann,small,2030-01-01,2024-03-01",
    ]
    (books.root / "raw" / "accounts.csv").write_text("\n".join([header, *rows]) + "\n")
    for segment, price in (("small", "1.00"), ("large", "0.10")):
        book = f"""
name: {segment}
currency: USD

versions:
  - effective_from: 2023-01-01
    components: [{{id: api, meter: calls, price: {{model: per_unit, unit_price: {price}}}}}]
assign: [{{attributes: {{country: {segment}}}}}]
"""
        (books.root / "price_books" / f"{segment}.yaml").write_text(book)
    (books.root / "price_books" / "brook.yaml").unlink()
    (books.root / "price_books" / "meters.yaml").write_text("meters: [{id: calls}]\n")
    opened = Project.open(books.root)
    run(opened)
    assert [(row["month"], row["amount"]) for row in bills(opened).rows] == [
        ("2024-01", "100.00"), ("2024-02", "100.00"), ("2024-03", "10.00"), ("2024-04", "10.00")
    ]  # fmt: skip


def test_a_bill_too_large_to_be_exact_is_refused_in_words(project: Project):
    book = BOOK.replace("unit_price: 0.01", "unit_price: 9999999999").replace("days_with_calls, price", "days_with_calls, price")
    (project.root / "price_books" / "brook.yaml").write_text(book, encoding="utf-8")
    usage = project.root / "raw" / "usage.csv"
    usage.write_text(usage.read_text() + "big,17850,calls,2024-01-03 12:00:00,999999999999,region=eu,2024-01-03 12:00:00\n")
    with pytest.raises(GrowthringError, match="too large"):
        run(Project.open(project.root))
