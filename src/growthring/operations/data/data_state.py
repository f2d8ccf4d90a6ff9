"""The state of the data: what was read from where, how fresh it is, and which snapshots there are."""

from collections.abc import Iterator
from typing import Any

from growthring.engine.catalog import open_tables
from growthring.engine.duckdb_session import connect
from growthring.engine.snapshot import InputFile, Snapshot
from growthring.operations.answer import Answer
from growthring.operations.project import Project
from growthring.tables import CANONICAL

_COUNTS = ("read", "accepted", "corrected", "rejected")


def data_state(project: Project) -> Answer:
    """Answer how many rows were read, by source and by file, and what became of them; and what each table knows last.

    Every row read is accepted, corrected or rejected.
    """
    snapshot = project.snapshot()
    return Answer(
        metric="rows read",
        value=sum(file.read for file in snapshot.files),
        unit="count",
        at=snapshot.data_through,
        definition="Rows of the source files of the snapshot: each is accepted, corrected or rejected, and none is dropped.",
        policy={},
        snapshot=snapshot.snapshot_id,
        rows=[*_sources(project, snapshot), *_files(snapshot), *_tables(project, snapshot)],
        caveats=[] if snapshot.data_through else ["No data were accepted."],
    )


def list_snapshots(project: Project) -> list[dict[str, Any]]:
    """Return the snapshots, the latest first."""
    shelf, current = project.shelf, project.shelf.current()
    return [
        {
            "snapshot": snapshot_id,
            "current": bool(current and current.snapshot_id == snapshot_id),
            "data_through": snapshot.data_through,
            "files": len(snapshot.files),
            **{name: sum(getattr(file, name) for file in snapshot.files) for name in _COUNTS},
        }
        for snapshot_id in reversed(shelf.list_ids())
        for snapshot in [shelf.load(snapshot_id)]
    ]


def _sources(project: Project, snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    tables = {source.name: source.table for source in project.settings.sources}
    names = dict.fromkeys([*tables, *(file.source for file in snapshot.files)])
    for name in names:
        mine = [file for file in snapshot.files if file.source == name]
        yield {"kind": "source", "source": name, "table": tables.get(name, ""), "files": len(mine), **_counts(mine)}


def _files(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    for file in snapshot.files:
        yield {"kind": "file", "source": file.source, "file": file.path, **_counts([file]), "sha256": file.sha256}


def _counts(files: list[InputFile]) -> dict[str, Any]:
    counts = {name: sum(getattr(file, name) for file in files) for name in _COUNTS}
    return {**counts, "taken": (counts["read"] - counts["rejected"]) / counts["read"] if counts["read"] else None}


def _tables(project: Project, snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    with connect() as connection:
        open_tables(connection, project.store, snapshot)
        for table in CANONICAL.values():
            parts = snapshot.parts(table.name)
            if not parts:
                continue
            last = None
            if "known_at" in table.column_names:
                row = connection.execute(f"SELECT MAX(known_at) FROM {table.name}").fetchone()
                last = row[0] if row else None
            yield {
                "kind": "table", "table": table.name, "rows": sum(part.rows for part in parts),
                "known_through": f"{last:%Y-%m-%d}" if last else "",
            }  # fmt: skip
