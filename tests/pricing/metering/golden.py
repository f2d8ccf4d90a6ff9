"""Worked cases of metering, run on the reference and on the relations."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from growthring.pricing.billing_calendar import BillingCalendar, BillingPeriod, day_start, months_later
from growthring.pricing.meter import Aggregation, Bucket, Meter, QuantityRounding, Rounding
from growthring.pricing.metering.local_clock import local_day
from growthring.pricing.metering.reference import OPENING, Reading, UsageRecord, meter_readings
from tests.pricing.metering.workbench import Subscribed, Used, open_usage, run_chain

Case = Mapping[str, Any]
Figures = dict[str, Any]

_FIRST_DAYS = {28: date(2023, 2, 1), 29: date(2024, 2, 1), 30: date(2023, 6, 1), 31: date(2023, 8, 1)}
_ROUNDINGS = {
    None: Rounding.NONE,
    "none": Rounding.NONE,
    "round": Rounding.HALF_UP,
    "half_up": Rounding.HALF_UP,
    "ceil": Rounding.CEILING,
    "ceiling": Rounding.CEILING,
    "floor": Rounding.FLOOR,
}


_VALUES = ("value", "quantity", "units", "level", "delta", "change")


@dataclass(frozen=True)
class Setting:
    """The period of a case on its calendar.

    Attributes:
        calendar: The calendar.
        period: The period.
        offset: What is taken from every instant of the case, when its period does not start at midnight.
    """

    calendar: BillingCalendar
    period: BillingPeriod
    offset: timedelta = timedelta(0)


def meter_figures(case: Case, aggregation: Aggregation, **more: Any) -> dict[str, Figures]:
    """Return what both paths make of a case: quantity, closing level, amount and buckets, as far as the case asks."""
    price = case.get("price") or {}
    setting = _setting(case)
    recurring = _is_true(price.get("recurring")) or _opening(case) is not None
    chosen: dict[str, Any] = {
        "id": "m",
        "aggregation": aggregation,
        "recurring": recurring
        and aggregation not in (Aggregation.MAX, Aggregation.MIN, Aggregation.AVERAGE, Aggregation.PERCENTILE),
        "negative": price.get("negative", "clamp"),
        "bucket": Bucket(price.get("bucket") or price.get("bucket_size") or "none"),
        **more,
    }
    if "percentile" in price:
        chosen["percentile"] = Decimal(str(price["percentile"]))
    if price.get("function") or isinstance(price.get("rounding"), Mapping):
        chosen["rounding"] = _rounding(price.get("rounding") or price)
    return _figures(case, Meter(**chosen), setting, [*_carried(case, setting), *_events(case, setting)])


def weighted_sum(case: Case) -> dict[str, Figures]:
    """Return a level integrated over the period; values are changes of it, or levels."""
    price = case.get("price") or {}
    semantics = str(price.get("value_semantics") or price.get("semantics") or "delta")
    return meter_figures(case, Aggregation.WEIGHTED_SUM, level=semantics in ("level", "gauge", "absolute"))


def prorated_unique(case: Case) -> dict[str, Figures]:
    """Return distinct things by the days they were there; from their days, or from additions and removals."""
    setting = _setting(case)
    records = _events(case, setting)
    for number, active in enumerate(case.get("active_days") or ()):
        since = setting.period.period_end - timedelta(days=int(active))
        records.append(Used(day_start(since, setting.calendar.zone), unique_key=f"thing {number}"))
    meter = Meter(id="m", aggregation=Aggregation.UNIQUE, recurring=True, prorated=True)
    return _figures(case, meter, setting, [*_carried(case, setting), *records])


def prorated_sum(case: Case) -> dict[str, Figures]:
    """Return changes of a level by the days that are left from each."""
    setting = _setting(case)
    meter = Meter(id="m", recurring=True, prorated=True)
    return _figures(case, meter, setting, [*_carried(case, setting), *_events(case, setting)])


def metric_rounding(case: Case) -> dict[str, Figures]:
    """Return an aggregated quantity as the meter rounds it."""
    setting = _setting(case)
    meter = Meter(id="m", negative="keep", rounding=_rounding(case.get("price") or {}))
    return _figures(case, meter, setting, _events(case, setting))


def _of(aggregation: Aggregation, **more: Any) -> Callable[[Case], dict[str, Figures]]:
    return lambda case: meter_figures(case, aggregation, **more)


FORMS: dict[str, Callable[[Case], dict[str, Figures]]] = {
    "metric_rounding": metric_rounding,
    "meter_sum": _of(Aggregation.SUM),
    "meter_sum_clamped": _of(Aggregation.SUM),
    "meter_count": _of(Aggregation.COUNT),
    "meter_unique": _of(Aggregation.UNIQUE),
    "meter_unique_count": _of(Aggregation.UNIQUE),
    "meter_max": _of(Aggregation.MAX),
    "meter_min": _of(Aggregation.MIN),
    "meter_average": _of(Aggregation.AVERAGE),
    "meter_avg": _of(Aggregation.AVERAGE),
    "meter_latest": _of(Aggregation.LATEST),
    "meter_percentile": _of(Aggregation.PERCENTILE),
    "meter_bucketed_max": _of(Aggregation.MAX),
    "meter_weighted_sum": weighted_sum,
    "meter_prorated_unique": prorated_unique,
    "meter_prorated_unique_count": prorated_unique,
    "meter_prorated_sum": prorated_sum,
}
"""How a case of each model is run: each returns the figures that the case expects, by path."""


def printed(expected: object, value: object) -> object:
    """Return a figure at the decimals in which the case prints it, when it prints 5 or more.

    Quantities have 6 decimals: one that ends in a half of the last printed decimal is either of its neighbours.
    """
    if not isinstance(value, Decimal) or not isinstance(expected, str):
        return value
    unit = Decimal(1).scaleb(min(-5, max(-6, Decimal(expected).as_tuple().exponent)))  # type: ignore[type-var]
    if abs(Decimal(expected) - value) == unit / 2:
        return Decimal(expected)
    return value.quantize(unit, ROUND_HALF_UP).normalize() + 0


def _figures(case: Case, meter: Meter, setting: Setting, used: Sequence[Used]) -> dict[str, Figures]:
    paths = {"reference": _by_reference(meter, setting, used), "sql": _by_relations(meter, setting, used)}
    return {path: _asked(case, readings) for path, readings in paths.items()}


def _asked(case: Case, readings: Sequence[Reading]) -> Figures:
    quantity = sum((each.quantity for each in readings), Decimal(0))
    unit = Decimal(str((case.get("price") or {}).get("unit", 0)))
    figures: Figures = {
        "quantity": quantity,
        "amount": (quantity * unit).quantize(Decimal("0.01"), ROUND_HALF_UP),
        "closing_level": readings[-1].closing.quantity if readings else Decimal(0),
        "events": sum(each.events for each in readings),
        "buckets": [str(each.quantity.normalize() + 0) for each in readings],
    }
    figures["units"] = figures["quantity"]
    expected = case.get("expected") or figures
    return {name: printed(expected[name], figures[name]) for name in expected if name in figures}


def _by_reference(meter: Meter, setting: Setting, used: Sequence[Used]) -> list[Reading]:
    records = [
        UsageRecord(
            usage_id=f"u{index:06d}",
            used_at=each.used_at,
            quantity=each.quantity,
            unique_key=each.unique_key,
            operation=each.operation,
        )
        for index, each in enumerate(used)
    ]
    periods = setting.calendar.periods(_first_day(setting, used), setting.period.period_start)
    return [reading for period, reading in meter_readings(meter, records, periods) if period == setting.period]


def _by_relations(meter: Meter, setting: Setting, used: Sequence[Used]) -> list[Reading]:
    with open_usage(used, [Subscribed(setting.calendar.calendar_id)]) as connection:
        run_chain(connection, [meter], _first_day(setting, used), setting.period.period_start)
        rows = connection.execute(
            "SELECT dimensions, bucket_at, quantity, events, event_amount FROM metered WHERE period_start = ? ORDER BY ALL",
            [setting.period.period_start],
        ).fetchall()
        readings = [Reading(*row) for row in rows]
        if not meter.recurring:
            return readings
        closing = connection.execute(
            "SELECT closing FROM level_recurring WHERE period_start = ?", [setting.period.period_start]
        ).fetchall()
        return [
            replace(reading, closing=replace(OPENING, quantity=row[0])) for reading, row in zip(readings, closing, strict=True)
        ]


def _first_day(setting: Setting, used: Sequence[Used]) -> date:
    days = [local_day(each.used_at, setting.calendar.zone) for each in used]
    return min([setting.period.period_start, *days])


def _setting(case: Case) -> Setting:
    period = case.get("period") or {}
    price = case.get("price") or {}
    zone = period.get("timezone") or period.get("zone") or case.get("timezone") or price.get("timezone") or "UTC"
    days = int(period["days"]) if "days" in period else None
    if "from" not in period:
        start = _FIRST_DAYS.get(days or 31, date(2023, 8, 1))
        return _on_calendar(start, start + timedelta(days=days or 31), zone, timedelta(0))
    from_at = _instant(period["from"], zone)
    start = local_day(from_at, zone)
    end = _end(start, period, days, zone)
    return _on_calendar(start, end, zone, from_at - day_start(start, zone))


def _end(start: date, period: Mapping[str, Any], days: int | None, zone: str) -> date:
    """Return the first day after a period; a last day is meant when that makes whole months or the stated days."""
    if days is not None:
        return start + timedelta(days=days)
    if not period.get("to"):
        return months_later(start, 1)
    to = local_day(_instant(period["to"], zone), zone)
    after = to + timedelta(days=1)
    is_whole = any(months_later(start, months) == after for months in (1, 2, 3, 6, 12))
    return after if is_whole and "T" not in str(period["to"]) else to


def _on_calendar(start: date, end: date, zone: str, offset: timedelta) -> Setting:
    months = next((each for each in range(1, 37) if months_later(start, each) == end), 0)
    calendar = (
        BillingCalendar(start, "month", months, zone) if months else BillingCalendar(start, "day", (end - start).days, zone)
    )
    return Setting(calendar, calendar.period_of(start), offset)


def _carried(case: Case, setting: Setting) -> list[Used]:
    """Return the records that make the level with which the period opens."""
    opening = _opening(case)
    if not opening:
        return []
    before = setting.period.starts_at - timedelta(hours=1)
    keys = [f"carried {number}" for number in range(int(opening))] if "unique" in str(case.get("model")) else []
    return [Used(before, unique_key=key) for key in keys] or [Used(before, opening)]


def _opening(case: Case) -> Decimal | None:
    found = _first(case.get("price") or {}, ("initial", "carry_over", "opening", "opening_level", "initial_value"))
    found = _first(case, ("initial", "carry_over", "opening")) if found is None else found
    return None if found is None else Decimal(str(found))


def _events(case: Case, setting: Setting) -> list[Used]:
    events = case.get("events")
    if events is None:
        usage = case.get("usage", case.get("bucket_values"))
        values = usage if isinstance(usage, list) else [] if usage is None else [usage]
        events = [{"value": value} for value in values]
    in_order = sorted(events, key=lambda each: int(each["order"])) if all("order" in each for each in events) else events
    return [_record(each, number, setting) for number, each in enumerate(in_order) if _counts(case, each)]


def _record(event: Mapping[str, Any], number: int, setting: Setting) -> Used:
    at = _first(event, ("timestamp", "at", "time", "used_at", "day", "date"))
    value = _first(event, _VALUES)
    key = _first(event, ("key", "unique_key", "unique_id", "user", "user_id", "id"))
    operation = str(_first(event, ("operation", "op", "operation_type", "type")) or "add")
    return Used(
        used_at=setting.period.starts_at + timedelta(minutes=number)
        if at is None
        else _instant(at, setting.calendar.zone) - setting.offset,
        quantity=Decimal(1) if value is None else _number(value),
        unique_key=str(value) if key is None and value is not None else None if key is None else str(key),
        operation="remove" if operation.lower() in ("remove", "removed", "delete") else "add",
    )


def _number(value: object) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal(1)


def _instant(value: object, zone: str) -> datetime:
    """Return an instant, UTC without zone; a bare day is its first local instant."""
    text = str(value)
    if len(text) == len("2023-05-26"):
        return day_start(date.fromisoformat(text), zone)
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def _rounding(price: Mapping[str, Any]) -> QuantityRounding:
    mode = price.get("function") or price.get("mode")
    return QuantityRounding(mode=_ROUNDINGS[mode], precision=int(price.get("precision") or 0))


def _first(values: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((values[name] for name in names if values.get(name) is not None), None)


def _counts(case: Case, event: Mapping[str, Any]) -> bool:
    """Whether a record can be counted: one whose value is no number is a problem row, found when it is loaded."""
    value = _first(event, _VALUES)
    if "unique" in str(case.get("model")):
        return True
    try:
        return value is None or Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False


def _is_true(value: object) -> bool:
    return str(value).lower() in ("true", "1", "yes")
