import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from growthring.console.app import create_app


@pytest.fixture(scope="session")
def ringwood_folder(ringwood_once: Path) -> Path:
    """The sample company after a run; nobody may change its figures."""
    return ringwood_once


@pytest.fixture(scope="session")
def pages(ringwood_folder: Path) -> Iterator[TestClient]:
    """The console of the sample company; nobody may write anything."""
    with TestClient(create_app(ringwood_folder), base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
def own_pages(ringwood_folder: Path, tmp_path: Path) -> Iterator[TestClient]:
    """The console of a copy of the sample company, to write in."""
    folder = shutil.copytree(ringwood_folder, tmp_path / "ringwood")
    with TestClient(create_app(folder), base_url="http://127.0.0.1") as client:
        yield client
