"""Rating kept in the store, month by month: a late record re-rates the account-periods it touches, to the same bytes.

Three artifacts stand on one another: quantities by month of the period's start, rated lines of the month, bills of the month.
When a month's quantities change, the rated lines of the time before are the start: only the periods whose quantities differ are
rated again, the others are copied. A full rating of the same inputs writes the same bytes.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from growthring.engine.catalog import empty_select, open_files, open_tables
from growthring.engine.duckdb_session import connect
from growthring.engine.relation import Relation, literal
from growthring.engine.snapshot import Snapshot
from growthring.engine.store import Artifact, Store, write_atomically
from growthring.kernel.ids import digest
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.pricing.book import PriceBook
from growthring.pricing.engine_rating import DuckdbEngine, RatingEngine, StoredFiles
from growthring.pricing.meter import Bucket, Meter
from growthring.pricing.metering.chain import metering_chain
from growthring.pricing.metering.inputs import load_metering_inputs
from growthring.pricing.rating.pipeline import rating_chain
from growthring.pricing.rating.tables import BookTables, compile_books, load_books
from growthring.pricing.subscriptions import load_subscriptions
from growthring.tables import BILL, CANONICAL, METERED, METERED_CHANGE, METERED_EVENT, RATED_LINE

_QUANTITIES = {table.name: table for table in (METERED, METERED_EVENT, METERED_CHANGE)}
"""Tables of metering that rating reads; those of no meter in use are not there."""


@dataclass(frozen=True, slots=True)
class PricingTerms:
    """What usage is rated under.

    Attributes:
        books: The price books.
        meters: Meters beside those of the books.
        zone: Time zone of contracts and assignments that name none.
        as_of: Rows known later are not seen.
        through: Last day the data speak for; periods that begin later are not rated.
    """

    books: tuple[PriceBook, ...]
    meters: tuple[Meter, ...]
    zone: str
    as_of: datetime
    through: date

    @property
    def every_meter(self) -> tuple[Meter, ...]:
        """Every meter, those of the books included."""
        found = {meter.id: meter for meter in (*self.meters, *(meter for book in self.books for meter in book.meters))}
        return tuple(found.values())


@dataclass
class Rating:
    """Rated history.

    Attributes:
        connection: DuckDB with ``subscription``, ``billing_period``, ``metered``, ``rated_line`` and ``bill`` beside the
            canonical tables, and the small tables of the books.
        terms: What it was rated under.
        tables: The compiled books.
        chain: The relations of rating, in order, for showing.
        months: Artifact of the rated lines by month of the period's start.
        rated_periods: Account-periods rated by this call; the others stood already.
    """

    connection: duckdb.DuckDBPyConnection
    terms: PricingTerms
    tables: BookTables
    chain: list[Relation]
    months: dict[Month, Artifact] = field(default_factory=dict)
    rated_periods: int = 0


def open_rating(
    store: Store,
    snapshot: Snapshot,
    terms: PricingTerms,
    *,
    engine: RatingEngine | None = None,
    progress: Progress = silent,
) -> Rating:
    """Open rated history over a snapshot, bringing the stored months up to date first.

    Args:
        store: The project's store.
        snapshot: What the company's systems said.
        terms: Books, meters, what was known.
        engine: Where what is missing is computed; DuckDB when absent. The bytes in the store do not depend on it.
        progress: Told about each month rated.
    """
    connection = connect()
    open_tables(connection, store, snapshot)
    load_subscriptions(connection, terms.books, terms.as_of, zone=terms.zone)
    tables = compile_books(terms.books)
    has_buckets = any(meter.bucket is not Bucket.NONE or meter.per_event for meter in terms.every_meter)
    rating = Rating(connection, terms, tables, rating_chain(tables.shape, has_buckets=has_buckets))
    runner = engine or DuckdbEngine()
    metered = _metered(store, snapshot, rating, runner, progress)
    _load_books(rating, metered)
    _rate(store, rating, metered, runner, progress)
    _open(rating, metered)
    return rating


def _metered(store: Store, snapshot: Snapshot, rating: Rating, engine: RatingEngine, progress: Progress) -> Artifact:
    """Return the artifact of metered quantities: a file for each month of the period's start."""
    connection, terms = rating.connection, rating.terms
    meters = terms.every_meter
    load_metering_inputs(connection, meters, _first_day(connection, terms.through), terms.through)
    chain = metering_chain(meters, terms.as_of, has_corrections=bool(snapshot.parts("usage_correction")))
    inputs = [*(each.sql for each in chain), *_digests(snapshot, ("usage", "usage_correction"))]
    inputs += [repr(meters), terms.as_of.isoformat(), terms.through.isoformat(), _fingerprint(connection, "subscription")]
    progress("metering usage", 0, 1)
    stored = {
        table: [store.path_of(part.artifact) / "rows.parquet" for part in snapshot.parts(table)]
        for table in ("usage", "usage_correction")
    }
    artifact = store.build("metered/1", inputs, lambda folder: _write_metered(connection, engine, chain, stored, folder))
    progress("metering usage", 1, 1)
    return artifact


def _first_day(connection: duckdb.DuckDBPyConnection, through: date) -> date:
    """Return the first day to bill: the first day of a subscription, or of usage where a subscription has always been there."""
    row = connection.execute(
        "SELECT LEAST((SELECT MIN(starts_on) FROM subscription), (SELECT CAST(MIN(used_at) AS DATE) - INTERVAL 1 DAY FROM usage))"
    ).fetchone()
    first = row[0] if row else None
    return first.date() if isinstance(first, datetime) else (first or through)


def _digests(snapshot: Snapshot, tables: Iterable[str]) -> list[str]:
    return [
        f"{part.table}|{part.month}|{part.sha256}" for table in tables if table in CANONICAL for part in snapshot.parts(table)
    ]


def _write_metered(
    connection: duckdb.DuckDBPyConnection, engine: RatingEngine, chain: Sequence[Relation], stored: StoredFiles, folder: Path
) -> dict[str, Any]:
    names = [each.name for each in chain if each.name in _QUANTITIES]
    engine.define(connection, chain, names, stored)
    for name in names:
        columns = [row[0] for row in connection.execute(f"DESCRIBE {name}").fetchall()]
        order = ", ".join(METERED.key if name == METERED.name else columns)
        for month in _months(connection, name):
            select = f"SELECT {', '.join(columns)} FROM {name} WHERE {_in(month)} ORDER BY {order}"
            _copy(connection, select, folder / f"{name}-{month}.parquet")
    _drop(connection, chain)
    return {"tables": names}


def _drop(connection: duckdb.DuckDBPyConnection, chain: Sequence[Relation]) -> None:
    for each in reversed(chain):
        connection.execute(f"DROP {'VIEW' if each.is_light else 'TABLE'} {each.name}")


def _months(connection: duckdb.DuckDBPyConnection, table: str) -> list[Month]:
    month = "YEAR(period_start) * 12 + MONTH(period_start) - 1"
    return [Month(row[0]) for row in connection.execute(f"SELECT DISTINCT {month} FROM {table} ORDER BY 1").fetchall()]


def _in(month: Month) -> str:
    return f"period_start >= {literal(month.first_day)} AND period_start <= {literal(month.last_day)}"


def _copy(connection: duckdb.DuckDBPyConnection, select: str, path: Path) -> None:
    connection.execute(f"COPY ({select}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)")


def _files(artifact: Artifact, name: str) -> dict[Month, tuple[Path, str]]:
    """Return the files of a table by month, with their digests."""
    prefix = f"{name}-"
    return {
        Month.parse(file.removeprefix(prefix).removesuffix(".parquet")): (artifact.path / file, sha)
        for file, sha in artifact.contents.items()
        if file.startswith(prefix) and file[len(prefix)].isdigit()
    }


def _load_books(rating: Rating, metered: Artifact) -> None:
    """Load the small tables of the books; prices by dimension are looked up for the values that occur."""
    texts: dict[str, list[str]] = {}
    files = [str(path) for path, _ in _files(metered, METERED.name).values()]
    if rating.tables.cells and files:
        listed = ", ".join(map(literal, files))
        rows = rating.connection.execute(
            f"SELECT DISTINCT meter, dimensions FROM read_parquet([{listed}]) ORDER BY 1, 2"
        ).fetchall()
        for meter, text in rows:
            texts.setdefault(meter, []).append(text)
    load_books(rating.connection, rating.tables, texts)


def _rate(store: Store, rating: Rating, metered: Artifact, engine: RatingEngine, progress: Progress) -> None:
    """Bring the rated lines and bills of every month up to date."""
    connection = rating.connection
    first, *rest = rating.chain
    connection.execute(f"CREATE OR REPLACE TABLE every_period AS {first.sql}")
    prices = digest(["rated/1", *(each.sql for each in rest), repr(rating.terms.books), repr(rating.terms.every_meter)])
    months = _months(connection, "every_period")
    for done, month in enumerate(months):
        sources = {name: _files(metered, name).get(month) for name in metered.facts["tables"]}
        stable = digest([prices, str(month), _fingerprint(connection, f"(SELECT * FROM every_period WHERE {_in(month)})")])
        shelf = _Shelf(store.root / "rated" / f"{stable}.json", store)
        before = shelf.load()
        artifact = store.build(
            "rated/1",
            [stable, *(source[1] if source else "" for source in sources.values())],
            partial(_write_rated, rating, engine, month, sources, before),
        )
        if before is None or before.artifact.key != artifact.key:
            rating.rated_periods += artifact.facts["rated"]
            shelf.save(_Before(artifact, {name: str(source[0]) if source else "" for name, source in sources.items()}))
        rating.months[month] = artifact
        progress("rating", done + 1, len(months))


def _fingerprint(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Return a digest of a table's rows; their order does not matter."""
    number = "CAST(CAST('0x' || SUBSTR(MD5(CAST(each AS VARCHAR)), 1, 15) AS BIGINT) AS HUGEINT)"
    return repr(connection.execute(f"SELECT COUNT(*), SUM({number}) FROM {table} AS each").fetchone())


@dataclass(frozen=True, slots=True)
class _Before:
    """How a month was rated the last time: the artifact, and the files of quantities it read, by table."""

    artifact: Artifact
    sources: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Where the last rating of a month is noted; losing the note costs time, nothing else."""

    path: Path
    store: Store

    def load(self) -> _Before | None:
        if not self.path.exists():
            return None
        noted = json.loads(self.path.read_text())
        artifact = Artifact(noted["key"], self.store.path_of(noted["key"]))
        readable = artifact.path.exists() and all(not file or Path(file).exists() for file in noted["sources"].values())
        return _Before(artifact, noted["sources"]) if readable else None

    def save(self, before: _Before) -> None:
        write_atomically(self.path, json.dumps({"key": before.artifact.key, "sources": before.sources}))


_Sources = dict[str, tuple[Path, str] | None]


def _write_rated(
    rating: Rating, engine: RatingEngine, month: Month, sources: _Sources, before: _Before | None, folder: Path
) -> dict[str, Any]:
    connection = rating.connection
    for name, source in sources.items():
        connection.execute(f"CREATE OR REPLACE TABLE {name} AS {_select(connection, name, str(source[0]) if source else '')}")
    touched = ""
    if before:
        _find_touched(connection, sources, before)
        touched = "(subscription_id, period_start) IN (SELECT (subscription_id, period_start) FROM touched)"
        for name in sources:
            connection.execute(f"DELETE FROM {name} WHERE NOT {touched}")
    connection.execute(
        f"CREATE OR REPLACE TABLE billed_period AS SELECT * FROM every_period WHERE {_in(month)} AND {touched or 'TRUE'}"
    )
    whole = {} if before else {name: [source[0]] for name, source in sources.items() if source}
    engine.define(connection, rating.chain[1:], (RATED_LINE.name, BILL.name), whole)
    for table in (RATED_LINE, BILL):
        columns = ", ".join(table.column_names)
        select = f"SELECT {columns} FROM {table.name}"
        if before:
            old = literal(str(before.artifact.path / f"{table.name}.parquet"))
            select += f" UNION ALL SELECT {columns} FROM read_parquet({old}) WHERE NOT {touched}"
        _copy(connection, f"{select} ORDER BY {', '.join(table.key)}", folder / f"{table.name}.parquet")
    row = connection.execute("SELECT COUNT(*) FROM billed_period").fetchone()
    _drop(connection, rating.chain[1:])
    for name in ("billed_period", *sources):
        connection.execute(f"DROP TABLE {name}")
    return {"rated": int(row[0]) if row else 0}


def _select(connection: duckdb.DuckDBPyConnection, name: str, file: str) -> str:
    if file:
        return f"SELECT * FROM read_parquet({literal(file)})"
    return empty_select(_QUANTITIES[name])


def _find_touched(connection: duckdb.DuckDBPyConnection, sources: _Sources, before: _Before) -> None:
    """Create ``touched``: the subscriptions and periods whose quantities differ from those rated the last time."""
    differing = []
    for name in sources:
        old = _select(connection, name, before.sources.get(name, ""))
        differing += [f"(SELECT * FROM {name} EXCEPT ALL {old})", f"({old} EXCEPT ALL SELECT * FROM {name})"]
    union = " UNION ALL ".join(f"SELECT subscription_id, period_start FROM {each} AS differing" for each in differing)
    connection.execute(f"CREATE OR REPLACE TABLE touched AS SELECT DISTINCT subscription_id, period_start FROM ({union})")


def _open(rating: Rating, metered: Artifact) -> None:
    """Define views over everything that was metered and rated."""
    connection = rating.connection
    connection.execute("ALTER TABLE every_period RENAME TO billed_period")
    for name in metered.facts["tables"]:
        open_files(connection, _QUANTITIES[name], [str(path) for path, _ in _files(metered, name).values()])
    for table in (RATED_LINE, BILL):
        open_files(connection, table, [str(each.path / f"{table.name}.parquet") for each in rating.months.values()])
