"""Event rollup record by record in Python: what the relations must give, to the last digit."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, TypeAlias

from growthring.pricing.rollup.mapping import EventMapping, Grain
from growthring.pricing.rollup.publishing import EventCounts

Cell: TypeAlias = tuple[str, str, str, date]
"""account_id, meter, dimensions, used_on."""

_UNIT = Decimal("0.000001")
_LIMIT = Decimal(10) ** 12


def roll_up_records(
    records: Iterable[Mapping[str, Any]], mapping: EventMapping, grain: Grain
) -> tuple[dict[Cell, tuple[Decimal, int]], EventCounts]:
    """Return quantity and number of events by cell, and the counts.

    Args:
        records: Values by column: text, decimals, UTC times without a zone, or nothing.
        mapping: Roles of the columns.
        grain: Whether a cell covers a day or a month.
    """
    contents: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    read = rejected = 0
    for record in records:
        read += 1
        quantity = _quantity(record.get(mapping.quantity)) if mapping.quantity else Decimal(1)
        if quantity is None or not _is_complete(record, mapping, quantity):
            rejected += 1
            continue
        used_at: datetime = record[mapping.used_at]
        dimensions = ";".join(f"{name}={record[name]}" for name in sorted(mapping.dimensions) if record[name] is not None)
        key = (used_at.year, used_at.month, *(record[name] for name in mapping.key))
        content = (record[mapping.account_id], record[mapping.meter], dimensions, used_at, quantity)
        contents.setdefault(key, []).append(content)
    cells: dict[Cell, tuple[Decimal, int]] = {}
    conflicts = 0
    for copies in contents.values():
        if len(set(copies)) > 1:
            conflicts += len(copies)
            continue
        account, meter, dimensions, used_at, quantity = copies[0]
        used_on = used_at.date() if grain is Grain.DAY else used_at.date().replace(day=1)
        before, events = cells.get((account, meter, dimensions, used_on), (Decimal(0), 0))
        cells[account, meter, dimensions, used_on] = (before + quantity, events + 1)
    accepted = sum(events for _, events in cells.values())
    return cells, EventCounts(read, accepted, read - rejected - conflicts - accepted, conflicts, rejected)


def _quantity(value: object) -> Decimal | None:
    """Read a quantity with six decimals; nothing when it is not a number or has more than 12 digits before the point."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) >= _LIMIT:
        return None
    rounded = number.quantize(_UNIT, ROUND_HALF_UP)
    return rounded if abs(rounded) < _LIMIT else None


def _is_complete(record: Mapping[str, Any], mapping: EventMapping, quantity: Decimal) -> bool:
    filled = (*mapping.key, mapping.account_id, mapping.meter, mapping.used_at)
    return (
        all(record[name] not in (None, "") for name in filled)
        and (not mapping.meters or record[mapping.meter] in mapping.meters)
        and (mapping.before is None or record[mapping.used_at] < mapping.before)
        and (mapping.allow_negative or quantity >= 0)
    )
