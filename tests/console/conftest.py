import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from growthring.console.app import create_app


@pytest.fixture(scope="session")
def ringwood_folder(ringwood_to_copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample company in which pages leave what reading leaves; its figures are changed by nobody."""
    return Path(shutil.copytree(ringwood_to_copy, tmp_path_factory.mktemp("pages") / "ringwood"))


@pytest.fixture(scope="session")
def open_pages(ringwood_folder: Path) -> Iterator[TestClient]:
    """The console of the sample company, open for all tests."""
    with TestClient(create_app(ringwood_folder), base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
def pages(open_pages: TestClient) -> TestClient:
    """The console of the sample company to a reader who was never there; nobody may write anything."""
    open_pages.cookies.clear()
    return open_pages


@pytest.fixture
def own_folder(ringwood_to_copy: Path, tmp_path: Path) -> Path:
    """A copy of the sample company as it was after its run, to write in."""
    return Path(shutil.copytree(ringwood_to_copy, tmp_path / "ringwood"))


@pytest.fixture
def own_pages(own_folder: Path) -> Iterator[TestClient]:
    """The console of a copy of the sample company, to write in."""
    with TestClient(create_app(own_folder), base_url="http://127.0.0.1") as client:
        yield client
