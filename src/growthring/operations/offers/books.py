"""The canonical tables that questions about offers are asked of, and the Answer that they have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from growthring.engine.catalog import open_tables
from growthring.engine.duckdb_session import connect
from growthring.engine.relation import Relation, compose
from growthring.operations.answer import Answer, Value, money
from growthring.operations.project import Project
from growthring.pricing.offers.rules import Finding
from growthring.revenue.setting import END_OF_TIME

_DEFINITIONS = {
    "price_points": "Decided offers by product and net price of a year: conversion with Wilson's interval at 95 %, revenue and "
    "margin per offer, and the next price on evidence only.",
    "discounts": "From list to net, and what discounts and gifts did to the win rate of comparable customers (segment × size).",
    "contract_terms": "Offers by length of term; the rule is twelve months, billed by the year.",
    "discount_quota": "Deals with a discount in each run of consecutive won deals of a manager, and those beyond the quota.",
    "price_review": "Segments whose win rate and net dollar retention both point to a price that may be too low or too high.",
    "trials": "Conversions by day over trials still running; trials that neither converted nor ended are censored at the end.",
    "free_tier": "What serving accounts billed at nothing cost, by the month they began, and what those that pay later brought.",
    "revenue_types": "Invoiced revenue without tax, by month of the invoice and by what it is for; the share is of the month.",
}


@dataclass(frozen=True, slots=True)
class OpenOffers:
    """Canonical tables of the current snapshot, and the day of the look."""

    project: Project
    connection: duckdb.DuckDBPyConnection
    as_of: datetime
    through: date


def open_offers(project: Project, as_of: datetime | None) -> OpenOffers:
    """Open the canonical tables; ``as_of`` limits what was known."""
    snapshot = project.snapshot()
    through = project.setting(snapshot, as_of=as_of).data_through
    connection = connect()
    open_tables(connection, project.store, snapshot)
    return OpenOffers(project, connection, as_of or END_OF_TIME, through)


def nothing(books: OpenOffers, metric: str, chain: Sequence[Relation], final: str, table: str) -> Answer:
    """Answer that the figure cannot be known, and what would settle it."""
    words = f'There are no rows of {table}: add a source with table = "{table}"; `growthring tables {table}` lists its columns.'
    return answered(books, metric, None, "unknown", [], chain, final, [words])


def finding_row(each: Finding) -> dict[str, Any]:
    """Return an offer that goes against a rule, as a row."""
    offer = each.offer
    return {
        "kind": "finding", "rule": each.rule, "offer": offer["offer_id"], "account": offer["account_id"],
        "segment": offer["segment"], "rep": offer["rep"], "manager": offer["manager"], "outcome": offer["outcome"],
        "net": money(offer["amount"], offer["currency"]), "currency": offer["currency"], "reason": each.reason,
    }  # fmt: skip


def share_of(part: Decimal, whole: Decimal) -> float | None:
    """Return a ratio; nothing where the whole is 0."""
    return float(part / whole) if whole else None


def answered(
    books: OpenOffers,
    metric: str,
    value: Value,
    unit: str,
    rows: list[dict[str, Any]],
    chain: Sequence[Relation],
    final: str,
    caveats: list[str],
) -> Answer:
    """Return the Answer to a question about offers; its SQL is that of the relation ``final`` of the chain."""
    return Answer(
        metric=metric,
        value=value,
        unit=unit,
        at=f"through {books.through}",
        definition=_DEFINITIONS[metric],
        policy={"name": "offers", "version": "1"},
        snapshot=books.project.snapshot().snapshot_id,
        rows=rows,
        sql=compose(chain, final),
        caveats=caveats,
    )
