"""What some users of the API promised or paid ahead: minimums of a year, prepaid balances, welcome credits; and what came of it.

The invoices say what was used. Balances pay them, and shortfalls are billed apart: neither changes a line of the other files.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from growthring.company.billing import money_text, usage_amount
from growthring.company.metering import api_line
from growthring.company.plan import Plan
from growthring.company.profile import Profile
from growthring.company.terms import Story

COMMITMENT_HEADER = "commitment_id,account_id,contract_id,kind,starts_on,ends_on,amount,currency,applies_to,true_up,known_at"
OUTCOME_HEADER = "commitment_id,account_id,kind,starts_on,ends_on,currency,committed,consumed,left,has_ended"
_TERM, _WELCOME = 12, 3
_PREPAID_SHARE, _WELCOME_SHARE = 0.35, 0.3


class Promise(NamedTuple):
    """A commitment of an account over whole months; money is minor units.

    Attributes:
        kind: minimum, prepaid or credit.
        start_k: First month.
        end_k: First month after it.
        amount: Promised, paid or granted.
        consumed: What its months of the window cost.
    """

    kind: str
    start_k: int
    end_k: int
    amount: int
    consumed: int

    @property
    def left(self) -> int:
        """What was never consumed of it: the shortfall of a minimum, the rest of a balance."""
        return max(self.amount - self.consumed, 0)


def draw_promises(plan: Plan, story: Story, profile: Profile, calls: dict[int, int], dice: Random) -> list[Promise]:
    """Draw what an account committed to: minimums year after year for enterprise, one balance for some of the others.

    Args:
        plan: The simulation.
        story: What the account agreed to.
        profile: Who it is.
        calls: API calls by month.
        dice: The account's own randomness for commitments.
    """
    if len(calls) < 2 or plan.merges(story.index) or plan.absorbs(story.index):
        return []
    first = min(calls)
    segment = profile.behaviour.segment
    if segment == "enterprise":
        return list(_minimums(plan, story, calls, dice))
    roll = dice.random()
    if segment == "mid-market" and roll < _PREPAID_SHARE:
        share = 0.7 + 0.6 * dice.random()
        return [_promise(story, calls, "prepaid", (first + 1, first + 1 + _TERM), share * _TERM * _cost(story, calls, first))]
    if segment == "SMB" and roll < _WELCOME_SHARE:
        return [_promise(story, calls, "credit", (first, first + _WELCOME), 2.5 * _cost(story, calls, first))]
    return []


def _minimums(plan: Plan, story: Story, calls: dict[int, int], dice: Random) -> Iterator[Promise]:
    """Yield a minimum a year, each sized by the month before it, while that month saw use."""
    start = min(calls) + 1
    while start < plan.months and start - 1 in calls:
        share = 0.85 + 0.6 * dice.random()
        yield _promise(story, calls, "minimum", (start, start + _TERM), share * _TERM * _cost(story, calls, start - 1))
        start += _TERM


def _promise(story: Story, calls: dict[int, int], kind: str, term: tuple[int, int], amount: float) -> Promise:
    consumed = sum(_cost(story, calls, k) for k in range(*term) if k in calls)
    return Promise(kind, *term, _two_digits(int(amount)), consumed)


def _cost(story: Story, calls: dict[int, int], k: int) -> int:
    return usage_amount(calls[k], story.currency)


def _two_digits(minor: int) -> int:
    """Cut an amount to two leading digits, as commitments are agreed.

    Example:
        >>> _two_digits(1_387_512), _two_digits(7)
        (1300000, 7)
    """
    step = int(10 ** max(len(str(minor)) - 2, 0))
    return minor // step * step


def commitment_rows(plan: Plan, story: Story, promises: list[Promise]) -> Iterator[tuple[str, str]]:
    """Yield each commitment as a row of the raw file, and as a row of the truth."""
    days = plan.days
    for number, each in enumerate(promises, 1):
        key, starts, ends = f"K{story.index + 1:07d}-{number}", days.on(each.start_k, 1), days.on(each.end_k, 1)
        line = api_line(plan, story, each.start_k) or api_line(plan, story, each.start_k - 1)
        contract = line.contract.contract_id if line else ""
        head = f"{key},{story.account_id}"
        span = f"{each.kind},{days.text[starts]},{days.text[ends]}"
        committed, consumed, left = (money_text(part, story.currency) for part in (each.amount, each.consumed, each.left))
        yield (
            f"{head},{contract},{span},{committed},{story.currency},usage,term_end,{days.known(starts)}",
            f"{head},{span},{story.currency},{committed},{consumed},{left},{'yes' if each.end_k <= plan.months else 'no'}",
        )
