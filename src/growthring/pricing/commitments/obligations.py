"""Remaining performance obligations: what customers have promised and not yet consumed, and what of it is due within a year.

RPO of a commitment is what is promised less what was consumed of it; current RPO is the part due in the next twelve months,
spread by days over the rest of the term (PR-06). Credits are gifts, and minimums without a true-up cannot be collected: neither
counts.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from growthring.pricing.commitments.evaluation import compute_commitments, read_rows
from growthring.pricing.commitments.inputs import CommitmentInputs
from growthring.pricing.commitments.minimums import prorated, share_of
from growthring.pricing.commitments.periods import add_months, commitment_periods
from growthring.pricing.commitments.terms import OPEN_END, Commitment

_ZERO = Decimal(0)
_MONTHS_OF_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Obligation:
    """What is left of the promises of an account in a currency.

    Attributes:
        account_id: The customer; empty text in a total.
        currency: ISO 4217 code of the amounts.
        committed_amount: What was promised, of commitments that have not ended.
        consumed_amount: What was consumed or recognised of it.
        remaining_amount: RPO.
        current_amount: The part of it due within twelve months (cRPO).
    """

    account_id: str
    currency: str
    committed_amount: Decimal
    consumed_amount: Decimal
    remaining_amount: Decimal
    current_amount: Decimal

    @property
    def noncurrent_amount(self) -> Decimal:
        """The part due later."""
        return self.remaining_amount - self.current_amount


def remaining_obligations(
    connection: duckdb.DuckDBPyConnection, on: date, *, computed: CommitmentInputs | None = None
) -> list[Obligation]:
    """Return RPO and cRPO of every account with commitments, by currency.

    Args:
        connection: Holds the canonical tables and ``drawable``.
        on: The day of the look.
        computed: Inputs of `compute_commitments` for the same day, when its tables are there already.
    """
    inputs = computed or compute_commitments(connection, on)
    consumed = _consumed(connection, on)
    open_ones = (each for each in inputs.commitments if each.closes_on > on and _is_obligation(each))
    return _added(obligation(each, *consumed.get(each.commitment_id, (_ZERO, _ZERO)), on) for each in open_ones)


def total_obligations(obligations: Iterable[Obligation]) -> list[Obligation]:
    """Return one total a currency."""
    return _added(
        Obligation("", each.currency, each.committed_amount, each.consumed_amount, each.remaining_amount, each.current_amount)
        for each in obligations
    )


def obligation(commitment: Commitment, consumed: Decimal, rolled_in: Decimal, on: date) -> Obligation:
    """Return what is left of one commitment.

    Args:
        commitment: A prepaid balance, a minimum or an ELA that has not ended.
        consumed: What was consumed of it, in its measure; of a minimum for each period, what was consumed in the current one.
            An ELA is consumed by days.
        rolled_in: What an earlier balance passed on to it.
        on: The day of the look.

    Example:
        >>> year = Commitment("c", "a", "minimum", date(2024, 1, 1), date(2026, 1, 1), amount=Decimal(731), currency="USD")
        >>> left = obligation(year, Decimal(31), Decimal(0), date(2024, 12, 31))
        >>> left.remaining_amount, left.current_amount
        (Decimal('700'), Decimal('698.09'))
    """
    currency = commitment.currency or ""
    size = commitment.size + rolled_in
    if commitment.kind == "ela":
        term = (commitment.expires_on - commitment.starts_on).days
        consumed = share_of(size, max((on - commitment.starts_on).days, 0), term, currency)
    elif commitment.kind == "minimum" and commitment.true_up == "period":
        size, consumed = _of_periods(commitment, consumed, on)
    consumed = min(consumed, size)
    committed_amount, consumed_amount = (_valued(commitment, value, currency) for value in (size, consumed))
    remaining = committed_amount - consumed_amount
    current = _due_within_a_year(commitment, remaining, on, currency)
    return Obligation(commitment.account_id, currency, committed_amount, consumed_amount, remaining, current)


def _of_periods(commitment: Commitment, consumed: Decimal, on: date) -> tuple[Decimal, Decimal]:
    """Return what all periods of a term promise, and what is settled of it; without an end, of the current period alone."""
    is_open = commitment.closes_on == OPEN_END
    periods = list(commitment_periods(commitment, on if is_open else commitment.closes_on))
    promised = [
        prorated(each.committed_units * each.unit, each.covered_days, each.period_days, each.unit)
        for each in (periods[-1:] if is_open else periods)
    ]
    ended = [size for each, size in zip(periods, promised, strict=False) if each.period_end <= on and not is_open]
    current = [
        size for each, size in zip(periods, promised, strict=False) if each.period_start <= on < each.period_end or is_open
    ]
    return sum(promised, _ZERO), sum(ended, _ZERO) + sum((min(size, consumed) for size in current), _ZERO)


def _valued(commitment: Commitment, value: Decimal, currency: str) -> Decimal:
    """Return money for units at the price of the whole commitment; units without a price have no value."""
    if commitment.measure == "amount":
        return value
    return share_of(commitment.amount or _ZERO, value, commitment.size, currency)


def _due_within_a_year(commitment: Commitment, remaining: Decimal, on: date, currency: str) -> Decimal:
    first, horizon = max(on, commitment.starts_on), add_months(on, _MONTHS_OF_A_YEAR)
    if commitment.closes_on == OPEN_END or commitment.closes_on <= horizon:
        return remaining
    return share_of(remaining, max((horizon - first).days, 0), (commitment.closes_on - first).days, currency)


def _is_obligation(commitment: Commitment) -> bool:
    if commitment.kind == "minimum":
        return commitment.true_up == "period" or (commitment.true_up == "term_end" and commitment.ends_on is not None)
    return commitment.kind == "prepaid" or (commitment.kind == "ela" and commitment.ends_on is not None)


def _consumed(connection: duckdb.DuckDBPyConnection, on: date) -> dict[str, tuple[Decimal, Decimal]]:
    """Return what was consumed of each commitment, and what rolled into it, in its measure."""
    drawn = read_rows(connection, "SELECT commitment_id, drawn, rolled_in FROM commitment_balance")
    counted = read_rows(
        connection,
        "SELECT period.commitment_id AS commitment_id, SUM(charge.consumed) AS drawn, 0 AS rolled_in "
        "FROM commitment_charge AS charge "
        "JOIN commitment_period AS period "
        "ON period.commitment_id = charge.commitment_id AND period.period_start = charge.period_start "
        "WHERE period.timing = 'term' OR charge.period_end > ? GROUP BY period.commitment_id",
        on,
    )
    return {row["commitment_id"]: (Decimal(row["drawn"]), Decimal(row["rolled_in"])) for row in (*drawn, *counted)}


def _added(obligations: Iterable[Obligation]) -> list[Obligation]:
    sums: dict[tuple[str, str], list[Obligation]] = defaultdict(list)
    for each in obligations:
        sums[each.account_id, each.currency].append(each)
    return [
        Obligation(
            account_id,
            currency,
            sum((each.committed_amount for each in same), _ZERO),
            sum((each.consumed_amount for each in same), _ZERO),
            sum((each.remaining_amount for each in same), _ZERO),
            sum((each.current_amount for each in same), _ZERO),
        )
        for (account_id, currency), same in sorted(sums.items())
    ]
