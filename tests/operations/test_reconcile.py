"""The sample company agrees with its invoices; errors planted in them are found under their causes."""

import csv
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from growthring.kernel.currency import exponent
from growthring.kernel.errors import UnknownValueError
from growthring.kernel.period import Month
from growthring.operations.data.run import run
from growthring.operations.pricing.rating import rate
from growthring.operations.pricing.reconcile import reconcile
from growthring.operations.project import Project
from growthring.pricing.reconciliation import reconcile as compare_with_invoices
from tests.operations.books import USAGE, Books

D = Decimal
Row = dict[str, str]
LOWER_PRICES = """
  - effective_from: 2031-01-01
    components:
      - id: api_calls
        meter: api_calls
        prices:
          USD: {model: per_unit, unit_price: 0.0009}
          EUR: {model: per_unit, unit_price: 0.0008}
          GBP: {model: per_unit, unit_price: 0.0007}
          JPY: {model: per_unit, unit_price: 0.13}

# Everybody"""
PRICES = {"USD": ("0.0012", "0.0009"), "EUR": ("0.0011", "0.0008"), "GBP": ("0.00095", "0.0007"), "JPY": ("0.17", "0.13")}


def cut(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(D(1).scaleb(-exponent(currency)), ROUND_HALF_UP)


class Invoices:
    """The invoice files of a sample company, to be changed."""

    def __init__(self, root: Path) -> None:
        self.files = {path: _rows(path) for path in sorted((root / "raw" / "invoices").glob("*.csv"))}

    def usage_lines(self) -> Iterator[Row]:
        """Yield each usage line once, with enough on it to tell causes apart."""
        seen = set()
        for rows in self.files.values():
            for row in rows:
                if row["kind"] == "usage" and row["invoice_line_id"] not in seen and D(row["quantity"]) > 40_000:
                    seen.add(row["invoice_line_id"])
                    yield row

    def remove(self, row: Row) -> None:
        for rows in self.files.values():
            rows[:] = [each for each in rows if each["invoice_line_id"] != row["invoice_line_id"]]

    def change(self, row: Row, **values: Any) -> None:
        """Change a line and its copies."""
        for rows in self.files.values():
            for each in rows:
                if each["invoice_line_id"] == row["invoice_line_id"]:
                    each.update({name: str(value) for name, value in values.items()})

    def add(self, like: Row, **values: Any) -> None:
        key = f"{like['invoice_line_id']}-P"
        for rows in self.files.values():
            if like in rows:
                rows.append(like | {"invoice_line_id": key, "invoice_id": key} | {k: str(v) for k, v in values.items()})
                return

    def save(self) -> None:
        for path, rows in self.files.items():
            with path.open("w", newline="", encoding="utf-8") as stream:
                writer = csv.DictWriter(stream, rows[0])
                writer.writeheader()
                writer.writerows(rows)


def _rows(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def plant(invoices: Invoices, usage: list[str], row: Row, cause: str) -> None:
    amount, currency = D(row["amount"]), row["currency"]

    def price(new: Decimal) -> None:
        invoices.change(row, amount=new, list_amount=new)

    match cause:
        case "other_price":
            price(cut(D(row["quantity"]) * D(PRICES[currency][1]), currency))
        case "not_invoiced":
            invoices.remove(row)
        case "duplicate_invoice":
            invoices.add(row)
        case "late_usage":
            day = date.fromisoformat(row["issued_on"]).replace(day=20)
            used_at = f"{row['period_start'][:8]}17 12:00:00"
            usage.append(f"LATE-{row['invoice_line_id']},{row['account_id']},P-API,api_calls,{used_at},54321,{day} 06:00:00,x")
        case "proration":
            days = (date.fromisoformat(row["period_end"]) - date.fromisoformat(row["period_start"])).days
            price(cut(amount * 11 / days, currency))
        case "credit":
            over = cut(amount * D("0.137"), currency)
            price(amount + over)
            invoices.add(row, kind="credit", product_id="", quantity="", unit_price="", amount=-over, list_amount=-over)
        case "other_quantity":
            price(cut((D(row["quantity"]) - 7_777) * D(PRICES[currency][0]), currency))
            invoices.change(row, quantity=int(D(row["quantity"])) - 7_777)
        case "shifted_period":
            following = Month.of(date.fromisoformat(row["period_end"]))
            invoices.change(row, period_start=following.first_day, period_end=(following + 1).first_day)
        case "unexplained":
            price(amount + cut(D("9.87") if currency != "JPY" else D(987), currency))


@pytest.fixture(scope="module")
def planted(ringwood_to_copy: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[tuple[str, str], str]]:
    """A copy of the sample company with an error of each cause in several invoices, and where they are."""
    root = tmp_path_factory.mktemp("planted") / "ringwood"
    shutil.copytree(ringwood_to_copy, root, ignore=shutil.ignore_patterns("truth"))
    invoices, usage, truth = Invoices(root), [], {}
    causes = (
        "other_price", "not_invoiced", "duplicate_invoice", "late_usage", "proration", "credit", "other_quantity", "unexplained",
        "shifted_period",
    )  # fmt: skip
    last: dict[str, int] = {}
    merged = {each for row in _rows(root / "raw/accounts.csv") for each in (row["merged_into_account_id"],) if each}
    place = 0
    for row in list(invoices.usage_lines()):
        month = int(row["period_start"][:4]) * 12 + int(row["period_start"][5:7])
        is_open = row["period_end"] > "2023-06-30"  # the invoice may still come
        if is_open or row["account_id"] in merged or month - last.get(row["account_id"], 0) < 3:
            continue
        last[row["account_id"]] = month
        cause = causes[place % len(causes)]
        truth[row["account_id"], row["period_start"]] = cause
        if cause == "shifted_period":
            truth[row["account_id"], row["period_end"]] = cause
        plant(invoices, usage, row, cause)
        place += 1
    invoices.save()
    path = sorted((root / "raw" / "usage").glob("*.csv"))[-1]
    path.write_text(path.read_text() + "\n".join(usage) + "\n")
    book = root / "price_books" / "api.yaml"
    book.write_text(book.read_text().replace("\n# Everybody", LOWER_PRICES, 1))
    project = Project.open(root)
    run(project)
    return project, truth


def test_every_residual_of_the_sample_company_comes_from_a_merger(ringwood: Project):
    answer = reconcile(ringwood, top=0)
    causes = {row["cause"] for row in answer.rows if row["kind"] == "cause"}
    assert {"matched"} <= causes <= {"matched", "merged_account"}
    assert answer.value is not None and float(answer.value) > 0.97
    assert all(row["residual"] in ("0.00", "0") for row in answer.rows if row["kind"] == "cause")


def test_planted_errors_are_found_under_their_causes(planted: tuple[Project, dict[tuple[str, str], str]]):
    project, truth = planted
    found = compare_with_invoices(rate(project))
    residuals = [each for each in found.residuals if each.cause != "merged_account"]
    named = {(each.account_id, each.period_start.isoformat()): each.cause for each in residuals}
    assert not found.unexamined
    right = Counter(cause for key, cause in truth.items() if named.get(key) == cause)
    recall = {cause: right[cause] / count for cause, count in Counter(truth.values()).items()}
    precision = {cause: right[cause] / count for cause, count in Counter(named.values()).items()}
    assert min(Counter(truth.values()).values()) >= 2
    assert min(recall.values()) == min(precision.values()) == 1, f"recall {recall}, precision {precision}"
    assert named == truth


def test_residuals_add_up_to_rated_less_invoiced_in_every_currency(planted: tuple[Project, dict[tuple[str, str], str]]):
    rating = rate(planted[0])
    found = compare_with_invoices(rating)
    for currency in PRICES:
        totals = [each for each in found.totals if each.currency == currency]
        rated = rating.connection.execute("SELECT SUM(amount) FROM rated_line WHERE currency = ?", [currency]).fetchone()
        invoiced = rating.connection.execute(
            "SELECT SUM(amount) FROM invoice_line WHERE kind = 'usage' AND currency = ?", [currency]
        ).fetchone()
        assert sum((each.rated_amount for each in totals), D(0)) == (rated[0] or 0)
        assert sum((each.invoiced_amount for each in totals), D(0)) == (invoiced[0] or 0)
        assert all(each.rated_amount - each.invoiced_amount == each.residual_amount for each in totals)


def test_residuals_beyond_the_limit_keep_what_sql_says_and_are_counted(planted: tuple[Project, dict[tuple[str, str], str]]):
    rating = rate(planted[0])
    every, few = compare_with_invoices(rating), compare_with_invoices(rating, examined=1)
    assert few.unexamined == len(every.residuals) - len(few.residuals) > 0
    assert sum(each.account_periods for each in few.totals) == sum(each.account_periods for each in every.totals)
    assert sum(each.residual_amount for each in few.totals) == sum(each.residual_amount for each in every.totals)


def test_a_month_shows_its_own_residuals_and_still_looks_at_its_neighbours(planted: tuple[Project, dict[tuple[str, str], str]]):
    project, truth = planted
    (_, start) = min((key for key, cause in truth.items() if cause == "shifted_period"), key=lambda key: key[1])
    answer = reconcile(project, at=start[:7], top=0)
    rows = [row for row in answer.rows if row["kind"] == "residual"]
    assert {row["period_start"] for row in rows} == {start}
    assert "shifted_period" in {row["cause"] for row in rows}


def test_accounts_are_listed_with_all_their_causes_the_largest_residual_first(
    planted: tuple[Project, dict[tuple[str, str], str]],
):
    project, truth = planted
    rows = [row for row in reconcile(project, by="account").rows if row["kind"] == "account"]
    causes = {row["account"]: set(row["causes"].split(", ")) for row in rows}
    for account in {key[0] for key in truth}:
        assert {cause for key, cause in truth.items() if key[0] == account} <= causes[account]
    dollars = [abs(D(row["residual"])) for row in rows if row["currency"] == "USD"]
    assert dollars == sorted(dollars, reverse=True)


def test_an_unknown_grouping_is_refused(ringwood: Project):
    with pytest.raises(UnknownValueError, match="grouping"):
        reconcile(ringwood, by="colour")


CORRECTIONS = """
[[sources]]
name = "corrections"
table = "usage_correction"
files = "raw/corrections.csv"
"""


@pytest.fixture
def corrected(tmp_path: Path) -> Project:
    """A customer whose March was invoiced, fee and use, before one of its records was amended from 300 calls to 700."""
    books = Books(tmp_path / "brook", more=USAGE + CORRECTIONS)
    books.usage([("u1", "17850", "2024-03-05", 500), ("u2", "17850", "2024-03-20", 300)])
    (books.root / "raw" / "corrections.csv").write_text(
        "correction_id,action,usage_id,quantity,known_at\nk1,amend,u2,700,2024-04-20 00:00:00\n", encoding="utf-8"
    )
    march = {"product": "api", "issued_on": "2024-04-01", "from": "2024-03-01", "to": "2024-04-01", "known_at": "2024-04-01"}
    books.lines("2024-04", [("i1", "17850", "8.00", march | {"kind": "usage", "quantity": ""}), ("i2", "17850", "20.00", march)])
    books.lines("2024-05", [("i3", "anna", "1.00")])
    books.run()
    return books.open()


def test_an_amendment_after_the_invoice_is_late_usage(corrected: Project):
    (row,) = [row for row in reconcile(corrected, at="2024-03").rows if row["kind"] == "residual"]
    assert (row["rated"], row["invoiced"], row["cause"]) == ("11.00", "8.00", "late_usage")
    assert row["evidence"] == "1 records became known after 2024-04-01 23:59"


def test_before_the_amendment_was_known_the_use_was_invoiced_right_and_the_fee_for_too_many_days(corrected: Project):
    known = datetime(2024, 4, 15)
    (use,) = reconcile(corrected, at="2024-03", as_of=known).rows
    assert (use["cause"], use["rated"], use["invoiced"]) == ("matched", "8.00", "8.00")
    _, bill = reconcile(corrected, at="2024-03", with_fees=True, as_of=known).rows
    assert (bill["rated"], bill["invoiced"], bill["cause"]) == ("25.42", "28.00", "proration")  # first used on 5 March
    assert bill["evidence"] == "fees and minimums of the whole period, of 31 days"
