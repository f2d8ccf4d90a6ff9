"""Whether two contenders found the same: every row of four results, to the cent, in any order."""

import sys
from pathlib import Path

import duckdb

_COLUMNS = {
    "ledger": "account_id::VARCHAR, product_id::VARCHAR, month::INTEGER, movement::VARCHAR, amount::DECIMAL(38,4)",
    "monthly": "month::INTEGER, movement::VARCHAR, amount::DECIMAL(38,4)",
    "retention": "month::INTEGER, base_amount::DECIMAL(38,4), current_amount::DECIMAL(38,4), retained_amount::DECIMAL(38,4)",
    "cohort": "first_month::INTEGER, month::INTEGER, active_customers::BIGINT, amount::DECIMAL(38,4)",
}


def differences(expected: Path, found: Path) -> list[str]:
    """Return what differs, with a few rows of each difference."""
    wrong = []
    for result, columns in _COLUMNS.items():
        here, there = (f"SELECT {columns} FROM '{folder}/{result}.parquet'" for folder in (expected, found))
        for side, first, second in (("only expected", here, there), ("only found", there, here)):
            rows = duckdb.sql(f"({first}) EXCEPT ALL ({second}) LIMIT 3").fetchall()
            if rows:
                wrong.append(f"{result}, {side}: {rows}")
        if not duckdb.sql(f"SELECT COUNT(*) FROM ({here})").fetchone()[0]:
            wrong.append(f"{result} is empty")
    return wrong


if __name__ == "__main__":
    duckdb.execute("SET memory_limit = '6GB'")
    found = differences(Path(sys.argv[1]), Path(sys.argv[2]))
    print("\n".join(found))
    sys.exit(1 if found else 0)
