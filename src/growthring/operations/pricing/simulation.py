"""Trying other prices on all of history: revenue, winners and losers, bill shock, choice, migration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.kernel.progress import Progress, silent
from growthring.operations.pricing.rating import rate
from growthring.operations.project import Project
from growthring.pricing.book import PriceBook, disputed, read_book, unmet_meters
from growthring.pricing.rating.tables import BEGINNING, END
from growthring.pricing.simulation.choice import Per
from growthring.pricing.simulation.grandfathering import Grandfathering
from growthring.pricing.simulation.result import Simulation
from growthring.pricing.simulation.scenario import Scenario, latest
from growthring.pricing.simulation.simulate import simulate
from growthring.pricing.stored_rating import Rating


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What to try, and how to look at it.

    Attributes:
        since: First month; the first of the data when absent.
        until: Last month; the last complete one when absent.
        accounts: Accounts to look at; all of them when empty.
        by: Attributes of accounts to split by.
        beyond: Shares in percent; bills that change by more are counted.
        choice: ``period`` or ``whole``: customers take the cheapest plan for each month, or once for all; empty for no choice.
        elasticity: Relative change of quantities for a relative change of a bill.
        keep_until: Day until which accounts keep the old price.
        yearly_cap: Most a bill may rise in a year, in percent.
        unit_costs: What serving a unit costs, by meter.
        target_margin: Margin to be met, as a share.
        baseline: ``bills`` of the price books in force, or ``invoices``: what was invoiced, for leaving a booking model.
    """

    since: str | None = None
    until: str | None = None
    accounts: Sequence[str] = ()
    by: Sequence[str] = ()
    beyond: Sequence[Decimal] = (Decimal(10), Decimal(25), Decimal(50))
    choice: str = ""
    elasticity: Decimal | None = None
    keep_until: date | None = None
    yearly_cap: Decimal | None = None
    unit_costs: Mapping[str, Decimal] | None = None
    target_margin: Decimal | None = None
    baseline: str = "bills"


def try_prices(project: Project, files: Sequence[Path], asked: WhatIf, *, progress: Progress = silent) -> Simulation:
    """Rate history under the books of some files, each for everyone, and compare with what was charged.

    Args:
        project: The project.
        files: Price books to try.
        asked: What to look at.
        progress: Told about each month rated.

    Raises:
        ConfigurationError: A book cannot be used, prices a meter the project does not have, or an option is not known.
    """
    return try_books(project, rate(project, progress=progress), [read_book(path) for path in files], asked)


def try_books(project: Project, rating: Rating, books: Sequence[PriceBook], asked: WhatIf) -> Simulation:
    """Rate history under some books, each for everyone but for a changed book of the project, which is for who is on it.

    Args:
        project: The project.
        rating: Its rated history.
        books: Price books to try.
        asked: What to look at.

    Raises:
        ConfigurationError: A book prices a meter the project does not have, or an option is not known.
    """
    if wrong := list(unmet_meters(books, rating.terms.every_meter)):
        raise ConfigurationError(
            f"The books cannot be tried: {'; '.join(wrong)}.",
            valid=f"Meters of the project: {', '.join(meter.id for meter in rating.terms.every_meter)}.",
        )
    known = rating.terms.every_meter
    defined = {meter.id for meter in known}
    if unmetered := sorted(
        {meter.id for book in books for meter in book.meters if meter.id not in defined}
        | disputed([*known, *(meter for book in books for meter in book.meters)])
    ):
        raise ConfigurationError(
            f"The books cannot be tried: the project does not meter {', '.join(unmetered)} as they define it.",
            valid="History was metered under the meters of the project.",
            remedy="Define the meter in price_books/meters.yaml under an id of its own and run `growthring run`.",
        )
    if unknown := sorted(set(asked.unit_costs or ()) - defined):
        raise UnknownValueError("meter with a cost", unknown[0], sorted(defined))
    _check(rating.connection, asked)
    first = project.calendar.parse(asked.since)[0] if asked.since else None
    last = project.calendar.parse(asked.until)[1] if asked.until else project.setting(project.snapshot()).last_complete_month
    if first and last and last < first:
        raise ConfigurationError(f"{first} to {last} holds no month.", valid="The first month is not after the last.")
    return simulate(
        rating.connection,
        rating.terms.books,
        [_scenario(book, rating.terms.books) for book in books],
        first_on=first.first_day if first else BEGINNING,
        until_on=(last + 1).first_day if last else END,
        accounts=list(asked.accounts) or None,
        segment_by=asked.by,
        beyond=asked.beyond,
        choice=_choice(asked.choice),
        elasticity=asked.elasticity,
        grandfathering=_grandfathering(asked),
        unit_costs=asked.unit_costs,
        target_margin=asked.target_margin,
        baseline_table=_baseline(rating.connection, asked.baseline),
    )


def _check(connection: duckdb.DuckDBPyConnection, asked: WhatIf) -> None:
    if asked.baseline not in ("bills", "invoices"):
        raise ConfigurationError(f"Not a baseline: {asked.baseline!r}.", valid="Valid: bills, invoices.")
    rows = connection.execute("SELECT DISTINCT attribute FROM account_attribute ORDER BY 1").fetchall()
    for attribute in asked.by:
        if (attribute,) not in rows:
            raise UnknownValueError("attribute of accounts", attribute, [row[0] for row in rows])
    for what, number in (("yearly cap", asked.yearly_cap), *(("change to count", each) for each in asked.beyond)):
        if number is not None and number < 0:
            raise ConfigurationError(f"The {what} is {number} %.", valid="Valid: 0 or more.")


def _choice(name: str) -> Per | None:
    if name in ("period", "whole"):
        return "period" if name == "period" else "whole"
    if name:
        raise ConfigurationError(f"Not a way to choose: {name!r}.", valid="Valid: period (every month), whole (once for all).")
    return None


def _scenario(book: PriceBook, baseline: Sequence[PriceBook]) -> PriceBook | Scenario:
    """Return what a file is tried as: a book in force is changed for who is on it, any other book is for everyone.

    The last version of a changed book is taken to have held all the time.
    """
    changes_one = book.name in {each.name for each in baseline}
    return Scenario(f"{book.name} (changed)", (latest(book),)) if changes_one else book


def _grandfathering(asked: WhatIf) -> Grandfathering | None:
    if asked.keep_until is None and asked.yearly_cap is None:
        return None
    return Grandfathering(until=asked.keep_until, yearly_cap=asked.yearly_cap)


def _baseline(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """Return the table of what was paid; invoices are added up by account and month."""
    if name == "bills":
        return "bill"
    connection.execute(
        """
        CREATE OR REPLACE TABLE invoiced_month AS
        SELECT account_id, CAST(date_trunc('month', COALESCE(period_start, issued_on)) AS DATE) AS period_start, currency,
          CAST(SUM(amount) AS DECIMAL(18,4)) AS amount
        FROM invoice_line WHERE account_id IS NOT NULL AND kind <> 'tax' GROUP BY 1, 2, 3
        """
    )
    return "invoiced_month"
