"""Concentration: shares, movement that adds up, and correlations that are told from noise."""

import numpy as np
import pytest

from growthring.forecast.concentration import concentrate


def test_equal_groups_are_as_many_as_they_are_and_a_single_one_is_one():
    assert concentrate(np.ones((4, 3))).effective == pytest.approx(4)
    assert concentrate(np.array([[0.0, 5], [0, 0]])).hhi == 1


def test_contributions_to_the_variance_add_up_to_all_of_it():
    groups = np.random.default_rng(1).lognormal(2, 1, (6, 40)).cumsum(axis=1)
    assert concentrate(groups).contribution.sum() == pytest.approx(1)


def test_a_group_that_offsets_another_lowers_the_variance_of_the_total():
    wave = np.random.default_rng(2).normal(0, 1, 60)
    found = concentrate(np.array([100 + wave * 3, 100 - wave, np.full(60, 50.0)]))
    assert found.correlation[0, 1] == pytest.approx(-1)
    assert found.contribution[1] < 0 < found.contribution[0]
    assert found.contribution[2] == 0 and np.isnan(found.correlation[2, 0])
    assert found.diversification == pytest.approx(0.5)


def test_groups_that_only_grow_together_are_not_called_correlated():
    random = np.random.default_rng(3)
    beyond = 0
    for _ in range(300):
        groups = 100 + 5 * np.arange(25) + random.normal(0, 3, (2, 25)).cumsum(axis=1)
        assert np.corrcoef(groups)[0, 1] > 0.5  # levels would say so
        found = concentrate(groups)
        beyond += abs(found.correlation[0, 1]) > found.noise()
    assert beyond / 300 == pytest.approx(0.05, abs=0.03)


def test_a_short_history_is_not_enough_to_speak_of_movement():
    assert not concentrate(np.ones((2, 12))).is_enough
    assert concentrate(np.ones((2, 13))).is_enough


def test_the_strongest_of_many_independent_correlations_is_within_their_bound():
    random = np.random.default_rng(4)
    beyond = 0
    for _ in range(200):
        found = concentrate(random.normal(0, 1, (10, 37)).cumsum(axis=1) + 100)
        beyond += np.nanmax(np.abs(found.correlation[0, 1:])) > found.noise(9)
    assert beyond / 200 <= 0.09


def test_a_hundred_thousand_customers_are_measured_without_comparing_all():
    groups = np.random.default_rng(5).lognormal(2, 1, (100_000, 24))
    found = concentrate(groups)
    assert found.contribution.sum() == pytest.approx(1) and found.correlation.size == 0
