"""What customers are called now, as the accounts of an open ledger say."""

from collections.abc import Collection

from growthring.engine.relation import literal
from growthring.operations.reading import Reading

NAMES = "SELECT account_id, ARG_MAX(name, COALESCE(valid_from, DATE '0001-01-01')) AS name FROM account GROUP BY account_id"
"""Statement of the name of each account: the newest one, also where it is not said since when."""

_FEW = 1_000


def names_of(reading: Reading, customers: Collection[str]) -> dict[str, str]:
    """Return the names of customers by id; those without one are left out."""
    listed = ", ".join(map(literal, customers)) or "NULL"
    only = f" WHERE account_id IN ({listed})" if len(customers) <= _FEW else ""
    found = reading.ledger.connection.execute(f"SELECT account_id, name FROM ({NAMES}){only}").fetchall()
    return {account: name for account, name in found if name}
