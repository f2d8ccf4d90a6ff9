"""Concentration of a project: by customer it is the catalogue's own HHI, by groups it adds up."""

from decimal import Decimal

import pytest

from growthring.kernel.errors import UnknownValueError
from growthring.operations.plans.concentration import concentration
from growthring.operations.project import Project
from growthring.operations.revenue.show import View, show
from tests.operations.books import Books


def test_by_customer_it_is_the_metric_of_the_catalogue(ringwood: Project):
    assert concentration(ringwood, by="customer").value == pytest.approx(show(ringwood, "hhi", View()).value, abs=1e-4)


def test_groups_add_up_to_recurring_revenue_and_contributions_to_one(ringwood: Project):
    answer = concentration(ringwood)
    total = sum(Decimal(row["now"]) for row in answer.rows)
    assert total == pytest.approx(Decimal(show(ringwood, "mrr", View()).value), abs=Decimal("0.1"))
    assert sum(float(row["contribution"].rstrip(" %")) for row in answer.rows) == pytest.approx(100, abs=1)


def test_usage_of_an_attribute_is_grouped_too_and_unknown_words_are_refused(ringwood: Project):
    answer = concentration(ringwood, by="segment", measure="usage:api_calls")
    assert {row["segment"] for row in answer.rows} <= {"SMB", "mid-market", "enterprise"}
    for words in (
        {"by": "shoe_size"},
        {"measure": "usage:shoes"},
        {"measure": "shoes"},
        {"by": "shoe", "measure": "usage:api_calls"},
    ):
        with pytest.raises(UnknownValueError):
            concentration(ringwood, **words)


def test_a_short_history_has_shares_and_no_movement(books: Books):
    books.steady("2024-01", "2024-02", {"anna": 75, "bert": 25})
    answer = concentration(books.open(), by="product")
    assert answer.value == 1
    short = Books(books.root.parent / "short")
    short.steady("2024-01", "2024-04", {"anna": 75, "bert": 25})
    short.run()
    found = concentration(short.open(), by="customer")
    assert found.value == 0.625 and "volatility" not in found.rows[0]
    assert any("too few to speak of movement" in caveat for caveat in found.caveats)
