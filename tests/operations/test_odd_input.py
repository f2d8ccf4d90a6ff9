"""Companies at the edge: nothing to read, strange names and places, zero, negative and very large amounts."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.operations.data.closes import close, restatement
from growthring.operations.data.problems import summarise_problems
from growthring.operations.revenue.compare import compare
from growthring.operations.revenue.explain import explain
from growthring.operations.revenue.show import View, show
from tests.operations.books import ACCOUNTS, RATES, Books

NAMES = (
    "O'Hara; DROP TABLE account; --", "new\nline", "😀 Ltd", "[bold]x[/bold]", "[/nope]", 'quote"d', "%s $by $name $1",
    "FROM panel", "back\\slash", "{brace}", "17850", "Ünïcode 株式会社",
)  # fmt: skip


def test_a_project_without_files_says_that_there_is_nothing_to_measure(tmp_path: Path):
    books = Books(tmp_path / "empty")
    result = books.run()
    assert (result.files, result.first_month, result.last_month) == ((), None, None)
    with pytest.raises(GrowthringError, match="No data were accepted"):
        show(books.open(), "mrr", View())
    assert books.run().built == 0


def test_a_project_whose_rows_were_all_rejected_says_what_is_wrong_with_them(tmp_path: Path):
    books = Books(tmp_path / "rejected")
    books.lines("2024-01", [("l1", "anna", "ten"), ("l2", "", "5")])
    [file] = books.run().files
    assert (file.read, file.accepted, file.rejected) == (2, 0, 2)
    assert {each.code for each in summarise_problems(books.open())} == {"NOT_A_NUMBER", "MISSING_ACCOUNT_ID"}
    with pytest.raises(GrowthringError, match="growthring problems"):
        show(books.open(), "mrr", View())


def test_one_line_of_one_customer_in_one_month_is_a_company(tmp_path: Path):
    books = Books(tmp_path / "one", project='data_through = "2024-02-29"')
    books.lines("2024-02", [("l1", "anna", 10)])
    books.run()
    project = books.open()
    assert show(project, "mrr", View()).value == "10.00"
    assert show(project, "customers", View()).value == 1
    assert show(project, "new_mrr", View()).value == "10.00"
    assert show(project, "ndr", View()).value is None


def test_names_in_any_script_and_with_any_punctuation_are_only_names(tmp_path: Path):
    books = Books(tmp_path / "names", project='data_through = "2024-02-29"', more=ACCOUNTS)
    books.accounts([(name, name, name) for name in NAMES])
    for month in ("2023-02", "2024-02"):
        books.lines(month, [(f"{number}'{month}", name, 10 + number) for number, name in enumerate(NAMES)])
    books.run()
    project = books.open()
    expected = {name: f"{10 + number}.00" for number, name in enumerate(NAMES)}
    assert {row["country"]: row["value"] for row in show(project, "mrr", View(by="country")).rows} == expected
    explained = explain(project, "mrr", View())
    assert {row["customer"] for row in explained.rows if row["kind"] == "customer"} <= set(NAMES)
    books.policy("without", f'extends = "standard"\nexclude = [{{attribute = "country", value = "{NAMES[0]}"}}]')
    assert show(project, "mrr", View(), policy="without").value == str(sum(range(11, 22)) + Decimal("0.00"))
    close(project, "2024-02", author="Kim O'Neil", because="'; DROP TABLE closes; --")
    books.lines("2024-02", [("late", NAMES[0], 1)], name="late")
    books.run()
    customers = [row["customer"] for row in restatement(project, "2024-02").rows if row["kind"] == "customer"]
    assert customers == [NAMES[0]]


def test_a_project_may_lie_in_a_folder_with_quotes_blanks_and_brackets(tmp_path: Path):
    books = Books(tmp_path / 'O\'Hara "& Söhne" [1] *all?')
    books.steady("2023-01", "2024-02", {"anna": 10})
    assert books.run().last_month is not None
    project = books.open()
    assert show(project, "ndr", View(at="2024-01")).value == 1.0
    close(project, "2024-01", author="Kim")
    books.lines("2024-01", [("late", "anna", 5)], name="late")
    books.run()
    answer = restatement(project, "2024-01")
    assert answer.value == "5.00"
    assert [row["change"] for row in answer.rows if row["kind"] == "row" and row["table"] == "invoice_line"] == ["late"]


def test_a_company_that_earns_nothing_has_customers_and_no_retention(tmp_path: Path):
    books = Books(tmp_path / "zero", project='data_through = "2024-02-29"')
    books.steady("2023-01", "2024-02", {"anna": 0})
    books.run()
    project = books.open()
    assert (show(project, "mrr", View()).value, show(project, "customers", View()).value) == ("0.00", 1)
    answer = show(project, "ndr", View())
    assert answer.value is None
    assert answer.caveats[0] == "Undefined, because no customer was in the base at the earlier date."


def test_a_month_of_credits_is_negative_and_the_ledger_still_balances(tmp_path: Path):
    books = Books(tmp_path / "negative", project='data_through = "2024-03-31"')
    books.steady("2023-01", "2024-03", {"anna": 10})
    books.lines("2024-02", [("credit", "anna", -30)])
    books.run()
    project = books.open()
    assert show(project, "mrr", View(at="2024-02")).value == "-30.00"
    for row in show(project, "movements", View(since="2024-01", at="2024-03")).rows:
        moved = sum(Decimal(value) for name, value in row.items() if name not in ("at", "start", "end"))
        assert Decimal(row["start"]) + moved == Decimal(row["end"])


def test_currencies_without_decimals_or_with_three_keep_their_minor_unit(tmp_path: Path):
    books = Books(tmp_path / "yen", project='data_through = "2024-02-29"', more=RATES)
    settings = books.root / "growthring.toml"
    settings.write_text(settings.read_text().replace('currency = "USD"', 'currency = "JPY"'))
    books.rates([("KWD", "JPY", date(2024, 1, 1), Decimal(500))])
    books.lines("2024-02", [("y", "anna", 100, {"currency": "JPY"}), ("k", "bert", "1.235", {"currency": "KWD"})])
    books.run()
    answer = show(books.open(), "mrr", View())
    assert (answer.value, answer.unit) == ("718", "JPY per month")  # 617.5 yen are rounded once, in the sum
    assert show(books.open(), "mrr", View(currency="KWD")).value == "1.435"


def test_revenue_in_a_currency_without_a_rate_is_left_out_and_told(tmp_path: Path):
    books = Books(tmp_path / "rateless", project='data_through = "2024-02-29"')
    books.lines("2024-02", [("d", "anna", 10), ("e", "bert", 10, {"currency": "EUR"})])
    books.run()
    answer = show(books.open(), "mrr", View())
    assert answer.value == "10.00"
    assert "No exchange rate from EUR to USD: revenue in it is left out. Add an fx_rate source." in answer.caveats


def test_data_that_go_on_after_data_through_are_not_looked_at(tmp_path: Path):
    books = Books(tmp_path / "early", project='data_through = "2023-06-30"')
    books.steady("2023-01", "2024-02", {"anna": 10})
    assert str(books.run().last_month) == "2023-06"
    assert show(books.open(), "mrr", View()).at == "2023-06"
    with pytest.raises(GrowthringError, match="The data end on 2023-06-30"):
        show(books.open(), "mrr", View(at="2023-07"))


def test_data_that_begin_after_data_through_say_that_there_is_no_revenue(tmp_path: Path):
    books = Books(tmp_path / "before", project='data_through = "2020-06-30"')
    books.steady("2023-01", "2023-03", {"anna": 10})
    assert books.run().first_month is None
    answer = show(books.open(), "ndr", View())
    assert answer.value is None
    assert answer.caveats[0].startswith("Undefined, because there is no recurring revenue")


def test_an_unknown_attribute_is_answered_with_the_known_ones(books: Books):
    books.run()
    with pytest.raises(UnknownValueError, match="Valid: product, product_family"):
        show(books.open(), "mrr", View(by="shoe_size"))


def test_ten_trillion_keep_their_cents(tmp_path: Path):
    books = Books(tmp_path / "huge", project='data_through = "2024-02-29"')
    books.steady("2023-01", "2024-02", {"anna": "6000000000000.01", "bert": "4000000000000.02"})
    books.run()
    project = books.open()
    assert show(project, "mrr", View()).value == "10000000000000.03"
    assert show(project, "arr", View()).value == "120000000000000.36"
    assert show(project, "ndr", View()).value == 1.0
    assert compare(project, "mrr", "standard", "lazy_bridge", View()).value == "0.0000"


def test_a_date_beyond_all_business_is_answered_with_a_message(tmp_path: Path):
    books = Books(tmp_path / "far")
    books.lines("2024-01", [("l", "anna", 5), ("m", "anna", 5, {"issued_on": "9999-12-31"})])
    with pytest.raises(GrowthringError, match="The data go on to 9999-12-31"):
        books.run()
    books.settings(project='data_through = "2024-01-31"')
    books.run()
    assert show(books.open(), "mrr", View()).value == "10.00"


def test_a_journal_that_cannot_be_reached_is_answered_with_a_message(tmp_path: Path):
    books = Books(tmp_path / "far", project='journal = "postgresql://nobody@127.0.0.1:1/books"')
    books.steady("2024-01", "2024-02", {"anna": 5})
    with pytest.raises(GrowthringError, match="The journal cannot be opened"):
        books.run()


def test_a_store_that_lost_its_files_says_so_and_is_mended_by_a_run(books: Books):
    import shutil

    books.run()
    shutil.rmtree(books.open().store.root / "objects")
    with pytest.raises(GrowthringError, match="growthring run"):
        show(books.open(), "mrr", View())
    books.run()
    assert show(books.open(), "mrr", View(at="2025-01")).value == "150.50"


def test_accounts_that_own_each_other_are_named(tmp_path: Path):
    books = Books(tmp_path / "circle", more=ACCOUNTS + '[sources.columns]\nparent_account_id = "country"\n')
    books.accounts([("anna", "Anna", "bert"), ("bert", "Bert", "anna")])
    books.steady("2024-01", "2024-02", {"anna": 5, "bert": 5})
    books.policy("families", 'extends = "standard"\nlevel = "parent"')
    books.run()
    with pytest.raises(GrowthringError, match="anna → bert → anna"):
        show(books.open(), "mrr", View(), policy="families")
