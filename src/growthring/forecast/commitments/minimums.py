"""Minimums and ELAs in many futures at once: the same periods and rounding as the reference in Decimal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from growthring.forecast.commitments.charges import ChargePaths
from growthring.forecast.commitments.drawdown import may_count, size_of
from growthring.forecast.commitments.whole import Whole, fixed, minor_step, money_units, quantity_units, rate_units, share, times
from growthring.pricing.commitments import Commitment
from growthring.pricing.commitments.periods import CommitmentPeriod, commitment_periods

_NOTHING = fixed(0)


@dataclass(frozen=True, slots=True, eq=False)
class PeriodPaths:
    """What a minimum or an ELA charges in one of its periods, in every future.

    Attributes:
        period: The period.
        committed: What is promised for it (or for the term), in the measure.
        consumed: What was consumed in it, in the measure.
        rated: Rated value of that consumption.
        utilised: The part within the commitment; for an ELA the price of the period.
        beyond: The part beyond it, before the overage factor.
        overage: The part beyond it × the overage factor.
        true_up: The shortfall billed with the period.
        currency: Of the amounts.
    """

    period: CommitmentPeriod
    committed: Whole
    consumed: Whole
    rated: Whole
    utilised: Whole
    beyond: Whole
    overage: Whole
    true_up: Whole
    currency: str


def commitment_charge_paths(
    commitment: Commitment,
    charges: Iterable[ChargePaths],
    on: date,
    *,
    pools: Mapping[str, str] | None = None,
    calendar: Sequence[tuple[date, date]] | None = None,
) -> list[PeriodPaths]:
    """Return what a minimum or an ELA charges in each period that has begun by a day, in every future.

    Args:
        commitment: The commitment.
        charges: Charges; periods that start on ``on`` or later do not count.
        on: The day of the look, usually the end of the horizon.
        pools: The pool of each account that shares one.
        calendar: Billing periods of its contract; months counted from its start when absent.
    """
    shared = pools or {}
    periods = list(commitment_periods(commitment, on, calendar))
    counted = [each for each in charges if each.period_start < on and _counts(commitment, each, shared)]
    found: list[PeriodPaths] = []
    for period in periods:
        mine = [each for each in counted if period.period_start <= each.period_start < period.period_end]
        found.append(_period(period, mine, [] if period.timing == "period" else found))
    return found


def _period(period: CommitmentPeriod, charges: list[ChargePaths], earlier: list[PeriodPaths]) -> PeriodPaths:
    commitment = period.commitment
    by_units = commitment.measure == "quantity"
    currency = commitment.currency or max((each.currency for each in charges), default="")
    step = minor_step(currency)
    rated = np.maximum(sum((each.amount for each in charges), _NOTHING), 0)
    consumed = np.maximum(sum((each.quantity for each in charges), _NOTHING), 0) if by_units else rated
    committed = _committed(period)
    if commitment.kind == "ela":
        price = fixed(money_units(commitment.amount or Decimal(0)))
        before, through = (share(price, fixed(days), fixed(period.term_days), step) for days in period.elapsed_days)
        return PeriodPaths(period, committed, consumed, rated, through - before, _NOTHING, _NOTHING, _NOTHING, currency)
    prior = sum((each.consumed for each in earlier), _NOTHING)
    within = np.minimum(committed, prior + consumed) - np.minimum(committed, prior)
    missing = np.maximum(committed - prior - consumed, 0) if period.is_due else _NOTHING
    utilised = share(rated, within, consumed, step) if by_units else within
    if by_units and period.is_due:
        rated_through = rated + sum((each.rated for each in earlier), _NOTHING)
        missing = _valued(commitment, missing, rated_through, prior + consumed, step)
    beyond = rated - utilised
    over = times(beyond, rate_units(commitment.overage_factor), step)
    return PeriodPaths(period, committed, consumed, rated, utilised, beyond, over, missing, currency)


def _committed(period: CommitmentPeriod) -> Whole:
    """Return what is promised for a period, or for the term."""
    units = quantity_units if period.commitment.measure == "quantity" else money_units
    whole, step = fixed(units(period.committed_units * period.unit)), units(period.unit)
    if period.timing != "period":
        return whole
    return share(whole, fixed(period.covered_days), fixed(period.period_days), step)


def _valued(commitment: Commitment, missing: Whole, rated: Whole, consumed: Whole, step: int) -> Whole:
    """Return what missing units cost: their share of the agreed amount, or the average rated price where none is agreed."""
    if commitment.amount:
        return share(fixed(money_units(commitment.amount)), missing, size_of(commitment), step)
    return share(rated, missing, consumed, step)


def _counts(commitment: Commitment, charge: ChargePaths, pools: Mapping[str, str]) -> bool:
    return (
        may_count(commitment, charge, pools)
        and (not commitment.currency or commitment.currency == charge.currency)
        and (commitment.measure == "amount" or commitment.meter == charge.meter)
    )
