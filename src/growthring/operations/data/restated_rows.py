"""The input rows behind a restatement: which came late, which were corrected, which were removed."""

from typing import Any

from growthring.engine.relation import literal
from growthring.engine.snapshot import Partition, Snapshot
from growthring.operations.reading import Reading
from growthring.tables import CANONICAL

_DOCUMENTS = ("invoice_line", "contract_line", "contract", "fx_rate", "account")
_PROVENANCE = ("known_at", "source_file", "source_row")


def restated_rows(reading: Reading, before: Snapshot, customers: list[str], top: int) -> list[dict[str, Any]]:
    """Return the rows that differ between two snapshots, those of the named customers first.

    Args:
        reading: An open ledger over the snapshot of today.
        before: The snapshot that was reported.
        customers: Customers whose figures changed.
        top: Most rows returned for each table; 0 returns all.
    """
    rows: list[dict[str, Any]] = []
    for name in _DOCUMENTS:
        rows += _changes(reading, name, before, customers, top)
    return rows


def _changes(reading: Reading, name: str, before: Snapshot, customers: list[str], top: int) -> list[dict[str, Any]]:
    same = {part.sha256 for part in before.parts(name)} & {part.sha256 for part in reading.snapshot.parts(name)}
    old = _select(reading, name, [part for part in before.parts(name) if part.sha256 not in same])
    new = _select(reading, name, [part for part in reading.snapshot.parts(name) if part.sha256 not in same])
    table = CANONICAL[name]
    payload = [column for column in table.column_names if column not in (*table.key, *_PROVENANCE)]
    differs = " OR ".join(f"old.{column} IS DISTINCT FROM new.{column}" for column in payload)
    joined = " AND ".join(f"old.{column} IS NOT DISTINCT FROM new.{column}" for column in table.key)
    key = " || ' · ' || ".join(f"CAST(COALESCE(new.{column}, old.{column}) AS VARCHAR)" for column in table.key)
    account = "COALESCE(new.account_id, old.account_id)" if "account_id" in table.column_names else "''"
    was, now = ("old.amount", "new.amount") if "amount" in table.column_names else ("NULL", "NULL")
    found = reading.ledger.connection.execute(
        f"""
        SELECT
          CASE WHEN old.{table.key[0]} IS NULL THEN 'late' WHEN new.{table.key[0]} IS NULL THEN 'removed' ELSE 'corrected' END,
          {key}, {account}, {was}, {now}, CAST(COALESCE(new.known_at, old.known_at) AS VARCHAR),
          COALESCE(new.source_file, old.source_file), COALESCE(new.source_row, old.source_row)
        FROM ({old}) AS old FULL OUTER JOIN ({new}) AS new ON {joined}
        WHERE old.{table.key[0]} IS NULL OR new.{table.key[0]} IS NULL OR {differs}
        ORDER BY list_contains(?, {account}) DESC, 2 LIMIT {top or 1_000_000_000}
        """,
        [customers],
    ).fetchall()
    return [
        {
            "kind": "row",
            "change": change,
            "table": name,
            "key": row_key,
            "customer": customer,
            "amount_before": None if amount_before is None else str(amount_before),
            "amount_now": None if amount_now is None else str(amount_now),
            "known_at": known_at,
            "file": file,
            "row": row,
        }
        for change, row_key, customer, amount_before, amount_now, known_at, file, row in found
    ]


def _select(reading: Reading, name: str, parts: list[Partition]) -> str:
    columns = ", ".join(CANONICAL[name].column_names)
    if not parts:
        return f"SELECT {columns} FROM {name} WHERE FALSE"
    listed = ", ".join(literal(str(reading.project.store.path_of(part.artifact) / "rows.parquet")) for part in parts)
    return f"SELECT {columns} FROM read_parquet([{listed}])"
