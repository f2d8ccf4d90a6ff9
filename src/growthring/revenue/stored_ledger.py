"""Ledgers kept in the store, month by month: only months whose inputs changed are computed again, to the same bytes.

Every artifact is named by the bound statements that made it and the digests of the files they read. Three layers stand on one
another: what each partition of invoice lines (and the contracts as a whole) contributes to each month; recurring revenue of
each month; the movement ledger of each month, which depends on that month and all before it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
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
from growthring.revenue.pipeline import Shape, is_short, is_smoothed, ledger_chain, recurring_chain
from growthring.revenue.policy import Policy
from growthring.revenue.setting import Setting
from growthring.tables import CANONICAL, MOVEMENT, RECURRING

_CONTRACTS = "contracts"
_CONTRIBUTION_FILE = "contribution.parquet"
_ORDERED = {"recurring": RECURRING.key, "movement": MOVEMENT.key, "entity_month": ("entity_id", "month")}
_CONTRIBUTED = "account_id, product_id, contract_id, currency, month, rate_on"


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

    @cached_property
    def chain(self) -> list[Relation]:
        """Relations from documents to a(t)."""
        return recurring_chain(self.policy, self.setting)

    def digests(self, *tables: str) -> list[str]:
        """Digests of the partitions of canonical tables."""
        return [f"{part.table}|{part.month}|{part.sha256}" for table in tables for part in self.snapshot.parts(table)]

    @cached_property
    def notes(self) -> list[str]:
        """What besides documents decides a figure: tags and the reporting currency."""
        return [self.setting.currency, *(repr(tag) for tag in self.setting.tags)]


def open_ledger(store: Store, snapshot: Snapshot, policy: Policy, setting: Setting, *, progress: Progress = silent) -> Ledger:
    """Open the ledger of a policy over a snapshot, bringing the stored months up to date first.

    Args:
        store: The project's store.
        snapshot: What the company's systems said.
        policy: The definitions.
        setting: Currency, calendar, last day, what was known.
        progress: Told about each month computed.

    Raises:
        LedgerImbalanceError: Start + movements differs from end; nothing of the ledger is kept.
    """
    connection = connect()
    open_tables(connection, store, snapshot)
    shape = load_inputs(connection, policy, setting)
    books = _Books(store, snapshot, policy, setting, connection, shape, progress)
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
    final = [each.sql for each in books.chain if each.name in ("run_rate", "smoothed", "recurring")]
    if is_smoothed(books.policy) or len(final) > 1:
        shas = [sha for month in months for _, sha in contributions[month]]
        whole = books.store.build(
            "recurring/1",
            ["all", *final, *shas, *rates, *books.notes],
            lambda folder: _write_recurring(books, contributions, months, folder),
        )
        return {month: whole for month in [*months, *_after(months, last)] if f"recurring-{month}.parquet" in whole.contents}
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


def _after(months: Sequence[Month], last: Month) -> list[Month]:
    """Months after the last document that an average may still reach."""
    return [Month(index) for index in range(months[-1].index + 1, last.index + 1)] if months else []


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
    books.connection.execute(
        f"CREATE OR REPLACE VIEW monthly AS SELECT {_CONTRIBUTED}, CAST(SUM(native_amount) AS DECIMAL(18,4)) AS native_amount, "
        "CAST(SUM(usage_amount) AS DECIMAL(18,4)) AS usage_amount, CAST(SUM(quantity) AS DECIMAL(18,6)) AS quantity, "
        "MAX(held) AS held "
        f"FROM read_parquet([{listed}]) WHERE month IN ({wanted}) GROUP BY {_CONTRIBUTED}"
    )
    tail = [each for each in books.chain if each.name in ("run_rate", "smoothed", "recurring")]
    define(books.connection, tail[:-1])
    materialise(books.connection, Relation("recurring_result", tail[-1].sql))
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
    return dict(by_month)


def _add(by_month: _Contributions, artifact: Artifact) -> None:
    for month, said in artifact.facts["months"].items():
        by_month[Month.parse(month)].append((artifact.path / _CONTRIBUTION_FILE, said))


def _partition_contribution(books: _Books, part: Partition) -> Artifact:
    setting = replace(books.setting, data_through=Month.parse("2100-11").last_day)
    chain = [
        each
        for each in recurring_chain(books.policy, setting)
        if each.name not in ("contract_segment", "recurring", "run_rate", "smoothed")
    ]
    chain = [Relation("segment", "SELECT * FROM invoice_segment") if each.name == "segment" else each for each in chain]
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
    chain = [each for each in books.chain if each.name not in ("invoice_segment", "recurring", "run_rate", "smoothed")]
    chain = [Relation("segment", "SELECT * FROM contract_segment") if each.name == "segment" else each for each in chain]
    unpaid = books.digests("invoice_line") if books.policy.churn_time == "days_past_due" else []

    def write(folder: Path) -> dict[str, Any]:
        define(books.connection, chain)
        return _write_contribution(books.connection, folder)

    inputs = [_CONTRACTS, *books.digests("contract", "contract_line"), *unpaid, *(each.sql for each in chain)]
    return books.store.build("contribution/2", inputs, write)


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
    documents = books.digests("invoice_line", "contract_line") if books.policy.same_period != "net" else []
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
