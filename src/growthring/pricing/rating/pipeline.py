"""The chain of relations from metered quantities to rated lines and bills, as the books need it."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date

from growthring.engine.relation import Relation, compose, relation
from growthring.pricing.rating.tables import END, BookShape
from growthring.tables import RATED_LINE

PACKAGE = "growthring.pricing.rating"
_CHARGE_COLUMNS = (
    "subscription_id, period_start, component_no, dimensions, bucket_at, quantity, billable_quantity, tier, raw_amount"
)


def rating_chain(shape: BookShape, *, until_on: date = END, has_buckets: bool = True) -> list[Relation]:
    """Return the relations from ``metered`` to ``rated_line`` and ``bill``, in order.

    Args:
        shape: What the books use; steps that would do nothing are left out.
        until_on: Periods that start on this day or later are not rated.
        has_buckets: Whether some meter has several quantities in a period, which one line adds up.
    """
    stretch = _light("billed_stretch")
    periods = compose([stretch, relation(PACKAGE, "billed_period", {"until_on": until_on})], "billed_period")
    chain = [Relation("billed_period", periods), stretch]
    if is_short(shape, has_buckets=has_buckets):
        chain += _short(shape)
    else:
        chain += _general(shape, shape.kinds, has_buckets=has_buckets)
    chain += _steps("subtotal", _light("subtotal"), "line", shape.steps["bill"], called="bill")
    chain.append(_reading(relation(PACKAGE, "bill"), chain[-1].name))
    return chain


def is_short(shape: BookShape, *, has_buckets: bool) -> bool:
    """Whether one statement rates all usage: plain tiers in currencies of one minor unit, and nothing before or after them."""
    changed = shape.has_quantity_changes or shape.has_matrix or shape.has_rows_without_use or has_buckets
    adjusted = shape.steps["bucket"] or shape.steps["line"]
    return "rate" in shape.kinds and shape.has_plain_tiers and len(shape.decimals) == 1 and not changed and not adjusted


def _short(shape: BookShape) -> list[Relation]:
    """Return the relations of the short way; fees and the like take the general one beside it."""
    plain = relation(PACKAGE, "rated_line_plain", {"decimals": next(iter(shape.decimals))}, called="rated_line")
    others = shape.kinds - {"rate"}
    if not others:
        return [plain]
    rest = _general(shape, others, has_buckets=False)
    parts = (replace(plain, name="rated_line_plain", is_light=True), replace(rest[-1], name="rated_line_other", is_light=True))
    columns = ", ".join(RATED_LINE.column_names)
    both = "\nUNION ALL\n".join(f"SELECT {columns} FROM {part.name}" for part in parts)
    return [*rest[:-1], *parts, Relation("rated_line", both)]


def _general(shape: BookShape, kinds: Collection[str], *, has_buckets: bool) -> list[Relation]:
    """Return the relations from quantities to rated lines with every step that the books need."""
    chain: list[Relation] = []
    if "rate" in kinds:
        priced = "priced_quantity_matrix" if shape.has_matrix else "priced_quantity"
        with_idle = [_light(priced, "priced_quantity"), relation(PACKAGE, "quantity")]
        chain += with_idle if shape.has_rows_without_use else [_light(priced, "quantity")]
        chain.append(relation(PACKAGE, "billable") if shape.has_quantity_changes else _light("billable_as_metered", "billable"))
    if "percentage" in kinds:
        chain.append(relation(PACKAGE, "percentage_event"))
    charges = []
    for kind in sorted(kinds):
        name = ("charge_tiers" if shape.has_plain_tiers else "charge_rates") if kind == "rate" else f"charge_{kind}"
        chain.append(_light(name))
        charges.append(f"SELECT {_CHARGE_COLUMNS} FROM {name}")
    chain.append(Relation("charge", "\nUNION ALL\n".join(charges), is_light=True))
    chain += _steps("started", _light("started"), "bucket", shape.steps["bucket"])
    if has_buckets or shape.steps["line"]:
        summed = relation(PACKAGE, "line") if has_buckets else _light("line_single", "line")
        chain += _steps("line", _reading(summed, chain[-1].name), "line", shape.steps["line"])
    chain.append(_reading(relation(PACKAGE, "rated_line"), chain[-1].name))
    return chain


def _light(name: str, called: str | None = None) -> Relation:
    return replace(relation(PACKAGE, name, called=called), is_light=True)


def _steps(name: str, first: Relation, scope: str, steps: int, called: str | None = None) -> Iterator[Relation]:
    """Yield a relation and the steps of the pipeline after it, each reading the one before."""
    yield first
    before = name
    for number in range(1, steps + 1):
        adjusted = relation(PACKAGE, "adjust", {"step": number, "scope": scope}, called=f"{called or scope}_adjusted_{number}")
        yield _reading(adjusted, before)
        before = adjusted.name


def _reading(each: Relation, name: str) -> Relation:
    """Let a relation read the one before it, which it knows as ``before``."""
    return replace(each, sql=re.sub(r"\bFROM before\b", f"FROM {name} AS before", each.sql))
