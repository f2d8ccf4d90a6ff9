"""Where Answers are computed: each once; quick ones on a thread that keeps ledgers open, slow ones in a process of their own."""

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import Any

import growthring
from growthring.console.work_log import EndedWork, note_down, noted
from growthring.console.worker import StoppedError, Task, Worker, kept
from growthring.kernel.errors import GrowthringError
from growthring.kernel.ids import digest
from growthring.operations.answer import Answer
from growthring.operations.opened_books import OpenedBooks
from growthring.operations.project import Project

_KEPT = 4_000
_ROWS_KEPT = 1_000_000
"""Answers and rows of Answers that stay in memory; the ones longest not asked for go first."""
_KEY = re.compile(r"[0-9a-f]{32}")


Ended = Callable[[Exception | None], None]


def _unheard(error: Exception | None) -> None:
    """Take no notice of how work ended."""


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
        asked_at: When it was asked for, in UTC.
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
    asked_at: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}")

    def told(self, stage: str, done: int, total: int) -> None:
        """Take down how far it is."""
        self.stage, self.done, self.total = stage, done, total

    @property
    def rows(self) -> int:
        """Rows of the Answer, as far as it is there."""
        is_there = self.future.done() and not self.future.cancelled() and self.future.exception() is None
        return len(getattr(self.future.result(), "rows", ())) if is_there else 0

    @property
    def elapsed(self) -> float:
        """Seconds since it was asked for, or that it took."""
        return self.seconds if self.seconds is not None else time.monotonic() - self.started


@dataclass(frozen=True)
class Lane:
    """A process of slow work with the thread that waits for it: one computation after the other."""

    thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="slow"))
    worker: Worker = field(default_factory=Worker)

    def close(self) -> None:
        """Stop its work."""
        self.thread.shutdown(wait=False, cancel_futures=True)
        self.worker.close()


@dataclass
class Desk:
    """Computes and keeps Answers about one project.

    Attributes:
        root: The project's folder.
        names: What customers were called when their pages were last asked for.
    """

    root: Path
    names: dict[str, str] = field(default_factory=dict)
    _kept: "OrderedDict[str, Work]" = field(default_factory=OrderedDict)
    _begun: dict[str, Work] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _quick: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="ledger"))
    _slow: Lane = field(default_factory=Lane)
    _beside: Lane = field(default_factory=Lane)
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
        named = (operation.__module__, operation.__qualname__, told(args), told(options))
        key = digest([code_stamp(), opened.state_token(), *named])
        with self._lock:
            work = self._kept.get(key)
            if work is None:
                work = (
                    self._slowly(self._slow, opened, key, operation, args, options, href)
                    if slow
                    else self._quickly(opened, key, operation, args, options, href)
                )
                self._kept[key] = work
                self._let_go()
            self._kept.move_to_end(key)
        return _result(work, wait)

    def begin(
        self, operation: Callable[..., Answer], *, href: Callable[[str], str], ended: Ended, project: Project, **options: Hashable
    ) -> Work:
        """Begin slow work that writes: done each time it is begun, never answered by what an earlier one left.

        It takes place where slow Answers are computed, which keeps forecasts open; beside them while one is being computed, so
        that nobody who writes waits for somebody who reads.

        Args:
            operation: A function of a module whose first argument is the project and that takes ``progress``.
            href: Returns, for the key of the work, the page that shows it.
            ended: Is told what went wrong, or that nothing did, before anybody sees the result.
            project: The project as opened for this request.
            options: Its named arguments.
        """
        key = token_hex(16)
        lane = self._beside if any(not work.future.done() for work in self.works()) else self._slow
        with self._lock:
            self._begun[key] = work = self._slowly(lane, project, key, operation, (), options, href(key), ended)
        return work

    def outcome(self, project: Project, key: str, wait: float | None = None) -> Answer | None:
        """Return what work that was begun has answered, also to an earlier server; nothing where nobody knows of it.

        Raises:
            StillWorkingError: It is not done in time; it goes on.
            GrowthringError: What the operation raised.
        """
        if work := self._begun.get(key):
            answer: Answer = _result(work, wait)
            return answer
        return kept(_answers(project) / f"{key}.json") if _KEY.fullmatch(key) else None

    def _let_go(self) -> None:
        """Forget what was not asked for longest, where more is kept than there is room for."""
        rows = sum(work.rows for work in self._kept.values())
        while len(self._kept) > _KEPT or (rows > _ROWS_KEPT and len(self._kept) > 1):
            rows -= self._kept.popitem(last=False)[1].rows

    def works(self) -> list[Work]:
        """Return slow work, the latest first."""
        with self._lock:
            slow = [work for work in (*self._kept.values(), *self._begun.values()) if work.is_slow]
        return sorted(slow, key=lambda work: work.started, reverse=True)

    def ended_works(self, project: Project) -> list[EndedWork]:
        """Return slow work of earlier servers, the latest first."""
        return noted(_answers(project), {*self._kept, *self._begun})

    def close(self) -> None:
        """Stop all work."""
        self._quick.shutdown(wait=False, cancel_futures=True)
        self._slow.close()
        self._beside.close()

    def _quickly(
        self, project: Project, key: str, operation: Callable[..., Any], args: tuple[Hashable, ...], options: dict[str, Hashable],
        href: str,
    ) -> Work:  # fmt: skip
        work, opened = _new_work(key, operation, href), project.with_books(self._books)
        work.future = self._quick.submit(lambda: operation(opened, *args, **options))
        work.future.add_done_callback(lambda _: self._finish(work))
        return work

    def _slowly(
        self, lane: Lane, project: Project, key: str, operation: Callable[..., Any], args: tuple[Hashable, ...],
        options: dict[str, Hashable], href: str, ended: Ended = _unheard,
    ) -> Work:  # fmt: skip
        work = _new_work(key, operation, href, is_slow=True)
        place = _answers(project) / f"{key}.json"
        task = Task(project.root, place, (operation.__module__, operation.__qualname__), args, options)
        work.future = lane.thread.submit(_computed, lane.worker, work, task, ended)
        work.future.add_done_callback(lambda _: self._finish(work))
        return work

    def _finish(self, work: Work) -> None:
        work.seconds = time.monotonic() - work.started
        fault = None if work.future.cancelled() else work.future.exception()
        if work.future.cancelled() or isinstance(fault, StoppedError) or not isinstance(fault, GrowthringError | None):
            self._kept.pop(work.key, None)  # a fault of the machine may pass: the next one who asks tries again


def _new_work(key: str, operation: Callable[..., Any], href: str, *, is_slow: bool = False) -> Work:
    return Work(key, operation.__name__.replace("_", " "), Future(), time.monotonic(), href=href, is_slow=is_slow)


def _computed(worker: Worker, work: Work, task: Task, ended: Ended) -> Answer:
    """Return a slow Answer: the one that lies in its file, else a new one."""
    try:
        answer = kept(task.place) or worker.compute(task, work.told)
    except Exception as error:
        ended(error)
        raise
    note_down(task.place, EndedWork(work.title, work.href, work.asked_at, work.elapsed))
    ended(None)
    return answer


def _result(work: Work, wait: float | None) -> Any:  # noqa: ANN401 - what the operation returns
    try:
        return work.future.result(timeout=wait)
    except NotYetError:
        raise StillWorkingError(work) from None


def _answers(project: Project) -> Path:
    return project.state / "console" / "answers"


@cache
def code_stamp() -> str:
    """Return a text that changes with the program, so that no Answer of an older one is shown."""
    package = Path(growthring.__file__).parent
    return str(max(file.stat().st_mtime_ns for file in package.rglob("*") if file.suffix in (".py", ".sql", ".toml")))


def told(value: object) -> str:
    """Return a text that names a value: equal values have equal texts."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{name}={told(each)}" for name, each in sorted(value.items())) + "}"
    if isinstance(value, tuple | list):
        return "[" + ",".join(told(each) for each in value) + "]"
    if is_dataclass(value) and not isinstance(value, type):
        return f"{type(value).__name__}({','.join(told(getattr(value, each.name)) for each in fields(value))})"
    return repr(value)
