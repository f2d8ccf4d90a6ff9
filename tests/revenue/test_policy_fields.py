"""One worked example for each field of a policy: the figure it changes, and by how much."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from growthring.kernel.period import Month
from growthring.revenue.ledger import Ledger, build_ledger
from growthring.revenue.policy import DESCRIPTIVE, Policy, preset, preset_names
from growthring.revenue.setting import Setting, TagSpan
from tests.golden.company import Company, value
from tests.revenue.usage_company import UsageCompany

JAN, FEB, MAR, APR, JUN = (Month.parse(f"2024-{number:02d}") for number in (1, 2, 3, 4, 6))
YEAR = Month.parse("2025-01")
SHOWN: set[str] = set()


def shows(*fields: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Note which fields a test is the worked example of."""

    def note(test: Callable[[], None]) -> Callable[[], None]:
        SHOWN.update(fields)
        return test

    return note


def policy(**changes: Any) -> Policy:
    return preset("standard").replace(**changes)


def on_contracts(**changes: Any) -> Policy:
    return policy(evidence="contracts", **changes)


def figure(company: Company, name: str, at: Month, chosen: Policy, through: Month | None = None) -> Decimal | None:
    found = value(company.ledger(chosen, through or at), name, at)
    return None if found is None else Decimal(str(found)).quantize(Decimal("0.01"))


def panel(**amounts: tuple[float, float]) -> Company:
    """Return accounts with their revenue in January 2024 and in January 2025 (and all months between as in January 2024)."""
    company = Company()
    for name, (then, now) in amounts.items():
        account, _, product = name.partition("_")
        for index in range(JAN.index, YEAR.index):
            if then:
                company.month(account, Month(index), then, product_id=product or "plan")
        if now:
            company.month(account, YEAR, now, product_id=product or "plan")
    return company


@shows("evidence")
def test_evidence_decides_whether_invoices_or_contracts_are_read() -> None:
    company = Company()
    company.month("a", JAN, 100)
    company.line("a", 120, JAN.first_day)
    company.invoice("a", 30, JAN.first_day, FEB.first_day, kind="usage", product_id="api")
    assert figure(company, "mrr", JAN, policy(usage="exclude")) == 100
    assert figure(company, "mrr", JAN, policy(evidence="contracts")) == 120
    assert figure(company, "mrr", JAN, policy(evidence="both")) == 120 + 30


@shows("usage_evidence")
def test_usage_evidence_decides_whether_usage_is_read_from_invoices_or_from_what_was_metered_and_rated() -> None:
    company = UsageCompany(fees={"platform"})
    company.company.line("a", JAN.first_day, FEB.first_day, Decimal(30), kind="usage", product_id="api")
    company.month("a", JAN, Decimal(33), 33)
    company.month("a", JAN, Decimal(7), component_id="platform")
    for chosen, amount in (("invoices", 30), ("rated", 33), ("rated_with_fees", 40)):
        assert value(company.ledger(policy(usage_evidence=chosen), JAN), "mrr", JAN) == amount, chosen


@shows("grain", "same_period")
def test_grain_and_same_period_decide_what_is_booked_of_a_month_with_two_changes() -> None:
    company = Company()
    company.line("a", 50, date(2024, 2, 5), date(2024, 2, 15), contract="one")
    company.line("a", 90, date(2024, 2, 15), contract="one")
    company.line("b", 20, date(2024, 2, 15), date(2024, 2, 25))
    for chosen, new, grown, lost in (
        (on_contracts(), 90, 0, 0),
        (on_contracts(grain="event", same_period="gross"), 70, 40, 20),
        (on_contracts(grain="event", same_period="ignore"), 50, 40, 0),
    ):
        assert [figure(company, name, FEB, chosen, MAR) for name in ("new_mrr", "expansion_mrr", "churned_mrr")] == [
            new,
            grown,
            lost,
        ]


@shows("grain")
def test_a_day_nets_what_events_book_one_by_one() -> None:
    company = Company()
    company.line("a", 50, date(2024, 1, 5), date(2024, 2, 15), product_id="old")
    company.line("a", 80, date(2024, 2, 15), product_id="new")
    events, days = (on_contracts(grain=grain, same_period="gross") for grain in ("event", "day"))
    assert figure(company, "expansion_mrr", FEB, events) == 80
    assert figure(company, "contraction_mrr", FEB, events) == 50
    assert figure(company, "expansion_mrr", FEB, days) == 30
    assert figure(company, "contraction_mrr", FEB, days) == 0


@shows("grain")
def test_a_quarter_books_only_what_differs_between_its_ends() -> None:
    company = Company()
    for month, amount in ((JAN, 50), (FEB, 90), (MAR, 60)):
        company.month("a", month, amount)
    assert figure(company, "new_mrr", MAR, policy(grain="quarter")) == 60
    assert figure(company, "expansion_mrr", FEB, policy()) == 40


@shows("level")
def test_level_decides_who_can_be_lost() -> None:
    company = Company()
    for account, product, contract, ends in (
        ("a", "x", "one", MAR),
        ("a", "y", "one", None),
        ("a", "x", "two", MAR),
        ("b", "x", "three", MAR),
    ):
        company.line(account, 10, JAN.first_day, ends.first_day if ends else None, product_id=product, contract=contract)
    company.add("account", account_id="a", valid_from=JAN.first_day)
    company.add("account", account_id="b", parent_account_id="a", valid_from=JAN.first_day)
    lost = {
        level: figure(company, "churned_mrr", MAR, on_contracts(level=level))
        for level in ("item", "subscription", "account", "parent")
    }
    assert lost == {"item": 30, "subscription": 20, "account": 10, "parent": 0}


@shows("hierarchy")
def test_hierarchy_counts_a_taken_over_customer_as_it_was_or_as_it_is() -> None:
    company = panel(a=(60, 100), b=(40, 0))
    company.add("account", account_id="a", valid_from=JAN.first_day)
    company.add("account", account_id="b", merged_into_account_id="a", merged_on=JUN.first_day, valid_from=JAN.first_day)
    assert figure(company, "grr", YEAR, policy(hierarchy="as_of")) == Decimal("0.60")
    assert figure(company, "grr", YEAR, policy(hierarchy="current")) == 1
    assert (
        figure(company, "ndr", YEAR, policy(hierarchy="as_of")) == figure(company, "ndr", YEAR, policy(hierarchy="current")) == 1
    )


@shows("basis")
def test_basis_decides_when_and_how_much_of_a_price_counts() -> None:
    company = Company()
    company.invoice("a", 1200, date(2024, 2, 15), date(2025, 2, 15), issued_on=date(2024, 1, 20))
    assert figure(company, "mrr", JAN, policy()) == 0
    assert figure(company, "mrr", FEB, policy()) == 100
    assert figure(company, "mrr", JAN, policy(basis="billed")) == 1200
    assert figure(company, "mrr", FEB, policy(basis="recognised")) == Decimal("49.18")  # 15 of 366 days
    signed = Company()
    signed.line("a", 100, FEB.first_day, signed_on=date(2024, 1, 20))
    assert figure(signed, "mrr", JAN, on_contracts()) == 0
    assert figure(signed, "mrr", JAN, on_contracts(basis="contracted")) == 100


@shows("basis", "usage_window")
def test_smoothed_usage_is_the_mean_of_the_window_and_leaves_the_rest() -> None:
    company = Company()
    for month, used in ((JAN, 30), (FEB, 90), (MAR, 30)):
        company.month("a", month, used, kind="usage", product_id="api")
        company.month("a", month, 100)
    assert figure(company, "mrr", MAR, policy()) == 130
    assert figure(company, "mrr", MAR, policy(basis="usage_smoothed", usage_window=3)) == 150
    assert figure(company, "mrr", MAR, policy(basis="usage_smoothed", usage_window=2)) == 160


@shows("normalise.week", "normalise.day", "normalise.odd_days")
def test_normalise_turns_weeks_days_and_odd_periods_into_months() -> None:
    company = Company()
    company.line("w", 12, JAN.first_day, billing_interval="week")
    assert [figure(company, "mrr", JAN, on_contracts(**{"normalise.week": each})) for each in ("52/12", "4")] == [52, 48]
    company = Company()
    company.line("d", 12, JAN.first_day, billing_interval="day")
    assert [figure(company, "mrr", JAN, on_contracts(**{"normalise.day": each})) for each in ("365/12", "30")] == [365, 360]
    company = Company()
    company.invoice("o", 73, date(2024, 1, 10), date(2024, 3, 23))  # 73 days, 2 months of 30.42 days
    company.invoice("p", 12, date(2024, 1, 20), date(2024, 2, 1))  # 12 days
    found = {
        each: figure(company, "mrr", JAN, policy(**{"normalise.odd_days": each})) for each in ("by_day", "round_30.42", "face")
    }
    assert found == {"by_day": Decimal("60.83"), "round_30.42": Decimal("48.50"), "face": Decimal("42.42")}


@shows("discounts")
def test_discounts_are_taken_off_as_far_as_the_policy_says() -> None:
    company = Company()
    company.line("a", 100, JAN.first_day, recurring_discount=10, one_off_discount=25)
    company.month("a", JAN, 100, recurring_discount=10, one_off_discount=25)
    for evidence in ("contracts", "invoices"):
        found = [figure(company, "mrr", JAN, policy(evidence=evidence, discounts=each)) for each in ("none", "recurring", "all")]
        assert found == [100, 90, 65]


@shows("usage", "one_off", "credits")
def test_kinds_of_lines_count_as_the_policy_says() -> None:
    company = Company()
    company.month("a", JAN, 100)
    company.month("a", JAN, 30, kind="usage", product_id="api")
    company.month("a", JAN, 7, kind="one_off", product_id="setup")
    company.month("a", JAN, -5, kind="credit")
    company.invoice("a", -3, None, None, kind="credit", issued_on=JAN.first_day)
    assert figure(company, "mrr", JAN, policy()) == 125
    assert figure(company, "mrr", JAN, policy(usage="exclude")) == 95
    assert figure(company, "mrr", JAN, policy(one_off="include")) == 132
    assert figure(company, "mrr", JAN, policy(credits="ignore")) == 130
    assert figure(company, "mrr", JAN, policy(credits="net")) == 122


@shows("one_off")
def test_usage_that_people_tagged_as_one_off_is_no_run_rate_unless_one_offs_count() -> None:
    company = Company()
    for month, used in ((JAN, 30), (FEB, 500)):
        company.month("a", month, used, kind="usage", product_id="api")
    found = []
    for each in ("exclude", "include"):
        ledger = company.ledger(policy(), FEB)
        setting = Setting("USD", FEB.last_day, tags=(TagSpan("one_off", "a", "", FEB, FEB),))
        found.append(value(build_ledger(ledger.connection, policy(one_off=each), setting), "mrr", FEB))
    assert found == [30, 500]


@shows("free")
def test_a_customer_at_a_price_of_zero_is_a_customer_or_not() -> None:
    company = Company()
    company.line("a", 0, JAN.first_day)
    assert [figure(company, "customers", JAN, on_contracts(free=each)) or 0 for each in ("active", "inactive")] == [1, 0]


@shows("fx", "fx_on")
def test_exchange_rates_are_of_the_month_of_the_price_or_of_one_day() -> None:
    company = Company("EUR")
    company.line("a", 100, date(2024, 1, 10))
    for day, rate in ((date(2024, 1, 1), "1.10"), (date(2024, 2, 1), "1.20"), (date(2024, 3, 1), "1.50")):
        company.add("fx_rate", base_currency="EUR", quote_currency="USD", rate_on=day, rate=Decimal(rate))

    def seen(**changes: Any) -> list[Any]:
        ledger = company.ledger(on_contracts(**changes), MAR, "USD")
        return [value(ledger, "mrr", FEB), value(ledger, "fx_mrr", FEB), value(ledger, "expansion_mrr", FEB)]

    assert seen(fx="floating") == [120, 10, 0]
    assert seen(fx="event") == [110, 0, 0]
    assert seen(fx="constant") == [150, 0, 0]
    assert seen(fx="constant", fx_on="2024-02-15") == [120, 0, 0]


@shows("fx")
def test_drift_between_one_period_and_the_next_is_no_expansion_at_rates_of_the_period_start() -> None:
    company = Company("EUR")
    for month, rate in ((JAN, "1.10"), (FEB, "1.20")):
        company.month("a", month, 100)
        company.add("fx_rate", base_currency="EUR", quote_currency="USD", rate_on=month.first_day, rate=Decimal(rate))
    for chosen in (policy(fx="event"), preset("chartmogul")):
        ledger = company.ledger(chosen, FEB, "USD")
        assert [value(ledger, name, FEB) for name in ("fx_mrr", "expansion_mrr", "mrr")] == [10, 0, 120]


@shows("churn_time", "days_past_due")
def test_churn_time_decides_the_month_of_a_loss() -> None:
    company = Company()
    company.line("a", 1200, date(2024, 1, 1), date(2024, 7, 1), billing_interval="year", contract="c",
                 cancel_requested_on=date(2024, 2, 10), cancelled_on=date(2024, 4, 10))  # fmt: skip
    company.invoice("a", 100, date(2024, 1, 1), date(2024, 2, 1), contract_id="c", due_on=date(2024, 2, 1), kind="fee")
    for chosen, month in (("request", "02"), ("status", "04"), ("period_end", "07"), ("days_past_due", "03")):
        ledger = company.ledger(on_contracts(churn_time=chosen, days_past_due=45), Month.parse("2024-08"))
        lost = [
            str(Month(row[0]))
            for row in ledger.connection.execute("SELECT month FROM movement WHERE movement = 'churn'").fetchall()
        ]
        assert lost == [f"2024-{month}"], chosen
    late = company.ledger(on_contracts(churn_time="days_past_due", days_past_due=75), JUN)
    assert value(late, "churned_mrr", APR) == 100


@shows("involuntary_reasons")
def test_churn_for_a_reason_that_was_no_choice_stands_apart() -> None:
    company = Company()
    for name, reason in (("a", "not_paid"), ("b", None), ("c", "too_dear")):
        company.line(name, 10, JAN.first_day, MAR.first_day, cancel_reason=reason)
    assert figure(company, "involuntary_churned_mrr", MAR, on_contracts()) == 0
    chosen = on_contracts(involuntary_reasons=["not_paid"])
    assert figure(company, "involuntary_churned_mrr", MAR, chosen) == 10
    assert figure(company, "voluntary_churned_mrr", MAR, chosen) == 20
    quarter = on_contracts(involuntary_reasons=["not_paid"], grain="quarter")
    company.line("d", 10, JAN.first_day, APR.first_day, cancel_reason="not_paid")
    assert figure(company, "involuntary_churned_mrr", JUN, quarter) == 10


@shows("pause")
def test_a_pause_is_no_revenue_a_loss_or_nothing() -> None:
    company = Company()
    company.line("a", 10, JAN.first_day, paused_from=date(2024, 2, 10), paused_to=date(2024, 3, 10))
    for each, amount, customers, lost, back in (("zero", 0, 1, 0, 0), ("churn", 0, 0, 10, 10), ("keep", 10, 1, 0, 0)):
        ledger = company.ledger(on_contracts(pause=each), MAR)
        assert (value(ledger, "mrr", FEB), value(ledger, "customers", FEB)) == (amount, customers), each
        assert (value(ledger, "churned_mrr", FEB), value(ledger, "reactivation_mrr", MAR)) == (lost, back), each


@shows("reactivation", "reactivation_days")
def test_a_return_is_a_reactivation_within_the_window() -> None:
    company = Company()
    company.line("a", 10, date(2024, 1, 1), date(2024, 2, 1))
    company.line("a", 10, date(2024, 6, 1))  # 121 days later
    for grain in ({}, {"grain": "event", "same_period": "gross"}):
        found = {
            (each, days): figure(
                company, "reactivation_mrr", JUN, on_contracts(reactivation=each, reactivation_days=days, **grain)
            )
            for each, days in (("always", 90), ("as_new", 90), ("window", 90), ("window", 122))
        }
        assert found == {("always", 90): 10, ("as_new", 90): 0, ("window", 90): 0, ("window", 122): 10}


@shows("counts_in_ndr")
def test_a_customer_that_left_and_came_back_counts_in_retention_or_not() -> None:
    company = panel(a=(100, 100))
    for month in (JAN, YEAR):
        company.month("b", month, 100)
    assert figure(company, "ndr", YEAR, policy(counts_in_ndr=True)) == 1
    assert figure(company, "ndr", YEAR, policy(counts_in_ndr=False)) == Decimal("0.50")


@shows("ndr")
def test_ndr_variants_look_at_the_same_customers_in_different_ways() -> None:
    company = panel(a=(60, 90), b=(40, 0), c=(0, 50))
    company.month("d", JUN, 20)
    found = {
        each: figure(company, "ndr", YEAR, policy(ndr=each)) for each in ("point", "survivors", "bridge", "30d", "quarter_yoy")
    }
    # bridge: 100 + 30 − 40 − 20 (joined and left inside); quarter: (100 + 100 + 90) / 100, the base being January alone
    assert found == {"point": Decimal("0.90"), "survivors": Decimal("1.50"), "bridge": Decimal("0.70"), "30d": Decimal("0.90"),
                     "quarter_yoy": Decimal("2.90")}  # fmt: skip


@shows("ndr")
def test_averages_of_ndr_are_simple_or_weighted_by_the_base() -> None:
    company = Company()
    for back in range(24):
        month = YEAR - back
        amount = 120 if back < 3 else 100 if back < 15 else 50
        company.month("a", month, amount)
    # rates: 1.2 for three months (base 100), 2 for nine (base 50)
    assert figure(company, "ndr", YEAR, policy(ndr="avg4q")) == Decimal("1.80")  # (1.2 + 2 + 2 + 2) / 4
    assert figure(company, "ndr", YEAR, policy(ndr="trailing12_weighted")) == Decimal("1.68")  # 1260 / 750
    assert figure(company, "ndr", YEAR, policy(ndr="two_year")) == Decimal("1.68")


@shows("base_threshold", "threshold_arr")
def test_a_threshold_is_asked_of_the_base_or_of_both_dates() -> None:
    company = panel(a=(100, 110), b=(100, 10), c=(10, 60))
    assert figure(company, "ndr", YEAR, policy()) == Decimal("0.86")
    assert figure(company, "ndr", YEAR, policy(threshold_arr=1200)) == Decimal("0.60")
    assert figure(company, "ndr", YEAR, policy(threshold_arr=1200, base_threshold="both")) == Decimal("1.10")


@shows("exclude")
def test_customers_products_and_kinds_are_left_out() -> None:
    company = panel(a_x=(100, 110), a_y=(50, 0), b_x=(30, 60))
    company.add("account_attribute", account_id="b", attribute="segment", value="smb", valid_from=JAN.first_day)
    company.add("product", product_id="y", family="services")
    company.month("a", YEAR, 1000, kind="usage", product_id="api")

    def without(attribute: str, value: str) -> Decimal | None:
        return figure(
            company,
            "mrr",
            YEAR - 1 if attribute == "product_family" else YEAR,
            policy(exclude=[{"attribute": attribute, "value": value}]),
            YEAR,
        )

    assert [
        without("segment", "smb"),
        without("product", "api"),
        without("kind", "usage"),
        without("product_family", "services"),
    ] == [1110, 170, 170, 130]


@shows("grr_cap")
def test_growth_may_not_make_up_for_losses_below_the_cap() -> None:
    company = panel(a_x=(50, 80), a_y=(50, 20), b_x=(20, 30), c_x=(20, 0))
    # by account: 100 + 20 + 0; by product: 50 + 20 + 20 + 0; in total: 130 of 140
    for each, kept in (("account", 120), ("product", 90), ("total", 130)):
        assert figure(company, "grr", YEAR, policy(grr_cap=each)) == round(Decimal(kept) / 140, 2), each


@shows("grr_cap")
def test_a_cap_by_contract_holds_each_contract_to_what_it_was() -> None:
    company = Company()
    for contract, then, now in (("one", 50, 80), ("two", 50, 20)):
        company.line("a", then, JAN.first_day, YEAR.first_day, contract=contract)
        company.line("a", now, YEAR.first_day, contract=contract)
    assert figure(company, "grr", YEAR, on_contracts()) == 1
    assert figure(company, "grr", YEAR, on_contracts(grr_cap="contract")) == Decimal("0.70")


@shows("grr_cap")
def test_by_attrition_events_falling_usage_is_no_loss() -> None:
    company = Company()
    company.add("product", product_id="api", quantity_kind="usage")
    for month, used in ((JAN, 100), (YEAR, 60)):
        company.month("a", month, used, kind="usage", product_id="api")
    for index in range(JAN.index + 1, YEAR.index):
        company.month("a", Month(index), 100, kind="usage", product_id="api")
    for index in range(JAN.index, YEAR.index):
        company.month("b", Month(index), 100)
    assert figure(company, "grr", YEAR, policy()) == Decimal("0.30")
    assert figure(company, "grr", YEAR, policy(grr_cap="events")) == Decimal("0.50")


@shows("smoothing")
def test_smoothing_averages_before_anything_is_compared() -> None:
    company = Company()
    for month, used in ((JAN, 30), (FEB, 60), (MAR, 90), (APR, 300)):
        company.month("a", month, used, kind="usage", product_id="api")
    company.line("a", 40, JAN.first_day, kind="usage", product_id="minimum")
    found = {
        each: figure(company, "mrr", APR, policy(smoothing=each)) for each in ("none", "trailing_3", "quarter_x4", "trailing_12")
    }
    assert found == {"none": 300, "trailing_3": 150, "quarter_x4": 60, "trailing_12": 120}
    assert figure(company, "mrr", APR, policy(smoothing="committed_plus_trailing", evidence="both")) == 190


@shows("restate", "late_data_days")
def test_closed_months_keep_late_rows_out_when_they_are_told_as_reported() -> None:
    company = Company()
    company.month("a", JAN, 100)
    company.known_at = datetime(2024, 2, 20)
    company.month("b", JAN, 50)
    assert figure(company, "mrr", JAN, policy(restate="current")) == 150
    assert figure(company, "mrr", JAN, policy(restate="as_reported", late_data_days=10)) == 100
    assert figure(company, "mrr", JAN, policy(restate="as_reported", late_data_days=31)) == 150


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_names_its_source_and_builds_a_balanced_ledger(name: str) -> None:
    company = panel(a_x=(100, 120), a_y=(50, 20), b_x=(30, 0))
    company.line("a", 100, JAN.first_day, quantity=3)
    company.line("c", 1200, FEB.first_day, YEAR.first_day, billing_interval="year", cancelled_on=date(2024, 12, 3))
    company.month("b", JUN, 70, kind="usage", product_id="api")
    chosen = preset(name)
    ledger: Ledger = company.ledger(chosen, YEAR)
    assert chosen.source and (chosen.inferred or name == "standard")
    assert value(ledger, "mrr", YEAR) is not None


def test_every_field_has_a_worked_example() -> None:
    assert {name for name in preset("standard").switches if name not in DESCRIPTIVE} == SHOWN
