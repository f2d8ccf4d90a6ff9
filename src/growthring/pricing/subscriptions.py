"""Who is billed under which book: contracts that name one, and the books' assignments for everybody else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

import duckdb

from growthring.engine.relation import Literal, literal
from growthring.engine.small_table import put_rows
from growthring.pricing.billing_calendar import BillingCalendar, Interval
from growthring.pricing.book import Assignment, PriceBook
from growthring.tables import SUBSCRIPTION

FIRST_DAY = date(1970, 1, 1)
NO_END = date(9999, 12, 31)
_FIRST_OF_MONTH = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class _Terms:
    """An assignment of a book, with what it says about billing."""

    book: PriceBook
    assignment: Assignment

    @property
    def currency(self) -> str:
        return self.assignment.currency or self.book.currency


@dataclass(frozen=True, slots=True)
class Stretch:
    """One book from a day to a day.

    Attributes:
        terms_no: Position of the assignment among all of them.
        starts_on: First day.
        ends_on: First day after it.
    """

    terms_no: int
    starts_on: date
    ends_on: date


def load_subscriptions(
    connection: duckdb.DuckDBPyConnection, books: Sequence[PriceBook], as_of: datetime, *, zone: str = "UTC"
) -> None:
    """Create the table ``subscription`` in a connection that holds the canonical tables.

    A contract is a subscription; it is billed under the book it names, or else under the most particular assignment. An account
    without any contract is one too, from the first day it was known or used anything.

    Args:
        connection: Where the canonical tables are.
        books: The project's price books.
        as_of: Rows known later are not seen.
        zone: Time zone of contracts and assignments that name none.
    """
    terms = [_Terms(book, assignment) for book in books for assignment in book.assign]
    named = len(terms)
    terms += [_Terms(book, Assignment()) for book in books]  # for contracts that name their book
    _find_parties(connection, as_of)
    _match(connection, terms[:named], as_of)
    _resolve(connection, terms, books, named)
    _bill(connection, terms, zone)


def _find_parties(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """Create ``billed_party``: contracts, and accounts without one."""
    known = literal(as_of)
    connection.execute(
        f"""
        CREATE OR REPLACE TABLE billed_party AS
        SELECT contract_id AS subscription_id, account_id, price_book, billing_anchor_on AS anchor_on,
          COALESCE(billing_time_zone, '') AS zone, starts_on, COALESCE(ends_on, DATE '{NO_END}') AS ends_on
        FROM contract WHERE known_at <= {known} AND (ends_on IS NULL OR ends_on > starts_on)
        UNION ALL
        SELECT account_id, account_id, NULL, NULL, '', MIN(day), DATE '{NO_END}'
        FROM (
          SELECT account_id, CAST(MIN(valid_from) AS DATE) AS day FROM account WHERE known_at <= {known} GROUP BY account_id
          UNION ALL SELECT account_id, CAST(MIN(used_at) AS DATE) FROM usage WHERE known_at <= {known} GROUP BY account_id
        ) AS seen
        WHERE day IS NOT NULL AND account_id NOT IN (SELECT account_id FROM contract WHERE known_at <= {known})
        GROUP BY account_id
        """
    )


def _match(connection: duckdb.DuckDBPyConnection, terms: Sequence[_Terms], as_of: datetime) -> None:
    """Create ``assigned``: for each account the positions of the assignments it meets, as text."""
    connection.execute("CREATE OR REPLACE TABLE assigned_one (account_id VARCHAR, terms_no INTEGER)")
    for number, each in enumerate(terms):
        conditions = ["TRUE"]
        if each.assignment.accounts:
            conditions.append(f"account_id IN ({', '.join(map(literal, each.assignment.accounts))})")
        for attribute, value in each.assignment.attributes.items():
            conditions.append(
                "account_id IN (SELECT account_id FROM account_attribute "
                f"WHERE attribute = {literal(attribute)} AND known_at <= {literal(as_of)} "
                f"GROUP BY account_id HAVING arg_max(value, valid_from) = {literal(value)})"
            )
        connection.execute(
            f"INSERT INTO assigned_one SELECT DISTINCT account_id, {number} FROM billed_party WHERE {' AND '.join(conditions)}"
        )
    connection.execute(
        "CREATE OR REPLACE TABLE assigned AS "
        "SELECT account_id, string_agg(CAST(terms_no AS VARCHAR), ',' ORDER BY terms_no) AS matches "
        "FROM assigned_one GROUP BY account_id"
    )


def _resolve(connection: duckdb.DuckDBPyConnection, terms: Sequence[_Terms], books: Sequence[PriceBook], named: int) -> None:
    """Create ``stretch``: what each combination of matching assignments comes to, and each book named by contracts."""
    combinations = [row[0] for row in connection.execute("SELECT DISTINCT matches FROM assigned ORDER BY 1").fetchall()]
    rows: list[tuple[Literal, ...]] = []
    for text in combinations:
        matching = [int(number) for number in text.split(",")]
        rows += [
            (text, each.terms_no, each.starts_on, each.ends_on) for each in stretches(matching, [t.assignment for t in terms])
        ]
    rows += [(f"book:{book.name}", named + place, FIRST_DAY, NO_END) for place, book in enumerate(books)]
    put_rows(connection, "stretch", "matches VARCHAR, terms_no INTEGER, starts_on DATE, ends_on DATE", rows)


def stretches(matching: Sequence[int], assignments: Sequence[Assignment]) -> Iterator[Stretch]:
    """Yield which of several assignments holds when: the most particular one, the first among equals."""
    days = {FIRST_DAY}
    for number in matching:
        days |= {day for day in (assignments[number].starts_on, assignments[number].ends_on) if day}
    edges = [*sorted(days), NO_END]
    current: Stretch | None = None
    for start, end in pairwise(edges):
        holding = [n for n in matching if (assignments[n].starts_on or FIRST_DAY) <= start < (assignments[n].ends_on or NO_END)]
        best = max(holding, key=lambda n: (assignments[n].precision, -n), default=None)
        if current and best == current.terms_no:
            current = Stretch(best, current.starts_on, end)
            continue
        if current:
            yield current
        current = None if best is None else Stretch(best, start, end)
    if current:
        yield current


def _bill(connection: duckdb.DuckDBPyConnection, terms: Sequence[_Terms], zone: str) -> None:
    """Create ``subscription`` from parties and stretches; calendars are named in Python, once for each combination."""
    rows = [(number, each.book.name, each.currency) for number, each in enumerate(terms)]
    put_rows(connection, "terms", "terms_no INTEGER, book VARCHAR, currency VARCHAR", rows)
    connection.execute(
        """
        CREATE OR REPLACE TABLE party_stretch AS
        SELECT party.subscription_id, party.account_id, stretch.terms_no, party.anchor_on, party.zone,
          GREATEST(party.starts_on, stretch.starts_on) AS starts_on, LEAST(party.ends_on, stretch.ends_on) AS ends_on
        FROM billed_party AS party
        LEFT JOIN assigned ON assigned.account_id = party.account_id
        JOIN stretch
          ON stretch.matches = CASE WHEN party.price_book IS NULL THEN assigned.matches ELSE 'book:' || party.price_book END
        WHERE stretch.starts_on < party.ends_on AND stretch.ends_on > party.starts_on
        """
    )
    combinations = connection.execute("SELECT DISTINCT terms_no, anchor_on, zone FROM party_stretch ORDER BY ALL").fetchall()
    calendars = [
        (number, anchor, own, _calendar(terms[number].assignment, anchor, own, zone)) for number, anchor, own in combinations
    ]
    put_rows(connection, "party_calendar", "terms_no INTEGER, anchor_on DATE, zone VARCHAR, calendar_id VARCHAR", calendars)
    columns = ", ".join(SUBSCRIPTION.column_names)
    connection.execute(
        f"""
        CREATE OR REPLACE TABLE subscription AS
        SELECT {columns} FROM (
          SELECT
            party.subscription_id, party.account_id, terms.book, party_calendar.calendar_id, party.starts_on, party.ends_on,
            terms.currency
          FROM party_stretch AS party
          JOIN terms ON terms.terms_no = party.terms_no
          JOIN party_calendar ON party_calendar.terms_no = party.terms_no
            AND party_calendar.anchor_on IS NOT DISTINCT FROM party.anchor_on AND party_calendar.zone = party.zone
        ) ORDER BY subscription_id, starts_on
        """
    )
    for name in ("billed_party", "assigned_one", "assigned", "stretch", "terms", "party_stretch", "party_calendar"):
        connection.execute(f"DROP TABLE {name}")


def _calendar(assignment: Assignment, anchor: date | None, own_zone: str, zone: str) -> str:
    day = assignment.anchor_on or anchor or _FIRST_OF_MONTH
    interval: Interval = assignment.billing_interval
    return BillingCalendar(day, interval, assignment.interval_count, own_zone or assignment.time_zone or zone).calendar_id
