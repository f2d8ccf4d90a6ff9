"""Run: read the sources, bring the books up to date, check what the user knows to be true."""

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from growthring.engine.snapshot import InputFile, Snapshot
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.data.assertions import AssertionResult, check_assertions, unanswerable
from growthring.operations.data.closes import Restated, restated_closes
from growthring.operations.data.run_progress import RunProgress, new_run_id
from growthring.operations.project import Project
from growthring.operations.reading import rated_for
from growthring.revenue.stored_ledger import open_ledger

if TYPE_CHECKING:
    from growthring.pricing.engine_rating import RatingEngine

_PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run did.

    Attributes:
        snapshot: The snapshot that is now current.
        built: Artifacts computed.
        reused: Artifacts that stood already.
        seconds: How long it took.
        assertions: What the user knows, checked.
        restated: Closed periods whose figures differ now.
        first_month: First month with recurring revenue, if any.
        last_month: Last month of the data, if any.
        rated_periods: Account-periods rated under the price books; the others stood already.
    """

    snapshot: Snapshot
    built: int
    reused: int
    seconds: float
    assertions: list[AssertionResult]
    restated: list[Restated]
    first_month: Month | None
    last_month: Month | None
    rated_periods: int = 0

    @property
    def files(self) -> Sequence[InputFile]:
        """The input files with their counts."""
        return self.snapshot.files


def run(
    project: Project,
    *,
    engine: str = "duckdb",
    session: Any = None,  # noqa: ANN401 - a SparkSession
    progress: Progress = silent,
) -> RunResult:
    """Read every source, compute the ledger of the project's policy, publish the snapshot, check assertions and closes.

    The snapshot is published only after the ledger balances: a run that stops leaves the project as it was.

    Args:
        project: The project.
        engine: Where events are rolled up and usage is metered and rated: duckdb or spark. The store's bytes do not depend on it.
        session: A Spark session that is running already.
        progress: Told about each step.

    Raises:
        LedgerImbalanceError: The ledger does not balance; nothing is published.
        UnknownValueError: There is no such engine.
        EngineUnavailableError: The engine is not installed or cannot be reached.
        ConfigurationError: The settings of the project or of the Spark session cannot be used.
    """
    from growthring.pricing.engine_rating import open_rating_engine

    chosen = open_rating_engine(engine, session)
    try:
        return _run(project, chosen, progress)
    finally:
        chosen.close()


def _run(project: Project, engine: "RatingEngine", progress: Progress) -> RunResult:
    from growthring.journal.entries import RunStatus
    from growthring.sources.ingestion import ingest

    started = time.monotonic()
    project.state.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    run_id = new_run_id()
    with project.journal() as journal, closing(RunProgress(project, run_id, progress)) as told:
        progress = told
        journal.start_run(run_id)
        try:
            settings, known = project.settings, _known_meters(project)
            sources = [source for source in settings.sources if source.rollup is None]
            snapshot = ingest(
                project.root, sources, project.store, data_through=settings.project.data_through,
                known_meters=known, progress=progress,
            )  # fmt: skip
            if len(sources) < len(settings.sources):
                from growthring.operations.data.rolled_up_usage import with_rolled_up_usage

                snapshot = with_rolled_up_usage(project, snapshot, engine, known_meters=known, progress=progress)
            rated = _rate(project, snapshot, engine, progress)
            first, last = _bring_up_to_date(project, snapshot, progress)
            project.shelf.publish(snapshot)
            project.store.sweep()
        except BaseException as error:
            journal.finish_run(run_id, RunStatus.FAILED, seconds=round(time.monotonic() - started, 3), message=str(error)[:500])
            raise
        journal.finish_run(run_id, RunStatus.DONE, snapshot_id=snapshot.snapshot_id, seconds=round(time.monotonic() - started, 3))
    result = RunResult(
        snapshot, project.store.built, project.store.reused, time.monotonic() - started, [], [], first, last, rated
    )
    if last is None:
        return replace(result, assertions=unanswerable(project))
    return replace(
        result, assertions=check_assertions(project), restated=restated_closes(project), seconds=time.monotonic() - started
    )


def _known_meters(project: Project) -> frozenset[str] | None:
    """Return the names of usage records that some meter counts, where the project has price books at all."""
    books, meters = project.price_books
    found = [meter.event_name for meter in (*meters, *(meter for book in books for meter in book.meters))]
    return frozenset(found) if books else None


def _rate(project: Project, snapshot: Snapshot, engine: "RatingEngine", progress: Progress) -> int:
    """Rate usage under the project's price books; return how many account-periods that took."""
    terms = project.price_terms(snapshot)
    if terms is None:
        return 0
    from growthring.pricing.stored_rating import open_rating

    rating = open_rating(project.store, snapshot, terms, engine=engine, progress=progress)
    rating.connection.close()
    return rating.rated_periods


def _bring_up_to_date(project: Project, snapshot: Snapshot, progress: Progress) -> tuple[Month | None, Month | None]:
    if not snapshot.data_through:
        return None, None
    setting = project.setting(snapshot)
    policy = project.policy()
    rated = rated_for(project, snapshot, policy, progress=progress)
    ledger = open_ledger(project.store, snapshot, policy, setting, rated=rated, progress=progress)
    row = ledger.connection.execute("SELECT MIN(month) FROM entity_month").fetchone()
    ledger.connection.close()
    first = Month(row[0]) if row and row[0] is not None else None
    return first, setting.last_month


def project_folder(path: Path | None) -> Path:
    """Return the folder a command works in: the one named, else the current one."""
    return path or Path.cwd()
