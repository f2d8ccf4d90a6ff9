"""Models that compete with the product's own: simple ones always, others behind extras."""

from growthring.forecast.challengers.simple import Drift, Naive

__all__ = ["Drift", "Naive"]
