"""Who forecasts a segment: the default model, until a challenger that won its contest is adopted."""

import getpass
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from growthring.forecast.growth import GrowthForecast
from growthring.kernel.errors import GrowthringError
from growthring.operations.answer import Answer
from growthring.operations.forecasting.overrides import aware
from growthring.operations.project import Project

_KIND = "champion"
_DEFAULT = "cohort_growth"


def adopt_champions(project: Project, found: Answer, *, measure: str, by: str, author: str | None = None) -> list[dict[str, Any]]:
    """Keep the winners of a backtest as the models that forecast their segments from now on.

    Args:
        project: The project.
        found: What `backtest` answered: the contest was paired, clustered by origin and corrected for the number of challengers.
        measure: What was forecast.
        by: Attribute that made the segments.
        author: Who decides; the user logged in when absent.

    Raises:
        GrowthringError: The winner needs an extra that a forecast cannot rely on.
    """
    winners = {row["segment"]: row for row in found.rows if row.get("view") == "champion"}
    standing = champions(project, measure=measure, by=by)
    kept = []
    for segment, row in sorted(winners.items()):
        if row["champion"] == standing.get(segment, _DEFAULT):
            continue
        if row["champion"] != _DEFAULT and row["champion"] not in _models():
            raise GrowthringError(
                f"{row['champion']} won {segment}, and is a peer that only the backtest runs.",
                valid=f"Models that can be adopted: {', '.join([_DEFAULT, *_models()])}.",
                remedy="Run the backtest without --peers.",
            )
        with project.journal() as journal:
            journal.decide(
                _KIND, _subject(measure, by, segment), row["champion"], note=row["because"], author=author or getpass.getuser()
            )
        kept.append({"segment": segment, "model": row["champion"], "because": row["because"]})
    return kept


def champions(project: Project, *, measure: str, by: str, as_of: datetime | None = None) -> dict[str, str]:
    """Return the model adopted for each segment that has one, as known at an instant."""
    if not project.has_journal():
        return {}
    with project.journal() as journal:
        decided = journal.decisions(_KIND, known_at=aware(as_of))
    prefix = _subject(measure, by, "")
    return {each.subject.removeprefix(prefix): each.choice for each in decided if each.subject.startswith(prefix)}


def with_champions(model: GrowthForecast, adopted: dict[str, str], by: str, caveats: list[str]) -> GrowthForecast:
    """Return a forecast whose segments are forecast by their champions; ranges keep the relative width of the default model."""
    segments = model.panel.segments(by)
    point = model.point.copy()
    for name in sorted({each for each in adopted.values() if each != _DEFAULT}):
        chosen = sorted(segment for segment, each in adopted.items() if each == name)
        rows = np.isin(segments, chosen) & np.isfinite(model.point).all(axis=1)
        other = _models()[name].predict(model.panel, model.horizon).point
        rows &= np.isfinite(other).all(axis=1)
        point[rows] = other[rows]
        caveats.append(f"{', '.join(chosen)}: forecast by {name}, which won its contest; ranges are as wide as the default's.")
    return replace(model, point=point)


def _models() -> dict[str, Any]:
    from growthring.forecast.challengers import CHALLENGERS

    return {each.name: each for each in CHALLENGERS}


def _subject(*parts: str) -> str:
    names: Sequence[str] = parts
    return " | ".join(names)
