"""Forecasts of a project: what was known then, layers, segments and accounts, and answers that are exact and honest."""

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from growthring.forecast.layers import Layer
from growthring.kernel.errors import ConfigurationError, GrowthringError, UnknownValueError
from growthring.kernel.period import Month
from growthring.operations.forecasting.forecast import (
    Asked,
    assumptions,
    forecast,
    forecast_account,
    forecast_by,
    layers_on,
    make_forecast,
    publish,
)
from growthring.operations.forecasting.new_customers import Ahead, new_customers
from growthring.operations.forecasting.plan_beside import forecast_beside
from growthring.operations.plans.waterfall import cohort_waterfall
from growthring.operations.project import Project
from tests.operations.books import ACCOUNTS, Books

THEN = datetime(2024, 6, 30, 23, 59, tzinfo=UTC)
ASKED = Asked(horizon=6)


def written(root, *, later: bool) -> Books:
    """Forty customers over thirty months; what is known after June 2024 only if asked: new months, a late and a changed row."""
    chance = np.random.default_rng(0)
    names = [f"c{number:02d}" for number in range(40)]
    growth, size = chance.normal(0.02, 0.02, 40), np.exp(chance.normal(4, 1, 40))
    made = Books(root, project=f'data_through = "{"2024-09-30" if later else "2024-06-30"}"', more=ACCOUNTS)
    last = "2024-09" if later else "2024-06"
    for place, index in enumerate(range(Month.parse("2022-01").index, Month.parse(last).index + 1)):
        month = Month(index)
        rows = []
        for number, name in enumerate(names):
            begins, ends = number % 4 * 5, 20 if number == 7 else 99
            if begins <= place < ends:
                amount = round(float(size[number] * np.exp(growth[number] * place + chance.normal(0, 0.05))), 2)
                rows.append((f"{name}-{month}", name, amount, {"known_at": f"{month.last_day}"}))
        made.lines(str(month), rows)
    if later:
        made.lines("2024-05", [("late", "c03", 5000, {"known_at": "2024-08-01"})], "late")
        made.lines("2024-06", [("new", "newcomer", 9000, {"known_at": "2024-07-02"})], "new")
    made.accounts([(name, name.upper(), "NL" if number % 2 else "FR") for number, name in enumerate(names)])
    made.run()
    return made


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return written(tmp_path_factory.mktemp("forecast") / "brook", later=False).open()


def amount(row: dict) -> Decimal:
    return Decimal(str(row["amount"]).replace(",", ""))


def test_what_becomes_known_later_changes_nothing(project: Project, tmp_path) -> None:
    """As of the end of June the forecast is the same, figure for figure, whether or not the summer is in the files."""
    known_later = written(tmp_path / "brook", later=True).open()
    then = Asked(horizon=6, as_of=THEN)
    before, after = (make_forecast(each, then).outlook for each in (project, known_later))
    assert before.origin == after.origin == Month.parse("2024-06")
    assert before.lines().to_pylist() == after.lines().to_pylist()
    assert before.intervals().to_pylist() == after.intervals().to_pylist()
    assert make_forecast(known_later, ASKED).outlook.origin == Month.parse("2024-09")


def test_months_quarters_and_years_are_one_forecast(project: Project) -> None:
    by_month = forecast(project, ASKED).rows
    by_quarter = forecast(project, ASKED, view="quarter").rows
    assert [row["at"] for row in by_month] == [str(Month.parse("2024-07") + ahead) for ahead in range(6)]
    assert [row["at"] for row in by_quarter] == ["2024-Q3", "2024-Q4"]
    assert sum(map(amount, by_month)) == pytest.approx(sum(map(amount, by_quarter)), abs=Decimal("0.06"))
    assert all(row["low95"] is not None for row in by_month)


def test_years_end_with_the_next_twelve_months_and_their_figure_is_the_answer(project: Project) -> None:
    asked = Asked(horizon=12)
    answer = forecast(project, asked, view="year")
    part, ahead = answer.rows
    assert (part["at"], ahead["at"], ahead["months"]) == ("FY2024 (part)", "next 12 months", "2024-07 to 2025-06")
    assert (answer.at, answer.value) == ("next 12 months", ahead["amount"])
    assert amount(ahead) == pytest.approx(sum(map(amount, forecast(project, asked).rows)), abs=Decimal("0.1"))
    assert amount(ahead) > amount(part)
    one = forecast_account(project, "c03", asked, view="year").rows
    assert [row["at"] for row in one] == ["FY2024 (part)", "next 12 months"]
    assert Decimal(one[1]["low80"]) <= amount(one[1]) <= Decimal(one[1]["high80"])


def test_the_forecast_and_the_plan_of_cohorts_name_each_others_figure(project: Project) -> None:
    """Both say the same two amounts for the same months."""
    of_plan = next(each for each in forecast(project, ASKED).caveats if "`growthring waterfall`" in each)
    plan = cohort_waterfall(project, quarters=2)
    (of_forecast,) = forecast_beside(project, plan)
    assert "`growthring forecast`" in of_forecast
    assert "2024-07 to 2024-12" in of_plan and "2024-07 to 2024-12" in of_forecast
    planned = f"{Decimal(str(plan.value)):,.0f}"
    statistical = forecast(project, ASKED).rows
    expected = f"{sum(Decimal(row['statistical']) + Decimal(row['new customers']) for row in statistical):,.0f}"
    for told in (of_plan, of_forecast):
        assert planned in told and expected in told, (planned, expected, told)
    assert not any("waterfall" in each for each in forecast(project, Asked(horizon=6, with_new=False)).caveats)


def test_segments_and_new_customers_add_up_to_the_total(project: Project) -> None:
    asked = Asked(horizon=6, by="country")
    segments = forecast_by(project, asked, view="quarter").rows
    assert {row["country"] for row in segments} == {"NL", "FR", "(new customers)", "total"}
    for total in forecast(project, asked, view="quarter").rows:
        same = [row for row in segments if row["at"] == total["at"]]
        parts = sum(amount(row) for row in same if row["country"] != "total")
        assert parts == pytest.approx(amount(total), abs=Decimal("0.03"))
        assert [amount(row) for row in same if row["country"] == "total"] == [amount(total)]
        new = [str(row["amount"]) for row in same if row["country"] == "(new customers)"]
        assert new == [total["new customers"]]


def test_without_customers_to_come_only_those_of_today_count(project: Project) -> None:
    with_new, without = (forecast(project, Asked(horizon=3, with_new=each)).rows for each in (True, False))
    assert "new customers" not in without[0]
    assert amount(with_new[-1]) > amount(without[-1])


def test_an_account_is_told_month_by_month_with_ranges(project: Project) -> None:
    answer = forecast_account(project, "c00", ASKED)
    assert len(answer.rows) == 6
    for row in answer.rows:
        assert Decimal(row["low80"].replace(",", "")) <= amount(row) <= Decimal(row["high80"].replace(",", ""))


@pytest.mark.parametrize("gone", ["c07", "nobody"])
def test_an_account_that_is_no_customer_is_refused_with_those_that_are(project: Project, gone: str) -> None:
    if gone == "c07":
        assert {amount(row) for row in forecast_account(project, gone, ASKED).rows} == {Decimal(0)}
        return
    with pytest.raises(GrowthringError, match="nobody") as refused:
        forecast_account(project, gone, ASKED)
    assert "c00" in refused.value.valid


def test_assumptions_are_told_by_segment_and_horizon(project: Project) -> None:
    rows = assumptions(project, Asked(horizon=6, by="country")).rows
    assert {(row["country"], row["months ahead"]) for row in rows} == {(name, at) for name in ("FR", "NL") for at in (1, 3, 6)}
    assert all(0 < row["survival"] <= 1 and row["growth of those that stay"] > 0 for row in rows)


def test_the_answer_says_how_past_ranges_held_and_which_policy_and_data_it_stands_on(project: Project) -> None:
    answer = forecast(project, ASKED)
    near, far = (caveat for caveat in answer.caveats if "ranges held" in caveat and "cases" in caveat)
    assert "one month ahead" in near and "6 months ahead" in far
    assert "total 80 %" in near and "total 80 %" in far
    assert answer.snapshot == project.snapshot().snapshot_id
    assert answer.policy["name"]
    assert "statistical" in answer.definition


def test_few_customers_are_said_to_be_few(tmp_path) -> None:
    books = Books(tmp_path / "brook", project='data_through = "2024-02-29"')
    books.steady("2023-01", "2024-02", {"anna": 100, "bert": "50.50"})
    books.run()
    answer = forecast(books.open(), Asked(horizon=3))
    assert any("Only 2 customers" in caveat for caveat in answer.caveats)
    assert amount(answer.rows[0]) == pytest.approx(Decimal("150.50"), abs=Decimal("0.01"))


def test_what_cannot_be_asked_is_refused_with_what_can(project: Project) -> None:
    with pytest.raises(GrowthringError, match="1 to 36"):
        forecast(project, Asked(horizon=0))
    with pytest.raises(GrowthringError, match="month, quarter"):
        forecast(project, ASKED, view="week")
    with pytest.raises(GrowthringError, match="longer --horizon"):
        forecast(project, Asked(horizon=2), view="year")
    with pytest.raises(UnknownValueError, match="planet"):
        forecast(project, Asked(by="planet"))
    with pytest.raises(UnknownValueError, match="usage:METER"):
        forecast(project, Asked(measure="profit"))
    with pytest.raises(UnknownValueError, match="statistical"):
        layers_on(["guess"])
    with pytest.raises(GrowthringError, match="nothing to forecast"):
        forecast(project, Asked(as_of=datetime(2021, 1, 31, tzinfo=UTC)))


def test_a_layer_that_is_off_is_named_nowhere(project: Project) -> None:
    on = layers_on(["rep", "topside"])
    assert Layer.REP not in on
    assert Layer.STATISTICAL in on
    assert "rep" not in forecast(project, Asked(horizon=2, layers=on)).definition.split("layers")[1]


def test_a_published_forecast_holds_what_was_said(tmp_path) -> None:
    books = Books(tmp_path / "brook", project='data_through = "2024-02-29"')
    books.steady("2022-01", "2024-02", {"anna": 100, "bert": "50.50"})
    books.run()
    published = publish(books.open(), Asked(horizon=3), author="ana", note="before the board meeting")
    assert published["state"] == "open"
    assert published["origin"] in ("2024-02", Month.parse("2024-02").index)
    again = publish(books.open(), Asked(horizon=3), author="ana")
    assert again["snapshot_id"] == published["snapshot_id"]


def test_customers_to_come_can_be_taken_from_a_pipeline(ringwood: Project, tmp_path):
    deals = tmp_path / "deals.csv"
    first = Month.of(ringwood.setting(ringwood.snapshot()).data_through) + 1
    deals.write_text(f"amount,probability,close,segment\n1000,50,{first + 1},\n")
    answer = forecast(ringwood, Asked(horizon=4, pipeline=deals))
    alone = new_customers(ringwood, Ahead(horizon=4, pipeline=deals))
    assert [row["new customers"] for row in answer.rows] == [row["amount"] for row in alone.rows]
    assert any("open deals of deals.csv" in caveat for caveat in answer.caveats)
    with pytest.raises(ConfigurationError, match="says nothing about usage:api_calls"):
        forecast(ringwood, Asked(measure="usage:api_calls", horizon=4, pipeline=deals))
