import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from growthring.operations.project import Project
from tests.operations.books import Books


@pytest.fixture(scope="session")
def books_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Books(tmp_path_factory.mktemp("books") / "brook")
    made.steady("2024-01", "2025-02", {"anna": 100, "bert": "50.50"})
    made.run()
    return made.root


@pytest.fixture
def books(books_once: Path, tmp_path: Path) -> Books:
    """Two customers over fourteen months; they were run before, so that the first run of a test costs little."""
    shutil.copytree(books_once, tmp_path / "brook")
    return Books(tmp_path / "brook")


@pytest.fixture(scope="session")
def ringwood(ringwood_once: Path) -> Project:
    """The sample company after a run; nobody may change it."""
    return Project.open(ringwood_once)


@pytest.fixture
def ringwood_copy(ringwood_to_copy: Path, tmp_path: Path) -> Callable[[], Project]:
    """Return a way to get a copy of the sample company after a run, to be changed at will."""

    def copied() -> Project:
        target = tmp_path / "ringwood"
        shutil.copytree(ringwood_to_copy, target)
        return Project.open(target)

    return copied
