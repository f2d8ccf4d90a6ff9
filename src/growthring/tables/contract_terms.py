"""Contracts and their lines: what was promised, from when, at what price."""

from growthring.tables.contract import PROVENANCE, Check, Column, ColumnType, Table, amount, day, text

CONTRACT = Table(
    name="contract",
    meaning="A subscription or contract between the company and a customer.",
    grain="contract",
    columns=(
        text("contract_id", "The contract's or subscription's identifier.", required=True),
        text("account_id", "The customer.", required=True),
        day("signed_on", "The day it was signed; contracted revenue (CARR) counts from here.", default="starts_on"),
        day("starts_on", "The first day of service.", required=True),
        day("ends_on", "The first day without service; empty while the contract has no end."),
        day("cancel_requested_on", "The day the customer gave notice."),
        day("cancelled_on", "The day the billing system set the contract to cancelled."),
        text("cancel_reason", "Why it was cancelled, as coded by the source."),
        text("renews_contract_id", "The contract that this one renews."),
        text("buyer", "Who signed, when a customer has several buying centres."),
        text("price_book", "The price book its usage is rated under; empty leaves it to the books' assignments."),
        day("billing_anchor_on", "The day billing periods are counted from.", default="starts_on"),
        text("billing_time_zone", "IANA time zone whose midnight ends a billing day; empty means the project's."),
        *PROVENANCE,
    ),
    key=("contract_id",),
    checks=(
        Check(
            "CONTRACT_ENDS_BEFORE_START",
            "ends_on >= starts_on",
            "The contract ends before it starts.",
            "Correct the dates in the source; ends_on is the first day without service.",
        ),
    ),
)

CONTRACT_LINE = Table(
    name="contract_line",
    meaning="One product of a contract over one stretch of time at one price.",
    grain="contract line",
    columns=(
        text("contract_line_id", "The line's or subscription item's identifier.", required=True),
        text("contract_id", "The contract it belongs to.", required=True),
        text("account_id", "The customer.", required=True),
        text("product_id", "The product.", required=True),
        text(
            "kind",
            "recurring: counts as recurring revenue; usage: a minimum commitment for use; one_off: setup, services.",
            values=("recurring", "usage", "one_off"),
            default="'recurring'",
        ),
        day("starts_on", "The first day the line is in force.", required=True),
        day("ends_on", "The first day it is no longer in force; empty while it has no end."),
        Column("quantity", ColumnType.QUANTITY, "Seats or units; empty when the line has no quantity."),
        amount(
            "amount",
            "The price of one billing interval for the whole quantity, net of all discounts and of tax.",
            required=True,
        ),
        amount("list_amount", "The same before any discount.", default="amount"),
        amount("recurring_discount_amount", "Discount of one interval that repeats for good, positive.", default="0"),
        amount("one_off_discount_amount", "Discount of one interval that is limited in time, positive.", default="0"),
        text(
            "billing_interval",
            "The unit of the billing interval.",
            values=("day", "week", "month", "quarter", "year"),
            default="'month'",
        ),
        Column("interval_count", ColumnType.COUNT, "Number of those units in one interval.", default="1"),
        text("currency", "ISO 4217 code of the amounts.", required=True),
        day("trial_ends_on", "The first day after a free trial; nothing is recurring before it."),
        day("paused_from", "The first day of a pause."),
        day("paused_to", "The first day after the pause; empty while it lasts."),
        *PROVENANCE,
    ),
    key=("contract_line_id",),
    checks=(
        Check(
            "LINE_ENDS_BEFORE_START",
            "ends_on >= starts_on",
            "The line ends before it starts.",
            "Correct the dates in the source; ends_on is the first day the line is no longer in force.",
        ),
        Check(
            "INTERVAL_NOT_POSITIVE",
            "interval_count > 0",
            "The billing interval has no length.",
            "Map interval_count to a whole number above zero.",
        ),
        Check(
            "DISCOUNTS_DO_NOT_ADD_UP",
            "list_amount - recurring_discount_amount - one_off_discount_amount = amount",
            "List amount less discounts is not the net amount.",
            "Map list_amount and both discount columns so that list − discounts = amount.",
        ),
    ),
)
