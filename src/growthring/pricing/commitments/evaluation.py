"""Commitments computed in DuckDB beside the canonical tables, for the questions asked of them."""

from datetime import date
from typing import Any

import duckdb

from growthring.pricing.commitments.chain import commitment_chain
from growthring.pricing.commitments.inputs import CommitmentInputs, load_commitment_inputs


def compute_commitments(connection: duckdb.DuckDBPyConnection, on: date) -> CommitmentInputs:
    """Compute drawdown, balances, overage and what commitments charge, as of a day, into tables of these names.

    Args:
        connection: Holds the canonical tables and ``drawable``.
        on: The day of the look; billing periods that begin before it count, with what is known of them.
    """
    inputs = load_commitment_inputs(connection, on)
    for each in commitment_chain(inputs):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {each.name} AS {each.sql}")
    return inputs


def read_rows(connection: duckdb.DuckDBPyConnection, query: str, *values: object) -> list[dict[str, Any]]:
    """Return the rows of a query as mappings by column."""
    found = connection.execute(query, list(values))
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
