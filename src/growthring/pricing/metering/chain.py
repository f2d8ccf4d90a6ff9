"""The chain of relations from usage records to metered quantities, as the meters in use need it."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from growthring.engine.relation import Relation, relation
from growthring.pricing.meter import Meter
from growthring.pricing.metering.family import Family, family_of, states_level
from growthring.tables.rated import METERED

PACKAGE = "growthring.pricing.metering"

END_OF_TIME = datetime(9999, 12, 31)

_SERIES = ("subscription_id", "account_id", "meter", "dimensions", "period_start", "period_end", "bucket_at")
CHANGE_COLUMNS = (*_SERIES, "change", "time_left", "time_whole", "is_recurring", "event_amount")
LEVEL_COLUMNS = (*_SERIES, "time_whole", "opening", "opening_time", "closing", "whole", "rest", "events", "event_amount")

_QUANTITY = {
    Family.PLAIN: "plain_quantity",
    Family.TOTAL: "total_quantity",
    Family.PERCENTILE: "percentile_quantity",
    Family.LEVEL: "level_quantity",
}
"""The relation that holds the quantities of each family."""


def metering_chain(meters: Iterable[Meter], as_of: datetime = END_OF_TIME, *, has_corrections: bool = False) -> list[Relation]:
    """Return the relations from ``usage`` and the input tables to quantities, in order; the last one is ``metered``.

    ``metered_event`` is among them when a meter keeps every record apart, ``metered_change`` when a meter is prorated.

    Args:
        meters: The meters in use; relations that none of them needs are left out.
        as_of: Records known later, and periods that begin later, are not seen.
        has_corrections: The table ``usage_correction`` has rows; otherwise it is not read.
    """
    used = list(meters)
    values = {"as_of": as_of}

    def step(name: str, called: str | None = None) -> Relation:
        found = relation(PACKAGE, name, values, called=called)
        return _corrected(found) if has_corrections else found

    families = sorted({family_of(meter) for meter in used}) or [Family.PLAIN]
    chain = [step("subscription_period"), step("usage_window")]
    if has_corrections:
        chain.insert(0, relation(PACKAGE, "current_usage", values))
    if families != [Family.PLAIN] or any(meter.per_event for meter in used):
        chain.append(replace(step("metered_record"), is_light=True))
    if any(meter.per_event for meter in used):
        chain.append(step("metered_event"))
    if Family.LEVEL in families:
        chain += _level_steps([meter for meter in used if family_of(meter) is Family.LEVEL], step)
    if any(meter.prorated for meter in used):
        chain.append(step("metered_change"))
    chain += [replace(step(_QUANTITY[family]), is_light=True) for family in families]
    chain.append(_together("aggregated", [_QUANTITY[family] for family in families], METERED.column_names))
    rounds = any(meter.rounding for meter in used)
    chain.append(step("metered" if rounds else "metered_unrounded", called="metered"))
    return chain


def _corrected(step: Relation) -> Relation:
    """Return a relation that reads usage in force instead of usage as it was recorded."""
    return replace(step, sql=re.sub(r"\bFROM usage\b", "FROM current_usage AS usage", step.sql))


def _level_steps(meters: Sequence[Meter], step: Callable[[str], Relation]) -> list[Relation]:
    """Return the relations from records to levels by period."""
    changes = _chosen({"level_observation": any(map(states_level, meters)), "level_addition": not all(map(states_level, meters))})
    levels = _chosen({"level_recurring": any(m.recurring for m in meters), "level_single": not all(m.recurring for m in meters)})
    return [
        *map(step, changes),
        _together("level_change", changes, CHANGE_COLUMNS),
        step("level_period"),
        *map(step, levels),
        _together("level", levels, LEVEL_COLUMNS),
    ]


def _chosen(needed: dict[str, bool]) -> list[str]:
    return [name for name, is_needed in needed.items() if is_needed]


def _together(name: str, sources: Sequence[str], columns: Sequence[str]) -> Relation:
    """Return the rows of several relations as one."""
    selects = [
        "SELECT\n" + ",\n".join(f"  {source}.{column} AS {column}" for column in columns) + f"\nFROM {source}"
        for source in sources
    ]
    return Relation(name, "\nUNION ALL\n".join(selects), is_light=True)
