import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from growthring.console.app import create_app
from growthring.operations.run import run
from growthring.operations.setup import demo


@pytest.fixture(scope="session")
def ringwood_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("console") / "ringwood"
    run(demo(folder, accounts=60, months=18))
    return folder


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
