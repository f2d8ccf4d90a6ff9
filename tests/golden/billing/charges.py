"""Figures of prices with usage: plain, with adjustments, incremental, cumulative runs, buckets, conversions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Any

from growthring.pricing.adjustment import Adjustment, AdjustmentKind
from growthring.pricing.book import Component
from growthring.pricing.meter import Rounding
from growthring.pricing.price import (
    Block,
    Capacity,
    Flat,
    Graduated,
    GraduatedPercentage,
    Package,
    Percentage,
    PerUnit,
)
from growthring.pricing.reference import Use
from tests.golden.billing.reading import NotUnderstoodError, Offer, number, read_offer
from tests.golden.billing.running import ZERO, Amount, Job, Rate, Rated
from tests.golden.billing.usage import bucket_uses, buckets_of, total_of, uses_of

Figures = dict[str, Any]
_LIMITS = (AdjustmentKind.MINIMUM, AdjustmentKind.MAXIMUM)


@dataclass(frozen=True)
class Counter:
    """Rates one offer on one path."""

    case: Mapping[str, Any]
    offer: Offer
    rate: Rate

    def job(self, uses: tuple[Use, ...], offer: Offer | None = None) -> Job:
        offer = offer or self.offer
        active, whole = covered_days(self.case.get("period"))
        return Job(offer.components, uses, offer.policy, offer.currency, active_days=active, period_days=whole)

    def rated(self, used: Sequence[Any], offer: Offer | None = None) -> list[Rated]:
        """Rate several quantities, each as a period of its own."""
        return self.rate([self.job(uses_of(offer or self.offer, each, self.case), offer) for each in used])

    @property
    def adjustments(self) -> tuple[Adjustment, ...]:
        """The offer's adjustments in the order of its policy."""
        order = self.offer.policy.adjustment_order
        return tuple(sorted(self.offer.component.adjustments, key=lambda each: order.index(each.kind)))


def covered_days(period: Any) -> tuple[int, int]:
    """Return days active and days of a period, where a case gives both."""
    if not isinstance(period, Mapping):
        return 30, 30
    whole = number(period.get("days", period.get("period_days")))
    covered = number(period.get("covered_days", period.get("covered", period.get("active_days"))))
    if whole is None:
        return 30, 30
    return int(whole if covered is None else covered), int(whole)


def answer(case: Mapping[str, Any], rate: Rate) -> Figures:
    """Return every figure of a case that prices usage.

    Raises:
        NotUnderstoodError: Names what no adapter reads.
    """
    offer = read_offer(case)
    counter = Counter(case, offer, rate)
    modifiers = offer.name.modifiers
    runs = case.get("cumulative_usage", case.get("runs"))
    if runs is not None:
        return cumulative(counter, runs)
    if "usage_sequence" in case:
        return sequence(counter, case["usage_sequence"])
    if modifiers & {"delta", "rerate", "rerated", "rerating"} and "previously_billed" in case:
        return difference(counter)
    if case.keys() & {"pre_quantity", "previously_billed"} or "discounts" in case["expected"]:
        return incremental(counter)
    return single(counter)


def single(counter: Counter) -> Figures:
    """Rate one quantity (or buckets of it), and what each adjustment changed."""
    buckets = buckets_of(counter.case)
    uses = uses_of(counter.offer, total_of(counter.case), counter.case) if buckets is None else bucket_uses(buckets)
    steps = counter.adjustments
    offers = [counter.offer.adjusted(steps[:number]) for number in range(len(steps) + 1)]
    rated = counter.rate([counter.job(uses, offer) for offer in offers])
    last = rated[-1]
    effects = {kind: Amount(ZERO, ZERO, counter.offer.currency) for kind in AdjustmentKind}
    for step, (before, after) in zip(steps, pairwise(rated), strict=True):
        effects[step.kind] = effects[step.kind] + (after.amount - before.amount)
    figures = _amounts(last)
    figures |= {
        "raw": rated[0].amount,
        "subtotal": rated[0].amount,
        "cost": rated[0].amount,
        "true_up": effects[AdjustmentKind.MINIMUM],
        "discount": -(
            effects[AdjustmentKind.AMOUNT_DISCOUNT] + effects[AdjustmentKind.PERCENT_DISCOUNT] + effects[AdjustmentKind.MAXIMUM]
        ),
        "lines": list(last.lines),
    }
    figures |= _particular(counter, uses, last)
    if any(step.kind is AdjustmentKind.OVERAGE for step in steps):
        figures |= _commitment(counter, uses)
    return figures


def _amounts(rated: Rated) -> Figures:
    return {
        "amount": rated.amount,
        "total": rated.amount,
        "precise": rated.amount.precise,
        "amount_cents": rated.amount.rounded * 100,
        "amount_precise": rated.amount.precise,
        "quantity": rated.billable_quantity,
        "billable_quantity": rated.billable_quantity,
        "converted_quantity": rated.billable_quantity,
        "metered_quantity": rated.quantity,
        "unit_amount": rated.amount.precise / rated.quantity if rated.quantity else ZERO,
    }


def _particular(counter: Counter, uses: tuple[Use, ...], last: Rated) -> Figures:
    """Return the figures only some prices have."""
    offer, expected = counter.offer, counter.case["expected"]
    price = offer.component.price
    if isinstance(price, Package) and "packages" in expected:
        (counted,) = counter.rate([counter.job(uses, offer.adjusted(()).priced(package_price=Decimal(1)))])
        return {"packages": counted.amount.precise}
    if isinstance(price, Percentage) and expected.keys() - {"amount"}:
        return _percentage_parts(counter, uses, price)
    if isinstance(price, Capacity):
        return {"overage": last.raw - Amount(price.amount, price.amount), "fee": price.amount}
    if "lines" in expected and len(offer.components) == 1 and len(uses) == 1:
        return {"lines": tier_lines(counter, ZERO, uses[0].quantity)}
    conversion = offer.component.conversion
    if conversion is not None and any("unrounded" in name or "entitlement" in name for name in expected):
        unrounded = offer.component.model_copy(update={"conversion": conversion.model_copy(update={"round": Rounding.NONE})})
        (exact,) = counter.rate([Job((unrounded,), uses, offer.policy, offer.currency)])
        return {name: exact.billable_quantity for name in expected if "unrounded" in name or "entitlement" in name}
    return {}


def _percentage_parts(counter: Counter, uses: tuple[Use, ...], price: Percentage) -> Figures:
    """Split the fees of a percentage: a price without the fixed fee, and one with nothing but a fixed fee of one."""
    bare = counter.offer.adjusted(())
    limits = {"minimum_per_event": None, "maximum_per_event": None}
    offers = (
        bare.priced(fixed_per_event=ZERO, **limits),
        bare.priced(rate=ZERO, **limits),
        bare.priced(rate=ZERO, fixed_per_event=Decimal(1), **limits),
    )
    share, fixed, paid = counter.rate([counter.job(uses, each) for each in offers])
    count = Decimal(sum(use.events for use in uses))
    free_units = share.quantity - share.billable_quantity
    return {
        "percentage_part": share.amount,
        "fixed_part": fixed.amount,
        "paid_events": paid.amount.precise,
        "free_events": count - paid.amount.precise,
        "free_units": free_units,
        "free_amount": free_units,
        "paid_units": share.billable_quantity,
    }


def _commitment(counter: Counter, uses: tuple[Use, ...]) -> Figures:
    """Split an amount under a commitment into what it covers, what goes beyond, and what is billed up to it."""
    step = next(each for each in counter.adjustments if each.kind is AdjustmentKind.OVERAGE)
    others = tuple(each for each in counter.adjustments if each is not step)
    ceiling = Adjustment(kind=AdjustmentKind.MAXIMUM, amount=step.amount)
    offers = [
        counter.offer.adjusted((*others, each))
        for each in (ceiling, step.model_copy(update={"true_up": False}), step.model_copy(update={"true_up": True}))
    ]
    covered, beyond, topped = (each.amount for each in counter.rate([counter.job(uses, each) for each in offers]))
    zero = Amount(ZERO, ZERO, counter.offer.currency)
    true_up = topped - beyond if step.true_up else zero
    return {"utilized": covered, "utilised": covered, "overage": beyond - covered, "true_up": true_up}


def tier_bounds(offer: Offer) -> list[Decimal]:
    """Return the quantities at which a graduated price goes from one tier to the next."""
    price = offer.component.price
    if isinstance(price, Graduated | GraduatedPercentage):
        return [tier.up_to for tier in price.tiers if tier.up_to is not None]
    if isinstance(price, Block) and price.mode == "all_tiers":
        sizes = [tier.size * tier.max_blocks for tier in price.tiers if tier.max_blocks is not None]
        return list(accumulate(sizes))
    return []


def tier_lines(counter: Counter, lower: Decimal, upper: Decimal) -> list[Amount]:
    """Return what each tier between two quantities costs: differences of what is due at the bounds."""
    points = [lower, *(each for each in tier_bounds(counter.offer) if lower < each < upper), upper]
    rated = [each.raw for each in counter.rated(points, counter.offer.adjusted(()))]
    if lower == 0:
        rated[0] = Amount(ZERO, ZERO)
    return [after - before for before, after in pairwise(rated)]


def cumulative(counter: Counter, runs: Sequence[Any]) -> Figures:
    """Rate what is known at each run from the beginning of the period; bill the difference. A minimum is due in the last run."""
    early = counter.offer.adjusted([each for each in counter.adjustments if each.kind is not AdjustmentKind.MINIMUM])
    before = [counter.job(uses_of(counter.offer, each, counter.case), early) for each in runs[:-1]]
    rated = counter.rate([*before, counter.job(uses_of(counter.offer, runs[-1], counter.case))])
    zero = Amount(ZERO, ZERO, counter.offer.currency)
    start = number(counter.case.get("previously_billed")) or ZERO
    first = Amount(start, start, counter.offer.currency) if start else zero
    totals = [each.amount for each in rated]
    deltas = [after - earlier for earlier, after in pairwise([first, *totals])]
    quantities = [each.billable_quantity for each in rated]
    packages = quantities
    if isinstance(counter.offer.component.price, Package) and "packages" in counter.case["expected"]:
        packages = [each.raw.precise for each in counter.rated(runs, counter.offer.adjusted(()).priced(package_price=Decimal(1)))]
    return {
        "deltas": deltas,
        "lines": deltas,
        "amounts": totals,
        "totals": totals,
        "amount": totals[-1],
        "total": totals[-1],
        "quantities": quantities,
        "packages": packages,
    }


def sequence(counter: Counter, used: Sequence[Any]) -> Figures:
    """Rate increments one after the other: as cumulative runs, with the quantity each adds."""
    added = [number(each) or ZERO for each in used]
    if counter.offer.component.conversion is not None:
        counter, added = _converted(counter, added)
    figures = cumulative(counter, list(accumulate(added)))
    quantities = figures["quantities"]
    figures["quantities"] = [after - before for before, after in pairwise([ZERO, *quantities])]
    figures["amounts"] = figures["deltas"]
    figures["billable_quantities"] = figures["quantities"]
    figures["discounts_applied"] = [one - other for one, other in zip(added, figures["quantities"], strict=True)]
    figures["quantity"] = figures["total_quantity"] = sum(figures["quantities"], ZERO)
    return figures


def difference(counter: Counter) -> Figures:
    """Rate all that is known and take off what was billed before."""
    (rated,) = counter.rated([total_of(counter.case)])
    billed = number(counter.case["previously_billed"]) or ZERO
    owed = rated.amount - Amount(billed, billed, counter.offer.currency)
    return {**_amounts(rated), "amount": owed, "delta": owed, "total": rated.amount, "credit": owed}


def incremental(counter: Counter) -> Figures:
    """Rate what comes on top of an earlier quantity; minimum and maximum look at all that was billed in the period."""
    case, offer = counter.case, counter.offer
    before = number(case.get("pre_quantity")) or ZERO
    added = number(total_of(case)) or ZERO
    if offer.component.conversion is not None:
        counter, (before, added) = _converted(counter, [before, added])
    billed = number(case.get("previously_billed"))
    plain = [each for each in counter.adjustments if each.kind not in _LIMITS]
    lines = _added_lines(counter, before, added, bool(billed), plain)
    earlier = _billed_before(counter, before, billed, plain)
    limits = [each for each in counter.adjustments if each.kind in _LIMITS]
    caps = [each for each in limits if each.kind is AdjustmentKind.MAXIMUM]
    jobs = [_fees(offer, [earlier, *lines[:count]], caps) for count in range(len(lines) + 1)]
    first, *totals, final = (each.amount for each in counter.rate([*jobs, _fees(offer, [earlier, *lines], limits)]))
    owed = [after - previous for previous, after in pairwise([first, *totals])]
    listed = _added_lines(counter, before, added, bool(billed), []) if plain else lines
    discounts = [line - each for line, each in zip(listed, owed, strict=True)]
    zero = Amount(ZERO, ZERO, offer.currency)
    low, high = _billable(counter, before, before + added)
    return {
        "amount": final - first,
        "delta": final - first,
        "total": final,
        "lines": owed,
        "raw_lines": lines,
        "discounts": discounts,
        "discount": sum(discounts, zero),
        "true_up": final - totals[-1],
        "quantity": high - low,
        "pre_quantity": low,
        "total_quantity": high,
        "discount_applied": added - (high - low),
        "packages": high - low,
    }


def _converted(counter: Counter, quantities: Sequence[Decimal]) -> tuple[Counter, list[Decimal]]:
    """Convert the parts of a split, each on its own (billing §1g 7), and price what comes of them."""
    changes = {"included_units": ZERO, "included_percent": ZERO, "adjustments": (), "price": PerUnit(unit_price=Decimal(1))}
    bare = counter.offer.component.model_copy(update=changes)
    jobs = [Job((bare,), (Use(bare.meter, each, events=1),), counter.offer.policy) for each in quantities]
    converted = [each.billable_quantity for each in counter.rate(jobs)]
    offer = replace(counter.offer, components=(counter.offer.component.model_copy(update={"conversion": None}),))
    return replace(counter, offer=offer), converted


def _added_lines(counter: Counter, before: Decimal, added: Decimal, is_later: bool, plain: Sequence[Adjustment]) -> list[Amount]:
    offer = counter.offer.adjusted(plain)
    by_tier = counter.case["expected"].keys() & {"lines", "discounts"}
    bounds = [each for each in tier_bounds(offer) if before < each < before + added] if by_tier else []
    due = [each.amount for each in counter.rated([before, *bounds, before + added], offer)]
    is_first = before == 0 and not is_later
    if is_first or "pre_quantity" not in counter.case:
        due[0] = Amount(ZERO, ZERO, counter.offer.currency)
    return [after - previous for previous, after in pairwise(due)]


def _billed_before(counter: Counter, before: Decimal, billed: Decimal | None, plain: Sequence[Adjustment]) -> Amount:
    if billed is not None:
        return Amount(billed, billed, counter.offer.currency)
    if before == 0:
        return Amount(ZERO, ZERO, counter.offer.currency)
    caps = [each for each in counter.adjustments if each.kind is AdjustmentKind.MAXIMUM]
    (rated,) = counter.rated([before], counter.offer.adjusted([*plain, *caps]))
    return rated.amount


def _fees(offer: Offer, amounts: Sequence[Amount], limits: Sequence[Adjustment]) -> Job:
    """Return a bill of known amounts, with minimum and maximum over all of it."""
    fees = tuple(
        Component(id=f"c{place:03d}", price=Flat(amount=each.rounded, prorate=False)) for place, each in enumerate(amounts)
    )
    return Job(fees, (), offer.policy, offer.currency, tuple(limits) or _NOTHING)


_NOTHING = (Adjustment(kind=AdjustmentKind.PERCENT_DISCOUNT, percent=ZERO),)
"""Lets a bill without limits be read as one."""


def _billable(counter: Counter, before: Decimal, after: Decimal) -> tuple[Decimal, Decimal]:
    """Return the quantities that are priced of all before and of all so far."""
    price = counter.offer.component.price
    offer = counter.offer.adjusted(())
    if isinstance(price, Package) and "packages" in counter.case["expected"]:
        low, high = counter.rated([before, after], offer.priced(package_price=Decimal(1)))
        return low.amount.precise, high.amount.precise
    low, high = counter.rated([before, after], offer)
    return low.billable_quantity, high.billable_quantity


def late_event(case: Mapping[str, Any], rate: Rate) -> Figures:
    """A period seen higher later: its correction, the next period's own, and all of it booked on the next period."""
    offer = read_offer({**case, "model": "charge"})
    counter = Counter(case, offer, rate)
    billed, seen = ({key: number(value) for key, value in case[name].items()} for name in ("billed", "observed"))
    first, later = billed["period1"], seen["period1"]
    end = seen.get("period2_cumulative", seen.get("cumulative"))
    if end is None and seen.get("period2") is not None:
        end = (later or ZERO) + (seen["period2"] or ZERO)
    if first is None or later is None or end is None:
        raise NotUnderstoodError(f"observed {sorted(seen)} and billed {sorted(billed)}: needs period1 and period2_cumulative")
    before, corrected, total = (each.amount for each in counter.rated([first, later, end]))
    return {
        "period1": before,
        "period1_correction": corrected - before,
        "period1_total": corrected,
        "period2": total - corrected,
        "delta_engine_period2": total - before,
        "total": total,
    }
