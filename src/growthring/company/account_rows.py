"""Accounts, contracts and contract lines as rows of the raw files."""

from collections.abc import Iterator
from random import Random

from growthring.company.billing import money_text
from growthring.company.days import Days
from growthring.company.plan import Plan
from growthring.company.profile import Profile
from growthring.company.terms import Event, Line, Story

ACCOUNT_HEADER = (
    "account_id,name,parent_account_id,merged_into_account_id,merged_on,valid_from,known_at,"
    "country,industry,segment,channel,employees"
)
CONTRACT_HEADER = (
    "contract_id,account_id,signed_on,starts_on,ends_on,cancel_requested_on,cancelled_on,cancel_reason,renews_contract_id,"
    "known_at,sales_channel"
)
LINE_HEADER = (
    "contract_line_id,contract_id,account_id,product_id,kind,starts_on,ends_on,quantity,amount,list_amount,"
    "recurring_discount_amount,one_off_discount_amount,billing_interval,interval_count,currency,trial_ends_on,paused_from,"
    "paused_to,known_at"
)
_NEXT_SEGMENT = {"SMB": "mid-market", "mid-market": "enterprise"}


def _text(days: Days, day: int | None) -> str:
    return "" if day is None else days.text[day]


def account_rows(plan: Plan, story: Story, profile: Profile, dice: Random) -> tuple[list[str], list[Event]]:
    """Write the versions of an account and tell the changes among them (segment, parent, merger)."""
    days, events, rows = plan.days, [], []
    parent = plan.parent(story.index)
    state = {
        "parent": "" if parent is None else plan.account_id(parent),
        "merged": ",",
        "segment": profile.behaviour.segment,
        "employees": str(profile.employees),
    }

    def version(valid_from: int, known: int) -> None:
        rows.append(
            f"{story.account_id},{profile.name},{state['parent']},{state['merged']},{days.text[valid_from]},{days.known(known)},"
            f"{profile.country},{profile.industry},{state['segment']},{profile.behaviour.channel},{state['employees']}"
        )

    born = story.contracts[0].starts_on
    version(born, born)
    for day, name in sorted(_changes(plan, story, profile, dice)):
        if name == "segment_change":
            state["segment"] = _NEXT_SEGMENT[state["segment"]]
            state["employees"] = str(profile.employees * 3)
        elif name == "reparenting":
            state["parent"] = plan.account_id(story.index - 2)
        else:
            state["merged"] = f"{plan.account_id(story.index - 1)},{days.text[day]}"
        version(day, day + 2)
        events.append(Event(days.month_of(day), day, name, story.account_id, "", 0))
    return rows, events


def _changes(plan: Plan, story: Story, profile: Profile, dice: Random) -> Iterator[tuple[int, str]]:
    if story.merged_on is not None:
        yield story.merged_on, "merger"
        return
    is_growing = profile.behaviour.segment in _NEXT_SEGMENT and dice.random() < 0.06
    if is_growing and profile.start_k + 2 < plan.months:
        yield plan.days.on(profile.start_k + 2 + int((plan.months - profile.start_k - 2) * dice.random()), 1), "segment_change"
    if plan.is_moved(story.index) and profile.start_k + 1 < plan.months:
        yield plan.days.on(profile.start_k + 1 + int((plan.months - profile.start_k - 1) * dice.random()), 15), "reparenting"


def contract_rows(plan: Plan, story: Story, profile: Profile) -> list[str]:
    """Write an account's contracts."""
    days = plan.days
    return [
        f"{item.contract_id},{item.account_id},{days.text[item.signed_on]},{days.text[item.starts_on]},"
        f"{_text(days, item.ends_on)},{_text(days, item.cancel_requested_on)},{_text(days, item.cancelled_on)},"
        f"{item.cancel_reason},{item.renews_contract_id},{days.known(item.signed_on)},{profile.behaviour.channel}"
        for item in story.contracts
    ]


def line_rows(plan: Plan, story: Story) -> list[str]:
    """Write an account's contract lines."""
    return [_line_row(plan.days, story, line, number) for number, line in enumerate(story.lines, 1)]


def _line_row(days: Days, story: Story, line: Line, number: int) -> str:
    contract, currency = line.contract, story.currency
    known = contract.signed_on if line.starts == contract.starts_on else line.starts
    listed, recurring, one_off = (part * line.interval for part in line.monthly)
    amount = money_text(listed - recurring - one_off, currency)
    interval = "year" if line.interval == 12 else "month"
    return (
        f"L{story.index + 1:07d}-{number},{contract.contract_id},{contract.account_id},{line.product_id},{line.kind},"
        f"{days.text[line.starts]},{_text(days, line.ends)},{line.quantity},{amount},{money_text(listed, currency)},"
        f"{money_text(recurring, currency)},{money_text(one_off, currency)},{interval},1,{currency},"
        f"{_text(days, line.trial_ends)},{_text(days, line.paused_from)},{_text(days, line.paused_to)},"
        f"{days.known(known)}"
    )
