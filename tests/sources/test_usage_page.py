"""The examples of docs/how-to/usage-events.md give what the page says."""

import re
import tomllib
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from growthring.sources.config import SourceConfig

from .conftest import Reader

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "usage-events.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def sources() -> list[SourceConfig]:
    return [SourceConfig(**entry) for block in blocks("toml") for entry in tomllib.loads(block)["sources"]]


def test_the_events_of_the_page_become_the_rows_it_shows(reader: Reader):
    reader.write("events/2025-01.jsonl", blocks("json")[0])
    reader.run(sources()[0])
    rows = reader.rows("usage", "usage_id, account_id, used_at, quantity, dimensions")
    assert rows == [
        ("/eu|e1", "acct_1", datetime(2025, 1, 31, 23, 59, 59), Decimal("0.1"), "model=m%3D1"),
        ("/eu|e3", "acct_2", datetime(2025, 1, 31, 23, 30), Decimal("123456789012.345678"), None),
    ]
    for usage_id, account, used_at, quantity, dimensions in rows:
        shown = f"`{dimensions}` " if dimensions else ""
        assert f"| `{usage_id.replace('|', chr(92) + '|')}` | {account} | {used_at} | {quantity:.6f} | {shown}|" in PAGE
    assert reader.problems("code, row_number") == [("DUPLICATE_COLLAPSED", 2), ("NOT_A_NUMBER", 3)]


def test_the_stricter_source_of_the_page_is_valid_and_used(reader: Reader):
    lines = blocks("json")[0].replace('"data"', '"receivedat": "2025-03-07T23:45:00Z", "data"')
    reader.write("events/2025-01.jsonl", lines)
    reader.run(sources()[1])
    assert [row[0] for row in reader.rows("usage", "usage_id")] == ["e1|2025-01-31T23:59:59.000000Z"]
    assert reader.problems("code, row_number") == [("DUPLICATE_COLLAPSED", 2), ("TOO_LATE", 3), ("TOO_LATE", 4)]


def test_the_corrections_of_the_page_are_read(reader: Reader):
    reader.write("events/2025-01.jsonl", blocks("json")[0])
    reader.write("corrections/2025-03.csv", blocks("csv")[0])
    reader.run(sources()[0], sources()[2])
    assert reader.rows("usage_correction", "correction_id, action, usage_id, quantity") == [
        ("c1", "amend", "/eu|e1", Decimal("0.25")),
        ("c2", "withdraw", "/eu|e3", None),
        ("c3", "backfill", None, None),
    ]
