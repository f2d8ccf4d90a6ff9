"""Forecast value added: whether people's overrides brought the forecast closer to what happened (FC-04, FC-27).

An override is judged against the forecast it changed: |before − actual| − |after − actual|, summed over its months. Overrides are
resampled as wholes, because the months of one override rise and fall together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.override_cases import SIZES, Cases
from growthring.forecast.panel import Values
from growthring.kernel.errors import UnknownValueError

FEWEST = 10
"""Overrides below which nothing is concluded about a group of them."""

GROUPINGS = ("author", "reason", "layer", "size", "direction", "ahead")
_DRAWS = 4000
_SEED = 20_230_917
_LEVEL = 0.95
_BLOCK = 200


class Verdict(StrEnum):
    """What the evidence says about a group of overrides."""

    ADDS = "adds value"
    TAKES = "takes value away"
    UNCLEAR = "no difference shown"
    TOO_FEW = "too few to say"


@dataclass(frozen=True)
class Score:
    """How a group of overrides did.

    Attributes:
        name: The group: an author, a reason, a size …
        overrides: Number of overrides.
        cases: Number of their months whose outcome is known.
        improvement: Error without them less error with them, in the measure's unit, over all cases.
        rate: The improvement as a share of the error without them; nothing where that error is 0.
        low: Lower end of the rate's 95 % interval; nothing where there are too few overrides.
        high: Upper end.
        improved: Share of overrides that brought the forecast closer.
        bias: Forecast with them less actual, as a share of actual; above 0 they are too hopeful.
        verdict: What the evidence says.
    """

    name: str
    overrides: int
    cases: int
    improvement: float
    rate: float | None
    low: float | None
    high: float | None
    improved: float | None
    bias: float | None
    verdict: Verdict


@dataclass(frozen=True)
class SmallEdits:
    """What the smallest overrides were worth, which cost as much time as the large ones.

    Attributes:
        share: Share of overrides that changed the forecast by less than 5 %.
        small: How those did.
        rest: How the others did.
    """

    share: float
    small: Score
    rest: Score


def score_overrides(cases: Cases, by: str = "author", *, fewest: int = FEWEST) -> list[Score]:
    """Score overrides by who wrote them, why, in which layer, how large, in which direction, or how far ahead.

    Args:
        cases: Overrides beside what happened.
        by: One of `GROUPINGS`.
        fewest: Overrides below which no interval is given.

    Returns:
        One score a group, the most overrides first.

    Raises:
        UnknownValueError: There is no such grouping.
    """
    names = _names(cases, by)
    found = [_score(str(name), cases.take(names == name), fewest) for name in np.unique(names)]
    return sorted(found, key=lambda each: (-each.overrides, each.name))


def score_all(cases: Cases, *, fewest: int = FEWEST) -> Score:
    """Score all overrides together."""
    return _score("all", cases, fewest)


def small_edits(cases: Cases, *, fewest: int = FEWEST) -> SmallEdits:
    """Return how much of people's work went into changes of less than 5 %, and what those were worth."""
    is_small = cases.sizes == SIZES[0]
    small, rest = _score(SIZES[0], cases.take(is_small), fewest), _score("5 % and more", cases.take(~is_small), fewest)
    counted = small.overrides + rest.overrides
    return SmallEdits(small.overrides / counted if counted else 0.0, small, rest)


def _names(cases: Cases, by: str) -> NDArray[np.str_]:
    if by not in GROUPINGS:
        raise UnknownValueError("grouping", by, GROUPINGS)
    if by == "ahead":
        return np.char.add(np.char.zfill(cases.ahead.astype(np.str_), 2), " months ahead")
    found: NDArray[np.str_] = {
        "author": cases.authors,
        "reason": cases.reasons,
        "layer": cases.layers,
        "size": cases.sizes,
        "direction": cases.directions,
    }[by]
    return found


def _score(name: str, cases: Cases, fewest: int) -> Score:
    clusters = cases.clusters
    improvement = np.bincount(clusters, cases.improvement).astype(np.float64)
    error = np.bincount(clusters, np.abs(cases.before - cases.actual)).astype(np.float64)
    overrides, spoken = len(improvement), float(np.abs(cases.actual).sum())
    rate = float(improvement.sum() / error.sum()) if error.sum() > 0 else None
    low, high = _interval(improvement, error) if rate is not None and overrides >= fewest else (None, None)
    return Score(
        name=name,
        overrides=overrides,
        cases=len(cases),
        improvement=float(improvement.sum()),
        rate=rate,
        low=low,
        high=high,
        improved=float((improvement > 0).mean()) if overrides else None,
        bias=float((cases.after - cases.actual).sum() / spoken) if spoken else None,
        verdict=_verdict(low, high),
    )


def _verdict(low: float | None, high: float | None) -> Verdict:
    if low is None or high is None:
        return Verdict.TOO_FEW
    if low > 0:
        return Verdict.ADDS
    return Verdict.TAKES if high < 0 else Verdict.UNCLEAR


def _interval(improvement: Values, error: Values) -> tuple[float, float]:
    """Return the bootstrap interval of a ratio of sums, whole overrides being drawn."""
    random, count = np.random.default_rng(_SEED), len(improvement)
    rates: Sequence[Values] = []
    for _ in range(_DRAWS // _BLOCK):
        drawn = random.multinomial(count, np.full(count, 1 / count), size=_BLOCK).astype(np.float64)
        below = drawn @ error
        rates = [*rates, np.divide(drawn @ improvement, below, out=np.zeros(_BLOCK), where=below > 0)]
    low, high = np.quantile(np.concatenate(rates), [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(low), float(high)
