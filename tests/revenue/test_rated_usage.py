"""Usage revenue from rated lines: hand-computed months, adjustments, fees, commitments, price and volume."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from growthring.revenue.ledger import Ledger
from growthring.revenue.policy import Policy, preset
from growthring.revenue.rated_usage import required
from tests.golden.company import value
from tests.revenue.usage_company import UsageCompany

JAN, FEB, MAR, APR = (Month.parse(f"2024-{number:02d}") for number in (1, 2, 3, 4))
D = Decimal


def rated(**changes: Any) -> Policy:
    return preset("standard").replace(**{"usage_evidence": "rated", **changes})


def revenue(ledger: Ledger, account: str = "a") -> dict[tuple[str, str], Decimal]:
    """Return a(t) by product and month."""
    rows = ledger.connection.execute(
        "SELECT product_id, month, recurring_amount FROM recurring WHERE account_id = ? ORDER BY ALL", [account]
    ).fetchall()
    return {(product, str(Month(month))): amount for product, month, amount in rows}


def quantities(ledger: Ledger) -> dict[str, Decimal]:
    rows = ledger.connection.execute("SELECT month, quantity FROM recurring ORDER BY ALL").fetchall()
    return {str(Month(month)): quantity for month, quantity in rows}


def moved(ledger: Ledger, month: Month) -> dict[tuple[str, str], Decimal]:
    rows = ledger.connection.execute(
        "SELECT movement, driver, SUM(movement_amount) FROM movement WHERE month = ? GROUP BY ALL ORDER BY ALL", [month.index]
    ).fetchall()
    return {(movement, driver): amount for movement, driver, amount in rows}


def test_a_policy_keeps_the_version_it_had_before_usage_could_be_rated() -> None:
    assert preset("standard").version == "8551c87f642a"
    assert rated().version != "8551c87f642a"


def test_invoiced_usage_is_left_out_where_rated_usage_is_read_and_what_recurs_stays() -> None:
    company = UsageCompany()
    company.month("a", JAN, D("80.00"), 100)
    company.company.line("a", JAN.first_day, FEB.first_day, D(75), kind="usage", product_id="api")
    company.company.line("a", JAN.first_day, FEB.first_day, D(20), product_id="plan")
    assert revenue(company.ledger(rated(), JAN)) == {("api", "2024-01"): D(80), ("plan", "2024-01"): D(20)}
    assert revenue(company.ledger(preset("standard"), JAN)) == {("api", "2024-01"): D(75), ("plan", "2024-01"): D(20)}
    assert revenue(company.ledger(rated(usage="exclude"), JAN)) == {("plan", "2024-01"): D(20)}
    assert revenue(company.ledger(rated(exclude=[{"attribute": "kind", "value": "usage"}]), JAN)) == {("plan", "2024-01"): D(20)}


def test_an_anchored_period_is_spread_over_its_days_and_its_months_add_up() -> None:
    company = UsageCompany()
    company.rated("a", date(2024, 1, 20), date(2024, 2, 20), D("100.01"), D(31))  # 12 and 19 of 31 days
    ledger = company.ledger(rated(), MAR)
    assert revenue(ledger) == {("api", "2024-01"): D("38.71"), ("api", "2024-02"): D("61.30")}
    assert quantities(ledger) == {"2024-01": D(12), "2024-02": D(19)}


def test_a_period_that_is_not_over_is_spread_over_the_days_gone_by() -> None:
    company = UsageCompany()
    company.rated("a", date(2024, 1, 22), date(2024, 2, 22), D(100), D(10))
    assert revenue(company.ledger(rated(), JAN)) == {("api", "2024-01"): D(100)}
    assert revenue(company.ledger(rated(), date(2024, 2, 10)))["api", "2024-01"] == D(50)


def test_under_a_billed_basis_a_period_counts_in_the_month_it_ends_in() -> None:
    company = UsageCompany()
    company.rated("a", date(2024, 1, 20), date(2024, 2, 20), D(100))
    company.month("a", MAR, D(30))
    assert revenue(company.ledger(rated(basis="billed"), APR)) == {("api", "2024-02"): D(100), ("api", "2024-03"): D(30)}


def test_what_adjusts_a_bill_is_shared_among_its_lines_by_largest_remainder() -> None:
    company = UsageCompany()
    for product, amount in (("api", 20), ("storage", 10)):
        company.month("a", JAN, D(amount), component_id=product)
    company.adjusted("a", JAN.first_day, FEB.first_day, "-1.00")  # 0.666… and 0.333…
    assert revenue(company.ledger(rated(), JAN)) == {("api", "2024-01"): D("19.33"), ("storage", "2024-01"): D("9.67")}


def test_a_minimum_without_use_is_revenue_of_the_first_component() -> None:
    company = UsageCompany()
    company.adjusted("a", JAN.first_day, FEB.first_day, 50)
    assert revenue(company.ledger(rated(), JAN)) == {("api", "2024-01"): D(50)}


def test_a_minimum_over_lines_that_cost_nothing_is_shared_evenly() -> None:
    company = UsageCompany()
    for product in ("api", "storage"):
        company.month("a", JAN, D(0), 5, component_id=product)
    company.adjusted("a", JAN.first_day, FEB.first_day, "0.03")
    assert revenue(company.ledger(rated(), JAN)) == {("api", "2024-01"): D("0.02"), ("storage", "2024-01"): D("0.01")}


def test_the_largest_bills_are_shared_without_losing_a_cent() -> None:
    company = UsageCompany()
    for product, amount in (("api", "9999999999.99"), ("storage", "5000000000.01")):
        company.month("a", JAN, D(amount), component_id=product)
    company.adjusted("a", JAN.first_day, FEB.first_day, "-1499999999.98")
    assert sum(revenue(company.ledger(rated(), JAN)).values()) == D("13500000000.02")


def test_fees_of_a_book_count_only_when_asked_for_and_then_recur() -> None:
    company = UsageCompany(fees={"platform"})
    company.rated("a", date(2024, 1, 20), date(2024, 2, 20), D(10))
    company.rated("a", date(2024, 1, 20), date(2025, 1, 20), D(1200), component_id="platform", subscription_id="c1")
    assert {product for product, _ in revenue(company.ledger(rated(), FEB))} == {"api"}
    with_fees = company.ledger(rated(usage_evidence="rated_with_fees"), FEB)
    assert revenue(with_fees)["platform", "2024-01"] == revenue(with_fees)["platform", "2024-02"] == D(100)
    spread = company.ledger(rated(usage_evidence="rated_with_fees", basis="recognised"), JAN)
    assert revenue(spread)["platform", "2024-01"] == D("39.34")  # 12 of 366 days


def test_growth_of_usage_splits_into_volume_at_the_old_price_and_price_realisation() -> None:
    company = UsageCompany()
    company.company.add("product", product_id="api", name="API", family="usage", quantity_kind="usage")
    company.month("a", JAN, D("100.00"), 100)
    company.month("a", FEB, D("114.00"), 120)  # 0.95 each
    assert moved(company.ledger(rated(), FEB), FEB) == {("expansion", "volume"): D(20), ("expansion", "price"): D(-6)}


def test_a_price_rise_on_falling_use_is_contraction_of_volume_less_price() -> None:
    company = UsageCompany()
    company.month("a", JAN, D("100.00"), 100)
    company.month("a", FEB, D("88.00"), 80)  # 1.10 each
    assert moved(company.ledger(rated(), FEB), FEB) == {("contraction", "volume"): D(-20), ("contraction", "price"): D(8)}


def test_quantities_of_several_units_are_not_added_up_so_nothing_is_split() -> None:
    company = UsageCompany(unmeasured={"api"})
    company.month("a", JAN, D(100), 100)
    company.month("a", FEB, D(114), 120)
    assert moved(company.ledger(rated(), FEB), FEB) == {("expansion", "unsplit"): D(14)}


def test_averaged_revenue_splits_by_quantities_averaged_over_the_same_months() -> None:
    company = UsageCompany()
    for month, amount, quantity in ((JAN, 90, 90), (FEB, 90, 90), (MAR, 90, 90), (APR, 120, 180)):
        company.month("a", month, D(amount), quantity)
    ledger = company.ledger(rated(smoothing="trailing_3"), APR)
    assert revenue(ledger)["api", "2024-04"] == D(100)
    assert quantities(ledger)["2024-04"] == D(120)
    assert moved(ledger, APR) == {("expansion", "volume"): D(30), ("expansion", "price"): D(-20)}


def test_each_smoothing_reads_rated_usage() -> None:
    company = UsageCompany()
    for month, used in ((JAN, 30), (FEB, 60), (MAR, 90), (APR, 300)):
        company.month("a", month, D(used), used)
    found = {
        each: value(company.ledger(rated(smoothing=each), APR), "mrr", APR)
        for each in ("none", "trailing_3", "quarter_x4", "trailing_12", "committed_plus_trailing")
    }
    assert found == {"none": 300, "trailing_3": 150, "quarter_x4": 60, "trailing_12": 120, "committed_plus_trailing": 150}
    assert value(company.ledger(rated(basis="usage_smoothed", usage_window=2), APR), "mrr", APR) == 195


def committed(kind: str = "minimum", amount: Any = 1200, **more: Any) -> UsageCompany:
    """Return an account that used 150, 80 and 160, three quarters of it of one product, under a commitment of a year."""
    company = UsageCompany()
    for month, used in ((JAN, 150), (FEB, 80), (MAR, 160)):
        company.month("a", month, D(used) * 3 / 4, used)
        company.month("a", month, D(used) / 4, used, component_id="storage")
    values = {"starts_on": date(2024, 1, 1), "ends_on": date(2025, 1, 1), "currency": "USD", "priority": 1, "scope": "account",
              "rollover_share": 0, "overage_factor": 1, "true_up": "term_end"}  # fmt: skip
    company.company.add("commitment", commitment_id="k", account_id="a", kind=kind, amount=amount, **{**values, **more})
    return company


def test_committed_plus_trailing_is_the_minimum_a_month_and_the_mean_of_use_beyond_it() -> None:
    ledger = committed().ledger(rated(smoothing="committed_plus_trailing"), MAR)
    # beyond 100 a month: 50, 0, 60; three quarters of each of one product
    assert {key: amount for key, amount in revenue(ledger).items() if key[1] == "2024-03"} == {
        ("api", "2024-03"): D("27.5"),
        ("commitment", "2024-03"): D(100),
        ("storage", "2024-03"): D("9.1667"),
    }
    assert sum(amount for (_, month), amount in revenue(ledger).items() if month == "2024-01") == 150


def test_a_minimum_for_each_billing_period_counts_every_month() -> None:
    ledger = committed(amount=90, true_up="period").ledger(rated(smoothing="committed_plus_trailing"), JAN)
    assert revenue(ledger) == {("api", "2024-01"): D(45), ("commitment", "2024-01"): D(90), ("storage", "2024-01"): D(15)}


def test_a_commitment_counts_before_anything_is_used_and_until_it_is_withdrawn() -> None:
    company = UsageCompany()
    company.company.add(
        "commitment", commitment_id="k", account_id="a", kind="minimum", amount=1200, starts_on=date(2024, 1, 1),
        ends_on=date(2025, 1, 1), voided_on=date(2024, 3, 1), currency="USD", true_up="term_end",
    )  # fmt: skip
    found = revenue(company.ledger(rated(smoothing="committed_plus_trailing"), APR))
    assert found == {("commitment", "2024-01"): D(100), ("commitment", "2024-02"): D(100)}


def test_a_fixed_price_for_all_use_leaves_no_use_beyond_it() -> None:
    ledger = committed("ela", 600).ledger(rated(smoothing="committed_plus_trailing"), MAR)
    assert set(revenue(ledger).values()) == {D(50)}


@pytest.mark.parametrize("kind", ["prepaid", "credit"])
def test_a_balance_paid_ahead_is_revenue_as_it_is_consumed(kind: str) -> None:
    ledger = committed(kind).ledger(rated(smoothing="committed_plus_trailing"), MAR)
    assert value(ledger, "mrr", MAR) == 130


def test_commitments_leave_other_policies_alone() -> None:
    assert value(committed().ledger(rated(), MAR), "mrr", MAR) == 160
    assert value(committed().ledger(preset("standard"), MAR), "mrr", MAR) == 0


def test_a_minimum_of_a_contract_line_is_set_against_use_too() -> None:
    company = UsageCompany()
    company.month("a", JAN, D(150), 150)
    company.company.contract("a", JAN.first_day, date(2025, 1, 1), D(100), product_id="minimum")
    company.company.rows["contract_line"][-1]["kind"] = "usage"
    ledger = company.ledger(rated(smoothing="committed_plus_trailing", evidence="both"), JAN)
    assert revenue(ledger) == {("api", "2024-01"): D(50), ("minimum", "2024-01"): D(100)}
    assert value(company.ledger(rated(evidence="both"), JAN), "mrr", JAN) == 150


def test_rated_usage_in_another_currency_is_converted_like_any_revenue() -> None:
    company = UsageCompany()
    for day, rate in ((date(2023, 12, 1), "1.10"), (date(2024, 2, 1), "1.20")):
        company.company.add("fx_rate", base_currency="EUR", quote_currency="USD", rate_on=day, rate=D(rate))
    for month in (JAN, FEB):
        company.month("a", month, D(100), 10, currency="EUR")
    ledger = company.ledger(rated(), FEB)
    assert revenue(ledger) == {("api", "2024-01"): D(110), ("api", "2024-02"): D(120)}
    assert moved(ledger, FEB) == {("fx", "exchange_rate"): D(10)}


def test_a_subscription_that_is_a_contract_keeps_its_name_at_that_level() -> None:
    company = UsageCompany()
    company.month("a", JAN, D(10), subscription_id="c1")
    company.month("a", JAN, D(5))
    found = company.ledger(rated(level="subscription"), JAN).connection.execute(
        "SELECT entity_id, amount FROM entity_month ORDER BY 1"
    )
    assert found.fetchall() == [("a", D(5)), ("c1", D(10))]


def test_changes_inside_a_month_are_booked_with_rated_usage_at_the_month_end() -> None:
    company = UsageCompany()
    for month, used in ((JAN, 10), (FEB, 30)):
        company.month("a", month, D(used), used)
    ledger = company.ledger(rated(grain="event", same_period="gross"), FEB)
    assert sum(moved(ledger, FEB).values()) == 20


def test_as_reported_is_refused_because_rating_knows_one_instant() -> None:
    with pytest.raises(ValidationError, match="as-of"):
        rated(restate="as_reported")


def test_a_policy_that_reads_rated_usage_says_what_is_missing_without_any() -> None:
    with pytest.raises(GrowthringError, match="nothing is rated"):
        required(None, rated())
