"""What a case used, as metered quantities."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from growthring.pricing.full_units import Change
from growthring.pricing.price import CapacityTiers, Dynamic, Graduated, Percentage, Volume
from growthring.pricing.reference import Use
from tests.golden.billing.reading import NotUnderstoodError, Offer, number
from tests.golden.billing.running import METER, ZERO

Case = Mapping[str, Any]


def uses_of(offer: Offer, used: Any, case: Case) -> tuple[Use, ...]:
    """Return what was used as the offer's prices need it; ``used`` is a number, or numbers by meter."""
    if isinstance(used, Mapping):
        return tuple(Use(meter, number(each) or ZERO, events=1) for meter, each in used.items())
    quantity = number(used) or ZERO
    if offer.component.conversion is None:
        quantity = max(quantity, ZERO)  # meters give nothing below zero unless they are told to keep it
    price = offer.component.price
    if isinstance(price, Graduated | Volume) and price.tiers_by == "full_units":
        changes = changes_of(case) or ()
        return (Use(METER, sum((each.quantity for each in changes), ZERO), events=1, changes=changes),) if changes else ()
    if isinstance(price, Percentage):
        return _events(offer, quantity, case)
    if isinstance(price, Dynamic):
        carried = _carried(case)
        return (Use(METER, quantity, events=1, event_amount=quantity if carried is None else carried),)
    if isinstance(price, CapacityTiers) and price.meters:
        return (Use(price.meters[0], quantity, events=1),)
    return (Use(METER, quantity, events=1),) if quantity else ()


def changes_of(case: Case) -> tuple[Change, ...] | None:
    """Return full units with the share of the period they were there, where a case tells both."""
    if case.get("full_units") is not None:
        return (_change(number(case["full_units"]) or ZERO, number(case["usage"]) or ZERO),)
    listed = case.get("events")
    if listed is None or not all(isinstance(each, Mapping) and "prorated_units" in each for each in listed):
        return None
    read = [
        (number(each.get("units", each.get("full_units"))) or ZERO, number(each["prorated_units"]) or ZERO) for each in listed
    ]
    return tuple(_change(units, prorated) for units, prorated in read if units)


def _change(units: Decimal, prorated: Decimal) -> Change:
    share = Fraction(prorated) / Fraction(units)
    return Change(units, share.numerator, share.denominator)


def _carried(case: Case) -> Decimal | None:
    """Return the sum of the prices that records carry, in major units."""
    for name, scale in (("precise_total_cents", 100), ("total_cents", 100), ("precise_total", 1), ("total_amount", 1)):
        if case.get(name) is not None:
            return (number(case[name]) or ZERO) / scale
    events = [each for each in case.get("events", []) if isinstance(each, Mapping)]
    for name, scale in (("precise_total_amount_cents", 100), ("precise_amount_cents", 100), ("cents", 100), ("price", 1)):
        if events and all(name in each for each in events):
            return sum((number(each[name]) or ZERO for each in events), ZERO) / scale
    return None


def _events(offer: Offer, quantity: Decimal, case: Case) -> tuple[Use, ...]:
    values = event_values(case, quantity)
    if not values:
        return ()
    return (Use(METER, sum(values, ZERO), events=len(values), event_values=tuple(values)),)


def event_values(case: Case, quantity: Decimal) -> list[Decimal]:
    """Return each event's value: as listed, or from running totals, the rest on the events that follow."""
    if case.get("events"):
        return [number(each["value"] if isinstance(each, Mapping) else each) or ZERO for each in case["events"]]
    totals = [number(each) or ZERO for each in case.get("running_totals") or []]
    values = [after - before for before, after in zip([ZERO, *totals], totals, strict=False)]
    count = int(number(case.get("event_count", case.get("events_count"))) or (1 if quantity else 0))
    rest = quantity - sum(values, ZERO)
    more = max(count - len(values), 1 if rest else 0)
    return [*values, *([rest] if more else []), *([ZERO] * (more - 1))]


def total_of(case: Case) -> Any:
    """Return what was used in all: a number, or numbers by meter.

    Raises:
        NotUnderstoodError: The case holds no usage under a name that is known.
    """
    for name in ("usage", "quantity", "units", "metered", "usage_amount", "amount"):
        if case.get(name) is not None:
            return case[name]
    listed = case.get("events")
    if listed is not None:
        values = [each.get("value", each.get("units", each.get("quantity", 0))) for each in listed]
        return sum((number(value) or ZERO for value in values), ZERO)
    raise NotUnderstoodError(f"no usage among {sorted(case)}")


def buckets_of(case: Case) -> Sequence[Any] | None:
    """Return the values of buckets or groups that are priced on their own, if the case has some."""
    for name in ("bucket_values", "group_values", "buckets", "groups", "windows", "window_values"):
        held = case.get(name)
        if held is not None:
            listed = list(held.values()) if isinstance(held, Mapping) else list(held)
            return [value for each in listed for value in (each if isinstance(each, list) else [_value(each)])]
    return None


def _value(held: Any) -> Any:
    return held.get("usage", held.get("value", held.get("quantity"))) if isinstance(held, Mapping) else held


def bucket_uses(values: Sequence[Any]) -> tuple[Use, ...]:
    """Return one metered quantity a bucket."""
    read = [number(value) or ZERO for value in values]
    return tuple(Use(METER, value, bucket=place, events=1, event_amount=value) for place, value in enumerate(read))
