"""What was planted in the sample company is what the product finds."""

import csv
import json
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from growthring.kernel.period import Month
from growthring.operations.data.problems import summarise_problems
from growthring.operations.pricing.commitments import define_drawable
from growthring.operations.pricing.rating import rate
from growthring.operations.project import Project
from growthring.operations.reading import read
from growthring.operations.revenue.show import View, show
from growthring.pricing.commitments import compute_commitments
from growthring.revenue.policy import preset

CONTRACTS = {"evidence": "contracts", "basis": "live", "usage": "exclude"}


@pytest.fixture(scope="module")
def truth(ringwood: Project):
    return json.loads((ringwood.root / "truth" / "truth.json").read_text())


@pytest.fixture(scope="module")
def contracted(ringwood: Project):
    """The ledger of the contracts, as signed and running."""
    return read(ringwood, policy=preset("standard").replace(**CONTRACTS)).ledger


def test_contracted_revenue_of_every_month_and_currency_is_the_planted_one(contracted, truth):
    rows = contracted.connection.execute("SELECT month, currency, SUM(native_amount) FROM recurring GROUP BY 1, 2").fetchall()
    found = {(str(Month(month)), currency): amount for month, currency, amount in rows}
    planted = {(row["month"], row["currency"]): Decimal(row["mrr"]) for row in truth["mrr"]}
    assert sum(amount > 0 for amount in planted.values()) > 30
    assert {key: found.get(key, Decimal(0)) for key in planted} == planted


def test_customers_of_every_month_are_the_planted_ones(contracted, truth):
    rows = contracted.connection.execute(
        "SELECT month, COUNT(DISTINCT account_id) FROM recurring WHERE native_amount > 0 GROUP BY 1"
    ).fetchall()
    planted = Counter()
    for row in truth["mrr"]:
        planted[row["month"]] += row["customers"]
    assert {str(Month(month)): count for month, count in rows} == {month: count for month, count in planted.items() if count}


def test_planted_defects_are_found_under_their_codes(ringwood: Project, truth):
    found = {"invoices": Counter(), "usage": Counter()}
    for each in summarise_problems(ringwood):
        if each.source in found and each.severity != "warning":
            found[each.source][each.code] += each.rows
    with (ringwood.root / "truth" / "defects.csv").open() as stream:
        planted = Counter((row["table"], row["code"]) for row in csv.DictReader(stream))
    assert sum(planted.values()) >= 10
    assert found["usage"]["DUPLICATE_COLLAPSED"] == planted["usage", "DUPLICATE_COLLAPSED"]
    for (table, code), count in planted.items():
        if table == "invoice_line" and code not in ("DUPLICATE_KEY_CONFLICT", "LATE"):
            assert found["invoices"][code] == count, code
    conflicts = planted["invoice_line", "DUPLICATE_KEY_CONFLICT"]
    assert found["invoices"]["DUPLICATE_KEY_CONFLICT"] == 2 * conflicts  # both rows of a contradiction are rejected


def test_first_purchases_are_recovered_as_new_customers(ringwood: Project, contracted):
    rows = contracted.connection.execute(
        "SELECT month, account_id FROM movement WHERE movement = 'new' AND movement_amount > 0 GROUP BY 1, 2"
    ).fetchall()
    with (ringwood.root / "truth" / "events.csv").open() as stream:
        planted = {(row["month"], row["account_id"]) for row in csv.DictReader(stream) if row["event"] == "new"}
    assert {(str(Month(month)), account) for month, account in rows} == planted


def test_lost_customers_are_recovered_as_churn(ringwood: Project, contracted):
    rows = contracted.connection.execute(
        "SELECT month, account_id FROM movement WHERE movement = 'churn' GROUP BY 1, 2"
    ).fetchall()
    with (ringwood.root / "truth" / "events.csv").open() as stream:
        planted = {(row["month"], row["account_id"]) for row in csv.DictReader(stream) if row["event"] == "churn"}
    assert planted
    assert {(str(Month(month)), account) for month, account in rows} == planted


def test_the_groups_of_the_planted_surprise_are_told_apart(ringwood: Project):
    by_segment = {row["segment"]: row["value"] for row in show(ringwood, "ndr", View(by="segment")).rows}
    assert by_segment["mid-market"] > 1 > by_segment["enterprise"]
    channels = {row["channel"] for row in show(ringwood, "ndr", View(by="channel")).rows}
    assert channels == {"self-serve", "sales", "partner"}


def test_planted_commitments_fall_short_and_run_out_as_the_truth_says(ringwood: Project):
    rating = rate(ringwood)
    define_drawable(rating.connection)
    compute_commitments(rating.connection, rating.terms.through + timedelta(days=1))
    rows = rating.connection.execute(
        "SELECT commitment_id, SUM(true_up_amount) FROM commitment_charge GROUP BY 1 "
        "UNION ALL SELECT commitment_id, breakage + balance FROM commitment_balance"
    ).fetchall()
    left = dict(rows)
    with (ringwood.root / "truth" / "commitments.csv").open() as stream:
        planted = list(csv.DictReader(stream))
    assert len(planted) > 5
    for each in planted:
        is_running = each["kind"] == "minimum" and each["has_ended"] == "no"  # its shortfall is billed at the end
        assert left.get(each["commitment_id"], 0) == (0 if is_running else Decimal(each["left"])), each
