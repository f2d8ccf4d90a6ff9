"""Runs: the log of them with how far each is, and starting one in a process of its own."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from growthring.journal.entries import RunRecord, RunStatus
from growthring.kernel.errors import GrowthringError
from growthring.operations.data.run_progress import heard_at, host_of, is_alive, is_here, progress_of
from growthring.operations.project import Project

_WAITED_SECONDS = 20.0
_LAST_CHARACTERS = 500
_STARTING = Lock()
"""Held until a run that was started is in the journal, so that two requests at once start one run."""
_UNKNOWN = "It never said how it ended."
_SILENT_AFTER = timedelta(hours=1)
"""A run of another machine that was not heard of for so long is taken for gone."""
SILENT = "silent"
"""How a run of another machine stands when nobody knows whether it goes on."""


def list_runs(project: Project) -> list[dict[str, Any]]:
    """Return the runs, the latest first: when each started, how it stands or ended, and how far it is.

    A run that never recorded its end is shown as killed when its process is gone, or as silent when it runs on another machine
    and was not heard of for an hour.
    """
    if not project.has_journal():
        return []
    with project.journal() as journal:
        runs = journal.runs()
    return [_listed(project, run) for run in sorted(runs, key=lambda run: run.started_at, reverse=True)]


def running(project: Project) -> dict[str, Any] | None:
    """Return the run that is going on, if there is one."""
    return next((run for run in list_runs(project) if run["status"] == RunStatus.RUNNING), None)


def require_no_run(project: Project) -> None:
    """Stop while a run is going on.

    Raises:
        GrowthringError: One is.
    """
    if run := running(project):
        raise GrowthringError(f"A run is going on since {run['started_at']}.", remedy="Wait until it has finished.")


def start_run(project: Project) -> str:
    """Start a run in a process of its own, which goes on whatever becomes of this one; return its id.

    Raises:
        GrowthringError: A run is going on, or the process ended before it began.
    """
    with _STARTING:
        require_no_run(project)
        return _started(project)


def _started(project: Project) -> str:
    log = project.state / "console" / "run.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as told:
        process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "growthring.cli.main", "run", "-C", str(project.root)],
            stdin=subprocess.DEVNULL, stdout=told, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    Thread(target=process.wait, daemon=True, name="run").start()
    until = time.monotonic() + _WAITED_SECONDS
    while time.monotonic() < until:
        if found := [each["run"] for each in list_runs(project) if each["run"].startswith(f"{process.pid}@")]:
            return str(found[0])
        if process.poll() is not None:
            raise GrowthringError(f"The run ended before it began: {_last_words(log)}")
        time.sleep(0.05)
    return ""


def _last_words(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace").strip()[-_LAST_CHARACTERS:] or "it said nothing."


def _listed(project: Project, run: RunRecord) -> dict[str, Any]:
    status, message = _standing(project, run)
    progress = progress_of(project, run.run_id) if status == RunStatus.RUNNING else None
    return {
        "run": run.run_id,
        "started_at": f"{run.started_at:%Y-%m-%d %H:%M:%S}",
        "finished_at": f"{run.finished_at:%Y-%m-%d %H:%M:%S}" if run.finished_at else "",
        "status": status,
        "seconds": run.seconds,
        "snapshot": run.snapshot_id,
        "message": message,
        **(progress or {"stage": "", "done": 0, "total": 0}),
    }


def _standing(project: Project, run: RunRecord) -> tuple[str, str]:
    """Return how a run stands and what there is to say of it, also where it never recorded its end."""
    if run.status is not RunStatus.RUNNING:
        return run.status.value, run.message
    if project.settings.project.journal and not is_here(run.run_id):
        heard = heard_at(project, run.run_id) or run.started_at
        if datetime.now(UTC) - heard < _SILENT_AFTER:
            return run.status.value, ""
        return SILENT, f"Silent since {heard:%Y-%m-%d %H:%M} UTC, on {host_of(run.run_id) or 'another machine'}."
    if progress_of(project, run.run_id) and is_alive(run.run_id):
        return run.status.value, ""
    return RunStatus.KILLED.value, _UNKNOWN
