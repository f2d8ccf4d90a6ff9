"""A budget file is compared with the project's own figures; misses are split without a rest; bad rows are named."""

from decimal import Decimal
from pathlib import Path

import pytest

from growthring.kernel.errors import ConfigurationError, GrowthringError
from growthring.operations.plans.budget import budget
from growthring.operations.project import Project
from growthring.operations.revenue.show import View, show
from tests.operations.books import Books


def written(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(("indicator,at,budget", *rows)) + "\n")
    return path


def test_actuals_are_the_figures_that_show_prints(ringwood: Project, tmp_path: Path):
    answer = budget(ringwood, written(tmp_path / "b.csv", "mrr,2023-03,100000", "ndr,2023-05,1", "new_mrr,2023-Q1,5000"))
    lines = {row["indicator"]: row for row in answer.rows if row["kind"] == "line"}
    assert lines["mrr"]["actual"] == show(ringwood, "mrr", View(at="2023-03")).value
    assert Decimal(lines["mrr"]["miss"]) == Decimal(lines["mrr"]["actual"]) - 100000
    assert lines["new_mrr"]["actual"] == show(ringwood, "new_mrr", View(at="2023-Q1")).value
    assert lines["ndr"]["actual"] == pytest.approx(show(ringwood, "ndr", View(at="2023-05")).value)


def test_a_miss_is_split_into_customers_price_and_movements(tmp_path: Path):
    books = Books(tmp_path / "brook", project='data_through = "2024-02-29"')
    books.lines("2024-01", [("a1", "anna", 100), ("b1", "bert", 60)])
    books.lines("2024-02", [("a2", "anna", 120), ("b2", "bert", 60), ("c2", "carl", 40)])
    books.run()
    path = written(
        tmp_path / "b.csv", "mrr,2024-01,150", "mrr,2024-02,200", "customers,2024-02,2", "arpa,2024-02,100",
        "new_mrr,2024-02,10", "churned_mrr,2024-02,5", "expansion_mrr,2024-02,20",
    )  # fmt: skip
    answer = budget(books.open(), path)
    parts = {(row["split"], row["part"]): Decimal(row["effect"]) for row in answer.rows if row["kind"] == "tree"}
    # 220 came where 200 were budgeted; three customers at 73.33 instead of two at 100
    assert parts["movements", "missed before"] == 10
    assert parts["movements", "new_mrr"] == 30
    assert parts["movements", "expansion_mrr"] == 0
    assert parts["movements", "churned_mrr"] == 5
    assert parts["movements", "not budgeted"] == 20 - 10 - 30 - 5
    factors = [effect for (split, _), effect in parts.items() if split == "factors"]
    assert sum(factors) == pytest.approx(20, abs=Decimal("0.02"))
    assert parts["factors", "customers"] == pytest.approx(Decimal("86.67"), abs=Decimal("0.01"))


def test_a_period_that_is_not_over_waits(ringwood: Project, tmp_path: Path):
    answer = budget(ringwood, written(tmp_path / "b.csv", "mrr,2031-01,1"))
    assert answer.value is None and answer.caveats[0] == "No budgeted period is over yet."
    assert answer.rows[0]["actual"] is None


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (("shoe_size,2023-01,1",), "Unknown metric"),
        (("mrr,2023-13,1",), "Not a month"),
        (("mrr,2023-01,much",), "row 1: 'much' is no number"),
        (("mrr,2023-01,1", "mrr,2023-01,2"), "row 2: mrr at 2023-01 is there twice"),
        (("cohort_ndr,2023-01,1",), "cannot be budgeted"),
    ],
)
def test_rows_that_make_no_sense_are_named(ringwood: Project, tmp_path: Path, rows: tuple[str, ...], told: str):
    with pytest.raises(GrowthringError, match=told):
        budget(ringwood, written(tmp_path / "b.csv", *rows))


def test_a_file_without_the_columns_is_refused(ringwood: Project, tmp_path: Path):
    (tmp_path / "b.csv").write_text("metric,month\nmrr,2023-01\n")
    with pytest.raises(ConfigurationError, match="lacks the columns indicator, at, budget"):
        budget(ringwood, tmp_path / "b.csv")
