"""Rolling origins on panels small enough to be scored by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from growthring.forecast.backtest import Absence, Protocol, backtest, figures, last_origins
from growthring.forecast.backtest.cost import measured
from growthring.forecast.backtest.metrics import bias, wape
from growthring.forecast.challengers import NAIVE
from growthring.forecast.panel import Panel, Values
from growthring.forecast.prediction import LEVELS, Prediction
from growthring.kernel.errors import GrowthringError
from tests.forecast.backtest.panels import FIRST, panel_of

PANEL = panel_of(
    {
        "grows": [10, 10, 12, 14],
        "leaves": [5, 5, "x", "x"],
        "starts": [".", ".", 7, 9],
        "hides": [8, 8, "?", 8],
    },
    segment=["big", "small", "small", "big"],
)


@dataclass(frozen=True)
class PointPrediction:
    """A prediction without ranges."""

    panel: Panel
    point: Values

    def quantiles(self, levels: tuple[float, ...] = LEVELS) -> Values | None:
        return None

    def group_quantiles(self, codes: np.ndarray, levels: tuple[float, ...] = LEVELS) -> Values | None:
        return None


def _figures(found: object, level: str, step: str = "month") -> dict[str, float | None]:
    return figures(found.tallies["naive"][level, step].select())  # type: ignore[attr-defined]


def test_without_a_survivor_filter_an_account_that_left_counts_as_zero() -> None:
    found = backtest(PANEL, [NAIVE], Protocol((FIRST + 1,), 2))
    account = _figures(found, "account")
    assert account["items"] == 4
    assert account["wape"] == pytest.approx((2 + 4 + 5 + 5) / (12 + 14))
    assert found.left_out == [1]


def test_censored_scores_only_accounts_listed_through_the_horizon() -> None:
    found = backtest(PANEL, [NAIVE], Protocol((FIRST + 1,), 2, Absence.CENSORED))
    assert found.scored == [1]
    assert _figures(found, "account")["wape"] == pytest.approx((2 + 4) / (12 + 14))


def test_accounts_that_begin_after_the_origin_stand_apart_from_those_forecast() -> None:
    found = backtest(PANEL, [NAIVE], Protocol((FIRST + 1,), 2))
    assert _figures(found, "total")["actual"] == 26
    assert _figures(found, "total with new business")["actual"] == 26 + 7 + 9
    assert found.new_business == [16]


def test_errors_of_a_segment_cancel_within_it_and_no_further() -> None:
    found = backtest(PANEL, [NAIVE], Protocol((FIRST + 1,), 2))
    assert _figures(found, "segment")["wape"] == pytest.approx((2 + 4 + 5 + 5) / 26)
    assert _figures(found, "total")["wape"] == pytest.approx((abs(15 - 12) + abs(15 - 14)) / 26)


def test_quarters_are_scored_on_sums_of_three_months() -> None:
    panel = panel_of({"a": [4, 4, 5, 3, 6]})
    found = backtest(panel, [NAIVE], Protocol((FIRST + 1,), 3))
    assert _figures(found, "total", "quarter")["wape"] == pytest.approx(abs(12 - 14) / 14)


def test_a_month_of_which_nothing_is_known_is_not_scored() -> None:
    panel = panel_of({"a": [4, 4, "?", 5], "b": [1, 1, "?", 1]})
    found = backtest(panel, [NAIVE], Protocol((FIRST + 1,), 2, Absence.CENSORED))
    assert found.scored == [2]
    assert _figures(found, "account")["items"] == 2


def test_rows_are_matched_by_account_when_an_origin_saw_others_in_another_order() -> None:
    def earlier(origin: int) -> Panel:
        return PANEL.through(origin).take(np.array([1, 0]))

    found = backtest(PANEL, [NAIVE], Protocol((FIRST + 1,), 2), as_of=earlier)
    assert _figures(found, "account")["wape"] == pytest.approx((2 + 4 + 5 + 5) / 26)
    assert found.new_business == [16 + 8]


def test_nothing_after_the_origin_reaches_a_model() -> None:
    chance = np.random.default_rng(5)
    changed = PANEL.values.copy()
    changed[:, 2:] *= chance.uniform(2, 9, changed[:, 2:].shape)
    seen: list[Panel] = []

    class Spy:
        name = "naive"

        def predict(self, panel: Panel, horizon: int) -> Prediction:
            seen.append(panel)
            return NAIVE.predict(panel, horizon)

    for panel in (PANEL, replace(PANEL, values=changed)):
        backtest(panel, [Spy()], Protocol((FIRST + 1,), 2))
    np.testing.assert_array_equal(seen[0].values, seen[1].values)
    assert seen[0].months == seen[1].months == 2


def test_a_panel_that_holds_later_months_is_refused() -> None:
    with pytest.raises(GrowthringError, match="ends with 2024-04"):
        backtest(PANEL, [NAIVE], Protocol((FIRST + 1,), 2), as_of=lambda origin: PANEL)


def test_a_row_without_a_forecast_counts_as_zero_and_is_reported() -> None:
    class Silent:
        name = "naive"

        def predict(self, panel: Panel, horizon: int) -> Prediction:
            return PointPrediction(panel, np.full((panel.rows, horizon), np.nan))

    found = backtest(PANEL, [Silent()], Protocol((FIRST + 1,), 2))
    assert found.unanswered["naive"] == [2]
    assert _figures(found, "account")["wape"] == 1.0


def test_an_origin_at_which_a_segment_was_not_there_yet_counts_nothing_for_it() -> None:
    panel = panel_of({"a": [4, 4, 4, 4, 4], "b": [".", ".", 9, 9, 9]}, segment=["old", "new"])

    def known(origin: int) -> Panel:
        seen = panel.through(origin)
        return seen.take(np.isfinite(seen.values).any(axis=1))

    found = backtest(panel, [NAIVE], Protocol((FIRST + 1, FIRST + 2), 2), as_of=known)
    tally = found.tallies["naive"]["account", "month"]
    assert list(tally.groups) == ["old", "new"]
    assert [tally.select(origins=[place], groups=[1])["items"] for place in (0, 1)] == [0, 2]


def test_intervals_are_scored_at_every_level() -> None:
    class Wide(PointPrediction):
        def quantiles(self, levels: tuple[float, ...] = LEVELS) -> np.ndarray:
            return self.point[:, :, None] + (np.array(levels) - 0.5) * 10

        def group_quantiles(self, codes: np.ndarray, levels: tuple[float, ...] = LEVELS) -> np.ndarray:
            sums = np.stack([self.point[codes == code].sum(axis=0) for code in range(codes.max() + 1)])
            return sums[:, :, None] + (np.array(levels) - 0.5) * 10

    class WideForecast:
        name = "naive"

        def predict(self, panel: Panel, horizon: int) -> Prediction:
            return Wide(panel, NAIVE.predict(panel, horizon).point)

    found = backtest(PANEL, [WideForecast()], Protocol((FIRST + 1,), 2))
    account, total = _figures(found, "account"), _figures(found, "total")
    assert account["coverage_80"] == pytest.approx(2 / 4)
    assert account["width_80"] == pytest.approx(4 * 8 / 26)
    assert total["coverage_80"] == 1.0
    assert total["interval_score_80"] == pytest.approx(2 * 8 / 26)


def test_origins_are_the_last_months_whose_horizon_is_known() -> None:
    panel = panel_of({"a": [1, 1, 1, 1, "?", 1, 1, 1]})
    assert last_origins(panel, 3, 2, history=1) == (FIRST + 2, FIRST + 3, FIRST + 5)


def test_too_short_a_panel_says_how_many_origins_it_holds() -> None:
    with pytest.raises(GrowthringError, match="hold 1 origins of 2 months ahead") as refused:
        last_origins(PANEL, 12, 2, history=1)
    assert "--origins 1" in str(refused.value)


def test_costs_are_measured_for_every_origin() -> None:
    found = backtest(PANEL, [NAIVE], Protocol((FIRST, FIRST + 1), 2))
    assert [cost.seconds > 0 for cost in found.costs["naive"]] == [True, True]


def test_quarters_have_intervals_where_a_model_knows_sums_over_months() -> None:
    class Summing(PointPrediction):
        def sums(self, windows: Sequence[tuple[int, int]]) -> np.ndarray:
            return np.stack([self.point[:, first - 1 : last].sum(axis=1) for first, last in windows], axis=1)

        def quantiles(self, levels: tuple[float, ...] = LEVELS, windows: Sequence[tuple[int, int]] | None = None) -> np.ndarray:
            point = self.point if windows is None else self.sums(windows)
            return point[:, :, None] + (np.array(levels) - 0.5) * (1 if windows is None else 10)

        def group_quantiles(
            self, codes: np.ndarray, levels: tuple[float, ...] = LEVELS, windows: Sequence[tuple[int, int]] | None = None
        ) -> np.ndarray:
            return self.quantiles(levels, windows)[codes >= 0].sum(axis=0, keepdims=True)

    class Model:
        name = "naive"

        def predict(self, panel: Panel, horizon: int) -> Prediction:
            return Summing(panel, NAIVE.predict(panel, horizon).point)

    panel = panel_of({"a": [4, 4, 5, 5, 5]})
    found = backtest(panel, [Model()], Protocol((FIRST + 1,), 3))
    assert _figures(found, "account")["coverage_80"] == 0.0
    assert _figures(found, "account", "quarter")["coverage_80"] == 1.0
    assert _figures(found, "total", "quarter")["width_80"] == pytest.approx(8 / 15)


def test_memory_of_a_forecast_is_measured_at_its_peak() -> None:
    with measured() as cost:
        held = np.ones(30_000_000)
        del held
    assert cost.peak_mb is None or 200 < cost.peak_mb < 400
    assert cost.seconds > 0


def test_sums_over_any_selection_are_the_figures_of_that_selection() -> None:
    """Figures by origin, segment and month are ratios of the same sums, whatever is selected."""
    chance = np.random.default_rng(8)
    values = chance.gamma(3.0, 20.0, (30, 20))
    rows = {f"a{row}": list(values[row]) for row in range(30)}
    panel = panel_of(rows, segment=["x", "y", "z"] * 10)
    origins = last_origins(panel, 5, 3)
    tally = backtest(panel, [NAIVE], Protocol(origins, 3)).tallies["naive"]["account", "month"]
    forecasts = [np.repeat(values[1::3, [origin - FIRST]], 3, axis=1) for origin in origins]
    actuals = [values[1::3, origin - FIRST + 1 : origin - FIRST + 4] for origin in origins]
    whole = figures(tally.select(groups=[1]))
    assert whole["wape"] == pytest.approx(wape(np.concatenate(forecasts), np.concatenate(actuals)))
    assert whole["bias"] == pytest.approx(bias(np.concatenate(forecasts), np.concatenate(actuals)))
    part = figures(tally.select(slice(1, 2), origins=[0, 0, 4], groups=[1]))
    picked = [np.concatenate([each[place][:, 1] for place in (0, 0, 4)]) for each in (forecasts, actuals)]
    assert part["wape"] == pytest.approx(wape(*picked))
