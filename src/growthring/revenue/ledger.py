"""From canonical tables to a balanced ledger: runs the chain of relations and stops when a cent is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from growthring.engine.relation import Relation, relation
from growthring.kernel.errors import LedgerImbalanceError
from growthring.kernel.period import Month
from growthring.revenue.inputs import load_inputs
from growthring.revenue.pipeline import PACKAGE, Shape, ledger_chain, recurring_chain
from growthring.revenue.policy import Policy
from growthring.revenue.setting import Setting, parameters

LEDGER_TABLES = ("panel", "movement", "entity_month")
"""The tables of the ledger that metrics read; the others on the way are not kept."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """A connection that holds a balanced ledger.

    Attributes:
        connection: DuckDB with ``recurring``, ``panel``, ``movement`` and ``entity_month`` beside the canonical tables.
        policy: The policy they follow.
        setting: The setting they were computed in.
        chain: The relations they were computed with, in order, for showing.
    """

    connection: duckdb.DuckDBPyConnection
    policy: Policy
    setting: Setting
    chain: tuple[Relation, ...]


def build_ledger(connection: duckdb.DuckDBPyConnection, policy: Policy, setting: Setting) -> Ledger:
    """Compute recurring revenue and the movement ledger from the canonical tables open in a connection.

    Raises:
        LedgerImbalanceError: Start + movements differs from end somewhere.
    """
    shape = load_inputs(connection, policy, setting)
    chain = recurring_chain(policy, setting)
    define(connection, chain[:-1])
    materialise(connection, chain[-1])
    return build_movements(connection, policy, setting, shape, chain)


def build_movements(
    connection: duckdb.DuckDBPyConnection, policy: Policy, setting: Setting, shape: Shape, before: Sequence[Relation] = ()
) -> Ledger:
    """Compute the movement ledger from a ``recurring`` table that is there already, and check it."""
    chain = ledger_chain(policy, setting, shape)
    for each in chain:
        materialise(connection, each)
    check_identity(connection, policy, setting)
    return Ledger(connection, policy, setting, (*before, *chain))


def define(connection: duckdb.DuckDBPyConnection, chain: Sequence[Relation]) -> None:
    """Define relations as views, to be computed where they are read."""
    for each in chain:
        connection.execute(f"CREATE OR REPLACE VIEW {each.name} AS {each.sql}")


def materialise(connection: duckdb.DuckDBPyConnection, each: Relation) -> None:
    """Compute a relation into a table of its name."""
    connection.execute(f"CREATE OR REPLACE TABLE {each.name} AS {each.sql}")


def check_identity(connection: duckdb.DuckDBPyConnection, policy: Policy, setting: Setting) -> None:
    """Stop unless start + movements = end for every entity, account, product and month.

    Raises:
        LedgerImbalanceError: Names the first places where it does not hold.
    """
    check = relation(PACKAGE, "ledger_check", parameters(policy, setting))
    wrong = connection.execute(f"SELECT * FROM ({check.sql}) ORDER BY 4, 1, 2, 3 LIMIT 5").fetchall()
    if wrong:
        places = "; ".join(
            f"{entity} {account} {product} in {Month(month)}: {start} + {moved} ≠ {end}"
            for entity, account, product, month, start, moved, end in wrong
        )
        raise LedgerImbalanceError(
            f"The ledger under policy {policy.name} does not balance: {places}.",
            remedy="Nothing was published. Please report this with the project's run log.",
        )
