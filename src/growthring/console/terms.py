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

ROW_NAMES: Mapping[str, str] = {
    "accepted": "Accepted",
    "account": "Customer",
    "account_id": "Customer",
    "accounts": "Customers",
    "amount": "Amount",
    "amounts": "Amounts",
    "at": "Period",
    "average_price": "Average price",
    "book": "Price book",
    "change": "Change",
    "change_rate": "Change, share",
    "channel": "Channel",
    "code": "Code",
    "component": "Component",
    "corrected": "Corrected",
    "country": "Country",
    "currency": "Currency",
    "customer": "Customer",
    "customers": "Customers",
    "decides": "What it decides",
    "differs": "Differs",
    "driver": "Driver",
    "effect": "Effect",
    "employees": "Employees",
    "end": "End",
    "example": "Example",
    "file": "File",
    "files": "Files",
    "how": "How",
    "industry": "Industry",
    "known_through": "Known through",
    "marginal_price": "Marginal price",
    "meter": "Meter",
    "month": "Month",
    "movement": "Movement",
    "mrr": "Recurring revenue a month",
    "name": "Name",
    "on_top": "On top",
    "own": "The company's own",
    "product": "Product",
    "product_id": "Product",
    "promised": "Promised",
    "quantity": "Quantity",
    "read": "Read",
    "reason": "Reason",
    "rejected": "Rejected",
    "remedy": "What to do",
    "rows": "Rows",
    "segment": "Segment",
    "severity": "Severity",
    "share": "Share",
    "since": "Since",
    "source": "Source",
    "start": "Start",
    "state": "State",
    "switch": "Switch",
    "table": "Table",
    "taken": "Taken",
    "tier": "Tier",
    "undefined": "Why there is no figure",
    "unit_price": "Unit price",
    "value": "Value",
    "what": "What",
}
"""Headings of columns by the keys of rows, where an Answer is shown as it is."""


def worded(terms: Mapping[str, str], visit: Visit) -> dict[str, str]:
    """Return words in the language of a visit, by code."""
    return {code: visit.words(word) for code, word in terms.items()}
