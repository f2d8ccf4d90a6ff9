"""Charges and commitments put through the relations, on any engine."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from growthring.engine.executors import Executor, open_executor
from growthring.pricing.commitments import RESULTS, Charge, Commitment, commitment_chain, commitment_inputs
from growthring.tables import DERIVED, DRAWABLE
from growthring.tables.contract import ColumnType

_ARROW = {
    ColumnType.TEXT: pa.string(),
    ColumnType.DATE: pa.date32(),
    ColumnType.QUANTITY: pa.decimal128(18, 6),
    ColumnType.AMOUNT: pa.decimal128(18, 4),
}


@dataclass(frozen=True)
class Results:
    """Rows of the result tables, as mappings."""

    drawdown: list[dict[str, Any]]
    commitment_balance: list[dict[str, Any]]
    overage: list[dict[str, Any]]
    commitment_charge: list[dict[str, Any]]


def drawable_table(charges: Iterable[Charge]) -> pa.Table:
    """Return charges as the Arrow table ``drawable``."""
    rows = [astuple(each) for each in charges]
    columns = list(zip(*rows, strict=True)) or [()] * len(DRAWABLE.columns)
    return pa.table(
        {
            column.name: pa.array([_scaled(value, _ARROW[column.type]) for value in values], _ARROW[column.type])
            for column, values in zip(DRAWABLE.columns, columns, strict=True)
        }
    )


def run_relations(
    commitments: Iterable[Commitment],
    charges: Iterable[Charge],
    on: date,
    pools: Mapping[str, str] | None = None,
    calendars: Mapping[str, Sequence[tuple[date, date]]] | None = None,
    executor: Executor | None = None,
) -> Results:
    """Compute all results on an engine, DuckDB unless another is given."""
    opened = executor or open_executor("duckdb")
    inputs = commitment_inputs(commitments, on, pools=pools, calendars=calendars)
    for name, table in inputs.tables.items():
        opened.put(name, table)
    opened.put("drawable", drawable_table(charges))
    opened.run(commitment_chain(inputs))
    found = {}
    for name in RESULTS:
        names = _names(name)
        found[name] = [dict(zip(names, row, strict=True)) for row in opened.fetch(name)]
    if executor is None:
        opened.close()
    return Results(**found)


def _names(relation: str) -> list[str]:
    return list(DERIVED[relation].column_names)


def _scaled(value: object, kind: pa.DataType) -> object:
    return value.quantize(Decimal(1).scaleb(-kind.scale)) if isinstance(value, Decimal) else value
