"""Days on which commitments are used up, read from futures that were planted."""

from datetime import date
from decimal import Decimal

import numpy as np

from growthring.forecast.commitments.billing import PoolPaths, settle
from growthring.forecast.commitments.burn_down import Prospect, prospects
from growthring.pricing.commitments import Commitment
from tests.forecast.commitments.test_billed_paths import FIRST, UNTIL, usage


def prospect(amounts: np.ndarray, commitment: Commitment, on: date = FIRST) -> Prospect:
    settled = settle(PoolPaths(usage(amounts), [commitment], {}, {}), UNTIL)
    return prospects(settled, on, UNTIL, len(amounts))[0]


def commitment(amount: str, kind: str = "prepaid", ends_on: date = UNTIL) -> Commitment:
    return Commitment("k", "a", kind, FIRST, ends_on, Decimal(amount), currency="USD")


def test_a_balance_is_used_up_on_the_day_its_last_dollar_goes():
    found = prospect(np.full((10, 12), 100.0), commitment("350"))
    assert found.exhausted == 1
    assert found.exhausted_on == found.exhausted_low_on == found.exhausted_high_on == date(2024, 4, 16)
    assert found.overage.median == 850
    assert found.shortfall is not None and found.shortfall.high == 0


def test_the_interval_holds_the_planted_spread_of_days():
    monthly = np.array([600 / months for months in range(2, 12)])
    found = prospect(np.repeat(monthly[:, None], 12, axis=1), commitment("600"))
    assert found.exhausted_low_on == date(2024, 2, 29)
    assert found.exhausted_on == date(2024, 6, 30)
    assert found.exhausted_high_on == date(2024, 10, 31)


def test_a_minimum_that_few_futures_reach_falls_short_by_what_is_missing():
    worlds = np.vstack([np.full((9, 12), 50.0), np.full((1, 12), 200.0)])
    found = prospect(worlds, commitment("1000", "minimum"))
    assert found.reached == found.exhausted == 0.1
    assert found.exhausted_on is None
    assert found.shortfall is not None and found.shortfall.median == 400


def test_a_commitment_that_ends_after_the_view_tells_no_shortfall():
    found = prospect(np.full((10, 12), 50.0), commitment("1000", "minimum", date(2026, 1, 1)))
    assert not found.ends_in_view
    assert found.shortfall is None and found.reached is None
    assert found.consumed.median == 600
