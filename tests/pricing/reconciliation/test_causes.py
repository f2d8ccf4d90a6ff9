"""Worked cases: for each cause a residual it explains to the minor unit, and one it does not."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from growthring.pricing.book import PriceBook
from growthring.pricing.reconciliation.causes import CAUSES, name_cause
from growthring.pricing.reconciliation.difference import Billed, Credit, Difference, Known, Surroundings
from growthring.pricing.reference import Share, Use

D = Decimal
MAY, JUNE, JULY = date(2024, 5, 1), date(2024, 6, 1), date(2024, 7, 1)


def graduated(first: str, then: str) -> dict:
    return {"model": "graduated", "tiers": [{"up_to": "100", "unit_price": first, "flat_fee": "1"}, {"unit_price": then}]}


API = PriceBook.model_validate(
    {
        "name": "api", "currency": "USD", "meters": [{"id": "calls"}],
        "versions": [
            {"effective_from": day, "components": [{"id": "calls", "meter": "calls", "price": graduated(first, then)}]}
            for day, first, then in (("2024-01-01", "1.00", "0.50"), ("2024-06-01", "1.20", "0.70"))
        ],
    }
)  # fmt: skip
CHEAP = PriceBook.model_validate(
    {
        "name": "cheap", "currency": "USD", "meters": [{"id": "calls"}],
        "versions": [
            {
                "effective_from": "2024-01-01",
                "components": [{"id": "calls", "meter": "calls", "price": {"model": "per_unit", "unit_price": "0.25"}}],
                "adjustments": [{"kind": "minimum", "amount": "310", "prorate": True}],
            }
        ],
    }
)  # fmt: skip
USED = Use("calls", D(250), events=3)
RATED = D("176.00")  # 1 + 100 × 1.00 + 150 × 0.50


def billed(quantity: str = "250") -> Billed:
    return Billed("a", API, API.versions[0], Share(31, 31, 5), "USD", (replace(USED, quantity=D(quantity)),))


def difference(invoiced: str, *, rated: Decimal = RATED, start: date = MAY, end: date = JUNE, **other: object) -> Difference:
    lines = {"rated_lines": int(rated != 0), "invoice_lines": int(D(invoiced) != 0), "invoiced_quantity": D(250)}
    values = {"issued_on": end, "cause": "unexplained", "account_id": "a", "currency": "USD", **lines, **other}
    return Difference(
        period_start=start, period_end=end, rated_amount=rated, invoiced_amount=D(invoiced), residual_amount=rated - D(invoiced),
        **values,
    )  # fmt: skip


def around(*residuals: Difference, **other: object) -> Surroundings:
    by_account: dict = {}
    for each in residuals:
        by_account.setdefault((each.account_id, each.currency), []).append(each)
    values = {"billed": {("a", MAY): [billed()]}, **other}
    return Surroundings((API, CHEAP), with_fees=False, residuals=by_account, **values)


def named(each: Difference, surroundings: Surroundings | None = None) -> tuple[str, str]:
    return name_cause(each, surroundings or around(each))


def test_use_without_an_invoice_is_not_invoiced():
    assert named(difference("0")) == ("not_invoiced", "no invoice line")


def test_an_invoice_without_use_is_not_rated_and_says_why():
    invoice = difference("12", rated=D(0))
    assert named(invoice) == ("not_rated", "no use that the price book prices")
    assert named(invoice, around(invoice, billed={})) == ("not_rated", "the account is under no price book then")
    euros = replace(invoice, currency="EUR")
    assert named(euros, around(euros)) == ("not_rated", "the account is billed in USD")


def test_use_that_became_known_after_the_invoice_explains_exactly_what_is_missing():
    short = difference("166.00", invoiced_quantity=D(230))
    known = Known(datetime(2024, 6, 1, 23, 59, 59), {"a": (replace(USED, quantity=D(230)),)}, 2)
    assert named(short, around(short, known={short.key: [known]})) == (
        "late_usage", "2 records became known after 2024-06-01 23:59",
    )  # fmt: skip
    other = replace(known, uses={"a": (replace(USED, quantity=D(231)),)})
    unsaid = replace(short, invoiced_quantity=D(0))
    assert named(unsaid, around(unsaid, known={short.key: [known]}))[0] == "late_usage"
    assert named(unsaid, around(unsaid, known={short.key: [other]}))[0] == "unexplained"


def test_an_invoice_that_counts_all_units_did_not_miss_late_ones():
    short = difference("166.00")
    known = Known(datetime(2024, 6, 1, 23, 59, 59), {"a": (replace(USED, quantity=D(230)),)}, 2)
    assert named(short, around(short, known={short.key: [known]}))[0] == "unexplained"


def test_another_version_of_the_book_is_named():
    assert named(difference("226.00")) == ("other_price", "api from 2024-06-01 gives the invoiced amount")


def test_another_book_is_named():
    assert named(difference("310.00")) == ("other_price", "cheap from 2024-01-01 gives the invoiced amount")


def test_another_policy_is_named():
    at_bound = replace(billed(), uses=(), version=API.versions[0])
    idle = difference("1.00", rated=D("0.00"), rated_lines=1)
    cause, evidence = named(idle, around(idle, billed={("a", MAY): [at_bound]}))
    assert cause == "other_policy"
    assert "lago" in evidence


def test_a_share_of_the_days_is_named():
    assert named(difference("90.84")) == ("proration", "16 of 31 days")


def test_a_minimum_of_a_share_of_the_days_is_named():
    minimum = replace(billed("4"), book=CHEAP, version=CHEAP.versions[0])
    short = difference("100.00", rated=D(310), invoiced_quantity=D(4))
    assert named(short, around(short, billed={("a", MAY): [minimum]})) == ("proration", "10 of 31 days")


def test_small_amounts_are_no_proof_of_a_share():
    tiny = replace(billed(), uses=(replace(USED, quantity=D(3)),))
    short = difference("2.06", rated=D(4), invoiced_quantity=D(3))
    assert named(short, around(short, billed={("a", MAY): [tiny]}))[0] == "unexplained"


def test_amounts_of_adjacent_periods_that_cancel_out_are_a_shift():
    may, june = difference("100"), difference("276", start=JUNE, end=JULY, rated=D(200))
    assert named(may, around(may, june)) == ("shifted_period", "the period from 2024-06-01 has -76.00 USD")
    assert named(june, around(may, june))[0] == "shifted_period"
    assert named(may, around(may, replace(june, account_id="b")))[0] == "unexplained"


def test_invoices_that_all_name_the_next_period_are_a_shift():
    rated = [D(100), D(140), D(90)]
    starts = [MAY, JUNE, JULY, date(2024, 8, 1), date(2024, 9, 1)]
    rows = [
        difference(str(before), rated=now, start=start, end=end)
        for before, now, start, end in zip([0, *rated], [*rated, D(0)], starts, starts[1:], strict=False)
    ]
    assert {named(each, around(*rows, billed={}))[0] for each in rows} == {"shifted_period"}


def test_residuals_of_merged_accounts_that_cancel_out_are_told():
    mine, theirs = difference("0"), difference("376", rated=D(200), account_id="b")
    group = dict.fromkeys("ab", frozenset("ab"))
    assert named(mine, around(mine, theirs, merged=group)) == ("merged_account", "together with b the invoices are right")
    assert named(mine, around(mine, theirs))[0] == "not_invoiced"


def euros_and_dollars(euro_units: int, dollar_units: int, euro_amount: str) -> tuple[Difference, Difference, Surroundings]:
    prices = {code: {"model": "per_unit", "unit_price": price} for code, price in (("USD", "2"), ("EUR", "1.5"))}
    version = {"effective_from": "2024-01-01", "components": [{"id": "calls", "meter": "calls", "prices": prices}]}
    book = PriceBook.model_validate({"name": "two", "currency": "USD", "meters": [{"id": "calls"}], "versions": [version]})
    dollars = difference(str(dollar_units * 2), rated=D(500), invoiced_quantity=D(dollar_units))
    euros = difference(euro_amount, rated=D(0), currency="EUR", invoiced_quantity=D(euro_units))
    terms = replace(billed(), book=book, version=book.versions[0])
    return dollars, euros, around(dollars, euros, billed={("a", MAY): [terms]})


@pytest.mark.parametrize("dollar_units", [0, 100])
def test_use_that_was_invoiced_in_another_currency_is_told(dollar_units: int):
    dollars, euros, surroundings = euros_and_dollars(250 - dollar_units, dollar_units, str((250 - dollar_units) * D("1.5")))
    assert {named(each, surroundings)[0] for each in (dollars, euros)} == {"other_currency"}


@pytest.mark.parametrize(("units", "amount"), [(149, "223.50"), (150, "200.00")])
def test_other_units_or_another_price_are_no_other_currency(units: int, amount: str):
    _, euros, surroundings = euros_and_dollars(units, 100, amount)
    assert named(euros, surroundings)[0] == "not_rated"


@pytest.mark.parametrize("copies", [2, 3, 5])
def test_an_amount_invoiced_several_times_is_a_duplicate(copies: int):
    double = difference(str(RATED * copies), invoice_lines=copies)
    assert named(double) == ("duplicate_invoice", f"{copies} times the amount, on {copies} lines")


def test_a_credit_line_that_gives_the_difference_back_is_found():
    over = difference("200.00")
    given_back = Credit("CN-1", "a", "USD", JUNE, D("-24.00"))
    assert named(over, around(over, credits={("a", "USD"): [given_back]})) == ("credit", "credit line CN-1 of 2024-06-01")
    earlier = replace(given_back, issued_on=date(2024, 4, 1))
    assert named(over, around(over, credits={("a", "USD"): [earlier]}))[0] == "unexplained"


def test_an_invoice_that_counts_other_units_at_the_right_price_is_told():
    assert named(difference("175.50", invoiced_quantity=D(249))) == ("other_quantity", "249 invoiced, 250 metered")


def test_what_nothing_explains_stays_unexplained():
    assert named(difference("123.45", invoiced_quantity=D(0))) == ("unexplained", "")


def test_every_cause_has_a_meaning_and_every_residual_something_to_do():
    names = [cause.name for cause in CAUSES]
    assert len(names) == len(set(names))
    assert all(cause.meaning for cause in CAUSES)
    assert all(cause.remedy for cause in CAUSES if cause.name != "matched")
