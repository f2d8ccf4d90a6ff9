"""Event logs to deduplicated quantities: one artifact for each event month."""

import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol

import duckdb

from growthring.engine.catalog import PROBLEMS_FILE
from growthring.engine.duckdb_session import connect
from growthring.engine.store import Artifact, Store
from growthring.kernel.errors import UnknownValueError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.pricing.rollup.duckdb_rollup import DuckdbRollup
from growthring.pricing.rollup.event_file import EventFile
from growthring.pricing.rollup.mapping import EventMapping, Grain
from growthring.pricing.rollup.partitions import Part, Partitions, partition_by_month
from growthring.pricing.rollup.publishing import ROLLUP_FILE, Engine, EventCounts, publish_month
from growthring.pricing.rollup.relations import definition
from growthring.pricing.rollup.spark_rollup import SparkRollup

_RECIPE = "event-rollup/1"
_AT_ONCE = 2
"""Months computed at once in DuckDB, each with its share of the cores: two aggregations on one core each take less than one
on two cores after the other, and while one month is written the other keeps its core busy."""

ENGINES = ("duckdb", "spark")
"""The engines that roll up event logs."""


@dataclass(frozen=True)
class RollUp:
    """The rollup of an event log.

    Attributes:
        months: Artifact by event month, in order; under ``None`` the one with events whose time cannot be read.
        counts: Counts over all months.
    """

    months: dict[Month | None, Artifact]
    counts: EventCounts

    @property
    def files(self) -> list[Path]:
        """Parquet files of the rows, in order of months; columns as in ``publishing.ROLLUP_FILE``."""
        return [artifact.path / ROLLUP_FILE for artifact in self.months.values()]

    @property
    def problem_files(self) -> list[Path]:
        """Parquet files of the problem rows, in order of months; columns of the problem table."""
        return [artifact.path / PROBLEMS_FILE for artifact in self.months.values()]


class _MonthEngine(Engine, Protocol):
    connection: duckdb.DuckDBPyConnection

    def open_month(self, month: Month | None, parts: list[Part]) -> int: ...


def roll_up(
    files: Iterable[Path | str | EventFile],
    mapping: EventMapping,
    store: Store,
    *,
    engine: str = "duckdb",
    grain: Grain = Grain.MONTH,
    session: Any = None,  # noqa: ANN401 - a SparkSession
    source: str = "events",
    memory_limit: str = "700MB",
    progress: Progress = silent,
) -> RollUp:
    """Turn raw events into quantities by account, meter, dimensions and UTC day or month, each event counted once.

    Events are looked at by the month of their time, so that a late file computes only the months it touches. Within a month
    a key counts once: equal records collapse; a key that came with different contents counts not at all and becomes a problem
    row, as do missing and unusable values. The same key in another month is another event.

    Args:
        files: Parquet, CSV or JSON lines, with events of any months; for Spark also URIs that its workers can read.
        mapping: Roles of the columns.
        store: Where the results lie.
        engine: ``duckdb``, or ``spark`` when the events are more than one machine should read.
        grain: What one row covers.
        session: A running Spark session; a local one is started without.
        source: The source's name in growthring.toml, for problem rows.
        memory_limit: Most that DuckDB may use for a month before it spills to disk; two months are computed at once.
        progress: Told about files and months.

    Raises:
        UnknownValueError: The engine or a column is not known.
        ConfigurationError: A file cannot be read, or the Spark session's settings would change figures.
        EngineUnavailableError: Spark is not installed.
    """
    if engine not in ENGINES:
        raise UnknownValueError("engine for event rollup", engine, ENGINES)
    with tempfile.TemporaryDirectory(prefix="growthring-events-") as spill, ExitStack() as opened:
        connections = [
            connect(memory_limit=memory_limit, spill_to=Path(spill)) for _ in range(1 if engine == "spark" else _AT_ONCE)
        ]
        for connection in connections:
            opened.callback(connection.close)
        spark = SparkRollup(connections[0], mapping, grain, session) if engine == "spark" else None
        if spark:
            opened.callback(spark.close)
        partitions = partition_by_month(files, mapping, store, connections[0], progress, spark)
        runners: list[_MonthEngine] = [spark] if spark else [DuckdbRollup(each, mapping, grain) for each in connections]
        runners = runners[: max(1, len(partitions))]
        _share_threads([runner.connection for runner in runners])
        months = _roll_up_months(partitions, (mapping, grain, source), store, runners, progress)
    counted = (EventCounts(**{name: artifact.facts[name] for name in EventCounts.__slots__}) for artifact in months.values())
    return RollUp(months, reduce(EventCounts.__add__, counted, EventCounts()))


def _share_threads(connections: Sequence[duckdb.DuckDBPyConnection]) -> None:
    found = connections[0].execute("SELECT current_setting('threads')").fetchone()
    threads = max(1, int(found[0]) // len(connections)) if found else 1
    for connection in connections:
        connection.execute(f"SET threads = {threads}")


def _roll_up_months(
    partitions: Partitions,
    settings: tuple[EventMapping, Grain, str],
    store: Store,
    runners: Sequence[_MonthEngine],
    progress: Progress,
) -> dict[Month | None, Artifact]:
    """Make the artifacts of all months, as many at once as there are runners."""
    idle: SimpleQueue[_MonthEngine] = SimpleQueue()
    for runner in runners:
        idle.put(runner)

    def make(month: Month | None) -> Artifact:
        runner = idle.get()
        try:
            return _roll_up_month(month, partitions[month], settings, store, runner)
        finally:
            idle.put(runner)

    months: dict[Month | None, Artifact] = {}
    with ThreadPoolExecutor(len(runners)) as pool:
        try:
            for month, artifact in zip(partitions, pool.map(make, partitions), strict=True):
                months[month] = artifact
                progress("event months", len(months), len(partitions))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return months


def _roll_up_month(
    month: Month | None, parts: list[Part], settings: tuple[EventMapping, Grain, str], store: Store, runner: _MonthEngine
) -> Artifact:
    """Make the artifact of a month, or find it made; the order of the files does not matter."""
    mapping, grain, source = settings
    ordered = sorted(parts, key=lambda part: (part.source, part.digest))

    def write(folder: Path) -> dict[str, Any]:
        read = runner.open_month(month, ordered)
        return publish_month(runner.connection, runner, read, source, folder)

    inputs = [f"{part.source}|{part.digest}" for part in ordered]
    return store.build(_RECIPE, [*definition(mapping, grain), source, str(month), *inputs], write)
