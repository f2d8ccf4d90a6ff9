"""What another price does to commitments: drawdown, overage and shortfalls change with what usage is worth (PR-05, PR-08)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import duckdb

from growthring.engine.relation import relation
from growthring.pricing.commitments.evaluation import compute_commitments
from growthring.pricing.simulation.result import CommitmentEffect

_READ = """
SELECT 'drawn' AS effect, currency, SUM(drawn_amount) AS amount FROM drawdown GROUP BY currency
UNION ALL
SELECT 'overage' AS effect, currency, SUM(overage_amount) AS amount FROM overage GROUP BY currency
UNION ALL
SELECT 'minimum_overage' AS effect, currency, SUM(overage_amount) AS amount FROM commitment_charge GROUP BY currency
UNION ALL
SELECT 'true_up' AS effect, currency, SUM(true_up_amount) AS amount FROM commitment_charge GROUP BY currency
"""
"""Amounts by what commitments make of charges."""

Effects = Mapping[tuple[str, str], Decimal]


def commitment_amounts(connection: duckdb.DuckDBPyConnection, on: date) -> Effects:
    """Return what commitments pay and charge, by effect and currency, for the rated lines and bills of a connection.

    Args:
        connection: Holds rated lines, bills, the tables of their books, and ``commitment``, ``account`` and ``contract``.
        on: Billing periods that begin before it count.
    """
    connection.execute(f"CREATE OR REPLACE VIEW drawable AS {relation('growthring.pricing.rating', 'drawable').sql}")
    compute_commitments(connection, on)
    return {(effect, currency): Decimal(amount) for effect, currency, amount in connection.execute(_READ).fetchall() if currency}


def commitment_effects(before: Effects, after: Effects) -> tuple[CommitmentEffect, ...]:
    """Compare what commitments pay and charge."""
    zero = Decimal(0)
    pairs = {key: (before.get(key, zero), after.get(key, zero)) for key in sorted({*before, *after})}
    return tuple(CommitmentEffect(*key, old, new, new - old) for key, (old, new) in pairs.items())
