import numpy as np
import pytest

from growthring.forecast.spikes import find_shared_spikes
from tests.forecast.unusual.worlds import MONTHS, noise, panel_of

ROWS = 200


def attributes(seed: int = 0) -> dict[str, list[str]]:
    dice = np.random.default_rng(seed)
    connectors, countries = dice.choice(list("abcdefghij"), ROWS), dice.choice(list("xyz"), ROWS)
    return {"connector": connectors.tolist(), "country": countries.tolist()}


def test_a_planted_common_cause_is_found_under_its_own_name_once_with_its_cost():
    given, logs = attributes(), noise(ROWS, 1, spread=0.1)
    hit = np.array(given["connector"]) == "c"
    usual = np.exp(logs[hit, 20]).sum()
    logs[hit, 20] += np.log(1.8)
    (found,) = find_shared_spikes(panel_of(np.exp(logs), **given))
    assert (found.column, found.attribute, found.value) == (20, "connector", "c")
    assert len(found.affected) >= 0.9 * hit.sum()
    assert found.total_excess == pytest.approx(0.8 * usual, rel=0.15)
    assert not found.is_open


def test_two_causes_in_one_month_are_both_found():
    given, logs = attributes(), noise(ROWS, 2, spread=0.1)
    for value in ("c", "f"):
        logs[np.array(given["connector"]) == value, 20] += np.log(2)
    found = find_shared_spikes(panel_of(np.exp(logs), **given))
    assert sorted((each.column, each.value) for each in found) == [(20, "c"), (20, "f")]


def test_a_common_cause_in_the_last_month_is_found_and_open():
    given, logs = attributes(), noise(ROWS, 3, spread=0.1)
    logs[np.array(given["connector"]) == "c", -1] += np.log(2)
    (found,) = find_shared_spikes(panel_of(np.exp(logs), **given))
    assert found.column == MONTHS - 1
    assert found.is_open


def test_chance_and_what_everybody_does_are_no_common_cause():
    found = []
    for seed in range(40):
        logs = noise(ROWS, seed, spread=0.2)
        logs[:, 11::12] += 0.7
        found += find_shared_spikes(panel_of(np.exp(logs), **attributes(seed)))
    assert len(found) <= 2


def test_one_enormous_account_is_no_common_cause():
    given, logs = attributes(), noise(ROWS, 5, spread=0.1)
    logs[0, 20] += np.log(30)
    assert find_shared_spikes(panel_of(np.exp(logs), **given)) == []


def test_without_attributes_nothing_is_shared():
    assert find_shared_spikes(panel_of(np.exp(noise(ROWS, 6)))) == []
