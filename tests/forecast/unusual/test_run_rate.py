from decimal import Decimal

import numpy as np
import pytest

from growthring.forecast.one_offs import Ruling, find_one_offs
from growthring.forecast.run_rate import POLICIES, run_rate_policy, run_rates
from growthring.kernel.errors import UnknownValueError
from tests.forecast.unusual.worlds import FIRST, MONTHS, noise, panel_of


def test_a_spike_in_the_last_months_is_annualised_by_the_naive_figure_and_by_no_policy():
    logs = noise(300, 1, spread=0.05, growth=0)
    usual = np.exp(logs[7, :30]).mean() * 12
    logs[7, -2] += np.log(8)
    found = find_one_offs(panel_of(np.exp(logs)))
    for policy in POLICIES.values():
        row = next(each for each in run_rates(found, policy) if each.row == 7)
        assert float(row.amount) == pytest.approx(usual, rel=0.1) or not policy.without_one_offs
    then = find_one_offs(panel_of(np.exp(logs)).through(FIRST + MONTHS - 2))
    row = next(each for each in run_rates(then, POLICIES["median_3"]) if each.row == 7)
    assert float(row.naive) > 7 * usual
    assert float(row.amount) == pytest.approx(usual, rel=0.15)


def test_differences_by_account_add_up_to_the_difference_to_the_cent():
    found = find_one_offs(panel_of(np.exp(noise(200, 2))))
    rows = run_rates(found, POLICIES["mean_3"])
    total = sum((each.amount for each in rows), Decimal(0)) - sum((each.naive for each in rows), Decimal(0))
    assert sum((each.difference for each in rows), Decimal(0)) == total
    assert all(each.naive == each.naive.quantize(Decimal("0.01")) for each in rows)


def test_a_level_month_after_month_is_the_same_under_every_policy_and_naive():
    rows = [run_rates(find_one_offs(panel_of(np.full((3, MONTHS), 50.0))), policy) for policy in POLICIES.values()]
    assert {(each.amount, each.naive) for found in rows for each in found} == {(Decimal("600.00"), Decimal("600.00"))}


def test_what_a_person_tags_leaves_the_run_rate_and_is_named_as_its_reason():
    values = np.full((2, MONTHS), 100.0)
    values[0, -3:] = 160.0
    said = [Ruling("A00000", "", FIRST + MONTHS - 3, FIRST + MONTHS - 1, is_one_off=True)]
    row = run_rates(find_one_offs(panel_of(values), said), POLICIES["mean_3"])[0]
    assert (row.naive, row.amount, row.one_offs) == (Decimal("1920.00"), Decimal("1200.00"), Decimal("-720.00"))
    assert len(row.stretches) == 1


def test_young_and_lost_accounts_have_the_level_they_have_and_none():
    values = np.full((2, MONTHS), np.nan)
    values[0, -1] = 10.0
    values[1, :20] = 10.0
    assert [(each.row, each.amount) for each in run_rates(find_one_offs(panel_of(values)), POLICIES["median_3"])] == [
        (0, Decimal("120.00"))
    ]


def test_an_unknown_policy_is_named_with_the_known_ones():
    with pytest.raises(UnknownValueError, match="twice"):
        run_rate_policy("twice")
