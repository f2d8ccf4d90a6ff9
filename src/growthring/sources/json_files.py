"""JSON lines and JSON documents as rows of text. A number keeps the digits it was written with: none goes through a float.

DuckDB's JSON functions read a number with a point as a double. So every number is put between quotes first (macro `_json`)
unless a double keeps all its digits, and comes out as the text that stood there.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from growthring.sources.nested import nested, pointer
from growthring.sources.raw import RAW, Reading, UnreadableFileError, quoted, text_of

_LONGEST_LINE = 16_000_000


def read_json(connection: duckdb.DuckDBPyConnection, path: Path, limit: int | None, paths: Sequence[str]) -> Reading:
    """Read a file into the table `raw`: a column for each key of its objects, and one for each of the paths inside them.

    A line that is no JSON object becomes a malformed row. A file named `.json` may also be one array of objects, or one object.
    """
    _read_lines(connection, path, limit)
    plain = "NOT contains(line, chr(1)) AND NOT contains(line, chr(2))"  # JSON has no such characters, `_json` uses them
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _objects AS SELECT _row, object, is_object, CASE WHEN NOT is_object THEN line END AS line "
        "FROM (SELECT *, json_valid(object) AND starts_with(ltrim(object), '{') AS is_object "
        f"FROM (SELECT _row, line, CASE WHEN {plain} THEN _json(line) ELSE '' END AS object FROM _lines))"
    )
    connection.execute("DROP TABLE _lines")
    objects = "FROM _objects WHERE is_object"
    keys = connection.execute(f"SELECT DISTINCT unnest(json_keys(object)) {objects} ORDER BY 1").fetchall()
    columns = [str(key) for (key,) in keys]
    places: list[tuple[str, ...]] = [(name,) for name in columns]
    inside = [(name, (columns[index], *rest)) for name, index, rest in nested(paths, columns)]
    places.extend(place for _, place in inside)
    values = "".join(f"_clean(found[{index + 1}]) AS c{index}, " for index in range(len(places)))
    pointers = ", ".join(pointer(place) for place in places)
    found = f"json_extract_string(object, [{pointers}])" if places else "NULL"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {RAW} AS SELECT {values}_row FROM (SELECT {found} AS found, _row {objects})"
    )
    bad = connection.execute("SELECT _row, json_valid(object), line FROM _objects WHERE NOT is_object ORDER BY _row").fetchall()
    connection.execute("DROP TABLE _objects")
    malformed = [(row, "JSON, but not an object" if is_json else "no JSON", line) for row, is_json, line in bad]
    return Reading([*columns, *(name for name, _ in inside)], malformed=malformed, keys_are_optional=True)


def _read_lines(connection: duckdb.DuckDBPyConnection, path: Path, limit: int | None) -> None:
    """Make `_lines`: each line that is not blank, or each element of the array that a JSON document is."""
    if path.name.lower().removesuffix(".gz").endswith(".json") and _is_document(text_of(path)):
        _load_document(connection, text_of(path))
        return
    compression = "gzip" if path.name.lower().endswith(".gz") else "none"
    try:
        source = (
            f"read_csv({quoted(str(path))}, auto_detect = false, header = false, columns = {{'line': 'VARCHAR'}}, "
            f"delim = '\x01', quote = '', escape = '', compression = '{compression}', strict_mode = false, "
            f"max_line_size = {_LONGEST_LINE})"
        )
        _number_lines(connection, source, limit)
    except duckdb.Error:  # not UTF-8, or a line that is too long
        _load_lines(connection, text_of(path).split("\n"), limit)


def _number_lines(connection: duckdb.DuckDBPyConnection, source: str, limit: int | None) -> None:
    cut = f" LIMIT {limit}" if limit else ""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _lines AS SELECT line, row_number() OVER () AS _row "
        f"FROM {source} WHERE NOT regexp_full_match(line, '\\s*'){cut}"
    )


def _load_lines(connection: duckdb.DuckDBPyConnection, lines: Sequence[str], limit: int | None) -> None:
    import pyarrow

    connection.register("_loaded", pyarrow.table({"line": pyarrow.array(lines, pyarrow.string())}))
    _number_lines(connection, "_loaded", limit)
    connection.unregister("_loaded")


def _is_document(text: str) -> bool:
    """Whether a text is one JSON value rather than one on each line."""
    first, _, rest = text.strip().partition("\n")
    return first.startswith("[") or (bool(rest) and first.strip() in ("{", ""))


def _load_document(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    row = connection.execute(
        "SELECT CASE WHEN json_valid(_json(doc)) THEN json_type(_json(doc)) END FROM (SELECT $1 AS doc)", [text]
    ).fetchone()
    kind = row[0] if row else None
    if kind is None:
        raise UnreadableFileError("it is not valid JSON")
    elements = "unnest(json_extract(_json($1), '$[*]'))" if kind == "ARRAY" else "_json($1)"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _lines AS SELECT CAST(line AS VARCHAR) AS line, row_number() OVER () AS _row "
        f"FROM (SELECT {elements} AS line)",
        [text],
    )
