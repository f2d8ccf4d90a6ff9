"""What other prices would have done, to the cent."""

import json
from datetime import date
from decimal import Decimal

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from growthring.engine.catalog import create_empty
from growthring.kernel.errors import ConfigurationError
from growthring.pricing.adjustment import Adjustment, AdjustmentKind
from growthring.pricing.book import Component, PriceBook, Version
from growthring.pricing.price import Flat, PerUnit
from growthring.pricing.rating.tables import BEGINNING, END
from growthring.pricing.simulation.grandfathering import Grandfathering, grandfathered
from growthring.pricing.simulation.kernel import Whole
from growthring.pricing.simulation.rerating import Cells, History
from growthring.pricing.simulation.result import Change, Outcome
from growthring.pricing.simulation.scenario import Scenario, as_scenarios, latest
from growthring.pricing.simulation.simulate import simulate
from growthring.tables import ACCOUNT, COMMITMENT, CONTRACT
from tests.pricing.rating.books import cell_prices, decimals
from tests.pricing.simulation.world import BUSINESS, METERS, STANDARD, book, company, graduated, volume

BASELINE = (STANDARD, BUSINESS)
DEARER = book("dearer", graduated((100, "0.60"), (None, "0.25")), "40", PerUnit(unit_price=Decimal("6")))
CHEAPER = book("cheaper", graduated((None, "0.10")), None, PerUnit(unit_price=Decimal("1")))


@pytest.fixture(scope="module")
def history() -> duckdb.DuckDBPyConnection:
    return company()


def total(rows: tuple[Change, ...]) -> tuple[Decimal, Decimal, Decimal]:
    return tuple(sum((getattr(row, name) for row in rows), Decimal(0)) for name in ("before", "after", "change"))


def billed(connection: duckdb.DuckDBPyConnection) -> Decimal:
    row = connection.execute("SELECT SUM(amount) FROM bill").fetchone()
    assert row
    return row[0]


def outcomes(result) -> list[Outcome]:
    return [each for each in (result.held, result.grandfathered, result.responding) if each]


def test_simulating_the_books_in_force_changes_nothing_to_the_cent(history: duckdb.DuckDBPyConnection):
    (found,) = simulate(history, BASELINE, [Scenario("as it was", BASELINE)]).scenarios
    assert found.path == "kernel"
    assert all(row.change == 0 for row in (*found.held.totals, *found.held.months, *found.held.accounts))
    assert total(found.held.totals)[0] == billed(history)
    assert [each.name for each in found.held.cohorts] == ["pays the same"]


def test_what_is_given_is_left_as_it_was(history: duckdb.DuckDBPyConnection):
    def tables() -> list[tuple[str, ...]]:
        return history.execute("SELECT table_schema, table_name FROM information_schema.tables ORDER BY ALL").fetchall()

    before, paid = tables(), billed(history)
    simulate(history, BASELINE, [DEARER], elasticity=Decimal("-0.5"), unit_costs={"m1": Decimal("0.1")})
    assert tables() == before
    assert billed(history) == paid


def test_months_segments_and_accounts_add_up_to_the_same_total(history: duckdb.DuckDBPyConnection):
    found = simulate(
        history, BASELINE, [DEARER, CHEAPER], segment_by=["region", "no such attribute"], elasticity=Decimal("-0.4"),
        grandfathering=Grandfathering(yearly_cap=Decimal(7)),
    )  # fmt: skip
    for result in found.scenarios:
        for outcome in outcomes(result):
            sums = [total(rows) for rows in (outcome.totals, outcome.months, outcome.accounts, *outcome.segments.values())]
            assert set(sums) == {sums[0]}
            assert sums[0][1] - sums[0][0] == sums[0][2]
            cohorts = (
                sum((each.before for each in outcome.cohorts), Decimal(0)),
                sum((each.after for each in outcome.cohorts), Decimal(0)),
            )
            assert cohorts == sums[0][:2]


def test_an_attribute_counts_in_the_months_in_which_it_held(history: duckdb.DuckDBPyConnection):
    (found,) = simulate(history, BASELINE, [DEARER], segment_by=["region"], accounts=["a0"]).scenarios
    by_region = {row.key: row.before for row in found.held.segments["region"]}
    early = history.execute(
        "SELECT SUM(amount) FROM bill WHERE account_id = 'a0' AND period_start < DATE '2023-06-01'"
    ).fetchone()
    assert early and by_region["north"] == early[0]
    assert by_region["north"] + by_region["south"] == total(found.held.totals)[0]


@pytest.fixture(scope="module")
def small() -> duckdb.DuckDBPyConnection:
    return company(accounts=5, months=3, seed=3)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    first=cell_prices,
    second=cell_prices,
    included=st.just(Decimal(0)) | decimals("0", "900", 3),
    policy=st.sampled_from(["standard", "stripe", "lago", "orb", "meteroid"]),
)
def test_the_kernel_and_the_sql_path_ask_for_the_same_cents(
    small: duckdb.DuckDBPyConnection, first, second, included, policy: str
):
    components = (
        Component(id="first", meter="m1", price=first),
        Component(id="second", meter="m1", price=second, included_units=included),
        Component(id="seats", meter="m2", price=second),
        Component(id="fee", price=Flat(amount=Decimal("13.37"))),
    )
    version = Version(effective_from=date(2020, 1, 1), components=components)
    tried = as_scenarios([PriceBook(name="tried", currency="USD", policy=policy, meters=METERS, versions=(version,))], BASELINE)
    history = History(small, tried, BEGINNING, END, None, "bill")
    fast, slow = history.rate(tried[0]), history.rate(tried[0], force_sql=True)
    history.close()
    assert fast.amounts.tolist() == slow.amounts.tolist()


def test_a_subscription_that_changes_its_book_within_a_period_is_billed_once_on_both_paths():
    connection = company(accounts=3, months=4)
    connection.execute(
        "UPDATE subscription SET ends_on = DATE '2023-02-20' WHERE subscription_id = 's1'; "
        "INSERT INTO subscription SELECT subscription_id, account_id, 'standard', calendar_id, DATE '2023-02-23', "
        "DATE '9999-12-31', currency FROM subscription WHERE subscription_id = 's1'"
    )
    both = Scenario("both", (STANDARD, BUSINESS))
    tried = as_scenarios([both, DEARER], BASELINE)
    past = History(connection, tried, BEGINNING, END, None, "bill")
    for each in tried:
        assert past.rate(each).amounts.tolist() == past.rate(each, force_sql=True).amounts.tolist()
    connection.close()


def test_adjusted_books_go_through_the_sql_path_and_say_so(history: duckdb.DuckDBPyConnection):
    floor = Adjustment(kind=AdjustmentKind.MINIMUM, amount=Decimal(500))
    version = DEARER.versions[0].model_copy(update={"adjustments": (floor,)})
    adjusted = DEARER.model_copy(update={"name": "with a minimum", "versions": (version,)})
    plain, floored = simulate(history, BASELINE, [DEARER, adjusted]).scenarios
    assert (plain.path, plain.path_reason) == ("kernel", "")
    assert (floored.path, floored.path_reason) == ("sql", "bills are adjusted")
    assert total(floored.held.totals)[1] > total(plain.held.totals)[1]


def test_versions_hold_from_their_day_on(history: duckdb.DuckDBPyConnection):
    later = Version(effective_from=date(2023, 7, 1), components=DEARER.versions[0].components)
    changed = STANDARD.model_copy(update={"versions": (*STANDARD.versions, later)})
    (found,) = simulate(history, BASELINE, [Scenario("rise in July", (changed, BUSINESS))]).scenarios
    assert {row.key for row in found.held.months if row.change} <= {f"2023-{number:02}" for number in range(7, 13)}
    (everywhere,) = simulate(history, BASELINE, [Scenario("rise", (latest(changed), BUSINESS))]).scenarios
    assert any(row.change for row in everywhere.held.months if row.key < "2023-07")


def test_a_new_book_reaches_back_to_the_beginning(history: duckdb.DuckDBPyConnection):
    future = DEARER.versions[0].model_copy(update={"effective_from": date(2030, 1, 1)})
    (found,) = simulate(history, BASELINE, [DEARER.model_copy(update={"versions": (future,)})]).scenarios
    (expected,) = simulate(history, BASELINE, [DEARER]).scenarios
    assert found.held == expected.held


@pytest.mark.parametrize("per", ["period", "whole"])
def test_choosing_never_costs_a_customer_more_than_any_single_plan(history: duckdb.DuckDBPyConnection, per):
    found = simulate(history, BASELINE, [DEARER, CHEAPER], choice=per)
    assert found.choice
    singles = [{row.key: row.after for row in result.held.accounts} for result in found.scenarios]
    for row in found.choice.accounts:
        assert row.after <= min(row.before, *(single[row.key] for single in singles))
    assert sum((each.paid for each in found.choice.plans), Decimal(0)) == total(found.choice.accounts)[1]
    assert all(each.lost >= 0 and each.lost == each.if_everyone - total(found.choice.accounts)[1] for each in found.choice.plans)


def test_choosing_every_month_is_at_least_as_good_as_choosing_once(history: duckdb.DuckDBPyConnection):
    once, monthly = (simulate(history, BASELINE, [DEARER, CHEAPER], choice=per).choice for per in ("whole", "period"))
    assert once and monthly
    assert sum(each.paid for each in monthly.plans) <= sum(each.paid for each in once.plans)
    assert sum(each.choosers for each in once.plans) == 12


@pytest.fixture(scope="module")
def long_history() -> tuple[Cells, Whole]:
    tried = as_scenarios([DEARER], BASELINE)
    history = History(company(accounts=6, months=30, seed=7), tried, BEGINNING, END, None, "bill")
    return history.cells, history.rate(tried[0]).amounts


@settings(max_examples=25, deadline=None)
@given(cap=st.decimals(0, 60, places=2))
def test_a_capped_increase_never_exceeds_the_cap(long_history: tuple[Cells, Whole], cap: Decimal):
    cells, asked = long_history
    paid = grandfathered(cells, asked, Grandfathering(yearly_cap=cap))
    first = int(cells.months.min())
    for at, (before, new, after) in enumerate(zip(cells.baseline.tolist(), asked.tolist(), paid.tolist(), strict=True)):
        years = (int(cells.months[at]) - first) // 12 + 1
        assert after <= max(Decimal(before) * (1 + cap / 100) ** years, before)
        assert after == new or before <= after < new


def test_accounts_keep_the_old_price_until_a_day_or_their_renewal(history: duckdb.DuckDBPyConnection):
    terms = Grandfathering(until=date(2023, 3, 1), renews_on={"a1": date(2023, 9, 15)})
    (found,) = simulate(history, BASELINE, [DEARER], accounts=["a1"], grandfathering=terms).scenarios
    assert found.grandfathered
    held = {row.key: row for row in found.held.months}
    for row in found.grandfathered.months:
        assert row.after == (row.before if row.key < "2023-10" else held[row.key].after)
    (early,) = simulate(history, BASELINE, [DEARER], accounts=["a2"], grandfathering=terms).scenarios
    assert early.grandfathered
    assert all((row.after == row.before) == (row.key < "2023-03") for row in early.grandfathered.months if row.before)


def test_without_elasticity_behaviour_is_said_to_be_held_fixed(history: duckdb.DuckDBPyConnection):
    fixed = simulate(history, BASELINE, [DEARER])
    assert any("held fixed" in each for each in fixed.caveats)
    assert fixed.scenarios[0].responding is None


def test_with_elasticity_dearer_prices_bring_less_usage_beside_the_fixed_figure(history: duckdb.DuckDBPyConnection):
    found = simulate(history, BASELINE, [DEARER], elasticity=Decimal("-0.5"), unit_costs={"m1": Decimal("0.05")})
    (result,) = found.scenarios
    assert result.responding
    assert result.held.totals[0].change > 0
    assert result.responding.totals[0].after < result.held.totals[0].after
    assert result.responding.margins[0].cost < result.held.margins[0].cost


def test_quantities_never_fall_below_zero_however_elastic(history: duckdb.DuckDBPyConnection):
    (result,) = simulate(history, BASELINE, [DEARER], elasticity=Decimal(-1000)).scenarios
    assert result.responding
    assert all(row.after >= 0 for row in result.responding.months)


def test_no_elasticity_is_the_same_as_fixed_behaviour(history: duckdb.DuckDBPyConnection):
    (result,) = simulate(history, BASELINE, [DEARER], elasticity=Decimal(0)).scenarios
    assert result.responding == result.held


def test_margins_and_price_floors_follow_unit_costs(history: duckdb.DuckDBPyConnection):
    found = simulate(
        history, BASELINE, [CHEAPER], unit_costs={"m1": Decimal("0.09"), "m2": Decimal("0.5")}, target_margin=Decimal("0.7")
    )
    (margin,) = found.scenarios[0].held.margins
    used = history.execute(
        "SELECT SUM(CASE meter WHEN 'm1' THEN quantity * 0.09 ELSE quantity * 0.5 END) FROM metered"
    ).fetchone()
    assert used and abs(margin.cost - used[0]) < Decimal("0.1")
    assert margin.after == found.scenarios[0].held.totals[0].after - margin.cost
    assert found.price_floors == {"m1": Decimal("0.3"), "m2": Decimal("1.66666667")}
    assert margin.floor_amount and margin.floor_amount > found.scenarios[0].held.totals[0].after
    assert margin.accounts_below_floor == 12


def test_bill_shock_counts_every_bill_once(history: duckdb.DuckDBPyConnection):
    (found,) = simulate(history, BASELINE, [DEARER], beyond=[Decimal(20)]).scenarios
    accounts, months = found.held.shocks
    for shock in (accounts, months):
        assert sum(each.bills for each in shock.histogram) == shock.bills
        shares = [shock.quantiles[name] for name in sorted(shock.quantiles, key=Decimal)]
        assert shares == sorted(shares)
    up = [row for row in found.held.accounts if row.relative is not None and row.change * 5 > row.before]
    assert accounts.beyond[0].up == len(up)
    assert accounts.beyond[0].paid_by_up["USD"] == sum((row.before for row in up), Decimal(0))
    assert found.held.beyond(Decimal(20)) == tuple(row for row in found.held.accounts if abs(row.change) * 5 > row.before)


def test_leaving_a_booking_model_compares_contract_revenue_with_usage_bills(history: duckdb.DuckDBPyConnection):
    history.execute(
        "CREATE OR REPLACE TABLE contract_revenue AS "
        "SELECT account_id, period_start, currency, CAST(250 AS DECIMAL(18,4)) AS amount FROM bill"
    )
    (found,) = simulate(history, (), [STANDARD], baseline_table="contract_revenue").scenarios
    history.execute("DROP TABLE contract_revenue")
    months = history.execute("SELECT COUNT(*) FROM bill").fetchone()
    assert months and total(found.held.totals)[0] == 250 * months[0]
    at_risk = sum((each.at_risk for each in found.held.cohorts), Decimal(0))
    assert at_risk == found.held.shocks[0].beyond[0].paid_by_up["USD"]


def test_a_dearer_price_takes_off_shortfalls_of_minimums_and_draws_balances_faster():
    connection = company()
    for table in (COMMITMENT, ACCOUNT, CONTRACT):
        create_empty(connection, table)
    connection.execute(
        "INSERT INTO commitment BY NAME SELECT 'c1' AS commitment_id, 'a1' AS account_id, 'minimum' AS kind, "
        "DATE '2023-01-01' AS starts_on, DATE '2024-01-01' AS ends_on, 100000 AS amount, 'USD' AS currency, 1 AS priority, "
        "'account' AS scope, 0 AS rollover_share, 1 AS overage_factor, 'term_end' AS true_up, TIMESTAMP '2023-01-01' AS known_at "
        "UNION ALL SELECT 'c2', 'a2', 'prepaid', DATE '2023-01-01', DATE '2024-01-01', 1000000, 'USD', 1, 'account', 0, 1, "
        "'term_end', TIMESTAMP '2023-01-01'"
    )
    (found,) = simulate(connection, BASELINE, [DEARER]).scenarios
    effects = {each.effect: each for each in found.commitments}
    by_account = {row.key: row for row in found.held.accounts}
    assert effects["true_up"].change == -by_account["a1"].change != 0
    assert (effects["drawn"].before, effects["drawn"].after) == (by_account["a2"].before, by_account["a2"].after)
    (some,) = simulate(connection, BASELINE, [DEARER], accounts=["a1"]).scenarios
    assert some.commitments == ()
    connection.close()


def test_a_window_without_periods_is_empty_and_not_an_error(history: duckdb.DuckDBPyConnection):
    found = simulate(
        history, BASELINE, [DEARER], first_on=date(2031, 1, 1), choice="whole", segment_by=["region"], elasticity=Decimal(-1),
        grandfathering=Grandfathering(yearly_cap=Decimal(5)), unit_costs={"m1": Decimal(1)}, target_margin=Decimal("0.5"),
    )  # fmt: skip
    assert found.scenarios[0].held.totals == ()


def test_a_window_keeps_ramps_counted_from_the_first_period(history: duckdb.DuckDBPyConnection):
    ramp = Adjustment(kind=AdjustmentKind.PERCENT_DISCOUNT, percent=Decimal(50), last_period=3)
    version = DEARER.versions[0].model_copy(update={"adjustments": (ramp,)})
    ramped = DEARER.model_copy(update={"name": "ramped", "versions": (version,)})
    (whole,) = simulate(history, BASELINE, [ramped]).scenarios
    (late,) = simulate(history, BASELINE, [ramped], first_on=date(2023, 9, 1)).scenarios
    assert late.held.months == whole.held.months[8:]


@pytest.mark.parametrize("currency", ["JPY", "KWD"])
def test_currencies_without_cents_or_with_thousandths_keep_their_minor_unit(currency: str):
    books = tuple(each.model_copy(update={"currency": currency}) for each in BASELINE)
    connection = company(books, accounts=4, months=3, currency=currency)
    dearer = DEARER.model_copy(update={"currency": currency})
    same, (fast,) = simulate(connection, books, [Scenario("same", books)]).scenarios[0], as_scenarios([dearer], books)
    assert same.held.totals[0].change == 0
    past = History(connection, [fast], BEGINNING, END, None, "bill")
    assert past.rate(fast).amounts.tolist() == past.rate(fast, force_sql=True).amounts.tolist()
    connection.close()


def test_accounts_that_are_not_billed_are_named(history: duckdb.DuckDBPyConnection):
    with pytest.raises(ConfigurationError, match="nobody"):
        simulate(history, BASELINE, [DEARER], accounts=["a1", "nobody"])
    assert history.execute("SELECT COUNT(*) FROM duckdb_schemas() WHERE schema_name LIKE 'simulation%'").fetchone() == (0,)


def test_results_are_plain_json(history: duckdb.DuckDBPyConnection):
    found = simulate(history, BASELINE, [DEARER], choice="whole", segment_by=["region"]).to_dict()
    assert json.loads(json.dumps(found))["scenarios"][0]["name"] == "dearer"


def test_unpriced_usage_is_a_caveat(history: duckdb.DuckDBPyConnection):
    found = simulate(history, BASELINE, [book("only_m1", graduated((None, "1")))])
    assert any("no price for m2" in each for each in found.caveats)


def test_a_currency_without_a_price_is_refused(history: duckdb.DuckDBPyConnection):
    euros = DEARER.model_copy(update={"currency": "EUR"})
    with pytest.raises(ConfigurationError, match="no price in USD"):
        simulate(history, BASELINE, [euros])


def test_two_scenarios_of_one_name_are_refused(history: duckdb.DuckDBPyConnection):
    with pytest.raises(ConfigurationError, match="Two scenarios are called dearer"):
        simulate(history, BASELINE, [DEARER, DEARER])


def test_break_even_between_the_baseline_and_a_scenario_is_reported(history: duckdb.DuckDBPyConnection):
    flat: PriceBook = book("flat", volume((None, "0.3")))
    (found,) = simulate(history, (STANDARD,), [flat]).scenarios
    assert [(each.meter, each.quantity, each.cheaper_above) for each in found.break_evens] == [("m1", Decimal(300), "standard")]
