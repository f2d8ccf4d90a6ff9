"""Which relation aggregates a meter."""

from enum import StrEnum

from growthring.pricing.meter import Aggregation, Bucket, Meter


class Family(StrEnum):
    """Meters that one relation aggregates; the value is the relation's prefix."""

    PLAIN = "plain"
    TOTAL = "total"
    PERCENTILE = "percentile"
    LEVEL = "level"


_LEVELS = (Aggregation.WEIGHTED_SUM, Aggregation.UNIQUE, Aggregation.LATEST)
_ADDITIVE = (Aggregation.SUM, Aggregation.COUNT)


def family_of(meter: Meter) -> Family:
    """Return the family of a meter.

    Plain ones need nothing but the records' meter and time; levels follow additions and removals through time.
    """
    if meter.aggregation in _LEVELS or meter.recurring or meter.prorated:
        return Family.LEVEL
    if meter.aggregation is Aggregation.PERCENTILE:
        return Family.PERCENTILE
    if meter.aggregation in _ADDITIVE and not keeps_dimensions(meter) and not needs_clock(meter) and meter.bucket is Bucket.NONE:
        return Family.PLAIN
    return Family.TOTAL


def keeps_dimensions(meter: Meter) -> bool:
    """Whether the records' dimensions matter to a meter."""
    return bool(meter.filters or meter.dimensions)


def needs_clock(meter: Meter) -> bool:
    """Whether the local day or hour of a record matters to a meter."""
    return bool(meter.derived) or meter.prorated or meter.bucket is Bucket.DAY


def states_level(meter: Meter) -> bool:
    """Whether records say what the level is, rather than what is added to it."""
    return meter.aggregation in (Aggregation.UNIQUE, Aggregation.LATEST) or meter.level
