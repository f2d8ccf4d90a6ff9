"""Metering: usage records become quantities per subscription, meter, dimensions and billing period."""

from growthring.pricing.metering.chain import metering_chain
from growthring.pricing.metering.inputs import INPUT_COLUMNS, load_metering_inputs

__all__ = ["INPUT_COLUMNS", "load_metering_inputs", "metering_chain"]
