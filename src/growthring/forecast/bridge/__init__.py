"""Bridges: why one forecast differs from another, or from what came, part by part and to the last digit (FC-28)."""

from growthring.forecast.bridge.bridge import Bridge, bridge
from growthring.forecast.bridge.ends import KNOWN_SCHEMA, TAG_SCHEMA, End, actual_end, forecast_end
from growthring.forecast.bridge.parts import MEANING, PARTS

__all__ = [
    "KNOWN_SCHEMA",
    "MEANING",
    "PARTS",
    "TAG_SCHEMA",
    "Bridge",
    "End",
    "actual_end",
    "bridge",
    "forecast_end",
]
