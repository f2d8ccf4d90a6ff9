"""How much of what an author says comes true, as a weight for what they say next (FC-04).

The share that comes true is the slope of what happened on what was said: an author who says +100 where +60 happens, time after
time, has 0.6. Slopes of few overrides are drawn towards what is usual among authors (empirical Bayes), and what is usual is drawn
towards taking people at their word, as long as little is known. A weight lies between 0 and 1: nobody's word is turned around or
enlarged.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from growthring.forecast.override_cases import Cases
from growthring.forecast.panel import Values
from growthring.journal.forecast_entries import Override

_AT_THEIR_WORD = 1.0
_HOW_SURE = 0.5
"""Standard deviation of what is usual among authors, before anything is known."""
_WIDEST_SPREAD = 0.5
"""Largest standard deviation of authors around what is usual, and the one assumed where fewer than three have a record: without
the limit, one wild short record would make all short records believed."""
_FARTHEST = 2.0
"""A surprise counts at most as so many times the level: one account that grew tenfold does not settle a reputation."""
_ITERATIONS = 60


@dataclass(frozen=True)
class AuthorSkill:
    """An author's record, as known at a date.

    Attributes:
        author: The author.
        overrides: Overrides with a known outcome.
        cases: Their months with a known outcome.
        came_true: Share of what they said that happened; nothing without a record.
        uncertainty: Standard error of that share.
        weight: Share of their next overrides to be taken, 0 to 1.
    """

    author: str
    overrides: int
    cases: int
    came_true: float | None
    uncertainty: float | None
    weight: float


def author_skill(cases: Cases, authors: Iterable[str] = ()) -> list[AuthorSkill]:
    """Return the record of every author, and a weight for what they say next.

    Args:
        cases: Overrides beside outcomes, all of them known at the date: see `Cases.known_through`.
        authors: Further authors; without a record they get the weight that is usual.
    """
    said, happened, clusters = _by_override(cases)
    first = np.unique(clusters, return_index=True)[1]
    names, of = np.unique(cases.authors[first], return_inverse=True)
    spoke = np.bincount(of, said)
    slope = np.divide(np.bincount(of, happened), spoke, out=np.zeros(len(names)), where=spoke > 0)
    left = happened - slope[of] * said
    has_said = said > 0
    freedom = max(int(has_said.sum()) - len(names), 1)
    noise = float((left[has_said] ** 2 / said[has_said]).sum() / freedom)
    variance = np.where(spoke > 0, noise / np.where(spoke > 0, spoke, 1), np.inf)
    usual, spread = _usual(slope[spoke > 0], variance[spoke > 0])
    weights = np.clip(_shrunk(slope, variance, usual, spread), 0, 1)
    months = np.bincount(of[clusters], minlength=len(names))
    overrides = np.bincount(of, minlength=len(names))
    found = [
        AuthorSkill(str(name), int(overrides[at]), int(months[at]), *_record(slope[at], variance[at]), float(weights[at]))
        for at, name in enumerate(names)
    ]
    unknown = sorted(set(authors) - {each.author for each in found})
    return found + [AuthorSkill(name, 0, 0, None, None, float(np.clip(usual, 0, 1))) for name in unknown]


def override_weights(skill: Iterable[AuthorSkill], entries: Iterable[Override]) -> dict[int, float]:
    """Return the weight of each override by its author's record, for `layers.fold`."""
    by_author = {each.author: each.weight for each in skill}
    return {each.override_id: by_author[each.author] for each in entries if each.author in by_author}


def _by_override(cases: Cases) -> tuple[Values, Values, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Return what each override said squared, and said times happened, relative to the level and averaged over its months."""
    clusters = cases.clusters
    months = np.bincount(clusters)
    level = np.maximum(np.bincount(clusters, np.abs(cases.before)), np.bincount(clusters, np.abs(cases.after))) / months
    scale = np.where(level > 0, level, 1.0)[clusters]
    said = (cases.after - cases.before) / scale
    happened = np.clip((cases.actual - cases.before) / scale, -_FARTHEST, _FARTHEST)
    return np.bincount(clusters, said**2) / months, np.bincount(clusters, said * happened) / months, clusters


def _usual(slope: Values, variance: Values) -> tuple[float, float]:
    """Return the usual share that comes true among authors, and the variance of authors around it (Paule and Mandel 1982)."""
    spread = _WIDEST_SPREAD**2 if len(slope) < 3 else _spread(slope, variance)
    precision = 1 / np.maximum(variance + spread, 1e-12)
    prior = 1 / _HOW_SURE**2
    return float((_AT_THEIR_WORD * prior + (slope * precision).sum()) / (prior + precision.sum())), spread


def _spread(slope: Values, variance: Values) -> float:
    """Return the variance between authors at which their scatter is just explained, 0 where chance explains it."""

    def excess(spread: float) -> float:
        precision = 1 / np.maximum(variance + spread, 1e-12)
        middle = (slope * precision).sum() / precision.sum()
        return float((precision * (slope - middle) ** 2).sum() - (len(slope) - 1))

    low, high = 0.0, _WIDEST_SPREAD**2
    if excess(low) <= 0:
        return low
    for _ in range(_ITERATIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2


def _shrunk(slope: Values, variance: Values, usual: float, spread: float) -> Values:
    trust = np.where(np.isfinite(variance), spread / np.maximum(spread + variance, 1e-12), 0.0)
    shrunk: Values = trust * slope + (1 - trust) * usual
    return shrunk


def _record(slope: float, variance: float) -> tuple[float | None, float | None]:
    return (float(slope), float(np.sqrt(variance))) if np.isfinite(variance) else (None, None)
