"""A forecast as it is published: its amounts add up exactly, whatever is asked and whichever layers are on."""

from collections.abc import Sequence
from decimal import Decimal

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from growthring.forecast.growth import CohortGrowth, GrowthForecast
from growthring.forecast.layers import ALL, Layer, fold
from growthring.forecast.new_customers import from_trend, newcomers
from growthring.forecast.outlook import Outlook, amounts
from growthring.forecast.panel import Cell
from growthring.forecast.snapshots import NEW_CUSTOMERS
from growthring.journal.forecast_entries import Override, OverrideLayer, OverrideMethod
from growthring.kernel.period import FiscalCalendar
from tests.forecast.overridden import override
from tests.forecast.simulated import FIRST, simulated

HORIZON = 14
MONTHS = 36
NEXT = FIRST + MONTHS


@pytest.fixture(scope="module")
def model() -> GrowthForecast:
    history = simulated(
        rows=120, months=MONTHS, growth={"large": 0.01, "mid": 0.02, "small": 0.04}, churn=0.01, late=0.4, shock=0.02
    )
    history.cells[5], history.values[5] = Cell.PRESENT, 0.0
    history.cells[5] = Cell.ZERO
    return CohortGrowth().predict(history, HORIZON)


def entries() -> list[Override]:
    """A rep on one account, a manager on a segment, finance on everything, and a rep on an account that uses nothing."""
    return [
        override(OverrideMethod.ADD, "120.3333", account_id="a00001", first_month=NEXT + 1, last_month=NEXT + 3),
        override(
            OverrideMethod.MULTIPLY, "1.0777", override_id=2, layer=OverrideLayer.MANAGER, attribute="segment",
            value="mid", first_month=NEXT,
        ),
        override(OverrideMethod.ADD, "-77.7777", override_id=3, layer=OverrideLayer.TOPSIDE, first_month=NEXT),
        override(OverrideMethod.REPLACE, "50", override_id=4, account_id="a00005", first_month=NEXT),
    ]  # fmt: skip


def outlook(model: GrowthForecast, on: Sequence[Layer] = ALL, *, with_new: bool = True) -> Outlook:
    folded = fold(model.point, model.panel, entries(), on=on)
    new = from_trend(newcomers(model.panel), model.horizon) if with_new else None
    return Outlook(model, folded, model.panel.segments(), new, FiscalCalendar())


def written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


def test_lines_add_up_exactly_to_every_amount(model: GrowthForecast) -> None:
    """Every account, segment and total of every month, quarter and year is the exact sum of the lines behind it."""
    found = outlook(model)
    connection = duckdb.connect()
    connection.register("line", found.lines())
    connection.register("ranges", found.intervals())
    where = {"account": "account_id = name", "segment": "segment = name", "total": "TRUE"}
    for scope, condition in where.items():
        rows = connection.execute(
            f"SELECT name, first_month, last_month, amount, (SELECT SUM(line.amount) FROM line WHERE {condition} "
            f"AND month BETWEEN first_month AND last_month) FROM ranges WHERE scope = '{scope}'"
        ).fetchall()
        assert rows
        assert all(isinstance(amount, Decimal) and amount == total for _, _, _, amount, total in rows), scope


def test_every_period_is_there_and_periods_add_up(model: GrowthForecast) -> None:
    """Fourteen months from January 2024: fourteen months, four quarters, one year; the quarters are the year."""
    found = outlook(model)
    assert [each.label for each in found.spans if each.kind == "quarter"] == ["2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4"]
    assert [each.window for each in found.spans if each.kind == "year"] == [(1, 12)]
    total = found.group_ranges(np.zeros(120, dtype=np.int64), found.spans, with_new=True)[0]
    first_year = [(span, each) for span, each in zip(found.spans, total, strict=True) if span.window[1] <= 12]
    by_kind = {kind: sum(each.amount for span, each in first_year if span.kind == kind) for kind in ("month", "quarter", "year")}
    assert by_kind["month"] == by_kind["quarter"] == by_kind["year"]


def test_segments_and_customers_to_come_are_the_total(model: GrowthForecast) -> None:
    found = outlook(model)
    names, codes = np.unique(found.segments, return_inverse=True)
    segments = found.group_ranges(codes, found.spans)
    (total,) = found.group_ranges(codes * 0, found.spans, with_new=True)
    assert len(segments) == len(names) == 3
    for place, span in enumerate(found.spans):
        new = int(found.new_units[span.window[0] - 1 : span.window[1]].sum())
        assert sum(each[place].amount for each in segments) + new == total[place].amount


def test_customers_to_come_are_in_the_total_only(model: GrowthForecast) -> None:
    with_new, without = outlook(model), outlook(model, with_new=False)
    assert with_new.new_units.sum() > 0
    assert NEW_CUSTOMERS not in without.lines().column("account_id").to_pylist()
    scopes = [[row for row in each.intervals().to_pylist() if row["scope"] != "total"] for each in (with_new, without)]
    assert scopes[0] == scopes[1]


@pytest.mark.parametrize("off", [Layer.REP, Layer.MANAGER, Layer.TOPSIDE])
def test_a_layer_switched_off_and_on_again_leaves_the_same_bytes(model: GrowthForecast, off: Layer) -> None:
    before = outlook(model)
    without = outlook(model, [each for each in ALL if each is not off])
    again = outlook(model)
    assert written(before.lines()) == written(again.lines())
    assert written(before.intervals()) == written(again.intervals())
    assert str(off) not in set(without.lines().column("layer").to_pylist())
    statistical = [each.lines().filter(pa.compute.field("layer") == "statistical").to_pylist() for each in (before, without)]
    assert statistical[0] == statistical[1], "nobody's entry overwrites what the model says"


def test_amounts_lie_in_their_ranges_and_95_holds_80(model: GrowthForecast) -> None:
    """Also for the account that uses nothing and was given 50 a month, and the one that was given an amount."""
    rows = outlook(model).intervals().to_pylist()
    for row in rows:
        assert row["low95"] <= row["low80"] <= row["high80"] <= row["high95"], row
        if (row["amount"] and row["scope"] != "account") or row["name"] in ("a00001", "a00005"):
            assert row["low95"] <= row["amount"] <= row["high95"], row


def test_an_added_amount_moves_a_range_and_does_not_widen_it(model: GrowthForecast) -> None:
    plain, moved = (
        outlook(model, on).account_ranges(outlook(model).spans)[1, 1]
        for on in ([Layer.STATISTICAL], [Layer.STATISTICAL, Layer.REP])
    )
    assert moved - plain == pytest.approx(np.full(4, 120.3333))


def test_taking_an_amount_away_leaves_no_range_of_usage_below_zero(model: GrowthForecast) -> None:
    """Of an account, and of a sum, whose range reached lower than what is left."""
    point = float(model.point[1, 0])
    less = [
        override(OverrideMethod.ADD, str(round(-0.95 * point, 4)), account_id="a00001", first_month=NEXT, last_month=NEXT),
        override(
            OverrideMethod.ADD, str(round(-0.95 * float(np.nansum(model.point[:, 1])), 4)), override_id=2,
            layer=OverrideLayer.TOPSIDE, first_month=NEXT + 1, last_month=NEXT + 1,
        ),
    ]  # fmt: skip
    found = Outlook(model, fold(model.point, model.panel, less), model.panel.segments(), None, FiscalCalendar())
    untouched = model.quantiles((0.025,))[1, 0, 0]
    assert untouched - 0.95 * point < 0, "the range would reach below 0"
    ranges = found.account_ranges(found.spans)
    assert ranges[1, 0, 2] == 0 < ranges[1, 0, 1]
    assert np.nanmin(ranges) >= 0
    alive = np.where(found.folded.is_known.any(axis=1), 0, -1)
    _, second = found.group_ranges(alive, found.spans[:2])[0]
    assert second.bounds[2] == 0 < second.amount < second.bounds[1] * 10_000


def test_too_little_evidence_is_no_range_not_a_narrow_one() -> None:
    history = simulated(rows=10, months=3)
    short = CohortGrowth().predict(history, 3)
    found = Outlook(short, fold(short.point, history, []), history.segments(), None, FiscalCalendar())
    assert {row["low80"] for row in found.intervals().to_pylist()} == {None}


def test_amounts_are_exact_decimals() -> None:
    units = np.array([0, 1, -1, 10_000, 123_456_789_012_345_678, -123_456_789_012_345_678])
    assert amounts(units).to_pylist() == [Decimal(int(each)).scaleb(-4) for each in units]
    assert amounts(units[:2], np.array([True, False])).to_pylist() == [Decimal("0.0000"), None]
