"""The protocol of a backtest: which months are origins, how far it looks ahead, which accounts are scored, by which segments."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from growthring.forecast.panel import Panel, Values
from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month


class Absence(StrEnum):
    """What it means that an account is not there after an origin."""

    GONE = "gone"
    """It left: the actual is 0. No survivor filter; accounts whose actual nobody knows are left out and counted."""
    CENSORED = "censored"
    """It fell below what the data list: only accounts listed in every month from the origin through the horizon are scored."""


SEGMENT = "segment"
Segmenting = Callable[[Panel], NDArray[np.str_]]


def by_segment(panel: Panel) -> NDArray[np.str_]:
    """Return each row's segment attribute."""
    return panel.segments(SEGMENT)


def by_size_and_tenure(panel: Panel) -> NDArray[np.str_]:
    """Return segments for accounts without attributes: thirds of the last value × under one, one to three, over three years."""
    value, tenure = last_value(panel), panel.last_known + 1 - panel.started
    present = np.isfinite(value)
    bounds = np.quantile(value[present], [1 / 3, 2 / 3]) if present.any() else np.array([0.0, 0.0])
    size = np.array(["small", "medium", "large"])[np.searchsorted(bounds, np.where(present, value, 0.0), side="right")]
    age = np.array(["under 1 year", "1 to 3 years", "over 3 years"])[np.searchsorted([12, 36], tenure, side="right")]
    return np.char.add(np.char.add(size, ", "), age)


def last_value(panel: Panel) -> Values:
    """Return the value of each row in the last known month; NaN where it is not present."""
    values: Values = np.where(panel.is_present[:, panel.last_known], panel.values[:, panel.last_known], np.nan)
    return values


@dataclass(frozen=True)
class Protocol:
    """How a backtest is run.

    Attributes:
        origins: The last month known to each forecast, in order, counted as year × 12 + month − 1.
        horizon: Months ahead.
        absence: What it means that an account is not there after an origin.
        segments: The segment of each row of a panel, as known at the origin.
    """

    origins: tuple[int, ...]
    horizon: int
    absence: Absence = Absence.GONE
    segments: Segmenting = by_segment


def last_origins(panel: Panel, count: int, horizon: int, *, history: int = 6) -> tuple[int, ...]:
    """Return the last origins whose whole horizon lies in the panel; months in which nothing is known are no origins.

    Args:
        panel: The panel that holds the actuals.
        count: Number of origins, one a month.
        horizon: Months after each origin that must be there.
        history: Known months that must lie before an origin.

    Raises:
        GrowthringError: The panel is too short; says how many origins there could be.
    """
    known = np.flatnonzero(panel.is_present.any(axis=0))
    columns = [column for before, column in enumerate(known) if before >= history and column + horizon <= panel.last_known]
    if len(columns) < count:
        raise GrowthringError(
            f"{panel.months} months ({Month(panel.first_month)} to {panel.last_month}) hold {len(columns)} origins of {horizon} "
            f"months ahead with {history} months before them; {count} were asked for.",
            valid=f"At least {count + horizon + history} known months are needed, or fewer origins, or a shorter horizon.",
            remedy=f"Pass --origins {max(len(columns), 1)}, or a smaller --horizon.",
        )
    return tuple(panel.first_month + int(column) for column in columns[-count:])
