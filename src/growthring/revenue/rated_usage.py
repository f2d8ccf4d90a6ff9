"""Rated usage as the ledger reads it: rated lines and bills by month, and the product that each component belongs to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from growthring.engine.catalog import open_files
from growthring.engine.relation import Literal
from growthring.engine.small_table import put_rows
from growthring.kernel.errors import GrowthringError
from growthring.kernel.ids import digest
from growthring.kernel.period import Month
from growthring.revenue.policy import Policy
from growthring.tables import BILL, RATED_LINE

if TYPE_CHECKING:
    from growthring.pricing.rating.tables import BookTables
    from growthring.pricing.stored_rating import Rating

COMPONENT_COLUMNS = (
    "book VARCHAR, version VARCHAR, component_id VARCHAR, currency VARCHAR, product_id VARCHAR, is_fee INTEGER, "
    "is_measured INTEGER, is_first INTEGER, from_on DATE, to_on DATE"
)
"""Columns of ``rated_component``. ``is_measured``: quantities of the product have one unit, so that they can be added up;
``is_first``: bears what adjusts a bill without lines."""

_BEGINNING = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class RatedMonth:
    """Rated lines and bills of the billing periods that begin in a month.

    Attributes:
        lines: Parquet file of ``rated_line``.
        bills: Parquet file of ``bill``.
        digest: Digest of both.
        last_end: First day after the last of these billing periods.
    """

    lines: Path
    bills: Path
    digest: str
    last_end: date

    def open(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Define ``rated_line`` and ``bill`` as this month alone."""
        _open(connection, [self])


@dataclass(frozen=True)
class RatedUsage:
    """Rated history.

    Attributes:
        components: Rows of ``rated_component``.
        months: Files by the month in which billing periods begin.
    """

    components: tuple[tuple[Literal, ...], ...]
    months: Mapping[Month, RatedMonth]

    @cached_property
    def components_digest(self) -> str:
        """Digest of the components."""
        return digest(map(repr, self.components))

    def open(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Define ``rated_line`` and ``bill`` over all months."""
        _open(connection, self.months.values())


def rated_usage(rating: "Rating") -> RatedUsage:
    """Return what the ledger needs of a rating whose connection is open."""
    rows = rating.connection.execute(
        f"SELECT YEAR(period_start) * 12 + MONTH(period_start) - 1, MAX(period_end) FROM {BILL.name} GROUP BY 1"
    ).fetchall()
    ends = {Month(month): last_end for month, last_end in rows}
    months = {}
    for month, artifact in rating.months.items():
        lines, bills = (f"{table.name}.parquet" for table in (RATED_LINE, BILL))
        said = digest([artifact.contents[lines], artifact.contents[bills]])
        months[month] = RatedMonth(artifact.path / lines, artifact.path / bills, said, ends.get(month, month.first_day))
    return RatedUsage(tuple(component_rows(rating.tables)), months)


def component_rows(tables: "BookTables") -> list[tuple[Literal, ...]]:
    """Return the rows of ``rated_component`` for compiled price books, in the order of the books."""
    from growthring.pricing.rating.tables import COLUMNS

    names = [column.split()[0] for column in COLUMNS["component"].split(", ")]
    components = [dict(zip(names, row, strict=True)) for row in tables.rows["component"]]
    versions = {row[0]: row[1:4] for row in tables.rows["book_version"]}
    begun = {book: min(no for no, (other, *_) in versions.items() if other == book) for book, *_ in versions.values()}  # type: ignore[type-var]
    units: dict[Literal, set[tuple[Literal, ...]]] = defaultdict(set)
    first: dict[tuple[Literal, Literal], Literal] = {}
    for each in sorted(components, key=lambda each: each["kind"] == "fee"):
        first.setdefault((each["version_no"], each["currency"]), each["component_no"])
        if each["meter"]:
            units[each["product_id"]].add((each["meter"], each["convert_by"], each["convert_per"]))
    rows: list[tuple[Literal, ...]] = []
    for each in components:
        book, from_on, to_on = versions[each["version_no"]]
        is_first = first[each["version_no"], each["currency"]] == each["component_no"]
        rows.append(
            (book, each["version"], each["component_id"], each["currency"], each["product_id"], int(each["kind"] == "fee"),
             int(bool(each["meter"]) and len(units[each["product_id"]]) == 1), int(is_first),
             _BEGINNING if begun[book] == each["version_no"] else from_on, to_on)
        )  # fmt: skip
    return rows


def put_components(connection: duckdb.DuckDBPyConnection, components: Iterable[tuple[Literal, ...]]) -> None:
    """Create the table ``rated_component``."""
    put_rows(connection, "rated_component", COMPONENT_COLUMNS, list(components))


def required(rated: RatedUsage | None, policy: Policy) -> RatedUsage:
    """Return rated usage, or stop where a policy reads it and there is none."""
    if rated is None:
        raise GrowthringError(
            f"Policy {policy.name} reads rated usage (usage_evidence = {policy.usage_evidence.value}), and nothing is rated.",
            valid='With usage_evidence = "invoices" usage is read from invoice lines.',
            remedy="Add a price book under price_books/ and a usage source, then run `growthring run`.",
        )
    return rated


def _open(connection: duckdb.DuckDBPyConnection, months: Iterable[RatedMonth]) -> None:
    files = list(months)
    open_files(connection, RATED_LINE, [str(each.lines) for each in files])
    open_files(connection, BILL, [str(each.bills) for each in files])
