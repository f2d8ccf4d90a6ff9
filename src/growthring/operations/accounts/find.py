"""Finding customers: all of them, or those whose name, id or attributes hold a text, sorted and cut into pages by SQL."""

from decimal import Decimal
from typing import Any

from growthring.engine.relation import literal
from growthring.operations.accounts.overview import TABLE, YEAR, AccountBook, account_book, quoted
from growthring.operations.answer import Answer, money
from growthring.operations.project import Project

_DEFINITION = (
    "Every account that a row names, with its recurring revenue of {now} under policy {policy}, the change since {before}, "
    "and whether a commitment is in force."
)
_GROUPS = 60
"""An attribute with more values than this names accounts rather than groups of them."""
_SORTED = ("name", "account_id", "mrr", "change", "state", "promised", "since")


def find_accounts(project: Project, text: str = "", *, sort: str = "-mrr", skip: int = 0, limit: int | None = None) -> Answer:
    """Answer which accounts hold a text in their name, id or attributes (CS-30).

    Args:
        project: The project.
        text: Text to find, whatever its case; all accounts when empty.
        sort: Column to sort by, with ``-`` before it for the largest first.
        skip: Accounts left out at the beginning.
        limit: Accounts listed; all when absent. The value of the Answer counts all that match.
    """
    book = account_book(project)
    where = f"WHERE CONTAINS(searched, LOWER({literal(text)}))" if text else ""
    counted = book.rows(f"SELECT COUNT(*) AS accounts FROM {TABLE} {where}")[0]["accounts"]
    statement = f"SELECT * EXCLUDE (searched) FROM {TABLE} {where} ORDER BY {_order(book, sort)}"
    cut = f" LIMIT {int(limit)} OFFSET {int(skip)}" if limit is not None else ""
    definition = _DEFINITION.format(now=book.month, policy=book.reading.policy.name, before=book.month - YEAR)
    rows = [_row(book, row) for row in book.rows(statement + cut)]
    return book.answer("accounts", definition, int(counted), rows, sql=book.sql(statement))


def account_named(project: Project, text: str) -> str:
    """Return the id of the one account that a text means: its id as written, or a part that no other name or id holds.

    Returns:
        The id, or empty text where none or several are meant.
    """
    book = account_book(project)
    exact = book.rows(f"SELECT account_id FROM {TABLE} WHERE account_id = $1", text)
    found = exact or book.rows(
        f"SELECT account_id FROM {TABLE} "
        "WHERE CONTAINS(LOWER(account_id), LOWER($1)) OR CONTAINS(LOWER(name), LOWER($1)) LIMIT 2",
        text,
    )
    return str(found[0]["account_id"]) if len(found) == 1 else ""


def attribute_columns(project: Project, most: int = 3) -> tuple[tuple[str, str], ...]:
    """Return attributes that make groups of accounts, those with the fewest groups first, with their key in `find_accounts`.

    Args:
        project: The project.
        most: Attributes returned at most.
    """
    book = account_book(project)
    if not book.attributes:
        return ()
    counts = ", ".join(f"APPROX_COUNT_DISTINCT({quoted(column)})" for column in book.attributes.values())
    row = book.reading.ledger.connection.execute(f"SELECT {counts} FROM {TABLE}").fetchone() or ()
    found = sorted((count, pair) for count, pair in zip(row, book.attributes.items(), strict=True) if 0 < count <= _GROUPS)
    return tuple(pair for _, pair in found[:most])


def _order(book: AccountBook, sort: str) -> str:
    name, way = sort.removeprefix("-"), "DESC" if sort.startswith("-") else "ASC"
    if name not in (*_SORTED, *book.attributes.values()):
        name, way = "mrr", "DESC"
    return f"{quoted(name)} {way} NULLS LAST, account_id"


def _row(book: AccountBook, row: dict[str, Any]) -> dict[str, Any]:
    currency = book.reading.currency
    return {
        **{name: row[name] for name in ("account_id", "name", *book.attributes.values())},
        "mrr": money(row["mrr"], currency),
        "change": money(row["change"], currency),
        "change_rate": float(row["change"] / row["earlier"]) if row["earlier"] > Decimal(0) else None,
        "promised": bool(row["promised"]),
        "state": row["state"],
        "since": row["since"].isoformat() if row["since"] else None,
    }
