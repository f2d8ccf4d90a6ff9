"""Drawdown of prepaid balances and credits in many futures at once.

The same walk as `growthring.pricing.commitments.reference.draw_down`, charge by charge and grant by grant. Which grant may pay
which charge depends on dates, scopes and units only, never on balances: so one walk serves all futures, and every balance is an
array.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from growthring.forecast.commitments.charges import ChargePaths
from growthring.forecast.commitments.whole import Whole, fixed, minor_step, money_units, quantity_units, rate_units, share, times
from growthring.pricing.commitments import Commitment
from growthring.pricing.commitments.terms import rollover_targets

_NOTHING = fixed(0)


@dataclass(frozen=True, slots=True, eq=False)
class Payment:
    """What a grant paid of a charge, in money; ``drawn`` is the same in the grant's measure."""

    commitment_id: str
    charge: ChargePaths
    amount: Whole
    drawn: Whole


@dataclass(frozen=True, slots=True, eq=False)
class Uncovered:
    """What grants in force did not cover of a charge, and what it costs with the factor of the one that ran out last."""

    commitment_id: str
    charge: ChargePaths
    uncovered: Whole
    overage: Whole
    uncovered_quantity: Whole


@dataclass(frozen=True, slots=True, eq=False)
class Closing:
    """What a grant that ended passed on and lost, in its measure."""

    commitment_id: str
    closed_on: date
    rolled_out: Whole
    breakage: Whole


@dataclass(slots=True)
class DrawnPaths:
    """Payments, what was not covered, how grants ended; balances, and what rolled in, by grant in its measure."""

    payments: list[Payment] = field(default_factory=list)
    uncovered: list[Uncovered] = field(default_factory=list)
    closings: list[Closing] = field(default_factory=list)
    balances: dict[str, Whole] = field(default_factory=dict)
    rolled_in: dict[str, Whole] = field(default_factory=dict)


def draw_down_paths(
    commitments: Iterable[Commitment],
    charges: Iterable[ChargePaths],
    on: date,
    *,
    pools: Mapping[str, str] | None = None,
) -> DrawnPaths:
    """Let balances and credits pay charges in the order priority, expiry, creation, in every future.

    Args:
        commitments: Commitments of any kind; only prepaid balances and credits are drawn down.
        charges: Charges in the order of `in_order`; periods that start on ``on`` or later do not count.
        on: The day of the look, usually the end of the horizon.
        pools: The pool of each account that shares one.
    """
    grants = sorted((each for each in commitments if each.is_grant), key=lambda each: each.order)
    run = _Run(grants, pools or {})
    for charge in charges:
        if charge.period_start < on:
            run.pay(charge)
    run.close(on)
    return run.found


def size_of(commitment: Commitment) -> Whole:
    """Return what is promised or granted: millionths of units, or ten-thousandths of money."""
    return fixed(quantity_units(commitment.size) if commitment.measure == "quantity" else money_units(commitment.size))


def may_count(commitment: Commitment, charge: ChargePaths, pools: Mapping[str, str]) -> bool:
    """Return whether a commitment's scope, pool and account hold a charge, whatever its term and unit."""
    return (
        pools.get(commitment.account_id, commitment.account_id) == pools.get(charge.account_id, charge.account_id)
        and commitment.only_account() in {"", charge.account_id}
        and bool({"", charge.component_id, charge.component_kind} & set(commitment.targets))
    )


class _Run:
    def __init__(self, grants: list[Commitment], pools: Mapping[str, str]) -> None:
        self.grants = grants
        self.pools = pools
        self.targets = rollover_targets(grants)
        self.found = DrawnPaths(balances={each.commitment_id: size_of(each) for each in grants})
        self._closed: set[str] = set()

    def close(self, day: date, pool: str | None = None) -> None:
        """Let grants that ended by a day pass on or lose their rest, the earliest first."""
        ended = [each for each in self.grants if each.closes_on <= day and each.commitment_id not in self._closed]
        for each in sorted(ended, key=lambda grant: (grant.closes_on, grant.starts_on)):
            if pool is not None and self._pool(each.account_id) != pool:
                continue
            self._closed.add(each.commitment_id)
            rest, passed = self.found.balances[each.commitment_id], _NOTHING
            if target := self.targets.get(each.commitment_id):
                passed = np.minimum(rest, _passed(rest, each))
                self.found.balances[target] = self.found.balances[target] + passed
                self.found.rolled_in[target] = self.found.rolled_in.get(target, _NOTHING) + passed
            self.found.closings.append(Closing(each.commitment_id, each.closes_on, passed, rest - passed))
            self.found.balances[each.commitment_id] = np.zeros_like(rest)

    def pay(self, charge: ChargePaths) -> None:
        """Let every grant that may pay the charge pay, units before money."""
        self.close(charge.period_start, self._pool(charge.account_id))
        able = [each for each in self.grants if self._may_pay(each, charge)]
        if not able:
            return
        step = minor_step(charge.currency)
        units = np.where(charge.amount >= 0, np.maximum(charge.quantity, 0), 0)
        covered, value = np.zeros_like(units), np.zeros_like(units)
        for grant in (each for each in able if each.measure == "quantity"):
            drawn = np.minimum(self.found.balances[grant.commitment_id], units - covered)
            covered = covered + drawn
            reached = _value(charge, covered, step)
            self._book(grant, charge, reached - value, drawn)
            value = reached
        unpaid = charge.amount - value
        for grant in (each for each in able if each.measure == "amount"):
            drawn = np.minimum(self.found.balances[grant.commitment_id], np.where(charge.amount > 0, unpaid, 0))
            unpaid = unpaid - drawn
            self._book(grant, charge, drawn, drawn)
        last = max(able, key=lambda each: (each.measure == "amount", each.order))
        rest = np.maximum(unpaid, 0)
        over = times(rest, rate_units(last.overage_factor), step)
        self.found.uncovered.append(Uncovered(last.commitment_id, charge, rest, over, np.maximum(units - covered, 0)))

    def _book(self, grant: Commitment, charge: ChargePaths, amount: Whole, drawn: Whole) -> None:
        self.found.balances[grant.commitment_id] = self.found.balances[grant.commitment_id] - drawn
        self.found.payments.append(Payment(grant.commitment_id, charge, amount, drawn))

    def _may_pay(self, grant: Commitment, charge: ChargePaths) -> bool:
        unit = grant.meter == charge.meter if grant.measure == "quantity" else grant.currency == charge.currency
        return unit and grant.starts_on <= charge.period_start < grant.closes_on and may_count(grant, charge, self.pools)

    def _pool(self, account_id: str) -> str:
        return self.pools.get(account_id, account_id)


def _value(charge: ChargePaths, covered: Whole, step: int) -> Whole:
    """Return what covered units are worth: their share of the charge, all of it once all are covered."""
    whole = np.maximum(charge.quantity, 0)
    part = np.minimum(covered, whole)
    paid = share(np.maximum(charge.amount, 0), part, whole, step)
    return np.asarray(np.where(covered == 0, 0, paid), dtype=np.int64)


def _passed(rest: Whole, grant: Commitment) -> Whole:
    if grant.rollover_share == 1:
        return rest
    step = 1 if grant.measure == "quantity" else minor_step(grant.currency or "")
    return times(rest, rate_units(grant.rollover_share), step)
