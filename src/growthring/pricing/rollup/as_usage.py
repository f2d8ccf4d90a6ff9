"""A rollup by day as rows of the canonical table ``usage``, for meters that add up."""

from datetime import datetime

from growthring.engine.relation import literal
from growthring.pricing.rollup.roll_up import RollUp
from growthring.tables.usage import USAGE


def usage_select(rollup: RollUp, known_at: datetime) -> str:
    """Return a SELECT of canonical usage: one record for each account, meter, dimensions and day (or month, at its first day).

    The events behind a row are gone, so that a meter over these rows may add quantities up, but not count events or distinct
    things; for a count, roll up without a quantity.

    Args:
        rollup: What `roll_up` returned; at least one month.
        known_at: When the rollup became known, UTC.
    """
    values = {
        "usage_id": "account_id || '/' || meter || '/' || dimensions || '/' || CAST(used_on AS VARCHAR)",
        "account_id": "account_id",
        "product_id": "meter",
        "meter": "meter",
        "used_at": "CAST(used_on AS TIMESTAMP)",
        "quantity": "quantity",
        "operation": "'add'",
        "dimensions": "NULLIF(dimensions, '')",
        "known_at": literal(known_at),
        "source_file": "filename",
        "source_row": "file_row_number + 1",
    }
    columns = ", ".join(
        f"CAST({values.get(column.name, 'NULL')} AS {column.type.value}) AS {column.name}" for column in USAGE.columns
    )
    files = ", ".join(literal(str(file)) for file in rollup.files)
    return f"SELECT {columns} FROM read_parquet([{files}], file_row_number = true, hive_partitioning = false)"
