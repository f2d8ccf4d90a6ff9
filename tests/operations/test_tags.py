import pytest

from growthring.kernel.errors import GrowthringError
from growthring.operations.history.decisions import list_tags, revoke_tag, tag_account
from growthring.operations.revenue.show import View, show
from tests.operations.books import Books


def usage_books(books: Books) -> Books:
    """Anna's usage jumps once, in November."""
    for month, amount in (("2024-09", 40), ("2024-10", 40), ("2024-11", 400), ("2024-12", 40)):
        line = {"kind": "usage", "product": "api"}
        books.lines(month, [(f"use-{month}", "anna", amount, line)], name=f"usage_{month}")
    books.run()
    return books


def test_usage_tagged_as_one_off_is_not_annualised(books: Books):
    project = usage_books(books).open()
    assert show(project, "mrr", View(at="2024-11")).value == "550.50"
    noted = tag_account(project, "anna", "one_off", "2024-11", None, because="a Christmas campaign", author="Kim")
    capped = show(books.open(), "mrr", View(at="2024-11")).value
    assert capped == "190.50"  # the run-rate of the months before
    assert show(books.open(), "mrr", View(at="2024-12")).value == "190.50"
    revoke_tag(books.open(), noted["tag_id"], because="it came back", author="Kim")
    assert show(books.open(), "mrr", View(at="2024-11")).value == "550.50"
    assert list_tags(books.open()) == []


def test_a_contraction_that_was_advised_is_told_apart(books: Books):
    books.lines("2025-01", [("anna-2025-01", "anna", 60), ("bert-2025-01", "bert", "50.50")])
    books.run()
    project = books.open()
    tag_account(project, "anna", "advised_saving", "2025-01", "2025-01", because="we told them", author="Kim")
    [row] = show(books.open(), "movements", View(at="2025-01")).rows
    assert row["contraction"] == "-40.00"
    from growthring.operations.reading import read

    ledger = read(books.open(), policy=books.open().policy()).ledger
    found = ledger.connection.execute("SELECT movement, reason, movement_amount FROM movement WHERE month = 2025 * 12").fetchall()
    assert [(kind, reason, str(amount)) for kind, reason, amount in found] == [("contraction", "advised_saving", "-40.0000")]


def test_an_unknown_tag_is_answered_with_the_known_ones(books: Books):
    books.run()
    with pytest.raises(GrowthringError, match="one_off"):
        tag_account(books.open(), "anna", "odd", "2025-01", None, because="", author="Kim")
    with pytest.raises(GrowthringError):
        tag_account(books.open(), "anna", "one_off", "January", None, because="x", author="Kim")
