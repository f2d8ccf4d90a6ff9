"""Price points: what was asked, what was won, and which price to try next (PR-14).

Prices iterate: low to high while conversion is good, high to low while it is poor. A step is suggested on evidence only:
intervals are Wilson's (1927), dependence of conversion on price is one Cochran–Armitage trend test over all prices, and prices
are compared pairwise with Holm's correction (1979), so that shuffled outcomes lead to a suggestion in at most 5 % of cases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from math import sqrt
from statistics import NormalDist

LEAST_OFFERS = 20
"""Offers a price needs before it is judged."""

LEVEL = 0.05
"""Chance of a suggestion where outcomes do not depend on the price."""

_NORMAL = NormalDist()
_RATIO = Decimal("0.000001")
_MONEY = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Offer:
    """One price asked of one customer."""

    offered_on: date
    price: Decimal
    is_won: bool
    segment: str = ""


@dataclass(frozen=True, slots=True)
class PriceLevel:
    """What came of one price.

    Attributes:
        price: The price asked.
        offers: How often.
        won: How often it was accepted.
        conversion: Won over offers.
        low: Low end of its Wilson interval at 95 %.
        high: High end.
        fitted: Conversion by a fit that never rises with the price (pool adjacent violators).
        revenue_per_offer: Price times conversion.
        margin_per_offer: Price less unit cost, times conversion; empty without a unit cost.
        is_enough: Whether there are enough offers to judge it.
    """

    price: Decimal
    offers: int
    won: int
    conversion: Decimal
    low: Decimal
    high: Decimal
    fitted: Decimal
    revenue_per_offer: Decimal
    margin_per_offer: Decimal | None
    is_enough: bool


class NextStep(StrEnum):
    """What to do with the price."""

    RAISE = "raise"
    CUT = "cut"
    KEEP = "keep"
    STOP = "stop"
    TOO_FEW_OFFERS = "too_few_offers"
    NO_EVIDENCE = "no_evidence"


@dataclass(frozen=True, slots=True)
class PriceAdvice:
    """The conversion curve and the next step.

    Attributes:
        levels: By price, ascending.
        trend_p: Chance of a trend this strong if conversion did not depend on the price; empty with fewer than two judged prices.
        best_for_revenue: Lowest and highest price whose revenue per offer is not shown to be below the best.
        best_for_margin: The same for margin; empty without a unit cost.
        next_step: What to do.
        next_price: The price to ask next; empty where nothing is suggested.
        reason: Why.
    """

    levels: tuple[PriceLevel, ...]
    trend_p: float | None
    best_for_revenue: tuple[Decimal, Decimal] | None
    best_for_margin: tuple[Decimal, Decimal] | None
    next_step: NextStep
    next_price: Decimal | None
    reason: str


@dataclass(frozen=True, slots=True)
class PriceGoals:
    """What counts as good.

    Attributes:
        good_conversion: From here on the price may rise.
        poor_conversion: Down from here the price should fall.
        step: Relative size of a step to a price not tried yet.
        unit_cost: What a sale costs; margin decides if given, else revenue.
    """

    good_conversion: Decimal = Decimal("0.4")
    poor_conversion: Decimal = Decimal("0.1")
    step: Decimal = Decimal("0.15")
    unit_cost: Decimal | None = None


def price_levels(offers: Sequence[Offer], unit_cost: Decimal | None = None) -> tuple[PriceLevel, ...]:
    """Return conversion, its interval and what an offer brings, by price."""
    prices = sorted({offer.price for offer in offers})
    counts = [[offer.is_won for offer in offers if offer.price == price] for price in prices]
    fitted = _never_rising([sum(each) / len(each) for each in counts], [len(each) for each in counts])
    levels = []
    for price, outcomes, fit in zip(prices, counts, fitted, strict=True):
        number, won = len(outcomes), sum(outcomes)
        conversion = Decimal(won) / number
        low, high = wilson(won, number)
        margin = None if unit_cost is None else ((price - unit_cost) * conversion).quantize(_MONEY, ROUND_HALF_UP)
        levels.append(
            PriceLevel(
                price, number, won, conversion.quantize(_RATIO, ROUND_HALF_UP), _ratio(low), _ratio(high), _ratio(fit),
                (price * conversion).quantize(_MONEY, ROUND_HALF_UP), margin, number >= LEAST_OFFERS,
            )
        )  # fmt: skip
    return tuple(levels)


def advise(
    offers: Sequence[Offer], goals: PriceGoals | None = None, current: Decimal | None = None, level: float = LEVEL
) -> PriceAdvice:
    """Return the conversion curve and suggest the next price, or say why none is.

    Args:
        offers: The log.
        goals: What counts as good.
        current: The price asked now; the latest offer's if absent.
        level: Chance of a suggestion where there is nothing to find.
    """
    goals = goals or PriceGoals()
    levels = price_levels(offers, goals.unit_cost)
    judged = [each for each in levels if each.is_enough]
    now = current if current is not None else max(offers, key=lambda each: each.offered_on).price if offers else None
    here = next((each for each in judged if each.price == now), None)
    trend = trend_p(judged) if len(judged) > 1 else None
    revenue = _best(judged, Decimal(0), level)
    margin = None if goals.unit_cost is None else _best(judged, goals.unit_cost, level)
    step, price, reason = _next(judged, here, now, trend, goals, level)
    return PriceAdvice(levels, trend, revenue, margin, step, price, reason)


def advise_by_segment(offers: Sequence[Offer], goals: PriceGoals | None = None) -> dict[str, PriceAdvice]:
    """Return advice for each segment; the chance of a false suggestion holds for all of them together (Bonferroni)."""
    segments = sorted({offer.segment for offer in offers})
    return {
        name: advise([offer for offer in offers if offer.segment == name], goals, level=LEVEL / len(segments))
        for name in segments
    }


def wilson(won: int, offers: int, level: float = LEVEL) -> tuple[float, float]:
    """Return Wilson's interval of a share."""
    z = _NORMAL.inv_cdf(1 - level / 2)
    share, spread = won / offers, z * z / offers
    middle = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / offers + spread / (4 * offers)) / (1 + spread)
    return 0.0 if won == 0 else middle - half, 1.0 if won == offers else middle + half


def trend_p(levels: Sequence[PriceLevel]) -> float:
    """Return the two-sided chance of a trend of conversion over price this strong (Cochran–Armitage)."""
    offers, won = sum(each.offers for each in levels), sum(each.won for each in levels)
    share = won / offers
    mean = sum(each.offers * float(each.price) for each in levels) / offers
    score = sum((each.won - each.offers * share) * (float(each.price) - mean) for each in levels)
    spread = sum(each.offers * (float(each.price) - mean) ** 2 for each in levels)
    variance = share * (1 - share) * spread * offers / (offers - 1)
    return 1.0 if variance <= 0 else 2 * (1 - _NORMAL.cdf(abs(score) / sqrt(variance)))


def _next(
    judged: Sequence[PriceLevel],
    here: PriceLevel | None,
    now: Decimal | None,
    trend: float | None,
    goals: PriceGoals,
    level: float,
) -> tuple[NextStep, Decimal | None, str]:
    if here is None:
        words = "No price was offered" if now is None else f"The price asked now, {now}, has too few offers"
        return NextStep.TOO_FEW_OFFERS, None, f"{words}: {LEAST_OFFERS} are needed to judge one."
    if trend is None:
        return _by_conversion(here, goals)
    if trend >= level:
        return (
            NextStep.NO_EVIDENCE,
            None,
            "Conversion is not shown to depend on the price; go on asking the prices that are tried.",
        )
    return _by_comparison(judged, here, goals, level)


def _by_comparison(
    judged: Sequence[PriceLevel], here: PriceLevel, goals: PriceGoals, level: float
) -> tuple[NextStep, Decimal | None, str]:
    """Go to the tried price that is shown to bring most; beyond the highest as conversion says; stop between two worse ones."""
    cost = goals.unit_cost or Decimal(0)
    what = "margin" if goals.unit_cost is not None else "revenue"
    prices = [each.price for each in judged]
    if better := _shown(judged, here, cost, level, sign=1):
        best = max(better, key=lambda each: (each.price - cost) * each.conversion)
        step = NextStep.RAISE if best.price > here.price else NextStep.CUT
        return step, best.price, f"An offer at {best.price} is shown to bring more {what} than one at {here.price}."
    if here.price == prices[-1]:
        step, price, reason = _by_conversion(here, goals)
        return step, prices[-2] if step is NextStep.CUT else price, reason
    at, worse = prices.index(here.price), {each.price for each in _shown(judged, here, cost, level, sign=-1)}
    if at > 0 and {prices[at - 1], prices[at + 1]} <= worse:
        return NextStep.STOP, None, f"Both neighbouring prices are shown to bring less {what} per offer: the search can stop."
    return NextStep.KEEP, None, f"No tried price is shown to bring more {what} per offer; stop once both neighbours bring less."


def _by_conversion(here: PriceLevel, goals: PriceGoals) -> tuple[NextStep, Decimal | None, str]:
    """Go to a price not tried yet: up when conversion is good, down when it is poor, surely in both cases."""
    if here.low >= goals.good_conversion:
        price = (here.price * (1 + goals.step)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        return NextStep.RAISE, price, f"Conversion is good: at least {here.low} at {here.price}."
    if here.high <= goals.poor_conversion:
        price = (here.price * (1 - goals.step)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        return NextStep.CUT, price, f"Conversion is poor: at most {here.high} at {here.price}."
    return NextStep.KEEP, None, f"Conversion at {here.price} is between {here.low} and {here.high}: neither surely good nor poor."


def _shown(judged: Sequence[PriceLevel], here: PriceLevel, cost: Decimal, level: float, *, sign: int) -> list[PriceLevel]:
    """Return prices shown to bring more per offer than one (sign 1), or less (sign −1); Holm's correction over all of them."""
    others = sorted((_p(each, here, cost, sign), place, each) for place, each in enumerate(judged) if each is not here)
    found = []
    for place, (chance, _, each) in enumerate(others):
        if chance >= level / (len(others) - place):
            break
        found.append(each)
    return found


def _p(one: PriceLevel, other: PriceLevel, cost: Decimal, sign: int) -> float:
    """Return the one-sided chance of a difference in what an offer brings (Agresti–Caffo: one win and one loss are added)."""
    amounts, variances = [], []
    for each in (one, other):
        worth, number = float(each.price - cost), each.offers + 2
        share = (each.won + 1) / number
        amounts.append(worth * share)
        variances.append(worth * worth * share * (1 - share) / number)
    return 1 - _NORMAL.cdf(sign * (amounts[0] - amounts[1]) / sqrt(sum(variances))) if sum(variances) else 1.0


def _best(judged: Sequence[PriceLevel], cost: Decimal, level: float) -> tuple[Decimal, Decimal] | None:
    if len(judged) < 2:
        return None
    best = max(judged, key=lambda each: (each.price - cost) * each.conversion)
    worse = {each.price for each in _shown(judged, best, cost, level, sign=-1)}
    kept = [each.price for each in judged if each.price not in worse]
    return kept[0], kept[-1]


def _never_rising(shares: Sequence[float], weights: Sequence[int]) -> list[float]:
    """Fit shares that never rise, by pooling neighbours that do."""
    pools: list[list[float]] = []
    for share, weight in zip(shares, weights, strict=True):
        pools.append([share * weight, float(weight), 1])
        while len(pools) > 1 and pools[-1][0] / pools[-1][1] > pools[-2][0] / pools[-2][1]:
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    return [total / weight for total, weight, count in pools for _ in range(int(count))]


def _ratio(value: float) -> Decimal:
    return Decimal(value).quantize(_RATIO, ROUND_HALF_UP)
