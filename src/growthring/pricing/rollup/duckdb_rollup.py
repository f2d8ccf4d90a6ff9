"""Rollup of a month in DuckDB."""

from collections.abc import Callable, Sequence

import duckdb

from growthring.engine.relation import literal
from growthring.kernel.period import Month
from growthring.pricing.rollup.mapping import EventMapping, Grain
from growthring.pricing.rollup.partitions import Part
from growthring.pricing.rollup.reading import event_select, key_text
from growthring.pricing.rollup.relations import COMPUTED, rollup_chain
from growthring.pricing.rollup.repeats import find_repeated_hashes


class DuckdbRollup:
    """Defines the relations of a month in a connection.

    Args:
        connection: In-memory DuckDB.
        mapping: Roles of the columns.
        grain: What a row of the rollup covers.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, mapping: EventMapping, grain: Grain) -> None:
        self.connection = connection
        self._mapping = mapping
        self._grain = grain

    def open_month(self, month: Month | None, parts: Sequence[Part]) -> int:
        """Define `event` over the parts and the relations on it; return the number of records."""
        self._define_event(month, parts)
        counted = self.connection.execute("SELECT COUNT(*) FROM event").fetchone()
        records = int(counted[0]) if counted else 0
        for each in rollup_chain():
            if each.name == "repeated_hash":
                find_repeated_hashes(self.connection, records)
                self._define_event(month, parts, only_repeated=True)  # so that nothing else is computed of other records
                continue
            kind = "TABLE" if each.name in COMPUTED else "VIEW"
            self.connection.execute(f"CREATE OR REPLACE TEMP {kind} {each.name} AS {each.sql}")
        self._define_event(month, parts)
        return records

    def bring(self, name: str) -> None:
        """Make a relation readable in the connection: it is already."""

    def _define_event(self, month: Month | None, parts: Sequence[Part], *, only_repeated: bool = False) -> None:
        """Make the view `event` of one SELECT for all files that store the columns alike."""
        hashed = _key_hash(self._mapping, parts)
        alike: dict[tuple[object, ...], list[Part]] = {}
        for part in parts:
            alike.setdefault(tuple(part.columns.items()), []).append(part)
        selects = [
            event_select(
                self._mapping,
                group[0].columns,
                month=month,
                grain=self._grain,
                key_hash=hashed(group[0]),
                source_file=_source_file(group),
                table=f"read_parquet([{', '.join(literal(part.path) for part in group)}], hive_partitioning = false)",
                condition=f"{hashed(group[0])} IN (SELECT key_hash FROM repeated_hash)" if only_repeated else "",
            )
            for group in alike.values()
        ]
        union = "\nUNION ALL\n".join(selects)
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW event AS {union}")


def _key_hash(mapping: EventMapping, parts: Sequence[Part]) -> Callable[[Part], str]:
    """Hash the key as it is stored, or as text when the files store it in different types."""
    types = {tuple(part.columns[name].type for name in mapping.key) for part in parts}
    if len(types) > 1:
        return lambda part: f"hash({key_text(mapping, part.columns)})"
    return lambda part: f"hash({', '.join(part.columns[name].expression for name in mapping.key)})"


def _source_file(parts: Sequence[Part]) -> str:
    """Name the user's file of a record, also when it is read from a part in the store."""
    names = " ".join(f"WHEN {literal(part.path)} THEN {literal(part.source)}" for part in parts)
    return f"CASE filename {names} END"
