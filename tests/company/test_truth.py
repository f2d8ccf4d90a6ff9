from collections import Counter, defaultdict
from decimal import Decimal

import pytest

from growthring.company.simulation import write_company
from growthring.kernel.period import Month

from .conftest import rows_of


def _is_recurring(line: dict[str, str], day: str) -> bool:
    if line["kind"] != "recurring" or line["starts_on"] > day or (line["ends_on"] and line["ends_on"] <= day):
        return False
    if line["trial_ends_on"] and line["trial_ends_on"] > day:
        return False
    return not (line["paused_from"] and line["paused_from"] <= day and (not line["paused_to"] or line["paused_to"] > day))


def _recomputed(folder, first: Month, months: int) -> tuple[dict, dict]:
    mrr, customers = defaultdict(Decimal), defaultdict(set)
    lines = list(rows_of(folder / "raw/contract_lines.csv"))
    for k in range(months):
        day = (first + k).last_day.isoformat()
        for line in lines:
            if _is_recurring(line, day):
                key = str(first + k), line["currency"]
                mrr[key] += Decimal(line["amount"]) / (12 if line["billing_interval"] == "year" else 1)
                customers[key].add(line["account_id"])
    return mrr, customers


def _assert_truth_holds(folder, truth):
    mrr, _ = _recomputed(folder, Month.parse(truth.first_month), truth.months)
    assert {item.currency for item in truth.mrr} == {"USD", "EUR", "GBP", "JPY"}
    assert len(truth.mrr) == 4 * truth.months
    for item in truth.mrr:
        assert item.mrr == mrr[item.month, item.currency], item


def test_planted_mrr_is_what_a_plain_loop_over_contract_lines_finds(company):
    folder, truth = company
    _assert_truth_holds(folder, truth)
    assert all(item.mrr > 0 for item in truth.mrr)


@pytest.mark.parametrize(("seed", "months"), [(1, 30), (2, 30), (3, 18), (4, 9), (5, 2), (6, 1)])
def test_planted_mrr_holds_for_other_seeds_and_windows(tmp_path, seed, months):
    truth = write_company(tmp_path, accounts=400, months=months, first_month=Month.parse("2023-09"), seed=seed)
    _assert_truth_holds(tmp_path, truth)


def test_planted_customers_are_those_with_recurring_lines(company):
    folder, truth = company
    _, customers = _recomputed(folder, Month.parse(truth.first_month), truth.months)
    billed = Counter()
    for (month, _), accounts in customers.items():
        billed[month] += len(accounts)
    told = Counter()
    for item in truth.mrr:
        told[item.month] += item.customers
    both_currencies = truth.event_counts()["transfer_in"]
    assert all(0 <= billed[month] - told[month] <= both_currencies for month in told)


def test_planted_deltas_add_up_to_the_mrr_of_every_month(company):
    _, truth = company
    running = Counter()
    for item in truth.mrr:
        running[item.currency] += sum(
            move.delta for move in truth.movements if (move.month, move.currency) == (item.month, item.currency)
        )
        assert running[item.currency] == item.mrr


def test_every_kind_of_event_is_planted_and_named(company):
    folder, truth = company
    listed = Counter(row["event"] for row in rows_of(folder / "truth/events.csv"))
    assert dict(listed) == truth.event_counts()
    assert set(listed) == {
        "new", "churn", "reactivation", "price", "seats", "cross_sell", "contraction", "discount_ended", "pause", "resume",
        "trial_started", "trial_lost", "transfer_in", "transfer_out", "merger", "reparenting", "segment_change", "migration",
    }  # fmt: skip


def test_gains_are_positive_and_losses_negative(company):
    folder, _ = company
    gains = {"new", "reactivation", "price", "seats", "cross_sell", "resume", "transfer_in", "discount_ended"}
    losses = {"churn", "contraction", "pause", "transfer_out"}
    for row in rows_of(folder / "truth/events.csv"):
        delta = Decimal(row["delta"])
        assert delta > 0 if row["event"] in gains else delta < 0 if row["event"] in losses else delta == 0, row


def test_a_merger_moves_recurring_revenue_and_changes_none(company):
    folder, truth = company
    moved = defaultdict(Decimal)
    for row in rows_of(folder / "truth/events.csv"):
        if row["event"].startswith("transfer"):
            moved[row["on"], row["currency"]] += Decimal(row["delta"])
    assert truth.event_counts()["merger"] == 3
    assert set(moved.values()) == {Decimal(0)}
    versions = [row for row in rows_of(folder / "raw/accounts.csv") if row["merged_into_account_id"]]
    assert len(versions) == 3
    for row in versions:
        billed_later = {
            line["account_id"]
            for line in rows_of(folder / "raw/contract_lines.csv")
            if line["contract_id"].startswith("C" + row["account_id"][1:]) and line["starts_on"] >= row["merged_on"]
        }
        assert billed_later == {row["merged_into_account_id"]}


def test_the_migration_ends_classic_on_one_day_at_the_same_price(company):
    folder, truth = company
    day = truth.migration_on.isoformat()
    ended, started = {}, {}
    for line in rows_of(folder / "raw/contract_lines.csv"):
        if line["product_id"] == "P-CLASSIC":
            assert line["ends_on"] <= day and line["ends_on"]
            if line["ends_on"] == day:
                ended[line["account_id"]] = line["contract_id"]
        elif line["product_id"] == "P-PLATFORM" and line["starts_on"] == day:
            started[line["account_id"]] = line["contract_id"]
    migrated = {row["account_id"] for row in rows_of(folder / "truth/events.csv") if row["event"] == "migration"}
    assert len(migrated) > 10
    assert migrated <= set(ended) and migrated <= set(started)


def test_the_surprise_is_there_best_on_new_revenue_and_far_below_one_hundred_percent(company):
    _, truth = company
    partner, self_serve = truth.cell("enterprise", "partner"), truth.cell("mid-market", "self-serve")
    assert partner.new_mrr_usd == max(cell.new_mrr_usd for cell in truth.cells)
    assert partner.ndr < 0.8
    assert self_serve.ndr > 1.1


def test_what_happens_follows_the_planted_hazards(tmp_path):
    truth = write_company(tmp_path, accounts=4_000, months=36)
    cell = truth.cell("SMB", "self-serve")
    realised = cell.churned / cell.churn_exposure_months
    assert realised == pytest.approx(cell.monthly_churn_hazard, rel=0.15)
    assert 0.4 < truth.cell("enterprise", "partner").ndr < 0.75
    assert 1.1 < truth.cell("mid-market", "self-serve").ndr < 1.5


def test_the_price_increase_reaches_nobody_before_its_month(company):
    folder, truth = company
    early, late = set(), set()
    for line in rows_of(folder / "raw/contract_lines.csv"):
        if (line["product_id"], line["currency"], line["billing_interval"]) == ("P-PLATFORM", "USD", "month"):
            paid_from = line["trial_ends_on"] or line["starts_on"]
            prices = early if paid_from[:7] < truth.price_change_month else late
            prices.add(Decimal(line["list_amount"]) / Decimal(line["quantity"]))
    assert Decimal("48.6") not in early
    assert Decimal(45) in early
    assert Decimal("48.6") in late


def test_planted_usage_spikes_stand_far_above_their_neighbours(company):
    folder, truth = company
    spikes = list(rows_of(folder / "truth/usage_spikes.csv"))
    assert len(spikes) == truth.usage_spikes > 0
    used = defaultdict(Counter)
    for path in (folder / "raw/usage").glob("*.csv"):
        for row in rows_of(path):
            used[row["account_id"]][row["used_at"][:7]] += int(row["quantity"])
    for spike in spikes:
        months = used[spike["account_id"]]
        others = [value for month, value in months.items() if month != spike["month"]]
        assert months[spike["month"]] == int(spike["quantity"]) > 2 * max(others)


def test_the_planted_external_event_lifts_every_user_of_one_industry_in_one_month_and_nobody_else(company):
    folder, truth = company
    lifted = {row["account_id"]: row for row in rows_of(folder / "truth/external_events.csv")}
    assert len(lifted) == truth.event_accounts > 1
    industry = {row["account_id"]: row["industry"] for row in rows_of(folder / "raw/accounts.csv")}
    used = Counter()
    for row in {row["usage_id"]: row for path in (folder / "raw/usage").glob("*.csv") for row in rows_of(path)}.values():
        if row["used_at"][:7] == truth.event_month:
            used[row["account_id"]] += int(row["quantity"])
    moved = [row for row in rows_of(folder / "raw/accounts.csv") if row["merged_into_account_id"]]
    merged = {row["account_id"] for row in moved} | {row["merged_into_account_id"] for row in moved}
    assert {account for account in used if industry[account] == "retail"} - set(lifted) <= merged
    for account, row in lifted.items():
        usual = int(row["quantity"]) - int(row["excess"])
        assert industry[account] == "retail"
        assert int(row["excess"]) == usual * int(row["percent"]) // 100
        if account not in merged:
            assert used[account] == int(row["quantity"])
