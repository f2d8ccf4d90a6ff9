"""The model as a whole: what it may see, what it must find, and what it must not invent."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from growthring.forecast.growth import CohortGrowth, Learner
from growthring.forecast.panel import Cell, Panel
from growthring.forecast.policy import STANDARD
from tests.forecast.real_panels import usage_panel
from tests.forecast.simulated import panel, panel_of_values, simulated

HORIZON = 6
TOTAL = np.zeros(10_000, dtype=np.int64)


@pytest.fixture(scope="module")
def grown() -> Panel:
    return simulated(rows=400, months=40, growth={"large": 0.01, "small": 0.05}, churn=0.01, noise=0.08, shock=0.01, late=0.3)


def said(history: Panel, horizon: int = HORIZON) -> list[np.ndarray]:
    """Everything a forecast says: points, ranges of rows and sums, futures."""
    found = CohortGrowth().predict(history, horizon)
    rows = np.arange(history.rows)
    codes = rows % 2
    return [found.point, found.quantiles(), found.group_quantiles(codes), found.group_quantiles(codes * 0), found.paths(rows, 20)]


def test_changing_what_comes_after_the_origin_changes_nothing(grown: Panel) -> None:
    """Leak test: values, departures and arrivals after the origin are set at random; not one bit of the forecast moves."""
    origin = grown.first_month + 29
    chance = np.random.default_rng(1)
    values, cells = grown.values.copy(), grown.cells.copy()
    values[:, 30:] = np.exp(chance.normal(5, 3, values[:, 30:].shape))
    cells[:, 30:] = chance.choice([Cell.PRESENT, Cell.GONE, Cell.MISSING], cells[:, 30:].shape)
    changed = replace(grown, values=values, cells=cells)
    for before, after in zip(said(grown.through(origin)), said(changed.through(origin)), strict=True):
        np.testing.assert_array_equal(before, after)


def test_past_forecasts_do_not_see_their_outcomes(grown: Panel) -> None:
    """What calibration and curves of a past origin say is the same when everything after that origin is cut away.

    Own drift, level weight and calendar are chosen once with all of history, so they are switched off here.
    """
    policy = STANDARD.model_copy(update={"own_drift": False, "seasonality": False, "levels": (1.0,)})
    whole, cut = Learner(grown, 3, policy), Learner(grown.through(grown.first_month + 24), 3, policy)
    for ahead in (1, 2, 3):
        np.testing.assert_array_equal(whole.base(24, ahead), cut.base(24, ahead))
        np.testing.assert_array_equal(whole.calibration(24, ahead), cut.calibration(24, ahead))


def test_on_permuted_months_it_finds_nothing() -> None:
    """Shuffle test: with months in random order there is no growth, no season and no drift to know, so nothing is claimed.

    The best guess of the next month is then the account's usual level; the model may not be worse than the last month either.
    """
    claimed, better = [], []
    for seed in range(8):
        truth = simulated(rows=200, months=37, growth={"all": 0.03}, seed=seed, noise=0.03)
        order = np.random.default_rng(seed).permutation(37)
        shuffled = replace(truth, values=truth.values[:, order])
        history, came = shuffled.through(shuffled.first_month + 35), shuffled.values[:, 36]
        model = CohortGrowth(STANDARD.model_copy(update={"levels": (1.0,)})).predict(history, 1)
        claimed.append(np.log(model.point[:, 0].sum() / history.values[:, -1].sum()))
        naive = np.abs(history.values[:, -1] - came).sum()
        better.append(1 - np.abs(model.point[:, 0] - came).sum() / naive)
        assert not model.assumptions.season.any()
    assert abs(np.mean(claimed)) < 2 * np.std(claimed) / np.sqrt(len(claimed)) + 0.05
    assert np.mean(better) < 2 * np.std(better) / np.sqrt(len(better)) + 0.02


def test_it_beats_the_last_value_and_is_right_in_sum_where_growth_is_planted() -> None:
    errors, naive, bias = [], [], []
    for seed in range(5):
        truth = simulated(rows=400, months=36, seed=seed, growth={"large": 0.01, "small": 0.06}, churn=0.01, late=0.3)
        found = CohortGrowth().predict(truth.through(truth.first_month + 29), HORIZON).point
        came = np.where(truth.cells[:, 30:] == Cell.GONE, 0.0, truth.values[:, 30:])
        known = ~np.isnan(found) & ~np.isnan(came)
        last = np.where(known, np.nan_to_num(truth.values[:, 29])[:, None], 0)
        errors.append(np.abs(found - came)[known].sum())
        naive.append(np.abs(last - came)[known].sum())
        bias.append(float((found - came)[known].sum() / came[known].sum()))
    assert sum(errors) < 0.85 * sum(naive)
    assert abs(np.mean(bias)) < 0.03 + np.std(bias) / np.sqrt(len(bias))


def test_assumptions_tell_survival_and_growth_apart() -> None:
    truth = simulated(
        rows=3_000, months=37, growth={"stays": 0.00, "grows": 0.04}, churn={"stays": 0.0, "grows": 0.03}, noise=0.03, late=0.5
    )
    found = CohortGrowth().predict(truth, 12).assumptions
    assert list(found.segments) == ["grows", "stays"]
    for ahead in (1, 6, 12):
        assert found.survival[:, ahead - 1] == pytest.approx([0.97**ahead, 1.0], abs=0.05)
        assert found.growth[:, ahead - 1] == pytest.approx([np.exp(0.04 * ahead), 1.0], rel=0.04)


def test_permuted_rows_give_permuted_points_and_ranges(grown: Panel) -> None:
    order = np.random.default_rng(3).permutation(grown.rows)
    straight, permuted = CohortGrowth().predict(grown, 3), CohortGrowth().predict(grown.take(order), 3)
    np.testing.assert_allclose(straight.point[order], permuted.point, rtol=1e-9)
    np.testing.assert_allclose(straight.quantiles()[order], permuted.quantiles(), rtol=1e-6)


@pytest.mark.parametrize("factor", [1e-6, 3.0, 1e9])
def test_other_units_give_the_same_forecast_in_those_units(grown: Panel, factor: float) -> None:
    scaled = replace(grown, values=grown.values * factor)
    straight, other = CohortGrowth().predict(grown, 3), CohortGrowth().predict(scaled, 3)
    np.testing.assert_allclose(straight.point * factor, other.point, rtol=1e-6)
    np.testing.assert_allclose(straight.quantiles() * factor, other.quantiles(), rtol=1e-4)
    codes = np.arange(grown.rows) % 2
    np.testing.assert_allclose(straight.group_quantiles(codes) * factor, other.group_quantiles(codes), rtol=1e-4)


def test_who_left_is_forecast_as_nothing_and_who_is_unknown_not_at_all() -> None:
    history = simulated(rows=50, months=24)
    cells, values = history.cells.copy(), history.values.copy()
    cells[0, 20:], cells[1, 23], values[0, 20:], values[1, 23] = Cell.GONE, Cell.MISSING, np.nan, np.nan
    found = CohortGrowth().predict(replace(history, cells=cells, values=values), 3)
    assert not found.point[0].any()
    assert np.isnan(found.point[1]).all()
    assert (found.point[2:] > 0).all()
    assert not found.quantiles()[0].any()


def lumpy(share: float) -> np.ndarray:
    chance = np.random.default_rng(5)
    return np.exp(chance.normal(3, 1, (60, 24))) * (chance.random((60, 24)) < share)


_USUAL = np.exp(np.random.default_rng(0).normal(3, 1, (60, 24)))
_HOLES = np.where(np.isin(np.arange(24), (0, 5, 10, 23)), np.nan, _USUAL)
ODD = {
    "nobody": panel_of_values(np.zeros((0, 24))),
    "one account": simulated(rows=1),
    "one month": simulated(rows=40, months=1),
    "two months": simulated(rows=40, months=2),
    "five months, three years ahead": simulated(rows=40, months=5),
    "one value": simulated(rows=1, months=1),
    "all zero": panel_of_values(np.zeros((40, 24))),
    "always the same": panel_of_values(np.full((40, 24), 5.0)),
    "negative": panel_of_values(-_USUAL),
    "around zero": panel_of_values(np.random.default_rng(0).normal(0, 1, (60, 24))),
    "all gone": panel(np.full((40, 24), np.nan), np.full((40, 24), Cell.GONE, np.uint8)),
    "nothing known": panel_of_values(np.full((40, 24), np.nan)),
    "whole months missing": panel_of_values(_HOLES),
    "every other month missing": panel_of_values(np.where(np.arange(24) % 2, _USUAL, np.nan)),
    "seldom used": panel_of_values(lumpy(0.2)),
    "very large": panel_of_values(_USUAL * 1e15),
    "very small": panel_of_values(_USUAL * 1e-15),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_histories_get_an_answer_without_a_warning(name: str) -> None:
    history, horizon = ODD[name], 36 if "three years" in name else 6
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = CohortGrowth().predict(history, horizon)
        ranges, sums = found.quantiles(), found.group_quantiles(TOTAL[: history.rows])
        paths, coverage = found.paths(np.arange(history.rows), 10), found.coverage()
    assert found.point.shape == (history.rows, horizon)
    known = history.is_present[:, history.last_known]
    assert np.isfinite(found.point[known]).all()
    assert np.isfinite(paths).all()
    for each in (ranges, sums):
        assert (np.diff(each, axis=-1)[~np.isnan(each[..., 1:])] >= 0).all(), "a lower quantile lies above a higher one"
    assert all(cases == 0 or 0 <= share <= 1 for share, cases in coverage.values())


def test_a_month_that_nobody_knows_does_not_move_the_forecast() -> None:
    """The usage panel has no 2025-01: growth over the hole is learned from longer pairs, not read as a fall and a rise."""
    truth = simulated(rows=300, months=36, growth={"all": 0.03}, noise=0.03)
    values, cells = truth.values.copy(), truth.cells.copy()
    values[:, 20], cells[:, 20] = np.nan, Cell.MISSING
    straight = CohortGrowth().predict(truth, 3).point.sum(axis=0)
    holed = CohortGrowth().predict(replace(truth, values=values, cells=cells), 3).point.sum(axis=0)
    assert holed == pytest.approx(straight, rel=0.01)


def test_a_last_month_that_is_missing_moves_the_origin_back() -> None:
    truth = simulated(rows=100, months=30)
    values, cells = truth.values.copy(), truth.cells.copy()
    values[:, 29], cells[:, 29] = np.nan, Cell.MISSING
    holed = CohortGrowth().predict(replace(truth, values=values, cells=cells), 3)
    np.testing.assert_allclose(holed.point, CohortGrowth().predict(truth.through(truth.first_month + 28), 3).point)


def test_ranges_of_months_beyond_the_evidence_are_wider_not_the_same() -> None:
    """Fourteen months of history measure no error of twelve months ahead, so its range grows as a random walk does."""
    found = CohortGrowth().predict(simulated(rows=200, months=14, shock=0.03), 12)
    total = found.group_quantiles(TOTAL[:200], (0.1, 0.9))[0]
    width = np.log(total[:, 1] / total[:, 0])
    assert np.isfinite(width).all()
    assert width[11] == pytest.approx(width[5] * np.sqrt(2), rel=0.35)
    assert (np.diff(width) >= -1e-9).all()
    rows = found.quantiles((0.1, 0.9))
    assert np.isfinite(rows).all()
    alone = found.group_quantiles(TOTAL[:200], (0.1, 0.9), windows=[(1, 12)])
    assert np.isfinite(alone).all(), "a year asked for alone has a range, too"


def test_a_few_accounts_that_used_nothing_do_not_take_the_curve_to_zero() -> None:
    """Seldom used series: in most past months a small segment used nothing, and yet its expected use is not nothing."""
    found = CohortGrowth().predict(panel_of_values(lumpy(0.2)), 6)
    usual = lumpy(0.2).mean(axis=1).sum()
    assert 0.5 * usual < found.point[:, 0].sum() < 2 * usual


@pytest.mark.real
def test_on_real_usage_it_misses_a_tenth_less_than_the_last_value() -> None:
    """One origin of the real panel, six months ahead, accounts listed through the horizon."""
    history = usage_panel()
    origin = history.months - 7
    rows = history.is_present[:, [origin, history.months - 1]].all(axis=1)
    cut = history.through(history.first_month + origin)
    found = CohortGrowth().predict(cut, 6).point[rows, 5]
    last, came = history.values[rows, origin], history.values[rows, origin + 6]
    assert rows.sum() > 5_000
    assert np.abs(found - came).sum() < 0.9 * np.abs(last - came).sum()
    assert abs(found.sum() - came.sum()) < abs(last.sum() - came.sum())
