"""Metering of one series of records in plain Python: what the relations must agree with, to the last digit.

Levels are followed through time step by step, and things by the set of days they were there; the relations add up changes by
the time that is left. The two ways share no arithmetic.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil, floor

from growthring.pricing.billing_calendar import BillingPeriod, day_start
from growthring.pricing.meter import Aggregation, Bucket, Meter, QuantityRounding, Rounding
from growthring.pricing.metering.dimensions import kept
from growthring.pricing.metering.local_clock import derived_dimensions, local_day, wall_clock

_DECIMALS = 6
_ZERO = Decimal(0)
_DIRECTIONS = {Rounding.HALF_UP: ROUND_HALF_UP, Rounding.CEILING: ROUND_CEILING, Rounding.FLOOR: ROUND_FLOOR}


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRecord:
    """What a meter reads of a usage record; the columns of the table ``usage``."""

    usage_id: str
    used_at: datetime
    quantity: Decimal = Decimal(1)
    unique_key: str | None = None
    operation: str = "add"
    dimensions: str | None = None
    event_amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """Where a level stands between two periods.

    Attributes:
        quantity: The level.
        keys: The distinct things that are there, of a meter that counts them.
    """

    quantity: Decimal = _ZERO
    keys: frozenset[str] = frozenset()


OPENING = Level()
"""Where every level begins."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A metered quantity.

    Attributes:
        dimensions: The meter's dimensions as text.
        bucket_at: Start of the bucket, UTC; of the period without buckets.
        quantity: The aggregated quantity.
        events: Number of records behind it.
        event_amount: Sum of the prices they carry.
        closing: Where the level stands at the end, of a meter that follows one.
    """

    dimensions: str
    bucket_at: datetime
    quantity: Decimal
    events: int
    event_amount: Decimal = _ZERO
    closing: Level = field(default=OPENING)


def meter_quantity(
    meter: Meter, records: Iterable[UsageRecord], period: BillingPeriod, opening: Level = OPENING, in_force_to: date | None = None
) -> Decimal:
    """Return what one series of records comes to in a period: of a meter without dimensions and buckets.

    Args:
        meter: The meter.
        records: Records of one subscription in any order; those outside the period or twice under one identifier do not count.
        period: The billing period.
        opening: Where the level stood at the start of the period; for recurring meters.
        in_force_to: First local day without service, when that is before the end of the period.
    """
    counted = [record for records_ in meter_series(meter, records, period, in_force_to).values() for record in records_]
    return _reading(meter, counted, period, ("", period.starts_at), opening, in_force_to).quantity


def meter_readings(
    meter: Meter,
    records: Iterable[UsageRecord],
    periods: Sequence[BillingPeriod],
    in_force_to: date | None = None,
) -> list[tuple[BillingPeriod, Reading]]:
    """Return the quantities of a subscription on a meter in consecutive periods, with levels carried from one to the next.

    Args:
        meter: The meter.
        records: All records of the subscription that are known, in any order.
        periods: Periods in order.
        in_force_to: First local day without service, if there is one.
    """
    known = list(records)
    levels: dict[str, Level] = {}
    found: list[tuple[BillingPeriod, Reading]] = []
    for period in periods:
        series = meter_series(meter, known, period, in_force_to)
        carried = {(dimensions, period.starts_at) for dimensions in levels} if meter.recurring else set()
        for dimensions, bucket_at in sorted(carried | set(series)):
            counted = series.get((dimensions, bucket_at), [])
            opening = levels.get(dimensions, OPENING) if meter.recurring else OPENING
            reading = _reading(meter, counted, period, (dimensions, bucket_at), opening, in_force_to)
            levels[dimensions] = reading.closing
            if reading.events or opening.quantity:
                found.append((period, reading))
    return found


def meter_series(
    meter: Meter, records: Iterable[UsageRecord], period: BillingPeriod, in_force_to: date | None = None
) -> dict[tuple[str, datetime], list[UsageRecord]]:
    """Return the records that a meter counts in a period, in order of time, by dimensions and start of the bucket."""
    series: dict[tuple[str, datetime], list[UsageRecord]] = defaultdict(list)
    distinct = {record.usage_id: record for record in records}.values()
    ends_at = _end(period, in_force_to)
    for record in sorted(distinct, key=lambda each: (each.used_at, each.usage_id)):
        if not period.starts_at <= record.used_at < ends_at:
            continue
        if meter.aggregation is Aggregation.UNIQUE and record.unique_key is None:
            continue
        derived = ""
        if meter.derived:
            day = local_day(record.used_at, period.zone)
            derived = derived_dimensions(meter.derived, day, wall_clock(record.used_at, period.zone))
        dimensions = kept(meter, record.dimensions, derived)
        if dimensions is not None:
            series[dimensions, _bucket_start(meter, record.used_at, period)].append(record)
    return dict(series)


def rounded_quantity(value: Decimal, rounding: QuantityRounding | None) -> Decimal:
    """Return an aggregated quantity as its meter rounds it.

    Example:
        >>> f"{rounded_quantity(Decimal('123.456'), QuantityRounding(mode=Rounding.CEILING, precision=-2)):f}"
        '200'
    """
    if rounding is None or rounding.mode is Rounding.NONE:
        return value
    unit = Decimal(1).scaleb(-rounding.precision)
    return (value / unit).quantize(Decimal(1), _DIRECTIONS[rounding.mode]) * unit


def _reading(
    meter: Meter,
    records: Sequence[UsageRecord],
    period: BillingPeriod,
    series: tuple[str, datetime],
    opening: Level,
    in_force_to: date | None,
) -> Reading:
    quantity, closing = _aggregated(meter, records, period, opening, in_force_to)
    if meter.negative == "clamp":
        quantity = max(quantity, _ZERO)
    event_amount = sum((record.event_amount or _ZERO for record in records), _ZERO)
    return Reading(*series, rounded_quantity(quantity, meter.rounding), len(records), event_amount, closing)


def _aggregated(
    meter: Meter, records: Sequence[UsageRecord], period: BillingPeriod, opening: Level, in_force_to: date | None
) -> tuple[Decimal, Level]:
    if meter.aggregation is Aggregation.UNIQUE:
        return _unique(meter, records, period, opening, in_force_to)
    if meter.aggregation is Aggregation.WEIGHTED_SUM:
        return _weighted_sum(meter, records, period, opening, in_force_to)
    if meter.aggregation is Aggregation.LATEST:
        last = records[-1].quantity if records else opening.quantity
        return last, Level(last)
    if meter.recurring or meter.prorated:
        return _lasting_sum(meter, records, period, opening, in_force_to)
    return _total(meter, [record.quantity for record in records]) if records else _ZERO, OPENING


def _total(meter: Meter, values: Sequence[Decimal]) -> Decimal:
    match meter.aggregation:
        case Aggregation.COUNT:
            return Decimal(len(values))
        case Aggregation.MAX:
            return max(values)
        case Aggregation.MIN:
            return min(values)
        case Aggregation.AVERAGE:
            return _decimal(Fraction(sum(values, _ZERO)) / len(values))
        case Aggregation.PERCENTILE:
            rank = ceil(Fraction(meter.percentile) * len(values) / 100)
            return sorted(values)[rank - 1]
        case _:
            return sum(values, _ZERO)


def _unique(
    meter: Meter, records: Sequence[UsageRecord], period: BillingPeriod, opening: Level, in_force_to: date | None
) -> tuple[Decimal, Level]:
    """Count the things that are there at the end, or the days on which each was there."""
    present = set(opening.keys)
    days: dict[str, set[date]] = defaultdict(set)
    today = period.period_start
    end = min(period.period_end, in_force_to or period.period_end)
    for record in [*records, None]:
        day = local_day(record.used_at, period.zone) if record else end
        for key in present:
            days[key] |= _days(today, day)
        today = day
        if record is None:
            break
        key = record.unique_key or ""
        if record.operation == "remove":
            if key in present:
                days[key].add(day)
            present.discard(key)
        else:
            present.add(key)
    closing = Level(Decimal(len(present)), frozenset(present))
    if not meter.prorated:
        return closing.quantity, closing
    return _up(Fraction(sum(map(len, days.values())), period.days)), closing


def _lasting_sum(
    meter: Meter, records: Sequence[UsageRecord], period: BillingPeriod, opening: Level, in_force_to: date | None
) -> tuple[Decimal, Level]:
    """Add changes to a level; prorated, each from its day on."""
    end = min(period.period_end, in_force_to or period.period_end)
    level = opening.quantity
    shares = Fraction(level) * (end - period.period_start).days
    for record in records:
        change = _change(meter, record)
        level += change
        shares += Fraction(change) * (end - local_day(record.used_at, period.zone)).days
    return (_up(shares / period.days) if meter.prorated else level), Level(level)


def _weighted_sum(
    meter: Meter, records: Sequence[UsageRecord], period: BillingPeriod, opening: Level, in_force_to: date | None
) -> tuple[Decimal, Level]:
    """Integrate a level over the seconds of the period."""
    level, since = opening.quantity, period.starts_at
    area = Fraction(0)
    for record in records:
        at = record.used_at.replace(microsecond=0)
        area += Fraction(level) * ((at - since) // timedelta(seconds=1))
        since = at
        level = record.quantity if meter.level else level + _change(meter, record)
    area += Fraction(level) * ((_end(period, in_force_to) - since) // timedelta(seconds=1))
    return _decimal(area / period.seconds), Level(level)


def _change(meter: Meter, record: UsageRecord) -> Decimal:
    change = Decimal(1) if meter.aggregation is Aggregation.COUNT else record.quantity
    return -change if record.operation == "remove" else change


def _bucket_start(meter: Meter, used_at: datetime, period: BillingPeriod) -> datetime:
    match meter.bucket:
        case Bucket.MINUTE:
            return used_at.replace(second=0, microsecond=0)
        case Bucket.HOUR:
            return used_at.replace(minute=0, second=0, microsecond=0)
        case Bucket.DAY:
            return day_start(local_day(used_at, period.zone), period.zone)
        case Bucket.NONE:
            return period.starts_at


def _end(period: BillingPeriod, in_force_to: date | None) -> datetime:
    return min(period.ends_at, day_start(in_force_to, period.zone)) if in_force_to else period.ends_at


def _days(first: date, after: date) -> set[date]:
    return {first + timedelta(days=index) for index in range((after - first).days)}


def _decimal(value: Fraction) -> Decimal:
    """Return a quantity rounded half away from zero to 6 decimals."""
    units = floor(abs(value) * 10**_DECIMALS + Fraction(1, 2))
    return Decimal(units if value >= 0 else -units).scaleb(-_DECIMALS)


def _up(value: Fraction) -> Decimal:
    """Return a quantity rounded up to 5 decimals."""
    return Decimal(ceil(value * 10**5)).scaleb(-5)
