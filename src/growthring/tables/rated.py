"""Tables of rating: billing periods, metered quantities, rated lines and bills."""

from growthring.tables.contract import Column, ColumnType, Table, amount, day, text

_SUBSCRIPTION = text("subscription_id", "What is billed: the contract, or the account where there is none.", required=True)
_ACCOUNT = text("account_id", "The customer.", required=True)
_START = day("period_start", "First day of the billing period, in the subscription's billing time zone.", required=True)
_END = day("period_end", "First day after the billing period.", required=True)
_CURRENCY = text("currency", "ISO 4217 code of the amounts.", required=True)
_DIMENSIONS = text(
    "dimensions", "The meter's dimensions as `key=value`, ordered by key, separated by `;`; empty text without.", required=True
)

SUBSCRIPTION = Table(
    name="subscription",
    meaning="Who is billed under which price book, on which billing calendar.",
    grain="subscription × stretch under one book",
    columns=(
        _SUBSCRIPTION,
        _ACCOUNT,
        text("book", "Name of the price book.", required=True),
        text("calendar_id", "The billing calendar: anchor, interval and time zone.", required=True),
        day("starts_on", "First day it is billed under the book.", required=True),
        day("ends_on", "First day it is no longer; 9999-12-31 while it has no end.", required=True),
        _CURRENCY,
    ),
    key=("subscription_id", "starts_on"),
)

BILLING_PERIOD = Table(
    name="billing_period",
    meaning="One billing period of a calendar, counted from its anchor so that it never drifts.",
    grain="calendar × period",
    columns=(
        text("calendar_id", "The billing calendar.", required=True),
        _START,
        _END,
        Column("starts_at", ColumnType.INSTANT, "The instant the period begins, UTC; it belongs to the period.", required=True),
        Column("ends_at", ColumnType.INSTANT, "The instant the next period begins, UTC.", required=True),
        Column("days", ColumnType.COUNT, "Days of the period.", required=True),
        Column(
            "seconds", ColumnType.COUNT, "Seconds of the period; daylight saving makes days of 23 and 25 hours.", required=True
        ),
    ),
    key=("calendar_id", "period_start"),
)

METERED = Table(
    name="metered",
    meaning="What a subscription consumed on a meter in a billing period (or in one bucket of it).",
    grain="subscription × meter × dimensions × period × bucket",
    columns=(
        _SUBSCRIPTION,
        _ACCOUNT,
        text("meter", "The meter that counted it.", required=True),
        _DIMENSIONS,
        _START,
        _END,
        Column(
            "bucket_at",
            ColumnType.INSTANT,
            "Start of the bucket, UTC; the start of the period for meters without buckets.",
            required=True,
        ),
        Column("quantity", ColumnType.QUANTITY, "The aggregated quantity, in the meter's unit.", required=True),
        Column("events", ColumnType.COUNT, "Number of usage records behind it.", required=True),
        Column("event_amount", ColumnType.UNIT_PRICE, "Sum of the prices the records carry; 0 without.", required=True),
    ),
    key=("subscription_id", "meter", "dimensions", "period_start", "bucket_at"),
)

METERED_EVENT = Table(
    name="metered_event",
    meaning="One usage record of a meter that keeps every record apart, in the order in which it counts.",
    grain="usage record × subscription",
    columns=(
        _SUBSCRIPTION,
        _ACCOUNT,
        text("meter", "The meter that counted it.", required=True),
        _DIMENSIONS,
        _START,
        _END,
        Column("bucket_at", ColumnType.INSTANT, "Start of the bucket, UTC.", required=True),
        Column("event_no", ColumnType.COUNT, "Position among the records of the meter in the period, from 1.", required=True),
        text("usage_id", "The usage record.", required=True),
        Column("used_at", ColumnType.INSTANT, "When it was consumed, UTC.", required=True),
        Column("quantity", ColumnType.QUANTITY, "How much was consumed.", required=True),
        Column("event_amount", ColumnType.UNIT_PRICE, "The price the record carries; 0 without.", required=True),
    ),
    key=("subscription_id", "meter", "usage_id"),
)

METERED_CHANGE = Table(
    name="metered_change",
    meaning="One change of the level of a prorated meter, with the share of the period that was left.",
    grain="subscription × meter × dimensions × period × change",
    columns=(
        _SUBSCRIPTION,
        _ACCOUNT,
        text("meter", "The meter that counted it.", required=True),
        _DIMENSIONS,
        _START,
        _END,
        Column("bucket_at", ColumnType.INSTANT, "Start of the period, UTC.", required=True),
        Column("change_no", ColumnType.COUNT, "Position among the changes of the period, from 1.", required=True),
        Column("change", ColumnType.QUANTITY, "Units added; below zero when they were removed.", required=True),
        Column("time_left", ColumnType.COUNT, "Days left in the period.", required=True),
        Column("time_whole", ColumnType.COUNT, "Days of the period.", required=True),
    ),
    key=("subscription_id", "meter", "dimensions", "period_start", "change_no"),
)

RATED_LINE = Table(
    name="rated_line",
    meaning="One component of a bill: a quantity, the tier it ends in, its price, what adjusted it, and the amount.",
    grain="subscription × period × component × dimensions",
    columns=(
        _SUBSCRIPTION,
        _ACCOUNT,
        _START,
        _END,
        text("book", "Name of the price book.", required=True),
        text("version", "Day the version of the book takes effect, `YYYY-MM-DD`.", required=True),
        text("component_id", "The component of the book.", required=True),
        _DIMENSIONS,
        Column("quantity", ColumnType.QUANTITY, "Metered quantity.", required=True),
        Column("billable_quantity", ColumnType.QUANTITY, "Quantity after conversion, rounding and free units.", required=True),
        Column("tier", ColumnType.COUNT, "The tier the quantity ends in, from 1; 0 for none.", required=True),
        Column("raw_amount", ColumnType.RAW_AMOUNT, "Amount before adjustments and before rounding.", required=True),
        Column("adjusted_amount", ColumnType.RAW_AMOUNT, "Amount after adjustments, before rounding.", required=True),
        amount("amount", "Amount rounded to the currency's minor unit.", required=True),
        _CURRENCY,
    ),
    key=("subscription_id", "period_start", "component_id", "dimensions"),
)

BILL = Table(
    name="bill",
    meaning="What a subscription owes for a billing period: rated lines, discounts, minimum, credits.",
    grain="subscription × period",
    columns=(
        _SUBSCRIPTION,
        _ACCOUNT,
        _START,
        _END,
        text("book", "Name of the price book.", required=True),
        amount("subtotal_amount", "Sum of the rated lines.", required=True),
        amount("adjustment_amount", "Discounts, minimum true-up and maximum of the whole bill, signed.", required=True),
        amount("amount", "What the price book asks for the period, before credits.", required=True),
        _CURRENCY,
    ),
    key=("subscription_id", "period_start"),
)
