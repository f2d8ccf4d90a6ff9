"""The log of published forecasts: what was said, when, from what, and who agreed (FC-27)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert

from growthring.journal.database import writing
from growthring.journal.forecast_entries import NEXT_STATES, ForecastRecord, ForecastState, StateChange
from growthring.journal.forecast_rows import FORECASTS, STATES, state_of
from growthring.journal.forecast_schema import FORECAST_STATE, PUBLISHED_FORECAST
from growthring.journal.opened import OpenedJournal
from growthring.journal.rows import row_of
from growthring.kernel.errors import GrowthringError, UnknownValueError


class ForecastLog(OpenedJournal):
    """The part of the journal in which forecasts are published and agreed."""

    def record_forecast(
        self,
        forecast_id: str,
        artifact: str,
        *,
        measure: str,
        as_of: datetime,
        origin: int,
        horizon: int,
        snapshot_id: str,
        facts: Mapping[str, Any],
        author: str,
        note: str = "",
    ) -> ForecastRecord:
        """Publish a forecast; publishing the same content twice changes nothing.

        Args:
            forecast_id: Its identifier, made from its content.
            artifact: Key of the store artifact that holds its lines.
            measure: What is forecast: ``revenue``, or ``usage:METER``.
            as_of: The instant whose knowledge was used.
            origin: The last month known to it, counted as year × 12 + month − 1.
            horizon: Months ahead.
            snapshot_id: The data it was made from.
            facts: What else is to be known about it, as values that JSON can hold.
            author: Who publishes it.
            note: What it is for.

        Raises:
            GrowthringError: The identifier is known with another artifact.
        """
        with writing(self._engine) as connection:
            known = _find(connection, forecast_id)
            if known is None:
                record = ForecastRecord(
                    forecast_id=forecast_id,
                    artifact=artifact,
                    measure=measure,
                    as_of=as_of,
                    origin=origin,
                    horizon=horizon,
                    snapshot_id=snapshot_id,
                    facts=dict(facts),
                    note=note,
                    author=author,
                    recorded_at=self._clock(),
                )
                values = row_of(record)
                del values["changes"]
                connection.execute(insert(PUBLISHED_FORECAST).values(values))
                return record
        if known.artifact != artifact:
            raise GrowthringError(
                f"Forecast {forecast_id} was published with other content on {known.recorded_at:%Y-%m-%d}.",
                valid="A published forecast never changes.",
                remedy="Publish the new one beside it.",
            )
        return known

    def set_forecast_state(self, forecast_id: str, state: ForecastState, *, author: str, because: str = "") -> ForecastRecord:
        """Take a forecast a step on: open → submitted → approved → locked, or back to open until it is locked.

        Raises:
            UnknownValueError: No such forecast was published.
            GrowthringError: The step does not lead on from where the forecast is, or it leads back without a reason.
        """
        with writing(self._engine) as connection:
            record = _find(connection, forecast_id)
            if record is None:
                raise UnknownValueError("forecast", forecast_id, connection.scalars(FORECASTS))
            wanted = ForecastState(state)
            if wanted not in NEXT_STATES[record.state]:
                raise GrowthringError(
                    f"Forecast {forecast_id} is {record.state}; it cannot become {wanted}.",
                    valid=f"Valid from here: {', '.join(NEXT_STATES[record.state]) or 'nothing: a locked forecast stays'}.",
                )
            if wanted is ForecastState.OPEN and not because.strip():
                raise GrowthringError("No reason was given for opening it again.", remedy="Pass --because TEXT.")
            change = StateChange(forecast_id, wanted, author, because, self._clock())
            connection.execute(insert(FORECAST_STATE).values(row_of(change)))
        return replace(record, changes=(*record.changes, change))

    def forecasts(self, measure: str | None = None, *, known_at: datetime | None = None) -> list[ForecastRecord]:
        """Return the published forecasts with their state, now or as known at an instant, oldest first."""
        query = FORECASTS if measure is None else FORECASTS.where(PUBLISHED_FORECAST.c.measure == measure)
        return _records(self._rows(query), self._rows(STATES), known_at)


def _find(connection: Connection, forecast_id: str) -> ForecastRecord | None:
    rows = connection.execute(FORECASTS.where(PUBLISHED_FORECAST.c.forecast_id == forecast_id))
    steps = connection.execute(STATES.where(FORECAST_STATE.c.forecast_id == forecast_id))
    return next(iter(_records(rows, steps, None)), None)


def _records(rows: Iterable[Row[Any]], steps: Iterable[Row[Any]], known_at: datetime | None) -> list[ForecastRecord]:
    changes: dict[str, list[StateChange]] = {}
    for change in map(state_of, steps):
        if known_at is None or change.changed_at <= known_at:
            changes.setdefault(change.forecast_id, []).append(change)
    return [
        ForecastRecord(**row._asdict() | {"facts": json.loads(row.facts), "changes": tuple(changes.get(row.forecast_id, ()))})
        for row in rows
        if known_at is None or row.recorded_at <= known_at
    ]
