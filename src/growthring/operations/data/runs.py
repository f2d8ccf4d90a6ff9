"""Runs: the log of them with how far each is, and starting one in a process of its own."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from growthring.journal.entries import RunRecord, RunStatus
from growthring.kernel.errors import GrowthringError
from growthring.operations.data.run_progress import heard_at, host_of, is_alive, is_here, progress_of
from growthring.operations.project import Project

_LAST_CHARACTERS = 500
_STARTING = Lock()
"""Held while a run is started, so that two requests at once start one run."""
_UNKNOWN = "It never said how it ended."
_SILENT_AFTER = timedelta(hours=1)
"""A run of another machine that was not heard of for so long is taken for gone."""
SILENT = "silent"
"""How a run of another machine stands when nobody knows whether it goes on."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """A process that was started for a run, which is not in the journal before the process has read its settings."""

    process: "subprocess.Popen[bytes]"
    at: datetime


_BEGUN: dict[Path, _Begun] = {}
"""What this process started last, by project folder."""


def list_runs(project: Project) -> list[dict[str, Any]]:
    """Return the runs, the latest first: when each started, how it stands or ended, and how far it is.

    A run that never recorded its end is shown as killed when its process is gone, or as silent when it runs on another machine
    and was not heard of for an hour.
    """
    listed = [_listed(project, run) for run in _recorded(project)]
    begun = _BEGUN.get(project.root)
    if begun and not any(run["run"].startswith(f"{begun.process.pid}@") for run in listed):
        listed.insert(0, _not_recorded(project, begun))
    return listed


def _recorded(project: Project) -> list[RunRecord]:
    if not project.has_journal():
        return []
    with project.journal() as journal:
        return sorted(journal.runs(), key=lambda run: run.started_at, reverse=True)


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


def start_run(project: Project) -> None:
    """Start a run in a process of its own, which goes on whatever becomes of this one.

    Raises:
        GrowthringError: A run is going on.
    """
    with _STARTING:
        require_no_run(project)
        log = _log(project)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as told:
            process = subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-m", "growthring.cli.main", "run", "-C", str(project.root)],
                stdin=subprocess.DEVNULL, stdout=told, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        _BEGUN[project.root] = _Begun(process, datetime.now(UTC))
    Thread(target=process.wait, daemon=True, name="run").start()


def _not_recorded(project: Project, begun: _Begun) -> dict[str, Any]:
    """Return a run that is starting, or whose process ended before it began."""
    is_starting = begun.process.poll() is None
    status = RunStatus.RUNNING if is_starting else RunStatus.FAILED
    return _row("", begun.at, status.value, "" if is_starting else _last_words(_log(project))) | {"stage": "starting"}


def _log(project: Project) -> Path:
    return project.state / "console" / "run.log"


def _last_words(log: Path) -> str:
    said = log.read_text(encoding="utf-8", errors="replace").strip()[-_LAST_CHARACTERS:]
    return f"It ended before it began: {said or 'it said nothing.'}"


def _listed(project: Project, run: RunRecord) -> dict[str, Any]:
    status, message = _standing(project, run)
    progress = progress_of(project, run.run_id) if status == RunStatus.RUNNING else None
    ended = {
        "finished_at": f"{run.finished_at:%Y-%m-%d %H:%M:%S}" if run.finished_at else "",
        "seconds": run.seconds,
        "snapshot": run.snapshot_id,
    }
    return _row(run.run_id, run.started_at, status, message) | ended | (progress or {})


def _row(run_id: str, started_at: datetime, status: str, message: str) -> dict[str, Any]:
    """Return a row of the log, before anything is known of its progress or its end."""
    return {
        "run": run_id,
        "started_at": f"{started_at:%Y-%m-%d %H:%M:%S}",
        "finished_at": "",
        "status": status,
        "seconds": None,
        "snapshot": "",
        "message": message,
        "stage": "",
        "done": 0,
        "total": 0,
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
