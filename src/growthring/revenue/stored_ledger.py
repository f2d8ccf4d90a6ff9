"""Ledgers kept in the store, month by month: only months whose inputs changed are computed again, to the same bytes.

Every artifact is named by the bound statements that made it and the digests of the files they read. Three layers stand on one
another: what each partition of invoice lines (the contracts as a whole, each month of rated lines) contributes to each month;
recurring revenue of each month; the movement ledger of each month, which depends on that month and all before it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import duckdb

from growthring.engine.catalog import open_files, open_tables
from growthring.engine.duckdb_session import connect
from growthring.engine.relation import Relation, literal
from growthring.engine.snapshot import Partition, Snapshot
from growthring.engine.store import Artifact, Store
from growthring.kernel.ids import digest
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.revenue.inputs import load_inputs
from growthring.revenue.ledger import Ledger, book, check_identity, define, forget, materialise, observed
from growthring.revenue.pipeline import (
    Shape,
    averaged_chain,
    document_chain,
    is_committed,
    is_short,
    is_smoothed,
    ledger_chain,
    one_source,
    reads_rated,
    recurring_chain,
)
from growthring.revenue.policy import Policy
from growthring.revenue.rated_usage import RatedMonth, RatedUsage, put_components, required
from growthring.revenue.setting import Setting
from growthring.tables import CANONICAL, MOVEMENT, RECURRING

_CONTRACTS = "contracts"
_CONTRIBUTION_FILE = "contribution.parquet"
_ORDERED = {"recurring": RECURRING.key, "movement": MOVEMENT.key, "entity_month": ("entity_id", "month")}
_CONTRIBUTED = "account_id, product_id, contract_id, currency, month, rate_on"

_NOTHING = (
    "SELECT '' AS account_id, '' AS product_id, '' AS contract_id, '' AS currency, 0 AS month, DATE '1970-01-01' AS rate_on, "
    "0.0 AS native_amount, 0.0 AS usage_amount, 0.0 AS quantity, 0 AS held WHERE FALSE"
)
"""What no document at all contributes."""


@dataclass
class _Books:
    """The books of one policy while they are brought up to date."""

    store: Store
    snapshot: Snapshot
    policy: Policy
    setting: Setting
    connection: duckdb.DuckDBPyConnection
    shape: Shape
    progress: Progress
    rated: RatedUsage | None

    @cached_property
    def chain(self) -> list[Relation]:
        """Relations from documents to a(t)."""
        return recurring_chain(self.policy, self.setting)

    @cached_property
    def averaging(self) -> list[Relation]:
        """Relations from what documents say of each month to a(t)."""
        return averaged_chain(self.policy, self.setting)

    def digests(self, *tables: str) -> list[str]:
        """Digests of the partitions of canonical tables."""
        return [f"{part.table}|{part.month}|{part.sha256}" for table in tables for part in self.snapshot.parts(table)]

    @cached_property
    def notes(self) -> list[str]:
        """What besides documents decides a figure: tags and the reporting currency."""
        return [self.setting.currency, *(repr(tag) for tag in self.setting.tags)]


def open_ledger(
    store: Store,
    snapshot: Snapshot,
    policy: Policy,
    setting: Setting,
    *,
    rated: RatedUsage | None = None,
    progress: Progress = silent,
) -> Ledger:
    """Open the ledger of a policy over a snapshot, bringing the stored months up to date first.

    Args:
        store: The project's store.
        snapshot: What the company's systems said.
        policy: The definitions.
        setting: Currency, calendar, last day, what was known.
        rated: Rated lines, for a policy that reads them.
        progress: Told about each month computed.

    Raises:
        GrowthringError: The policy reads rated usage and there is none.
        LedgerImbalanceError: Start + movements differs from end; nothing of the ledger is kept.
    """
    connection = connect()
    open_tables(connection, store, snapshot)
    shape = load_inputs(connection, policy, setting)
    if reads_rated(policy):
        rated = required(rated, policy)
        put_components(connection, rated.components)
        rated.open(connection)
    books = _Books(store, snapshot, policy, setting, connection, shape, progress, rated if reads_rated(policy) else None)
    recurring = _recurring(books)
    connection.execute("CREATE OR REPLACE VIEW recurring AS " + _union(recurring.values(), "recurring", RECURRING.column_names))
    define(connection, books.chain[:-1])
    ledger = _ledger(books, recurring)
    chain = ledger_chain(policy, setting, shape)
    define(connection, [each for each in chain if each.name in ("scoped", "panel", "renewal_month", "advised_month")])
    for name, columns in (("movement", MOVEMENT.column_names), ("entity_month", ("entity_id", "month", "amount"))):
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS " + _union(ledger, name, columns))
    return Ledger(connection, policy, setting, (*books.chain, *chain))


_Contributions = dict[Month, list[tuple[Path, str]]]
"""For each month the files that contribute to it, with the digest of what they say of that month."""


def _recurring(books: _Books) -> dict[Month, Artifact]:
    """Return recurring revenue by month; one artifact a month unless revenue is averaged over months."""
    contributions = _contributions(books)
    last = books.setting.last_month
    months = sorted(month for month in contributions if month <= last)
    rates = books.digests("fx_rate")
    final = [each.sql for each in books.averaging]
    if is_smoothed(books.policy) or len(final) > 1:
        shas = [sha for month in months for _, sha in contributions[month]]
        whole = books.store.build(
            "recurring/1",
            ["all", *final, *shas, *rates, *books.notes, *_promises(books)],
            lambda folder: _write_recurring(books, contributions, months, folder),
        )
        return {month: whole for month, _, _ in sorted(_months_of(whole, "recurring")) if month <= last}
    kept: dict[Month, Artifact] = {}
    for done, month in enumerate(months):
        shas = [sha for _, sha in contributions[month]]
        kept[month] = books.store.build(
            "recurring/1",
            [str(month), *(_at_month(books, month)), *shas, *rates, *books.notes],
            lambda folder, month=month: _write_recurring(books, contributions, [month], folder),  # type: ignore[misc]
        )
        books.progress("recurring revenue", done + 1, len(months))
    return kept


def _promises(books: _Books) -> list[str]:
    """Digests of the promises that are set against usage, where the policy does so."""
    if not (books.rated and is_committed(books.policy)):
        return []
    unpaid = ("invoice_line",) if books.policy.churn_time == "days_past_due" else ()
    return books.digests("commitment", "contract", "contract_line", *unpaid)


def _rated_digests(books: _Books) -> list[str]:
    return [each.digest for each in books.rated.months.values()] if books.rated else []


def _at_month(books: _Books, month: Month) -> list[str]:
    """Statements of the last step as they would be bound if the data ended with a month, so that later months leave it alone."""
    setting = (
        books.setting
        if books.policy.fx_on or books.policy.fx == "constant"
        else replace(books.setting, data_through=month.last_day)
    )
    return [each.sql for each in recurring_chain(books.policy, setting) if each.name == "recurring"]


def _write_recurring(books: _Books, contributions: _Contributions, months: Sequence[Month], folder: Path) -> dict[str, Any]:
    files = sorted({str(path) for month in months for path, _ in contributions[month]})
    listed = ", ".join(literal(file) for file in files)
    wanted = ", ".join(str(month.index) for month in months)
    source = f"read_parquet([{listed}]) WHERE month IN ({wanted})" if files else f"({_NOTHING})"
    define(books.connection, [each for each in books.chain if each.name == "contract_segment"])
    books.connection.execute(
        f"CREATE OR REPLACE VIEW monthly AS SELECT {_CONTRIBUTED}, CAST(SUM(native_amount) AS DECIMAL(18,4)) AS native_amount, "
        "CAST(SUM(usage_amount) AS DECIMAL(18,4)) AS usage_amount, CAST(SUM(quantity) AS DECIMAL(18,6)) AS quantity, "
        "MAX(held) AS held "
        f"FROM {source} GROUP BY {_CONTRIBUTED}"
    )
    define(books.connection, books.averaging[:-1])
    materialise(books.connection, Relation("recurring_result", books.averaging[-1].sql))
    return _write_months(books.connection, "recurring_result", "recurring", folder)


def _contributions(books: _Books) -> _Contributions:
    """Return, for each month, the files of what partitions of documents contribute to it, with their digests."""
    by_month: _Contributions = defaultdict(list)
    parts = list(books.snapshot.parts("invoice_line"))
    for done, part in enumerate(parts):
        _add(by_month, _partition_contribution(books, part))
        books.progress("reading invoices", done + 1, len(parts))
    if books.policy.evidence.value != "invoices":
        _add(by_month, _contract_contribution(books))
    for artifact in _rated_contributions(books):
        _add(by_month, artifact)
    return dict(by_month)


def _add(by_month: _Contributions, artifact: Artifact) -> None:
    for month, said in artifact.facts["months"].items():
        by_month[Month.parse(month)].append((artifact.path / _CONTRIBUTION_FILE, said))


def _without_end(setting: Setting) -> Setting:
    """Return a setting in which no month lies after the data: what a closed file says does not change when time goes on."""
    return replace(setting, data_through=Month.parse("2100-11").last_day)


def _partition_contribution(books: _Books, part: Partition) -> Artifact:
    chain = one_source(document_chain(books.policy, _without_end(books.setting)), "invoice_segment")
    terms = books.digests("contract") if books.policy.churn_time in ("request", "status") else []

    def write(folder: Path) -> dict[str, Any]:
        file = books.store.path_of(part.artifact) / "rows.parquet"
        open_files(books.connection, CANONICAL["invoice_line"], [str(file)])
        define(books.connection, chain)
        facts = _write_contribution(books.connection, folder)
        open_tables(books.connection, books.store, books.snapshot)
        return facts

    return books.store.build("contribution/2", [part.sha256, *terms, *(each.sql for each in chain)], write)


def _contract_contribution(books: _Books) -> Artifact:
    chain = one_source(document_chain(books.policy, books.setting), "contract_segment")
    unpaid = books.digests("invoice_line") if books.policy.churn_time == "days_past_due" else []

    def write(folder: Path) -> dict[str, Any]:
        define(books.connection, chain)
        return _write_contribution(books.connection, folder)

    inputs = [_CONTRACTS, *books.digests("contract", "contract_line"), *unpaid, *(each.sql for each in chain)]
    return books.store.build("contribution/2", inputs, write)


def _rated_contributions(books: _Books) -> Iterator[Artifact]:
    """Yield what each month of rated lines contributes; months whose billing periods are over are made once."""
    files = list(books.rated.months.values()) if books.rated else []
    for done, file in enumerate(files):
        is_over = file.last_end <= books.setting.data_through + timedelta(days=1)
        setting = _without_end(books.setting) if is_over else books.setting
        chain = one_source(document_chain(books.policy, setting), "rated_fee")
        inputs = [file.digest, books.rated.components_digest if books.rated else "", *(each.sql for each in chain)]
        yield books.store.build("contribution/2", inputs, partial(_write_rated_contribution, books, file, chain))
        books.progress("reading rated usage", done + 1, len(files))


def _write_rated_contribution(books: _Books, file: RatedMonth, chain: Sequence[Relation], folder: Path) -> dict[str, Any]:
    file.open(books.connection)
    define(books.connection, chain)
    facts = _write_contribution(books.connection, folder)
    if books.rated:
        books.rated.open(books.connection)
    return facts


def _ledger(books: _Books, recurring: dict[Month, Artifact]) -> list[Artifact]:
    """Return the ledger by month, computing the stale months in one pass."""
    if not recurring:
        return []
    first, last = min(recurring), books.setting.last_month
    keys = _ledger_keys(books, recurring, first, last)
    stale = {month for month, inputs in keys.items() if not books.store.path_of(digest(["ledger/1", *inputs])).exists()}
    if stale:
        books.progress("movement ledger", 0, 1)
        seen = observed(books.connection, books.shape)
        chain = ledger_chain(books.policy, books.setting, seen)
        book(books.connection, chain)
        check_identity(books.connection, books.policy, books.setting, is_single=is_short(books.policy, seen))
        books.progress("movement ledger", 1, 1)
    kept = [
        books.store.build("ledger/1", inputs, lambda folder, month=month: _write_ledger(books, month, folder))  # type: ignore[misc]
        for month, inputs in keys.items()
    ]
    if stale:
        forget(books.connection, chain)
    return kept


def _ledger_keys(books: _Books, recurring: dict[Month, Artifact], first: Month, last: Month) -> dict[Month, list[str]]:
    beside = [*books.digests("account", "account_attribute", "product", "contract"), *books.notes]
    documents = (
        [*books.digests("invoice_line", "contract_line"), *_rated_digests(books)] if books.policy.same_period != "net" else []
    )
    keys: dict[Month, list[str]] = {}
    so_far = digest([*beside, *documents])
    for index in range(first.index, last.index + 1):
        month = Month(index)
        artifact = recurring.get(month)
        so_far = digest([so_far, artifact.contents.get(f"recurring-{month}.parquet", "") if artifact else ""])
        setting = replace(books.setting, data_through=month.last_day)
        keys[month] = [so_far, *(each.sql for each in ledger_chain(books.policy, setting, books.shape))]
    return keys


def _write_ledger(books: _Books, month: Month, folder: Path) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for name in ("movement", "entity_month"):
        _copy(books.connection, f"SELECT * FROM {name} WHERE month = {month.index}", name, folder / f"{name}-{month}.parquet")
    return facts


def _write_contribution(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, Any]:
    """Write one file and note a digest of each month in it, so that a month depends on what is said of it alone."""
    connection.execute("CREATE OR REPLACE TEMP TABLE contributed AS SELECT * FROM monthly")
    _copy(connection, "SELECT * FROM contributed", "monthly", folder / _CONTRIBUTION_FILE)
    columns = [row[0] for row in connection.execute("DESCRIBE contributed").fetchall()]
    said = ", ".join(f"COALESCE(CAST({column} AS VARCHAR), '~')" for column in columns)
    months = connection.execute(
        f"SELECT month, CAST(bit_xor(md5_number(concat_ws('|', {said}))) AS VARCHAR) FROM contributed GROUP BY 1 ORDER BY 1"
    ).fetchall()
    connection.execute("DROP TABLE contributed")
    return {"months": {str(Month(month)): content for month, content in months}}


def _write_months(connection: duckdb.DuckDBPyConnection, relation_name: str, name: str, folder: Path) -> dict[str, Any]:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE by_month AS SELECT * FROM {relation_name}")
    months = [Month(row[0]) for row in connection.execute("SELECT DISTINCT month FROM by_month ORDER BY 1").fetchall()]
    for month in months:
        _copy(connection, f"SELECT * FROM by_month WHERE month = {month.index}", name, folder / f"{name}-{month}.parquet")
    connection.execute("DROP TABLE by_month")
    return {"months": [str(month) for month in months]}


def _copy(connection: duckdb.DuckDBPyConnection, select: str, name: str, path: Path) -> None:
    order = ", ".join(_ORDERED.get(name, ("month", *_CONTRIBUTED.split(", "))))
    target = f"{literal(str(path))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
    connection.execute(f"COPY ({select} ORDER BY {order}) TO {target}")


def _months_of(artifact: Artifact, name: str) -> Iterator[tuple[Month, Path, str]]:
    for file, sha in artifact.contents.items():
        if file.startswith(f"{name}-"):
            yield Month.parse(file.removeprefix(f"{name}-").removesuffix(".parquet")), artifact.path / file, sha


def _union(artifacts: Iterable[Artifact], name: str, columns: Sequence[str]) -> str:
    paths = {str(path) for artifact in artifacts for _, path, _ in _months_of(artifact, name)}
    selected = ", ".join(columns)
    if not paths:
        contract = {"recurring": RECURRING, "movement": MOVEMENT}.get(name)
        types = {column.name: column.type.value for column in contract.columns} if contract else {}
        fallback = {"month": "INTEGER", "amount": "DECIMAL(18,4)"}
        empty = ", ".join(
            f"CAST(NULL AS {types.get(column) or fallback.get(column, 'VARCHAR')}) AS {column}" for column in columns
        )
        return f"SELECT {empty} WHERE FALSE"
    listed = ", ".join(literal(path) for path in sorted(paths))
    return f"SELECT {selected} FROM read_parquet([{listed}])"
