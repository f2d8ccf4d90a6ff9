"""An opened journal database: what every part of the journal reads and writes through."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Row, Select

from growthring.journal.database import open_database
from growthring.journal.upgrade import upgrade
from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month


def _utc_now() -> datetime:
    return datetime.now(UTC)


class OpenedJournal:
    """A journal's database at this release's version.

    Args:
        place: A file path, or a ``postgresql://`` URL.
        clock: Tells the time; tests pass their own.
    """

    def __init__(self, place: str | Path, clock: Callable[[], datetime] = _utc_now) -> None:
        self._engine = open_database(place)
        self._clock = clock
        upgrade(self._engine)

    @classmethod
    def open(cls, place: str | Path, clock: Callable[[], datetime] = _utc_now) -> Self:
        """Open a journal, creating it or bringing it to this release's version when needed."""
        return cls(place, clock)

    def shut(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.shut()

    def _rows(self, query: Select[Any]) -> list[Row[Any]]:
        with self._engine.connect() as connection:
            return list(connection.execute(query).all())


def require_reason(because: str, option: str = "--because") -> None:
    """Stop when a decision comes without its reason."""
    if not because.strip():
        raise GrowthringError("No reason was given.", valid="A decision is kept with its reason.", remedy=f"Pass {option} TEXT.")


def require_months_in_order(what: str, first_month: int, last_month: int | None) -> None:
    """Stop when months run backwards."""
    if last_month is not None and last_month < first_month:
        raise GrowthringError(
            f"The {what} ends in {Month(last_month)}, before it starts in {Month(first_month)}.",
            remedy="Give the earlier month first.",
        )
