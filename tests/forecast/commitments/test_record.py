"""The record of burn-down counts what it says it counts."""

from datetime import date

import pytest

from growthring.forecast.commitments.burn_down import Interval
from growthring.forecast.commitments.record import Outcome, score


def outcome(consumed: float, *, expected_on: date | None = None, exhausted_on: date | None = None) -> Outcome:
    return Outcome("k", Interval(0.9, 0.8, 1.1), 1.0, 0.25, expected_on, consumed, exhausted_on)


def test_outcomes_outside_the_interval_are_counted_on_their_side():
    found = score([outcome(0.5), outcome(0.8), outcome(1.1), outcome(1.5)])
    assert found is not None
    assert (found.inside, found.below, found.above) == (0.5, 0.25, 0.25)
    assert found.error == pytest.approx((0.4 + 0.1 + 0.2 + 0.6) / 4)
    assert found.pace_error == pytest.approx((0.5 + 0.2 + 0.1 + 0.5) / 4)
    assert found.brier == pytest.approx((2 * 0.25**2 + 2 * 0.75**2) / 4)


def test_days_are_told_only_where_both_were_used_up():
    both = outcome(1.2, expected_on=date(2024, 5, 1), exhausted_on=date(2024, 5, 11))
    found = score([both, outcome(1.2, exhausted_on=date(2024, 5, 1))])
    assert found is not None and found.days == 10
    assert score([]) is None
