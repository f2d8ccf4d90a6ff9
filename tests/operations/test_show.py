from datetime import datetime
from pathlib import Path

import pytest

from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import PeriodKind
from growthring.operations.revenue.explain import explain
from growthring.operations.revenue.show import View, show
from tests.operations.books import Books


@pytest.fixture(scope="module")
def growing(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """One more customer of 10 every month; the last month is cut off on its first day."""
    made = Books(tmp_path_factory.mktemp("show") / "growing", project="fiscal_year_starts = 2")
    made.steady("2023-01", "2023-01", {"c00": 10})
    for number in range(1, 18):
        month = f"{2023 + number // 12}-{number % 12 + 1:02d}"
        made.steady(month, month, {f"c{index:02d}": 10 for index in range(number + 1)})
    made.run()
    return made


def test_a_quarter_named_in_at_is_answered_with_the_movements_of_three_months(growing: Books):
    project = growing.open()
    assert show(project, "new_mrr", View(at="2024-03")).value == "10.00"
    quarter = show(project, "new_mrr", View(at="2024-Q4"))  # the fiscal year 2024 ends in January
    assert (quarter.at, quarter.value) == ("2024-Q4", "30.00")
    explained = explain(project, "new_mrr", View(at="2024-Q4"))
    assert (explained.at, explained.value) == ("2024-Q4", "30.00")
    [row] = show(project, "movements", View(at="2024-Q4")).rows
    assert (row["at"], row["start"], row["new"], row["end"]) == ("2024-Q4", "100.00", "30.00", "130.00")


def test_a_fiscal_year_named_in_at_is_answered_with_the_movements_of_twelve_months(growing: Books):
    answer = show(growing.open(), "new_mrr", View(at="FY2024"))
    assert (answer.at, answer.value) == ("FY2024", "120.00")


def test_without_a_month_a_quarter_is_the_last_whole_one(growing: Books):
    answer = show(growing.open(), "new_mrr", View(period=PeriodKind.QUARTER))
    assert (answer.at, answer.value) == ("2025-Q1", "30.00")  # February to April 2024; May stands alone


def test_a_month_with_a_length_means_the_period_that_it_lies_in(growing: Books):
    answer = show(growing.open(), "new_mrr", View(at="2023-12", period=PeriodKind.QUARTER))
    assert (answer.at, answer.value) == ("2024-Q4", "30.00")


def test_a_series_has_one_row_for_each_period(growing: Books):
    answer = show(growing.open(), "new_mrr", View(since="2023-03", at="2024-01", period=PeriodKind.QUARTER))
    assert [(row["at"], row["value"]) for row in answer.rows] == [
        ("2024-Q1", "30.00"), ("2024-Q2", "30.00"), ("2024-Q3", "30.00"), ("2024-Q4", "30.00"),
    ]  # fmt: skip
    with pytest.raises(GrowthringError, match="Swap --from and --at"):
        show(growing.open(), "mrr", View(since="2024-02", at="2024-01"))


def test_a_month_that_the_data_cut_off_is_kept_out_of_retention_unless_asked_for(growing: Books):
    project = growing.open()
    default = show(project, "ndr", View())
    assert (default.at, default.value) == ("2024-05", 1.0)
    cut = show(project, "ndr", View(at="2024-06"))
    assert cut.value is None
    assert cut.caveats[0].startswith("Undefined, because 2024-06 is cut off: the data end on 2024-06-01")
    asked = show(project, "ndr", View(at="2024-06", include_partial=True))
    assert asked.value == 1.0
    assert "2024-06 is partial: the data end on 2024-06-01." in asked.caveats


@pytest.mark.parametrize(
    ("name", "at", "reason"),
    [
        ("ndr", "2023-12", "it compares with 2022-12 and revenue is known from 2023-01 on"),
        ("grr", "2023-12", "it compares with 2022-12 and revenue is known from 2023-01 on"),
        ("arr_growth_yoy", "2023-12", "no customer had recurring revenue twelve months earlier"),
        ("quick_ratio", "2024-03", "nothing was lost"),
        ("logo_churn", "2023-01", "no customer"),
    ],
)
def test_a_ratio_without_a_denominator_is_undefined_with_its_reason(growing: Books, name: str, at: str, reason: str):
    answer = show(growing.open(), name, View(at=at))
    assert answer.value is None
    assert answer.caveats[0].startswith("Undefined, because ")
    assert reason in answer.caveats[0]
    assert '"value": null' in answer.as_json()
    assert "NaN" not in answer.as_json()


def test_rows_that_became_known_later_are_not_seen_as_of_an_earlier_day(growing: Books):
    growing.lines("2024-02", [("late", "c00", 500, {"known_at": "2024-04-10"})], name="late")
    growing.run()
    project = growing.open()
    assert show(project, "mrr", View(at="2024-02")).value == "640.00"
    assert show(project, "mrr", View(at="2024-02", as_of=datetime(2024, 4, 9))).value == "140.00"
    assert show(project, "mrr", View(at="2024-02", as_of=datetime(2024, 4, 10))).value == "640.00"
    with pytest.raises(GrowthringError, match="The data end on 2024-02-29"):
        show(project, "mrr", View(at="2024-03", as_of=datetime(2024, 2, 29)))


def test_groups_are_compared_with_their_own_past(tmp_path: Path):
    from tests.operations.books import ACCOUNTS

    books = Books(tmp_path / "groups", project='data_through = "2024-01-31"', more=ACCOUNTS)
    books.accounts([("anna", "Anna", "DE"), ("bert", "Bert", "US"), ("cleo", "Cleo", "")])
    books.lines("2023-01", [("a", "anna", 100), ("b", "bert", 100), ("d", "dora", 8)])
    books.lines("2024-01", [("c", "anna", 150), ("e", "bert", 50), ("f", "dora", 8), ("g", "cleo", 1)])
    books.run()
    rows = show(books.open(), "ndr", View(by="country")).rows
    assert {row["country"]: row["value"] for row in rows} == {"DE": 1.5, "US": 0.5, "(unknown)": 1.0}
