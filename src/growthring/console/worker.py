"""A process for slow Answers: told on stdin what to compute, tells on stdout how far it is, leaves each Answer in a file.

It keeps books and forecasts open between Answers: the forecast of a second customer is looked up in that of all. It is no pool of
``multiprocessing``, whose children run the program's main module again, which a notebook or a script may not expect.
"""

import json
import os
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
from growthring.operations.opened_books import OpenedBooks
from growthring.operations.project import Project

_KEPT_ON_DISK = 200
_BOOKS_KEPT = 12
_GIVES_WAY = 10
"""How far slow work steps back from the server of pages, which shares its cores."""

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


@dataclass
class Worker:
    """The process, seen from the server; used by one thread. It is started when it is first needed, and again after it died."""

    _process: Popen[bytes] | None = None

    def compute(self, task: Task, told: Told) -> Answer:
        """Compute an Answer in the process.

        Args:
            task: What to compute.
            told: Is told how far it is.

        Raises:
            GrowthringError: What the operation raised.
            StoppedError: The process ended without an Answer.
        """
        process = self._process or Popen([sys.executable, "-m", "growthring.console.worker"], stdin=PIPE, stdout=PIPE)
        self._process = process
        assert process.stdin and process.stdout  # noqa: S101 - both are pipes
        pickle.dump(task, process.stdin)
        process.stdin.flush()
        for line in process.stdout:
            message = json.loads(line)
            if "error" in message:
                raise GrowthringError(**message["error"])
            if "done" in message and (answer := kept(task.place)):
                return answer
            if "progress" in message:
                told(*message["progress"])
        self.close()
        raise StoppedError(
            f"The process of {task.operation[1].replace('_', ' ')} ended with {process.returncode} and without an answer.",
            remedy="Load the page again to try once more; on a small machine, when nothing else runs.",
        )

    def close(self) -> None:
        """Stop the process."""
        if process := self._process:
            self._process = None
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()


def run(task: Task, books: OpenedBooks, say: Callable[[dict[str, Any]], None]) -> None:
    """Run an operation and keep its Answer in its file; what it raises for people is said."""
    operation: Callable[..., Answer] = getattr(import_module(task.operation[0]), task.operation[1])

    def progress(stage: str, done: int, total: int) -> None:
        say({"progress": [stage, done, total]})

    try:
        answer = operation(Project.open(task.root).with_books(books), *task.args, **task.options, progress=progress)
    except GrowthringError as error:
        say({"error": {"happened": error.happened, "valid": error.valid, "remedy": error.remedy}})
        return
    folder = task.place.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = task.place.with_suffix(".part")
    unfinished.write_text(answer.as_json(), encoding="utf-8")
    unfinished.replace(task.place)
    for old in sorted(folder.glob("*.json"), key=lambda each: each.stat().st_mtime)[:-_KEPT_ON_DISK]:
        for each in (old, old.with_suffix(".work")):
            each.unlink(missing_ok=True)
    say({"done": True})


def main() -> None:
    """Take tasks from stdin, one after the other, until it ends."""
    os.nice(_GIVES_WAY)
    speaker = sys.stdout
    sys.stdout = sys.stderr  # what an operation prints is not progress

    def say(message: dict[str, Any]) -> None:
        speaker.write(json.dumps(message) + "\n")
        speaker.flush()

    books = OpenedBooks(_BOOKS_KEPT)
    while True:
        try:
            task = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the server that started this process
        except EOFError:
            return
        run(task, books, say)


if __name__ == "__main__":
    main()
