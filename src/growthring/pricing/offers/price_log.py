"""The log of price points: which prices of a product were asked, what they brought, which to ask next (PR-14)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from growthring.kernel.currency import exponent
from growthring.pricing.simulation.price_points import LEAST_OFFERS, LEVEL, NextStep, Offer, PriceAdvice, PriceGoals, advise

STOP_RULES = {
    NextStep.RAISE: "Stop when the prices below and above are both shown to bring less per offer.",
    NextStep.CUT: "Stop when the prices below and above are both shown to bring less per offer, or the unit cost is reached.",
    NextStep.KEEP: "Stop when the prices below and above are both shown to bring less per offer.",
    NextStep.STOP: "Reached: begin again when the product, the segment or a competitor changes.",
    NextStep.TOO_FEW_OFFERS: f"Ask the price until {LEAST_OFFERS} offers are decided.",
    NextStep.NO_EVIDENCE: "Stop asking prices side by side when intervals are narrower than the difference that would matter.",
}


@dataclass(frozen=True, slots=True)
class PriceLog:
    """The price points of a product in a currency, and in a segment when split.

    Attributes:
        product_id: The product.
        currency: Of the prices.
        segment: The segment; empty for all.
        advice: Conversion curve and next step.
    """

    product_id: str
    currency: str
    segment: str
    advice: PriceAdvice


def price_logs(offers: Iterable[Mapping[str, Any]], goals: PriceGoals, *, by_segment: bool = False) -> list[PriceLog]:
    """Return the log of each product; the chance of a false suggestion holds for all of them together (Bonferroni).

    Args:
        offers: Rows of ``known_offer``; open ones are left out. The price is the net price of twelve months,
            rounded to the minor unit.
        goals: What counts as good, and what a sale costs.
        by_segment: Split each product by segment.
    """
    logs: dict[tuple[str, str, str], list[Offer]] = {}
    for row in sorted(offers, key=lambda each: (each["offered_on"], each["offer_id"])):
        if row["outcome"] != "open":
            key = (row["product_id"], row["currency"], row["segment"] if by_segment else "")
            cent = Decimal(1).scaleb(-exponent(row["currency"]))
            price = row["year_amount"].quantize(cent, ROUND_HALF_UP)
            asked = Offer(row["offered_on"], price, row["outcome"] == "won", row["segment"])
            logs.setdefault(key, []).append(asked)
    return [PriceLog(*key, advise(asked, goals, level=LEVEL / len(logs))) for key, asked in sorted(logs.items())]
