"""Snapshots: an immutable set of input files by content, and the canonical partitions made from them."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from growthring.engine.store import Store, write_atomically
from growthring.kernel.errors import GrowthringError
from growthring.kernel.ids import digest

_HEAD = "HEAD"


@dataclass(frozen=True)
class InputFile:
    """One input file as it was read.

    Attributes:
        source: Source name in growthring.toml.
        path: File path relative to the project.
        sha256: Digest of its bytes.
        read: Rows read; always accepted + corrected + rejected.
        accepted: Rows taken as they stood.
        corrected: Rows taken after a named correction, or collapsed into an identical row.
        rejected: Rows that became problem rows.
    """

    source: str
    path: str
    sha256: str
    read: int
    accepted: int
    corrected: int
    rejected: int


@dataclass(frozen=True)
class Partition:
    """One stored partition of a canonical table.

    Attributes:
        table: Canonical table name.
        month: ``2011-11``, or empty text for a table with one partition.
        artifact: Key of the artifact; the rows lie in ``rows.parquet``.
        sha256: Digest of that file: what later steps depend on.
        rows: Number of rows.
    """

    table: str
    month: str
    artifact: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class Snapshot:
    """What a run read and made canonical.

    Attributes:
        files: Input files in order of source and path.
        partitions: Canonical partitions in order of table and month.
        problems: Keys of the artifacts whose ``problems.parquet`` hold the problem rows.
        mapping: Digest of the source mappings that read the files.
        data_through: Last day the data speak for (ISO date), or empty text without data.
    """

    files: tuple[InputFile, ...]
    partitions: tuple[Partition, ...]
    problems: tuple[str, ...]
    mapping: str
    data_through: str

    @property
    def snapshot_id(self) -> str:
        """Digest of the inputs: the same files under the same mapping have the same id."""
        inputs = [f"{file.source}|{file.path}|{file.sha256}" for file in self.files]
        return digest([self.mapping, self.data_through, *inputs])[:16]

    def parts(self, table: str) -> tuple[Partition, ...]:
        """Return the partitions of a canonical table, oldest first."""
        return tuple(partition for partition in self.partitions if partition.table == table)


class SnapshotShelf:
    """The snapshots of a project, and which one is current.

    Args:
        store: The store that holds the partitions.
    """

    def __init__(self, store: Store) -> None:
        self._folder = store.root / "snapshots"
        self._head = store.root / _HEAD

    def publish(self, snapshot: Snapshot) -> None:
        """Keep a snapshot and make it the current one."""
        write_atomically(self._path(snapshot.snapshot_id), json.dumps(asdict(snapshot), sort_keys=True, indent=1))
        write_atomically(self._head, snapshot.snapshot_id)

    def current(self) -> Snapshot | None:
        """Return the current snapshot, or nothing before the first run."""
        return self.load(self._head.read_text()) if self._head.exists() else None

    @property
    def heads(self) -> tuple[Path, ...]:
        """Files that change when another snapshot becomes current."""
        return (self._head,)

    def list_ids(self) -> list[str]:
        """Return the ids of all snapshots, the oldest first."""
        return [path.stem for path in sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)]

    def load(self, snapshot_id: str) -> Snapshot:
        """Return a snapshot by id."""
        path = self._path(snapshot_id)
        if not path.exists():
            raise GrowthringError(f"No snapshot {snapshot_id}.", remedy="`growthring snapshots` lists them.")
        raw = json.loads(path.read_text())
        return Snapshot(
            files=tuple(InputFile(**file) for file in raw["files"]),
            partitions=tuple(Partition(**partition) for partition in raw["partitions"]),
            problems=tuple(raw["problems"]),
            mapping=raw["mapping"],
            data_through=raw["data_through"],
        )

    def _path(self, snapshot_id: str) -> Path:
        return self._folder / f"{snapshot_id}.json"
