"""Meters: how usage records become one quantity per billing period.

Sources of the semantics: Lago billable metrics, OpenMeter meters, Stripe meters, Orb metrics, Flexprice features.
"""

from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

_KEY = r"^[A-Za-z0-9_.:/-]+$"


class Model(BaseModel):
    """A part of a price book file: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Aggregation(StrEnum):
    """How records become one number."""

    SUM = "sum"
    COUNT = "count"
    UNIQUE = "unique"
    MAX = "max"
    MIN = "min"
    LATEST = "latest"
    AVERAGE = "average"
    WEIGHTED_SUM = "weighted_sum"
    PERCENTILE = "percentile"


_LASTING = (Aggregation.SUM, Aggregation.COUNT, Aggregation.UNIQUE, Aggregation.LATEST, Aggregation.WEIGHTED_SUM)
_PRORATED = (Aggregation.SUM, Aggregation.COUNT, Aggregation.UNIQUE)


def _listed(aggregations: tuple[Aggregation, ...]) -> str:
    return ", ".join(each.value for each in aggregations)


class Bucket(StrEnum):
    """The clock a meter with buckets restarts on, in UTC hours or days of the billing time zone."""

    NONE = "none"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


class Rounding(StrEnum):
    """Direction of a rounding; half_up takes ties away from zero."""

    NONE = "none"
    HALF_UP = "half_up"
    CEILING = "ceiling"
    FLOOR = "floor"


class QuantityRounding(Model):
    """Rounding of an aggregated quantity."""

    mode: Rounding = Field(Rounding.HALF_UP, description="Direction.")
    precision: int = Field(0, ge=-6, le=6, description="Decimals kept; negative numbers round to tens, hundreds.")


class Conversion(Model):
    """Turns the meter's unit into the unit that is priced: convert, then round."""

    operation: str = Field("divide", pattern="^(multiply|divide)$", description="multiply or divide by the factor.")
    factor: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=8)] = Field(
        description="Units per priced unit, or its inverse."
    )
    round: Rounding = Field(Rounding.NONE, description="Rounding of the converted quantity.")
    precision: int = Field(0, ge=-6, le=6, description="Decimals kept by the rounding.")


class TimeBand(Model):
    """Hours of the day, half-open; a band may wrap midnight."""

    name: str = Field(pattern=_KEY, description="Value of the dimension.")
    start: time = Field(description="First minute, HH:MM.")
    end: time = Field(description="First minute after it, HH:MM.")


class DayTypes(Model):
    """Kinds of days: the value is `holiday`, `weekend` or `weekday`."""

    weekend: tuple[int, ...] = Field((6, 7), description="ISO days of the week that are weekend; 1 is Monday.")
    holidays: tuple[date, ...] = Field((), description="Days that count as holidays, before weekends.")


class DerivedDimension(Model):
    """A dimension computed from the time of a record, in the billing time zone."""

    name: str = Field(pattern=_KEY, description="Name of the dimension.")
    time_of_day: tuple[TimeBand, ...] = Field((), description="Bands of hours; other hours have the value `other`.")
    day_type: DayTypes | None = Field(None, description="Kinds of days.")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.time_of_day) == (self.day_type is not None):
            raise ValueError("a derived dimension needs either time_of_day or day_type")
        return self


class Meter(Model):
    """One meter.

    A record counts when its `meter` equals `event` and every filter holds.
    """

    id: str = Field(pattern=_KEY, description="Identifier that price components name.")
    event: str = Field("", description="Value of the usage records' `meter`; empty means the id.")
    aggregation: Aggregation = Field(Aggregation.SUM, description="How records become one number.")
    unit: str = Field("", description="What one unit is called on a bill.")
    filters: dict[str, tuple[str, ...]] = Field({}, description="Allowed values by dimension; records with others do not count.")
    dimensions: tuple[str, ...] = Field((), description="Dimensions kept apart, because prices depend on them.")
    derived: tuple[DerivedDimension, ...] = Field((), description="Dimensions computed from the time of a record.")
    bucket: Bucket = Field(
        Bucket.NONE, description="Aggregate inside each bucket; each bucket is priced on its own, then summed."
    )
    per_event: bool = Field(False, description="Keep every record apart, for fees, minimums and maximums per event.")
    recurring: bool = Field(False, description="The level at the end of a period is the level at the start of the next.")
    prorated: bool = Field(
        False, description="Recurring units count for the share of days they were there, rounded up to 5 decimals."
    )
    level: bool = Field(False, description="weighted_sum: values are levels (gauges) rather than changes of a level.")
    percentile: Annotated[Decimal, Field(gt=0, le=100, decimal_places=6)] = Field(
        Decimal(95), description="percentile: nearest rank, in percent."
    )
    negative: str = Field("clamp", pattern="^(clamp|keep)$", description="What becomes of a total below zero: 0, or kept.")
    rounding: QuantityRounding | None = Field(None, description="Rounding of the aggregated quantity.")

    @model_validator(mode="after")
    def _meaningful(self) -> Self:
        if self.recurring and self.aggregation not in _LASTING:
            raise ValueError(f"recurring has a meaning for {_listed(_LASTING)}, not for {self.aggregation}")
        if self.prorated and self.aggregation not in _PRORATED:
            raise ValueError(f"prorated has a meaning for {_listed(_PRORATED)}, not for {self.aggregation}")
        if self.level and self.aggregation is not Aggregation.WEIGHTED_SUM:
            raise ValueError(f"level has a meaning for weighted_sum, not for {self.aggregation}")
        lasting = self.recurring or self.prorated or self.aggregation is Aggregation.WEIGHTED_SUM
        if self.bucket is not Bucket.NONE and lasting:
            raise ValueError("a level that lasts through the period cannot restart in buckets: leave out bucket")
        return self

    @property
    def event_name(self) -> str:
        """Value of the usage records' `meter` that counts."""
        return self.event or self.id

    @property
    def kept_dimensions(self) -> tuple[str, ...]:
        """Names of all dimensions kept apart, in the order in which they are written."""
        return tuple(sorted((*self.dimensions, *(each.name for each in self.derived))))
