"""Simulated usage as charges of future billing periods, rated for many subscriptions at a time.

Simulated months become billing periods by days: a period takes from each month the share of its days that lies in it, after what
is known of a period in progress. Where billing periods are calendar months nothing is shared out.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from growthring.forecast.commitments.charges import ChargePaths
from growthring.forecast.commitments.rating import rate_paths, why_not_rated
from growthring.forecast.commitments.whole import Whole
from growthring.forecast.panel import Values
from growthring.kernel.period import Month
from growthring.pricing.billing_calendar import BillingCalendar, BillingPeriod
from growthring.pricing.book import PriceBook, Version
from growthring.pricing.meter import Aggregation, Bucket, Meter
from growthring.pricing.price import CapacityTiers

_KEPT = 4096
_ADDS_UP = (Aggregation.SUM, Aggregation.COUNT)


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription that goes on: who is billed under which book, and when.

    Attributes:
        subscription_id: The subscription.
        account_id: The customer.
        book: Its price book.
        currency: ISO 4217 code it is billed in.
        calendar_id: Its billing calendar.
        starts_on: First day billed.
    """

    subscription_id: str
    account_id: str
    book: PriceBook
    currency: str
    calendar_id: str
    starts_on: date


@dataclass(frozen=True, slots=True, eq=False)
class Horizon:
    """The months ahead, and what is known of the first of them.

    Attributes:
        on: First day that is not known.
        first_month: Month of the first column of the futures, year × 12 + month − 1; it holds ``on`` or begins on it.
        months: Number of months.
        paths: Number of futures.
    """

    on: date
    first_month: int
    months: int
    paths: int

    @property
    def until(self) -> date:
        """First day after it."""
        return Month(self.first_month + self.months).first_day


@dataclass(frozen=True, slots=True, eq=False)
class _Period:
    subscribed: Subscribed
    period: BillingPeriod
    version: Version
    number: int


def why_not_foreseen(subscribed: Subscribed, meters: Mapping[str, Meter], horizon: Horizon) -> str:
    """Return why a subscription's usage cannot be rated ahead, in words; nothing when it can."""
    calendar = BillingCalendar.of(subscribed.calendar_id)
    by_month = calendar.interval == "month" and calendar.count == 1 and calendar.anchor_on.day == 1
    for version in _versions(subscribed, horizon):
        if reason := why_not_rated(version, subscribed.currency):
            return reason
        for name in _meters(version):
            meter = meters.get(name)
            if meter and (meter.bucket is not Bucket.NONE or meter.per_event):
                return f"{name} is priced in parts of a period"
            if meter and not by_month and meter.aggregation not in _ADDS_UP:
                return f"{name} does not add up over days, and periods are no calendar months"
    return ""


def future_charges(
    subscriptions: Sequence[Subscribed],
    used: Mapping[tuple[str, str], Values],
    horizon: Horizon,
    *,
    so_far: Mapping[tuple[str, str], int] | None = None,
) -> list[ChargePaths]:
    """Rate simulated usage of subscriptions over the whole billing periods of the horizon.

    Args:
        subscriptions: Those that `why_not_foreseen` says nothing about.
        used: Quantity by account and meter, shape (paths, months); what is absent is not used.
        horizon: The months ahead.
        so_far: Millionths used by subscription and meter in the period in progress, before ``horizon.on``.
    """
    together: dict[tuple[str, date, str, int], list[_Period]] = defaultdict(list)
    for each in subscriptions:
        for period in _periods(each, horizon):
            number = period.number if _has_adjustments(period.version) else 1
            together[each.book.name, period.version.effective_from, each.currency, number].append(period)
    return [charge for same in together.values() for charge in _rated(same, used, horizon, so_far or {})]


def _periods(subscribed: Subscribed, horizon: Horizon) -> Iterator[_Period]:
    every = _calendar_periods(subscribed.calendar_id, horizon.on, horizon.until)
    found = [each for each in every if horizon.on < each.period_end <= horizon.until]
    before = len(_calendar_periods(subscribed.calendar_id, subscribed.starts_on, found[0].period_start)) if found else 0
    for place, period in enumerate(found):
        if version := subscribed.book.version_on(max(period.period_start, subscribed.starts_on)):
            yield _Period(subscribed, period, version, max(before, 1) + place)


def _rated(
    periods: Sequence[_Period],
    used: Mapping[tuple[str, str], Values],
    horizon: Horizon,
    so_far: Mapping[tuple[str, str], int],
) -> Iterator[ChargePaths]:
    """Yield the charges of periods that share a version, a currency and, where it matters, their number."""
    first = periods[0]
    shape = (len(periods), horizon.paths)
    periods_by_paths = shape[0] * shape[1]
    quantities: dict[str, Whole] = {}
    for meter in _meters(first.version):
        table = np.zeros(shape, dtype=np.int64)
        for row, each in enumerate(periods):
            table[row] = _quantity(each, meter, used, horizon, so_far)
        quantities[meter] = table.reshape(-1)
    policy, currency = first.subscribed.book.rating_policy, first.subscribed.currency
    for rated in rate_paths(first.version, policy, currency, quantities, period_no=first.number):
        quantity, amount = (np.broadcast_to(each, (periods_by_paths,)).reshape(shape) for each in (rated.quantity, rated.amount))
        for row, each in enumerate(periods):
            yield ChargePaths(
                each.subscribed.account_id, each.subscribed.subscription_id, each.period.period_start, each.period.period_end,
                rated.component_id, rated.kind, rated.meter, currency, quantity[row], amount[row],
            )  # fmt: skip


def _quantity(
    each: _Period, meter: str, used: Mapping[tuple[str, str], Values], horizon: Horizon, so_far: Mapping[tuple[str, str], int]
) -> Whole:
    """Return what is used of a meter in a period, in millionths by future."""
    found = np.zeros(horizon.paths)
    months = used.get((each.subscribed.account_id, meter))
    start = max(each.period.period_start, horizon.on)
    if months is not None:
        for column, share in _shares(start, each.period.period_end, horizon.first_month, horizon.months):
            found += months[:, column] * share
    whole = np.rint(np.maximum(found, 0) * 1e6).astype(np.int64)
    if each.period.period_start < horizon.on:
        whole += so_far.get((each.subscribed.subscription_id, meter), 0)
    return whole


@lru_cache(maxsize=_KEPT)
def _shares(start: date, end: date, first_month: int, months: int) -> tuple[tuple[int, float], ...]:
    """Return columns of the horizon and the share of each month's days that lies in a stretch of days."""
    found = []
    for column in range(Month.of(start).index - first_month, months):
        month = Month(first_month + column)
        first, last = max(start, month.first_day), min(end, (month + 1).first_day)
        if first >= end:
            break
        found.append((column, (last - first).days / ((month + 1).first_day - month.first_day).days))
    return tuple(found)


@lru_cache(maxsize=_KEPT)
def _calendar_periods(calendar_id: str, first: date, last: date) -> tuple[BillingPeriod, ...]:
    """Return the periods of a calendar that share a day with a stretch; most accounts share a calendar."""
    return tuple(BillingCalendar.of(calendar_id).periods(first, last))


def _versions(subscribed: Subscribed, horizon: Horizon) -> list[Version]:
    return list({each.version.effective_from: each.version for each in _periods(subscribed, horizon)}.values())


def _meters(version: Version) -> list[str]:
    found = {component.meter for component in version.components if component.meter}
    for component in version.components:
        for price in component.every_price:
            if isinstance(price, CapacityTiers):
                found |= set(price.meters)
    return sorted(found)


def _has_adjustments(version: Version) -> bool:
    return bool(version.adjustments) or any(component.adjustments for component in version.components)
