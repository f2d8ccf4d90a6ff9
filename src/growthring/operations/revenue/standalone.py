"""Statements over a ledger, as statements over the canonical tables: what an Answer shows as its SQL."""

from growthring.engine.relation import Relation, compose
from growthring.operations.reading import Reading


def standalone(reading: Reading, statement: str, *more: Relation) -> str:
    """Return a statement over the tables of a ledger as one that computes the same from the canonical tables.

    Args:
        reading: The open ledger.
        statement: A SELECT over its tables.
        more: Further relations that it reads, built on the ledger.
    """
    return compose([*reading.ledger.chain, *more, Relation("asked", statement)], "asked")
