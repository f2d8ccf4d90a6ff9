"""What a pool of accounts is billed in every future: rated charges, and what its commitments make of them, month by month.

Revenue of a month is what was charged, less what free credits paid and what an ELA replaces, plus what the overage factor adds,
what shortfalls are billed, the price of an ELA, and what disappears from prepaid balances. It is split as `revenue_split` splits
the past: consumption inside commitments counts once, usage before fees. A charge belongs to the month of the last day of its
period; a shortfall and what disappears to the month of the last day of the term.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.commitments.charges import ChargePaths, in_order
from growthring.forecast.commitments.drawdown import DrawnPaths, draw_down_paths, size_of
from growthring.forecast.commitments.minimums import PeriodPaths, commitment_charge_paths
from growthring.forecast.commitments.terms import check_terms
from growthring.forecast.commitments.whole import Whole, fixed, minor_step, money_units, share
from growthring.kernel.period import Month
from growthring.pricing.commitments import Commitment

Monthly = NDArray[np.int64]
"""Ten-thousandths of the currency's major unit, shape (paths, months)."""


@dataclass(frozen=True, slots=True, eq=False)
class BilledPaths:
    """Revenue of a pool in one currency, in every future and month; the parts add up to it.

    Attributes:
        first_month: Month of the first column, year × 12 + month − 1.
        drawn: Inside commitments: paid by prepaid balances, within minimums, prices of ELAs.
        overage: Beyond commitments in force, with the overage factor.
        true_up: Shortfalls of minimums.
        expired: What disappears from prepaid balances unused (breakage).
        uncommitted: Usage outside every commitment.
        fees: Fees outside every commitment.
        charged: What the same usage and fees would be charged without any commitment.
    """

    first_month: int
    drawn: Monthly
    overage: Monthly
    true_up: Monthly
    expired: Monthly
    uncommitted: Monthly
    fees: Monthly
    charged: Monthly

    @property
    def revenue(self) -> Monthly:
        """All parts together."""
        return self.drawn + self.overage + self.true_up + self.expired + self.uncommitted + self.fees

    @property
    def effect(self) -> Monthly:
        """What commitments add to, or take from, what usage and fees are charged."""
        return self.revenue - self.charged

    def __add__(self, other: "BilledPaths") -> "BilledPaths":
        """Add the revenue of another pool in the same currency, months and futures."""
        parts = {
            each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self) if each.name != "first_month"
        }
        return BilledPaths(self.first_month, **parts)


@dataclass(frozen=True, slots=True, eq=False)
class PoolPaths:
    """A pool of accounts that share commitments (usually one account), with its future charges.

    Attributes:
        charges: Known and simulated charges of every account of the pool.
        commitments: Commitments of every account of the pool.
        pools: The pool of each account that shares one.
        calendars: Billing periods of commitments whose contract has an anchor of its own, to the end of the horizon.
    """

    charges: Sequence[ChargePaths]
    commitments: Sequence[Commitment]
    pools: Mapping[str, str]
    calendars: Mapping[str, Sequence[tuple[date, date]]]


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """A pool's commitments followed through every future, before anything is summed.

    Attributes:
        charges: One charge per subscription, period and component, in order.
        drawn: What balances and credits did.
        periods: Periods of minimums and ELAs by commitment.
        commitments: By identifier.
    """

    charges: Sequence[ChargePaths]
    drawn: DrawnPaths
    periods: Mapping[str, Sequence[PeriodPaths]]
    commitments: Mapping[str, Commitment]


def settle(pool: PoolPaths, until: date) -> Settled:
    """Follow a pool's commitments through every future, up to a day.

    Args:
        pool: Charges and commitments.
        until: First day after the horizon.

    Raises:
        GrowthringError: A commitment has terms that are not known.
    """
    for each in pool.commitments:
        check_terms(each)
    charges = in_order(pool.charges, pool.pools)
    drawn = draw_down_paths(pool.commitments, charges, until, pools=pool.pools)
    periods = {
        each.commitment_id: commitment_charge_paths(
            each, charges, until, pools=pool.pools, calendar=pool.calendars.get(each.commitment_id)
        )
        for each in pool.commitments
        if not each.is_grant
    }
    return Settled(charges, drawn, periods, {each.commitment_id: each for each in pool.commitments})


def bill_paths(settled: Settled, currency: str, first_month: int, months: int, paths: int) -> BilledPaths:
    """Split what a pool is billed in a currency by month.

    Args:
        settled: The pool's commitments, followed through every future.
        currency: Charges and commitments in other currencies are left out.
        first_month: Month of the first column, year × 12 + month − 1.
        months: Number of months.
        paths: Number of futures.
    """
    table = _Table(first_month, months, paths)
    used = table.sum((each.period_end, each.amount) for each in settled.charges if _is(each, currency, is_usage=True))
    due = table.sum((each.period_end, each.amount) for each in settled.charges if _is(each, currency, is_usage=False))
    inside, free, beyond, added = _of_grants(settled, currency, table)
    fixed_price, replaced = table.zeros(), table.zeros()
    true_up = table.zeros()
    for name, periods in settled.periods.items():
        mine = [each for each in periods if each.currency == currency]
        if settled.commitments[name].kind == "ela":
            fixed_price += table.sum((each.period.period_end, each.utilised) for each in mine)
            replaced += table.sum((each.period.period_end, each.rated) for each in mine)
        else:
            inside += table.sum((each.period.period_end, each.utilised) for each in mine)
            beyond += table.sum((each.period.period_end, each.beyond) for each in mine)
            added += table.sum((each.period.period_end, each.overage - each.beyond) for each in mine)
            true_up += table.sum((each.period.period_end, each.true_up) for each in mine)
    usage, fees = _paid(used, due, free + replaced)
    inside = np.minimum(inside, usage + fees)
    beyond = np.minimum(beyond, usage + fees - inside)
    uncommitted = np.maximum(usage - inside - beyond, 0)
    return BilledPaths(
        first_month, inside + fixed_price, beyond + added, true_up, _expired(settled, currency, table), uncommitted,
        usage + fees - inside - beyond - uncommitted, used + due,
    )  # fmt: skip


def _of_grants(settled: Settled, currency: str, table: "_Table") -> tuple[Monthly, Monthly, Monthly, Monthly]:
    """Return what prepaid balances paid, what credits gave, what was not covered, and what the overage factor adds."""
    paid = [each for each in settled.drawn.payments if each.charge.currency == currency]
    missed = [each for each in settled.drawn.uncovered if each.charge.currency == currency]

    def of(kind: str) -> Monthly:
        mine = (each for each in paid if settled.commitments[each.commitment_id].kind == kind)
        return table.sum((each.charge.period_end, each.amount) for each in mine)

    beyond = table.sum((each.charge.period_end, each.uncovered) for each in missed)
    return of("prepaid"), of("credit"), beyond, table.sum((each.charge.period_end, each.overage) for each in missed) - beyond


def _paid(usage: Monthly, fees: Monthly, not_paid: Monthly) -> tuple[Monthly, Monthly]:
    """Take off what nobody pays for, from usage first; charges below zero are kept."""
    off_usage = np.clip(not_paid, 0, np.maximum(usage, 0))
    off_fees = np.clip(not_paid - off_usage, 0, np.maximum(fees, 0))
    return usage - off_usage, fees - off_fees


def _expired(settled: Settled, currency: str, table: "_Table") -> Monthly:
    """Return what disappears from prepaid balances, units at the agreed price; free credits are worth nothing."""
    found = []
    for each in settled.drawn.closings:
        grant = settled.commitments[each.commitment_id]
        if grant.kind == "prepaid" and grant.currency == currency:
            lost = each.breakage
            if grant.measure == "quantity":
                price = fixed(money_units(grant.amount or Decimal(0)))
                lost = share(price, lost, size_of(grant), minor_step(currency))
            found.append((each.closed_on, lost))
    return table.sum(found)


def _is(charge: ChargePaths, currency: str, *, is_usage: bool) -> bool:
    return charge.currency == currency and (charge.component_kind == "usage") == is_usage


@dataclass(frozen=True, slots=True)
class _Table:
    first_month: int
    months: int
    paths: int

    def zeros(self) -> Monthly:
        return np.zeros((self.paths, self.months), dtype=np.int64)

    def sum(self, amounts: Iterable[tuple[date, Whole]]) -> Monthly:
        """Add up amounts by the month of the last day before each day; months outside the table are left out."""
        found = self.zeros()
        for ends_on, amount in amounts:
            column = Month.of(ends_on - timedelta(days=1)).index - self.first_month
            if 0 <= column < self.months:
                found[:, column] += amount
        return found
