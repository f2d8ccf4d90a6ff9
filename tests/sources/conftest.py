"""A small project folder that tests fill with files and read through `ingest`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from growthring.engine.catalog import problem_files
from growthring.engine.snapshot import Snapshot
from growthring.engine.store import Store
from growthring.sources.config import SourceConfig
from growthring.sources.ingestion import ingest

REAL = Path(__file__).parents[2].parent / "shared" / "data"


class Reader:
    """A project folder, its store, and what a run made of the files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(folder / ".growthring" / "store")
        self.snapshot: Snapshot | None = None

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def run(self, *sources: SourceConfig, fresh: bool = False, known_meters: frozenset[str] | None = None) -> Snapshot:
        if fresh:
            self.store = Store(self.folder / ".growthring" / f"store{len(list(self.folder.glob('.growthring/*')))}")
        self.store.built = self.store.reused = 0
        self.snapshot = ingest(self.folder, sources, self.store, known_meters=known_meters)
        for file in self.snapshot.files:
            assert file.accepted + file.corrected + file.rejected == file.read, file
        return self.snapshot

    def rows(self, table: str, columns: str = "*", order: str = "ALL") -> list[tuple[Any, ...]]:
        assert self.snapshot is not None
        paths = [str(self.store.path_of(part.artifact) / "rows.parquet") for part in self.snapshot.parts(table)]
        return duckdb.sql(f"SELECT {columns} FROM read_parquet({paths}) ORDER BY {order}").fetchall() if paths else []

    def problems(self, columns: str = "code, row_number") -> list[tuple[Any, ...]]:
        assert self.snapshot is not None
        paths = [str(path) for path in problem_files(self.store, self.snapshot)]
        return duckdb.sql(f"SELECT {columns} FROM read_parquet({paths}) ORDER BY ALL").fetchall() if paths else []

    def counts(self) -> tuple[int, int, int, int]:
        assert self.snapshot is not None
        files = self.snapshot.files
        return (
            sum(file.read for file in files),
            sum(file.accepted for file in files),
            sum(file.corrected for file in files),
            sum(file.rejected for file in files),
        )

    def bytes_of(self, table: str) -> dict[str, str]:
        assert self.snapshot is not None
        return {part.month: part.sha256 for part in self.snapshot.parts(table)}


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def invoices(files: Sequence[str] = ("raw/*.csv",), **changes: Any) -> SourceConfig:
    """A source over files with the columns line, invoice, customer, day, currency, quantity, price."""
    columns = {
        "invoice_line_id": "line",
        "invoice_id": "invoice",
        "account_id": "customer",
        "issued_on": "day",
        "kind": "'usage'",
        "currency": "currency",
        "quantity": "quantity",
        "amount": "quantity * price",
    }
    settings: dict[str, Any] = {"name": "invoices", "table": "invoice_line", "files": tuple(files), "columns": columns}
    settings |= changes
    return SourceConfig(**settings)


HEADER = "line,invoice,customer,day,currency,quantity,price\n"


def real_data(name: str) -> Path:
    path = REAL / name
    if not path.exists():
        pytest.fail(f"The real data are missing: {path}. Tests read them in place from {REAL}.")
    return path
