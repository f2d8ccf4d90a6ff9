"""The chain of relations from metered quantities to rated lines and bills, as the books need it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from growthring.engine.relation import Literal, Relation, relation
from growthring.pricing.rating.tables import BEGINNING, END, BookShape

PACKAGE = "growthring.pricing.rating"
_CHARGE_COLUMNS = (
    "subscription_id, period_start, component_no, dimensions, bucket_at, quantity, billable_quantity, tier, raw_amount"
)


def rating_chain(
    shape: BookShape, first_on: date = BEGINNING, until_on: date = END, *, has_buckets: bool = True
) -> list[Relation]:
    """Return the relations from ``metered`` to ``rated_line`` and ``bill``, in order.

    Args:
        shape: What the books use; steps that would do nothing are left out.
        first_on: Periods that start earlier are not rated.
        until_on: Periods that start on this day or later are not rated.
        has_buckets: Whether some meter has several quantities in a period, which one line adds up.
    """
    values: dict[str, Literal] = {"first_on": first_on, "until_on": until_on}

    def step(name: str, called: str | None = None) -> Relation:
        return relation(PACKAGE, name, values, called=called)

    def light(name: str, called: str | None = None) -> Relation:
        return replace(step(name, called), is_light=True)

    chain = [step("billed_period")]
    if "rate" in shape.kinds:
        priced = "priced_quantity_matrix" if shape.has_matrix else "priced_quantity"
        chain += (
            [light(priced, "priced_quantity"), step("quantity")] if shape.has_rows_without_use else [light(priced, "quantity")]
        )
        chain.append(step("billable") if shape.has_quantity_changes else light("billable_as_metered", "billable"))
    if "percentage" in shape.kinds:
        chain.append(step("percentage_event"))
    charges = []
    for kind in sorted(shape.kinds):
        name = ("charge_tiers" if shape.has_plain_tiers else "charge_rates") if kind == "rate" else f"charge_{kind}"
        chain.append(light(name))
        charges.append(f"SELECT {_CHARGE_COLUMNS} FROM {name}")
    chain.append(Relation("charge", "\nUNION ALL\n".join(charges), is_light=True))
    chain += _steps("started", light("started"), "bucket", shape.steps["bucket"])
    if has_buckets or shape.steps["line"]:
        summed = step("line") if has_buckets else light("line_single", "line")
        chain += _steps("line", _reading(summed, chain[-1].name), "line", shape.steps["line"])
    chain.append(_reading(step("rated_line"), chain[-1].name))
    chain += _steps("subtotal", light("subtotal"), "line", shape.steps["bill"], called="bill")
    chain.append(_reading(step("bill"), chain[-1].name))
    return chain


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
