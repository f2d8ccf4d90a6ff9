"""The product's own smoothing against statsforecast on real series; peers behind extras; the global model."""

import sys

import numpy as np
import pytest

from growthring.forecast.backtest.metrics import wape
from growthring.forecast.challengers import (
    DAMPED_TREND,
    DYNAMIC_THETA,
    SIMPLE_SMOOTHING,
    Challenger,
    GlobalTrees,
    auto_ets,
    dynamic_optimized_theta,
)
from growthring.forecast.challengers.peers import _method
from growthring.forecast.panel import Cell, Panel
from growthring.kernel.errors import GrowthringError
from tests.forecast.real_panels import usage_panel

ROWS, HORIZON = 150, 6


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Return real series of at least two years, cut half a year before their end."""
    whole = usage_panel()
    past = whole.through(whole.last_month.index - HORIZON)
    long = np.flatnonzero((past.is_present[:, -24:].sum(axis=1) >= 23) & whole.is_present[:, -HORIZON:].all(axis=1))
    return past.take(long[:: len(long) // ROWS][:ROWS])


@pytest.fixture(scope="module")
def actual(panel: Panel) -> np.ndarray:
    whole = usage_panel()
    rows = np.searchsorted(whole.accounts, panel.accounts)
    return whole.values[rows, -HORIZON:]


@pytest.mark.real
@pytest.mark.parametrize(
    ("own", "theirs", "median_gap"),
    [
        (SIMPLE_SMOOTHING, "SimpleExponentialSmoothingOptimized", 0.002),
        (DYNAMIC_THETA, "DynamicOptimizedTheta", 0.01),
        (DAMPED_TREND, "AutoETS", 0.05),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_own_methods_forecast_real_series_as_the_library_does(
    own: Challenger, theirs: str, median_gap: float, panel: Panel, actual: np.ndarray
) -> None:
    models = pytest.importorskip("statsforecast.models")
    options = {"AutoETS": {"season_length": 1, "model": "AAN", "damped": True}, "DynamicOptimizedTheta": {"season_length": 1}}
    library = getattr(models, theirs)(**options.get(theirs, {}))
    mine = own.predict(panel, HORIZON).point
    other = np.stack([library.forecast(y=row[np.isfinite(row)], h=HORIZON)["mean"] for row in _filled(panel)])
    gap = np.abs(mine - other) / np.maximum(other, 1)
    assert np.median(gap) < median_gap
    assert wape(mine, actual) < 1.03 * wape(other, actual)


def _filled(panel: Panel) -> np.ndarray:
    from growthring.forecast.challengers.history import compact

    return compact(panel).values


def test_a_series_the_library_refuses_is_marked_as_naive() -> None:
    pytest.importorskip("statsforecast")

    class Refusing:
        def forecast(self, *, y: np.ndarray, h: int, level: list[int]) -> dict[str, np.ndarray]:
            if y[-1] > 100:
                raise ValueError("no model able to be fitted")
            bounds = {f"{side}-{each}": np.full(h, 9.0) for each in level for side in ("lo", "hi")}
            return {"mean": np.full(h, 9.0), **bounds}

    values = np.array([[1.0, 2, 3, 4], [1.0, 2, 3, 400]])
    panel = Panel(np.array(["a", "b"]), np.array(["", ""]), 24_000, values, np.full((2, 4), Cell.PRESENT, np.uint8))
    found = Challenger("peer", _method(Refusing())).predict(panel, 2)
    assert found.made_by.tolist() == ["peer", "naive"]
    assert found.point.tolist() == [[9.0, 9.0], [400.0, 400.0]]


@pytest.mark.parametrize("make", [dynamic_optimized_theta, auto_ets], ids=["theta", "ets"])
def test_peers_give_a_point_within_their_quantiles(make, panel: Panel) -> None:
    pytest.importorskip("statsforecast")
    some = panel.take(np.arange(12))
    found = make().predict(some, HORIZON)
    ranges = found.quantiles()
    assert ranges is not None
    assert (np.diff(ranges, axis=2) >= -1e-6 * ranges[..., 1:]).all()
    total = found.group_quantiles(np.zeros(12, np.int64))
    assert total is not None and total.shape == (1, HORIZON, 9)


@pytest.mark.parametrize("library", ["statsforecast", "lightgbm"])
def test_a_missing_extra_is_named_with_its_remedy(library: str, monkeypatch: pytest.MonkeyPatch, panel: Panel) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(GrowthringError, match=r"pip install 'growthring\["):
        _ = auto_ets() if library == "statsforecast" else GlobalTrees().predict(panel, 2)


def grown(rows: int, months: int, chance: np.random.Generator) -> Panel:
    """Return two kinds of accounts whose growth can be told from their past: half grow 4 % a month, half fall 2 %."""
    rate = np.where(np.arange(rows) % 2 == 0, 0.04, -0.02)[:, None]
    values = np.exp(6 + rate * np.arange(months) + chance.normal(0, 0.02, (rows, months)))
    return Panel(np.arange(rows).astype(str), np.full(rows, ""), 24_000, values, np.full(values.shape, Cell.PRESENT, np.uint8))


def test_the_global_model_learns_growth_that_accounts_share() -> None:
    pytest.importorskip("lightgbm")
    panel = grown(80, 30, np.random.default_rng(4))
    past = panel.through(24_000 + 23)
    model = GlobalTrees()
    found = model.predict(past, 6)
    assert wape(found.point, panel.values[:, 24:]) < 0.05
    np.testing.assert_array_equal(found.point, model.predict(past, 6).point)
    assert set(found.made_by.tolist()) == {"LightGBM"}


def test_the_global_model_s_totals_are_not_biased_low_by_learning_logs() -> None:
    pytest.importorskip("lightgbm")
    chance = np.random.default_rng(5)
    values = np.exp(6 + chance.normal(0, 0.5, (400, 30)))
    panel = Panel(np.arange(400).astype(str), np.full(400, ""), 24_000, values, np.full(values.shape, Cell.PRESENT, np.uint8))
    found = GlobalTrees().predict(panel, 3)
    expected = 400 * 3 * np.exp(6 + 0.5**2 / 2)
    assert abs(found.point.sum() / expected - 1) < 0.04, "the exponential of the mean log would lie 12 % below"


def test_too_few_pairs_for_a_global_model_are_an_answer() -> None:
    pytest.importorskip("lightgbm")
    with pytest.raises(GrowthringError, match="too few for one global model"):
        GlobalTrees().predict(grown(3, 10, np.random.default_rng(1)), 3)
