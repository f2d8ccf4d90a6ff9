"""Finding the keys that come more than once, by sorting 64-bit hashes: much cheaper than grouping the keys themselves."""

import duckdb
import numpy as np

SLICE = 16_000_000
"""Hashes sorted at once; 128 MB."""


def find_repeated_hashes(connection: duckdb.DuckDBPyConnection, records: int) -> None:
    """Make the table `repeated_hash` of the view `event`: the same rows as the relation of that name.

    Args:
        connection: DuckDB with the view.
        records: Number of records in the view.
    """
    connection.execute("CREATE OR REPLACE TEMP TABLE repeated_hash (key_hash UBIGINT)")
    slices = -(-records // SLICE)
    for number in range(slices):
        part = f" WHERE key_hash % {slices} = {number}" if slices > 1 else ""
        hashes = connection.execute(f"SELECT key_hash FROM event{part}").fetchnumpy()["key_hash"]
        hashes.sort()
        repeated = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
        connection.register("found_hash", {"key_hash": repeated})
        connection.execute("INSERT INTO repeated_hash FROM found_hash")
        connection.unregister("found_hash")
