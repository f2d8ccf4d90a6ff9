"""Trials: the curve of conversion, censoring, and the suggested length."""

import random
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growthring.pricing.offers import rows_of, trial_chain
from growthring.pricing.offers.trial_curve import suggest_length, trial_curve
from tests.pricing.offers.log import AS_OF, opened, trial

START = date(2024, 1, 1)
THROUGH = date(2024, 1, 11)


def day(number):
    return START + timedelta(days=number)


def counted(*trials, name="trial_day", by="", through=THROUGH):
    with opened(trial=trials) as connection:
        return rows_of(connection, trial_chain(AS_OF, through, by=by), name)


def test_a_curve_of_five_trials_is_that_of_the_textbook():
    counts = counted(
        trial("a", converted_on=day(2)), trial("b", converted_on=day(5)), trial("c", cancelled_on=day(2)),
        trial("d"), trial("e", started_on=day(7)),
    )  # fmt: skip
    assert [(row["day"], row["converted"], row["cancelled"], row["last_seen"]) for row in counts] == [
        (2, 1, 1, 0), (3, 0, 0, 1), (5, 1, 0, 0), (10, 0, 0, 1),
    ]  # fmt: skip
    curve = trial_curve(counts)
    assert [each.running for each in curve] == [5, 5, 5, 3, 2, 2, 1, 1, 1, 1, 1]
    # day 2: 1 of 5 converts and 1 is given up, 3/5 run on; day 5: 1 of 2, so 3/10 run on and 1/5 + 3/5 · 1/2 converted
    assert (curve[2].hazard, curve[2].still_running, curve[2].converted_share) == pytest.approx((0.2, 0.6, 0.2))
    assert (curve[5].hazard, curve[5].still_running, curve[5].converted_share) == pytest.approx((0.5, 0.3, 0.5))


def test_what_happens_after_the_last_day_is_not_seen():
    rows = counted(
        trial("a", converted_on=day(11)), trial("b", started_on=day(11)), trial("c", ends_on=day(10), extended_on=day(11)),
        name="known_trial",
    )  # fmt: skip
    assert [(row["trial_id"], row["fate"], row["days"], row["is_over"], row["is_extended"]) for row in rows] == [
        ("a", "running", 10, 0, 0), ("c", "running", 10, 1, 0),
    ]  # fmt: skip


FATES = st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["converted", "cancelled", "last_seen"])), max_size=60)


@given(FATES)
def test_shares_add_up_and_without_giving_up_the_curve_is_that_of_kaplan_and_meier(fates):
    counts = [{"converted": 0, "cancelled": 0, "last_seen": 0, "day": number, fate: 1} for number, fate in fates]
    merged = {}
    for each in counts:
        row = merged.setdefault(each["day"], {"day": each["day"], "converted": 0, "cancelled": 0, "last_seen": 0})
        for name in ("converted", "cancelled", "last_seen"):
            row[name] += each[name]
    curve = trial_curve(list(merged.values()))
    assert all(0 <= each.converted_share <= 1 - each.still_running + 1e-9 for each in curve)
    if not any(each.cancelled for each in curve):
        survival = 1.0
        for each in curve:
            survival *= 1 - each.hazard
            assert each.converted_share == pytest.approx(1 - survival)
    assert all(earlier.running >= later.running for earlier, later in pairwise(curve))


def simulated(chance, hazard, trials=600, days=60):
    """Return counts of trials that convert with a chance that depends on the day."""
    counts = [{"day": number, "converted": 0, "cancelled": 0, "last_seen": 0} for number in range(days + 1)]
    for _ in range(trials):
        fate = next((number for number in range(days) if chance.random() < hazard(number)), None)
        counts[days if fate is None else fate]["last_seen" if fate is None else "converted"] += 1
    return counts


def test_a_trial_is_as_long_as_its_hazard_is_high():
    curve = trial_curve(simulated(random.Random(1), lambda number: 0.06 if number < 14 else 0.003))
    found = suggest_length(curve)
    assert 12 <= found.days <= 15
    assert found.after_hazard < 0.25 * found.peak_hazard


def test_a_hazard_that_does_not_fall_suggests_no_length():
    chance = random.Random(2)
    found = [suggest_length(trial_curve(simulated(chance, lambda _: 0.01, trials=200))).days for _ in range(40)]
    assert sum(days is not None for days in found) <= 2


def test_few_conversions_are_too_little_evidence():
    found = suggest_length(trial_curve(simulated(random.Random(3), lambda _: 0.0005, trials=100)))
    assert found.days is None
    assert found.reason.startswith("Too little evidence")
    assert suggest_length([]).days is None


def test_extensions_are_counted_by_the_rep_who_opens_them():
    groups = counted(
        trial("a", extended_on=day(7), converted_on=day(9)), trial("b", extended_on=day(7)), trial("c"),
        trial("d", rep=None, cancelled_on=day(3)), name="trial_group", by="rep",
    )  # fmt: skip
    assert [(row["group_value"], row["is_extended"], row["trials"], row["converted"], row["over_trials"]) for row in groups] == [
        ("(nobody)", 0, 1, 0, 1), ("rita", 0, 1, 0, 0), ("rita", 1, 2, 1, 1),
    ]  # fmt: skip
