"""What the price books ask for, and what they leave without a price."""

from decimal import Decimal
from pathlib import Path

import pytest

from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.operations.bill import add_up, explain_bill
from growthring.operations.project import Project
from growthring.operations.rating import bills
from growthring.operations.run import run
from tests.operations.books import USAGE, Books

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
