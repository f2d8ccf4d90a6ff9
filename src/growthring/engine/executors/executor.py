"""What every engine can do: take Arrow tables, run relations in their order, hand rows back."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import pyarrow as pa

from growthring.engine.relation import Relation
from growthring.kernel.errors import EngineUnavailableError

Row: TypeAlias = tuple[Any, ...]
"""Values in the order of the relation's columns: text, int, Decimal, float, date, datetime or nothing."""


class Executor(Protocol):
    """An engine with a space of its own, gone when it is closed.

    Attributes:
        name: The engine, as in ``opening.EXECUTORS``.
        dialect: The dialect its SQL is written in, as in ``growthring.engine.dialects.DIALECTS``.
        settings: The settings without which its figures would differ, with the values they must have.
    """

    name: str
    dialect: str
    settings: Mapping[str, str]

    def put(self, name: str, table: pa.Table) -> None:
        """Copy an Arrow table into the engine under a name, replacing one that is there."""
        ...

    def run(self, relations: Sequence[Relation], keep: Collection[str] | None = None) -> None:
        """Define relations in their order.

        Args:
            relations: Each may read tables that were put and relations before it.
            keep: Names of those computed at once into tables; the others become views. All but the light ones when absent.
        """
        ...

    def fetch(self, name: str) -> list[Row]:
        """Return the rows of a table or view in any order."""
        ...

    def close(self) -> None:
        """Remove what was put and computed, and let the engine go."""
        ...


def unavailable(engine: str, install: str, error: Exception) -> EngineUnavailableError:
    """Return the error that says how to get an engine."""
    return EngineUnavailableError(f"{engine} cannot be used here: {error}.", remedy=install)
