import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from growthring.company.simulation import write_company
from growthring.company.truth import CompanyTruth


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        yield from csv.DictReader(stream)


def rows_under(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    for path in sorted(folder.glob("*.csv")):
        for row in rows_of(path):
            yield f"{folder.name}/{path.name}", row


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CompanyTruth]:
    folder = tmp_path_factory.mktemp("ringwood")
    return folder, write_company(folder)
