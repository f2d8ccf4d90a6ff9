"""DuckDB in this process: the engine whose figures the others must match."""

from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa

from growthring.engine.duckdb_session import connect
from growthring.engine.executors.executor import Row
from growthring.engine.relation import Relation


class DuckdbExecutor:
    """An in-memory DuckDB of its own."""

    name = "duckdb"
    dialect = "duckdb"
    settings: Mapping[str, str] = {"TimeZone": "UTC"}

    def __init__(self) -> None:
        self._connection = connect()

    def put(self, name: str, table: pa.Table) -> None:
        """Copy an Arrow table under a name."""
        self._connection.register("arriving", table)
        self._connection.execute(f"CREATE OR REPLACE TABLE {name} AS FROM arriving")
        self._connection.unregister("arriving")

    def run(self, relations: Sequence[Relation], keep: Collection[str] | None = None) -> None:
        """Define relations in their order."""
        for each in relations:
            kind = "TABLE" if keep is None or each.name in keep else "VIEW"
            self._connection.execute(f"DROP {self._kind_of(each.name)} IF EXISTS {each.name}")
            self._connection.execute(f"CREATE {kind} {each.name} AS {each.sql}")

    def fetch(self, name: str) -> list[Row]:
        """Return the rows of a table or view."""
        return self._connection.execute(f"FROM {name}").fetchall()

    def close(self) -> None:
        """Let the database go."""
        self._connection.close()

    def _kind_of(self, name: str) -> str:
        query = "SELECT table_type FROM information_schema.tables WHERE table_name = ?"
        found = self._connection.execute(query, [name]).fetchone()
        return "VIEW" if found and found[0] == "VIEW" else "TABLE"
