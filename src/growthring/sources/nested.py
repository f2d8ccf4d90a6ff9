"""Places inside columns that hold objects: `data.tokens` is the value of `tokens` in the object of column `data`."""

from collections.abc import Iterator, Sequence

import duckdb

from growthring.sources.raw import RAW, Reading, quoted


def nested(paths: Sequence[str], columns: Sequence[str]) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Find the places that are no columns themselves but stand inside one: name, column index, keys inside it.

    Example:
        >>> list(nested(["data.usage.tokens", "id", "other.x"], ["id", "data"]))
        [('data.usage.tokens', 1, ('usage', 'tokens'))]
    """
    for path in dict.fromkeys(paths):
        parts = path.split(".")
        heads = [".".join(parts[:length]) for length in range(len(parts) - 1, 0, -1)]
        head = next((head for head in heads if head in columns), None)
        if path not in columns and head is not None:
            yield path, columns.index(head), tuple(parts[head.count(".") + 1 :])


def pointer(keys: Sequence[str]) -> str:
    """Return the JSON pointer (RFC 6901) of a place as an SQL literal."""
    return quoted("".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys))


def add_paths(connection: duckdb.DuckDBPyConnection, reading: Reading, paths: Sequence[str]) -> None:
    """Add a column to the table `raw` for each place inside a column that holds JSON text; other text has no places."""
    found = list(nested(paths, reading.columns))
    if not found:
        return
    first = len(reading.columns)
    values = ", ".join(
        f"CASE WHEN json_valid(_json(CAST(c{index} AS VARCHAR))) "
        f"THEN _clean(json_extract_string(_json(CAST(c{index} AS VARCHAR)), {pointer(keys)})) END AS c{first + number}"
        for number, (_, index, keys) in enumerate(found)
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {RAW} AS SELECT *, {values} FROM {RAW}")
    reading.columns.extend(name for name, _, _ in found)


def add_empty(connection: duckdb.DuckDBPyConnection, reading: Reading, names: Sequence[str]) -> None:
    """Add columns that no row of the file has."""
    for name in names:
        connection.execute(f"ALTER TABLE {RAW} ADD COLUMN c{len(reading.columns)} VARCHAR")
        reading.columns.append(name)
        reading.types.append("VARCHAR")
