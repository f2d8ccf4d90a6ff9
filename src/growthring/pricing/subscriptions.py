"""Who is billed under which book: contracts that name one, and accounts by the books' assignments."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

import duckdb

from growthring.engine.relation import Literal, literal
from growthring.engine.small_table import put_rows
from growthring.pricing.billing_calendar import BillingCalendar, Interval
from growthring.pricing.book import Assignment, PriceBook
from growthring.pricing.metering.local_clock import local_stretches
from growthring.tables import SUBSCRIPTION

FIRST_DAY = date(1970, 1, 1)
NO_END = date(9999, 12, 31)
_FIRST_OF_MONTH = date(2000, 1, 1)
_NO_FIRST_DAY = "0001-01-01"
"""What reading writes for an account that says nothing of its first day."""


@dataclass(frozen=True, slots=True)
class _Terms:
    """An assignment of a book, with what it says about billing."""

    book: PriceBook
    assignment: Assignment

    @property
    def currencies(self) -> list[tuple[str, str]]:
        """The currency billed in by the currency of an account's documents; empty text is everything else."""
        fixed = self.assignment.currency
        return [("", fixed or self.book.currency), *((code, fixed or code) for code in self.book.currencies)]


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

    A contract that names a price book is a subscription. Every account without such a contract is one, under the most
    particular assignment that it meets: from the first day of a contract of its own, of its usage or of the account itself, to
    the last day of its contracts. It is billed in the currency of its documents where the book has prices in it.

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
    """Create ``billed_party``: contracts that name a book, and accounts without such a contract."""
    known = f"known_at <= {literal(as_of)}"
    connection.execute(
        f"""
        CREATE OR REPLACE TABLE billed_party AS
        WITH own AS (
          SELECT contract_id, account_id, price_book, billing_anchor_on, COALESCE(billing_time_zone, '') AS zone, starts_on,
            COALESCE(ends_on, DATE '{NO_END}') AS ends_on
          FROM contract WHERE {known} AND (ends_on IS NULL OR ends_on > starts_on)
        ),
        seen AS (
          SELECT account_id, starts_on AS day, CAST(NULL AS TIMESTAMP) AS used_at, ends_on FROM own
          UNION ALL SELECT account_id, NULL, MIN(used_at), NULL FROM usage WHERE {known} GROUP BY account_id
          UNION ALL
          SELECT account_id, CAST(MIN(valid_from) AS DATE), NULL, NULL FROM account
          WHERE {known} AND valid_from > DATE '{_NO_FIRST_DAY}' GROUP BY account_id
        ),
        spoken AS (
          SELECT account_id, currency, COUNT(*) AS lines FROM (
            SELECT account_id, currency FROM contract_line WHERE {known}
            UNION ALL SELECT account_id, currency FROM invoice_line WHERE {known}
          ) AS document GROUP BY account_id, currency
        ),
        currency AS (SELECT account_id, arg_max(currency, (lines, currency)) AS currency FROM spoken GROUP BY account_id)
        SELECT party.*, currency.currency FROM (
          SELECT contract_id AS subscription_id, account_id, price_book, billing_anchor_on AS anchor_on, zone, starts_on,
            CAST(NULL AS TIMESTAMP) AS used_at, ends_on
          FROM own WHERE price_book IS NOT NULL
          UNION ALL
          SELECT account_id, account_id, NULL, NULL, '', MIN(day), MIN(used_at), COALESCE(MAX(ends_on), DATE '{NO_END}')
          FROM seen WHERE account_id NOT IN (SELECT account_id FROM own WHERE price_book IS NOT NULL)
          GROUP BY account_id HAVING MIN(day) IS NOT NULL OR MIN(used_at) IS NOT NULL
        ) AS party LEFT JOIN currency ON currency.account_id = party.account_id
        """
    )


def _match(connection: duckdb.DuckDBPyConnection, terms: Sequence[_Terms], as_of: datetime) -> None:
    """Create ``assigned``: for each account the assignments it meets, and when, as text.

    An attribute holds from the day it says; its first value holds for the time before as well.
    """
    connection.execute("CREATE OR REPLACE TABLE assigned_one (account_id VARCHAR, terms_no INTEGER, from_on DATE, to_on DATE)")
    for number, each in enumerate(terms):
        accounts = f"account_id IN ({', '.join(map(literal, each.assignment.accounts))})" if each.assignment.accounts else "TRUE"
        whole = f"{literal(FIRST_DAY)} AS from_on, {literal(NO_END)} AS to_on"
        spans = f"SELECT DISTINCT account_id, {whole} FROM billed_party WHERE {accounts}"
        for attribute, value in each.assignment.attributes.items():
            spans = f"""
                SELECT met.account_id, GREATEST(met.from_on, valued.from_on) AS from_on, LEAST(met.to_on, valued.to_on) AS to_on
                FROM ({spans}) AS met JOIN ({_valued(attribute, as_of)}) AS valued
                  ON valued.account_id = met.account_id AND valued.from_on < met.to_on AND valued.to_on > met.from_on
                WHERE valued.value = {literal(value)}
            """
        connection.execute(f"INSERT INTO assigned_one SELECT account_id, {number}, from_on, to_on FROM ({spans})")
    connection.execute(
        "CREATE OR REPLACE TABLE assigned AS SELECT account_id, "
        "string_agg(format('{}@{}@{}', terms_no, from_on, to_on), ',' ORDER BY terms_no, from_on) AS matches "
        "FROM assigned_one GROUP BY account_id"
    )


def _valued(attribute: str, as_of: datetime) -> str:
    """Return the statement of an attribute's values by account and time; of two from one day the one known last holds."""
    return f"""
        SELECT account_id, value,
          CASE WHEN ROW_NUMBER() OVER own = 1 THEN {literal(FIRST_DAY)} ELSE CAST(valid_from AS DATE) END AS from_on,
          COALESCE(CAST(LEAD(valid_from) OVER own AS DATE), {literal(NO_END)}) AS to_on
        FROM (
          SELECT account_id, valid_from, value FROM account_attribute
          WHERE attribute = {literal(attribute)} AND known_at <= {literal(as_of)}
          QUALIFY ROW_NUMBER() OVER (PARTITION BY account_id, valid_from ORDER BY known_at DESC, value DESC) = 1
        ) AS stated
        WINDOW own AS (PARTITION BY account_id ORDER BY valid_from)
    """


def _resolve(connection: duckdb.DuckDBPyConnection, terms: Sequence[_Terms], books: Sequence[PriceBook], named: int) -> None:
    """Create ``stretch``: what each combination of matching assignments comes to, and each book named by contracts."""
    combinations = [row[0] for row in connection.execute("SELECT DISTINCT matches FROM assigned ORDER BY 1").fetchall()]
    assignments = [each.assignment for each in terms]
    rows: list[tuple[Literal, ...]] = []
    for text in combinations:
        parts = (part.split("@") for part in text.split(","))
        matching = [Stretch(int(number), date.fromisoformat(start), date.fromisoformat(end)) for number, start, end in parts]
        rows += [(text, each.terms_no, each.starts_on, each.ends_on) for each in stretches(matching, assignments)]
    rows += [(f"book:{book.name}", named + place, FIRST_DAY, NO_END) for place, book in enumerate(books)]
    put_rows(connection, "stretch", "matches VARCHAR, terms_no INTEGER, starts_on DATE, ends_on DATE", rows)


def stretches(matching: Sequence[Stretch], assignments: Sequence[Assignment]) -> Iterator[Stretch]:
    """Yield which of several assignments holds when: the most particular one, the first among equals.

    Args:
        matching: When an account meets which assignment; the assignments' own days limit that further.
        assignments: The assignments by position.
    """
    limited = [_limited(each, assignments[each.terms_no]) for each in matching]
    edges = sorted({FIRST_DAY, NO_END, *(day for each in limited for day in (each.starts_on, each.ends_on))})
    current: Stretch | None = None
    for start, end in pairwise(edges):
        holding = [each.terms_no for each in limited if each.starts_on <= start < each.ends_on]
        best = max(holding, key=lambda number: (assignments[number].precision, -number), default=None)
        if current and best == current.terms_no:
            current = Stretch(best, current.starts_on, end)
            continue
        if current:
            yield current
        current = None if best is None else Stretch(best, start, end)
    if current:
        yield current


def _limited(met: Stretch, assignment: Assignment) -> Stretch:
    start = max(met.starts_on, assignment.starts_on or FIRST_DAY)
    return Stretch(met.terms_no, start, max(start, min(met.ends_on, assignment.ends_on or NO_END)))


def _bill(connection: duckdb.DuckDBPyConnection, terms: Sequence[_Terms], zone: str) -> None:
    """Create ``subscription`` from parties and stretches; calendars are named in Python, once for each combination."""
    put_rows(connection, "terms", "terms_no INTEGER, book VARCHAR", [(no, each.book.name) for no, each in enumerate(terms)])
    spoken = [(no, own, currency) for no, each in enumerate(terms) for own, currency in each.currencies]
    put_rows(connection, "terms_currency", "terms_no INTEGER, own VARCHAR, currency VARCHAR", spoken)
    connection.execute(
        """
        CREATE OR REPLACE TABLE party_stretch AS
        SELECT party.subscription_id, party.account_id, party.currency, stretch.terms_no, party.anchor_on, party.zone,
          party.used_at, party.starts_on AS known_on, stretch.starts_on, LEAST(party.ends_on, stretch.ends_on) AS ends_on
        FROM billed_party AS party
        LEFT JOIN assigned ON assigned.account_id = party.account_id
        JOIN stretch
          ON stretch.matches = CASE WHEN party.price_book IS NULL THEN assigned.matches ELSE 'book:' || party.price_book END
        WHERE stretch.starts_on < party.ends_on
        """
    )
    combinations = connection.execute("SELECT DISTINCT terms_no, anchor_on, zone FROM party_stretch ORDER BY ALL").fetchall()
    calendars = [
        (number, anchor, own, _calendar(terms[number].assignment, anchor, own, zone)) for number, anchor, own in combinations
    ]
    _name_calendars(connection, calendars)
    columns = ", ".join(SUBSCRIPTION.column_names)
    connection.execute(
        f"""
        CREATE OR REPLACE TABLE subscription AS
        SELECT {columns} FROM (
          SELECT
            party.subscription_id, party.account_id, terms.book, party_calendar.calendar_id,
            GREATEST(party.starts_on, LEAST(party.known_on, used.day)) AS starts_on, party.ends_on,
            COALESCE(named.currency, other.currency) AS currency
          FROM party_stretch AS party
          JOIN terms ON terms.terms_no = party.terms_no
          JOIN terms_currency AS other ON other.terms_no = party.terms_no AND other.own = ''
          LEFT JOIN terms_currency AS named ON named.terms_no = party.terms_no AND named.own = party.currency
          JOIN party_calendar ON party_calendar.terms_no = party.terms_no
            AND party_calendar.anchor_on IS NOT DISTINCT FROM party.anchor_on AND party_calendar.zone = party.zone
          LEFT JOIN first_use_clock AS used
            ON used.zone = party_calendar.billing_zone AND used.utc_day = CAST(party.used_at AS DATE)
            AND used.starts_at <= party.used_at AND used.ends_at > party.used_at
        ) WHERE starts_on < ends_on ORDER BY subscription_id, starts_on
        """
    )
    for name in (
        "billed_party",
        "assigned_one",
        "assigned",
        "stretch",
        "terms",
        "terms_currency",
        "party_stretch",
        "party_calendar",
        "first_use_clock",
    ):
        connection.execute(f"DROP TABLE {name}")


def _name_calendars(connection: duckdb.DuckDBPyConnection, calendars: Sequence[tuple[int, date | None, str, str]]) -> None:
    """Create ``party_calendar``, and ``first_use_clock``: local days around the first use of accounts."""
    zones = {calendar_id: BillingCalendar.of(calendar_id).zone for *_, calendar_id in calendars}
    columns = "terms_no INTEGER, anchor_on DATE, zone VARCHAR, calendar_id VARCHAR, billing_zone VARCHAR"
    put_rows(connection, "party_calendar", columns, [(*each, zones[each[3]]) for each in calendars])
    first, last = connection.execute("SELECT MIN(used_at), MAX(used_at) FROM party_stretch").fetchone() or (None, None)
    clock = [
        (zone, each.utc_day, each.starts_at, each.ends_at, each.day)
        for zone in sorted(set(zones.values()))
        for each in (local_stretches(zone, (), first, last) if first else ())
    ]
    put_rows(connection, "first_use_clock", "zone VARCHAR, utc_day DATE, starts_at TIMESTAMP, ends_at TIMESTAMP, day DATE", clock)


def _calendar(assignment: Assignment, anchor: date | None, own_zone: str, zone: str) -> str:
    day = assignment.anchor_on or anchor or _FIRST_OF_MONTH
    interval: Interval = assignment.billing_interval
    return BillingCalendar(day, interval, assignment.interval_count, own_zone or assignment.time_zone or zone).calendar_id
