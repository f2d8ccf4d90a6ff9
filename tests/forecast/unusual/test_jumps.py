import numpy as np

from growthring.forecast.jumps import find_jumps
from growthring.forecast.one_offs import find_one_offs
from tests.forecast.unusual.worlds import MONTHS, noise, panel_of

ROWS = 500


def jumps_of(logs):
    return find_jumps(find_one_offs(panel_of(np.exp(logs))))


def test_a_level_that_doubled_for_good_is_found_at_its_first_month_with_its_size():
    logs = noise(ROWS, 1, spread=0.1)
    dice = np.random.default_rng(2)
    planted = {int(row): int(dice.integers(5, 30)) for row in dice.choice(ROWS, 20, replace=False)}
    for row, start in planted.items():
        logs[row, start:] += np.log(3)
    found = jumps_of(logs)
    hits = [each for each in found if abs(planted.get(each.row, -9) - each.start) <= 1]
    assert len({each.row for each in hits}) >= 18
    assert len(found) - len(hits) <= 2
    assert np.median([each.after / each.before for each in hits]) > 2.5


def test_spikes_growth_and_noise_are_no_jumps():
    logs = noise(ROWS, 3, growth=0.08)
    logs[:100, 20] += np.log(8)
    logs[100:150, 20:23] -= np.log(8)
    assert len(jumps_of(logs)) <= 2
    assert len(jumps_of(np.cumsum(np.random.default_rng(4).normal(0, 0.1, (ROWS, MONTHS)), axis=1))) <= 2
