from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

import pytest

from growthring.kernel.currency import exponent
from growthring.pricing.book import read_books

from .conftest import rows_of, rows_under


@pytest.fixture(scope="module")
def used(company):
    """Calls by account and month, each usage record once."""
    folder, _ = company
    records = {row["usage_id"]: row for _, row in rows_under(folder / "raw/usage")}
    calls = Counter()
    for row in records.values():
        calls[row["account_id"], row["used_at"][:7]] += int(row["quantity"])
    return calls


def test_the_price_book_asks_for_what_was_invoiced_to_the_cent(company, used):
    folder, truth = company
    (book,), meters = read_books(folder / "price_books")
    (component,) = book.versions[0].components
    assert not meters and book.assign[0].precision == 0
    assert book.versions[0].effective_from.isoformat()[:7] == truth.first_month
    unequal = set()
    for _, row in rows_under(folder / "raw/invoices"):
        if row["kind"] != "usage":
            continue
        price = component.price_in(row["currency"]).unit_price
        step = Decimal(1).scaleb(-exponent(row["currency"]))
        assert (int(row["quantity"]) * price).quantize(step, ROUND_HALF_UP) == Decimal(row["amount"])
        if used[row["account_id"], row["period_start"][:7]] != int(row["quantity"]):
            unequal.add(row["account_id"])
    absorbing = {row["merged_into_account_id"] for row in rows_of(folder / "raw/accounts.csv")} - {""}
    assert unequal <= absorbing


def test_commitments_are_consumed_as_the_truth_says(company, used):
    folder, truth = company
    (book,), _ = read_books(folder / "price_books")
    component = book.versions[0].components[0]
    outcomes = {row["commitment_id"]: row for row in rows_of(folder / "truth/commitments.csv")}
    kinds, short = Counter(), 0
    for row in rows_of(folder / "raw/commitments.csv"):
        outcome = outcomes.pop(row["commitment_id"])
        price, step = component.price_in(row["currency"]).unit_price, Decimal(1).scaleb(-exponent(row["currency"]))
        consumed = sum(
            (calls * price).quantize(step, ROUND_HALF_UP)
            for (account, month), calls in used.items()
            if account == row["account_id"] and row["starts_on"] <= f"{month}-01" < row["ends_on"]
        )
        assert Decimal(outcome["consumed"]) == consumed
        assert Decimal(outcome["committed"]) == Decimal(row["amount"]) > 0
        assert Decimal(outcome["left"]) == max(Decimal(row["amount"]) - consumed, 0)
        kinds[row["kind"]] += 1
        has_ended = row["ends_on"] <= truth.data_through.isoformat() or outcome["has_ended"] == "yes"
        short += row["kind"] == "minimum" and has_ended and Decimal(outcome["left"]) > 0
    assert not outcomes
    assert short == truth.shortfalls > 3
    assert kinds["minimum"] > 10 and kinds["prepaid"] > 3 and kinds["credit"] > 0


def test_a_minimum_follows_the_one_before_and_accounts_that_merge_promise_nothing(company):
    folder, _ = company
    terms, merged = defaultdict(list), set()
    for row in rows_of(folder / "raw/accounts.csv"):
        if row["merged_into_account_id"]:
            merged |= {row["account_id"], row["merged_into_account_id"]}
    for row in rows_of(folder / "raw/commitments.csv"):
        terms[row["account_id"]].append((row["starts_on"], row["ends_on"]))
    assert not merged & set(terms)
    for spans in terms.values():
        assert all(before[1] == after[0] for before, after in pairwise(spans))
