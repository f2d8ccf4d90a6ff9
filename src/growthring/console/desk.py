"""Where Answers are computed: each once; quick ones on a thread that keeps ledgers open, slow ones in processes of their own."""

import json
import multiprocessing
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from growthring.kernel.errors import GrowthringError
from growthring.kernel.ids import digest
from growthring.operations.answer import Answer
from growthring.operations.opened_books import OpenedBooks
from growthring.operations.project import Project

_KEPT = 4_000
_KEPT_ON_DISK = 200
_SLOW_PROCESSES = 1


class StillWorkingError(Exception):
    """An Answer is being computed; the work says how far it is."""

    def __init__(self, work: "Work") -> None:
        self.work = work
        super().__init__(work.title)


@dataclass(eq=False)
class Work:
    """One computation.

    Attributes:
        key: Names it.
        title: What is computed.
        future: Its result, in time.
        started: Monotonic seconds when it was asked for.
        stage: What it does now.
        done: Parts of the stage that are finished.
        total: Parts of the stage.
        href: The page that asked.
        is_slow: Whether it runs in a process of its own.
        seconds: How long it took, once finished.
    """

    key: str
    title: str
    future: "Future[Any]"
    started: float
    stage: str = ""
    done: int = 0
    total: int = 0
    href: str = ""
    is_slow: bool = False
    seconds: float | None = None

    def told(self, stage: str, done: int, total: int) -> None:
        """Take down how far it is."""
        self.stage, self.done, self.total = stage, done, total

    @property
    def elapsed(self) -> float:
        """Seconds since it was asked for, or that it took."""
        return self.seconds if self.seconds is not None else time.monotonic() - self.started


@dataclass
class Desk:
    """Computes and keeps Answers about one project.

    Attributes:
        root: The project's folder.
    """

    root: Path
    _kept: "OrderedDict[str, Work]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)
    _quick: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="ledger"))
    _slow: ProcessPoolExecutor | None = None
    _heard: Any = None
    _books: OpenedBooks = field(default_factory=OpenedBooks)

    def project(self) -> Project:
        """Open the project as its files stand now."""
        return Project.open(self.root)

    def ask(
        self,
        operation: Callable[..., Any],
        *args: Hashable,
        slow: bool = False,
        live: bool = False,
        wait: float | None = None,
        href: str = "",
        project: Project | None = None,
        **options: Hashable,
    ) -> Any:  # noqa: ANN401 - what the operation returns
        """Return what an operation says about the project, computed once for each state of the project.

        Args:
            operation: A function of a module whose first argument is the project; a slow one returns an Answer.
            args: Its further arguments.
            slow: Whether it takes seconds: it then runs in a process of its own and its Answer outlives the server.
            live: Whether it reads what changes by the second, such as runs: it is asked at once and nothing is kept.
            wait: Seconds to wait for it; until it is done when absent.
            href: The page that asks, to be found again.
            project: The project as opened for this request.
            options: Its named arguments.

        Raises:
            StillWorkingError: It is not done in time; it goes on.
            GrowthringError: What the operation raised.
        """  # fmt: skip
        opened = project or self.project()
        if live:
            return operation(opened, *args, **options)
        key = digest([opened.state_token(), operation.__module__, operation.__qualname__, told(args), told(options)])
        with self._lock:
            work = self._kept.get(key)
            if work is None:
                work = self._begin(opened, key, operation, args, options, slow, href)
                self._kept[key] = work
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
        try:
            return work.future.result(timeout=wait)
        except NotYetError:
            raise StillWorkingError(work) from None

    def works(self) -> list[Work]:
        """Return slow work, the latest first."""
        with self._lock:
            return [work for work in reversed(self._kept.values()) if work.is_slow]

    def close(self) -> None:
        """Stop all work."""
        self._quick.shutdown(wait=False, cancel_futures=True)
        if self._slow:
            for process in list(self._slow._processes.values()):
                process.terminate()
            self._slow.shutdown(wait=False, cancel_futures=True)
        if self._heard:
            self._heard.put(None)

    def _begin(
        self, project: Project, key: str, operation: Callable[..., Any], args: tuple[Hashable, ...], options: dict[str, Hashable],
        slow: bool, href: str,
    ) -> Work:  # fmt: skip
        title, place = operation.__name__.replace("_", " "), project.state / "console" / "answers" / f"{key}.json"
        now = time.monotonic()
        if not slow:
            work = Work(key, title, Future(), now, href=href)
            opened = project.with_books(self._books)
            work.future = self._quick.submit(lambda: operation(opened, *args, **options))
        elif place.exists():
            work = Work(key, title, Future(), now, href=href, is_slow=True, seconds=0.0)
            work.future.set_result(Answer(**json.loads(place.read_text(encoding="utf-8"))))
            return work
        else:
            work = Work(key, title, Future(), now, href=href, is_slow=True)
            work.future = self._processes().submit(run_slowly, str(self.root), str(place), key, operation, args, options)
        work.future.add_done_callback(lambda _: self._finish(work))
        return work

    def _finish(self, work: Work) -> None:
        work.seconds = time.monotonic() - work.started
        if work.future.cancelled() or not isinstance(work.future.exception(), GrowthringError | None):
            self._kept.pop(work.key, None)  # a fault of the machine may pass: the next one who asks tries again

    def _processes(self) -> ProcessPoolExecutor:
        if self._slow is None:
            spawned = multiprocessing.get_context("spawn")
            self._heard = spawned.Queue()
            self._slow = ProcessPoolExecutor(_SLOW_PROCESSES, spawned, initializer=hear, initargs=(self._heard,))
            Thread(target=self._listen, args=(self._heard,), daemon=True, name="progress").start()
        return self._slow

    def _listen(self, heard: Any) -> None:  # noqa: ANN401 - a queue of a start method
        while (message := heard.get()) is not None:
            key, stage, done, total = message
            if work := self._kept.get(key):
                work.told(stage, done, total)


_speaking: Any = None


def hear(queue: Any) -> None:  # noqa: ANN401 - a queue of a start method
    """Take the queue that progress is told to; runs in a process of slow work."""
    global _speaking  # noqa: PLW0603 - a process has one queue
    _speaking = queue


def run_slowly(
    root: str, place: str, key: str, operation: Callable[..., Answer], args: tuple[Any, ...], options: dict[str, Any]
) -> Answer:
    """Run an operation in a process of its own and keep its Answer in a file."""

    def progress(stage: str, done: int, total: int) -> None:
        if _speaking is not None:
            _speaking.put((key, stage, done, total))

    try:
        answer = operation(Project.open(Path(root)), *args, **options, progress=progress)
    except GrowthringError as error:  # its kinds are made in many ways, which a process cannot hand back
        raise GrowthringError(error.happened, valid=error.valid, remedy=error.remedy) from None
    file = Path(place)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = file.with_suffix(".part")
    unfinished.write_text(answer.as_json(), encoding="utf-8")
    unfinished.replace(file)
    for old in sorted(file.parent.glob("*.json"), key=lambda each: each.stat().st_mtime)[:-_KEPT_ON_DISK]:
        old.unlink(missing_ok=True)
    return Answer(**json.loads(answer.as_json()))


def told(value: object) -> str:
    """Return a text that names a value: equal values have equal texts."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{name}={told(each)}" for name, each in sorted(value.items())) + "}"
    if isinstance(value, tuple | list):
        return "[" + ",".join(told(each) for each in value) + "]"
    if is_dataclass(value) and not isinstance(value, type):
        return f"{type(value).__name__}({','.join(told(getattr(value, each.name)) for each in fields(value))})"
    return repr(value)
