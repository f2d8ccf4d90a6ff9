"""What a simulation answers, as rows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from growthring.pricing.simulation.break_even import BreakEven


@dataclass(frozen=True, slots=True)
class Change:
    """What a group paid and would have paid.

    Attributes:
        key: The month, the segment's value, or the account.
        currency: Currency of the amounts.
        before: Amount paid.
        after: Amount under the scenario.
        change: The difference.
        relative: The difference as a share of what was paid, to six decimals; empty where nothing was paid.
    """

    key: str
    currency: str
    before: Decimal
    after: Decimal
    change: Decimal
    relative: Decimal | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """Bills whose relative change lies in ``over < change <= up_to`` percent; an empty bound is none."""

    over: int | None
    up_to: int | None
    bills: int


@dataclass(frozen=True, slots=True)
class Beyond:
    """Bills that rise or fall by more than a share.

    Attributes:
        percent: The share.
        up: Bills that rise by more.
        down: Bills that fall by more.
        paid_by_up: What those that rise by more paid, by currency: the revenue at risk.
    """

    percent: Decimal
    up: int
    down: int
    paid_by_up: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class BillShock:
    """How relative changes are distributed.

    Attributes:
        grain: ``account`` or ``account_month``.
        bills: Bills above zero before, which have a relative change.
        new_bills: Bills that were zero and would not be.
        quantiles: Relative change by share of bills, nearest rank.
        histogram: Bills by range of relative change.
        beyond: Bills beyond chosen shares.
    """

    grain: str
    bills: int
    new_bills: int
    quantiles: Mapping[str, Decimal]
    histogram: tuple[Bucket, ...]
    beyond: tuple[Beyond, ...]


@dataclass(frozen=True, slots=True)
class Cohort:
    """Accounts that a migration treats alike, in the order in which they can be moved.

    Attributes:
        name: What happens to their bills.
        currency: Currency of the amounts.
        accounts: How many.
        before: What they paid.
        after: What they would pay.
        at_risk: What they paid, where their bills rise beyond the tolerated share.
    """

    name: str
    currency: str
    accounts: int
    before: Decimal
    after: Decimal
    at_risk: Decimal


@dataclass(frozen=True, slots=True)
class Margin:
    """Margin after the cost of serving the usage (GM1).

    Attributes:
        currency: Currency of the amounts; unit costs are taken to be in it.
        cost: Quantities times unit costs.
        before: Margin of what was paid.
        after: Margin under the scenario.
        before_rate: Margin over revenue before; empty without revenue.
        after_rate: Margin over revenue after.
        floor_amount: Least revenue at which the target margin is met; empty without a target.
        accounts_below_floor: Accounts that would not meet the target.
    """

    currency: str
    cost: Decimal
    before: Decimal
    after: Decimal
    before_rate: Decimal | None
    after_rate: Decimal | None
    floor_amount: Decimal | None
    accounts_below_floor: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one way of charging does to revenue and customers.

    Attributes:
        totals: By currency; the key is empty.
        months: By month.
        segments: By attribute, then by value.
        accounts: By account, winners (who pay less) first.
        shocks: Distributions of relative change, by account and by month of an account.
        cohorts: Accounts by what happens to their bills.
        margins: By currency, where unit costs are known.
    """

    totals: tuple[Change, ...]
    months: tuple[Change, ...]
    segments: Mapping[str, tuple[Change, ...]]
    accounts: tuple[Change, ...]
    shocks: tuple[BillShock, ...]
    cohorts: tuple[Cohort, ...]
    margins: tuple[Margin, ...]

    def beyond(self, percent: Decimal) -> tuple[Change, ...]:
        """Return accounts whose bills change by more than a share either way."""
        return tuple(each for each in self.accounts if each.relative is not None and abs(each.relative) * 100 > percent)


@dataclass(frozen=True, slots=True)
class CommitmentEffect:
    """What another price does to commitments, over all periods up to the end of the simulation.

    Attributes:
        effect: ``drawn`` (paid by balances), ``overage`` (beyond balances, at their factor), ``minimum_overage`` (beyond minimums
            and ELAs) or ``true_up`` (shortfalls of minimums).
        currency: Currency of the amounts.
        before: Under the books in force.
        after: Under the scenario.
        change: The difference.
    """

    effect: str
    currency: str
    before: Decimal
    after: Decimal
    change: Decimal


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """What a scenario does.

    Attributes:
        name: The scenario.
        path: ``kernel`` or ``sql``: how it was rated. Both give the same cents.
        path_reason: Why it could not be rated on the kernel; empty if it was.
        held: With usage as it was.
        grandfathered: The same with grandfathering, if there is any.
        responding: With usage responding to the price, if an elasticity is given.
        break_evens: Where the scenario becomes cheaper or dearer than the baseline, by meter.
        commitments: What it does to commitments, if there are any.
    """

    name: str
    path: str
    path_reason: str
    held: Outcome
    grandfathered: Outcome | None
    responding: Outcome | None
    break_evens: tuple[BreakEven, ...]
    commitments: tuple[CommitmentEffect, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanChoice:
    """How a plan fares when customers choose.

    Attributes:
        plan: ``baseline`` or a scenario.
        currency: Currency of the amounts.
        choosers: Accounts (or months of accounts) for which it is the cheapest.
        paid: What they pay on it.
        if_everyone: What everyone would pay on it.
        lost: What choosing costs against everyone on it.
    """

    plan: str
    currency: str
    choosers: int
    paid: Decimal
    if_everyone: Decimal
    lost: Decimal


@dataclass(frozen=True, slots=True)
class Choice:
    """Adverse selection: every customer takes the cheapest plan (PR-08).

    Attributes:
        per: Whether plans are chosen for every month or once for the whole time.
        plans: By plan and currency.
        accounts: What each account pays after choosing, beside the baseline.
    """

    per: str
    plans: tuple[PlanChoice, ...]
    accounts: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Simulation:
    """What other prices would have done to history.

    Attributes:
        first_on: First day simulated.
        until_on: First day no longer.
        scenarios: By scenario.
        choice: What customers would choose, if they may.
        price_floors: Least unit price by meter that meets the target margin.
        caveats: What the figures do not say.
    """

    first_on: date
    until_on: date
    scenarios: tuple[ScenarioResult, ...]
    choice: Choice | None
    price_floors: Mapping[str, Decimal]
    caveats: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; decimals and ratios as text."""
        found = _plain(asdict(self))
        assert isinstance(found, dict)  # noqa: S101 - a dataclass is one
        return found


def _plain(value: object) -> object:
    match value:
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case Decimal() | Fraction():
            return f"{value:f}" if isinstance(value, Decimal) else str(value)
        case date():
            return value.isoformat()
    return value
