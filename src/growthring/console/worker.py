"""A process for one slow Answer: told on stdin what to compute, tells on stdout how far it is, leaves the Answer in a file.

Not a pool of ``multiprocessing``: its children run the program's main module again, which a notebook or a script may not expect.
"""

import json
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

from growthring.kernel.errors import GrowthringError
from growthring.operations.answer import Answer
from growthring.operations.project import Project

_KEPT_ON_DISK = 200

Told = Callable[[str, int, int], None]


class StoppedError(GrowthringError):
    """A process of slow work ended without an Answer: killed, or out of memory. The next who asks tries again."""


@dataclass(frozen=True, slots=True)
class Task:
    """One slow computation.

    Attributes:
        root: The project's folder.
        place: File of the Answer.
        operation: Module and name of a function whose first argument is the project and that takes ``progress``.
        args: Its further arguments.
        options: Its named arguments.
    """

    root: Path
    place: Path
    operation: tuple[str, str]
    args: tuple[Any, ...]
    options: dict[str, Any]


def kept(place: Path) -> Answer | None:
    """Return the Answer that lies in a file, if any."""
    return Answer(**json.loads(place.read_text(encoding="utf-8"))) if place.exists() else None


def compute(task: Task, told: Told, started: Callable[[Popen[bytes]], None]) -> Answer:
    """Compute an Answer in a process of its own.

    Args:
        task: What to compute.
        told: Is told how far it is.
        started: Is given the process, to be stopped with the server.

    Raises:
        GrowthringError: What the operation raised.
        StoppedError: The process ended without an Answer.
    """
    with Popen([sys.executable, "-m", "growthring.console.worker"], stdin=PIPE, stdout=PIPE) as process:
        started(process)
        assert process.stdin and process.stdout  # noqa: S101 - both are pipes
        process.stdin.write(pickle.dumps(task))
        process.stdin.close()
        for line in process.stdout:
            message = json.loads(line)
            if "error" in message:
                raise GrowthringError(**message["error"])
            told(*message["progress"])
    answer = kept(task.place)
    if process.returncode or answer is None:
        raise StoppedError(
            f"The process of {task.operation[1].replace('_', ' ')} ended with {process.returncode} and without an answer.",
            remedy="Load the page again to try once more; on a small machine, when nothing else runs.",
        )
    return answer


def run(task: Task, say: Callable[[dict[str, Any]], None]) -> None:
    """Run an operation and keep its Answer; what it raises for people is said."""
    operation: Callable[..., Answer] = getattr(import_module(task.operation[0]), task.operation[1])

    def progress(stage: str, done: int, total: int) -> None:
        say({"progress": [stage, done, total]})

    try:
        answer = operation(Project.open(task.root), *task.args, **task.options, progress=progress)
    except GrowthringError as error:
        say({"error": {"happened": error.happened, "valid": error.valid, "remedy": error.remedy}})
        return
    folder = task.place.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = task.place.with_suffix(".part")
    unfinished.write_text(answer.as_json(), encoding="utf-8")
    unfinished.replace(task.place)
    for old in sorted(folder.glob("*.json"), key=lambda each: each.stat().st_mtime)[:-_KEPT_ON_DISK]:
        old.unlink(missing_ok=True)


def main() -> None:
    """Take a task from stdin and run it."""
    speaker = sys.stdout
    sys.stdout = sys.stderr  # what an operation prints is not progress

    def say(message: dict[str, Any]) -> None:
        speaker.write(json.dumps(message) + "\n")
        speaker.flush()

    run(pickle.loads(sys.stdin.buffer.read()), say)  # noqa: S301 - from the server that started this process


if __name__ == "__main__":
    main()
