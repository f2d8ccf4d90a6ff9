"""Sources with `rollup`: raw events become days or months of canonical usage, beside usage that was read row by row.

A row stands at noon of its day, or of the first day of its month, UTC, so that it is in the same day for customers east and west
of Greenwich, and counts as known from the end of the day or month on: a late event shows in every view as though it had been in
time. Earlier snapshots keep what was known then.
"""

import glob
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from growthring.engine.catalog import PROBLEMS_FILE
from growthring.engine.duckdb_session import connect
from growthring.engine.relation import literal
from growthring.engine.snapshot import InputFile, Partition, Snapshot
from growthring.engine.store import Artifact
from growthring.kernel.errors import ConfigurationError
from growthring.kernel.ids import digest
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.data.rolled_up_meters import refuse_meters
from growthring.operations.project import Project
from growthring.pricing.engine_rating import RatingEngine
from growthring.pricing.rollup import ROLLUP_FILE, EventCounts, EventFile, EventMapping, Grain, roll_up
from growthring.sources.config import SourceConfig
from growthring.sources.file_digests import FileDigests
from growthring.sources.problems import problem_select, write_parquet, write_problems
from growthring.sources.references import check_meters
from growthring.tables import PROBLEM
from growthring.tables.usage import USAGE

_RECIPE = "rolled-up-usage/1"
_ROWS_FILE = "rows.parquet"
_ACTIVITY = ("invoice_line", "usage")
_FIRST_FILE_TIME = datetime(1981, 1, 1, tzinfo=UTC)
"""Archives that do not keep times write 1970 or 1980."""


@dataclass(frozen=True)
class _RolledUp:
    """A source that was rolled up.

    Attributes:
        config: The source.
        files: Its files, relative to the project, with their digests.
        counts: What became of its events.
        months: Artifact of usage and problem rows by event month; under ``None`` only problem rows.
    """

    config: SourceConfig
    files: dict[str, str]
    counts: EventCounts
    months: dict[Month | None, Artifact]

    @property
    def pattern(self) -> str:
        """The files as the settings name them."""
        return ", ".join(self.config.files)

    @property
    def meters(self) -> set[str]:
        """Names of what its events count."""
        return {meter for artifact in self.months.values() for meter in artifact.facts["meters"]}

    @property
    def partitions(self) -> list[Partition]:
        """Its months of usage."""
        return [
            Partition("usage", str(month), artifact.key, artifact.contents[_ROWS_FILE], artifact.facts["rows"])
            for month, artifact in self.months.items()
            if artifact.facts["rows"]
        ]

    @property
    def input_file(self) -> InputFile:
        """All its files as one: repeated events are no file's own."""
        future = sum(artifact.facts["future"] for artifact in self.months.values())
        return InputFile(
            source=self.config.name,
            path=self.pattern,
            sha256=digest(f"{name}|{sha256}" for name, sha256 in sorted(self.files.items())),
            read=self.counts.read,
            accepted=self.counts.accepted - future,
            corrected=self.counts.duplicates,
            rejected=self.counts.conflicts + self.counts.rejected + future,
        )


def with_rolled_up_usage(
    project: Project,
    snapshot: Snapshot,
    engine: RatingEngine,
    *,
    known_meters: frozenset[str] | None = None,
    progress: Progress = silent,
) -> Snapshot:
    """Add the usage of rolled-up sources to what the other sources gave; what was rolled up before is found.

    Args:
        project: The project.
        snapshot: What its other sources gave.
        engine: Where events are rolled up.
        known_meters: Names of usage that something prices; rows of others stay, with a warning. None checks nothing.
        progress: Told about files and months.

    Raises:
        ConfigurationError: A source has no files or a name twice, or a meter or price needs single events.
        UnknownValueError: A file lacks a column.
    """
    sources = project.settings.sources
    configs = [source for source in sources if source.rollup]
    if not configs:
        return snapshot
    for config in configs:
        if [source.name for source in sources].count(config.name) > 1:
            raise ConfigurationError(f"Two sources are called {config.name}.", remedy="Give each [[sources]] its own name.")
    rolled = [_roll_up(project, config, engine, progress) for config in configs]
    artifacts = [artifact for each in rolled for artifact in each.months.values()]
    refuse_meters(project, {meter: each.config for each in rolled for meter in each.meters})
    partitions = [part for each in rolled for part in each.partitions]
    if known_meters is not None:
        names = {each.pattern: each.config.name for each in rolled}
        with connect() as connection:
            artifacts += filter(None, [check_meters(partitions, known_meters, names, project.store, connection)])
    problems = [artifact.key for artifact in artifacts if artifact.facts["problems"]]
    return replace(
        snapshot,
        files=tuple(sorted((*snapshot.files, *(each.input_file for each in rolled)), key=lambda file: (file.source, file.path))),
        partitions=tuple(sorted((*snapshot.partitions, *partitions), key=lambda part: (part.table, part.month))),
        problems=tuple(dict.fromkeys((*snapshot.problems, *problems))),
        mapping=digest([snapshot.mapping, *(each.config.mapping_digest for each in rolled)]),
        data_through=_data_through(project, snapshot, artifacts),
    )


def _data_through(project: Project, snapshot: Snapshot, artifacts: Iterable[Artifact]) -> str:
    """Return the last day of an invoice or of usage, as for other sources; a month speaks for all its days."""
    if project.settings.project.data_through:
        return snapshot.data_through
    latest = max((artifact.facts.get("through", "") for artifact in artifacts), default="")
    has_activity = any(part.table in _ACTIVITY for part in snapshot.partitions)
    return max(latest, snapshot.data_through) if has_activity or not latest else latest


def _roll_up(project: Project, config: SourceConfig, engine: RatingEngine, progress: Progress) -> _RolledUp:
    paths = _files_of(project.root, config)
    digests = FileDigests(project.store.root)
    files = {name: digests.of(path) for name, path in paths.items()}
    digests.save()
    rollup = roll_up(
        [EventFile(str(path), files[name]) for name, path in paths.items()],
        mapping_of(config),
        project.store,
        engine=engine.name,
        grain=Grain(config.rollup or "day"),
        session=engine.session,
        source=config.name,
        progress=progress,
    )
    until = _last_day(config, paths.values())
    with connect() as connection:
        months = {
            month: _write_month(project, connection, config, month, artifact, until) for month, artifact in rollup.months.items()
        }
    return _RolledUp(config, files, rollup.counts, months)


def mapping_of(config: SourceConfig) -> EventMapping:
    """Return how the events of a rolled-up source are read."""
    columns = config.event_columns
    key = {
        "id": (columns["usage_id"],),
        "source+id": ("source", columns["usage_id"]),
        "id+timestamp": (columns["usage_id"], columns["used_at"]),
    }[config.dedupe or "id"]
    return EventMapping(
        key=key,
        account_id=columns["account_id"],
        meter=columns["meter"],
        used_at=columns["used_at"],
        quantity=columns["quantity"],
        dimensions=config.dimensions,
        allow_negative=True,
    )


def _files_of(root: Path, config: SourceConfig) -> dict[str, Path]:
    """Return the files of a source by their path relative to the project, in order."""
    found = {
        Path(os.path.relpath(root / name, root)).as_posix(): root / name
        for pattern in config.files
        for name in (glob.glob(pattern, root_dir=root, recursive=True) or [pattern])  # noqa: PTH207 - patterns may leave the root
        if (root / name).is_file()
    }
    if not found:
        raise ConfigurationError(
            f"No file of source {config.name} matches {', '.join(config.files)}.",
            remedy="Correct `files`; paths are relative to the project folder.",
        )
    return dict(sorted(found.items()))


def _last_day(config: SourceConfig, paths: Iterable[Path]) -> date:
    """Return the last day that events may have: that of the newest file, and the tolerance."""
    newest = datetime.fromtimestamp(max(path.stat().st_mtime for path in paths), UTC)
    written = newest if newest >= _FIRST_FILE_TIME else datetime.now(UTC)
    return (written + timedelta(hours=config.future_tolerance_hours)).date()


def _write_month(
    project: Project,
    connection: duckdb.DuckDBPyConnection,
    config: SourceConfig,
    month: Month | None,
    rollup: Artifact,
    until: date,
) -> Artifact:
    """Write a month as canonical usage, with its problem rows, or find it written."""
    until = min(until, month.last_day) if month else until
    pattern = ", ".join(config.files)
    files = [rollup.contents[name] for name in (ROLLUP_FILE, PROBLEMS_FILE)]

    def write(folder: Path) -> dict[str, Any]:
        events = f"({_canonical(config, rollup)})"
        select = f"{_usage_select(config, month, events)} WHERE used_on <= {literal(until)} ORDER BY {', '.join(USAGE.key)}"
        rows = write_parquet(connection, select, folder / _ROWS_FILE)
        later = connection.execute(
            f"SELECT COALESCE(SUM(events), 0), MAX(used_on) FROM {events} WHERE used_on > {literal(until)}"
        ).fetchone() or (0, None)
        problems = [_told(project.root, rollup)]
        if later[0]:
            problems.append(_future(config, pattern, int(later[0]), later[1]))
        meters = connection.execute(f"SELECT DISTINCT meter FROM {events} ORDER BY 1").fetchall()
        last = connection.execute(f"SELECT MAX(used_on) FROM {events} WHERE used_on <= {literal(until)}").fetchone()
        through = until if month and config.rollup == "month" else (last[0] if last else None)
        return {
            "rows": rows,
            "problems": write_problems(connection, problems, folder),
            "future": int(later[0]),
            "meters": [meter for (meter,) in meters],
            "through": through.isoformat() if rows and through else "",
        }

    inputs = [config.name, pattern, str(config.rollup), str(month), until.isoformat() if month else "", *files]
    return project.store.build(_RECIPE, inputs, write)


def _canonical(config: SourceConfig, rollup: Artifact) -> str:
    """Return a SELECT of a rollup with dimensions as usage has them: empty ones left out, marks inside a value escaped."""
    keys = sorted(name.rsplit(".", 1)[-1] for name in config.dimensions)
    pattern = literal("(?s)^" + "".join(f"(?:;?{re.escape(key)}=(.*?))?" for key in keys) + "$")
    parts = []
    for number, key in enumerate(keys, start=1):
        value = f"NULLIF(regexp_extract(dimensions, {pattern}, {number}), '')"
        for mark, code in (("%", "%25"), (";", "%3B"), ("=", "%3D")):
            value = f"replace({value}, '{mark}', '{code}')"
        parts.append(f"{literal(key + '=')} || {value}")
    text = f"concat_ws(';', {', '.join(parts)})" if parts else "''"
    return (
        f"SELECT account_id, meter, {text} AS dimensions, used_on, CAST(SUM(quantity) AS DECIMAL(18,6)) AS quantity, "
        f"SUM(events) AS events FROM read_parquet({literal(str(rollup.path / ROLLUP_FILE))}) GROUP BY 1, 2, 3, 4"
    )


def _usage_select(config: SourceConfig, month: Month | None, events: str) -> str:
    """Return a SELECT of canonical usage over a month's rollup."""
    escaped = {name: f"replace(replace({name}, '%', '%25'), '/', '%2F')" for name in ("account_id", "meter")}
    known_on = literal((month + 1).first_day) if month and config.rollup == "month" else "used_on + INTERVAL 1 DAY"
    parts = (literal(config.name), *escaped.values(), "dimensions", "CAST(used_on AS VARCHAR)")
    values = {
        "usage_id": " || '/' || ".join(parts),
        "account_id": "account_id",
        "product_id": "meter",
        "meter": "meter",
        "used_at": "used_on + INTERVAL 12 HOUR",
        "quantity": "quantity",
        "operation": "'add'",
        "dimensions": "NULLIF(dimensions, '')",
        "known_at": known_on,
        "source_file": literal(", ".join(config.files)),
        "source_row": "ROW_NUMBER() OVER (ORDER BY account_id, meter, dimensions, used_on)",
    }
    columns = ", ".join(
        f"CAST({values.get(column.name, 'NULL')} AS {column.type.value}) AS {column.name}" for column in USAGE.columns
    )
    return f"SELECT {columns} FROM {events}"


def _told(root: Path, rollup: Artifact) -> str:
    """Return a SELECT of the rollup's problem rows, with files relative to the project."""
    start = literal(f"{root}/")
    values = {name: name for name in PROBLEM.column_names}
    values["file"] = f"CASE WHEN starts_with(file, {start}) THEN substr(file, length({start}) + 1) ELSE file END"
    return f"SELECT {problem_select(values)} FROM read_parquet({literal(str(rollup.path / PROBLEMS_FILE))})"


def _future(config: SourceConfig, pattern: str, events: int, last: date) -> str:
    values = {
        "code": "'TIME_IN_FUTURE'",
        "severity": "'rejected'",
        "source": literal(config.name),
        "table_name": "'usage'",
        "file": literal(pattern),
        "message": literal(f"{events} events lie after the newest file was written, the last on {last}."),
        "remedy": "'Correct the clock of the source; future_tolerance_hours of the source says what is allowed.'",
    }
    return f"SELECT {problem_select(values)}"
