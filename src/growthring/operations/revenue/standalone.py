"""Statements over a ledger, as statements over the canonical tables: what an Answer shows as its SQL."""

import re
from functools import lru_cache

from growthring.engine.relation import Relation, compose
from growthring.operations.reading import Reading

_READ = re.compile(r"\b(?:FROM|JOIN)\s+(\w+)")


def standalone(reading: Reading, statement: str, *more: Relation) -> str:
    """Return a statement over the tables of a ledger as one that computes the same from the canonical tables.

    Args:
        reading: The open ledger.
        statement: A SELECT over its tables.
        more: Further relations that it reads, built on the ledger.
    """
    relations, read = (*reading.ledger.chain, *more), set(_READ.findall(statement))
    return _before(relations, tuple(each.name for each in relations if each.name in read)) + statement


@lru_cache(maxsize=64)
def _before(relations: tuple[Relation, ...], tables: tuple[str, ...]) -> str:
    """Return the steps that lead to some tables: the same for every customer that is asked about."""
    if not tables:
        return ""
    last = f"SELECT 1 FROM {' JOIN '.join(tables)}"
    return compose([*relations, Relation("asked", last)], "asked").removesuffix(last)
