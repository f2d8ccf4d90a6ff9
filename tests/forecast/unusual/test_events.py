import numpy as np
import pytest

from growthring.forecast.events import Span, event_effect, exposure, measure_event
from growthring.kernel.errors import GrowthringError
from tests.forecast.unusual.worlds import FIRST, MONTHS, noise, panel_of

ROWS = 150
EXPOSED = np.arange(ROWS) < 15


def world(seed: int, *, factor: float = 1.0, start: int = 28, length: int = 1):
    logs = noise(ROWS, seed)
    logs[EXPOSED, start : start + length] += np.log(factor)
    return panel_of(np.exp(logs))


def test_a_planted_factor_lies_in_the_95_percent_interval_nearly_always():
    spans = Span(FIRST + 28, FIRST + 28)
    found = [measure_event(world(seed, factor=1.4), EXPOSED, spans) for seed in range(60)]
    assert sum(each.low < np.log(1.4) < each.high for each in found) >= 53
    assert sum(each.is_clear for each in found) >= 57


def test_months_without_an_event_have_a_clear_effect_at_most_as_often_as_the_interval_says():
    found = [measure_event(world(seed, factor=1.4), EXPOSED, Span(FIRST + 15, FIRST + 15)) for seed in range(60)]
    assert sum(each.is_clear for each in found) <= 6


def test_a_lasting_event_is_measured_while_it_lasts_and_an_ended_one_once_it_ended():
    lasting = measure_event(world(3, factor=0.7, start=33, length=9), EXPOSED, Span(FIRST + 33, None))
    assert lasting.factor == pytest.approx(0.7, abs=0.07)
    ended = measure_event(world(4, factor=2.0, start=20, length=4), EXPOSED, Span(FIRST + 20, FIRST + 23))
    assert ended.factor == pytest.approx(2.0, abs=0.2)


def test_growth_of_the_exposed_accounts_alone_is_no_effect_of_an_event_that_ended():
    logs = noise(ROWS, 5)
    logs[EXPOSED] += 0.08 * np.arange(MONTHS)
    found = measure_event(panel_of(np.exp(logs)), EXPOSED, Span(FIRST + 20, FIRST + 20))
    assert abs(found.log_effect) < 0.1


def test_one_accounts_enormous_month_does_not_make_an_effect_of_the_group():
    logs = noise(ROWS, 6)
    logs[3, 28] += np.log(50)
    assert measure_event(panel_of(np.exp(logs)), EXPOSED, Span(FIRST + 28, FIRST + 28)).factor < 1.15


def test_what_comes_after_the_origin_changes_nothing():
    panel = world(7, factor=1.5)
    other = panel.values.copy()
    other[:, 32:] *= 3
    cut = FIRST + 31
    one = measure_event(panel.through(cut), EXPOSED, Span(FIRST + 28, FIRST + 28))
    two = measure_event(panel_of(other).through(cut), EXPOSED, Span(FIRST + 28, FIRST + 28))
    assert one.log_effect == two.log_effect
    assert (one.placebos == two.placebos).all()


@pytest.mark.parametrize("first", [FIRST, FIRST + MONTHS, FIRST - 5])
def test_an_event_outside_the_months_known_cannot_be_measured(first):
    with pytest.raises(GrowthringError, match="not among the months known"):
        measure_event(world(1), EXPOSED, Span(first, None))


def test_an_event_of_three_accounts_is_refused_with_how_many_there_are():
    with pytest.raises(GrowthringError, match="3 exposed and 147 other"):
        measure_event(world(1), np.arange(ROWS) < 3, Span(FIRST + 28, FIRST + 28))


def test_a_forecast_loses_the_effect_when_the_event_ends_and_gets_it_when_one_is_to_come():
    panel = panel_of(np.full((2, MONTHS), 100.0))
    exposed, point, last = np.array([True, False]), np.full((2, 4), 100.0), FIRST + MONTHS - 1
    ending = event_effect(point, panel, exposed, Span(last - 1, last + 1), 1.25)
    assert ending[0] == pytest.approx([0, -20, -20, -20])
    coming = event_effect(point, panel, exposed, Span(last + 2, last + 3), 1.25)
    assert coming[0] == pytest.approx([0, 25, 25, 0])
    over = event_effect(point, panel, exposed, Span(FIRST + 3, FIRST + 5), 1.25)
    lasting = event_effect(point, panel, exposed, Span(FIRST + 3, None), 1.25)
    assert not any(each[1].any() for each in (ending, coming))
    assert not over.any()
    assert not lasting.any()


def test_the_regressor_is_one_in_the_events_months_for_exposed_rows_only():
    panel = panel_of(np.full((2, MONTHS), 100.0))
    found = exposure(panel, np.array([True, False]), Span(FIRST + MONTHS - 1, FIRST + MONTHS), 3)
    assert found.shape == (2, MONTHS + 3)
    assert np.flatnonzero(found[0]).tolist() == [MONTHS - 1, MONTHS]
    assert not found[1].any()
