"""Metered use: how much an account consumed in each month, and the rows that say so."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from growthring.company.catalogue import API, METER
from growthring.company.plan import EVENT_PERCENT, EVENT_VALUE, Plan
from growthring.company.profile import Profile
from growthring.company.terms import Line, Story

SPIKE_FACTOR = 8
_LATE_SHARE, _DUPLICATE_SHARE = 0.01, 0.001
_WEEKDAY_WEIGHT, _WEEKEND_WEIGHT, _WEEKEND = 10, 4, (6, 0)
USAGE_HEADER = "usage_id,account_id,product_id,meter,used_at,quantity,known_at,region"


def api_line(plan: Plan, story: Story, k: int) -> Line | None:
    """Return the API line in force on the last day of a month, outside trials and pauses."""
    last = plan.days.last_of(k)
    for line in story.lines:
        if line.product_id != API or line.starts > last or (line.ends is not None and line.ends <= last):
            continue
        is_paused = (
            line.paused_from is not None and line.paused_from <= last and (line.paused_to is None or last < line.paused_to)
        )
        if not is_paused and (line.trial_ends is None or line.trial_ends <= last):
            return line
    return None


def draw_consumption(plan: Plan, story: Story, profile: Profile, dice: Random) -> tuple[dict[int, int], int | None]:
    """Draw API calls by month, and the month of the planted spike if there is one."""
    if not story.uses_api:
        return {}, None
    live = [k for k in range(profile.start_k, plan.months) if api_line(plan, story, k) is not None]
    level = {"SMB": 20_000, "mid-market": 90_000, "enterprise": 500_000}[profile.behaviour.segment] * (0.4 + 1.2 * dice.random())
    growth = 1 + 0.03 * dice.random()
    calls = {k: int(level * growth**age * (0.85 + 0.3 * dice.random())) for age, k in enumerate(live)}
    if not plan.spikes(story.index) or len(live) < 3:
        return calls, None
    spike = live[1 + int((len(live) - 2) * dice.random())]
    calls[spike] *= SPIKE_FACTOR
    return calls, spike


def lift_by_event(plan: Plan, profile: Profile, calls: dict[int, int]) -> int:
    """Raise the calls of the event's month, of an account that the external event reaches; return by how many."""
    k = plan.event_k
    if k is None or k not in calls or profile.industry != EVENT_VALUE:
        return 0
    more = calls[k] * EVENT_PERCENT // 100
    calls[k] += more
    return more


def billed_account(plan: Plan, story: Story, day: int) -> str:
    """Return who pays on a day: the account, or the one that absorbed it."""
    is_moved = story.merged_on is not None and day >= story.merged_on
    return plan.account_id(story.index - 1) if is_moved else story.account_id


class UsageRow(NamedTuple):
    """A row for the file of month ``file_k``; ``defect`` is LATE, DUPLICATE_COLLAPSED or empty."""

    file_k: int
    text: str
    defect: str


def usage_rows(plan: Plan, story: Story, calls: dict[int, int], dice: Random) -> Iterator[UsageRow]:
    """Yield each month's calls as rollup rows: a day, a week or a month each, by the size of the company."""
    for k, total in calls.items():
        rollups = _rollups(plan, story, k, total)
        for part, (day, quantity) in enumerate(rollups):
            yield from _row(plan, story, (k, part, day), quantity, dice)


def _rollups(plan: Plan, story: Story, k: int, total: int) -> list[tuple[int, int]]:
    """Split a month's calls over its days, fewer on weekends; the parts add up to the whole."""
    days = plan.days
    first = days.on(k, story.anchor if k == story.first_paid_k else 1)
    span = days.last_of(k) - first + 1
    parts = min(plan.usage_rows_a_month, span)
    starts = [first + part * span // parts for part in range(parts)]
    weights = [_WEEKEND_WEIGHT if parts == span and day % 7 in _WEEKEND else _WEEKDAY_WEIGHT for day in starts]
    quantities = [total * weight // sum(weights) for weight in weights]
    quantities[-1] += total - sum(quantities)
    return list(zip(starts, quantities, strict=True))


def _row(plan: Plan, story: Story, place: tuple[int, int, int], quantity: int, dice: Random) -> Iterator[UsageRow]:
    (k, part, day), days = place, plan.days
    delay = 2 + int(20 * dice.random()) if dice.random() < _LATE_SHARE else 0
    is_late = delay > 0 and day + 1 + delay <= days.data_through
    known = min(day + 1 + delay * is_late, days.data_through)
    file_k = days.month_of(known) if is_late else k
    text = (
        f"U{story.index + 1:07d}-{k:03d}-{part:02d},{billed_account(plan, story, day)},{API},{METER},{days.text[day]} 12:00:00,"
        f"{quantity},{days.known(known)},eu-west"
    )
    yield UsageRow(file_k, text, "LATE" if is_late else "")
    if dice.random() < _DUPLICATE_SHARE:
        yield UsageRow(file_k, text, "DUPLICATE_COLLAPSED")
