"""Which columns of an event log say what, and which events count."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Grain(StrEnum):
    """What one row of a rollup covers: a UTC day or a UTC month."""

    DAY = "day"
    MONTH = "month"


class EventMapping(BaseModel):
    """How raw events are read.

    Columns are named as in the files; ``data.tokens`` reads a field of a nested column. Times without an offset are UTC.

    Example:
        >>> EventMapping(key=("source", "id"), account_id="subject", used_at="time").key
        ('source', 'id')
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: tuple[str, ...] = Field(
        ("event_id",),
        min_length=1,
        description="Columns that identify an event within its month: the id, source and id, or id and time.",
    )
    account_id: str = Field("account_id", description="Column of the customer.")
    meter: str = Field("meter", description="Column that says what was counted.")
    used_at: str = Field("used_at", description="Column of the time of consumption.")
    quantity: str = Field("quantity", description="Column of the amount consumed; empty counts every event as 1.")
    dimensions: tuple[str, ...] = Field((), description="Columns of the properties that prices depend on.")
    meters: tuple[str, ...] = Field((), description="Known meters; events of others become problems. Empty takes all.")
    before: datetime | None = Field(None, description="Events at or after this time become problems; UTC without an offset.")
    allow_negative: bool = Field(False, description="Whether a quantity below zero counts rather than becoming a problem.")

    @model_validator(mode="after")
    def _distinct_key(self) -> Self:
        if len(set(self.key)) < len(self.key):
            raise ValueError(f"the key names a column twice: {', '.join(self.key)}")
        return self

    @field_validator("before")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value and value.tzinfo else value

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns that are read, each once."""
        named = (*self.key, self.account_id, self.meter, self.used_at, self.quantity, *self.dimensions)
        return tuple(dict.fromkeys(name for name in named if name))
