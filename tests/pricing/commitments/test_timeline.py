"""Grants over time burn in order, lose what is left at their end, and pay first what was owed before."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from growthring.engine.executors import open_executor
from growthring.pricing.commitments.timeline import NEVER, Burned, Recurrence, TimedGrant, Timeline, Use, burn_timeline, segments
from growthring.pricing.commitments.timeline_chain import timeline_chain, timeline_inputs
from tests.pricing.commitments.strategies import timelines

D = Decimal
DAY = datetime(2024, 1, 1)
_FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _daily(amount: str, name: str = "g", **more: Any) -> TimedGrant:
    return TimedGrant(name, D(amount), DAY, recurrence=Recurrence.DAILY, **more)


def _burn(grants: list[TimedGrant], uses: list[tuple[float, str]], until: float, **more: Any) -> Burned:
    used = tuple(Use(DAY + timedelta(hours=hour), D(value)) for hour, value in uses)
    return burn_timeline(Timeline("t", tuple(grants), used, DAY, DAY + timedelta(hours=until), **more))


@_FEW
@given(st.lists(timelines(), min_size=1, max_size=4, unique_by=lambda each: each.timeline_id))
def test_the_relations_and_the_reference_agree_to_the_last_digit(all_of: list[Timeline]) -> None:
    inputs = timeline_inputs(all_of)
    executor = open_executor("duckdb")
    for name, table in inputs.tables.items():
        executor.put(name, table)
    executor.run(timeline_chain(inputs))
    found = {(timeline, grant): balance for timeline, grant, balance in executor.fetch("timeline_balance")}
    executor.close()
    expected: dict[tuple[str, str], Decimal] = {}
    for each in all_of:
        burned = burn_timeline(each)
        expected |= {(each.timeline_id, name): balance for name, balance in burned.balances.items()}
        expected[each.timeline_id, ""] = burned.overage
    assert found == expected


@_FEW
@given(timelines())
def test_no_balance_is_negative_and_the_order_of_events_does_not_matter(timeline: Timeline) -> None:
    burned = burn_timeline(timeline)
    assert min([burned.overage, *burned.balances.values()]) >= 0
    assert burn_timeline(replace(timeline, uses=timeline.uses[::-1])) == burned


@_FEW
@given(timelines())
def test_segments_follow_one_another_without_a_gap(timeline: Timeline) -> None:
    parts = segments(timeline)
    assert (parts[0].starts_at, parts[-1].ends_at) == (timeline.starts_at, timeline.until)
    assert all(each.ends_at == after.starts_at for each, after in pairwise(parts))


def test_overage_is_burnt_from_the_next_recurrence() -> None:
    assert _burn([_daily("100")], [(1, "120")], 23).overage == D(20)
    assert _burn([_daily("100")], [(1, "120")], 25).balances == {"g": D(80)}


def test_overage_is_burnt_from_the_next_grant_that_begins() -> None:
    later = TimedGrant("later", D(50), DAY + timedelta(hours=5))
    burned = _burn([TimedGrant("g", D(10), DAY), later], [(1, "30")], 6)
    assert (burned.balances, burned.overage) == ({"g": D(0), "later": D(30)}, D(0))


def test_what_is_left_of_an_expired_grant_disappears() -> None:
    grant = TimedGrant("g", D(100), DAY, expires_at=DAY + timedelta(hours=2))
    burned = _burn([grant], [(1, "30"), (2, "5")], 3)
    assert (burned.balances, burned.overage) == ({"g": D(0)}, D(5))


def test_a_reset_keeps_what_the_rollover_limits_allow_and_forgives_overage() -> None:
    grant = TimedGrant("g", D(100), DAY, rollover_min=D(20), rollover_max=D(40))
    reset = (DAY + timedelta(hours=10),)
    assert _burn([grant], [(1, "10")], 11, resets=reset).balances == {"g": D(40)}
    assert _burn([grant], [(1, "95")], 11, resets=reset).balances == {"g": D(20)}
    forgiven = _burn([grant], [(1, "130")], 11, resets=reset)
    assert (forgiven.balances, forgiven.overage) == ({"g": D(20)}, D(0))
    kept = _burn([grant], [(1, "130")], 11, resets=reset, keeps_overage=True)
    assert (kept.balances, kept.overage) == ({"g": D(0)}, D(10))


def test_a_recurrence_may_carry_over_a_limited_rest() -> None:
    assert _burn([_daily("100", carry_max=D(30))], [(1, "20")], 25).balances == {"g": D(130)}


def test_months_recur_on_the_last_day_without_drifting() -> None:
    grant = TimedGrant("g", D(1), datetime(2024, 1, 31), NEVER, recurrence=Recurrence.MONTHLY)
    turns = grant.recurs(datetime(2024, 5, 1))
    assert [(each.month, each.day) for each in turns] == [(2, 29), (3, 31), (4, 30)]


def test_an_event_on_a_turning_point_belongs_to_what_begins_there() -> None:
    assert _burn([_daily("100")], [(24, "30")], 25).balances == {"g": D(70)}
