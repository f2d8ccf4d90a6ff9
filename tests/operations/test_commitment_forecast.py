"""What commitments become, asked of a project in files: planted usage, planted commitments."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month, PeriodKind
from growthring.operations.answer import Answer
from growthring.operations.forecasting.commitment_forecast import attainment, burn_down_forecast, price_of_commitment
from growthring.operations.forecasting.commitment_layer import commitment_layer
from growthring.operations.forecasting.commitment_record import burn_down_record
from growthring.operations.forecasting.commitment_split import exposure, forecast_split
from growthring.operations.history.opening import open_history
from growthring.operations.project import Project
from tests.operations.books import ACCOUNTS, USAGE, Books

MORE = f"""{USAGE}{ACCOUNTS}
[[sources]]
name = "commitments"
table = "commitment"
files = "raw/commitments.csv"
"""
BOOK = """\
name: brook
currency: USD
meters:
  - id: calls
versions:
  - effective_from: 2023-01-01
    components:
      - id: api
        meter: calls
        price: {model: graduated, tiers: [{up_to: 1000, unit_price: 1}, {unit_price: 0.5}]}
      - id: platform
        price: {model: flat, amount: 20}
assign:
  - billing_interval: month
"""
HEADER = "commitment_id,account_id,contract_id,kind,starts_on,ends_on,amount,currency,applies_to,known_at"
PROMISES = (
    "k-far,anna,c1,minimum,2024-07-01,2025-07-01,90000,USD,usage,2024-07-01",
    "k-old,anna,c1,minimum,2023-07-01,2024-07-01,90000,USD,usage,2023-07-01",
    "k-paid,bert,,prepaid,2024-10-01,2025-10-01,4000,USD,usage,2024-10-01",
)
EVERYONE = ["anna", "bert", *(f"c{number:02}" for number in range(12))]


def records(first: str, last: str) -> list[tuple[str, str, str, int]]:
    """Return a record a month and account, about 800 calls each."""
    random, rows = Random(7), []
    for index in range(Month.parse(first).index, Month.parse(last).index + 1):
        for account in EVERYONE:
            rows.append((f"{account}-{index}", account, f"{Month(index)}-10", round(800 * random.lognormvariate(0, 0.2))))
    return [*rows, *((f"new-{month}", "newcomer", f"2024-{month}-10", 700) for month in (11, 12))]


def made(root: Path, *, through: str, usage: Sequence[tuple[str, str, str, int]], promises: Sequence[str] = PROMISES) -> Project:
    books = Books(root, project=f'data_through = "{through}"', more=MORE)
    books.steady("2023-01", through[:7], dict.fromkeys(EVERYONE, 100))
    books.accounts([(each, each.title(), "CH" if each == "anna" else "US") for each in [*EVERYONE, "newcomer", "nobody"]])
    books.usage(usage)
    (root / "price_books" / "brook.yaml").write_text(BOOK, encoding="utf-8")
    (root / "raw" / "commitments.csv").write_text("\n".join([HEADER, *promises]) + "\n", encoding="utf-8")
    books.run()
    return books.open()


@pytest.fixture(scope="module")
def brook(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return made(tmp_path_factory.mktemp("ahead") / "brook", through="2024-12-31", usage=records("2023-01", "2024-12"))


def test_a_far_commitment_falls_short_and_a_near_balance_runs_out(brook: Project):
    rows = {row["commitment_id"]: row for row in burn_down_forecast(brook).rows}
    assert sorted(rows) == ["k-far", "k-paid"]
    far, paid = rows["k-far"], rows["k-paid"]
    assert far["exhausted"] == 0 and far["exhausted_on"] is None
    assert 78_000 < Decimal(far["shortfall_low80"]) <= Decimal(far["shortfall"]) <= Decimal(far["shortfall_high80"]) < 85_200
    assert paid["exhausted"] > 0.8
    assert "2025-01-15" < paid["exhausted_low80"] <= paid["exhausted_on"] <= paid["exhausted_high80"] < "2025-05-01"


def test_an_account_without_a_commitment_in_force_is_told_so(brook: Project):
    with pytest.raises(GrowthringError, match="c03 has no commitment in force"):
        burn_down_forecast(brook, "c03")


def test_attainment_is_consumption_over_the_goal(brook: Project):
    rows = {row["commitment_id"]: row for row in attainment(brook).rows}
    for row in rows.values():
        assert row["progress"] == pytest.approx(float(row["attained"]) / float(row["goal"]), abs=0.001)
    assert rows["k-far"]["on_pace"] == "no" and rows["k-far"]["outlook"] == "unlikely"
    assert rows["k-paid"]["on_pace"] == "yes" and rows["k-paid"]["outlook"] == "likely"


def test_the_split_adds_up_in_every_period_and_holds_the_floor(brook: Project):
    rows = forecast_split(brook, months=12, period=PeriodKind.QUARTER, self_serve="country=US").rows
    periods = {row["period"] for row in rows}
    assert len(periods) == 5
    for period in periods:
        amounts = {row["part"]: Decimal(row["expected"]) for row in rows if row["period"] == period and row["part"] != "floor"}
        assert abs(amounts["total"] - sum(amounts[name] for name in amounts if name != "total")) <= Decimal("0.03")
        assert amounts["sales_led"] == 0
    whole = {row["part"]: row for row in rows if row["period"] == "12 months"}
    promised = sum(Decimal(whole[name]["low80"]) for name in ("inside_commitments", "beside_commitments"))
    assert Decimal(whole["floor"]["expected"]) <= promised
    assert whole["floor"]["low80"] == whole["floor"]["high80"]
    assert whole["inside_commitments"]["low80"] == whole["inside_commitments"]["high80"]


def test_while_a_far_commitment_holds_a_fall_in_usage_takes_nothing(brook: Project):
    rows = {row["country"]: row for row in exposure(brook, Decimal("0.2"), months=6, by="country").rows}
    assert Decimal(rows["CH"]["at_risk_low"]) == 0
    assert Decimal(rows["CH"]["at_risk_high"]) > 300
    assert (
        Decimal(rows["US"]["at_risk_low_low80"])
        <= Decimal(rows["US"]["at_risk_low"])
        <= Decimal(rows["US"]["at_risk_low_high80"])
    )
    total = sum(Decimal(rows[name]["at_risk_high"]) for name in ("CH", "US"))
    assert abs(total - Decimal(rows["total"]["at_risk_high"])) <= Decimal("0.02")


def test_a_commitment_is_priced_from_the_futures_of_the_account(brook: Project):
    answer = price_of_commitment(brook, "c03")
    assert str(answer.value).startswith("commit ")
    levels = {row["level"]: row["customer_loses"] for row in answer.rows}
    losing = [levels[each] for each in sorted(levels, key=Decimal)]
    assert losing == sorted(losing)
    assert all(Decimal(row["net_value"]) >= 0 for row in answer.rows if row["discount"] == 0)


def test_too_few_months_are_said_rather_than_priced(brook: Project):
    answer = price_of_commitment(brook, "newcomer")
    assert answer.value is None and not answer.rows
    assert "in 2 months; 6 are needed" in answer.caveats[0]


def test_an_account_that_no_book_bills_is_refused(brook: Project):
    with pytest.raises(GrowthringError, match="nobody cannot be rated ahead"):
        price_of_commitment(brook, "nobody")


@pytest.mark.parametrize("answer_of", [attainment, burn_down_forecast, price_of_commitment])
def test_an_account_that_no_row_names_is_unknown(brook: Project, answer_of: Callable[..., Answer]):
    with pytest.raises(GrowthringError, match=r"No row names the account 'NOPE'. Valid: anna, bert"):
        answer_of(brook, "NOPE")


def test_groups_that_no_account_is_in_are_refused(brook: Project):
    with pytest.raises(GrowthringError, match=r"Unknown attribute: planet. Valid: .*country"):
        exposure(brook, Decimal("0.2"), by="planet")
    with pytest.raises(GrowthringError, match=r"Unknown attribute: channel. Valid: .*country"):
        forecast_split(brook, self_serve="channel=foo")
    with pytest.raises(GrowthringError, match=r"Unknown country: XX. Valid: CH, US"):
        forecast_split(brook, self_serve="country=XX")


def test_the_layer_falls_on_the_rows_of_those_who_promised(brook: Project):
    panel = open_history(brook).panel
    layer = commitment_layer(brook, panel, 12)
    assert panel.accounts[layer.rows].tolist() == ["anna", "bert"]
    july = Month.parse("2025-06").index - panel.last_month.index - 1
    assert layer.effect[layer.rows[0]].argmax() == july
    assert 78_000 < layer.effect[layer.rows[0], july] < 85_200
    others = [row for row in range(panel.rows) if row not in layer.rows]
    assert not layer.effect[others].any()


def test_the_record_scores_what_earlier_days_expected_of_what_has_ended(brook: Project):
    answer = burn_down_record(brook, 4)
    assert {row["as_of"]: row["commitments"] for row in answer.rows} == {"2023-12-31": 1, "2024-03-31": 1, "all": 2}
    assert answer.rows[-1]["brier"] < 0.01
    assert answer.rows[-1]["error"] < 0.05


def test_what_became_known_later_changes_nothing(tmp_path: Path, brook: Project):
    later = "k-new,c05,,minimum,2025-01-01,2026-01-01,50000,USD,usage,2025-02-01"
    usage = [*records("2023-01", "2024-12"), *((f"wild-{account}", account, "2025-01-20", 90_000) for account in EVERYONE)]
    other = made(tmp_path / "brook", through="2025-01-31", usage=usage, promises=[*PROMISES, later])
    asked = datetime(2024, 12, 31, 23, 59, 59)
    assert burn_down_forecast(other, as_of=asked).rows == burn_down_forecast(brook, as_of=asked).rows
    assert forecast_split(other, as_of=asked).rows == forecast_split(brook, as_of=asked).rows
