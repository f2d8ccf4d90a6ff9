"""Offers: the price that was asked of a customer, what was given away for it, and what came of it."""

from growthring.tables.contract import PROVENANCE, Check, Column, ColumnType, Table, amount, day, text

OFFER = Table(
    name="offer",
    meaning="A quote to a customer: list and net price of a term, discount, gift, who gave it, and its outcome.",
    grain="offer",
    columns=(
        text("offer_id", "The quote's identifier.", required=True),
        text("account_id", "The customer or prospect.", required=True),
        text("segment", "The customer's segment; empty takes the account attribute `segment` of that day."),
        text("product_id", "The product offered.", default="'(none)'"),
        day("offered_on", "The day the price was named.", required=True),
        amount("list_amount", "Price of the whole term before any discount.", required=True),
        amount("amount", "Price of the whole term that was asked, net of discounts and of tax.", required=True),
        amount("discount_amount", "List less net; empty leaves it to be subtracted."),
        text("gift", "What was given on top, such as free months or services; empty without."),
        Column("term_months", ColumnType.COUNT, "Length of the term in months.", default="12"),
        text("prepaid", "Whether the whole term is paid ahead at once.", values=("yes", "no"), default="'no'"),
        text("rep", "The person who made the offer."),
        text("manager", "The manager who answers for its discount."),
        day("decided_on", "The day the customer decided; empty while the offer is open."),
        text("outcome", "What the customer decided.", values=("won", "lost", "open"), default="'open'"),
        text("currency", "ISO 4217 code of the amounts.", required=True),
        *PROVENANCE,
    ),
    key=("offer_id",),
    checks=(
        Check(
            "DISCOUNTS_DO_NOT_ADD_UP",
            "list_amount - discount_amount = amount",
            "List amount less discounts is not the net amount.",
            "Map list_amount and amount, and leave discount_amount out: it is subtracted.",
        ),
        Check(
            "OFFER_DECIDED_BEFORE_OFFERED",
            "decided_on >= offered_on",
            "The offer was decided before it was made.",
            "Correct offered_on or decided_on in the source.",
        ),
        Check(
            "OUTCOME_WITHOUT_DAY",
            "outcome = 'open' OR decided_on IS NOT NULL",
            "The offer was won or lost on no day.",
            "Map decided_on to the day the deal was closed.",
        ),
        Check(
            "TERM_NOT_POSITIVE",
            "term_months > 0",
            "The term has no length.",
            "Map term_months to a whole number above zero, such as 12.",
        ),
        Check(
            "OFFER_BELOW_ZERO",
            "amount >= 0 AND list_amount >= 0",
            "A price is below zero.",
            "Map amount and list_amount to what the customer is asked to pay; write a discount as a positive amount.",
        ),
    ),
)
