"""Minimums and ELAs in plain Decimal: what the relations must reproduce digit by digit."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from growthring.pricing.commitments.periods import CommitmentPeriod, commitment_periods
from growthring.pricing.commitments.reference import Charge, minor_unit, rounded, summed_charges
from growthring.pricing.commitments.terms import Commitment

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class PeriodCharge:
    """What a commitment charges in one of its periods.

    Attributes:
        period: The period.
        committed: What is promised for it (or for the term), in the commitment's measure.
        consumed: What was consumed in it, in the same measure.
        rated_amount: Rated value of that consumption.
        utilised_amount: The part within the commitment; for an ELA the price of the period.
        overage_amount: The part beyond it × the overage factor.
        true_up_amount: The shortfall billed with the period.
    """

    period: CommitmentPeriod
    committed: Decimal
    consumed: Decimal
    rated_amount: Decimal
    utilised_amount: Decimal
    overage_amount: Decimal
    true_up_amount: Decimal

    @property
    def charge_amount(self) -> Decimal:
        """Utilised + overage + true-up."""
        return self.utilised_amount + self.overage_amount + self.true_up_amount


def commitment_charges(
    commitment: Commitment,
    charges: Iterable[Charge],
    on: date,
    *,
    pools: Mapping[str, str] | None = None,
    calendar: Sequence[tuple[date, date]] | None = None,
) -> list[PeriodCharge]:
    """Return what a minimum or an ELA charges in each period that has begun by a day.

    The overage of a period counts from what earlier periods consumed, at their base amounts without any overage factor, so that
    a yearly commitment over monthly invoices bills each unit once (60 promised, 50 before, 12 now, factor 2: 10 + 2 × 2).
    """
    shared = pools or {}
    periods = list(commitment_periods(commitment, on, calendar))
    counted: dict[int, list[Charge]] = defaultdict(list)
    for charge in summed_charges([each for each in charges if each.period_start < on], shared):
        if _counts(commitment, charge, shared):
            for period in periods:
                if period.period_start <= charge.period_start < period.period_end:
                    counted[period.ordinal].append(charge)
    found: list[PeriodCharge] = []
    for period in periods:
        earlier = [] if period.timing == "period" else found
        found.append(_period_charge(period, counted[period.ordinal], earlier))
    return found


def prorated(size: Decimal, covered_days: int, period_days: int, step: Decimal) -> Decimal:
    """Return the share of a minimum for a part of a period, rounded half up to a step.

    Example:
        >>> prorated(Decimal("10.00"), 15, 31, Decimal("0.01"))
        Decimal('4.84')
    """
    return _rounded(Fraction(size) * covered_days / period_days, step)


def _period_charge(period: CommitmentPeriod, charges: list[Charge], earlier: list[PeriodCharge]) -> PeriodCharge:
    commitment = period.commitment
    by_units = commitment.measure == "quantity"
    currency = commitment.currency or max((each.currency for each in charges), default="")
    rated = max(sum((each.amount for each in charges), _ZERO), _ZERO)
    consumed = max(sum((each.quantity for each in charges), _ZERO), _ZERO) if by_units else rated
    committed = period.committed_units * period.unit
    if period.timing == "period":
        committed = prorated(committed, period.covered_days, period.period_days, period.unit)
    if commitment.kind == "ela":
        before, through = (share_of(commitment.amount or _ZERO, days, period.term_days, currency) for days in period.elapsed_days)
        return PeriodCharge(period, committed, consumed, rated, through - before, _ZERO, _ZERO)
    prior = sum((each.consumed for each in earlier), _ZERO)
    within = min(committed, prior + consumed) - min(committed, prior)
    missing = max(committed - prior - consumed, _ZERO) if period.is_due else _ZERO
    utilised = share_of(rated, within, consumed, currency) if by_units else within
    if by_units:
        rated_through = rated + sum((each.rated_amount for each in earlier), _ZERO)
        price, per = (commitment.amount, commitment.size) if commitment.amount else (rated_through, prior + consumed)
        missing = share_of(price, missing, per, currency)
    overage = rounded((rated - utilised) * commitment.overage_factor, currency)
    return PeriodCharge(period, committed, consumed, rated, utilised, overage, missing)


def _counts(commitment: Commitment, charge: Charge, pools: Mapping[str, str]) -> bool:
    same_pool = pools.get(commitment.account_id, commitment.account_id) == pools.get(charge.account_id, charge.account_id)
    return (
        same_pool
        and commitment.only_account() in {"", charge.account_id}
        and (not commitment.currency or commitment.currency == charge.currency)
        and (commitment.measure == "amount" or commitment.meter == charge.meter)
        and bool({"", charge.component_id, charge.component_kind} & set(commitment.targets))
    )


def share_of(amount: Decimal, part: Decimal | int, whole: Decimal | int, currency: str) -> Decimal:
    """Return the share of an amount, rounded to the minor unit; all of it for the whole, nothing of nothing."""
    if part == whole or not whole:
        return amount if whole else _ZERO
    return _rounded(Fraction(amount) * Fraction(part) / Fraction(whole), minor_unit(currency))


def _rounded(value: Fraction, step: Decimal) -> Decimal:
    return Decimal((value / Fraction(step) + Fraction(1, 2)).__floor__()) * step
