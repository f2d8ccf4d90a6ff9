"""Rating of jobs on both paths: the Decimal reference, and the relations that rate a population."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import duckdb

from growthring.engine.duckdb_session import connect
from growthring.engine.relation import Relation
from growthring.engine.small_table import put_rows
from growthring.kernel.currency import exponent
from growthring.pricing.adjustment import Adjustment
from growthring.pricing.billing_calendar import BillingCalendar
from growthring.pricing.book import Component, PriceBook, Version
from growthring.pricing.policy import RatingPolicy
from growthring.pricing.rating.pipeline import rating_chain
from growthring.pricing.rating.tables import compile_books, load_books
from growthring.pricing.reference import Share, Use, rate_bill
from growthring.tables import BILLING_PERIOD, METERED, SUBSCRIPTION
from tests.pricing.rating.sql_path import dimension_text, put

ZERO = Decimal(0)
METER = "units"
FIRST = date(2024, 1, 1)
BEFORE = date(2000, 1, 1)
_EVENTS = (
    "subscription_id VARCHAR, meter VARCHAR, dimensions VARCHAR, period_start DATE, bucket_at TIMESTAMP, event_no BIGINT, "
    "quantity DECIMAL(18,6)"
)
_CHANGES = (
    "subscription_id VARCHAR, meter VARCHAR, dimensions VARCHAR, period_start DATE, bucket_at TIMESTAMP, change_no BIGINT, "
    "change DECIMAL(18,6), time_left BIGINT, time_whole BIGINT"
)


@dataclass(frozen=True)
class Amount:
    """An amount before and after rounding to the minor unit."""

    precise: Decimal
    rounded: Decimal
    currency: str = "USD"

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.precise + other.precise, self.rounded + other.rounded, self.currency)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.precise - other.precise, self.rounded - other.rounded, self.currency)

    def __neg__(self) -> "Amount":
        return Amount(-self.precise, -self.rounded, self.currency)

    def is_printed_as(self, printed: Decimal) -> bool:
        """Whether this is the printed figure: rounded, where no more decimals than money has are printed; else precise."""
        decimals = max(0, -int(printed.as_tuple().exponent))
        if decimals <= exponent(self.currency):
            return self.rounded == printed
        return self.precise.quantize(Decimal(1).scaleb(-decimals), "ROUND_HALF_UP") == printed


@dataclass(frozen=True)
class Job:
    """One period of one subscription: what is priced how, and what was used.

    Attributes:
        components: What is priced.
        uses: What was used.
        policy: How prices are read.
        currency: Currency billed in.
        adjustments: Adjustments of the whole bill.
        active_days: Days, counted from the end of the period, that the subscription was active.
        period_days: Days of the period.
    """

    components: tuple[Component, ...]
    uses: tuple[Use, ...]
    policy: RatingPolicy
    currency: str = "USD"
    adjustments: tuple[Adjustment, ...] = ()
    active_days: int = 30
    period_days: int = 30

    @property
    def book(self) -> PriceBook:
        version = Version(effective_from=BEFORE, components=self.components, adjustments=self.adjustments)
        changes = self.policy.model_dump(exclude={"name", "title", "source"})
        return PriceBook(name="book", currency=self.currency, policy="standard", policy_changes=changes, versions=(version,))


@dataclass(frozen=True)
class Rated:
    """What a path made of a job: quantities and amounts of its lines, and the bill."""

    quantity: Decimal
    billable_quantity: Decimal
    raw: Amount
    lines: tuple[Amount, ...]
    amount: Amount


Rate: TypeAlias = Callable[[Sequence[Job]], list[Rated]]
"""A path: rates jobs, in order."""


@dataclass
class _Rows:
    subscriptions: list[tuple[Any, ...]] = field(default_factory=list)
    periods: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    metered: list[tuple[Any, ...]] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)
    changes: list[tuple[Any, ...]] = field(default_factory=list)


def _together(job: Job, lines: Sequence[tuple[Decimal, Decimal, Decimal, Decimal, Decimal]], bill: Decimal) -> Rated:
    """Put the lines of a job (quantity, billable quantity, raw, adjusted and rounded amount) and its bill together."""
    quantity, billable, raw, precise = (sum((line[at] for line in lines), ZERO) for at in range(4))
    if job.adjustments:
        precise = bill
    amounts = tuple(Amount(line[3], line[4], job.currency) for line in lines)
    return Rated(quantity, billable, Amount(raw, raw, job.currency), amounts, Amount(precise, bill, job.currency))


def by_reference(jobs: Sequence[Job]) -> list[Rated]:
    """Rate jobs in plain Decimal arithmetic."""
    found = []
    for job in jobs:
        share = Share(job.active_days, job.period_days)
        bill = rate_bill(job.book.versions[0], job.uses, share, job.book.rating_policy, job.currency)
        lines = [(x.quantity, x.billable_quantity, x.raw_amount, x.adjusted_amount, x.amount) for x in bill.lines]
        found.append(_together(job, lines, bill.amount))
    return found


def by_sql(jobs: Sequence[Job]) -> list[Rated]:
    """Rate jobs with the relations, as a population."""
    connection, _ = open_rated(jobs)
    lines = connection.execute(
        "SELECT subscription_id, quantity, billable_quantity, raw_amount, adjusted_amount, amount FROM rated_line "
        "ORDER BY subscription_id, component_id, dimensions"
    ).fetchall()
    bills = dict(connection.execute("SELECT subscription_id, amount FROM bill").fetchall())
    connection.close()
    return [
        _together(job, [line[1:] for line in lines if line[0] == f"s{number}"], bills.get(f"s{number}", ZERO))
        for number, job in enumerate(jobs)
    ]


def open_rated(jobs: Sequence[Job]) -> tuple[duckdb.DuckDBPyConnection, list[Relation]]:
    """Return rated jobs and the relations that rated them: each job is a subscription with a price book of its own."""
    rows = _Rows()
    books = [job.book.model_copy(update={"name": f"b{number}"}) for number, job in enumerate(jobs)]
    for number, job in enumerate(jobs):
        _add(rows, job, f"s{number}", f"b{number}")
    connection = connect()
    put(connection, SUBSCRIPTION, rows.subscriptions)
    put(connection, BILLING_PERIOD, list(rows.periods.values()))
    put(connection, METERED, rows.metered)
    put_rows(connection, "metered_event", _EVENTS, rows.events)
    put_rows(connection, "metered_change", _CHANGES, rows.changes)
    tables = compile_books(books)
    load_books(connection, tables, {METER: sorted({row[3] for row in rows.metered if row[2] == METER})})
    chain = rating_chain(tables.shape)
    for relation in chain:
        connection.execute(f"CREATE {'VIEW' if relation.is_light else 'TABLE'} {relation.name} AS {relation.sql}")
    return connection, chain


def _add(rows: _Rows, job: Job, name: str, book: str) -> None:
    calendar = BillingCalendar(FIRST, "day", job.period_days)
    period = calendar.period_of(FIRST)
    rows.periods[calendar.calendar_id] = (
        period.calendar_id, period.period_start, period.period_end, period.starts_at, period.ends_at, period.days, period.seconds
    )  # fmt: skip
    starts_on = period.period_end - timedelta(days=job.active_days)
    rows.subscriptions.append((name, "a1", book, calendar.calendar_id, starts_on, date(9999, 12, 31), job.currency))
    for use in job.uses:
        text, at = dimension_text(use.dimensions), datetime(2024, 1, 1) + timedelta(minutes=use.bucket)
        key = (name, "a1", use.meter, text, period.period_start, period.period_end, at)
        rows.metered.append((*key, use.quantity, use.events, use.event_amount))
        series = (name, use.meter, text, period.period_start, at)
        for value in use.event_values:
            rows.events.append((*series, len(rows.events), value))
        for change in use.changes:
            rows.changes.append((*series, len(rows.changes), change.quantity, change.left, change.whole))


PATHS: dict[str, Rate] = {"reference": by_reference, "sql": by_sql}
