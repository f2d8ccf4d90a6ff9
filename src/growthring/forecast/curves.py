"""Growth curves pooled over cohorts (FC-01), with survival as an assumption of its own (FC-03).

The growth of a cohort over h months is the sum of what its surviving accounts came to, over the sum of their levels. The curve is
the median over past origins, so that one month in which everything jumped does not set it, shrunk to the segment's and the whole
panel's where a cohort is small. Survival is the share of the level that was not lost to accounts that left.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.cohorts import Codes, Cohorts
from growthring.forecast.medians import column_medians
from growthring.forecast.panel import Values
from growthring.forecast.policy import ForecastPolicy

_SMALL = 1e-12
_STEEPEST_FALL = 0.02
"""Smallest growth factor that an origin contributes: a small cohort in which nothing was used must not pull its curve to 0."""


@dataclass(frozen=True)
class PairSums:
    """Sums over the accounts of each cohort, from one origin to one month after it.

    Attributes:
        level: Sum of the levels of all accounts whose later month is known, shape (cohorts,).
        kept: Sum of the levels of those that stayed, shape (cohorts,).
        came_to: Sum of what they came to, each within ``clip``, shape (cohorts,).
        count: Accounts, shape (cohorts,).
    """

    level: Values
    kept: Values
    came_to: Values
    count: Values


def sums_by(codes: Codes, values: Values, groups: int) -> Values:
    """Return the sum of the values of each group, shape (groups,)."""
    return np.bincount(codes, values, groups).astype(np.float64)


def pair_sums(codes: Codes, cohorts: int, level: Values, later: Values, gone: NDArray[np.bool_], clip: float) -> PairSums:
    """Add up a pair of months by cohort.

    Args:
        codes: Cohort of each row.
        cohorts: Number of cohorts.
        level: Level at the origin, NaN where it does not count, shape (rows,).
        later: Value at the later month, NaN where it is not known, shape (rows,).
        gone: Rows that were no customer any more, shape (rows,).
        clip: Largest log growth that counts.
    """
    usable = ~np.isnan(level) & (gone | ~np.isnan(later))
    stayed = usable & ~gone
    # nothing added for a row that does not count is as good as leaving it out, and needs no copy of the codes
    return PairSums(
        sums_by(codes, np.where(usable, level, 0.0), cohorts),
        sums_by(codes, np.where(stayed, level, 0.0), cohorts),
        sums_by(codes, np.where(stayed, np.minimum(later, level * np.exp(clip)), 0.0), cohorts),
        sums_by(codes, usable.astype(np.float64), cohorts),
    )


@dataclass(frozen=True)
class Curve:
    """Growth over one horizon.

    Attributes:
        growth: Factor on the level of accounts that stay, shape (cohorts,).
        survival: Share of the level that stays, shape (cohorts,).
    """

    growth: Values
    survival: Values


def pooled_curve(pairs: list[PairSums], cohorts: Cohorts, policy: ForecastPolicy, season: Values | None = None) -> Curve:
    """Pool the pairs of past origins into the curve of each cohort.

    Args:
        pairs: Sums from each past origin to the same number of months later.
        cohorts: The cohorts.
        policy: Strength of pooling.
        season: Log of the calendar effect inside each pair, shape (pairs,), taken out before pooling.
    """
    if not pairs:
        return Curve(np.ones(cohorts.count), np.ones(cohorts.count))
    shift = np.zeros(len(pairs)) if season is None else season
    kept, came = _stack(pairs, "kept"), _stack(pairs, "came_to")
    level, count = _stack(pairs, "level"), _stack(pairs, "count")
    growth = _shrunk(lambda a, b: _log_ratio(a, b, shift), came, kept, count, cohorts, policy.pairs)
    survival = _shrunk_share(kept, level, count, cohorts, policy.pairs)
    return Curve(np.exp(growth), survival)


def _stack(pairs: list[PairSums], name: str) -> Values:
    return np.stack([getattr(each, name) for each in pairs])


def _log_ratio(above: Values, below: Values, shift: Values) -> Values:
    """Return the median over origins of log(above / below), for each column; 0 where there is nothing.

    Sums that are negative, as when more came back than was sold, have no growth and do not count.
    """
    counts = (below > _SMALL) & (above >= 0)
    ratio = np.where(counts, np.log(np.maximum(above / np.maximum(below, _SMALL), _STEEPEST_FALL)), np.nan)
    ratio -= shift[:, None]
    return np.nan_to_num(column_medians(ratio))


def _shrunk(statistic: object, above: Values, below: Values, count: Values, cohorts: Cohorts, strength: float) -> Values:
    """Shrink a statistic of cohorts to that of their segment, and that to the statistic of everything."""
    assert callable(statistic)  # noqa: S101
    owner = np.repeat(np.arange(len(cohorts.names)), cohorts.classes)
    whole = statistic(above.sum(axis=1, keepdims=True), below.sum(axis=1, keepdims=True))[0]
    by_segment = [_by_segment(each, cohorts) for each in (above, below, count)]
    pairs = by_segment[2].sum(axis=0)
    segment = (pairs * statistic(by_segment[0], by_segment[1]) + strength * whole) / np.maximum(pairs + strength, _SMALL)
    own = count.sum(axis=0)
    found: Values = (own * statistic(above, below) + strength * segment[owner]) / np.maximum(own + strength, _SMALL)
    return found


def _shrunk_share(kept: Values, level: Values, count: Values, cohorts: Cohorts, strength: float) -> Values:
    """Return the share kept, over all origins together: departures are too rare for a median."""

    def share(above: Values, below: Values) -> Values:
        total = below.sum(axis=0)
        return np.where(total > _SMALL, above.sum(axis=0) / np.maximum(total, _SMALL), 1.0)

    return np.clip(_shrunk(share, kept, level, count, cohorts, strength), 0.0, 1.0)


def _by_segment(values: Values, cohorts: Cohorts) -> Values:
    return np.asarray(values.reshape(len(values), len(cohorts.names), cohorts.classes).sum(axis=2))
