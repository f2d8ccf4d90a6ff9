"""How commitments burn down in simulated futures: the day each is used up or falls short, with its interval (PR-06, CS-33).

The burn-down of today (`growthring.pricing.commitments.burn_down`) says where the pace of the last months leads; this says where
the futures of the account lead: seasons, growth, contraction and churn included, and how far they lie apart.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.commitments.billing import Settled
from growthring.forecast.commitments.drawdown import size_of
from growthring.forecast.commitments.whole import Whole, fixed
from growthring.pricing.commitments import Commitment

LOW, HIGH = 0.1, 0.9
"""Eight of ten futures lie between."""
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle of the futures, and the bounds that eight of ten lie between."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Prospect:
    """Where a commitment ends up, over the futures; amounts in its measure (money, or units of its meter).

    Attributes:
        commitment_id: The commitment.
        committed: Expected size, with what rolls in.
        consumed: What is consumed by the end of the view, with what goes beyond it.
        exhausted: Probability that it is used up before it ends.
        exhausted_on: Day by which half of all futures have used it up; none when most never do.
        exhausted_low_on: Day by which one in ten futures has used it up.
        exhausted_high_on: Day by which nine in ten have.
        ends_in_view: Whether the futures reach its end; a shortfall is told only then.
        reached: Probability that nothing is left at its end: that the goal is attained.
        shortfall: What is left unused at its end.
        overage: What goes beyond it by its end or the end of the view, before the overage factor.
    """

    commitment_id: str
    committed: float
    consumed: Interval
    exhausted: float
    exhausted_on: date | None
    exhausted_low_on: date | None
    exhausted_high_on: date | None
    ends_in_view: bool
    reached: float | None
    shortfall: Interval | None
    overage: Interval


def prospects(settled: Settled, on: date, until: date, paths: int) -> list[Prospect]:
    """Return where each commitment in force ends up.

    Args:
        settled: A pool's commitments followed through every future.
        on: The day of the look.
        until: First day after the horizon.
        paths: Number of futures.
    """
    consumption = _consumption(settled)
    return [
        _prospect(each, consumption[each.commitment_id], settled, until, paths)
        for each in settled.commitments.values()
        if each.starts_on <= on < each.closes_on and not (each.kind == "minimum" and each.true_up == "period")
    ]


def came_of(settled: Settled, on: date) -> dict[str, tuple[float, date | None]]:
    """Return what was consumed of each commitment that ended by a day, in its measure, and the day it was used up.

    Args:
        settled: A pool's commitments followed through known charges alone.
        on: The day of the look.
    """
    consumption, found = _consumption(settled), {}
    for name, each in settled.commitments.items():
        if each.closes_on <= on:
            total, days = _followed(consumption[name], _committed(each, settled))
            found[name] = (float(total[0]) * _scale(each), _day(days, 0.5, each.closes_on))
    return found


_Consumed = list[tuple[date, date, Whole]]


def _consumption(settled: Settled) -> dict[str, _Consumed]:
    """Return first day, day after and consumption of each period, by commitment, in its measure."""
    found: dict[str, dict[tuple[date, date], Whole]] = defaultdict(dict)

    def add(name: str, start: date, end: date, amount: Whole) -> None:
        found[name][start, end] = found[name].get((start, end), fixed(0)) + amount

    for payment in settled.drawn.payments:
        add(payment.commitment_id, payment.charge.period_start, payment.charge.period_end, payment.drawn)
    for missed in settled.drawn.uncovered:
        by_units = settled.commitments[missed.commitment_id].measure == "quantity"
        beyond = missed.uncovered_quantity if by_units else missed.uncovered
        add(missed.commitment_id, missed.charge.period_start, missed.charge.period_end, beyond)
    for name, periods in settled.periods.items():
        for each in periods:
            add(name, each.period.period_start, each.period.period_end, each.consumed)
    return defaultdict(list, {name: [(*key, each[key]) for key in sorted(each)] for name, each in found.items()})


def _prospect(commitment: Commitment, consumed: _Consumed, settled: Settled, until: date, paths: int) -> Prospect:
    scale = _scale(commitment)
    committed = np.broadcast_to(_committed(commitment, settled), (paths,))
    total, days = _followed(consumed, committed)
    ends_in_view = commitment.closes_on <= until
    left = np.maximum(committed - total, 0)
    return Prospect(
        commitment_id=commitment.commitment_id,
        committed=float(committed.mean()) * scale,
        consumed=_interval(total, scale),
        exhausted=float(np.mean(days < commitment.closes_on.toordinal())),
        exhausted_on=_day(days, 0.5, commitment.closes_on),
        exhausted_low_on=_day(days, LOW, commitment.closes_on),
        exhausted_high_on=_day(days, HIGH, commitment.closes_on),
        ends_in_view=ends_in_view,
        reached=float(np.mean(left == 0)) if ends_in_view else None,
        shortfall=_interval(left, scale) if ends_in_view else None,
        overage=_interval(np.maximum(total - committed, 0), scale),
    )


def _committed(commitment: Commitment, settled: Settled) -> Whole:
    return size_of(commitment) + settled.drawn.rolled_in.get(commitment.commitment_id, fixed(0))


def _scale(commitment: Commitment) -> float:
    return 10.0**-6 if commitment.measure == "quantity" else 10.0**-4


def _followed(consumed: Sequence[tuple[date, date, Whole]], committed: Whole) -> tuple[Whole, NDArray[np.int64]]:
    """Return the whole consumption and the day on which the last unit is used, by future; use within a period is even."""
    total = np.zeros_like(committed)
    days = np.full(committed.shape, _NEVER)
    for start, end, amount in consumed:
        reaches = (days == _NEVER) & (total + amount >= committed) & (amount > 0)
        share = (committed - total) / np.maximum(amount, 1)
        reached = start.toordinal() + np.ceil(share * (end - start).days).astype(np.int64)
        days = np.where(reaches, np.minimum(reached, end.toordinal() - 1), days)
        total = total + amount
    return total, days


def _interval(values: Whole, scale: float) -> Interval:
    low, median, high = (np.quantile(values, [LOW, 0.5, HIGH]) * scale).tolist()
    return Interval(median, low, high)


def _day(days: NDArray[np.int64], share: float, closes_on: date) -> date | None:
    """Return the day by which a share of all futures has used the commitment up; none if that is not before its end."""
    place = min(len(days) - 1, int(np.ceil(share * len(days))) - 1)
    day = int(np.sort(days)[place])
    return date.fromordinal(day) if day < closes_on.toordinal() else None
