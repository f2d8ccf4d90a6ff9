"""Approval of published forecasts: forward one step at a time, four eyes, and a locked one is superseded, never edited."""

import getpass
from collections.abc import Sequence
from typing import Any

from growthring.journal.forecast_entries import ForecastRecord, ForecastState
from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from growthring.operations.forecasting.published import find_forecast, listed, records_of, short, step_of
from growthring.operations.project import Project

_FORWARD = (ForecastState.OPEN, ForecastState.SUBMITTED, ForecastState.APPROVED, ForecastState.LOCKED)


def move_forecast(
    project: Project,
    name: str,
    state: ForecastState,
    *,
    because: str,
    author: str | None = None,
    alone: bool = False,
    again: bool = False,
) -> dict[str, Any]:
    """Take a forecast one step on: submitted, approved, locked.

    Args:
        project: The project.
        name: The forecast.
        state: The next state.
        because: Why; kept with the step.
        author: Who takes it; the user logged in when absent.
        alone: Say that nobody else is there to approve what the author submitted.
        again: Say that it takes the place of a forecast locked for the same measure and origin.

    Raises:
        GrowthringError: The step leads back or skips one, no reason is given, the author submitted it, or another forecast of
            the same measure and origin is locked.
    """
    who = author or getpass.getuser()
    found = check_move(project, name, state, because=because, author=who, alone=alone, again=again)
    records = records_of(project, found.measure)
    with project.journal() as journal:
        record = journal.set_forecast_state(found.forecast_id, state, author=who, because=because)
    return listed(record, [record if each.forecast_id == record.forecast_id else each for each in records])


def check_move(
    project: Project, name: str, state: ForecastState, *, because: str, author: str, alone: bool = False, again: bool = False
) -> ForecastRecord:
    """Return the forecast that a step is about, after all that `move_forecast` would refuse; writes nothing.

    Raises:
        GrowthringError: As `move_forecast` does.
    """
    found = find_forecast(project, name).record
    if not because.strip():
        raise GrowthringError("No reason was given.", valid="A step is kept with its reason.", remedy="Pass --because TEXT.")
    _require_next(found, state)
    if state is ForecastState.APPROVED and not alone:
        _require_other_eyes(found, author)
    if state is ForecastState.LOCKED and not again:
        _require_unlocked(found, records_of(project, found.measure))
    return found


def _require_next(record: ForecastRecord, state: ForecastState) -> None:
    at = _FORWARD.index(record.state)
    if _FORWARD[at + 1 : at + 2] != (state,):
        following = ", ".join(_FORWARD[at + 1 : at + 2]) or "nothing: a locked forecast stays as it is"
        raise GrowthringError(
            f"Forecast {short(record.forecast_id)} is {record.state}; it cannot become {state}.",
            valid=f"Valid from here: {following}.",
            remedy="Publish a new forecast and take that one on; it supersedes this one once it is locked."
            if record.state is ForecastState.LOCKED
            else "",
        )


def _require_other_eyes(record: ForecastRecord, who: str) -> None:
    submitted = step_of(record, ForecastState.SUBMITTED)
    if submitted and submitted.author == who:
        raise GrowthringError(
            f"{who} submitted forecast {short(record.forecast_id)} and cannot approve it.",
            valid="Somebody else approves a forecast.",
            remedy="Have it approved with --author NAME, or say --alone and why in --because.",
        )


def _require_unlocked(record: ForecastRecord, records: Sequence[ForecastRecord]) -> None:
    locked = [each for each in records if each.state is ForecastState.LOCKED and each.origin == record.origin]
    if locked:
        raise GrowthringError(
            f"Forecast {short(locked[-1].forecast_id)} is locked for {record.measure} from {Month(record.origin)} already.",
            valid="A locked forecast is superseded, never edited.",
            remedy="Pass --again to let this one supersede it.",
        )
