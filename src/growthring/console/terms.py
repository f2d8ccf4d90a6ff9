"""Words of values that data hold as codes: movements, drivers, states. Messages of the catalogue."""

from collections.abc import Mapping

from growthring.console.visit import Visit

MOVEMENT_NAMES: Mapping[str, str] = {
    "start": "Start",
    "new": "New",
    "reactivation": "Reactivation",
    "expansion": "Expansion",
    "contraction": "Contraction",
    "churn": "Churn",
    "fx": "Exchange rates",
    "transfer": "Transfer",
    "adjustment": "Adjustment",
    "end": "End",
}
"""Movements of the ledger, and the levels between which they stand."""

DRIVERS: Mapping[str, str] = {
    "seats": "seats",
    "volume": "volume",
    "price": "price",
    "product_drop": "a product given up",
    "cross_sell": "another product",
    "exchange_rate": "exchange rates",
    "unsplit": "several causes",
    "product_migration": "one product replaced by another",
    "account_move": "an account merged or moved",
    "negative_balance": "credits above what was billed",
    "at_renewal": "at a renewal",
    "advised_saving": "advised by us",
    "involuntary": "not the customer's choice",
}
"""What moved an amount."""


def worded(terms: Mapping[str, str], visit: Visit) -> dict[str, str]:
    """Return words in the language of a visit, by code."""
    return {code: visit.words(word) for code, word in terms.items()}
