"""The regime of a project follows its own retention and revenue under the policy named."""

from decimal import Decimal

from growthring.forecast.regime import project_regime
from growthring.operations.plans.regime import regime
from growthring.operations.project import Project
from growthring.operations.revenue.show import View, show
from tests.operations.books import Books


def test_one_year_of_the_projection_from_a_year_ago_is_revenue_today(tmp_path):
    books = Books(tmp_path / "brook", project='data_through = "2024-01-31"')
    for month in range(1, 13):
        books.lines(f"2023-{month:02d}", [(f"a{month}", "anna", 100), (f"b{month}", "bert", 60)])
    books.lines("2024-01", [("a13", "anna", 80), ("c", "carl", 40)], name="2024-01")
    books.run()
    answer = regime(books.open())
    figures = {row["figure"]: row["value"] for row in answer.rows}
    assert figures["net dollar retention"] == "50.0 %"
    assert figures["new ARR in twelve months"] == "480.00"
    assert answer.value == "960.00" == figures["ceiling"]
    assert figures["years to 90 % of the ceiling"] == "0.0"
    assert project_regime(160 * 12, 480, 0.5, 1).path[1] == 120 * 12


def test_it_is_undefined_without_a_year_of_history_and_says_why(books: Books):
    answer = regime(books.open(), at="2024-06")
    assert answer.value is None and answer.rows == []
    assert "undefined, because" in answer.caveats[0].lower()


def test_the_sample_company_follows_its_policy(ringwood: Project):
    answer = regime(ringwood, policy="lazy_bridge")
    assert answer.policy["name"] == "lazy_bridge"
    shown = show(ringwood, "ndr", View(), policy="lazy_bridge")
    assert shown.value is not None
    figures = {row["figure"]: row["value"] for row in answer.rows}
    assert figures["net dollar retention"] == f"{100 * float(shown.value):.1f} %"
    assert Decimal(figures["ARR now"]) > 0
