"""Reconciliation of rated lines with issued invoices: every residual by account, period and currency, with its likely cause."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal

import duckdb

from growthring.engine.relation import Literal, Relation, literal, relation
from growthring.kernel.period import Month
from growthring.pricing.reconciliation.causes import CAUSES, name_cause
from growthring.pricing.reconciliation.difference import Billed, Credit, Difference, Surroundings
from growthring.pricing.reconciliation.late_use import known_at_issue
from growthring.pricing.reference import Share
from growthring.pricing.stored_rating import Rating
from growthring.pricing.uses import load_uses

PACKAGE = "growthring.pricing.reconciliation"
RELATIONS = ("account_period", "invoiced_line", "rated_amount", "reconciliation")
EXAMINED = 200
"""Residuals of each currency that are examined, the largest first."""

_COLUMNS = tuple(field.name for field in fields(Difference) if field.name != "evidence")
_TO_EXAMINE = "('not_invoiced', 'not_rated', 'unexplained', 'open_period')"


@dataclass(frozen=True, slots=True)
class CauseTotal:
    """Account-periods of one cause in one currency; rated − invoiced = residual.

    Attributes:
        cause: Name of the cause.
        currency: Of the amounts.
        account_periods: Number of account-periods.
        rated_amount: What the price books ask for.
        invoiced_amount: What was invoiced.
        residual_amount: Rated less invoiced.
    """

    cause: str
    currency: str
    account_periods: int
    rated_amount: Decimal
    invoiced_amount: Decimal
    residual_amount: Decimal


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Rated amounts against invoices.

    Attributes:
        totals: By cause and currency, in the order of the causes.
        residuals: Every residual that was examined, the largest of each currency first.
        unexamined: Residuals beyond the limit; they keep the cause that needs no second rating.
        chain: The relations behind it.
    """

    totals: tuple[CauseTotal, ...]
    residuals: tuple[Difference, ...]
    unexamined: int
    chain: tuple[Relation, ...]


def reconciliation_chain(rating: Rating, *, with_fees: bool = False) -> tuple[Relation, ...]:
    """Return the relations from rated lines, bills and invoice lines to ``reconciliation``, in order."""
    terms = rating.terms
    values: dict[str, Literal] = {"as_of": terms.as_of, "through": terms.through, "with_fees": with_fees}
    return tuple(relation(PACKAGE, name, values) for name in RELATIONS)


def reconcile(
    rating: Rating, *, months: tuple[Month, Month] | None = None, with_fees: bool = False, examined: int = EXAMINED
) -> Reconciliation:
    """Compare rated amounts with issued invoices by account, billing period and currency.

    Args:
        rating: Rated history.
        months: Only periods that begin from the first to the last of them; residuals of other months are looked at as neighbours.
        with_fees: Compare fees with recurring invoice lines, too.
        examined: Residuals of each currency to find causes for, the largest first; others keep what SQL says of them.
    """
    connection = rating.connection
    chain = reconciliation_chain(rating, with_fees=with_fees)
    for step in chain:
        connection.execute(f"CREATE OR REPLACE TABLE {step.name} AS {step.sql}")
    first, last = (months[0].first_day, months[1].last_day) if months else (None, None)
    within = f"period_start >= {literal(first)} AND period_start <= {literal(last)}" if months else "TRUE"
    chosen, left = _largest(connection, within, examined)
    around = _surroundings(rating, chosen, with_fees=with_fees)
    found = []
    for each in chosen:
        cause, evidence = name_cause(each, around)
        found.append(replace(each, cause=cause, evidence=evidence))
    return Reconciliation(tuple(_totals(connection, within, chosen, found)), tuple(found), left, chain)


def _largest(connection: duckdb.DuckDBPyConnection, within: str, limit: int) -> tuple[list[Difference], int]:
    """Return the largest residuals of each currency, those of open periods last, and how many others are left."""
    where = f"cause IN {_TO_EXAMINE} AND {within}"
    rows = connection.execute(
        f"""
        SELECT {", ".join(_COLUMNS)} FROM (
          SELECT reconciliation.*, ROW_NUMBER() OVER (
            PARTITION BY currency ORDER BY cause = 'open_period', ABS(residual_amount) DESC, account_id, period_start
          ) AS place
          FROM reconciliation WHERE {where}
        ) WHERE place <= {limit} ORDER BY currency, place
        """
    ).fetchall()
    chosen = [Difference(*each) for each in rows]
    row = connection.execute(f"SELECT COUNT(*) FROM reconciliation WHERE {where} AND cause <> 'open_period'").fetchone()
    return chosen, (row[0] if row else 0) - sum(each.cause != "open_period" for each in chosen)


def _totals(
    connection: duckdb.DuckDBPyConnection, within: str, chosen: Sequence[Difference], found: Sequence[Difference]
) -> list[CauseTotal]:
    """Return the totals by cause and currency: those of SQL, with the examined residuals moved to the causes found."""
    sums: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    for cause, currency, *values in connection.execute(
        "SELECT cause, currency, COUNT(*), SUM(rated_amount), SUM(invoiced_amount), SUM(residual_amount) "
        f"FROM reconciliation WHERE {within} GROUP BY 1, 2"
    ).fetchall():
        sums[cause, currency] = [Decimal(value) for value in values]
    for sign, rows in ((-1, chosen), (1, found)):
        for each in rows:
            amounts = (Decimal(1), each.rated_amount, each.invoiced_amount, each.residual_amount)
            held = sums[each.cause, each.currency]
            sums[each.cause, each.currency] = [before + sign * value for before, value in zip(held, amounts, strict=True)]
    order = {cause.name: place for place, cause in enumerate(CAUSES)}
    return [
        CauseTotal(cause, currency, int(values[0]), *values[1:])
        for (cause, currency), values in sorted(sums.items(), key=lambda item: (order[item[0][0]], item[0][1]))
        if values[0]
    ]


def _surroundings(rating: Rating, chosen: Sequence[Difference], *, with_fees: bool) -> Surroundings:
    connection = rating.connection
    merged = _merged(rating)
    accounts = {member for each in chosen for member in merged.get(each.account_id, {each.account_id})}
    residuals: dict[tuple[str, str], list[Difference]] = defaultdict(list)
    credits: dict[tuple[str, str], list[Credit]] = defaultdict(list)
    listed = ", ".join(map(literal, sorted(accounts))) or "NULL"
    for row in connection.execute(
        f"SELECT {', '.join(_COLUMNS)} FROM reconciliation "
        f"WHERE cause IN {_TO_EXAMINE} AND account_id IN ({listed}) ORDER BY account_id, period_start"
    ).fetchall():
        each = Difference(*row)
        residuals[each.account_id, each.currency].append(each)
    for row in connection.execute(
        "SELECT invoice_line_id, account_id, currency, issued_on, amount FROM invoice_line "
        f"WHERE kind = 'credit' AND known_at <= {literal(rating.terms.as_of)} AND account_id IN ({listed}) ORDER BY issued_on, 1"
    ).fetchall():
        line = Credit(*row)
        credits[line.account_id, line.currency].append(line)
    billed = _billed(rating, accounts)
    known = known_at_issue(rating, chosen, billed)
    return Surroundings(rating.terms.books, with_fees, residuals, billed, merged, credits, known)


def _merged(rating: Rating) -> Mapping[str, frozenset[str]]:
    """Return the accounts that became one customer, by account."""
    groups: dict[str, frozenset[str]] = {}
    for account, into in rating.connection.execute(
        "SELECT DISTINCT account_id, merged_into_account_id FROM account "
        f"WHERE merged_into_account_id IS NOT NULL AND known_at <= {literal(rating.terms.as_of)} ORDER BY 1, 2"
    ).fetchall():
        group = groups.get(account, frozenset({account})) | groups.get(into, frozenset({into}))
        groups.update(dict.fromkeys(group, group))
    return groups


def _billed(rating: Rating, accounts: Iterable[str]) -> dict[tuple[str, date], list[Billed]]:
    """Return the subscriptions behind the residuals of some accounts, with what they used."""
    listed = ", ".join(map(literal, sorted(accounts))) or "NULL"
    rows = rating.connection.execute(
        f"""
        SELECT period.account_id, period.period_start, period.subscription_id, period.book, book_version.from_on, period.currency,
          period.active_units, period.period_units, period.period_no
        FROM billed_period AS period JOIN book_version ON book_version.version_no = period.version_no
        WHERE period.account_id IN ({listed}) AND (period.account_id, period.period_start) IN (
          SELECT (account_id, period_start) FROM reconciliation WHERE cause IN {_TO_EXAMINE}
        )
        ORDER BY 1, 2, 3
        """
    ).fetchall()
    uses = load_uses(rating.connection, rating.terms.every_meter, [(row[2], row[1]) for row in rows])
    books = {book.name: book for book in rating.terms.books}
    found: dict[tuple[str, date], list[Billed]] = defaultdict(list)
    for account, start, subscription, name, from_on, currency, active, days, number in rows:
        version = next(each for each in books[name].versions if each.effective_from == from_on)
        share = Share(active, days, number)
        found[account, start].append(
            Billed(subscription, books[name], version, share, currency, uses.get((subscription, start), ()))
        )
    return found
