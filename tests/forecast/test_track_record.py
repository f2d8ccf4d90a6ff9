from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from growthring.engine.store import Store
from growthring.forecast.snapshots import (
    INTERVAL_SCHEMA,
    LINE_SCHEMA,
    NEW_CUSTOMERS,
    ForecastFacts,
    StoredForecast,
    read_forecast,
    write_forecast,
)
from growthring.forecast.track_record import track_record
from growthring.kernel.period import Month
from tests.forecast.bridge_world import rows

ORIGIN = Month.parse("2024-06").index
FACTS = ForecastFacts(
    as_of=date(2024, 6, 30), origin=ORIGIN, horizon=3, measure="revenue", unit="USD per month", model="CohortGrowth",
    model_version="1", policy="standard", policy_version="8551", snapshot_id="0e4e",
)  # fmt: skip
LINES = [
    ("anna", "api", "large", ORIGIN + 1, "statistical", 100),
    ("anna", "api", "large", ORIGIN + 1, "commitment", 10),
    ("anna", "seats", "large", ORIGIN + 1, "rep", 20),
    ("anna", "seats", "large", ORIGIN + 2, "statistical", 90),
    ("bert", "api", "small", ORIGIN + 1, "statistical", 50),
    ("bert", "api", "small", ORIGIN + 2, "statistical", 50),
    ("bert", "api", "small", ORIGIN + 3, "statistical", 1000),
]
RANGES = [
    ("account", "anna", "month", ORIGIN + 1, ORIGIN + 1, 130, 128, 140, 100, 200),
    ("account", "bert", "month", ORIGIN + 1, ORIGIN + 1, 50, 45, 55, 40, 60),
    ("account", "bert", "quarter", ORIGIN + 1, ORIGIN + 3, 1100, 1, 2, 0, 3),
    ("total", "all", "month", ORIGIN + 1, ORIGIN + 1, 180, 170, 190, 150, 210),
    ("total", "all", "month", ORIGIN + 2, ORIGIN + 2, 140, 130, 149, 120, 160),
]
CAME = pa.table(
    {
        "account_id": ["anna", "anna", "bert", "anna", "bert", "zoe", "bert"],
        "month": pa.array([ORIGIN + 1] * 3 + [ORIGIN + 2] * 3 + [ORIGIN + 3], pa.int32()),
        "amount": [Decimal(each) for each in (100, 25, 50, 100, 50, 7, 1)],
    }
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def published(store: Store, lines=LINES, ranges=RANGES, facts: ForecastFacts = FACTS) -> StoredForecast:
    return read_forecast(
        store, write_forecast(store, _exact(LINE_SCHEMA, lines, 5), _exact(INTERVAL_SCHEMA, ranges, 5), facts).key
    )


def _exact(schema: pa.Schema, values, first: int) -> pa.Table:
    return rows(schema, [(*row[:first], *map(Decimal, row[first:])) for row in values])


def test_the_model_and_the_published_forecast_are_scored_apart_where_people_changed_it(store: Store):
    scores = track_record([published(store)], CAME, ORIGIN + 2)
    assert list(scores) == [("", 1), ("", 2)], "the third month has not come"
    first = scores["", 1]
    assert (first.cells, first.actual) == (2, 175)
    assert (first.model_error, first.model_bias) == (15, -15)  # 110 of 125
    assert (first.merged_error, first.merged_bias) == (5, 5)  # 130 of 125
    assert (first.touched, first.touched_actual, first.touched_model, first.touched_human) == (1, 125, 15, 5)
    assert (first.total_model, first.total_merged, first.total_actual) == (15, 5, 175)
    assert scores["", 2].touched == 0


def test_ranges_are_scored_by_account_and_total_of_months_alone(store: Store):
    scores = track_record([published(store)], CAME, ORIGIN + 2)
    first, second = scores["", 1], scores["", 2]
    assert (first.account_ranged, first.account_inside80, first.account_inside95) == (2, 1, 2)
    assert (first.total_ranged, first.total_inside80, first.total_inside95) == (1, 1, 1)
    assert (second.total_ranged, second.total_inside80, second.total_inside95) == (1, 0, 1)
    assert second.account_ranged == 0


def test_the_total_holds_customers_nobody_named_only_where_new_ones_were_expected(store: Store):
    assert track_record([published(store)], CAME, ORIGIN + 2)["", 2].total_actual == 150
    expecting = published(store, [*LINES, (NEW_CUSTOMERS, "", "small", ORIGIN + 2, "statistical", 5)])
    second = track_record([expecting], CAME, ORIGIN + 2)["", 2]
    assert (second.total_actual, second.total_merged) == (157, 12)
    assert (second.cells, second.merged_error) == (2, 10), "nobody without a name is an account"


def test_an_account_that_was_gone_and_stayed_away_is_no_success(store: Store):
    gone = [("gone", "api", "small", ORIGIN + 1, "statistical", 0)]
    nothing = [("account", "gone", "month", ORIGIN + 1, ORIGIN + 1, 0, 0, 0, 0, 0)]
    with_gone = track_record([published(store, [*LINES, *gone], [*RANGES, *nothing])], CAME, ORIGIN + 2)
    assert with_gone == track_record([published(store)], CAME, ORIGIN + 2)


def test_scores_of_forecasts_add_up_and_split_by_segment(store: Store):
    other = published(store, facts=replace(FACTS, origin=ORIGIN - 1, horizon=4))
    both = track_record([published(store), other], CAME, ORIGIN + 2)
    assert both["", 2].forecasts == 2
    assert both["", 2].actual == 150 + 175
    split = track_record([published(store)], CAME, ORIGIN + 2, by_segment=True)
    assert split["large", 1].merged_error == 5
    assert split["small", 1].merged_error == 0
    assert split["large", 1].totals == 0
