"""Every account with its revenue now and a year before: what accounts are found in, and looked up from."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from growthring.engine.relation import Relation, literal
from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from growthring.operations.answer import Answer, Value
from growthring.operations.project import Project
from growthring.operations.reading import Reading, read
from growthring.operations.revenue.standalone import standalone

TABLE = "account_overview"
FIXED = ("account_id", "name", "parent_account_id", "mrr", "earlier", "change", "state", "promised", "since", "first_month",
         "last_month", "searched")  # fmt: skip
"""Columns besides the attributes of accounts."""

YEAR = 12


@dataclass(frozen=True, slots=True)
class AccountBook:
    """An open ledger in whose connection `TABLE` holds every account.

    Attributes:
        reading: The ledger and where it came from.
        attributes: Column of each attribute of accounts, by the attribute's name.
    """

    reading: Reading
    attributes: dict[str, str]

    @property
    def month(self) -> Month:
        """The last complete month: now."""
        return self.reading.ledger.setting.last_complete_month

    @property
    def today(self) -> date:
        """The last day the data speak for."""
        return self.reading.ledger.setting.data_through

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Return the rows of a query as mappings by column."""
        found = self.reading.ledger.connection.execute(sql, list(values))
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def sql(self, statement: str) -> str:
        """Return a statement over the ledger and `TABLE` as one over the canonical tables."""
        return standalone(self.reading, statement, Relation(TABLE, _overview_sql(self)))

    def answer(
        self, metric: str, definition: str, value: Value, rows: list[dict[str, Any]], *, unit: str = "count",
        at: str = "", policy: dict[str, str] | None = None, sql: str = "",
    ) -> Answer:  # fmt: skip
        """Return an Answer about accounts: of now and under the policy of the ledger, where nothing else is said."""
        return Answer(
            metric=metric,
            value=value,
            unit=unit,
            at=at or str(self.month),
            definition=definition,
            policy=policy or self.reading.policy_name(),
            snapshot=self.reading.snapshot.snapshot_id,
            rows=rows,
            sql=sql,
        )


def account_book(project: Project) -> AccountBook:
    """Open the ledger of the project's policy and list its accounts, once for each ledger that stays open."""
    reading = read(project, policy=project.policy())
    connection = reading.ledger.connection
    book = AccountBook(reading, dict(_columns(reading)))
    there = "SELECT 1 FROM information_schema.tables WHERE table_name = $1"
    if not connection.execute(there, [TABLE]).fetchone():
        connection.execute(f"CREATE TABLE {TABLE} AS {_overview_sql(book)}")
    return book


def known_account(project: Project, account: str) -> AccountBook:
    """Open the ledger for a question about one account.

    Raises:
        GrowthringError: No row names the account.
    """
    book = account_book(project)
    if not book.rows(f"SELECT 1 FROM {TABLE} WHERE account_id = $1", account):
        raise GrowthringError(
            f"No row names the account {account!r}.",
            valid="An id is written as the files write it, capitals and spaces included.",
            remedy="Find the customer by name.",
        )
    return book


def written(day: date | None) -> str | None:
    """Return a day as an Answer writes it."""
    return day.isoformat() if day else None


def quoted(name: str) -> str:
    """Return a name as an identifier of SQL, whatever it holds.

    Example:
        >>> quoted('a"b')
        '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def _columns(reading: Reading) -> Iterator[tuple[str, str]]:
    found = reading.ledger.connection.execute("SELECT DISTINCT attribute FROM account_attribute ORDER BY 1").fetchall()
    taken = set(FIXED)
    for (name,) in found:
        column = name
        while column.casefold() in taken:
            column += "_attribute"
        taken.add(column.casefold())
        yield name, column


def _overview_sql(book: AccountBook) -> str:
    day, now, before = literal(book.today), book.month.index, (book.month - YEAR).index
    held = ", ".join(f"MAX(CASE WHEN attribute = {literal(name)} THEN value END) AS {quoted(column)}"
                     for name, column in book.attributes.items())  # fmt: skip
    named = "".join(f", held.{quoted(column)}" for column in book.attributes.values())
    newest = f"(valid_from IS NULL OR valid_from <= {day}) DESC, valid_from DESC NULLS LAST"
    return f"""
WITH every_account AS (
  SELECT account_id FROM account UNION SELECT account_id FROM invoice_line
  UNION SELECT account_id FROM contract_line UNION SELECT account_id FROM usage
),
named AS (
  SELECT account_id, name, parent_account_id FROM account
  QUALIFY ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY {newest}) = 1
),
valued AS (
  SELECT account_id, attribute, value FROM account_attribute
  QUALIFY ROW_NUMBER() OVER (PARTITION BY account_id, attribute ORDER BY {newest}) = 1
),
held AS (SELECT account_id{", " + held if held else ""} FROM valued GROUP BY 1),
earned AS (
  SELECT account_id, SUM(recurring_amount) FILTER (month = {now}) AS mrr,
    SUM(recurring_amount) FILTER (month = {before}) AS earlier,
    MIN(month) FILTER (recurring_amount > 0) AS first_month, MAX(month) FILTER (recurring_amount > 0) AS last_month
  FROM panel WHERE month <= {now} GROUP BY 1
),
begun AS (
  SELECT account_id, MIN(day) AS since FROM (
    SELECT account_id, starts_on AS day FROM contract_line
    UNION ALL SELECT account_id, COALESCE(period_start, issued_on) FROM invoice_line
  ) WHERE day <= {day} GROUP BY 1
),
promised AS (
  SELECT DISTINCT account_id FROM commitment
  WHERE starts_on <= {day} AND (ends_on IS NULL OR ends_on > {day}) AND (voided_on IS NULL OR voided_on > {day})
)
SELECT every_account.account_id, COALESCE(named.name, every_account.account_id) AS name, named.parent_account_id{named},
  COALESCE(earned.mrr, 0) AS mrr, COALESCE(earned.earlier, 0) AS earlier,
  COALESCE(earned.mrr, 0) - COALESCE(earned.earlier, 0) AS change,
  CASE WHEN COALESCE(earned.mrr, 0) > 0 THEN 'customer' WHEN earned.last_month IS NOT NULL THEN 'left' ELSE 'never' END AS state,
  promised.account_id IS NOT NULL AS promised, begun.since, earned.first_month, earned.last_month,
  LOWER(CONCAT_WS(CHR(31), every_account.account_id, named.name{named})) AS searched
FROM every_account
LEFT JOIN named USING (account_id) LEFT JOIN held USING (account_id) LEFT JOIN earned USING (account_id)
LEFT JOIN begun USING (account_id) LEFT JOIN promised USING (account_id)
"""
