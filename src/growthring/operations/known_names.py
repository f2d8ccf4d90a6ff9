"""Names that people give, checked against the rows that were read before anything is computed or recorded."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import duckdb

from growthring.engine.catalog import open_tables
from growthring.engine.duckdb_session import connect
from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.kernel.period import Month
from growthring.operations.project import Project

_LISTED = 20
_NAMED_ACCOUNTS = ("account", "invoice_line", "contract_line", "usage")
_FIRST_DAYS = (
    "SELECT MIN(COALESCE(period_start, issued_on)) AS day FROM invoice_line",
    "SELECT MIN(starts_on) AS day FROM contract_line",
    "SELECT MIN(CAST(used_at AS DATE)) AS day FROM usage",
)


class KnownNames:
    """The accounts, attributes and months of a project's current snapshot; before the first run everything passes.

    Args:
        project: The project.
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    def require_account(self, account: str | None) -> None:
        """Stop when no row names an account; without one there is nothing to check.

        Raises:
            GrowthringError: None does; the message names some that are there.
        """
        named = " UNION ALL ".join(f"SELECT account_id FROM {table} WHERE account_id = $1" for table in _NAMED_ACCOUNTS)
        if account is None or self._rows is None or self.column(f"{named} LIMIT 1", account):
            return
        every = " UNION ".join(f"SELECT account_id FROM {table}" for table in _NAMED_ACCOUNTS)
        known = self.column(f"SELECT DISTINCT account_id FROM ({every}) ORDER BY 1")
        raise GrowthringError(
            f"No row names the account {account!r}.",
            valid=f"Valid: {', '.join(_some(known)) or 'none yet'}.",
            remedy="`growthring explain mrr` lists accounts; write the id as the files do.",
        )

    def require_attribute(self, attribute: str, value: str | None = None) -> None:
        """Stop when no account has an attribute, or none has that value of it.

        Raises:
            UnknownValueError: None has.
        """
        self.require_among("attribute", attribute, "SELECT DISTINCT attribute FROM account_attribute")
        if value is not None:
            values = "SELECT DISTINCT value FROM account_attribute WHERE attribute = $1 AND value IS NOT NULL"
            self.require_among(attribute, value, values, attribute)

    def require_among(self, what: str, received: str, sql: str, *values: str | None) -> None:
        """Stop when a query finds names and the received one is not among them.

        Raises:
            UnknownValueError: It is not.
        """
        names = sorted(self.column(sql, *values))
        if names and received not in names:
            raise UnknownValueError(what, received, _some(names))

    def require_months_of_data(self, first: Month, last: Month) -> None:
        """Stop when the data begin after the first of some months or end before the last one.

        Raises:
            GrowthringError: They do.
        """
        snapshot = self._project.shelf.current()
        if snapshot is None or not snapshot.data_through:
            return
        (day,) = self.column(f"SELECT MIN(day) FROM ({' UNION ALL '.join(_FIRST_DAYS)})")
        begin = Month.of(day) if day else None
        end = Month.of(self._project.setting(snapshot, as_of=None).data_through)
        if begin is not None and (first < begin or last > end):
            outside = first if first < begin else last
            raise GrowthringError(f"The data hold no month {outside}.", valid=f"Valid: {begin} to {end}.")

    def column(self, sql: str, *values: str | None) -> list[Any]:
        """Return the only column of a query over the canonical tables, empty before the first run."""
        return [] if self._rows is None else [row[0] for row in self._rows.execute(sql, list(values)).fetchall()]

    @cached_property
    def _rows(self) -> duckdb.DuckDBPyConnection | None:
        snapshot = self._project.shelf.current()
        if snapshot is None:
            return None
        connection = connect()
        open_tables(connection, self._project.store, snapshot)
        return connection


def _some(names: list[str]) -> Iterable[str]:
    more = [f"and {len(names) - _LISTED:,} more"] if len(names) > _LISTED else []
    return names[:_LISTED] + more


def account_names(project: Project) -> dict[str, str]:
    """Return what accounts are called now, by id."""
    newest = "ARG_MAX(name, COALESCE(valid_from, DATE '0001-01-01'))"
    pairs = KnownNames(project).column(f"SELECT [account_id, {newest}] FROM account GROUP BY account_id")
    return {account: name or account for account, name in pairs}
