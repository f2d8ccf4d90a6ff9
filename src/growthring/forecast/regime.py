"""Where net dollar retention leads: a ceiling below 100 %, a straight line at it, compounding above (FC-20).

With new recurring revenue N a year and retention r, revenue a year on is r × revenue + N. Below 1 it tends to N / (1 − r):
five times N at 80 %, ten times at 90 %.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

AT_100 = 0.0005
"""Retention this near to 1 is read as 1: a twentieth of a percentage point is less than any retention is known to."""


class Regime(StrEnum):
    """What happens to revenue while nothing changes."""

    CEILING = "ceiling"
    LINEAR = "linear"
    COMPOUNDING = "compounding"


@dataclass(frozen=True, slots=True)
class Projection:
    """Revenue from here on, if retention and new revenue stay as they are.

    Attributes:
        regime: The regime.
        ceiling: What revenue tends to; nothing without a ceiling.
        years_to_90: Years to 90 % of the ceiling; 0 when it is there or above, nothing without a ceiling.
        path: Revenue today and after each year.
    """

    regime: Regime
    ceiling: float | None
    years_to_90: float | None
    path: tuple[float, ...]


def project_regime(revenue: float, new: float, retention: float, years: int) -> Projection:
    """Project revenue under constant retention and new revenue.

    Args:
        revenue: Annual recurring revenue today.
        new: Annual recurring revenue that new customers add in a year.
        retention: Net dollar retention, 1 for 100 %.
        years: Years of the path.

    Example:
        >>> found = project_regime(100, 50, 0.8, 2)
        >>> str(found.regime), round(found.ceiling), round(found.years_to_90, 2), found.path
        ('ceiling', 250, 8.03, (100, 130.0, 154.0))
    """
    path = [revenue]
    for _ in range(years):
        path.append(retention * path[-1] + new)
    if abs(retention - 1) < AT_100:
        return Projection(Regime.LINEAR, None, None, tuple(path))
    if retention > 1:
        return Projection(Regime.COMPOUNDING, None, None, tuple(path))
    ceiling = new / (1 - retention)
    return Projection(Regime.CEILING, ceiling, _years_to_90(revenue, ceiling, retention), tuple(path))


def _years_to_90(revenue: float, ceiling: float, retention: float) -> float | None:
    if ceiling <= 0:
        return None
    if revenue >= 0.9 * ceiling:
        return 0.0
    if retention <= 0:
        return 1.0
    # the gap to the ceiling shrinks by the retention every year
    return math.log(0.1 * ceiling / (ceiling - revenue)) / math.log(retention)
