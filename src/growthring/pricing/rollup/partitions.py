"""Which stored files hold the events of which month."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import duckdb

from growthring.engine.store import Store
from growthring.kernel.errors import ConfigurationError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress
from growthring.pricing.rollup.event_file import EventFile, only_month, scan, stored_columns
from growthring.pricing.rollup.mapping import EventMapping
from growthring.pricing.rollup.reading import StoredColumn
from growthring.pricing.rollup.splitting import UNDATED, split_by_month
from growthring.sources.file_digests import FileDigests

_HASHED_AT_ONCE = 2


@dataclass(frozen=True)
class Part:
    """Parquet records of one month.

    Attributes:
        path: Where they lie.
        digest: What names their content.
        source: The file they came from.
        columns: The stored columns by their names in the mapping.
        is_filtered: The file holds other months too, which a condition on the time leaves out.
    """

    path: str
    digest: str
    source: str
    columns: dict[str, StoredColumn]
    is_filtered: bool = False


Partitions: TypeAlias = dict[Month | None, list[Part]]
"""Parts by event month; under ``None`` the events whose time cannot be read."""


class RemoteFiles(Protocol):
    """An engine that reads files which do not lie on this machine."""

    def parts_of(self, file: EventFile) -> Partitions:
        """Return the parts of a file by month."""
        ...


def partition_by_month(
    files: Iterable[Path | str | EventFile],
    mapping: EventMapping,
    store: Store,
    connection: duckdb.DuckDBPyConnection,
    progress: Progress,
    remote: RemoteFiles | None = None,
) -> Partitions:
    """Find the event months of files.

    A Parquet file whose statistics show a single month is read where it lies; any other file is split by month into the store.

    Raises:
        ConfigurationError: A file is missing, or lies elsewhere and the engine cannot read it there.
    """
    wanted = [file if isinstance(file, EventFile) else EventFile(str(file)) for file in files]
    digests = FileDigests(store.root)
    found: Partitions = {}
    with ThreadPoolExecutor(_HASHED_AT_ONCE) as pool:
        named = list(pool.map(lambda file: file if file.digest or file.is_remote else _named(file, digests), wanted))
    for number, file in enumerate(named):
        parts = _remote_parts(file, remote) if file.is_remote else _local_parts(file, mapping, store, connection)
        for month, more in parts.items():
            found.setdefault(month, []).extend(more)
        progress("event files", number + 1, len(wanted))
    digests.save()
    return {month: found[month] for month in sorted(found, key=lambda each: each.index if each else -1)}


def _named(file: EventFile, digests: FileDigests) -> EventFile:
    return EventFile(file.path, digests.of(Path(file.path).resolve()))


def _local_parts(file: EventFile, mapping: EventMapping, store: Store, connection: duckdb.DuckDBPyConnection) -> Partitions:
    path = Path(file.path).resolve()
    if not file.digest:
        raise ConfigurationError(f"{file.path} cannot be read.", remedy="Check the path and its permissions.")
    if path.name.lower().endswith(".parquet"):
        columns = stored_columns(connection, mapping, scan(connection, path), path)
        month = only_month(connection, columns[mapping.used_at], mapping.used_at, path)
        if month:
            return {month: [Part(str(path), file.digest, file.path, columns)]}
    artifact = split_by_month(connection, mapping, path, file.digest, store)
    parts: Partitions = {}
    for name, digest in artifact.contents.items():
        chunk = artifact.path / name
        columns = stored_columns(connection, mapping, scan(connection, chunk), chunk)
        month = None if chunk.stem == UNDATED else Month.parse(chunk.stem)
        parts[month] = [Part(str(chunk.resolve()), digest, file.path, columns)]
    return parts


def _remote_parts(file: EventFile, remote: RemoteFiles | None) -> Partitions:
    if remote is None:
        raise ConfigurationError(
            f"{file.path} does not lie on this machine.", remedy="Use Spark (--engine spark), or copy the file here."
        )
    if not file.digest:
        raise ConfigurationError(
            f"{file.path} has no digest, and only files on this machine are hashed.",
            remedy="Pass EventFile(path, digest) with what names its content, such as the object's ETag.",
        )
    return remote.parts_of(file)
