"""The champion is replaced by skill and by nothing else."""

import numpy as np
import pytest

from growthring.forecast.backtest import Protocol, backtest, last_origins
from growthring.forecast.challengers import CHALLENGERS, DRIFT, NAIVE, SIMPLE_SMOOTHING, Challenger
from growthring.forecast.challengers.challenger import Outlook
from growthring.forecast.challengers.history import Compact
from growthring.forecast.champion import FEWEST_ORIGINS, choose_champions, holm, lead_by_chance
from growthring.forecast.panel import Cell, Panel, Values

MONTHS = 40


def panel_of(values: np.ndarray, segments: list[str] | None = None) -> Panel:
    rows = len(values)
    attributes = {"segment": np.array(segments)} if segments else {}
    cells = np.full(values.shape, Cell.PRESENT, np.uint8)
    return Panel(np.arange(rows).astype(str), np.full(rows, ""), 2023 * 12, values, cells, "units", attributes)


def history_mean(series: Compact, ahead: Values) -> Outlook:
    return Outlook(np.repeat(np.nanmean(series.values, axis=1, keepdims=True), len(ahead), axis=1))


def company(seed: int) -> np.ndarray:
    """Return levels of different sizes that grow, share a season and wander."""
    chance = np.random.default_rng(seed)
    steps = chance.normal(0.01, 0.05, (30, MONTHS)) + chance.normal(0, 0.02, MONTHS)
    season = 0.2 * np.sin(np.arange(MONTHS) * 2 * np.pi / 12)
    return np.exp(chance.normal(5, 1, (30, 1)) + steps.cumsum(axis=1) + season)


def test_a_challenger_with_planted_skill_replaces_the_champion_only_where_it_has_it() -> None:
    chance = np.random.default_rng(1)
    noise = chance.normal(0, 3, (40, MONTHS))
    trending = 500 + 10 * np.arange(MONTHS) + noise[:20]
    wandering = 500 + noise[20:].cumsum(axis=1)
    panel = panel_of(np.concatenate([trending, wandering]), ["trending"] * 20 + ["wandering"] * 20)
    found = backtest(panel, [NAIVE, DRIFT], Protocol(last_origins(panel, 16, 4), 4))
    champions = {each.segment: each for each in choose_champions(found, "naive", ["drift"])}
    assert champions["trending"].model == "drift"
    assert champions["trending"].because.startswith("replaced: better at 16 of 16 origins")
    assert champions["wandering"].model == "naive"


@pytest.mark.parametrize("seed", range(3))
def test_on_permuted_months_nobody_claims_skill_over_the_mean(seed: int) -> None:
    """When the order of months means nothing, nothing predicts better than the mean of the history."""
    values = np.random.default_rng(seed).permuted(company(seed), axis=1)
    panel = panel_of(values)
    mean = Challenger("history mean", history_mean)
    found = backtest(panel, [mean, *CHALLENGERS], Protocol(last_origins(panel, 12, 3), 3))
    (champion,) = choose_champions(found, "history mean", [each.name for each in CHALLENGERS])
    assert champion.model == "history mean"


@pytest.mark.parametrize("seed", range(3))
def test_on_permuted_changes_without_growth_nobody_claims_skill_over_naive(seed: int) -> None:
    """When changes have no mean and come in any order, the last value is the best that can be said."""
    changes = np.diff(np.log(company(seed)), axis=1)
    changes = np.random.default_rng(seed).permuted(changes - changes.mean(axis=1, keepdims=True), axis=1)
    changes *= np.random.default_rng(seed).choice([-1.0, 1.0], changes.shape)
    panel = panel_of(100 * np.exp(changes.cumsum(axis=1)))
    found = backtest(panel, CHALLENGERS, Protocol(last_origins(panel, 12, 3), 3))
    (champion,) = choose_champions(found, "naive", [each.name for each in CHALLENGERS if each.name != "naive"])
    assert champion.model == "naive"


@pytest.mark.parametrize(("origins", "horizon"), [(12, 1), (12, 6), (24, 6), (36, 12)])
def test_a_lead_without_skill_is_found_no_more_often_than_promised(origins: int, horizon: int) -> None:
    """Equal models whose errors share every month that overlaps: about one in twenty leads is called significant at 5 %."""
    chance = np.random.default_rng(9)
    months = chance.normal(0, 1, (2, 2000, origins + horizon - 1))
    errors = 10 + np.lib.stride_tricks.sliding_window_view(months, horizon, axis=2).mean(axis=3)
    called = [lead_by_chance(errors[0, trial], errors[1, trial], horizon) for trial in range(2000)]
    assert np.mean(np.array(called) <= 0.05) <= 0.07


def test_one_lucky_month_does_not_replace_a_champion() -> None:
    champion, challenger = np.full(16, 10.0), np.full(16, 10.1)
    champion[3] = 60.0
    assert challenger.sum() < champion.sum()
    lead = lead_by_chance(champion, challenger, 3)
    assert lead is not None and lead > 0.05


def test_too_few_origins_are_an_answer() -> None:
    panel = panel_of(company(3))
    found = backtest(panel, [NAIVE, SIMPLE_SMOOTHING], Protocol(last_origins(panel, FEWEST_ORIGINS - 1, 3), 3))
    (champion,) = choose_champions(found, "naive", ["SES"])
    assert champion.model == "naive"
    assert champion.because == "stays: 7 origins are too few to replace anybody; 8 are needed"
    assert champion.contests[0].chance is None


def test_chances_are_multiplied_over_challengers_and_never_fall() -> None:
    corrected = holm({"a": 0.03, "b": 0.01, "c": 0.02})
    assert corrected == pytest.approx({"a": 0.04, "b": 0.03, "c": 0.04})
