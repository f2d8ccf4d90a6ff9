"""What the relations read beside charges: pools, scopes, slices of grants, periods of minimums, decimals of currencies."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from itertools import takewhile
from typing import Any, TypeAlias

import duckdb
import pyarrow as pa

from growthring.kernel.currency import EXPONENT
from growthring.pricing.commitments.periods import CommitmentPeriod, billing_months, commitment_periods
from growthring.pricing.commitments.slices import Slice, grant_slices
from growthring.pricing.commitments.terms import Commitment, family_pools

COUNT, TEXT, DAY = pa.int64(), pa.string(), pa.date32()
MEASURED, RATE, AMOUNT, STEP = pa.decimal128(38, 6), pa.decimal128(18, 8), pa.decimal128(18, 4), pa.decimal128(18, 6)

Columns: TypeAlias = dict[str, pa.DataType]

_SLICE: Columns = {
    "slice_id": COUNT, "pass": COUNT, "commitment_id": TEXT, "account_id": TEXT, "pool_id": TEXT, "only_account_id": TEXT,
    "kind": TEXT, "measure": TEXT, "currency": TEXT, "meter": TEXT, "starts_on": DAY, "ends_on": DAY, "granted": MEASURED,
    "passes_to": COUNT, "passed_share": RATE, "digits": COUNT, "overage_factor": RATE, "is_first": COUNT, "is_last": COUNT,
}  # fmt: skip
_PERIOD: Columns = {
    "commitment_id": TEXT, "account_id": TEXT, "pool_id": TEXT, "only_account_id": TEXT, "kind": TEXT, "measure": TEXT,
    "currency": TEXT, "meter": TEXT, "timing": TEXT, "ordinal": COUNT, "period_start": DAY, "period_end": DAY,
    "covered_days": COUNT, "period_days": COUNT, "elapsed_before": COUNT, "elapsed_through": COUNT, "term_days": COUNT,
    "committed_units": COUNT, "unit_amount": STEP, "price_amount": AMOUNT, "price_per": MEASURED, "overage_factor": RATE,
    "is_due": COUNT,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CommitmentInputs:
    """The small tables that Python makes for the relations.

    Attributes:
        on: The day of the look; charges of periods that begin before it count.
        commitments: The commitments.
        pools: The pool of each account that shares one.
        tables: Arrow tables by name, to be put into an engine.
        slices: The slices of all grants.
        periods: The periods of all minimums and ELAs.
    """

    on: date
    commitments: tuple[Commitment, ...]
    pools: Mapping[str, str]
    tables: Mapping[str, pa.Table]
    slices: tuple[Slice, ...]
    periods: tuple[CommitmentPeriod, ...]

    def passes(self, measure: str) -> int:
        """Return the number of passes that drawing takes in a measure."""
        return max((each.pass_number for each in self.slices if each.grant.measure == measure), default=0)


def commitment_inputs(
    commitments: Iterable[Commitment],
    on: date,
    *,
    pools: Mapping[str, str] | None = None,
    calendars: Mapping[str, Sequence[tuple[date, date]]] | None = None,
) -> CommitmentInputs:
    """Make the inputs of the relations.

    Args:
        commitments: Commitments of any kind.
        on: The day of the look.
        pools: The pool of each account that shares one (`family_pools`).
        calendars: Billing periods of commitments that are not billed by months counted from their start, by identifier.
    """
    known, shared, billed = tuple(commitments), pools or {}, calendars or {}
    slices = tuple(grant_slices(known, shared))
    periods = tuple(
        period for each in known if not each.is_grant for period in commitment_periods(each, on, billed.get(each.commitment_id))
    )
    tables = {
        "pool": arrow_table({"account_id": TEXT, "pool_id": TEXT}, sorted(shared.items())),
        "commitment_currency": arrow_table({"currency": TEXT, "digits": COUNT}, sorted(EXPONENT.items())),
        "commitment_scope": arrow_table(
            {"commitment_id": TEXT, "target": TEXT}, [(each.commitment_id, target) for each in known for target in each.targets]
        ),
        "grant_slice": arrow_table(_SLICE, [_slice_row(each) for each in slices]),
        "commitment_period": arrow_table(_PERIOD, [_period_row(each, shared) for each in periods]),
    }
    return CommitmentInputs(on, known, shared, tables, slices, periods)


def load_commitment_inputs(connection: duckdb.DuckDBPyConnection, on: date) -> CommitmentInputs:
    """Read commitments, families and billing anchors from the canonical tables and put the inputs beside them.

    Args:
        connection: Holds ``commitment``, ``account`` and ``contract``; the inputs become its tables.
        on: The day of the look; families are those of that day.
    """
    names = [field.name for field in fields(Commitment)]
    rows = connection.execute(f"SELECT {', '.join(names)} FROM commitment ORDER BY commitment_id").fetchall()
    found = [Commitment(**{name: value for name, value in zip(names, row, strict=True) if value is not None}) for row in rows]
    anchors = connection.execute("SELECT contract_id, billing_anchor_on FROM contract WHERE billing_anchor_on IS NOT NULL")
    inputs = commitment_inputs(
        found,
        on,
        pools=family_pools(_parents(connection, on)),
        calendars=_calendars(found, dict(anchors.fetchall()), on),
    )
    put_inputs(connection, inputs)
    return inputs


def put_inputs(connection: duckdb.DuckDBPyConnection, inputs: CommitmentInputs) -> None:
    """Copy the inputs into DuckDB, replacing those that are there."""
    for name, table in inputs.tables.items():
        connection.register("arriving_input", table)
        connection.execute(f"CREATE OR REPLACE TABLE {name} AS FROM arriving_input")
        connection.unregister("arriving_input")


def _calendars(commitments: Iterable[Commitment], anchors: Mapping[str, date], on: date) -> dict[str, list[tuple[date, date]]]:
    """Return billing months counted from the anchors of contracts, as far as they have begun."""
    found: dict[str, list[tuple[date, date]]] = {}
    for each in commitments:
        anchor = anchors.get(each.contract_id or "")
        if anchor and not each.is_grant:
            months = billing_months(anchor, each.starts_on)
            found[each.commitment_id] = list(takewhile(lambda month: month[0] <= on, months))
    return found


def _parents(connection: duckdb.DuckDBPyConnection, on: date) -> dict[str, str]:
    """Return the account above each account on a day; the earliest version covers the time before it too."""
    rows = connection.execute(
        "SELECT account_id, parent_account_id, CASE WHEN merged_on <= ? THEN merged_into_account_id END AS merged_into, "
        "valid_from FROM account ORDER BY account_id, valid_from",
        [on],
    ).fetchall()
    above: dict[str, str | None] = {}
    for account_id, parent, merged_into, valid_from in rows:
        if account_id not in above or valid_from is None or valid_from <= on:
            above[account_id] = merged_into or parent
    return {account_id: each for account_id, each in above.items() if each}


def _slice_row(each: Slice) -> tuple[Any, ...]:
    grant = each.grant
    by_units = grant.measure == "quantity"
    granted = grant.size if each.is_first else Decimal(0)
    return (
        each.slice_id, each.pass_number, grant.commitment_id, grant.account_id, each.pool_id, grant.only_account(),
        grant.kind, grant.measure, "" if by_units else grant.currency, grant.meter if by_units else "",
        each.starts_on, each.ends_on, granted, each.passes_to, each.passed_share, each.digits, grant.overage_factor,
        int(each.is_first), int(each.is_last),
    )  # fmt: skip


def _period_row(each: CommitmentPeriod, pools: Mapping[str, str]) -> tuple[Any, ...]:
    commitment = each.commitment
    by_units = commitment.measure == "quantity"
    before, through = each.elapsed_days
    return (
        commitment.commitment_id, commitment.account_id, pools.get(commitment.account_id, commitment.account_id),
        commitment.only_account(), commitment.kind, commitment.measure, commitment.currency or "",
        commitment.meter if by_units else "", each.timing, each.ordinal, each.period_start, each.period_end,
        each.covered_days, each.period_days, before, through, each.term_days, each.committed_units, each.unit,
        commitment.amount or Decimal(0), commitment.quantity or Decimal(0), commitment.overage_factor, int(each.is_due),
    )  # fmt: skip


def arrow_table(columns: Columns, rows: Iterable[tuple[Any, ...]]) -> pa.Table:
    """Return rows as an Arrow table with columns of the given types; decimals are brought to the scale of their column."""
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [
        pa.array(_exact(column, kind) if pa.types.is_decimal(kind) else column, kind)
        for column, kind in zip(values, columns.values(), strict=True)
    ]
    return pa.table(dict(zip(columns, arrays, strict=True)))


def _exact(column: Iterable[Decimal], kind: pa.DataType) -> list[Decimal]:
    step = Decimal(1).scaleb(-kind.scale)
    return [value.quantize(step) for value in column]
