"""Invoice lines: what was billed, for which stretch of service."""

from growthring.tables.contract import PROVENANCE, Check, Column, ColumnType, Table, amount, day, text

INVOICE_LINE = Table(
    name="invoice_line",
    meaning="One line of an invoice or credit note.",
    grain="invoice line",
    columns=(
        text("invoice_line_id", "The line's identifier; two rows with one identifier are the same line.", required=True),
        text("invoice_id", "The invoice or credit note.", required=True),
        text("account_id", "The customer.", required=True),
        text("product_id", "The product.", default="'(none)'"),
        text("contract_id", "The contract or subscription billed, when the source knows it."),
        day("issued_on", "The day of the invoice.", required=True),
        day("period_start", "The first day of the service billed; empty when the line has no service period."),
        day("period_end", "The first day after the service billed."),
        text(
            "kind",
            "recurring: a subscription; usage: by consumption or order; one_off: setup, services; credit: a credit without "
            "a product of its own; fee: postage, bank and payment fees; tax.",
            required=True,
            values=("recurring", "usage", "one_off", "credit", "fee", "tax"),
        ),
        text("currency", "ISO 4217 code of the amounts.", required=True),
        Column("quantity", ColumnType.QUANTITY, "Seats or units billed; negative on a credit note."),
        Column("unit_price", ColumnType.UNIT_PRICE, "Price of one unit."),
        amount("amount", "The line's amount net of discounts and tax; negative on a credit note.", required=True),
        amount("list_amount", "The same before any discount.", default="amount"),
        amount("recurring_discount_amount", "Discount in the line that repeats for good, positive.", default="0"),
        amount("one_off_discount_amount", "Discount in the line that is limited in time, positive.", default="0"),
        day("due_on", "The day payment is due."),
        day("paid_on", "The day it was paid in full; empty while it is open."),
        *PROVENANCE,
    ),
    key=("invoice_line_id",),
    partition_on="issued_on",
    checks=(
        Check(
            "PERIOD_ENDS_BEFORE_START",
            "period_end > period_start",
            "The service period is empty or runs backwards.",
            "period_end is the first day after the service; add one day if the source writes the last day.",
        ),
        Check(
            "PERIOD_HALF_GIVEN",
            "(period_start IS NULL) = (period_end IS NULL)",
            "Only one end of the service period is given.",
            "Map both period_start and period_end, or neither.",
        ),
        Check(
            "DISCOUNTS_DO_NOT_ADD_UP",
            "list_amount - recurring_discount_amount - one_off_discount_amount = amount",
            "List amount less discounts is not the net amount.",
            "Map list_amount and both discount columns so that list − discounts = amount.",
        ),
    ),
)
