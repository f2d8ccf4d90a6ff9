"""What the revenue of a cohort does in a month, by its age: expansion, contraction, churn and reactivation, each apart (FC-03).

Estimated from account-months of the latest two years, weighted by revenue, and pulled towards the rate of all ages where a band
has few account-months. The twelfth and the twenty-fourth month are bands of their own: that is when annual contracts are renewed.
"""

from dataclasses import dataclass, fields

import numpy as np

from growthring.forecast.panel import Panel

BANDS = ((1, 3), (4, 11), (12, 12), (13, 23), (24, 24), (25, 999))
"""First and last age in months of each band; the age of the first month is 0."""
_SECOND_YEAR = 24
WINDOW = 24
"""Latest months that are read."""
POOLED = 100
"""Account-months of all ages that every band is mixed with."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of last month's revenue.

    Attributes:
        expansion: Gained from customers that stay.
        contraction: Lost from customers that stay.
        churn: Lost with customers that leave.
        reactivation: Regained from customers that had left.
    """

    expansion: float
    contraction: float
    churn: float
    reactivation: float

    @property
    def growth(self) -> float:
        """What a month makes of one unit of revenue, less the unit."""
        return self.expansion + self.reactivation - self.contraction - self.churn


@dataclass(frozen=True)
class CohortRates:
    """Rates by band of age.

    Attributes:
        bands: Rates of each of `BANDS`.
        account_months: Account-months behind each.
        overall: Rates of all ages together.
    """

    bands: tuple[Rates, ...]
    account_months: tuple[int, ...]
    overall: Rates


def band_of(age: int) -> int:
    """Return the number of the band that holds an age; every later anniversary is in that of the twenty-fourth month.

    Example:
        >>> [band_of(age) for age in (1, 3, 12, 24, 59, 60)]
        [0, 0, 2, 4, 5, 4]
    """
    if age > _SECOND_YEAR and age % 12 == 0:
        age = _SECOND_YEAR
    return next(number for number, (first, last) in enumerate(BANDS) if age <= last and (age >= first or not number))


def band_name(number: int) -> str:
    """Name a band as assumption files do.

    Example:
        >>> [band_name(number) for number in (0, 2, 5)]
        ['1-3', '12', '25+']
    """
    first, last = BANDS[number]
    return f"{first}+" if last == BANDS[-1][1] else f"{first}-{last}" if last > first else str(first)


def cohort_rates(panel: Panel) -> CohortRates:
    """Estimate the rates from a panel with one row an account; months after the last known are not there to be seen."""
    last = panel.last_known
    values = np.nan_to_num(panel.values[:, : last + 1])
    first = max(last - WINDOW, 0)
    before, after = values[:, first:last], values[:, first + 1 : last + 1]
    ages = np.arange(first + 1, last + 1)[None, :] - panel.started[:, None]
    counted = ages >= 1
    change = after - before
    stays = (before > 0) & (after > 0)
    parts = {
        "expansion": np.where(stays, np.maximum(change, 0), 0),
        "contraction": np.where(stays, np.maximum(-change, 0), 0),
        "churn": np.where((before > 0) & (after <= 0), before, 0),
        "reactivation": np.where((before <= 0) & (after > 0), after, 0),
    }
    later = (ages > _SECOND_YEAR) & (ages % 12 == 0)
    number = np.digitize(np.where(later, _SECOND_YEAR, ages), [start for start, _ in BANDS]) - 1

    def rates(chosen: np.ndarray, prior: Rates | None) -> tuple[Rates, int]:
        months = int((chosen & (before > 0)).sum())
        base = float(before[chosen].sum())
        weight = months / (months + POOLED) if prior else 1.0
        found = {}
        for each in fields(Rates):
            own = float(parts[each.name][chosen].sum()) / base if base > 0 else 0.0
            found[each.name] = weight * own + (1 - weight) * getattr(prior, each.name, 0.0)
        return Rates(**found), months

    overall, _ = rates(counted, None)
    each_band = [rates(counted & (number == band), overall) for band in range(len(BANDS))]
    return CohortRates(tuple(rate for rate, _ in each_band), tuple(months for _, months in each_band), overall)
