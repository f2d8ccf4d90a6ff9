"""Entries about forecasts: what people know that the data cannot, and the forecasts that were published."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


class OverrideLayer(StrEnum):
    """Which voice an override speaks with; a forecast folds them in this order."""

    KNOWN_RAMP = "known_ramp"
    """Use that is agreed and not yet in the data: a launch, a migration."""
    PRICE_EVENT = "price_event"
    """A price that changes on a known day."""
    EXTERNAL_EVENT = "external_event"
    """Something outside the company that moves usage (FC-09)."""
    REP = "rep"
    """What the account's seller knows (FC-04)."""
    MANAGER = "manager"
    """What a manager makes of the sellers' calls."""
    TOPSIDE = "topside"
    """What finance adds or holds back over everything."""


class OverrideMethod(StrEnum):
    """How an override changes the months it speaks about."""

    ADD = "add"
    """Add an amount a month."""
    MULTIPLY = "multiply"
    """Multiply by a factor."""
    REPLACE = "replace"
    """Put an amount a month in place of what was there."""


class OverrideReason(StrEnum):
    """Why somebody departs from the model, coded so that reasons can be scored (FC-04, FC-05)."""

    NEW_USE_CASE = "new_use_case"
    EXPANSION = "expansion"
    RAMP = "ramp"
    MIGRATION = "migration"
    PRICE_CHANGE = "price_change"
    BUDGET_CUT = "budget_cut"
    CHURN_RISK = "churn_risk"
    SEASONAL = "seasonal"
    ONE_OFF = "one_off"
    EXTERNAL = "external"
    CORRECTION = "correction"
    OTHER = "other"


class GrowthReason(StrEnum):
    """Why an account's usage changed (FC-05)."""

    STRUCTURAL = "structural"
    ONE_OFF = "one_off"
    SEASONAL = "seasonal"
    EXTERNAL = "external"
    UNKNOWN = "unknown"


class ForecastState(StrEnum):
    """How far a forecast has been agreed."""

    OPEN = "open"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    LOCKED = "locked"


NEXT_STATES: Mapping[ForecastState, tuple[ForecastState, ...]] = {
    ForecastState.OPEN: (ForecastState.SUBMITTED,),
    ForecastState.SUBMITTED: (ForecastState.APPROVED, ForecastState.OPEN),
    ForecastState.APPROVED: (ForecastState.LOCKED, ForecastState.OPEN),
    ForecastState.LOCKED: (),
}
"""Where each state may lead: forward one step, or back to open until it is locked."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """An entry taken back before its time.

    Attributes:
        expired_at: When, UTC.
        author: Who took it back.
        because: Why.
    """

    expired_at: datetime
    author: str
    because: str


@dataclass(frozen=True, slots=True)
class Override:
    """A person's change to a forecast, kept beside it and never over it.

    It is about one account (and one of its series), about all accounts with a value of an attribute, or about everything.

    Attributes:
        override_id: The entry's number.
        layer: Which voice it speaks with.
        method: How it changes the forecast.
        amount: An amount a month in the measure's unit, or a factor for multiply.
        measure: What is forecast: ``revenue``, or ``usage:METER``.
        first_month: First month it holds for, counted as year × 12 + month − 1.
        last_month: Last month it holds for, included; nothing means for good.
        reason_code: Why, coded.
        note: Why, in words.
        confidence: How sure the author is, 0 to 1.
        author: Who says so.
        recorded_at: When it was said, UTC.
        account_id: The account; nothing means that it is about more than one.
        series: The account's product or meter; nothing means all of them.
        attribute: Attribute of accounts, such as ``segment``.
        value: The attribute's value.
        expires_on: Day after which it no longer counts; nothing means never.
        expired_by: The entry that took it back, if any.
    """

    override_id: int
    layer: OverrideLayer
    method: OverrideMethod
    amount: Decimal
    measure: str
    first_month: int
    last_month: int | None
    reason_code: OverrideReason
    note: str
    confidence: float
    author: str
    recorded_at: datetime
    account_id: str | None = None
    series: str | None = None
    attribute: str | None = None
    value: str | None = None
    expires_on: date | None = None
    expired_by: Expiry | None = None

    def counts_on(self, day: date) -> bool:
        """Return whether a forecast made on a day uses it: not taken back, and not past its last day."""
        return self.expired_by is None and (self.expires_on is None or day <= self.expires_on)

    @property
    def scope(self) -> str:
        """What it is about, in words: ``acme``, ``acme / etl``, ``segment=enterprise`` or ``everything``."""
        if self.account_id is not None:
            return self.account_id if self.series is None else f"{self.account_id} / {self.series}"
        return "everything" if self.attribute is None else f"{self.attribute}={self.value}"


@dataclass(frozen=True, slots=True)
class ExternalEvent:
    """Something outside the company that moves the usage of accounts with a value of an attribute (FC-09).

    Attributes:
        event_id: The entry's number.
        name: What it is called.
        attribute: Attribute of the accounts it touches; nothing means all accounts.
        value: The attribute's value.
        first_month: First month in which it acts, counted as year × 12 + month − 1.
        last_month: Last month in which it acts, included; nothing means for good.
        note: What happened.
        author: Who says so.
        recorded_at: When it was said, UTC.
        expired_by: The entry that took it back, if any.
    """

    event_id: int
    name: str
    attribute: str | None
    value: str | None
    first_month: int
    last_month: int | None
    note: str
    author: str
    recorded_at: datetime
    expired_by: Expiry | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an account's usage changed over a stretch of months (FC-05); a later one about the same months speaks for them.

    Attributes:
        reason_id: The entry's number.
        account_id: The account.
        series: Its product or meter; nothing means all of them.
        first_month: First month, counted as year × 12 + month − 1.
        last_month: Last month, included.
        code: Why, coded.
        evidence: What it is known from.
        author: Who says so.
        recorded_at: When it was said, UTC.
    """

    reason_id: int
    account_id: str
    series: str | None
    first_month: int
    last_month: int
    code: GrowthReason
    evidence: str
    author: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class StateChange:
    """A step of a forecast towards being agreed.

    Attributes:
        forecast_id: The forecast.
        state: The state from then on.
        author: Who took the step.
        because: Why.
        changed_at: When, UTC.
    """

    forecast_id: str
    state: ForecastState
    author: str
    because: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ForecastRecord:
    """A published forecast: its lines lie in the store and never change.

    Attributes:
        forecast_id: Its identifier, made from its content.
        artifact: Key of the store artifact that holds its lines.
        measure: What is forecast: ``revenue``, or ``usage:METER``.
        as_of: The instant whose knowledge was used, UTC.
        origin: The last month known to it, counted as year × 12 + month − 1.
        horizon: Months ahead.
        snapshot_id: The data it was made from.
        facts: What else is to be known about it: unit, model, policy, overrides used, coverage.
        note: What it is for.
        author: Who published it.
        recorded_at: When, UTC.
        changes: The steps it took since, oldest first.
    """

    forecast_id: str
    artifact: str
    measure: str
    as_of: datetime
    origin: int
    horizon: int
    snapshot_id: str
    facts: Mapping[str, Any]
    note: str
    author: str
    recorded_at: datetime
    changes: tuple[StateChange, ...] = field(default=())

    @property
    def state(self) -> ForecastState:
        """How far it has been agreed."""
        return self.changes[-1].state if self.changes else ForecastState.OPEN


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided where the product made a suggestion, kept so that suggestions can be judged.

    Attributes:
        decision_id: The entry's number.
        kind: What sort of question, such as ``commitment_price``.
        subject: What it is about, such as an account.
        choice: What was decided.
        amount: The amount agreed, if there is one.
        note: Why.
        author: Who decided.
        recorded_at: When, UTC.
    """

    decision_id: int
    kind: str
    subject: str
    choice: str
    amount: Decimal | None
    note: str
    author: str
    recorded_at: datetime
