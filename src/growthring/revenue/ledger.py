"""From canonical tables to a balanced ledger: runs the chain of relations and stops when a cent is missing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb

from growthring.engine.relation import Relation, compose, relation
from growthring.kernel.errors import LedgerImbalanceError
from growthring.kernel.period import Month
from growthring.revenue.inputs import load_inputs
from growthring.revenue.pipeline import PACKAGE, Shape, is_short, ledger_chain, recurring_chain
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
    seen = observed(connection, shape)
    book(connection, ledger_chain(policy, setting, seen))
    check_identity(connection, policy, setting, is_single=is_short(policy, seen))
    return Ledger(connection, policy, setting, (*before, *ledger_chain(policy, setting, shape)))


def observed(connection: duckdb.DuckDBPyConnection, shape: Shape) -> Shape:
    """Return the shape of the data in ``recurring``: what a shorter chain to the same ledger may leave out."""
    row = connection.execute(relation(PACKAGE, "shape").sql).fetchone()
    return replace(shape, is_single=bool(row and row[0]))


def book(connection: duckdb.DuckDBPyConnection, chain: Sequence[Relation]) -> None:
    """Compute the relations of the ledger into tables, except those that only name what others hold."""
    for each in chain:
        if each.is_light:
            define(connection, [each])
        else:
            materialise(connection, each)


def define(connection: duckdb.DuckDBPyConnection, chain: Sequence[Relation]) -> None:
    """Define relations as views, to be computed where they are read."""
    for each in chain:
        _make_way(connection, each.name, "BASE TABLE")
        connection.execute(f"CREATE OR REPLACE VIEW {each.name} AS {each.sql}")


def materialise(connection: duckdb.DuckDBPyConnection, each: Relation) -> None:
    """Compute a relation into a table of its name."""
    _make_way(connection, each.name, "VIEW")
    connection.execute(f"CREATE OR REPLACE TABLE {each.name} AS {each.sql}")


def forget(connection: duckdb.DuckDBPyConnection, chain: Sequence[Relation]) -> None:
    """Drop what was computed for a chain."""
    for each in chain:
        for kind in ("VIEW", "BASE TABLE"):
            _make_way(connection, each.name, kind)


def _make_way(connection: duckdb.DuckDBPyConnection, name: str, kind: str) -> None:
    """Drop what has the name, if it is of a kind: tables do not replace views, nor views tables."""
    found = f"SELECT 1 FROM information_schema.tables WHERE table_name = '{name}' AND table_type = '{kind}'"
    if connection.execute(found).fetchone():
        connection.execute(f"DROP {kind.removeprefix('BASE ')} {name}")


def check_identity(connection: duckdb.DuckDBPyConnection, policy: Policy, setting: Setting, *, is_single: bool = False) -> None:
    """Stop unless start + movements = end for every entity, account, product and month.

    Args:
        connection: Holds ``panel``, ``movement`` and ``entity_month``.
        policy: The policy they follow.
        setting: The setting they were computed in.
        is_single: Every entity has one product, so that its months say all there is to say.

    Raises:
        LedgerImbalanceError: Names the first places where it does not hold.
    """
    if is_single and not connection.execute(f"{check_sql(policy, setting, 'ledger_check_single')} LIMIT 1").fetchone():
        return
    check = check_sql(policy, setting)
    wrong = connection.execute(f"SELECT entity_id, account_id, product_id FROM ({check}) ORDER BY 1, 2, 3 LIMIT 3").fetchall()
    if wrong:
        places = "; ".join(_place(connection, *series) for series in wrong)
        raise LedgerImbalanceError(
            f"The ledger under policy {policy.name} does not balance: {places}.",
            remedy="Nothing was published. Please report this with the project's run log.",
        )


def check_sql(policy: Policy, setting: Setting, name: str = "ledger_check") -> str:
    """Return the statement that lists the series in which start + movements differs from end."""
    values = parameters(policy, setting)
    return compose([relation(PACKAGE, "ledger_weight", values), relation(PACKAGE, name, values)], name)


def _place(connection: duckdb.DuckDBPyConnection, entity: str, account: str, product: str) -> str:
    """Name the first month in which the movements so far do not add up to the revenue of the month."""
    row = connection.execute(
        """
        WITH moved AS (
          SELECT spine.month AS month, COALESCE(SUM(movement_amount), 0) AS amount
          FROM month_spine AS spine LEFT JOIN movement
            ON movement.month <= spine.month AND entity_id = $entity AND account_id = $account AND product_id = $product
          WHERE spine.month >= (SELECT MIN(month) FROM panel)
            AND spine.month <= (SELECT MAX(month) FROM (SELECT month FROM panel UNION ALL SELECT month FROM movement))
          GROUP BY spine.month
        ),
        stated AS (
          SELECT month, SUM(recurring_amount) AS amount FROM panel
          WHERE entity_id = $entity AND account_id = $account AND product_id = $product GROUP BY month
        )
        SELECT moved.month, moved.amount, COALESCE(stated.amount, 0)
        FROM moved LEFT JOIN stated ON stated.month = moved.month
        WHERE moved.amount <> COALESCE(stated.amount, 0) ORDER BY 1 LIMIT 1
        """,
        {"entity": entity, "account": account, "product": product},
    ).fetchone()
    told = f" in {Month(row[0])}: movements add up to {row[1]}, revenue is {row[2]}" if row else ""
    return f"{entity} · {account} · {product}{told}"
