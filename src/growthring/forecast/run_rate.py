"""Run-rate of usage revenue: a year at the usual level of the last months, never a spike times twelve (FC-06)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType

import numpy as np

from growthring.forecast.one_offs import LEAVING, OneOff, OneOffs, Verdict
from growthring.forecast.panel import Values
from growthring.kernel.errors import UnknownValueError

_CENT = Decimal("0.01")
_YEAR = 12


@dataclass(frozen=True, slots=True)
class RunRatePolicy:
    """What counts as a year at the present level.

    Attributes:
        name: Name used with --as.
        title: What it does, in words.
        window: Months looked back on; fewer while an account is younger.
        trim: Months left out at each end of the window once they are ordered by size.
        without_one_offs: Whether one-offs leave, and those unknown yet with their probability.
    """

    name: str
    title: str
    window: int
    trim: int
    without_one_offs: bool


POLICIES: Mapping[str, RunRatePolicy] = MappingProxyType(
    {
        each.name: each
        for each in (
            RunRatePolicy("median_3", "the middle one of the last three months, without one-offs", 3, 1, True),
            RunRatePolicy("mean_3", "the mean of the last three months, without one-offs", 3, 0, True),
            RunRatePolicy("trimmed_6", "the mean of the last six months but highest and lowest, without one-offs", 6, 1, True),
            RunRatePolicy("mean_12", "the mean of the last twelve months, without one-offs", 12, 0, True),
            RunRatePolicy("mean_3_all", "the mean of the last three months as they are", 3, 0, False),
        )
    }
)
"""Policies by name; each is beside the naive figure, the last month times twelve."""


@dataclass(frozen=True, slots=True)
class AccountRunRate:
    """Run-rate of one row, in money a year.

    Attributes:
        row: Row of the panel.
        naive: The last month times twelve.
        amount: The run-rate under the policy.
        one_offs: Part of the difference that is one-offs of the last month; the rest is the level of the window.
        stretches: Unusual stretches of the window.
    """

    row: int
    naive: Decimal
    amount: Decimal
    one_offs: Decimal
    stretches: tuple[OneOff, ...]

    @property
    def difference(self) -> Decimal:
        """What the naive figure has too much, below 0, or too little."""
        return self.amount - self.naive


def run_rate_policy(name: str) -> RunRatePolicy:
    """Return a policy by name.

    Raises:
        UnknownValueError: No policy has the name.
    """
    if name not in POLICIES:
        raise UnknownValueError("run-rate policy", name, POLICIES)
    return POLICIES[name]


def run_rates(found: OneOffs, policy: RunRatePolicy) -> list[AccountRunRate]:
    """Return the run-rate of each row that is a customer in the last known month.

    Args:
        found: A panel of usage revenue per month with its one-offs.
        policy: What counts as a year at the present level.
    """
    panel, last = found.panel, found.panel.last_known
    first = max(last - policy.window + 1, 0)
    leaving = found.leaving() * policy.without_one_offs
    level = _level((panel.values - leaving)[:, first : last + 1], policy.trim)
    stretches: dict[int, list[OneOff]] = {}
    for each in found.found:
        if each.start + each.length > first and (each.verdict in LEAVING or each.verdict is Verdict.UNKNOWN_YET):
            stretches.setdefault(each.row, []).append(each)
    return [
        AccountRunRate(
            row,
            _year(panel.values[row, last]),
            _year(level[row]),
            -_year(leaving[row, last]),
            tuple(stretches.get(row, ())),
        )
        for row in map(int, np.flatnonzero(panel.alive))
    ]


def _level(window: Values, trim: int) -> Values:
    """Return the mean of the known months of each row without the highest and lowest, shape (rows,).

    Of fewer than 2 × trim + 1 months the middle is taken.
    """
    ordered = np.sort(window, axis=1)
    counts = np.isfinite(window).sum(axis=1)
    cut = np.minimum(trim, np.maximum(counts - 1, 0) // 2)
    place = np.arange(window.shape[1])
    kept = (place >= cut[:, None]) & (place < (counts - cut)[:, None])
    return np.asarray(np.where(kept, ordered, 0.0).sum(axis=1) / np.maximum(kept.sum(axis=1), 1), np.float64)


def _year(monthly: float) -> Decimal:
    return (Decimal(repr(float(monthly))) * _YEAR).quantize(_CENT, rounding=ROUND_HALF_UP)
