"""A kill at any moment of run or close leaves the project readable and the next run correct.

Kills come two ways: after a time, and at each moment the process is about to touch a file that others read. The second way needs
no switch in the product: Python tells an audit hook before it opens, renames or makes anything.
"""

import multiprocessing
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from growthring.kernel.errors import GrowthringError
from growthring.operations.data.closes import close, list_closes
from growthring.operations.data.run import run
from growthring.operations.project import Project
from growthring.operations.revenue.show import View, show
from tests.operations.books import Books, objects

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["growthring.operations.data.run", "growthring.operations.data.closes", "growthring.sources.ingestion"]
)
MOMENTS = ("os.rename", "os.mkdir", "os.rmdir", "os.remove", "sqlite3.connect", "open")


def run_it(root: Path) -> None:
    run(Project.open(root))


def close_it(root: Path) -> None:
    close(Project.open(root), "2024-02", author="Kim")


def killed_at(work: Callable[[Path], None], root: Path, moment: int) -> None:
    """Work until the given number of times something was about to be touched, then die without a chance to tidy up.

    Without a moment, work to the end and leave the number of times beside the project.
    """
    seen = 0

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event in MOMENTS and str(root) in str(arguments[0]) and (event != "open" or _writes(arguments)):
            seen += 1
            if seen == moment:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    work(root)
    _count_beside(root).write_text(str(seen))


def _count_beside(root: Path) -> Path:
    return root.with_suffix(".count")


def _writes(arguments: tuple[Any, ...]) -> bool:
    return bool(arguments[2] & (os.O_WRONLY | os.O_RDWR)) if isinstance(arguments[2], int) else False


def kill(work: Callable[[Path], None], root: Path, *, moment: int = 0, after: float = 60) -> bool:
    """Work in another process and kill it; returns whether it died before it was done."""
    process = FORKS.Process(target=killed_at, args=(work, root, moment))
    process.start()
    process.join(after)
    if process.is_alive():
        process.kill()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was run on two months and whose third month has arrived since."""
    root = tmp_path_factory.mktemp("kill") / "brook"
    books = Books(root)
    books.steady("2024-01", "2024-02", {"anna": 100, "bert": 50})
    books.run()
    books.lines("2024-03", [("anna-2024-03", "anna", 130), ("late", "bert", 9, {"issued_on": "2024-02-10"})])
    return root


@pytest.fixture(scope="module")
def after(before: Path) -> Path:
    """The same project, brought up to date without disturbance."""
    root = before.parent / "undisturbed"
    shutil.copytree(before, root)
    run(Project.open(root))
    return root


def assert_readable_and_mendable(root: Path, before: Path, after: Path) -> None:
    project = Project.open(root)
    old, new = Project.open(before).snapshot(), Project.open(after).snapshot()
    assert project.snapshot() in (old, new)
    assert show(project, "mrr", View(at="2024-01")).value == "150.00"
    with project.journal() as journal:
        journal.runs()
    result = run(Project.open(root))
    assert result.snapshot == new
    expected, found = objects(Project.open(after)), objects(project)
    assert {name: found.get(name) for name in expected} == expected
    assert not list(project.store.root.glob("building-*"))
    assert run(Project.open(root)).built == 0


def copy_of(before: Path, name: str) -> Path:
    root = before.parent / name
    shutil.copytree(before, root)
    return root


def moments_of(work: Callable[[Path], None], before: Path) -> int:
    """Return how many moments there are in work that nothing disturbs."""
    root = copy_of(before, f"count-{work.__name__}")
    assert not kill(work, root)
    return int(_count_beside(root).read_text())


def test_a_run_killed_at_the_moments_it_touches_files_can_be_read_and_run_again(before: Path, after: Path):
    count = moments_of(run_it, before)
    assert count > 20
    for moment in sorted({1, 2, *range(4, count, max(1, count // 4)), count - 1, count}):
        root = copy_of(before, f"run-{moment}")
        assert kill(run_it, root, moment=moment)
        assert_readable_and_mendable(root, before, after)
        shutil.rmtree(root)


def test_a_run_killed_after_any_time_can_be_read_and_run_again(before: Path, after: Path):
    root = copy_of(before, "timed")
    started = time.monotonic()
    assert not kill(run_it, root)
    whole = time.monotonic() - started
    died = 0
    for part in range(1, 9, 2):
        root = copy_of(before, f"timed-{part}")
        died += kill(run_it, root, after=whole * part / 9)
        assert_readable_and_mendable(root, before, after)
        shutil.rmtree(root)
    assert died >= 2


def test_a_first_run_that_is_killed_says_that_nothing_was_read_or_shows_it(before: Path, after: Path):
    first = before.parent / "first"
    shutil.copytree(before, first, ignore=shutil.ignore_patterns(".growthring"))
    for moment in (1, 3, 6, 12, 25):
        root = copy_of(first, f"first-{moment}")
        assert kill(run_it, root, moment=moment)
        with pytest.raises(GrowthringError, match="Nothing has been read yet"):
            show(Project.open(root), "mrr", View())
        assert run(Project.open(root)).snapshot == Project.open(after).snapshot()
        expected, found = objects(Project.open(after)), objects(Project.open(root))
        assert found == {name: expected[name] for name in found}
        shutil.rmtree(root)


def test_a_killed_close_is_there_whole_or_not_at_all(after: Path):
    count = moments_of(close_it, after)
    assert count >= 4
    undisturbed = copy_of(after, "closed")
    close_it(undisturbed)
    [expected] = list_closes(Project.open(undisturbed))
    for moment in sorted({*range(1, count, max(1, count // 4)), count - 1, count}):
        root = copy_of(after, f"close-{moment}")
        assert kill(close_it, root, moment=moment)
        project = Project.open(root)
        for entry in list_closes(project):
            assert entry.metrics == expected.metrics
            assert project.store.path_of(entry.artifact).exists()
        assert show(project, "mrr", View(at="2024-02")).value is not None
        assert run(Project.open(root)).built == 0
        if not list_closes(project):
            close_it(root)
        [entry] = list_closes(project)
        assert (entry.metrics, entry.artifact) == (expected.metrics, expected.artifact)
        shutil.rmtree(root)
