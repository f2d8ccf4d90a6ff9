"""Timelines of grants as relations: one relation a segment, each over all timelines at once."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

from growthring.engine.relation import Relation, relation
from growthring.pricing.commitments.inputs import COUNT, MEASURED, TEXT, arrow_table
from growthring.pricing.commitments.timeline import Segment, TimedGrant, Timeline, segments

PACKAGE = "growthring.pricing.commitments"
_INSTANT = pa.timestamp("us")
_OWED = ""
"""Stands for the grant in the row that carries what is owed."""


@dataclass(frozen=True, slots=True)
class TimelineInputs:
    """What the relations of timelines read.

    Attributes:
        tables: Arrow tables by name.
        depth: Segments of the longest timeline.
    """

    tables: Mapping[str, pa.Table]
    depth: int


def timeline_inputs(timelines: Iterable[Timeline]) -> TimelineInputs:
    """Make the inputs: segments, what each does to each grant, and the uses."""
    cut = [(each, segments(each)) for each in timelines]
    openings = [row for each, parts in cut for number, part in enumerate(parts, start=1) for row in _openings(each, number, part)]
    measured = dict.fromkeys(("granted", "carry_max", "rollover_min", "rollover_max"), MEASURED)
    tables = {
        "timeline_opening": arrow_table(
            {"timeline_id": TEXT, "segment": COUNT, "place": COUNT, "grant_id": TEXT, "opening": TEXT, **measured}, openings
        ),
        "timeline_segment": arrow_table(
            {"timeline_id": TEXT, "segment": COUNT, "starts_at": _INSTANT, "ends_at": _INSTANT},
            [
                (each.timeline_id, number, part.starts_at, part.ends_at)
                for each, parts in cut
                for number, part in enumerate(parts, start=1)
            ],
        ),
        "timeline_use": arrow_table(
            {"timeline_id": TEXT, "used_at": _INSTANT, "quantity": MEASURED},
            [(each.timeline_id, use.used_at, use.quantity) for each, _ in cut for use in each.uses],
        ),
        "timeline_depth": arrow_table(
            {"timeline_id": TEXT, "segments": COUNT}, [(each.timeline_id, len(parts)) for each, parts in cut]
        ),
    }
    return TimelineInputs(tables, max((len(parts) for _, parts in cut), default=0))


def timeline_chain(inputs: TimelineInputs) -> list[Relation]:
    """Return the relations, in order; the last, ``timeline_balance``, holds a balance a grant, and what is owed without one."""
    chain = [relation(PACKAGE, "timeline_segment_use"), relation(PACKAGE, "timeline_start", called="state_0")]
    for number in range(1, inputs.depth + 1):
        burn = relation(PACKAGE, "timeline_burn", {"segment": number}, called=f"state_{number}")
        chain.append(Relation(burn.name, re.sub(r"\bstate_before\b", f"state_{number - 1}", burn.sql)))
    return [*chain, Relation("timeline_balance", f"SELECT timeline_id, grant_id, balance FROM state_{inputs.depth}")]


def _openings(timeline: Timeline, number: int, segment: Segment) -> list[tuple[object, ...]]:
    grants = timeline.ordered
    rows = [_opening_row(timeline, number, segment, place, grant) for place, grant in enumerate(grants, start=1)]
    owe = "forgive" if segment.drops_overage else "owe"
    nothing = (Decimal(0),) * 4
    return [*rows, (timeline.timeline_id, number, len(grants) + 1, _OWED, owe, *nothing)]


def _opening_row(timeline: Timeline, number: int, segment: Segment, place: int, grant: TimedGrant) -> tuple[object, ...]:
    limits = grant.amount, grant.carry_max, grant.rollover_min, grant.rollover_max
    return (timeline.timeline_id, number, place, grant.grant_id, segment.openings[grant.grant_id].value, *limits)
