"""Revenue by what it is for: subscriptions, seats, usage, one-off (PR-12)."""

from datetime import datetime
from decimal import Decimal

from growthring.kernel.period import Month
from growthring.operations.answer import Answer, money
from growthring.operations.offers.books import answered, nothing, open_offers, share_of
from growthring.operations.project import Project
from growthring.pricing.offers.chain import revenue_chain, rows_of

_GROWTH = ("usage", "seats")
"""Types of revenue that grow with the customer."""


def revenue_types(project: Project, *, as_of: datetime | None = None) -> Answer:
    """Answer how revenue splits into subscriptions, seats, usage and one-off by month (PR-12)."""
    books = open_offers(project, as_of)
    chain = revenue_chain(books.as_of, books.through)
    found = rows_of(books.connection, chain, "revenue_type")
    if not found:
        return nothing(books, "revenue_types", chain, "revenue_type", "invoice_line")
    totals: dict[tuple[int, str], Decimal] = {}
    for each in found:
        key = (each["month"], each["currency"])
        totals[key] = totals.get(key, Decimal(0)) + each["amount"]
    rows = [
        {
            "month": str(Month(each["month"])), "currency": each["currency"], "type": each["revenue_type"],
            "accounts": each["accounts"], "amount": money(each["amount"], each["currency"]),
            "share": share_of(each["amount"], totals[each["month"], each["currency"]]),
        }
        for each in found
    ]  # fmt: skip
    caveats = [
        "Seats and usage among subscriptions are told by `quantity_kind` of the product; without it they count as subscription.",
        "Margin by type is left out: no cost is known by type.",
    ]
    last = max(each["month"] for each in found)
    growth = sum((each["amount"] for each in found if each["month"] == last and each["revenue_type"] in _GROWTH), Decimal(0))
    whole = sum((total for (month, _), total in totals.items() if month == last), Decimal(0))
    value = share_of(growth, whole) if len({each["currency"] for each in found}) == 1 else None
    return answered(books, "revenue_types", value, "ratio", rows, chain, "revenue_type", caveats)
