"""What a commitment is worth follows from the futures alone, and moves money before it makes any."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growthring.forecast.commitments.price import RISK_WEIGHT, Approval, bad_mean, guide, price_commitment, revenue, value_offer


def futures(spread: float = 0.4, seed: int = 3, count: int = 2000) -> np.ndarray:
    return 1000 * np.exp(np.random.default_rng(seed).normal(0, spread, count))


@given(st.floats(0, 3000), st.floats(0, 0.5), st.floats(0.05, 1))
@settings(max_examples=100, deadline=None)
def test_what_one_side_gains_on_average_the_other_gives(level: float, discount: float, spread: float):
    charged = futures(spread)
    offer = value_offer(charged, level, discount, guide(charged, level, 0.5), RISK_WEIGHT, 0.25)
    received = revenue(charged, level, discount)
    assert offer.expected_shortfall - offer.expected_discount == pytest.approx(received.mean() - charged.mean(), abs=1e-6)
    assert offer.customer_saves == pytest.approx(charged.mean() - received.mean(), abs=1e-6)
    assert offer.certainty >= -1e-6


@given(st.floats(100, 2000), st.floats(0, 0.4))
@settings(max_examples=100, deadline=None)
def test_a_higher_discount_is_never_worth_more_to_the_vendor(level: float, discount: float):
    charged = futures()
    window = guide(charged, level, 0.5)
    less, more = (value_offer(charged, level, each, window, RISK_WEIGHT, 0.25) for each in (discount, discount + 0.05))
    assert more.net_value <= less.net_value + 1e-9


def test_at_the_even_discounts_each_side_gains_nothing():
    charged = futures()
    window = guide(charged, 800.0, 0.5)
    vendor = value_offer(charged, 800.0, window.even_for_vendor, window, RISK_WEIGHT, 0.25)
    customer = value_offer(charged, 800.0, window.even_for_customer or 0, window, RISK_WEIGHT, 0.25)
    assert vendor.net_value == pytest.approx(0, abs=0.01)
    assert customer.customer_saves == pytest.approx(0, abs=0.01)
    assert (window.even_for_customer or 0) < (window.suggested or 0) < window.even_for_vendor


def test_the_customer_loses_as_often_as_it_uses_less_than_it_committed_to():
    charged = futures()
    offer = value_offer(charged, 900.0, 0.1, guide(charged, 900.0, 0.2), RISK_WEIGHT, 0.25)
    assert offer.customer_loses == np.mean(charged < 900)


def test_both_sides_gain_by_what_is_suggested():
    found = price_commitment(futures())
    assert found.suggestion is not None
    assert found.suggestion.net_value > 0
    assert found.suggestion.customer_saves > 0
    assert found.suggestion.customer_loses <= 0.25
    assert found.suggestion.approval is Approval.REP


def test_uncertain_usage_is_worth_a_larger_discount_than_steady_usage():
    steady, wild = (guide(futures(spread), float(np.quantile(futures(spread), 0.2)), 0.9) for spread in (0.1, 0.6))
    assert wild.even_for_vendor > 2 * steady.even_for_vendor


def test_nothing_is_suggested_where_usage_is_certain():
    found = price_commitment(np.full(200, 1000.0))
    assert found.suggestion is None
    assert "certain" in found.reasons[-1]


def test_nothing_is_suggested_where_the_discount_allowed_does_not_pay_the_customer():
    found = price_commitment(futures(0.8), discount_max=0.0)
    assert found.suggestion is None
    assert "No level" in found.reasons[-1]


def test_giving_more_than_the_commitment_is_worth_goes_to_the_deal_desk():
    found = price_commitment(futures(0.1), discount_max=0.2, levels=[900.0])
    bands = {each.discount: each.approval for each in found.offers}
    assert bands[0.2] is Approval.DEAL_DESK
    assert bands[0.0] is Approval.REP


def test_far_above_the_usage_the_vendor_receives_the_same_in_every_future():
    assert np.unique(revenue(futures(), 10**6, 0.1)).tolist() == [10**6]
    offer = value_offer(futures(), 10.0**6, 0.1, guide(futures(), 10.0**6, 0.2), RISK_WEIGHT, 0.25)
    assert offer.deviation_removed == 1.0


def test_the_worst_fifth_is_the_mean_of_the_lowest_fifth():
    assert bad_mean(np.arange(10.0)) == 0.5
