"""How far a run is, in a file beside the store: whoever looks at the project sees it, wherever the run was started.

The id of a run names its process and the machine it runs on: ``4711@build-3-0f9c…``.
"""

import json
import os
import platform
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from growthring.kernel.progress import Progress
from growthring.operations.project import Project

_EVERY_SECONDS = 0.2


def new_run_id() -> str:
    """Return an id for a run of this process."""
    return f"{os.getpid()}@{platform.node()}-{uuid.uuid4().hex[:12]}"


def host_of(run_id: str) -> str:
    """Return the machine that a run was started on.

    Example:
        >>> host_of("4711@build-3-0f9c5e2a77b1")
        'build-3'
    """
    return run_id.partition("@")[2].rpartition("-")[0]


def is_here(run_id: str) -> bool:
    """Whether a run was started on this machine."""
    return host_of(run_id) == platform.node()


class RunProgress:
    """Tells a listener how far a run is, and writes it down.

    Args:
        project: The project.
        run_id: The run.
        heard: Told as well.
    """

    def __init__(self, project: Project, run_id: str, heard: Progress) -> None:
        self._place, self._heard = _folder(project) / f"{run_id}.json", heard
        self._stage, self._written = "", 0.0
        self._place.parent.mkdir(parents=True, exist_ok=True)
        for other in self._place.parent.glob("*.json"):
            if is_here(other.stem) and not is_alive(other.stem):
                other.unlink(missing_ok=True)
        self._write("starting", 0, 0)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take down how far the run is; not more than a few times a second."""
        self._heard(stage, done, total)
        now = time.monotonic()
        if stage != self._stage or done == total or now - self._written > _EVERY_SECONDS:
            self._stage, self._written = stage, now
            self._write(stage, done, total)

    def _write(self, stage: str, done: int, total: int) -> None:
        unfinished = self._place.with_suffix(".part")
        unfinished.write_text(json.dumps({"stage": stage, "done": done, "total": total}))
        unfinished.replace(self._place)

    def close(self) -> None:
        """Forget it: the journal says how the run ended."""
        self._place.unlink(missing_ok=True)


def progress_of(project: Project, run_id: str) -> dict[str, Any] | None:
    """Return the stage of a run with its parts done and in total; nothing where it is not known."""
    try:
        found: dict[str, Any] = json.loads((_folder(project) / f"{run_id}.json").read_text())
    except (FileNotFoundError, ValueError):
        return None
    return found


def heard_at(project: Project, run_id: str) -> datetime | None:
    """Return when a run last told how far it is; nothing where it did not tell it beside this project's store."""
    try:
        return datetime.fromtimestamp((_folder(project) / f"{run_id}.json").stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def is_alive(run_id: str) -> bool:
    """Whether the process of a run of this machine still exists."""
    owner = run_id.partition("@")[0]
    try:
        os.kill(int(owner), 0)
    except PermissionError:
        return True
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    return True


def _folder(project: Project) -> Path:
    return project.state / "runs"
