"""Commitments as the canonical table states them, and the pools in which accounts share them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from growthring.kernel.errors import GrowthringError

OPEN_END = date(9999, 12, 31)
"""Stands for "no end" wherever an end is compared."""

NO_INSTANT = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Commitment:
    """A row of the canonical table ``commitment``; see `growthring.tables.commitment` for the meaning of each field."""

    commitment_id: str
    account_id: str
    kind: str
    starts_on: date
    ends_on: date | None = None
    amount: Decimal | None = None
    quantity: Decimal | None = None
    meter: str | None = None
    currency: str | None = None
    priority: int = 1
    applies_to: str | None = None
    scope: str = "account"
    rollover_share: Decimal = Decimal(0)
    overage_factor: Decimal = Decimal(1)
    true_up: str = "term_end"
    voided_on: date | None = None
    contract_id: str | None = None
    known_at: datetime = NO_INSTANT

    @property
    def measure(self) -> str:
        """``quantity`` when units of a meter are promised or granted, else ``amount``."""
        return "quantity" if self.quantity is not None and self.meter else "amount"

    @property
    def size(self) -> Decimal:
        """What is promised or granted, in the measure."""
        return (self.quantity if self.measure == "quantity" else self.amount) or Decimal(0)

    @property
    def is_grant(self) -> bool:
        """Whether it is a balance that is drawn down."""
        return self.kind in {"prepaid", "credit"}

    @property
    def expires_on(self) -> date:
        """The agreed end, far in the future without one."""
        return self.ends_on or OPEN_END

    @property
    def closes_on(self) -> date:
        """The first day it can no longer be drawn: by expiry or by withdrawal, never before it starts."""
        return max(self.starts_on, min(self.expires_on, self.voided_on or OPEN_END))

    @property
    def is_voided(self) -> bool:
        """Whether it was withdrawn before it expired."""
        return self.voided_on is not None and self.voided_on < self.expires_on

    @property
    def targets(self) -> tuple[str, ...]:
        """Components and kinds of components it may pay for; one empty text for everything."""
        return tuple(sorted({part.strip() for part in (self.applies_to or "").split(",")} - {""})) or ("",)

    @property
    def order(self) -> tuple[int, date, datetime, date, str]:
        """Place in the drawdown: priority, then expiry, then creation, then start, then identifier."""
        return self.priority, self.expires_on, self.known_at, self.starts_on, self.commitment_id

    def only_account(self) -> str:
        """Return the one account whose charges count, or empty text for the whole family."""
        return "" if self.scope == "family" else self.account_id


def rollover_targets(commitments: Iterable[Commitment]) -> dict[str, str]:
    """Return which commitment each one passes its unused rest to.

    The next one is of the same account, contract, kind and measure (meter, currency), and starts on the day this one ends.
    A withdrawn commitment passes nothing. When several start that day, the first in drawdown order receives the rest.
    """
    grants = sorted((each for each in commitments if each.is_grant), key=lambda each: each.order)
    starting: dict[tuple[object, ...], Commitment] = {}
    for each in grants:
        starting.setdefault((*_line(each), each.starts_on), each)
    found: dict[str, str] = {}
    for each in grants:
        following = starting.get((*_line(each), each.closes_on))
        if each.rollover_share > 0 and not each.is_voided and following and following is not each and each.ends_on:
            found[each.commitment_id] = following.commitment_id
    return found


def _line(each: Commitment) -> tuple[object, ...]:
    unit = each.meter if each.measure == "quantity" else each.currency
    return each.account_id, each.contract_id, each.kind, each.measure, unit


def family_pools(parents: Mapping[str, str]) -> dict[str, str]:
    """Return the pool of every account that has a parent or a child: the account at the top.

    Args:
        parents: The account above each account (its parent, or the one it was merged into).

    Raises:
        GrowthringError: Accounts own each other in a circle.

    Example:
        >>> family_pools({"shop": "chain", "chain": "group"})
        {'chain': 'group', 'group': 'group', 'shop': 'group'}
    """
    return {each: _top(each, parents) for each in sorted({*parents, *parents.values()})}


def _top(account_id: str, parents: Mapping[str, str]) -> str:
    seen = [account_id]
    while (above := parents.get(seen[-1])) is not None:
        if above in seen:
            raise GrowthringError(
                f"Accounts own each other in a circle: {' → '.join([*seen, above])}.",
                valid="A parent must not stand under its own child.",
                remedy="Correct parent_account_id or merged_into_account_id in the account source.",
            )
        seen.append(above)
    return seen[-1]
