"""The relations of event rollup, in the order in which they build on one another.

They read ``event``, a view of the raw records made by `reading`: key_hash, event_key, account_id, meter, dimensions, used_at,
used_on, quantity, accepted, reason, shown, source_file.
"""

from growthring.engine.relation import Relation, relation
from growthring.pricing.rollup.mapping import EventMapping, Grain

PACKAGE = "growthring.pricing.rollup"

NAMES = (
    "event_total",
    "repeated_hash",
    "repeated_event",
    "event_content",
    "event_correction",
    "event_rollup",
    "event_conflict",
    "event_rejection",
    "event_tally",
)

COMPUTED = ("repeated_hash", "repeated_event", "event_content")
"""Small relations that several others read: computed once, the others stay views."""


def rollup_chain() -> tuple[Relation, ...]:
    """Return all relations."""
    return tuple(relation(PACKAGE, name) for name in NAMES)


def definition(mapping: EventMapping, grain: Grain) -> tuple[str, ...]:
    """Return the texts that, with the events themselves, decide what a rollup holds."""
    return (mapping.model_dump_json(), grain.value, *(each.sql for each in rollup_chain()))
