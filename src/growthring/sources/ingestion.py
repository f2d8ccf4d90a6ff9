"""Read the sources of a project: files → judged rows → partitions → a snapshot. Only what an input touches is computed again."""

import glob
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from growthring.engine.snapshot import InputFile, Partition, Snapshot
from growthring.engine.store import Artifact, Store
from growthring.kernel.errors import ConfigurationError
from growthring.kernel.ids import digest
from growthring.kernel.progress import Progress, silent
from growthring.sources.config import SourceConfig
from growthring.sources.file_digests import FileDigests
from growthring.sources.history import merge_attributes
from growthring.sources.intake import ALL, FileToRead, take_in
from growthring.sources.merging import Chunk, find_conflicts, merge_partition
from growthring.sources.presets import ResolvedSource, resolve
from growthring.sources.problems import problem_rows, write_problems
from growthring.sources.references import check_meters, check_references
from growthring.tables import CANONICAL

_ACTIVITY = ("invoice_line", "usage")


@dataclass
class _Run:
    """One ingestion as it goes."""

    project: Path
    store: Store
    connection: duckdb.DuckDBPyConnection
    files: list[tuple[FileToRead, Artifact]] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    merged: dict[tuple[str, str], Artifact] = field(default_factory=dict)


def ingest(
    project: Path,
    sources: Sequence[SourceConfig],
    store: Store,
    *,
    data_through: date | None = None,
    known_meters: frozenset[str] | None = None,
    progress: Progress = silent,
) -> Snapshot:
    """Read every file of every source and make the canonical partitions; nothing is published.

    Args:
        project: The project's folder; files are found relative to it.
        sources: The `[[sources]]` of growthring.toml.
        store: Where artifacts live.
        data_through: Last day the data speak for; when absent, the last day of an invoice or of usage, and without either
            the last day anything became known.
        known_meters: Names of usage that something prices; usage with another name is kept, with a warning. None checks nothing.
        progress: Told about each file and each partition.

    Returns:
        The snapshot. For each of its files accepted + corrected + rejected = read.

    Raises:
        ConfigurationError: Sources cannot be used as written: a mapping is missing or refused, a name stands twice, or no file
            of a source has the columns its mapping names.
        UnknownValueError: A preset is unknown.
    """
    _refuse_repeated_names(sources)
    resolved = [resolve(config) for config in sources]
    run = _Run(project, store, _connect())
    try:
        _take_in_files(run, resolved, progress)
        _merge(run, progress)
        partitions = tuple(sorted(_partitions(run), key=lambda part: (part.table, part.month)))
        return Snapshot(
            files=tuple(_counted(run)),
            partitions=partitions,
            problems=_problem_keys(run, partitions, known_meters),
            mapping=digest([source.digest for source in resolved]),
            data_through=data_through.isoformat() if data_through else _data_through(run),
        )
    finally:
        run.connection.close()


def _connect() -> duckdb.DuckDBPyConnection:
    from growthring.engine.duckdb_session import connect
    from growthring.sources.macros import install_macros

    connection = connect()
    install_macros(connection)
    return connection


def _refuse_repeated_names(sources: Sequence[SourceConfig]) -> None:
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"Two sources are called {name}.", remedy="Give each [[sources]] its own name.")


def _take_in_files(run: _Run, sources: Sequence[ResolvedSource], progress: Progress) -> None:
    digests = FileDigests(run.store.root)
    files = [file for source in sources for file in _find(run, source, digests)]
    digests.save()
    for done, file in enumerate(files):
        progress("reading files", done, len(files))
        run.files.append((file, take_in(file, run.store, run.connection)))
    progress("reading files", len(files), len(files))
    for source in sources:
        _refuse_wrong_mapping(source, [artifact for file, artifact in run.files if file.source is source])


def _find(run: _Run, source: ResolvedSource, digests: FileDigests) -> Iterator[FileToRead]:
    found: dict[str, Path] = {}
    for pattern in source.config.files:
        is_glob = glob.has_magic(pattern) and not (run.project / pattern).exists()
        names = glob.glob(pattern, root_dir=run.project, recursive=True) if is_glob else [pattern]  # noqa: PTH207
        paths = [run.project / name for name in sorted(names) if not is_glob or (run.project / name).is_file()]
        if is_glob and not paths:
            run.warnings.append(_nothing_found(source.config, pattern))
        found.update({Path(os.path.relpath(path, run.project)).as_posix(): path for path in paths})
    for name in sorted(found):
        yield FileToRead(source, found[name], name, digests.of(found[name]))


def _nothing_found(config: SourceConfig, pattern: str) -> dict[str, Any]:
    return {
        "code": "NO_FILES",
        "severity": "warning",
        "source": config.name,
        "table_name": config.table,
        "file": pattern,
        "message": f"No file matches {pattern}.",
        "remedy": f"Correct `files` of source {config.name}; paths are relative to the project folder.",
    }


def _refuse_wrong_mapping(source: ResolvedSource, artifacts: Sequence[Artifact]) -> None:
    """A column that one file lacks is that file's problem; one that no file has is a mistake in the mapping."""
    missing = [artifact.facts["missing"] for artifact in artifacts]
    if missing and all(missing):
        raise ConfigurationError(
            f"No file of source {source.config.name} has the column {', '.join(missing[0])} that its mapping names.",
            valid="Expressions use the file's column names; text needs single quotes.",
            remedy=f"Correct [sources.columns] or [sources.types] of source {source.config.name}.",
        )


def _merge(run: _Run, progress: Progress) -> None:
    chunks: dict[str, dict[str, list[Chunk]]] = defaultdict(lambda: defaultdict(list))
    for file, artifact in run.files:
        for month in artifact.facts["months"]:
            name = f"chunk-{month}.parquet"
            chunks[file.source.config.table][month].append(Chunk(artifact.path / name, artifact.contents[name]))
    total = sum(len(months) for months in chunks.values())
    for name in (name for name in CANONICAL if name in chunks):
        table, months = CANONICAL[name], chunks[name]
        conflicts = find_conflicts(table, months, run.store, run.connection) if table.partition_on else None
        for month, parts in sorted(months.items()):
            progress("merging rows", len(run.merged), total)
            torn = _conflict_file(conflicts, month)
            run.merged[name, month] = merge_partition(table, parts, torn, run.store, run.connection)
    accounts, direct = run.merged.get(("account", ALL)), run.merged.get(("account_attribute", ALL))
    if accounts or direct:
        merged = merge_attributes(accounts, direct, run.store, run.connection)
        run.merged["account_attribute", ""] = merged
    progress("merging rows", total, total)


def _conflict_file(conflicts: Artifact | None, month: str) -> Chunk | None:
    name = f"conflict-{month}.parquet"
    if conflicts is None or name not in conflicts.contents:
        return None
    return Chunk(conflicts.path / name, conflicts.contents[name])


def _partitions(run: _Run) -> Iterator[Partition]:
    for (table, month), artifact in run.merged.items():
        superseded = table == "account_attribute" and month == ALL
        if artifact.facts["rows"] and not superseded:
            shown = "" if month == ALL else month
            yield Partition(table, shown, artifact.key, artifact.contents["rows.parquet"], artifact.facts["rows"])


def _counted(run: _Run) -> Iterator[InputFile]:
    """Add up what the intake and the merging say of each file, so that accepted + corrected + rejected = read."""
    fates: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for (table, _), artifact in run.merged.items():
        for name, counts in artifact.facts["files"].items():
            known = fates[table, name]
            fates[table, name] = [left + right for left, right in zip(known, counts, strict=True)]
    for file, artifact in sorted(run.files, key=lambda item: (item[0].source.config.name, item[0].name)):
        config, facts = file.source.config, artifact.facts
        collapsed, lost, lost_corrected = fates[config.table, f"{config.name}|{file.name}"]
        yield InputFile(
            source=config.name,
            path=file.name,
            sha256=file.sha256,
            read=facts["read"],
            accepted=facts["accepted"] - collapsed - lost,
            corrected=facts["corrected"] + collapsed - lost_corrected,
            rejected=facts["rejected"] + lost + lost_corrected,
        )


def _problem_keys(run: _Run, partitions: Sequence[Partition], known_meters: frozenset[str] | None) -> tuple[str, ...]:
    artifacts = [*(artifact for _, artifact in run.files), *run.merged.values()]
    origins = {(file.source.config.table, file.name): file.source.config.name for file, _ in run.files}
    if references := check_references(partitions, origins, run.store, run.connection):
        artifacts.append(references)
    if known_meters is not None:
        names = {file: name for (table, file), name in origins.items() if table == "usage"}
        artifacts.extend(filter(None, [check_meters(partitions, known_meters, names, run.store, run.connection)]))
    if run.warnings:
        artifacts.append(_write_warnings(run))
    return tuple(dict.fromkeys(artifact.key for artifact in artifacts if artifact.facts["problems"]))


def _write_warnings(run: _Run) -> Artifact:
    def write(folder: Path) -> dict[str, Any]:
        return {"problems": write_problems(run.connection, problem_rows(run.warnings), folder)}

    return run.store.build("source-warnings/1", [repr(sorted(row.items())) for row in run.warnings], write)


def _data_through(run: _Run) -> str:
    days = {table: artifact.facts["through"] for (table, _), artifact in sorted(run.merged.items())}
    latest: dict[str, str] = defaultdict(str)
    for (table, _), artifact in run.merged.items():
        latest[table] = max(latest[table], artifact.facts["through"])
    activity = max((latest[table] for table in _ACTIVITY), default="")
    return activity or max((latest[table] for table in days), default="")
