"""Metered use: how much an account consumed in each month, and the rows that say so."""

from random import Random

from growthring.company.catalogue import API, METER
from growthring.company.plan import Plan
from growthring.company.profile import Profile
from growthring.company.terms import Line, Story

SPIKE_FACTOR = 8
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


def billed_account(plan: Plan, story: Story, day: int) -> str:
    """Return who pays on a day: the account, or the one that absorbed it."""
    is_moved = story.merged_on is not None and day >= story.merged_on
    return plan.account_id(story.index - 1) if is_moved else story.account_id


def usage_rows(plan: Plan, story: Story, calls: dict[int, int], dice: Random) -> list[tuple[int, str, bool]]:
    """Write a month's calls as rollup rows.

    Returns:
        Month of the file, row text and whether the row came late, one a row.
    """
    days, rows, parts = plan.days, [], plan.usage_rows_a_month
    for k, total in calls.items():
        share, left = divmod(total, parts)
        first = days.on(k, story.anchor if k == story.first_paid_k else 1)
        span = days.last_of(k) - first + 1
        for part in range(parts):
            day = first + part * span // parts
            quantity = share + (left if part == parts - 1 else 0)
            is_late = dice.random() < 0.01
            known = day + 1 + (2 + int(20 * dice.random()) if is_late else 0)
            is_late = is_late and known <= days.data_through
            account = billed_account(plan, story, day)
            known_day = min(known, days.data_through)
            row = (
                f"U{story.index + 1:07d}-{k:03d}-{part:02d},{account},{API},{METER},{days.text[day]} 12:00:00,{quantity},"
                f"{days.known(known_day)},eu-west"
            )
            rows.append((days.month_of(known_day) if is_late else k, row, is_late))
    return rows
