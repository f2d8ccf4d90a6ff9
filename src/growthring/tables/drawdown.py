"""Tables of commitments and credits: what may be drawn on, what was drawn, what is left, and what a commitment charges."""

from growthring.tables.contract import Column, ColumnType, Table, amount, day, text

MEASURES = ("amount", "quantity")
"""What a commitment counts in: money of its currency, or units of its meter."""

_COMMITMENT = text("commitment_id", "The commitment or grant.", required=True)
_ACCOUNT = text("account_id", "The customer.", required=True)
_SUBSCRIPTION = text("subscription_id", "What is billed.", required=True)
_START = day(
    "period_start", "First day of the billing period; the commitments in force on it serve the whole period.", required=True
)
_END = day("period_end", "First day after the billing period.", required=True)
_COMPONENT = text("component_id", "The component of the price book.", required=True)
_CURRENCY = text("currency", "ISO 4217 code of the amounts.", required=True)
_MEASURE = text("measure", "What the commitment counts in: its currency, or units of its meter.", required=True, values=MEASURES)


def _measured(name: str, meaning: str) -> Column:
    return Column(name, ColumnType.QUANTITY, meaning, required=True)


DRAWABLE = Table(
    name="drawable",
    meaning="What a commitment may pay for: one component of a bill. Rows below zero are neither paid nor given back.",
    grain="subscription × period × component",
    columns=(
        _ACCOUNT,
        _SUBSCRIPTION,
        _START,
        _END,
        _COMPONENT,
        text("component_kind", "usage: metered consumption; fee: everything else.", required=True, values=("usage", "fee")),
        text("meter", "The meter behind the component; empty for fees."),
        Column("quantity", ColumnType.QUANTITY, "Units of the meter.", required=True),
        amount("amount", "Rated amount, rounded to the currency's minor unit.", required=True),
        _CURRENCY,
    ),
    key=("account_id", "subscription_id", "period_start", "component_id"),
)

DRAWDOWN = Table(
    name="drawdown",
    meaning="What a prepaid balance or credit paid of a component's charge in a billing period, and what it held afterwards.",
    grain="commitment × subscription × period × component",
    columns=(
        _COMMITMENT,
        _ACCOUNT,
        _SUBSCRIPTION,
        _START,
        _END,
        _COMPONENT,
        _CURRENCY,
        amount("drawn_amount", "Money paid; for units their share of the rated amount.", required=True),
        _measured("drawn_quantity", "Units paid; 0 for balances in money."),
        _MEASURE,
        _measured("balance", "Rest of the commitment after this payment, in its measure."),
    ),
    key=("commitment_id", "account_id", "subscription_id", "period_start", "component_id", "currency"),
)

COMMITMENT_BALANCE = Table(
    name="commitment_balance",
    meaning="A balance as of a day: granted + rolled in = drawn + rolled out + breakage + balance, in the commitment's measure.",
    grain="commitment",
    columns=(
        _COMMITMENT,
        _ACCOUNT,
        text("kind", "prepaid or credit.", required=True, values=("prepaid", "credit")),
        _MEASURE,
        text("currency", "ISO 4217 code; empty text for units.", required=True),
        day("starts_on", "First day it can be drawn.", required=True),
        day("ends_on", "First day it can no longer be drawn, by expiry or withdrawal; empty while it does not expire."),
        _measured("granted", "What it was granted."),
        _measured("rolled_in", "What earlier commitments passed on to it."),
        _measured("drawn", "What charges consumed."),
        _measured("rolled_out", "What it passed on at its end."),
        _measured("breakage", "What disappeared unused at its end or when it was withdrawn."),
        _measured("balance", "What can still be drawn."),
    ),
    key=("commitment_id",),
)

OVERAGE = Table(
    name="overage",
    meaning="The part of a charge that prepaid balances and credits in force did not cover.",
    grain="subscription × period × component",
    columns=(
        _ACCOUNT,
        _SUBSCRIPTION,
        _START,
        _END,
        _COMPONENT,
        _CURRENCY,
        text("commitment_id", "The commitment that ran out last; its factor applies.", required=True),
        _measured("uncovered_quantity", "Units of the meter that were not covered by units."),
        amount("uncovered_amount", "Rated amount left to pay.", required=True),
        Column("overage_factor", ColumnType.RATE, "Times the rated price.", required=True),
        amount("overage_amount", "uncovered_amount × overage_factor, rounded.", required=True),
    ),
    key=("account_id", "subscription_id", "period_start", "component_id", "currency"),
)

COMMITMENT_CHARGE = Table(
    name="commitment_charge",
    meaning="What a minimum or an ELA charges in one of its periods: utilised + overage + true-up.",
    grain="commitment × period",
    columns=(
        _COMMITMENT,
        _ACCOUNT,
        text("kind", "minimum or ela.", required=True, values=("minimum", "ela")),
        _MEASURE,
        day("period_start", "First day of the commitment's period; charges belong to it by their first day.", required=True),
        day("period_end", "First day after it.", required=True),
        text("currency", "ISO 4217 code of the amounts; empty text while unknown.", required=True),
        _measured("committed", "What is promised for the period, or for the term, in the commitment's measure."),
        _measured("consumed", "What was consumed in the period, in the commitment's measure."),
        amount("rated_amount", "Rated value of that consumption.", required=True),
        amount("utilised_amount", "The part within the commitment; for an ELA the price of the period.", required=True),
        amount("overage_amount", "The part beyond it × the overage factor.", required=True),
        amount("true_up_amount", "The shortfall billed with this period.", required=True),
        amount("charge_amount", "utilised + overage + true-up.", required=True),
    ),
    key=("commitment_id", "period_start"),
)
