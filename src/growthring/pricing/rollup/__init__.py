"""Event logs too large to be copied row by row: rolled up month by month to deduplicated quantities."""

from growthring.pricing.rollup.as_usage import usage_select
from growthring.pricing.rollup.event_file import EventFile
from growthring.pricing.rollup.mapping import EventMapping, Grain
from growthring.pricing.rollup.publishing import ROLLUP_FILE, EventCounts
from growthring.pricing.rollup.roll_up import ENGINES, RollUp, roll_up

__all__ = ["ENGINES", "ROLLUP_FILE", "EventCounts", "EventFile", "EventMapping", "Grain", "RollUp", "roll_up", "usage_select"]
