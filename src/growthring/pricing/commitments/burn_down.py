"""Burn-down of commitments: consumed to date, pace against a straight line, and where the pace leads by the end of the term."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import takewhile

import duckdb

from growthring.pricing.commitments.evaluation import compute_commitments, read_rows
from growthring.pricing.commitments.inputs import CommitmentInputs
from growthring.pricing.commitments.periods import billing_months
from growthring.pricing.commitments.terms import OPEN_END, Commitment

_ZERO = Decimal(0)
_STEP = Decimal("0.000001")
TRAILING = 3
"""Complete periods whose average is the pace."""


@dataclass(frozen=True, slots=True)
class BurnDown:
    """Where a commitment stands and where its pace leads, in its measure (money, or units of its meter).

    Attributes:
        commitment_id: The commitment.
        kind: prepaid, credit, minimum or ela.
        measure: amount or quantity.
        committed: What was promised or granted, with what rolled in.
        consumed: What was consumed of it, with what went beyond it.
        balance: What is left; never below zero.
        straight_line: What would have been consumed by now at an even pace; nothing for a commitment without an end.
        pace_per_day: Average of the last complete periods.
        exhausted_on: When the pace uses it up, if before its end.
        exhausted_earliest_on: The same at the fastest of the last periods.
        exhausted_latest_on: The same at the slowest, if before its end.
        shortfall: What is left unused at its end at this pace.
        shortfall_on: Its end, when something is left.
        expected_overage: What goes beyond it by its end at this pace, before the overage factor.
    """

    commitment_id: str
    kind: str
    measure: str
    committed: Decimal
    consumed: Decimal
    balance: Decimal
    straight_line: Decimal | None
    pace_per_day: Decimal
    exhausted_on: date | None
    exhausted_earliest_on: date | None
    exhausted_latest_on: date | None
    shortfall: Decimal
    shortfall_on: date | None
    expected_overage: Decimal


def burn_down(
    connection: duckdb.DuckDBPyConnection, account_id: str, on: date, *, computed: CommitmentInputs | None = None
) -> list[BurnDown]:
    """Return the burn-down of an account's commitments in force.

    Args:
        connection: Holds the canonical tables and ``drawable``.
        account_id: The account that holds the commitments; pooled ones count the whole family's consumption. Minimums of every
            period by itself are left out: nothing burns down over their term.
        on: The day of the look.
        computed: Inputs of `compute_commitments` for the same day, when its tables are there already.
    """
    inputs = computed or compute_commitments(connection, on)
    consumed = consumption(connection, account_id)
    rolled = read_rows(connection, "SELECT commitment_id, rolled_in FROM commitment_balance WHERE account_id = ?", account_id)
    rolled_in = {row["commitment_id"]: row["rolled_in"] for row in rolled}
    return [
        project(each, consumed.get(each.commitment_id, []), on, rolled_in.get(each.commitment_id, _ZERO))
        for each in inputs.commitments
        if each.account_id == account_id and each.starts_on <= on < each.closes_on and not _is_by_period(each)
    ]


def _is_by_period(commitment: Commitment) -> bool:
    """Whether it promises every period by itself, so that nothing burns down over a term."""
    return commitment.kind == "minimum" and commitment.true_up == "period"


def project(commitment: Commitment, consumed: Sequence[tuple[date, Decimal]], on: date, rolled_in: Decimal = _ZERO) -> BurnDown:
    """Return where one commitment stands and where its pace leads.

    Args:
        commitment: A commitment in force.
        consumed: First day of a billing period and what was consumed in it, in the commitment's measure.
        on: The day of the look.
        rolled_in: What an earlier balance passed on to it.

    Example:
        >>> year = Commitment("c", "a", "prepaid", date(2024, 1, 1), date(2025, 1, 1), amount=Decimal(366), currency="USD")
        >>> used = [(date(2024, month, 1), Decimal(91)) for month in (1, 2, 3)]
        >>> left = project(year, used, date(2024, 4, 1))
        >>> left.consumed, left.straight_line, left.pace_per_day, str(left.exhausted_on)
        (Decimal('273'), Decimal('91.000000'), Decimal('3.000000'), '2024-05-02')
    """
    committed = commitment.size + rolled_in
    used = sum((value for _, value in consumed), _ZERO)
    balance = max(committed - used, _ZERO)
    paces = _paces(commitment, consumed, on)
    pace = _mean_pace(paces)
    is_open = commitment.closes_on == OPEN_END
    days_left = (commitment.closes_on - on).days
    at_end = Fraction(used) + pace * days_left
    by_period = [Fraction(value) / days for value, days in paces]
    return BurnDown(
        commitment_id=commitment.commitment_id,
        kind=commitment.kind,
        measure=commitment.measure,
        committed=committed,
        consumed=used,
        balance=balance,
        straight_line=None if is_open else _straight_line(commitment, committed, on),
        pace_per_day=_decimal(pace),
        exhausted_on=_exhausted_on(commitment, balance, pace, on),
        exhausted_earliest_on=_exhausted_on(commitment, balance, max(by_period, default=pace), on),
        exhausted_latest_on=_exhausted_on(commitment, balance, min(by_period, default=pace), on),
        shortfall=_ZERO if is_open else _decimal(max(Fraction(committed) - at_end, Fraction(0))),
        shortfall_on=None if is_open or at_end >= committed else commitment.closes_on,
        expected_overage=_ZERO if is_open else _decimal(max(at_end - Fraction(committed), Fraction(0))),
    )


def _paces(commitment: Commitment, consumed: Sequence[tuple[date, Decimal]], on: date) -> list[tuple[Decimal, int]]:
    """Return consumption and days of the last complete periods; of the time so far while there is none."""
    months = list(takewhile(lambda month: month[1] <= on, billing_months(commitment.starts_on, commitment.starts_on)))
    if not months:
        months = [(commitment.starts_on, max(on, commitment.starts_on + timedelta(days=1)))]
    return [
        (sum((value for day, value in consumed if start <= day < end), _ZERO), (end - start).days)
        for start, end in months[-TRAILING:]
    ]


def _mean_pace(paces: Sequence[tuple[Decimal, int]]) -> Fraction:
    return Fraction(sum((value for value, _ in paces), _ZERO)) / sum(days for _, days in paces)


def _straight_line(commitment: Commitment, committed: Decimal, on: date) -> Decimal:
    term = (commitment.closes_on - commitment.starts_on).days
    return _decimal(Fraction(committed) * (on - commitment.starts_on).days / term)


def _exhausted_on(commitment: Commitment, balance: Decimal, pace: Fraction, on: date) -> date | None:
    """Return the first day on which nothing is left, if that is before the end."""
    if not balance:
        return on
    if pace <= 0:
        return None
    days = -((-Fraction(balance) / pace).__floor__())
    return on + timedelta(days=days) if days < (commitment.closes_on - on).days else None


def consumption(connection: duckdb.DuckDBPyConnection, account_id: str) -> dict[str, list[tuple[date, Decimal]]]:
    """Return consumption by commitment and period: drawn and uncovered for balances, counted for minimums and ELAs.

    Args:
        connection: Holds what `compute_commitments` computed.
        account_id: The account that holds the commitments.
    """
    rows = read_rows(
        connection,
        "SELECT drawdown.commitment_id, drawdown.period_start, "
        "SUM(CASE WHEN drawdown.measure = 'quantity' THEN drawn_quantity ELSE drawn_amount END) AS consumed "
        "FROM drawdown JOIN commitment_balance AS held ON held.commitment_id = drawdown.commitment_id "
        "WHERE held.account_id = ? GROUP BY drawdown.commitment_id, drawdown.period_start "
        "UNION ALL SELECT overage.commitment_id, overage.period_start, "
        "SUM(CASE WHEN held.measure = 'quantity' THEN uncovered_quantity ELSE uncovered_amount END) "
        "FROM overage JOIN commitment_balance AS held ON held.commitment_id = overage.commitment_id "
        "WHERE held.account_id = ? GROUP BY overage.commitment_id, overage.period_start "
        "UNION ALL SELECT commitment_id, period_start, consumed FROM commitment_charge WHERE account_id = ?",
        account_id,
        account_id,
        account_id,
    )
    found: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for row in rows:
        found[row["commitment_id"]].append((row["period_start"], Decimal(row["consumed"])))
    return found


def _decimal(value: Fraction) -> Decimal:
    return Decimal((value / Fraction(_STEP) + Fraction(1, 2)).__floor__()) * _STEP
