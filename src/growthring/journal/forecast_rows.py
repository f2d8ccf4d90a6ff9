"""Queries over the journal's tables about forecasts, and how their rows become entries."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Row, Select, Table, select

from growthring.journal.forecast_entries import (
    Decision,
    Expiry,
    ExternalEvent,
    ForecastState,
    GrowthReason,
    Override,
    OverrideLayer,
    OverrideMethod,
    OverrideReason,
    Reason,
    StateChange,
)
from growthring.journal.forecast_schema import (
    DECISION,
    EXTERNAL_EVENT,
    EXTERNAL_EVENT_EXPIRY,
    FORECAST_OVERRIDE,
    FORECAST_OVERRIDE_EXPIRY,
    FORECAST_STATE,
    GROWTH_REASON,
    PUBLISHED_FORECAST,
)


def _with_expiry(table: Table, expiry: Table, key: str) -> Select[Any]:
    """Return every entry beside the entry that took it back."""
    taken_back: list[Column[Any]] = [expiry.c.expired_at, expiry.c.author, expiry.c.because]
    labelled = [column.label(f"taken_back_{column.name}") for column in taken_back]
    return select(table, *labelled).join(expiry, table.c[key] == expiry.c[key], isouter=True).order_by(table.c[key])


OVERRIDES = _with_expiry(FORECAST_OVERRIDE, FORECAST_OVERRIDE_EXPIRY, "override_id")

EVENTS = _with_expiry(EXTERNAL_EVENT, EXTERNAL_EVENT_EXPIRY, "event_id")

REASONS = select(GROWTH_REASON).order_by(GROWTH_REASON.c.reason_id)

FORECASTS = select(*list(PUBLISHED_FORECAST.c)[1:]).order_by(PUBLISHED_FORECAST.c.record_id)

STATES = select(*list(FORECAST_STATE.c)[1:]).order_by(FORECAST_STATE.c.change_id)

DECISIONS = select(DECISION).order_by(DECISION.c.decision_id)


def overrides_of(rows: Iterable[Row[Any]], known_at: datetime | None = None) -> list[Override]:
    """Read overrides, each with its expiry, as known at an instant."""
    return [_override(_split(row, known_at)) for row in rows if known_at is None or row.recorded_at <= known_at]


def events_of(rows: Iterable[Row[Any]], known_at: datetime | None = None) -> list[ExternalEvent]:
    """Read external events, each with its expiry, as known at an instant."""
    return [ExternalEvent(**_split(row, known_at)) for row in rows if known_at is None or row.recorded_at <= known_at]


def reason_of(row: Row[Any]) -> Reason:
    """Read why usage changed."""
    values = row._asdict()
    return Reason(**values | {"code": GrowthReason(values["code"])})


def state_of(row: Row[Any]) -> StateChange:
    """Read a step of a forecast."""
    values = row._asdict()
    return StateChange(**values | {"state": ForecastState(values["state"])})


def decision_of(row: Row[Any]) -> Decision:
    """Read a decision."""
    return Decision(**row._asdict())


def _override(values: dict[str, Any]) -> Override:
    coded: dict[str, Any] = {
        "layer": OverrideLayer(values["layer"]),
        "method": OverrideMethod(values["method"]),
        "reason_code": OverrideReason(values["reason_code"]),
    }
    return Override(**values | coded)


def _split(row: Row[Any], known_at: datetime | None) -> dict[str, Any]:
    """Return an entry's values, its expiry among them unless it was recorded later."""
    values = row._asdict()
    prefix = "taken_back_"
    taken_back = {name.removeprefix(prefix): values.pop(name) for name in list(values) if name.startswith(prefix)}
    at = taken_back["expired_at"]
    is_taken_back = at is not None and (known_at is None or at <= known_at)
    return values | {"expired_by": Expiry(**taken_back) if is_taken_back else None}
