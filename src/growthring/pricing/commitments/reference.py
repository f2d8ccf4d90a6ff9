"""Drawdown, period by period, in plain Decimal: what the relations must reproduce digit by digit."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from growthring.kernel.currency import EXPONENT
from growthring.pricing.commitments.slices import QUANTITY_DIGITS
from growthring.pricing.commitments.terms import Commitment, rollover_targets


@dataclass(frozen=True, slots=True)
class Charge:
    """A row of ``drawable``: what a commitment may pay for."""

    account_id: str
    subscription_id: str
    period_start: date
    period_end: date
    component_id: str
    component_kind: str
    meter: str
    quantity: Decimal
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Payment:
    """What a commitment paid of a charge; ``balance`` is what it held afterwards, in its measure."""

    commitment_id: str
    charge: Charge
    drawn_amount: Decimal
    drawn_quantity: Decimal
    balance: Decimal


@dataclass(slots=True)
class Balance:
    """Where a grant stands: granted + rolled_in = drawn + rolled_out + breakage + balance."""

    granted: Decimal
    rolled_in: Decimal = Decimal(0)
    drawn: Decimal = Decimal(0)
    rolled_out: Decimal = Decimal(0)
    breakage: Decimal = Decimal(0)

    @property
    def balance(self) -> Decimal:
        """What can still be drawn."""
        return self.granted + self.rolled_in - self.drawn - self.rolled_out - self.breakage


@dataclass(frozen=True, slots=True)
class Overage:
    """What balances in force did not cover of a charge."""

    charge: Charge
    commitment_id: str
    uncovered_amount: Decimal
    overage_amount: Decimal


@dataclass(frozen=True, slots=True)
class Drawdown:
    """Payments, balances by commitment and overage, as of a day."""

    payments: list[Payment]
    balances: dict[str, Balance]
    overage: list[Overage]


def minor_unit(currency: str) -> Decimal:
    """Return the smallest coin of a currency; a hundredth for one that is not known."""
    return Decimal(1).scaleb(-EXPONENT.get(currency, 2))


def rounded(value: Decimal, currency: str) -> Decimal:
    """Round half up to the minor unit of a currency."""
    return value.quantize(minor_unit(currency), rounding=ROUND_HALF_UP)


def draw_down(
    commitments: Iterable[Commitment], charges: Iterable[Charge], on: date, pools: Mapping[str, str] | None = None
) -> Drawdown:
    """Let balances and credits pay charges in the order priority, expiry, creation.

    Args:
        commitments: Commitments of any kind; only prepaid balances and credits are drawn down.
        charges: Charges; periods that start on ``on`` or later do not count.
        on: The day of the look.
        pools: The pool of each account that shares one (`family_pools`).
    """
    run = _Run(sorted((each for each in commitments if each.is_grant), key=lambda each: each.order), pools or {}, on)
    for charge in summed_charges([each for each in charges if each.period_start < on], pools or {}):
        run.pay(charge)
    run.close(on)
    return Drawdown(
        run.payments, {key: value for key, value in run.balances.items() if run.grants[key].starts_on <= on}, run.overage
    )


def summed_charges(charges: Iterable[Charge], pools: Mapping[str, str]) -> list[Charge]:
    """Return one charge per subscription, period and component, in the order in which they are paid."""
    sums: dict[tuple[str | date, ...], list[Charge]] = defaultdict(list)
    for each in charges:
        place = pools.get(each.account_id, each.account_id), each.period_start, each.component_kind, each.account_id
        sums[*place, each.subscription_id, each.component_id, each.currency, each.meter, each.period_end].append(each)
    joined = []
    for key in sorted(sums):
        same = sums[key]
        quantity, amount = sum((each.quantity for each in same), Decimal(0)), sum((each.amount for each in same), Decimal(0))
        first = same[0]
        joined.append(
            Charge(
                first.account_id, first.subscription_id, first.period_start, first.period_end, first.component_id,
                first.component_kind, first.meter, quantity, amount, first.currency,
            )
        )  # fmt: skip
    return joined


class _Run:
    def __init__(self, grants: list[Commitment], pools: Mapping[str, str], on: date) -> None:
        self.grants = {each.commitment_id: each for each in grants}
        self.pools = pools
        self.on = on
        self.targets = rollover_targets(grants)
        self.balances = {each.commitment_id: Balance(each.size) for each in grants}
        self.payments: list[Payment] = []
        self.overage: list[Overage] = []
        self._closed: set[str] = set()

    def close(self, day: date, pool_id: str | None = None) -> None:
        """Let grants that ended by a day pass on or lose their rest, the earliest first."""
        ended = [each for each in self.grants.values() if each.closes_on <= day and each.commitment_id not in self._closed]
        for each in sorted(ended, key=lambda grant: (grant.closes_on, grant.starts_on)):
            if pool_id is not None and self._pool(each.account_id) != pool_id:
                continue
            self._closed.add(each.commitment_id)
            left = self.balances[each.commitment_id]
            if target := self.targets.get(each.commitment_id):
                left.rolled_out = min(left.balance, _share(left.balance, each))
                self.balances[target].rolled_in += left.rolled_out
            left.breakage = left.balance

    def pay(self, charge: Charge) -> None:
        """Let every grant that may pay the charge pay, units before money."""
        self.close(charge.period_start, self._pool(charge.account_id))
        able = [each for each in self.grants.values() if self._may_pay(each, charge)]
        units, covered = max(charge.quantity, Decimal(0)), Decimal(0)
        for grant in (each for each in able if each.measure == "quantity" and charge.amount >= 0):
            drawn = min(self.balances[grant.commitment_id].balance, units - covered)
            value = self._value(charge, covered + drawn) - self._value(charge, covered)
            covered += drawn
            self._book(grant, charge, value, drawn)
        unpaid = charge.amount - self._value(charge, covered)
        for grant in (each for each in able if each.measure == "amount" and charge.amount > 0):
            drawn = min(self.balances[grant.commitment_id].balance, unpaid)
            unpaid -= drawn
            self._book(grant, charge, drawn, Decimal(0))
        if able and unpaid > 0:
            last = max(able, key=lambda each: (each.measure == "amount", each.order))
            amount = rounded(unpaid * last.overage_factor, charge.currency)
            self.overage.append(Overage(charge, last.commitment_id, unpaid, amount))

    def _book(self, grant: Commitment, charge: Charge, amount: Decimal, quantity: Decimal) -> None:
        drawn = quantity if grant.measure == "quantity" else amount
        if drawn > 0:
            left = self.balances[grant.commitment_id]
            left.drawn += drawn
            self.payments.append(Payment(grant.commitment_id, charge, amount, quantity, left.balance))

    def _may_pay(self, grant: Commitment, charge: Charge) -> bool:
        unit = grant.meter == charge.meter if grant.measure == "quantity" else grant.currency == charge.currency
        return (
            unit
            and self._pool(grant.account_id) == self._pool(charge.account_id)
            and grant.only_account() in {"", charge.account_id}
            and grant.starts_on <= charge.period_start < grant.closes_on
            and bool({"", charge.component_id, charge.component_kind} & set(grant.targets))
        )

    def _pool(self, account_id: str) -> str:
        return self.pools.get(account_id, account_id)

    @staticmethod
    def _value(charge: Charge, covered: Decimal) -> Decimal:
        if not covered or covered >= charge.quantity:
            return charge.amount if covered else Decimal(0)
        return rounded(charge.amount * covered / charge.quantity, charge.currency)


def _share(rest: Decimal, grant: Commitment) -> Decimal:
    if grant.rollover_share == 1:
        return rest
    if grant.measure == "quantity":
        return (rest * grant.rollover_share).quantize(Decimal(1).scaleb(-QUANTITY_DIGITS), rounding=ROUND_HALF_UP)
    return rounded(rest * grant.rollover_share, grant.currency or "")
