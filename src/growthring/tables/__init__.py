"""The canonical tables and their contracts."""

from growthring.tables.account import ACCOUNT, ACCOUNT_ATTRIBUTE
from growthring.tables.commitment import COMMITMENT
from growthring.tables.contract import Check, Column, ColumnType, Table
from growthring.tables.contract_terms import CONTRACT, CONTRACT_LINE
from growthring.tables.derived import DRIVERS, MOVEMENT, MOVEMENTS, REASONS, RECURRING
from growthring.tables.drawdown import COMMITMENT_BALANCE, COMMITMENT_CHARGE, DRAWABLE, DRAWDOWN, OVERAGE
from growthring.tables.fx_rate import FX_RATE
from growthring.tables.invoice_line import INVOICE_LINE
from growthring.tables.offer import OFFER
from growthring.tables.problem import PROBLEM
from growthring.tables.product import PRODUCT
from growthring.tables.rated import BILL, BILLING_PERIOD, METERED, METERED_CHANGE, METERED_EVENT, RATED_LINE, SUBSCRIPTION
from growthring.tables.trial import TRIAL
from growthring.tables.usage import USAGE
from growthring.tables.usage_correction import USAGE_CORRECTION

CANONICAL: dict[str, Table] = {
    table.name: table
    for table in (
        ACCOUNT,
        ACCOUNT_ATTRIBUTE,
        PRODUCT,
        CONTRACT,
        CONTRACT_LINE,
        INVOICE_LINE,
        USAGE,
        USAGE_CORRECTION,
        COMMITMENT,
        OFFER,
        TRIAL,
        FX_RATE,
    )
}
"""Tables that sources fill, by name."""

DERIVED: dict[str, Table] = {
    table.name: table
    for table in (
        PROBLEM,
        RECURRING,
        MOVEMENT,
        SUBSCRIPTION,
        BILLING_PERIOD,
        METERED,
        RATED_LINE,
        BILL,
        DRAWABLE,
        DRAWDOWN,
        COMMITMENT_BALANCE,
        OVERAGE,
        COMMITMENT_CHARGE,
    )
}
"""Tables that the product computes, by name."""

__all__ = [
    "ACCOUNT",
    "ACCOUNT_ATTRIBUTE",
    "BILL",
    "BILLING_PERIOD",
    "CANONICAL",
    "COMMITMENT",
    "COMMITMENT_BALANCE",
    "COMMITMENT_CHARGE",
    "CONTRACT",
    "CONTRACT_LINE",
    "DERIVED",
    "DRAWABLE",
    "DRAWDOWN",
    "DRIVERS",
    "FX_RATE",
    "INVOICE_LINE",
    "METERED",
    "METERED_CHANGE",
    "METERED_EVENT",
    "MOVEMENT",
    "MOVEMENTS",
    "OFFER",
    "OVERAGE",
    "PROBLEM",
    "PRODUCT",
    "RATED_LINE",
    "REASONS",
    "RECURRING",
    "SUBSCRIPTION",
    "TRIAL",
    "USAGE",
    "USAGE_CORRECTION",
    "Check",
    "Column",
    "ColumnType",
    "Table",
]
