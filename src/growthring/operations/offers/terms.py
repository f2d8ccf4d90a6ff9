"""Terms of contracts that were offered: by length, and those against the rule (PR-17)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from growthring.operations.answer import Answer, money
from growthring.operations.offers.books import answered, finding_row, nothing, open_offers, share_of
from growthring.operations.project import Project
from growthring.pricing.offers.chain import offer_chain, rows_of
from growthring.pricing.offers.rules import term_findings


def contract_terms(project: Project, *, as_of: datetime | None = None) -> Answer:
    """Answer how long customers bind themselves, and which offers go against the rule of twelve months (PR-17)."""
    books = open_offers(project, as_of)
    chain = offer_chain(books.as_of, books.through)
    mix = rows_of(books.connection, chain, "term_mix")
    if not mix:
        return nothing(books, "contract_terms", chain, "term_mix", "offer")
    won: dict[str, int] = {}
    for each in mix:
        won[each["currency"]] = won.get(each["currency"], 0) + each["won"]
    rows: list[dict[str, Any]] = [
        {
            "kind": "term", "term_months": each["term_months"], "prepaid": each["prepaid"], "currency": each["currency"],
            "offers": each["offers"], "open": int(each["open_offers"]), "won": int(each["won"]),
            "won_net": money(each["won_amount"], each["currency"]),
            "share_of_won": share_of(Decimal(int(each["won"])), Decimal(int(won[each["currency"]]))),
        }
        for each in mix
    ]  # fmt: skip
    found = term_findings(rows_of(books.connection, chain, "known_offer"))
    rows += [finding_row(each) for each in found]
    return answered(books, "contract_terms", len(found), "offers against the rule", rows, chain, "term_mix", [])
