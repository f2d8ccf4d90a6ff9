"""Offers and trials written down in a test, put into a connection under their contracts."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from growthring.engine.catalog import create_empty
from growthring.engine.duckdb_session import connect
from growthring.tables import CANONICAL

AS_OF = datetime(2100, 1, 1)
KNOWN = datetime(2020, 1, 1)
THROUGH = date(2024, 12, 31)


def offer(offer_id: str, **more: Any) -> dict[str, Any]:
    """Return a won offer of a year at a list price of 1200, with some columns changed."""
    usual = {
        "offer_id": offer_id, "account_id": f"account-{offer_id}", "segment": "mid", "product_id": "plan",
        "offered_on": date(2024, 1, 1), "list_amount": Decimal(1200), "amount": Decimal(1200), "term_months": 12,
        "prepaid": "no", "rep": "rita", "manager": "max", "decided_on": date(2024, 2, 1), "outcome": "won", "currency": "USD",
    }  # fmt: skip
    return usual | more


def trial(trial_id: str, started_on: date = date(2024, 1, 1), **more: Any) -> dict[str, Any]:
    usual = {"trial_id": trial_id, "account_id": f"account-{trial_id}", "product_id": "plan", "rep": "rita"}
    return usual | {"started_on": started_on} | more


@contextmanager
def opened(**tables: Sequence[Mapping[str, Any]]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection with every canonical table; those named hold the rows."""
    with connect() as connection:
        for table in CANONICAL.values():
            create_empty(connection, table)
        for name, rows in tables.items():
            for number, row in enumerate(rows, start=1):
                full = {"known_at": KNOWN, "source_file": "raw/x.csv", "source_row": number} | row
                connection.execute(
                    f"INSERT INTO {name} ({', '.join(full)}) VALUES ({', '.join('?' for _ in full)})", list(full.values())
                )
        yield connection
