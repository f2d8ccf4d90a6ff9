"""Challengers on planted series, ragged rows and odd values."""

import numpy as np
import pytest

from growthring.forecast.challengers import (
    CHALLENGERS,
    CROSTON,
    DAMPED_TREND,
    DRIFT,
    DYNAMIC_THETA,
    NAIVE,
    SBA,
    SEASONAL_NAIVE,
    SIMPLE_SMOOTHING,
    TSB,
    WINDOW_AVERAGE,
    Challenger,
)
from growthring.forecast.challengers.history import CEILING, chained, compact
from growthring.forecast.panel import Cell, Panel
from growthring.kernel.errors import UnknownValueError
from tests.forecast.backtest.panels import panel_of

CHANCE = np.random.default_rng(20)


def dense(values: np.ndarray) -> Panel:
    """Return a panel of customers that were always there."""
    rows = len(values)
    cells = np.where(values == 0, Cell.ZERO, Cell.PRESENT).astype(np.uint8)
    return Panel(np.arange(rows).astype(str), np.full(rows, ""), 2024 * 12, values.astype(float), cells)


@pytest.mark.parametrize("model", CHALLENGERS, ids=lambda model: model.name)
def test_every_challenger_answers_odd_rows_within_bounds(model: Challenger) -> None:
    panel = panel_of(
        {
            "steady": [5.0] * 16,
            "zero": [0] * 16,
            "new": ["."] * 15 + [7],
            "never": ["."] * 16,
            "gone": [3] * 10 + ["x"] * 6,
            "hidden": [4] * 14 + ["?"] * 2,
            "unknown": ["?"] * 16,
            "holes": [1, "?", 3, 4, "?", "?", 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
            "falls": list(range(160, 0, -10)),
            "explodes": [10.0**power for power in range(16)],
            "negative": [5, -3] * 8,
            "sparse": [0, 0, 9, 0, 0, 0, 4, 0, 0, 0, 0, 6, 0, 0, 0, 2],
        }
    )
    found = model.predict(panel, 6)
    point = dict(zip(panel.accounts.tolist(), found.point, strict=True))
    assert np.isnan(point.pop("unknown")).all()
    assert np.isfinite(np.array(list(point.values()))).all()
    assert all((row >= 0).all() for row in point.values())
    assert (point["explodes"] <= CEILING * 1e15).all()
    assert (point["gone"] == 0).all() and (point["never"] == 0).all() and (point["zero"] == 0).all()
    np.testing.assert_allclose(point["steady"], 5.0)
    np.testing.assert_allclose(point["new"], 7.0)
    ranges = found.quantiles()
    assert ranges is not None
    known = np.isfinite(ranges)
    assert (np.diff(ranges, axis=2)[known[..., 1:]] >= 0).all()


def test_a_row_too_short_for_a_method_is_marked_as_the_naive_forecast_it_is() -> None:
    panel = panel_of({"long": list(range(10, 30)), "short": ["."] * 17 + [5, 9, 6]})
    found = DYNAMIC_THETA.predict(panel, 3)
    assert found.made_by.tolist() == ["theta", "naive"]
    np.testing.assert_allclose(found.point[1], 6.0)


def test_holes_within_a_row_are_filled_on_the_line_and_ends_are_left() -> None:
    series = compact(panel_of({"a": [".", 2, "?", "?", 8, "?"], "b": ["?", "?", 1, 1, 1, 1]}))
    np.testing.assert_allclose(series.values[0], [np.nan, np.nan, 2, 4, 6, 8])
    assert series.lengths.tolist() == [4, 4]
    assert series.silent.tolist() == [1, 0]


def test_simple_methods_say_what_their_names_say() -> None:
    values = np.array([[float(month) for month in range(1, 25)]])
    panel = dense(values)
    assert NAIVE.predict(panel, 2).point.tolist() == [[24, 24]]
    assert DRIFT.predict(panel, 2).point.tolist() == [[25, 26]]
    assert SEASONAL_NAIVE.predict(panel, 13).point[0, [0, 11, 12]].tolist() == [13, 24, 13]
    assert WINDOW_AVERAGE.predict(panel, 2).point.tolist() == [[23, 23]]


def test_a_panel_that_ends_with_an_unknown_month_forecasts_from_the_last_known_one() -> None:
    panel = panel_of({"a": [1, 2, 3, "?"], "b": [2, 4, 6, "?"]})
    assert DRIFT.predict(panel, 2).point.tolist() == [[5, 6], [10, 12]]


def test_smoothing_finds_the_weight_that_made_the_series() -> None:
    rows, months, alpha = 60, 400, 0.3
    noise = CHANCE.normal(0, 1, (rows, months))
    level, values = np.full(rows, 100.0), np.empty((rows, months))
    for month in range(months):
        values[:, month] = level + noise[:, month]
        level = level + alpha * noise[:, month]
    found = SIMPLE_SMOOTHING.predict(dense(values), 1)
    assert np.abs(found.point[:, 0] - level).mean() < 0.25
    ranges = found.quantiles((0.1, 0.9))
    assert ranges is not None
    assert np.median(ranges[:, 0, 1] - ranges[:, 0, 0]) == pytest.approx(2 * 1.2816, rel=0.05)


def test_a_damped_trend_fades_as_it_did_in_the_series() -> None:
    steps = np.arange(40)
    values = 100 + 50 * (1 - 0.9**steps) / 0.1 * 0.9
    future = 100 + 50 * (1 - 0.9 ** np.arange(40, 46)) / 0.1 * 0.9
    found = DAMPED_TREND.predict(dense(np.stack([values, 2 * values])), 6)
    np.testing.assert_allclose(found.point, np.stack([future, 2 * future]), rtol=0.002)


def test_theta_carries_half_of_a_straight_lines_slope_or_more() -> None:
    values = 100 + 2.0 * np.arange(60)[None, :] + CHANCE.normal(0, 0.5, (20, 60))
    found = DYNAMIC_THETA.predict(dense(values), 6).point
    slope = (found[:, -1] - found[:, 0]) / 5
    assert np.median(slope) > 0.9
    assert np.abs(found[:, 0] - 220).max() < 4


def test_croston_divides_the_smoothed_size_by_the_smoothed_gap() -> None:
    panel = dense(np.array([[0, 6, 0, 0, 6, 0, 0, 6.0] * 6]))
    values = panel.values[0]
    size, gap, since = np.nan, np.nan, 0
    for value in values:
        since += 1
        if value > 0:
            size = value if np.isnan(size) else size + 0.1 * (value - size)
            gap = since if np.isnan(gap) else gap + 0.1 * (since - gap)
            since = 0
    assert CROSTON.predict(panel, 1).point[0, 0] == pytest.approx(size / gap)
    assert SBA.predict(panel, 1).point[0, 0] == pytest.approx(0.95 * size / gap)


def test_tsb_fades_while_nothing_comes_and_croston_does_not() -> None:
    active, silent = [0, 6] * 12, [0] * 12
    panel, longer = dense(np.array([active])), dense(np.array([active + silent]))
    assert CROSTON.predict(panel, 1).point[0, 0] == pytest.approx(CROSTON.predict(longer, 1).point[0, 0])
    assert TSB.predict(longer, 1).point[0, 0] == pytest.approx(0.9**12 * TSB.predict(panel, 1).point[0, 0])


def test_the_history_of_a_sum_is_free_of_customers_that_joined() -> None:
    panel = panel_of({"a": [10, 11, 12, 13], "b": [".", ".", 100, 100], "left out": [9, 9, 9, 9]})
    history = chained(panel, np.array([0, 0, -1]))
    np.testing.assert_allclose(history.values[0], [112 * 10 / 12, 112 * 11 / 12, 112, 113])


def test_ranges_of_a_sum_come_from_the_sums_own_history() -> None:
    shared = np.cumsum(CHANCE.normal(0, 5, 60)) + 200
    panel = dense(np.tile(shared, (40, 1)) + CHANCE.normal(0, 1, (40, 60)))
    ranges = NAIVE.predict(panel, 3).group_quantiles(np.zeros(40, np.int64), (0.1, 0.9))
    assert ranges is not None and ranges.shape == (1, 3, 2)
    width = ranges[0, 0, 1] - ranges[0, 0, 0]
    assert width == pytest.approx(2 * 1.2816 * 40 * 5, rel=0.35)


def test_a_level_that_is_not_published_is_refused() -> None:
    with pytest.raises(UnknownValueError, match=r"0\.33"):
        NAIVE.predict(dense(np.ones((1, 5))), 1).quantiles((0.33,))
