import numpy as np
import pytest

from growthring.forecast.one_offs import OneOffs, Ruling, Verdict, find_one_offs
from tests.forecast.unusual.worlds import FIRST, MONTHS, noise, panel_of

ROWS = 1000
ACCOUNT_YEARS = ROWS * MONTHS / 12


def verdicts(found: OneOffs, verdict: Verdict) -> list[tuple[int, int, int]]:
    return [(each.row, each.start, each.length) for each in found.found if each.verdict is verdict]


@pytest.mark.parametrize("length", [1, 2, 3])
def test_planted_stretches_of_five_times_the_usual_are_found_whole_and_nothing_else_is(length):
    logs = noise(ROWS, 1)
    dice = np.random.default_rng(2)
    planted = {(int(row), int(dice.integers(4, 30))) for row in dice.choice(ROWS, 40, replace=False)}
    for row, start in planted:
        logs[row, start : start + length] += np.log(5)
    found = verdicts(find_one_offs(panel_of(np.exp(logs))), Verdict.FOUND)
    hits = planted & {(row, start) for row, start, months in found if months == length}
    assert len(hits) >= 38
    assert len(found) - len(hits) <= 3


@pytest.mark.parametrize(
    "shape",
    {
        "normal": lambda dice: dice.normal(0, 0.3, (ROWS, MONTHS)),
        "uniform": lambda dice: np.log(dice.uniform(0.85, 1.15, (ROWS, MONTHS))),
        "heavy (Laplace)": lambda dice: dice.laplace(0, 0.15, (ROWS, MONTHS)),
        "a random walk": lambda dice: np.cumsum(dice.normal(0, 0.2, (ROWS, MONTHS)), axis=1),
        "unequal spreads": lambda dice: dice.normal(0, 1, (ROWS, MONTHS)) * dice.lognormal(-1.5, 0.7, (ROWS, 1)),
    }.items(),
    ids=lambda shape: shape[0],
)
def test_noise_gives_at_most_two_false_alarms_in_a_thousand_account_years(shape):
    found = find_one_offs(panel_of(np.exp(7 + shape[1](np.random.default_rng(5)))))
    assert len(found.found) <= 2 * ACCOUNT_YEARS / 1000


def test_a_lasting_jump_is_no_one_off_even_before_it_has_lasted_a_quarter():
    logs = noise(ROWS, 3)
    dice = np.random.default_rng(4)
    starts = dice.integers(4, MONTHS - 4, ROWS)
    logs += np.where(np.arange(MONTHS) >= starts[:, None], 1.2, 0.0)
    assert len(verdicts(find_one_offs(panel_of(np.exp(logs))), Verdict.FOUND)) <= ACCOUNT_YEARS / 1000


def test_what_a_segment_does_every_december_is_no_one_off_nor_unknown_in_the_last_december():
    logs = noise(ROWS, 6)
    december = np.arange(MONTHS) % 12 == 11
    logs[: ROWS // 2, december] += np.log(1.9)
    panel = panel_of(np.exp(logs), segment=["shops"] * (ROWS // 2) + ["others"] * (ROWS // 2))
    assert len(find_one_offs(panel).found) <= ACCOUNT_YEARS / 1000


def test_one_account_that_rises_every_december_is_seasonal():
    logs = noise(ROWS, 6, spread=0.05)
    logs[3, [11, 23]] += np.log(4)
    found = find_one_offs(panel_of(np.exp(logs)))
    assert verdicts(found, Verdict.SEASONAL) == [(3, 11, 1), (3, 23, 1)]
    assert not found.leaving().any()


def test_a_spike_at_the_end_is_unknown_yet_with_the_share_of_past_spikes_that_went_back():
    logs = noise(ROWS, 7)
    dice = np.random.default_rng(8)
    rows = dice.choice(ROWS, 41, replace=False)
    starts = dice.integers(4, 26, 40)
    for row, start in zip(rows[:30], starts[:30], strict=True):
        logs[row, start] += np.log(6)
    for row, start in zip(rows[30:40], starts[30:], strict=True):
        logs[row, start:] += np.log(6)
    last = int(rows[40])
    logs[last, -1] += np.log(6)
    found = find_one_offs(panel_of(np.exp(logs)))
    late = next(each for each in found.found if each.row == last)
    assert late.verdict is Verdict.UNKNOWN_YET
    assert 0.6 < late.probability < 0.85
    assert found.leaving(expect=False)[last].sum() == 0
    assert found.leaving()[last, -1] == pytest.approx(late.probability * late.excess)


def test_cleaned_months_are_near_what_they_were_before_the_spike_was_planted():
    logs = noise(ROWS, 9)
    clean = np.exp(logs)
    logs[10:30, 20] += np.log(8)
    cleaned = find_one_offs(panel_of(np.exp(logs))).cleaned()
    ratio = cleaned[10:30, 20] / clean[10:30, 20]
    assert np.median(ratio) == pytest.approx(1, abs=0.1)
    assert ratio.max() < 2
    untouched = np.ones_like(clean, bool)
    untouched[10:30, 20] = False
    assert (cleaned[untouched] == clean[untouched]).mean() > 0.999


def test_what_a_person_says_goes_before_what_is_found():
    logs = noise(ROWS, 10)
    logs[5, 20] += np.log(8)
    said = (
        Ruling("A00005", "", FIRST + 20, FIRST + 20, is_one_off=False),
        Ruling("A00006", "", FIRST + 12, FIRST + 13, is_one_off=True),
    )
    found = find_one_offs(panel_of(np.exp(logs)), said)
    assert verdicts(found, Verdict.KEPT) == [(5, 20, 1)]
    assert verdicts(found, Verdict.TAGGED) == [(6, 12, 2)]
    assert found.leaving()[5, 20] == 0
    assert found.cleaned()[6, 12:14] == pytest.approx(np.exp(logs[6, [9, 10, 11, 14, 15, 16]]).mean(), rel=0.2)


def test_months_after_the_origin_change_nothing_before_it():
    logs = noise(ROWS, 11)
    logs[5, 20] += np.log(8)
    whole = panel_of(np.exp(logs))
    other = np.exp(logs)
    other[:, 25:] *= np.random.default_rng(1).uniform(0.1, 10, (ROWS, MONTHS - 25))
    origin = FIRST + 24
    assert find_one_offs(whole.through(origin)).found == find_one_offs(panel_of(other).through(origin)).found


def test_accounts_too_young_to_have_a_usual_level_are_left_alone():
    values = np.full((3, MONTHS), np.nan)
    values[:, -2:] = [[1, 100], [100, 1], [1, 1]]
    assert find_one_offs(panel_of(values)).found == ()
    assert find_one_offs(panel_of(np.full((0, MONTHS), np.nan))).found == ()
