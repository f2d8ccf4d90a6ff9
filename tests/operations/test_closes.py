import pytest

from growthring.kernel.errors import AssertionFailedError, ClosedPeriodError, ConfigurationError, GrowthringError
from growthring.operations.data.closes import close, list_closes, restatement
from growthring.operations.revenue.show import View, show
from tests.operations.books import Books


@pytest.fixture
def closed(books: Books) -> Books:
    """The books with January 2025 closed."""
    books.run()
    close(books.open(), "2025-01", author="Kim")
    return books


def rows_of(answer, kind: str):
    return [row for row in answer.rows if row["kind"] == kind]


def test_a_close_keeps_the_figures_of_the_month(closed: Books):
    [entry] = list_closes(closed.open())
    assert (entry.metrics["mrr"], entry.metrics["customers"], entry.author, entry.revision) == ("150.50", "2", "Kim", 1)


def test_restating_nothing_changes_nothing(closed: Books):
    before = list_closes(closed.open())
    result = closed.run()
    assert (result.built, result.restated) == (0, [])
    answer = restatement(closed.open(), "2025-01")
    assert (answer.value, answer.rows) == ("0.00", [])
    assert answer.caveats == ["Nothing differs from what was reported."]
    assert list_closes(closed.open()) == before


def test_later_months_do_not_restate_a_closed_one(closed: Books):
    closed.steady("2025-03", "2025-04", {"anna": 900, "cleo": 5})
    assert closed.run().restated == []
    assert restatement(closed.open(), "2025-01").value == "0.00"


def test_late_corrected_and_removed_rows_are_named_with_customers_and_figures(closed: Books):
    closed.lines("2025-01", [("anna-2025-01", "anna", 120), ("late", "cleo", 7, {"known_at": "2025-02-20"})])
    [changed] = closed.run().restated
    assert (str(changed.month), changed.as_reported, changed.now) == ("2025-01", "150.50", "127.00")
    answer = restatement(closed.open(), "2025-01")
    assert answer.value == "-23.50"
    found = {
        row["key"]: (row["change"], row["customer"], row["amount_before"], row["amount_now"]) for row in rows_of(answer, "row")
    }
    assert found == {
        "anna-2025-01": ("corrected", "anna", "100.0000", "120.0000"),
        "bert-2025-01": ("removed", "bert", "50.5000", None),
        "late": ("late", "cleo", None, "7.0000"),
    }
    customers = {row["customer"]: (row["as_reported"], row["now"], row["difference"]) for row in rows_of(answer, "customer")}
    assert customers == {
        "anna": ("100.00", "120.00", "20.00"),
        "bert": ("50.50", "0.00", "-50.50"),
        "cleo": ("0.00", "7.00", "7.00"),
    }
    [mrr] = [row for row in rows_of(answer, "metric") if row["metric"] == "mrr"]
    assert (mrr["as_reported"], mrr["now"], mrr["difference"]) == ("150.50", "127.00", "-23.50")
    assert all(row["file"] == "raw/invoices_2025-01.csv" and row["row"] for row in rows_of(answer, "row"))
    assert list_closes(closed.open())[0].metrics["mrr"] == "150.50"


def test_closing_again_needs_to_be_said_with_a_reason(closed: Books):
    project = closed.open()
    with pytest.raises(ClosedPeriodError):
        close(project, "2025-01", author="Kim")
    with pytest.raises(GrowthringError):
        close(project, "2025-01", author="Kim", again=True)
    closed.lines("2025-01", [("late", "cleo", 7)], name="late")
    closed.run()
    close(closed.open(), "2025-01", author="Lee", again=True, because="an invoice came late")
    first, second = list_closes(closed.open())
    assert (first.metrics["mrr"], second.metrics["mrr"], second.revision) == ("150.50", "157.50", 2)
    assert closed.run().restated == []
    assert restatement(closed.open(), "2025-01").value == "0.00"


def test_a_close_lives_on_under_the_definitions_of_its_day(books: Books):
    books.policy("board", 'extends = "standard"')
    books.run()
    close(books.open(), "2025-01", policy="board", author="Kim")
    books.policy("board", 'extends = "standard"\nexclude = [{attribute = "product", value = "plan"}]')
    assert books.run().restated == []
    answer = restatement(books.open(), "2025-01", policy="board")
    assert answer.value == "0.00"
    assert answer.caveats[0] == "Policy board has changed since; this uses the definitions of the close."
    (books.root / "policies" / "board.toml").unlink()
    assert restatement(books.open(), "2025-01", policy="board").value == "0.00"


def test_a_month_that_is_not_over_is_closed_only_on_request(books: Books):
    books.run()
    with pytest.raises(ConfigurationError, match="not over in the data"):
        close(books.open(), "2025-02", author="Kim")
    assert close(books.open(), "2025-02", author="Kim", include_partial=True).value == "150.50"


def test_a_month_that_was_never_closed_has_no_restatement(closed: Books):
    with pytest.raises(GrowthringError, match="not closed under standard"):
        restatement(closed.open(), "2024-12")


def test_an_assertion_that_fails_is_told_by_run_and_stops_a_close(books: Books):
    stated = '[[assertions]]\nthat = "MRR at 2025-01 is {} ± 0"\n'
    books.settings(more=stated.format("150.51"))
    [result] = books.run().assertions
    assert (result.holds, result.actual) == (False, "150.50")
    with pytest.raises(AssertionFailedError, match=r"150\.50"):
        close(books.open(), "2025-01", author="Kim")
    assert list_closes(books.open()) == []
    books.settings(more=stated.format("150.50"))
    assert [each.holds for each in books.run().assertions] == [True]
    close(books.open(), "2025-01", author="Kim")


def test_assertions_take_tolerances_ratios_and_policies(books: Books):
    books.settings(
        more='[[assertions]]\nthat = "MRR at 2025-01 is 150 ± 0.50"\n[[assertions]]\nthat = "MRR at 2025-01 is 150 ± 0.49"\n'
        '[[assertions]]\nthat = "NDR at 2025-01 is 1.0"\n[[assertions]]\nthat = "NDR at 2024-05 is 1.0"\n'
        '[[assertions]]\nmetric = "customers"\nat = "2025-01"\nvalue = 2\npolicy = "chartmogul"\n'
    )
    results = books.run().assertions
    assert [each.holds for each in results] == [True, False, True, False, True]
    assert results[3].actual.startswith("undefined, because")


def test_an_assertion_about_books_without_data_does_not_hold(books: Books):
    for path in (books.root / "raw").iterdir():
        path.unlink()
    books.settings(more='[[assertions]]\nthat = "MRR at 2025-01 is 150.50"\n')
    [result] = books.run().assertions
    assert (result.holds, result.actual) == (False, "undefined, because no data were accepted")


def test_the_as_reported_view_stays_what_it_was_when_rows_come_late(books: Books):
    books.policy("reported", 'extends = "standard"\nrestate = "as_reported"\nlate_data_days = 31')
    books.lines(
        "2024-06", [("soon", "cleo", 5, {"known_at": "2024-07-20"}), ("later", "dora", 9, {"known_at": "2024-09-01"})], name="l"
    )
    books.run()
    assert show(books.open(), "mrr", View(at="2024-06")).value == "164.50"
    assert show(books.open(), "mrr", View(at="2024-06"), policy="reported").value == "155.50"


def test_a_close_is_restated_in_the_currency_in_which_it_was_reported(closed: Books):
    settings = closed.root / "growthring.toml"
    settings.write_text(settings.read_text().replace('currency = "USD"', 'currency = "EUR"'))
    assert closed.run().restated == []
    answer = restatement(closed.open(), "2025-01")
    assert (answer.value, answer.unit) == ("0.00", "USD per month")
