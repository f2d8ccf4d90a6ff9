from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from growthring.kernel.currency import EXPONENT
from growthring.kernel.period import Month

from .conftest import rows_of, rows_under

MONEY = ("amount", "list_amount", "recurring_discount_amount", "one_off_discount_amount")


def _is_number(text: str) -> bool:
    try:
        Decimal(text)
    except InvalidOperation:
        return False
    return True


def _lines(folder):
    yield from rows_of(folder / "raw/contract_lines.csv")
    for _, row in rows_under(folder / "raw/invoices"):
        if _is_number(row["amount"]):
            yield row


def test_list_amount_less_discounts_is_the_amount_on_every_line(company):
    folder, _ = company
    with_discount = Counter()
    for row in _lines(folder):
        amount, listed, recurring, one_off = (Decimal(row[name]) for name in MONEY)
        assert listed - recurring - one_off == amount, row
        with_discount["recurring"] += recurring > 0
        with_discount["one_off"] += one_off > 0
    assert min(with_discount.values()) > 10


def test_no_amount_has_more_decimals_than_its_currency(company):
    folder, _ = company
    seen = Counter()
    for row in _lines(folder):
        decimals = EXPONENT.get(row["currency"], 2)
        seen[row["currency"]] += 1
        for name in MONEY:
            assert -Decimal(row[name]).as_tuple().exponent <= decimals, row
    assert min(seen[currency] for currency in ("USD", "EUR", "GBP", "JPY")) > 100


def test_every_planted_defect_is_in_the_files_and_nothing_else_is_wrong(company):
    folder, truth = company
    found, first, rejected = Counter(), {}, set()
    for _, row in rows_under(folder / "raw/invoices"):
        key, payload = row["invoice_line_id"], tuple(row.values())
        code = _refusal(row)
        if code:
            found[code] += 1
            rejected.add(key)
        elif key not in first:
            first[key] = payload
        else:
            found["DUPLICATE_COLLAPSED" if first[key] == payload else "DUPLICATE_KEY_CONFLICT"] += 1
            continue
        if row["known_at"][:10] > row["issued_on"] and not code:
            found["LATE"] += 1
    assert dict(found) == truth.defects["invoice_line"]
    assert min(found.values()) > 0
    planted = Counter(row["code"] for row in rows_of(folder / "truth/defects.csv") if row["table"] == "invoice_line")
    assert planted == found


def _refusal(row: dict[str, str]) -> str:
    if not row["account_id"]:
        return "MISSING_ACCOUNT_ID"
    if not _is_number(row["amount"]):
        return "NOT_A_NUMBER"
    if row["currency"] not in EXPONENT:
        return "UNKNOWN_CURRENCY"
    return "PERIOD_ENDS_BEFORE_START" if row["period_start"] and row["period_end"] <= row["period_start"] else ""


def test_named_defects_are_in_the_named_file(company):
    folder, _ = company
    keys = defaultdict(Counter)
    for file, row in rows_under(folder / "raw/invoices"):
        keys[file][row["invoice_line_id"]] += 1
    for file, row in rows_under(folder / "raw/usage"):
        keys[file][row["usage_id"]] += 1
    for defect in rows_of(folder / "truth/defects.csv"):
        assert keys[defect["file"]][defect["row_key"]] > 0, defect


def test_some_late_rows_land_in_the_file_of_a_later_month(company):
    folder, _ = company
    for name, column in (("invoices", "issued_on"), ("usage", "used_at")):
        crossing = [row for file, row in rows_under(folder / "raw" / name) if row[column][:7] not in file]
        assert crossing
        assert any(row["known_at"][:10] > row[column][:10] for row in crossing)


def test_planted_usage_defects_are_in_the_files_and_nothing_else_is_wrong(company):
    folder, truth = company
    found, first = Counter(), {}
    for _, row in rows_under(folder / "raw/usage"):
        payload = tuple(row.values())
        if row["usage_id"] in first:
            assert first[row["usage_id"]] == payload
            found["DUPLICATE_COLLAPSED"] += 1
            continue
        first[row["usage_id"]] = payload
        delay = date.fromisoformat(row["known_at"][:10]) - date.fromisoformat(row["used_at"][:10])
        found["LATE"] += delay.days > 1
    assert dict(found) == truth.defects["usage"]
    assert min(found.values()) > 0


def _spread(folder) -> dict[tuple[str, str], Decimal]:
    """Recurring revenue by account and month-end as the good invoice lines alone tell it; prorations are left out."""
    seen, spread = set(), defaultdict(Decimal)
    for _, row in rows_under(folder / "raw/invoices"):
        is_counted = row["kind"] == "recurring" and not row["description"].startswith("proration")
        if _refusal(row) or not is_counted or row["invoice_line_id"] in seen:
            continue
        seen.add(row["invoice_line_id"])
        start, end = date.fromisoformat(row["period_start"]), date.fromisoformat(row["period_end"])
        months = (end.year - start.year) * 12 + end.month - start.month
        month = Month.of(start)
        while month.last_day < end:
            spread[row["account_id"], str(month)] += Decimal(row["amount"]) / months
            month += 1
    return spread


def test_good_invoice_lines_spread_over_their_service_give_the_planted_mrr(company):
    """Invoices and contracts are derived on separate paths; apart from prorated months and mergers they agree exactly."""
    folder, _ = company
    told = defaultdict(lambda: defaultdict(Decimal))
    skipped = set()
    for row in rows_of(folder / "truth/events.csv"):
        told[row["account_id"]][row["month"]] += Decimal(row["delta"])
        if row["event"].startswith("transfer"):
            skipped.add(row["account_id"])
    prorated = {
        (row["account_id"], row["period_start"][:7])
        for _, row in rows_under(folder / "raw/invoices")
        if row["description"].startswith("proration")
    }
    spread, compared = _spread(folder), 0
    for account_id in told.keys() - skipped:
        mrr = Decimal(0)
        for month in (str(Month.parse("2022-01") + k) for k in range(36)):
            mrr += told[account_id][month]
            if (account_id, month) not in prorated:
                assert abs(spread[account_id, month] - mrr) < Decimal("0.000001"), (account_id, month)
                compared += mrr > 0
    assert compared > 3_000


def test_nothing_is_known_after_the_export_on_the_day_after_the_data_end(company):
    folder, truth = company
    end = (truth.data_through + timedelta(days=1)).isoformat() + " 23:59:59"
    for path in (folder / "raw").rglob("*.csv"):
        for row in rows_of(path):
            assert row["known_at"] <= end
            assert row.get("paid_on", "") <= end[:10]


def test_every_kind_of_line_is_billed(company):
    folder, _ = company
    kinds = Counter(row["kind"] for _, row in rows_under(folder / "raw/invoices"))
    assert set(kinds) == {"recurring", "usage", "one_off", "credit", "fee", "tax"}
    credits = [row for _, row in rows_under(folder / "raw/invoices") if row["kind"] == "credit"]
    assert {bool(row["period_start"]) for row in credits} == {True, False}
    assert all(Decimal(row["amount"]) < 0 for row in credits)
    unpaid = [row for _, row in rows_under(folder / "raw/invoices") if not row["paid_on"]]
    assert unpaid


def test_good_recurring_invoice_lines_cover_each_monthly_contract_without_gap_or_overlap(company):
    folder, _ = company
    billed = defaultdict(dict)
    for _, row in rows_under(folder / "raw/invoices"):
        if row["description"] == "monthly in advance" and not _refusal(row):
            billed[row["contract_id"], row["product_id"]].setdefault(row["period_start"], row["period_end"])
    pauses = {row["contract_id"] for row in rows_of(folder / "raw/contract_lines.csv") if row["paused_from"]}
    checked = 0
    for (contract_id, _), periods in billed.items():
        if contract_id in pauses:
            continue
        starts = sorted(periods)
        assert [periods[start] for start in starts[:-1]] == starts[1:], contract_id
        checked += 1
    assert checked > 50


def test_each_annual_term_is_billed_once_at_its_contract_amount(company):
    folder, _ = company
    billed = {}
    for _, row in rows_under(folder / "raw/invoices"):
        if row["description"] == "in advance" and not _refusal(row):
            billed.setdefault((row["contract_id"], row["product_id"], row["period_start"]), Decimal(row["amount"]))
    contracts = {row["contract_id"]: row for row in rows_of(folder / "raw/contracts.csv")}
    checked = 0
    for line in rows_of(folder / "raw/contract_lines.csv"):
        contract = contracts[line["contract_id"]]
        is_first = line["starts_on"] == contract["starts_on"] and line["billing_interval"] == "year"
        if is_first and (line["contract_id"], line["product_id"], line["starts_on"]) in billed:
            assert billed[line["contract_id"], line["product_id"], line["starts_on"]] == Decimal(line["amount"])
            checked += 1
    assert checked > 50


def test_dates_of_contract_lines_run_forward_and_inside_the_contract(company):
    folder, _ = company
    contracts = {row["contract_id"]: row for row in rows_of(folder / "raw/contracts.csv")}
    for contract in contracts.values():
        assert contract["signed_on"] <= contract["starts_on"]
        assert not contract["ends_on"] or contract["ends_on"] > contract["starts_on"]
        if contract["cancelled_on"]:
            assert contract["cancel_requested_on"] < contract["ends_on"] == contract["cancelled_on"]
    for line in rows_of(folder / "raw/contract_lines.csv"):
        contract = contracts[line["contract_id"]]
        assert line["starts_on"] >= contract["starts_on"]
        assert not line["ends_on"] or line["starts_on"] < line["ends_on"]
        assert not contract["ends_on"] or line["ends_on"] <= contract["ends_on"]
        assert not line["paused_to"] or line["paused_from"] < line["paused_to"]


def test_rates_are_quoted_for_every_day_of_the_window(company):
    folder, truth = company
    days = defaultdict(set)
    for row in rows_of(folder / "raw/fx_rates.csv"):
        assert row["quote_currency"] == "USD" and Decimal(row["rate"]) > 0
        days[row["base_currency"]].add(row["rate_on"])
    assert set(days) == {"EUR", "GBP", "JPY"}
    assert {max(found) for found in days.values()} == {truth.data_through.isoformat()}
    assert {len(found) for found in days.values()} == {1096}
