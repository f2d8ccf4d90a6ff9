"""What a commitment is worth to the vendor, level by level and discount by discount (PR-07, "price the flexibility").

A customer commits to pay L over a term and gets a discount d on what L buys, which is L / (1 − d) at the book's prices; usage
beyond it costs the book's prices. Where usage at the book's prices would come to U, the vendor receives

    R = L + max(U − L / (1 − d), 0)

On average over the futures R − U is the shortfall the customer pays less the discount it gets: what one side gains the other
gives. What is created, rather than moved, is certainty: bad futures become less bad. A bad future counts more than its
probability, with a risk weight ρ: the worth of an uncertain amount is (1 − ρ) × its mean + ρ × the mean of its worst fifth (a
spectral risk measure, Acerbi 2002). The net value of an offer is the worth of R less the worth of U, and three things add up to
it: shortfall, − discount, certainty.

The discount at which the net value is zero is the whole price of flexibility at that level; one below which the customer loses on
average is none. The suggestion lies half way between the two.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Amounts = NDArray[np.float64]
"""Amount of a term by future, shape (paths,)."""

WORST = 0.2
"""Share of futures that make up the bad ones."""
RISK_WEIGHT = 0.25
"""How much the bad futures count beyond their probability."""
LOSES_AT_MOST = 0.25
"""Highest probability that the customer would have paid less without the commitment, in an offer that is suggested."""
LEAST_MONTHS = 6
"""Months of usage an account needs before a commitment is priced from its futures."""
LEVELS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2)
"""Committed amounts that are tried, as shares of the expected amount."""
_HIGHEST = 0.99
"""Discounts are looked for up to here."""
_LEAST_GAIN = 0.0005
"""Certainty worth less than this share of the expected amount is none."""


class Approval(StrEnum):
    """Who has to agree to an offer. The bands follow from what the commitment is worth, not from fixed percentages."""

    REP = "rep"
    """At or below the suggested discount of its level."""
    MANAGER = "manager"
    """More than suggested, and still worth it to the vendor; counts against the manager's quota of discounts (PR-16)."""
    DEAL_DESK = "deal_desk"
    """Gives away more than the commitment is worth, or makes the customer lose too often to renew."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A commitment level and a discount, and what they are worth.

    Attributes:
        level: What the customer commits to pay over the term.
        discount: On the book's prices, for what the level buys; 0 … 1.
        expected_shortfall: What the customer pays on average for usage it does not have.
        expected_discount: What the discount takes off on average.
        certainty: What the vendor gains because bad futures become less bad.
        net_value: Shortfall − discount + certainty.
        deviation_removed: Share of the standard deviation of the term's revenue that is gone, 0 … 1.
        bad_amount: Mean revenue of the worst fifth of futures, with the commitment.
        customer_loses: Probability that the customer would have paid less without the commitment.
        customer_saves: What it saves on average.
        approval: Who has to agree.
    """

    level: float
    discount: float
    expected_shortfall: float
    expected_discount: float
    certainty: float
    net_value: float
    deviation_removed: float
    bad_amount: float
    customer_loses: float
    customer_saves: float
    approval: Approval


@dataclass(frozen=True, slots=True)
class Guidance:
    """What discounts make sense at a level.

    Attributes:
        level: What the customer commits to pay.
        even_for_customer: Discount at which the customer saves nothing on average; none where no discount pays.
        even_for_vendor: Discount that takes the whole value of the commitment.
        suggested: Half way between them, in half percents, within the highest discount allowed; none where there is no room.
    """

    level: float
    even_for_customer: float | None
    even_for_vendor: float
    suggested: float | None


@dataclass(frozen=True, slots=True)
class CommitmentPrice:
    """The grid of offers for an account and the one that is suggested.

    Attributes:
        expected: Expected amount of the term without a commitment.
        low: The amount that 90 % of the futures exceed.
        high: The amount that 10 % of the futures exceed.
        bad_amount: Mean of the worst fifth of futures without a commitment.
        offers: Every level with every discount.
        guidance: By level.
        suggestion: The suggested offer, where there is one.
        reasons: Why, in words.
    """

    expected: float
    low: float
    high: float
    bad_amount: float
    offers: tuple[Offer, ...]
    guidance: tuple[Guidance, ...]
    suggestion: Offer | None
    reasons: tuple[str, ...]


def price_commitment(
    charged: Amounts,
    *,
    discount_max: float = 0.2,
    levels: Sequence[float] | None = None,
    discounts: Sequence[float] = (0.0, 0.05, 0.1, 0.15, 0.2),
    risk_weight: float = RISK_WEIGHT,
    loses_at_most: float = LOSES_AT_MOST,
) -> CommitmentPrice:
    """Price commitments for an account from its futures.

    Args:
        charged: What usage would be charged over the term without any commitment, one amount a future.
        discount_max: Highest discount that may be suggested.
        levels: Amounts to commit to; shares of the expected amount (`LEVELS`), rounded to two digits, when absent.
        discounts: Discounts of the grid.
        risk_weight: ρ, 0 … 1.
        loses_at_most: Highest probability that the customer loses, for an offer to be suggested.
    """
    tried = levels or sorted({_two_digits(share * float(charged.mean())) for share in LEVELS} - {0.0})
    guidance = tuple(guide(charged, level, discount_max, risk_weight) for level in tried)
    grid = sorted({each for each in discounts if each <= discount_max} | {discount_max})
    offers = tuple(value_offer(charged, each.level, rate, each, risk_weight, loses_at_most) for each in guidance for rate in grid)
    suggestion = _suggested(charged, guidance, risk_weight, loses_at_most)
    return CommitmentPrice(
        float(charged.mean()), float(np.quantile(charged, 0.1)), float(np.quantile(charged, 0.9)), bad_mean(charged), offers,
        guidance, suggestion, tuple(_reasons(charged, guidance, suggestion, discount_max, loses_at_most)),
    )  # fmt: skip


def revenue(charged: Amounts, level: float, discount: float) -> Amounts:
    """Return what the vendor receives over the term in every future.

    Example:
        >>> revenue(np.array([50.0, 100.0, 150.0]), 90.0, 0.1).tolist()
        [90.0, 90.0, 140.0]
    """
    return np.asarray(level + np.maximum(charged - level / (1 - discount), 0))


def value_offer(
    charged: Amounts, level: float, discount: float, guidance: Guidance, risk_weight: float, loses_at_most: float
) -> Offer:
    """Value one level with one discount."""
    received = revenue(charged, level, discount)
    inside = np.minimum(charged, level / (1 - discount))
    shortfall = float(np.mean(np.maximum(level - (1 - discount) * inside, 0)))
    given = float(np.mean(discount * inside))
    certainty = risk_weight * ((bad_mean(received) - received.mean()) - (bad_mean(charged) - charged.mean()))
    deviation = float(charged.std())
    loses = float(np.mean(received > charged + 1e-9))
    return Offer(
        level, discount, shortfall, given, float(certainty), shortfall - given + float(certainty),
        1 - float(received.std()) / deviation if deviation else 0.0, bad_mean(received), loses, given - shortfall,
        _approval(discount, loses, guidance, loses_at_most),
    )  # fmt: skip


def guide(charged: Amounts, level: float, discount_max: float, risk_weight: float = RISK_WEIGHT) -> Guidance:
    """Find the discounts at which the customer and the vendor come out even at a level, and the one half way."""
    without = _worth(charged, risk_weight)
    above = _crossing(lambda discount: without - _worth(revenue(charged, level, discount), risk_weight))
    below = _crossing(lambda discount: float(charged.mean() - revenue(charged, level, discount).mean()))
    highest = _HIGHEST if above is None else above
    suggested = (
        None if below is None or below > min(highest, discount_max) else _rounded(below, min((below + highest) / 2, discount_max))
    )
    return Guidance(level, below, highest, suggested)


def bad_mean(amounts: Amounts) -> float:
    """Return the mean of the worst fifth of futures."""
    worst = np.sort(amounts)[: max(1, round(WORST * len(amounts)))]
    return float(worst.mean())


def _suggested(charged: Amounts, guidance: Sequence[Guidance], risk_weight: float, loses_at_most: float) -> Offer | None:
    """Return the offer worth most to the vendor among those that the customer gains by, and seldom loses by."""
    offers = [
        value_offer(charged, each.level, each.suggested, each, risk_weight, loses_at_most)
        for each in guidance
        if each.suggested is not None
    ]
    good = [each for each in offers if each.customer_loses <= loses_at_most and each.certainty > _LEAST_GAIN * charged.mean()]
    return max(good, key=lambda each: each.net_value, default=None)


def _approval(discount: float, loses: float, guidance: Guidance, loses_at_most: float) -> Approval:
    if discount > guidance.even_for_vendor or loses > loses_at_most:
        return Approval.DEAL_DESK
    return Approval.REP if discount <= (guidance.suggested or 0) else Approval.MANAGER


def _reasons(
    charged: Amounts, guidance: Sequence[Guidance], offer: Offer | None, discount_max: float, loses_at_most: float
) -> Iterator[str]:
    """Yield why an offer is suggested, or why none is."""
    low, high = np.quantile(charged, [0.1, 0.9])
    yield f"Without a commitment the term brings {charged.mean():,.2f}, in 8 of 10 futures between {low:,.2f} and {high:,.2f}."
    if offer is None:
        if charged.std() <= _LEAST_GAIN * charged.mean():
            yield "Usage is as good as certain: a commitment removes nothing that is worth a discount."
        else:
            yield (
                f"No level gives both sides something within {discount_max:.0%} off while the customer loses in at most "
                f"{loses_at_most:.0%} of the futures."
            )
        return
    window = next(each for each in guidance if each.level == offer.level)
    yield (
        f"A commitment of {offer.level:,.2f} is {offer.level / charged.mean():.0%} of what is expected; the customer would have "
        f"paid less without it in {offer.customer_loses:.0%} of the futures (at most {loses_at_most:.0%})."
    )
    yield (
        f"Below {window.even_for_customer or 0:.1%} off the customer loses on average, above {window.even_for_vendor:.1%} the "
        f"vendor does: both gain at {offer.discount:.1%}."
    )
    yield (
        f"It removes {offer.deviation_removed:.0%} of the standard deviation, and the worst fifth of futures brings "
        f"{offer.bad_amount:,.2f} instead of {bad_mean(charged):,.2f}."
    )


def _worth(amounts: Amounts, risk_weight: float) -> float:
    return float((1 - risk_weight) * amounts.mean() + risk_weight * bad_mean(amounts))


def _crossing(rising: Callable[[float], float]) -> float | None:
    """Return where a function that rises on 0 … 0.99 reaches zero; nothing where it never does."""
    low, high = 0.0, _HIGHEST
    if rising(low) >= 0:
        return low
    if rising(high) < 0:
        return None
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) >= 0 else (middle, high)
    return high


def _rounded(least: float, discount: float) -> float | None:
    """Return a discount in half percents, in tenths where there is less room, never below the least; nothing without room."""
    for step in (200, 1000):
        found = np.floor(discount * step + 1e-9) / step
        if found >= least - 1e-9:
            return float(found)
    return None


def _two_digits(amount: float) -> float:
    return float(f"{amount:.2g}")
