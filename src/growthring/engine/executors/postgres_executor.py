"""PostgreSQL: relations run in a schema of their own, which is dropped at the end."""

import uuid
from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa

from growthring.engine.dialects import transpile
from growthring.engine.executors.executor import Row, unavailable
from growthring.engine.relation import Relation
from growthring.kernel.errors import EngineUnavailableError

_INSTALL = "Install it with `pip install growthring[postgres]` and give the server's URL: postgresql://user@host/database."


class PostgresExecutor:
    """A connection whose tables lie in a new schema.

    Args:
        url: ``postgresql://user:password@host:port/database``.

    Raises:
        EngineUnavailableError: psycopg is not installed, or the server does not answer.
    """

    name = "postgres"
    dialect = "postgres"
    settings: Mapping[str, str] = {"TimeZone": "UTC", "synchronous_commit": "off"}

    def __init__(self, url: str = "") -> None:
        if not url:
            raise EngineUnavailableError("PostgreSQL needs the URL of a server.", remedy=_INSTALL)
        try:
            import psycopg

            self._connection = psycopg.connect(url, autocommit=True)
        except Exception as error:
            raise unavailable("PostgreSQL", _INSTALL, error) from error
        self._schema = f"growthring_{uuid.uuid4().hex[:12]}"
        self._do(f"CREATE SCHEMA {self._schema}")
        self._do(f"SET search_path TO {self._schema}")
        for setting, value in self.settings.items():
            self._do(f"SET {setting} TO '{value}'")

    def put(self, name: str, table: pa.Table) -> None:
        """Copy an Arrow table under a name."""
        columns = ", ".join(f'"{field.name}" {_type(field.type)}' for field in table.schema)
        self._drop(name)
        self._do(f"CREATE UNLOGGED TABLE {name} ({columns})")
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {name} FROM STDIN".encode()) as copy:
            for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
                copy.write_row(row)
        self._do(f"ANALYZE {name}")

    def run(self, relations: Sequence[Relation], keep: Collection[str] | None = None) -> None:
        """Define relations in their order."""
        for each in relations:
            self._drop(each.name)
            sql = transpile(each.sql, self.dialect)
            if keep is None or each.name in keep:
                self._do(f"CREATE UNLOGGED TABLE {each.name} AS {sql}")
                self._do(f"ANALYZE {each.name}")
            else:
                self._do(f"CREATE VIEW {each.name} AS {sql}")

    def fetch(self, name: str) -> list[Row]:
        """Return the rows of a table or view."""
        with self._connection.cursor() as cursor:
            return cursor.execute(f"TABLE {name}".encode()).fetchall()

    def close(self) -> None:
        """Drop the schema and close the connection."""
        self._do(f"DROP SCHEMA IF EXISTS {self._schema} CASCADE")
        self._connection.close()

    def _do(self, statement: str) -> None:
        self._connection.execute(statement.encode())

    def _drop(self, name: str) -> None:
        query = b"SELECT table_type FROM information_schema.tables WHERE table_schema = %s AND table_name = %s"
        found = self._connection.execute(query, [self._schema, name]).fetchone()
        if found:
            self._do(f"DROP {'VIEW' if found[0] == 'VIEW' else 'TABLE'} {name} CASCADE")


def _type(arrow: pa.DataType) -> str:
    if pa.types.is_decimal(arrow):
        return f"NUMERIC({arrow.precision},{arrow.scale})"
    names = {
        pa.int32(): "INTEGER",
        pa.int64(): "BIGINT",
        pa.float64(): "DOUBLE PRECISION",
        pa.date32(): "DATE",
        pa.bool_(): "BOOLEAN",
    }
    return "TIMESTAMP" if pa.types.is_timestamp(arrow) else names.get(arrow, "TEXT")
