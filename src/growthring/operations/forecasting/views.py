"""One forecast, told whole: history, total, segments, layers, accounts, coverage and assumptions in one Answer (FC-01..FC-11).

A page asks once and shows many things of it; the figures are those of `forecast`, `forecast_by` and `forecast_account`.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from growthring.kernel.errors import UnknownValueError
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer
from growthring.operations.forecasting.making import Asked, Made, make_forecast
from growthring.operations.forecasting.plan_beside import plan_beside
from growthring.operations.forecasting.rows import ACCOUNT, TOTAL, ForecastRows
from growthring.operations.known_names import KnownNames, account_names
from growthring.operations.project import Project

_STAGES = 4


def whole_forecast(project: Project, asked: Asked | None = None, *, progress: Progress = silent) -> Answer:
    """Answer what the total and each segment will be, in all lengths of a period, with everything a reader asks next.

    Rows have a ``kind``: ``about`` (one row: origin, customers, months of history), ``past`` and ``period`` (by scope and view;
    a period holds its layers, and in ``known`` what is over of it already), ``account`` (the largest ones and the rest in one
    row), ``coverage``, ``assumption`` and ``entry`` (what each entry of people did).

    Args:
        project: The project.
        asked: Measure, horizon, layers.
        progress: Told how far it is.
    """
    made = _made(project, asked or Asked(), progress)
    told = ForecastRows(project, made)
    rows = [told.about(), *told.of_groups()]
    progress("accounts", 3, _STAGES)
    rows += [*told.accounts(), *told.coverage(), *told.assumptions(), *told.entries()]
    return told.answer(rows, TOTAL, [*made.told(), *plan_beside(project, made)])


def account_forecast(project: Project, account: str, asked: Asked | None = None, *, progress: Progress = silent) -> Answer:
    """Answer what one account will be, in rows like those of `whole_forecast`; its scope is the account's id.

    Raises:
        UnknownValueError: The account has no forecast.
    """
    KnownNames(project).require_account(account)
    made = _made(project, asked or Asked(), progress)
    told = ForecastRows(project, made)
    places = np.flatnonzero((made.history.panel.accounts == account) & told.alive)
    if not len(places):
        known = sorted(made.history.panel.accounts[made.history.panel.alive].tolist())[:5]
        raise UnknownValueError("account with a forecast", account, known, remedy="Name a customer of today.")
    named = told.about() | {"label": account_names(project).get(account, account)}
    return told.answer([named, *told.of_account(account, places), *told.coverage(), *told.entries()], ACCOUNT, made.told(places))


def rows_of(answer: Answer, kind: str, **wanted: object) -> list[dict[str, Any]]:
    """Return the rows of an Answer of a kind whose columns hold some values.

    Example:
        >>> rows_of(Answer("m", None, "", "", "", {}, "", [{"kind": "past", "at": "2024-01"}]), "past", at="2024-01")
        [{'kind': 'past', 'at': '2024-01'}]
    """
    return [
        row for row in answer.rows if row.get("kind") == kind and all(row.get(name) == value for name, value in wanted.items())
    ]


def with_rows(answer: Answer, kind: str, **wanted: object) -> Answer:
    """Return an Answer about fewer rows: those of a kind; its value is the amount of the only one, if there is one."""
    rows = rows_of(answer, kind, **wanted)
    if len(rows) != 1 or "amount" not in rows[0]:
        return replace(answer, rows=rows)
    only = rows[0]
    return replace(answer, rows=rows, value=only["amount"], at=only.get("at", answer.at))


def _made(project: Project, asked: Asked, progress: Progress) -> Made:
    progress("history", 0, _STAGES)
    made = make_forecast(project, asked, progress=progress)
    progress("ranges", 2, _STAGES)
    return made
