"""Measures of accuracy against hand-worked values and against an independent library."""

import numpy as np
import pytest

from growthring.forecast.backtest.metrics import (
    bias,
    covered,
    interval_score,
    mase,
    naive_scale,
    pinball_loss,
    vn1_score,
    wape,
    weighted_quantile_loss,
)

FORECAST, ACTUAL = np.array([[8.0, 6.0], [3.0, 0.0]]), np.array([[10.0, 5.0], [3.0, 2.0]])


def test_wape_bias_and_their_sum_are_shares_of_the_actual_volume() -> None:
    assert wape(FORECAST, ACTUAL) == pytest.approx(5 / 20)
    assert bias(FORECAST, ACTUAL) == pytest.approx(-3 / 20)
    assert vn1_score(FORECAST, ACTUAL) == pytest.approx(8 / 20)


def test_shares_of_nothing_are_undefined_rather_than_zero() -> None:
    nothing = np.zeros(2)
    assert np.isnan(wape(np.ones(2), nothing))
    assert np.isnan(bias(np.ones(2), nothing))


def test_the_scale_of_mase_skips_unknown_months_and_rows_that_never_changed() -> None:
    history = np.array([[1.0, 3.0, np.nan, 10.0, 14.0], [5.0, 5.0, 5.0, 5.0, 5.0], [np.nan, np.nan, 1.0, np.nan, 4.0]])
    np.testing.assert_allclose(naive_scale(history), [3.0, np.nan, np.nan])
    np.testing.assert_allclose(naive_scale(history, 2), [7.0, np.nan, 3.0])


def test_the_rounding_of_floats_is_no_change() -> None:
    assert np.isnan(naive_scale(np.array([[0.3, 0.1 + 0.2, 0.3]]))).all()


def test_mase_averages_over_rows_with_a_scale_only() -> None:
    assert mase(FORECAST, ACTUAL, np.array([2.0, np.nan])) == pytest.approx((1.0 + 0.5) / 2)


def test_a_point_forecast_repeated_at_every_level_has_its_wape_as_quantile_loss() -> None:
    levels = (0.1, 0.5, 0.9)
    repeated = np.repeat(FORECAST[..., None], 3, axis=2)
    assert weighted_quantile_loss(repeated, ACTUAL, levels) == pytest.approx(wape(FORECAST, ACTUAL))


def test_the_pinball_loss_is_least_at_the_true_quantile() -> None:
    drawn = np.random.default_rng(1).gamma(2.0, 3.0, 20_000)
    guesses = np.linspace(1, 20, 191)
    losses = [pinball_loss(np.full(len(drawn), guess), drawn, 0.9).mean() for guess in guesses]
    assert guesses[int(np.argmin(losses))] == pytest.approx(np.quantile(drawn, 0.9), abs=0.11)


def test_an_interval_covers_its_bounds_and_a_miss_costs_two_over_alpha() -> None:
    low, high, actual = np.array([1.0, 1.0, 1.0]), np.array([2.0, 2.0, 2.0]), np.array([1.0, 2.5, 0.9])
    assert covered(low, high, actual).tolist() == [1.0, 0.0, 0.0]
    np.testing.assert_allclose(interval_score(low, high, actual, 0.8), [1.0, 1 + 0.5 * 10, 1 + 0.1 * 10])


def test_measures_agree_with_an_independent_library() -> None:
    pandas = pytest.importorskip("pandas")
    library = pytest.importorskip("utilsforecast.losses")
    chance = np.random.default_rng(3)
    history, actual = chance.gamma(2.0, 5.0, (4, 30)), chance.gamma(2.0, 5.0, (4, 6))
    forecast, low, high = (
        actual * chance.lognormal(0.0, 0.3, actual.shape),
        actual * 0.8,
        actual * chance.uniform(0.9, 1.4, actual.shape),
    )
    names = np.repeat(np.array(["a", "b", "c", "d"]), 6)
    frame = pandas.DataFrame(
        {"unique_id": names, "y": actual.ravel(), "model": forecast.ravel(), "lo": low.ravel(), "hi": high.ravel()}
    )
    past = pandas.DataFrame({"unique_id": np.repeat(np.array(["a", "b", "c", "d"]), 30), "y": history.ravel()})
    for season in (1, 12):
        theirs = library.mase(frame, ["model"], seasonality=season, train_df=past)["model"].mean()
        assert mase(forecast, actual, naive_scale(history, season)) == pytest.approx(theirs)
    theirs = library.quantile_loss(frame, {"model": "hi"}, q=0.9)["model"].mean()
    assert pinball_loss(high, actual, 0.9).mean() == pytest.approx(theirs)
    theirs = library.coverage(frame.rename(columns={"lo": "model-lo-80", "hi": "model-hi-80"}), ["model"], 80)["model"].mean()
    assert covered(low, high, actual).mean() == pytest.approx(theirs)
    per_row = np.array([wape(forecast[row], actual[row]) for row in range(4)])
    theirs = library.nd(frame, ["model"])["model"].to_numpy()
    np.testing.assert_allclose(per_row, theirs)
