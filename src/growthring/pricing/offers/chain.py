"""The relations over offers, trials, bills and invoice lines, in the order in which they build on one another."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from growthring.engine.relation import Literal, Relation, compose, relation
from growthring.engine.small_table import put_rows

PACKAGE = "growthring.pricing.offers"


def offer_chain(as_of: datetime, through: date, *, by: str = "segment", run_deals: int = 10) -> list[Relation]:
    """Return the relations from ``offer`` to price list, waterfall, quota and terms.

    Args:
        as_of: Rows known later are not seen.
        through: Last day; decisions of later days are open.
        by: Grouping of the waterfall: rep, manager or segment.
        run_deals: Consecutive deals of a manager that share a quota.
    """
    values: dict[str, Literal] = {"as_of": as_of, "through": through, "by": by, "run_deals": run_deals}
    names = ("known_offer", "sized_offer", "waterfall", "quota_deal", "term_mix")
    return [relation(PACKAGE, name, values) for name in names]


def trial_chain(as_of: datetime, through: date, *, by: str = "") -> list[Relation]:
    """Return the relations from ``trial`` to what happened on each day and in each group (rep, segment, or all)."""
    values: dict[str, Literal] = {"as_of": as_of, "through": through, "by": by}
    return [relation(PACKAGE, name, values) for name in ("known_trial", "trial_day", "trial_group")]


def free_chain(connection: duckdb.DuckDBPyConnection, unit_costs: Mapping[str, Decimal]) -> list[Relation]:
    """Put the unit costs beside rated history and return the relations over bills, their cost, and free quantities."""
    put_rows(connection, "unit_cost", "meter VARCHAR, unit_price DECIMAL(18,8)", sorted(unit_costs.items()))
    return [relation(PACKAGE, name) for name in ("served_month", "free_quantity")]


def revenue_chain(as_of: datetime, through: date) -> list[Relation]:
    """Return the relation from invoice lines to revenue by month and type."""
    return [relation(PACKAGE, "revenue_type", {"as_of": as_of, "through": through})]


def rows_of(connection: duckdb.DuckDBPyConnection, chain: Sequence[Relation], name: str) -> list[dict[str, Any]]:
    """Return the rows of a relation in the order of their columns, so that two runs give the same list."""
    cursor = connection.execute(f"SELECT * FROM ({compose(chain, name)}) ORDER BY ALL")
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
