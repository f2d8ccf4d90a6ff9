"""A forecast told whole says what its parts say elsewhere, and adds up in every direction."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from growthring.forecast.layers import Layer
from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.operations.adding_up import adding_up
from growthring.operations.answer import Answer
from growthring.operations.forecasting.choices import forecast_choices
from growthring.operations.forecasting.forecast import Asked, forecast, forecast_account, forecast_by, layers_on
from growthring.operations.forecasting.making import make_forecast
from growthring.operations.forecasting.rows import ACCOUNT, AHEAD, NEW, SEGMENT, TOTAL
from growthring.operations.forecasting.views import account_forecast, rows_of, whole_forecast, with_rows
from growthring.operations.project import Project
from growthring.operations.revenue.show import View, show

ASKED = Asked(horizon=6)
BESIDE = ("new customers",)


@pytest.fixture(scope="module")
def told(ringwood: Project) -> Answer:
    return whole_forecast(ringwood, ASKED)


def amounts(rows: list[dict], name: str = "amount") -> list[Decimal]:
    return [Decimal(row[name]) for row in rows]


@given(st.dictionaries(st.text(max_size=3), st.integers(-(10**9), 10**9), min_size=1, max_size=8))
def test_rounded_parts_add_up_to_the_rounded_sum_and_none_is_a_step_away(units: dict[str, int]):
    step = Decimal("0.01")
    whole = Decimal(sum(units.values())).scaleb(-4).quantize(step)
    found = adding_up(units, whole, step)
    assert sum(found.values()) == whole
    assert all(abs(found[name] - Decimal(units[name]).scaleb(-4)) < step for name in units)


@pytest.mark.parametrize("view", ["month", "quarter"])
def test_totals_and_segments_are_those_of_the_forecast(ringwood: Project, told: Answer, view: str):
    whole = forecast(ringwood, ASKED, view=view)
    ours = rows_of(told, "period", scope=TOTAL, view=view)
    assert amounts(ours) == amounts(whole.rows)
    assert [(row["low80"], row["high95"]) for row in ours] == [(row["low80"], row["high95"]) for row in whole.rows]
    by = [row for row in forecast_by(ringwood, ASKED, view=view).rows if row["segment"] == "SMB"]
    assert amounts(rows_of(told, "period", scope=SEGMENT, name="SMB", view=view)) == pytest.approx(
        amounts(by), abs=Decimal("0.01")
    )


def test_layers_segments_and_customers_to_come_add_up_to_the_cent(told: Answer):
    for row in rows_of(told, "period"):
        layers = [name for name in (*map(str, Layer), *BESIDE) if name in row]
        assert row["scope"] == NEW or sum(Decimal(row[name]) for name in layers) == Decimal(row["amount"])
    for view in ("month", "quarter", AHEAD):
        for total in rows_of(told, "period", scope=TOTAL, view=view):
            parts = [row for row in rows_of(told, "period", view=view, at=total["at"]) if row["scope"] in (SEGMENT, NEW)]
            assert len(parts) > 2 and sum(amounts(parts)) == Decimal(total["amount"])


def test_the_past_is_the_ledgers(ringwood: Project, told: Answer):
    months = rows_of(told, "past", scope=TOTAL, view="month")
    ledger = show(ringwood, "mrr", View(at=months[-2]["at"]))
    assert Decimal(months[-2]["amount"]) == Decimal(str(ledger.value))
    segments = [row for row in rows_of(told, "past", view="month", at=months[-2]["at"]) if row["scope"] == SEGMENT]
    assert sum(amounts(segments)) == pytest.approx(Decimal(months[-2]["amount"]), abs=Decimal("0.02"))


def test_a_quarter_under_way_names_what_is_over_of_it_and_the_whole(told: Answer):
    past = {row["at"]: Decimal(row["amount"]) for row in rows_of(told, "past", scope=TOTAL, view="month")}
    for row in rows_of(told, "period", scope=TOTAL, view="quarter") + rows_of(told, "period", scope=TOTAL, view="year"):
        if "known" in row:
            over = [at for at in sorted(past) if at < row["first"]][-2:]
            assert Decimal(row["whole_amount"]) == Decimal(row["known"]) + Decimal(row["amount"])
            assert Decimal(row["known"]) >= min(past[at] for at in over)


def test_months_ahead_are_held_against_as_many_months_before(told: Answer):
    (whole,) = rows_of(told, "period", scope=TOTAL, view=AHEAD)
    past = amounts(rows_of(told, "past", scope=TOTAL, view="month"))
    assert Decimal(whole["before"]) == pytest.approx(sum(past[-6:]), abs=Decimal("0.05"))
    assert whole["change_share"] == round(float(Decimal(whole["amount"]) / Decimal(whole["before"])) - 1, 4)
    assert told.value == whole["amount"]


def test_accounts_add_up_to_the_existing_customers(told: Answer):
    (whole,) = rows_of(told, "period", scope=TOTAL, view=AHEAD)
    existing = Decimal(whole["amount"]) - Decimal(whole.get("new customers", 0))
    assert sum(amounts(rows_of(told, "account"))) == pytest.approx(existing, abs=Decimal("0.30"))
    assert amounts(rows_of(told, "account")) == sorted(amounts(rows_of(told, "account")), reverse=True)


def test_an_account_is_told_as_the_forecast_of_it_is(ringwood: Project, told: Answer):
    account = rows_of(told, "account")[0]["account"]
    ours = account_forecast(ringwood, account, ASKED)
    theirs = forecast_account(ringwood, account, ASKED, view="month")
    assert amounts(rows_of(ours, "period", scope=ACCOUNT, view="month")) == amounts(theirs.rows)
    assert rows_of(ours, "about")[0]["label"] != account
    with pytest.raises(GrowthringError, match="No row names"):
        account_forecast(ringwood, "nobody", ASKED)


def test_coverage_is_judged_only_where_there_are_cases_enough(told: Answer):
    for row in rows_of(told, "coverage"):
        assert row["verdict"] in ("holds", "too_narrow", "too_wide", "too_few")
        assert (row["cases"] < 10) == (row["verdict"] == "too_few")


def test_a_layer_switched_off_leaves_the_model(ringwood: Project, told: Answer):
    bare = whole_forecast(ringwood, Asked(horizon=6, layers=layers_on(["commitment"]), with_new=False))
    (row,) = rows_of(bare, "period", scope=TOTAL, view=AHEAD)
    (whole,) = rows_of(told, "period", scope=TOTAL, view=AHEAD)
    assert "commitment" not in row and not rows_of(bare, "period", scope=NEW)
    assert Decimal(row["amount"]) == pytest.approx(Decimal(whole["statistical"]), abs=Decimal("0.02"))


def test_a_part_of_an_answer_has_the_value_of_its_only_row(told: Answer):
    (month, *_) = rows_of(told, "period", scope=TOTAL, view="month")
    part = with_rows(told, "period", scope=TOTAL, view="month", at=month["at"])
    assert (part.value, part.at, len(part.rows)) == (month["amount"], month["at"], 1)


def test_choices_are_what_the_data_hold(ringwood: Project):
    found = forecast_choices(ringwood)
    assert found["measures"] == ["revenue", "usage:api_calls"]
    assert "SMB" in found["attributes"]["segment"] and "employees" not in found["attributes"]


def test_a_measure_that_is_not_there_is_named(ringwood: Project):
    with pytest.raises(UnknownValueError):
        whole_forecast(ringwood, Asked(measure="usage:nothing"))


def test_what_commitments_bill_once_is_told_of_those_who_hold_them(ringwood: Project, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("growthring.operations.forecasting.making._LARGE", 0.0)
    made = make_forecast(ringwood)
    effect = made.outlook.folded.effect(Layer.COMMITMENT).sum(axis=1)
    one_of_many, without = int(np.argmax(effect)), int(np.flatnonzero(made.history.panel.alive & (effect == 0))[0])
    asked = {"all": slice(None), "one": np.array([one_of_many]), "without": np.array([without])}
    told = {name: [text for text in made.told(rows) if "billed once" in text] for name, rows in asked.items()}
    assert told["all"] and told["one"] and told["without"] == []
