from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from growthring.engine.store import Store
from growthring.forecast.snapshots import INTERVAL_SCHEMA, LINE_SCHEMA, ForecastFacts, read_forecast, write_forecast
from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.kernel.period import Month

ORIGIN = Month.parse("2024-06").index
FACTS = ForecastFacts(
    as_of=date(2024, 6, 30), origin=ORIGIN, horizon=3, measure="revenue", unit="USD per month", model="CohortGrowth",
    model_version="1", policy="standard", policy_version="8551", snapshot_id="0e4e", layers=("statistical", "rep"),
    override_ids=(7,), coverage={"account 80": 0.81},
)  # fmt: skip
ROWS = [
    ("anna", "api", "large", ORIGIN + 1, "statistical", "100.1"),
    ("anna", "api", "large", ORIGIN + 1, "rep", "-0.1"),
    ("anna", "api", "large", ORIGIN + 3, "statistical", "7"),
    ("bert", "api", "small", ORIGIN + 2, "statistical", "0.0001"),
]
RANGES = [("total", "", "month", ORIGIN + 1, ORIGIN + 1, "100", "90", "110", "80", "120")]


def lines(rows=ROWS) -> pa.Table:
    return _table(rows, LINE_SCHEMA)


def ranges(rows=RANGES) -> pa.Table:
    return _table(rows, INTERVAL_SCHEMA)


def _table(rows, schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table(
        {
            each.name: pa.array([Decimal(value) for value in values] if pa.types.is_decimal(each.type) else values, each.type)
            for each, values in zip(schema, columns, strict=True)
        }
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_a_forecast_is_read_as_it_was_written(store: Store):
    written = write_forecast(store, lines(), ranges(), FACTS)
    found = read_forecast(store, written.key)
    assert found.facts == FACTS
    assert {tuple(row.values()) for row in found.lines.to_pylist()} == {(*row[:5], Decimal(row[5])) for row in ROWS}
    assert found.intervals.equals(ranges())
    assert found.totals() == {Month(ORIGIN + 1): Decimal("100"), Month(ORIGIN + 2): Decimal("0.0001"), Month(ORIGIN + 3): 7}
    assert found.totals(["rep"])[Month(ORIGIN + 1)] == Decimal("-0.1")


def test_the_order_of_rows_and_the_place_of_the_store_do_not_matter(store: Store, tmp_path: Path):
    one = write_forecast(store, lines(), ranges(), FACTS)
    other = write_forecast(Store(tmp_path / "elsewhere"), lines(ROWS[::-1]), ranges(), FACTS)
    assert one.key == other.key
    assert one.contents == other.contents
    assert write_forecast(store, lines(ROWS[1:] + ROWS[:1]), ranges(), FACTS).path == one.path
    assert store.built == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"lines": lines([*ROWS[:3], (*ROWS[3][:5], "0.0002")])},
        {"intervals": ranges([(*RANGES[0][:9], "121")])},
        {"facts": replace(FACTS, snapshot_id="0e4f")},
        {"facts": replace(FACTS, override_ids=())},
        {"facts": replace(FACTS, as_of=date(2024, 7, 1))},
    ],
)
def test_anything_that_differs_makes_another_forecast(store: Store, changed):
    kept = {"lines": lines(), "intervals": ranges(), "facts": FACTS}
    assert write_forecast(store, **kept).key != write_forecast(store, **kept | changed).key


def test_a_forecast_is_found_by_the_beginning_of_its_id(store: Store):
    key = write_forecast(store, lines(), ranges(), FACTS).key
    store.build("something else", ["x"], lambda folder: {})
    assert read_forecast(store, key[:6]).forecast_id == key
    for wrong in (key[:5], "ffffff", "*", "../../x", ""):
        with pytest.raises(UnknownValueError, match="Unknown forecast"):
            read_forecast(store, wrong)


def test_a_file_that_somebody_changed_is_refused(store: Store):
    written = write_forecast(store, lines(), ranges(), FACTS)
    other = write_forecast(store, lines(ROWS[:1]), ranges(), FACTS)
    (written.path / "forecast_line.parquet").write_bytes((other.path / "forecast_line.parquet").read_bytes())
    with pytest.raises(GrowthringError, match="not what was written"):
        read_forecast(store, written.key)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (lines([*ROWS, ROWS[0]]), "more than once"),
        (lines([("anna", "api", "large", ORIGIN, "statistical", "1")]), "2024-06"),
        (lines([("anna", "api", "large", ORIGIN + 4, "statistical", "1")]), "2024-10"),
        (lines([("anna", "api", "large", ORIGIN + 1, "horoscope", "1")]), "Unknown layer: horoscope"),
        (lines([("anna", "api", None, ORIGIN + 1, "rep", "1")]), "without segment"),
        (lines().drop_columns(["layer"]), "lacks layer"),
    ],
)
def test_lines_that_cannot_be_a_forecast_are_refused(store: Store, table: pa.Table, message: str):
    with pytest.raises(GrowthringError, match=message):
        write_forecast(store, table, ranges(), FACTS)


def test_ranges_out_of_order_are_refused(store: Store):
    with pytest.raises(GrowthringError, match="low80 above high80"):
        write_forecast(store, lines(), ranges([(*RANGES[0][:6], "111", "110", "80", "120")]), FACTS)
