"""Data: runs and other long work: how far each is, how it ended, and where its result is."""

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any

from growthring.console.blocks import Block, Column, Form, Note, Table
from growthring.console.deeds import Deed, Given
from growthring.console.desk import StillWorkingError, Work
from growthring.console.visit import Visit
from growthring.console.work_log import EndedWork
from growthring.console.work_words import STAGES, called
from growthring.kernel.errors import GrowthringError
from growthring.operations.data.runs import list_runs, require_no_run, start_run


def runs(visit: Visit) -> Iterable[Block]:
    """List the runs; one that is going on shows how far it is, until it has finished."""
    _ = visit.words
    found: list[dict[str, Any]] = visit.ask(list_runs, live=True)
    going = next((run for run in found if run["status"] == "running"), None)
    if going:
        yield Note(_("A run is going on. Every figure comes from the snapshot before it until it has finished."))
    elif visit.asked.get("since") and visit.asked.get("since") != _current(visit):
        yield Note(
            _("The run has finished: there is a new snapshot."), _("Show this page with it"), "done", visit.asked.url(since=None)
        )
    elif not (sources := len(visit.project.settings.sources)):
        yield Note(
            _("No source is described in growthring.toml yet."),
            _("`growthring init . --from 'invoices/*.csv'` proposes one from your files."),
        )
    else:
        title = _("Run now: read {count} sources", count=sources)
        yield Form("run_now", title, (), _("See what it will do"), visit.asked.url() + "#runs", needs="admin")
    yield run_table(visit, found)
    if going:
        raise StillWorkingError(work_of(going))


def run_table(visit: Visit, found: Sequence[dict[str, Any]]) -> Table:
    """List runs, the latest first."""
    _ = visit.words
    states = {"running": _("running"), "done": _("done"), "failed": _("failed"), "killed": _("killed"), "silent": _("silent")}
    tones = {"failed": "bad", "killed": "bad", "silent": "bad", "running": "good"}
    rows = [{**run, "_tone": tones.get(run["status"], "")} for run in found]
    return Table(
        "runs",
        [
            Column("started_at", _("Started (UTC)"), "instant"),
            Column("status", _("State"), words=states),
            Column("seconds", _("Seconds"), "number"),
            Column("snapshot", _("Snapshot"), "code"),
            Column("message", _("What it said"), "long"),
        ],
        rows,
        empty=_("Nothing has been run yet."),
        page_size=10,
    )


def work_of(run: dict[str, Any]) -> Work:
    """Return a run as work whose progress a page shows."""
    since = datetime.fromisoformat(run["started_at"]).replace(tzinfo=UTC)
    seconds = max(0.0, (datetime.now(UTC) - since).total_seconds())
    return Work(
        run["run"], "run", Future(), 0.0, STAGES.get(run["stage"], run["stage"]), run["done"], run["total"], seconds=seconds
    )


def works(visit: Visit) -> Iterable[Block]:
    """List long computations that pages asked for, each with where its result is."""
    _ = visit.words
    going = visit.desk.works()
    rows = [*(_listed(visit, work) for work in going), *(_ended(visit, work) for work in visit.desk.ended_works(visit.project))]
    states = {"running": _("running"), "waiting": _("waiting"), "done": _("done"), "failed": _("failed")}
    yield Table(
        "works",
        [
            Column("what", _("What"), "name", href="_href"),
            Column("asked_at", _("Asked for (UTC)"), "instant"),
            Column("state", _("State"), words=states),
            Column("stage", _("Stage, or why"), "long"),
            Column("seconds", _("Seconds"), "number"),
            Column("href", _("Asked for at"), "code", href="_href"),
        ],
        rows,
        empty=_("No page asked for anything long yet."),
        page_size=10,
    )
    if still := next((work for work in going if not work.future.done()), None):
        raise StillWorkingError(still)


def _listed(visit: Visit, work: Work) -> dict[str, Any]:
    _ = visit.words
    stage = ""
    if work.future.done():
        fault = None if work.future.cancelled() else work.future.exception()
        state = "failed" if work.future.cancelled() or fault else "done"
        stage = _.heard(fault.happened) if isinstance(fault, GrowthringError) else ""
    else:
        state = "running" if work.stage else "waiting"
        if work.stage and work.total > 1:
            stage = f"{_(STAGES.get(work.stage, work.stage))} {work.done} / {work.total}"
    return {
        **_asked(visit, work),
        "state": state,
        "stage": stage,
        "seconds": None if work.seconds is None else round(work.seconds, 1),
    }


def _ended(visit: Visit, work: EndedWork) -> dict[str, Any]:
    return {**_asked(visit, work), "state": "done", "stage": "", "seconds": round(work.seconds, 1)}


def _asked(visit: Visit, work: Work | EndedWork) -> dict[str, Any]:
    title = visit.words(called(work.title))
    return {"what": title, "href": work.href, "_href": work.href if work.href.startswith("/") else "", "asked_at": work.asked_at}


def _current(visit: Visit) -> str:
    current = visit.project.shelf.current()
    return current.snapshot_id if current else "none"


def _told_run(visit: Visit, given: Given) -> Sequence[tuple[str, str]]:
    _ = visit.words
    require_no_run(visit.project)
    sources = ", ".join(source.name for source in visit.project.settings.sources)
    return [
        (_("What"), _("Read every source, bring the books up to date, check assertions and closes.")),
        (_("Sources"), sources),
        (_("Snapshot in force"), _current(visit)),
        (
            _("Meanwhile"),
            _("Every page answers from the snapshot in force; the new one takes its place once its ledger balances."),
        ),
    ]


def _run(visit: Visit, given: Given) -> str:
    before = _current(visit)
    start_run(visit.project)
    visit.leads_to = f"/data?since={before}#runs"
    return visit.words("The run has started. You can leave this page: it goes on.")


DEEDS = (Deed("run_now", "Run now", "admin", _told_run, _run),)
