from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from growthring.journal.forecast_entries import OverrideReason
from growthring.journal.journal import Journal
from growthring.kernel.period import Month

NOVEMBER = Month.parse("2011-11").index

CLOSE = {
    "policy_name": "board",
    "policy_version": "1",
    "snapshot_id": "5ca1ab1e",
    "artifact": "objects/ab",
    "metrics": {"mrr": "412345.67"},
    "data_as_of": date(2011, 12, 9),
    "author": "Kim",
}

OVERRIDE = {
    "measure": "revenue",
    "first_month": NOVEMBER + 1,
    "last_month": None,
    "reason_code": OverrideReason.NEW_USE_CASE,
    "note": "the second team starts in December",
    "confidence": 0.7,
    "author": "Kim",
}

FORECAST = {
    "measure": "revenue",
    "as_of": datetime(2011, 12, 1, tzinfo=UTC),
    "origin": NOVEMBER,
    "horizon": 12,
    "snapshot_id": "5ca1ab1e",
    "facts": {"unit": "USD per month", "layers": [1, 2]},
    "author": "Kim",
}


class Clock:
    """A clock that moves on by a minute each time it is read."""

    def __init__(self) -> None:
        self.now = datetime(2011, 12, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.engine("postgres"))])
def place(request: pytest.FixtureRequest, path: Path) -> str | Path:
    """A SQLite file and an empty PostgreSQL database in turn."""
    return path if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
def journal(place: str | Path) -> Iterator[Journal]:
    with Journal.open(place, Clock()) as journal:
        yield journal
