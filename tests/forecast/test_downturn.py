"""Who cuts: a planted sign is found and judged out of time; without one nothing is claimed. Cash comes later than usage."""

import numpy as np
import pytest

from growthring.forecast.downturn import auc, cash_effect, evidence, signs


def usage(seed: int, rows: int = 300, months: int = 30, *, cutters: float = 0.3, planted: bool) -> np.ndarray:
    """Usage in which some customers cut again and again; where nothing is planted everybody cuts now and then."""
    random = np.random.default_rng(seed)
    cuts = random.random(rows) < cutters
    level = random.lognormal(4, 1, rows)
    values = np.zeros((rows, months))
    for month in range(months):
        chance = np.where(cuts, 0.25, 0.01) if planted else np.full(rows, 0.08)
        falls = random.random(rows) < chance
        level = np.where(falls, level * 0.5, level * np.exp(random.normal(0.02, 0.02, rows)))
        values[:, month] = level
    return values


def test_a_planted_sign_is_found_and_told_out_of_time():
    found = [evidence(usage(seed, planted=True)) for seed in range(10)]
    assert all(each.tells for each in found)
    assert np.mean([each.area for each in found]) > 0.75
    assert all(each.sign in ("cut before", "volatile", "in decline", "small") for each in found)


def test_where_nothing_tells_who_cuts_it_is_said_seldom_enough():
    claims = sum(evidence(usage(seed, planted=False)).tells for seed in range(100))
    assert claims <= 8


def test_the_judgement_does_not_see_what_the_choice_saw():
    values = usage(3, planted=False)
    shuffled = values.copy()
    shuffled[:, -6:] = values[np.random.default_rng(0).permutation(len(values)), -6:]
    assert not evidence(shuffled).tells or evidence(shuffled).area < 0.9


def test_a_short_history_claims_nothing():
    found = evidence(usage(1, months=24, planted=True))
    assert found.sign == "" and not found.tells and found.score.shape == (300,)
    assert not evidence(usage(1, rows=15, planted=True)).tells


def test_the_area_is_the_chance_to_rank_right_and_its_error_is_honest():
    assert auc(np.array([3.0, 2, 1, 0]), np.array([True, True, False, False])) == (1.0, 0.0)
    assert auc(np.ones(6), np.array([True, False] * 3))[0] == 0.5
    random = np.random.default_rng(2)
    areas = [auc(random.random(80), random.random(80) < 0.4) for _ in range(300)]
    assert np.std([area for area, _ in areas]) == pytest.approx(np.mean([error for _, error in areas]), rel=0.15)


def test_signs_rise_with_what_they_name():
    steady, jumpy = np.full(24, 10.0), np.tile([10.0, 5.0], 12)
    found = signs(np.array([steady, jumpy, np.linspace(20, 5, 24)]))
    assert found["cut before"][1] > found["cut before"][0] == 0
    assert found["volatile"][1] > found["volatile"][0]
    assert found["in decline"][2] > found["in decline"][0] == 0


def test_cash_falls_after_the_delay_and_commitments_after_their_end():
    assert cash_effect(120, 120, delay_months=0, renewal_months=None).low == 120
    ended = cash_effect(120, 240, delay_months=2, renewal_months=0)
    assert (ended.low, ended.high) == (100, 200)
    assert cash_effect(120, 240, delay_months=2, renewal_months=24).high == 100
    assert cash_effect(120, 240, delay_months=20, renewal_months=1).high == 0
