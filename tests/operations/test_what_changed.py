"""What changed since the last close: the steps add up, the customers are named, groups are compared with the others."""

from decimal import Decimal

import pytest

from growthring.kernel.errors import GrowthringError
from growthring.operations.data.closes import close
from growthring.operations.project import Project
from growthring.operations.revenue.customers import Cut, Part, customers
from growthring.operations.revenue.explain import explain
from growthring.operations.revenue.show import View, show
from growthring.operations.revenue.what_changed import what_changed, where_it_leaks
from tests.operations.books import ACCOUNTS, Books


def rows_of(answer, kind: str):
    return [row for row in answer.rows if row["kind"] == kind]


def test_without_a_close_the_month_before_is_compared_with(books: Books):
    books.steady("2025-03", "2025-03", {"anna": 130, "bert": "40.50", "cleo": 7})
    books.settings(project='data_through = "2025-03-31"')
    books.run()
    answer = what_changed(books.open())
    assert (answer.at, answer.value) == ("2025-02 → 2025-03", "27.00")
    steps = {row["step"]: row["amount"] for row in rows_of(answer, "step")}
    assert steps == {"start": "150.50", "new": "7.00", "expansion": "30.00", "contraction": "-10.00", "end": "177.50"}
    moved = [(row["customer"], row["amount"], row["movement"]) for row in rows_of(answer, "customer")]
    assert moved == [("anna", "30.00", "expansion"), ("cleo", "7.00", "new"), ("bert", "-10.00", "contraction")]


def test_after_a_close_everything_since_then_is_told(books: Books):
    books.run()
    close(books.open(), "2025-01", author="Kim")
    books.steady("2025-03", "2025-04", {"anna": 120})
    books.settings(project='data_through = "2025-04-30"')
    books.run()
    answer = what_changed(books.open())
    assert (answer.at, answer.value) == ("2025-01 → 2025-04", "-30.50")
    assert "since it was closed" in answer.definition
    [figure] = [row for row in rows_of(answer, "figure") if row["metric"] == "mrr"]
    assert (figure["before"], figure["now"]) == ("150.50", "120.00")


def test_the_first_month_has_nothing_to_compare_with(books: Books):
    with pytest.raises(GrowthringError, match="no recurring revenue before 2024-01"):
        what_changed(books.open(), at="2024-01")


def test_on_the_sample_company_steps_add_up_and_only_so_many_customers_are_named(ringwood: Project):
    answer = what_changed(ringwood, top=2)
    steps = [Decimal(row["amount"]) for row in rows_of(answer, "step")]
    assert sum(steps[:-1]) == steps[-1] == Decimal(str(show(ringwood, "mrr", View()).value))
    signs = [Decimal(row["amount"]) > 0 for row in rows_of(answer, "customer")]
    assert signs == sorted(signs, reverse=True) and signs.count(True) <= 2 and signs.count(False) <= 2


def test_groups_are_compared_with_the_others_and_small_ones_are_left_out(ringwood: Project):
    answer = where_it_leaks(ringwood)
    assert answer.rows and all(row["customers"] >= 10 for row in answer.rows)
    assert answer.value == show(ringwood, "ndr", View()).value
    for row in answer.rows:
        both = row["base_share"] * row["ndr"] + (1 - row["base_share"]) * row["others_ndr"]
        assert both == pytest.approx(answer.value)
        assert row["effect"] == pytest.approx(row["base_share"] * (row["ndr"] - row["others_ndr"]))
    effects = [abs(row["effect"]) for row in answer.rows]
    assert effects == sorted(effects, reverse=True)


def test_customers_are_called_by_name_wherever_they_are_listed_also_where_no_day_says_since_when(books: Books):
    books.settings(project='data_through = "2025-03-31"', more=ACCOUNTS)
    books.accounts([("anna", "Anna AG", "CH"), ("bert", "Bert & Söhne", "DE")])
    books.steady("2025-03", "2025-03", {"anna": 130, "bert": "40.50"})
    books.run()
    project, names = books.open(), {"anna": "Anna AG", "bert": "Bert & Söhne"}
    for rows in (
        rows_of(what_changed(project), "customer"),
        rows_of(explain(project, "mrr", View()), "customer"),
        rows_of(customers(project, "mrr", View(), Part(), Cut()), "customer"),
        rows_of(customers(project, "mrr", View(), Part(), Cut("name")), "customer"),
    ):
        assert {row["customer"]: row["name"] for row in rows} == names
