"""Grandfathering: customers keep the old price for a while, or do not pay more than so much more a year (PR-02)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_FLOOR, Decimal

import numpy as np

from growthring.kernel.currency import exponent
from growthring.kernel.period import Month
from growthring.pricing.simulation.kernel import Whole
from growthring.pricing.simulation.rerating import AMOUNT_DECIMALS, Cells

_FACTOR = 10**6


@dataclass(frozen=True, slots=True)
class Grandfathering:
    """Who pays the old price, and for how long. Several terms hold together: the customer gets the best of them.

    Attributes:
        until: Nobody pays the new price in a month that begins earlier.
        renews_on: By account: it pays the old price in months that begin before its renewal.
        yearly_cap: Highest increase over the old price in percent, for each year begun since the price changed, compounding.
        changed_on: The day the price changed; the first month simulated if absent.
    """

    until: date | None = None
    renews_on: Mapping[str, date] = field(default_factory=dict)
    yearly_cap: Decimal | None = None
    changed_on: date | None = None


def grandfathered(cells: Cells, amounts: Whole, terms: Grandfathering) -> Whole:
    """Return what accounts pay when the terms hold, in ten-thousandths by cell.

    A capped amount is rounded down to the minor unit, so that the increase never exceeds the cap.
    """
    paid = amounts.copy()
    if terms.yearly_cap is not None:
        paid = np.minimum(paid, _highest(cells, terms))
    first_new = np.zeros(len(cells.account_names), dtype=np.int64)
    for place, account in enumerate(cells.account_names):
        days = [day for day in (terms.changed_on, terms.until, terms.renews_on.get(account)) if day]
        first_new[place] = max((_first_month_from(day) for day in days), default=0)
    keeps = cells.months < first_new[cells.accounts]
    paid[keeps] = cells.baseline[keeps]
    return paid


def _first_month_from(day: date) -> int:
    return Month.of(day).index + (1 if day.day > 1 else 0)


def _highest(cells: Cells, terms: Grandfathering) -> Whole:
    """Return the most an account may pay: the old amount times (1 + cap) for each year begun, rounded down."""
    if not len(cells.months):
        return cells.baseline
    start = Month.of(terms.changed_on).index if terms.changed_on else int(cells.months.min())
    years = np.maximum((cells.months - start) // 12 + 1, 0)
    rise = 1 + (terms.yearly_cap or Decimal(0)) / 100
    factors = np.array(
        [int((rise**year * _FACTOR).to_integral_value(ROUND_FLOOR)) for year in range(int(years.max()) + 1)],
        dtype=np.int64,
    )[years]
    old = np.maximum(cells.baseline, 0)
    most = (old // _FACTOR) * factors + ((old % _FACTOR) * factors) // _FACTOR
    units = np.array([10 ** (AMOUNT_DECIMALS - exponent(code)) for code in cells.currency_names], dtype=np.int64)[
        cells.currencies
    ]
    highest: Whole = np.maximum(most // units * units, cells.baseline)
    return highest
