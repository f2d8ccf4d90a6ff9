"""One customer looked at from all sides: found by SQL, with figures that agree with the company's."""

from decimal import Decimal
from typing import Any

import pytest

from growthring.engine.catalog import open_tables
from growthring.engine.duckdb_session import connect
from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from growthring.operations.accounts.bills import account_bill, account_bills, account_budget
from growthring.operations.accounts.contracts import account_burn_down, account_contracts, account_promises
from growthring.operations.accounts.find import account_named, attribute_columns, find_accounts
from growthring.operations.accounts.notes import account_notes
from growthring.operations.accounts.revenue import (
    account_documents,
    account_facts,
    account_invoices,
    account_movements,
    account_revenue,
)
from growthring.operations.accounts.usage import account_usage, account_usage_days
from growthring.operations.answer import Answer
from growthring.operations.history.decisions import tag_account
from growthring.operations.opened_books import OpenedBooks
from growthring.operations.pricing.quote import price_curve
from growthring.operations.project import Project
from growthring.operations.revenue.show import View, show
from growthring.revenue.inputs import load_inputs
from tests.operations.books import ACCOUNTS, Books


@pytest.fixture(scope="module")
def opened(ringwood: Project) -> Project:
    return ringwood.with_books(OpenedBooks())


@pytest.fixture(scope="module")
def promising(opened: Project) -> str:
    """A customer with a commitment in force."""
    rows = find_accounts(opened, sort="-promised").rows
    return next(row["account_id"] for row in rows if row["promised"] and row["state"] == "customer")


def test_the_revenue_of_all_accounts_is_the_mrr(opened: Project):
    rows = find_accounts(opened).rows
    assert sum((Decimal(row["mrr"]) for row in rows), Decimal(0)) == pytest.approx(
        Decimal(str(show(opened, "mrr", View()).value))
    )


def test_pages_of_the_list_put_together_are_the_list(opened: Project):
    whole = [row["account_id"] for row in find_accounts(opened, sort="name").rows]
    cut = [row["account_id"] for skip in range(0, 60, 7) for row in find_accounts(opened, sort="name", skip=skip, limit=7).rows]
    assert cut == whole and len(set(whole)) == find_accounts(opened).value


@pytest.mark.parametrize("sort", ['"; DROP TABLE account_overview; --', "nothing", "-", ""])
def test_what_is_no_column_does_not_sort(opened: Project, sort: str):
    assert find_accounts(opened, sort=sort).rows == find_accounts(opened).rows


@pytest.mark.parametrize("text", ["%", "_", "' OR 1=1 --", "\\"])
def test_what_is_sought_is_text_and_no_pattern(opened: Project, text: str):
    assert find_accounts(opened, text).value == 0 and account_named(opened, text) == ""


def test_an_id_as_written_goes_before_names_that_hold_it(books: Books):
    books.settings(more=ACCOUNTS)
    books.accounts([("anna", "Bert's sister", "NO"), ("bert", "Bert", "NO")])
    books.run()
    project = Project.open(books.root)
    assert account_named(project, "bert") == "bert"
    assert account_named(project, "BERT") == ""
    assert account_named(project, "sister") == "anna"


def test_an_attribute_named_like_a_figure_is_kept_beside_it(books: Books):
    books.settings(more=ACCOUNTS.replace('country = "country"', 'mrr = "country"'))
    books.accounts([("anna", "Anna", "high"), ("bert", "Bert", "low")])
    books.run()
    project = Project.open(books.root)
    assert attribute_columns(project) == (("mrr", "mrr_attribute"),)
    (row,) = find_accounts(project, "high").rows
    assert (row["mrr"], row["mrr_attribute"]) == ("100.00", "high")


def test_facts_agree_with_the_list_and_the_months(opened: Project, promising: str):
    (row,) = account_facts(opened, promising).rows
    assert row["mrr"] == account_revenue(opened, promising).value
    assert Decimal(row["arr"]) == pytest.approx(Decimal(row["mrr"]) * 12, abs=Decimal("0.12"))
    assert Decimal(row["mrr"]) - Decimal(row["earlier"]) == Decimal(row["change"])


def test_movements_of_a_month_are_those_of_its_row(opened: Project, promising: str):
    months = {row["at"]: row for row in account_revenue(opened, promising).rows}
    for row in account_movements(opened, promising).rows:
        assert Decimal(months[row["at"]][row["movement"]]), row


def test_documents_of_a_month_explain_its_change(opened: Project, promising: str):
    at = account_movements(opened, promising).rows[0]["at"]
    found = account_documents(opened, promising, at)
    counted = [row for row in found.rows if row["kind"] == "counted"]
    change = sum((Decimal(row["recurring"]) * (1 if row["at"] == at else -1) for row in counted), Decimal(0))
    assert change == pytest.approx(Decimal(str(found.value)), abs=Decimal("0.02"))


def test_days_of_usage_add_up_to_the_months(opened: Project, promising: str):
    months = {row["at"]: Decimal(row["quantity"]) for row in account_usage(opened, promising).rows}
    days = account_usage_days(opened, promising, "api_calls").rows
    last = max(row["at"][:7] for row in days)
    assert sum((Decimal(row["quantity"]) for row in days if row["at"].startswith(last)), Decimal(0)) == months[last]


def test_a_bill_is_what_the_list_of_bills_says_and_a_curve_goes_through_it(opened: Project, promising: str):
    listed = account_bills(opened, promising).rows
    billed = next(row for row in listed if Decimal(row["amount"]))
    assert account_bill(opened, promising, billed["at"]).value == billed["amount"]
    curve = price_curve(opened, promising, at=billed["at"])
    assert next(row["amount"] for row in curve.rows if row["share"] == 1.0) == billed["amount"]
    budget = account_budget(opened, promising, Decimal("1.5"), at=billed["at"])
    assert Decimal(str(budget.value)) == pytest.approx(Decimal(billed["amount"]) * Decimal("1.5"), abs=Decimal("0.01"))


def test_a_burn_down_says_the_same_by_day_and_as_a_pace(opened: Project, promising: str):
    found = account_burn_down(opened, promising)
    paces = {row["commitment"]: row for row in found.rows if row["kind"] == "pace"}
    assert found.value == len(paces) <= int(account_promises(opened, promising).value or 0)
    for commitment, pace in paces.items():
        days = [row for row in found.rows if row["kind"] == "days" and row["commitment"] == commitment]
        assert [row["consumed"] for row in days if row["consumed"]][-1:] in ([pace["consumed"]], [])
        assert [row["at"] for row in days] == sorted({row["at"] for row in days})


def test_contracts_are_those_of_the_account_alone(opened: Project, promising: str):
    assert account_contracts(opened, promising).rows
    others = {row["contract"] for row in account_contracts(opened, find_accounts(opened).rows[-1]["account_id"]).rows}
    assert not others & {row["contract"] for row in account_contracts(opened, promising).rows}


def test_the_sql_of_answers_about_an_account_reads_the_canonical_tables_and_gives_their_figures(opened: Project, promising: str):
    connection, snapshot = connect(), opened.snapshot()
    open_tables(connection, opened.store, snapshot)
    load_inputs(connection, opened.policy(), opened.setting(snapshot))

    def found(answer: Answer) -> list[tuple[Any, ...]]:
        return connection.execute(answer.sql).fetchall()

    facts, revenue = account_facts(opened, promising), account_revenue(opened, promising)
    assert Decimal(str(facts.value)) == pytest.approx(found(facts)[0][0], abs=Decimal("0.01"))
    assert {Month(month): round(amount, 2) for month, amount in found(revenue)} == {
        Month.parse(row["at"]): Decimal(row["end"]) for row in revenue.rows if Decimal(row["end"])
    }
    for answer in (
        account_contracts(opened, promising),
        account_promises(opened, promising),
        account_invoices(opened, promising),
    ):
        assert len(found(answer)) == len(answer.rows) > 0
    movements, accounts = account_movements(opened, promising), find_accounts(opened, limit=5)
    assert len(found(movements)) >= len(movements.rows) > 0
    assert len(found(accounts)) == accounts.value
    days = account_usage_days(opened, promising, account_usage(opened, promising).rows[0]["meter"])
    assert [(day.isoformat(), records) for day, _, records in found(days)] == [(row["at"], row["records"]) for row in days.rows]


def test_an_account_that_no_row_names_is_refused(opened: Project):
    with pytest.raises(GrowthringError, match="No row names the account 'nobody'"):
        account_facts(opened, "nobody")


def test_notes_are_those_of_the_account_alone(books: Books):
    project = Project.open(books.root)
    tag_account(project, "anna", "one_off", "2024-03", None, because="a test", author="Kim")
    (row,) = account_notes(project, "anna").rows
    assert (row["kind"], row["what"], row["from"], row["because"], row["author"]) == (
        "tag",
        "one_off",
        "2024-03",
        "a test",
        "Kim",
    )
    assert account_notes(project, "bert").rows == []
