"""A price book says what was written: clock times, leading zeros, exact decimals; what cannot work is refused."""

from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest

from growthring.kernel.errors import ConfigurationError
from growthring.pricing.book import read_books, read_yaml

_BOOK = """
name: calls
currency: USD
meters:
  - id: calls
    derived: [{name: hours, time_of_day: [{name: night, start: 22:00, end: 06:00}]}]
versions:
  - effective_from: 2025-01-01
    components:
      - {id: calls, meter: calls, price: {model: per_unit, unit_price: 0.1}}
assign: [{accounts: [0042]}]
"""


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("22:00", "22:00"),
        ("1:30", "1:30"),
        ("012", "012"),
        ("0o14", "0o14"),
        ("0x1F", "0x1F"),
        ("1e3", "1e3"),
        ("12", 12),
        ("0", 0),
        ("-5", -5),
        ("1_000", 1000),
        ("0.10", Decimal("0.10")),
        ("-.5", Decimal("-0.5")),
        ("1_000.25", Decimal("1000.25")),
    ],
)
def test_numbers_are_read_as_people_write_them(tmp_path: Path, written: str, read: object) -> None:
    path = tmp_path / "value.yaml"
    path.write_text(f"value: {written}\n")
    value = read_yaml(path)["value"]
    assert (type(value), value) == (type(read), read)


def test_clock_times_and_account_ids_need_no_quotes(tmp_path: Path) -> None:
    (tmp_path / "calls.yaml").write_text(_BOOK)
    (book,), _ = read_books(tmp_path)
    (band,) = book.meters[0].derived[0].time_of_day
    assert (band.start, band.end) == (time(22), time(6))
    assert book.assign[0].accounts == ("0042",)


def test_a_percentage_with_limits_for_each_event_needs_a_meter_that_keeps_events(tmp_path: Path) -> None:
    price = "{model: percentage, rate: 2.9, free_events: 1}"
    (tmp_path / "calls.yaml").write_text(_BOOK.replace("{model: per_unit, unit_price: 0.1}", price))
    with pytest.raises(ConfigurationError, match="calls of calls has limits for each event; calls needs per_event: true"):
        read_books(tmp_path)
