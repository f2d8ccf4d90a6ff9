"""The temporary table that a file is read into, and what is known of it."""

import gzip
import io
from dataclasses import dataclass, field
from pathlib import Path

RAW = "raw"
"""Name of the temporary table a file is read into: columns `c0`, `c1` … and `_row`, the first data row being 1."""


class UnreadableFileError(Exception):
    """The file's bytes are not what its name promises; becomes a problem row, never reaches the user as it is."""


@dataclass
class Reading:
    """What stands in a file.

    Attributes:
        columns: Column names in order; column number i is `c{i}` of the table `raw`.
        types: DuckDB types of those columns.
        malformed: Rows that are no rows: number, what is wrong, the text.
        rows: Number of rows of the table.
        keys_are_optional: A column that no row has may be one whose value happens to be absent, as in JSON.
    """

    columns: list[str]
    types: list[str] = field(default_factory=list)
    malformed: list[tuple[int, str, str]] = field(default_factory=list)
    rows: int = 0
    keys_are_optional: bool = False

    @property
    def read(self) -> int:
        """Rows read, malformed ones included."""
        return self.rows + len(self.malformed)


def text_of(path: Path) -> str:
    """Return a file as text with plain line ends: UTF-8, or Latin-1 when it is not that; gzip is opened."""
    stored = path.read_bytes()
    content = gzip.decompress(stored) if path.name.lower().endswith(".gz") else stored
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return io.IncrementalNewlineDecoder(None, translate=True).decode(text)


def quoted(text: str) -> str:
    """Return a text as an SQL literal; no engine reads a NUL in a statement."""
    return "'" + text.replace("'", "''").replace("\0", "\ufffd") + "'"


def identifier(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
