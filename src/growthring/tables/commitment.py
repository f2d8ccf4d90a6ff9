"""Commitments and credits: what a customer promised to consume, or paid for before consuming it."""

from growthring.tables.contract import PROVENANCE, Check, Column, ColumnType, Table, amount, day, text

COMMITMENT = Table(
    name="commitment",
    meaning="A promise to consume, or a balance to draw down, over a term.",
    grain="commitment",
    columns=(
        text("commitment_id", "The commitment's or grant's identifier.", required=True),
        text("account_id", "The customer.", required=True),
        text("contract_id", "The contract it was agreed in."),
        text(
            "kind",
            "minimum: consumption promised, the shortfall is billed; prepaid: paid ahead and drawn down; "
            "credit: granted free and drawn down; ela: a fixed price for all use in the term.",
            values=("minimum", "prepaid", "credit", "ela"),
            required=True,
        ),
        day("starts_on", "The first day it can be consumed.", required=True),
        day("ends_on", "The first day it can no longer be consumed; empty while it does not expire."),
        amount("amount", "Promised or granted money; empty when units are."),
        Column("quantity", ColumnType.QUANTITY, "Promised or granted units of `meter`; empty when money is."),
        text("meter", "The meter whose units are promised; empty for money."),
        text("currency", "ISO 4217 code of the amount."),
        Column("priority", ColumnType.COUNT, "Lower numbers are drawn down first.", default="1"),
        text(
            "applies_to",
            "What it may pay for: ids of components, or `usage` or `fee`, separated by commas; empty for everything.",
        ),
        text(
            "scope",
            "account: the customer alone; family: pooled over all accounts under the same ultimate parent.",
            values=("account", "family"),
            default="'account'",
        ),
        Column("rollover_share", ColumnType.RATE, "Share of the unused rest that passes to the next term, 0 to 1.", default="0"),
        Column("overage_factor", ColumnType.RATE, "Times the rated price of what goes beyond it.", default="1"),
        text(
            "true_up",
            "When a shortfall of a minimum is billed: at the end of its term, in every billing period, or never.",
            values=("term_end", "period", "none"),
            default="'term_end'",
        ),
        day("voided_on", "The first day after it was withdrawn; what was left then disappears."),
        *PROVENANCE,
    ),
    key=("commitment_id",),
    checks=(
        Check(
            "COMMITMENT_ENDS_BEFORE_START",
            "ends_on > starts_on",
            "The commitment ends before it starts.",
            "Correct the dates in the source; ends_on is the first day it can no longer be consumed.",
        ),
        Check(
            "COMMITMENT_WITHOUT_MEASURE",
            "kind = 'ela' OR amount IS NOT NULL OR (quantity IS NOT NULL AND meter IS NOT NULL)",
            "The commitment says neither an amount nor a quantity of a meter.",
            "Map amount and currency, or quantity and meter.",
        ),
        Check(
            "COMMITMENT_WITHOUT_CURRENCY",
            "amount IS NULL OR currency IS NOT NULL",
            "The committed amount has no currency.",
            "Map currency to an ISO 4217 code.",
        ),
        Check(
            "ROLLOVER_NOT_A_SHARE",
            "rollover_share >= 0 AND rollover_share <= 1",
            "The share that rolls over is not between 0 and 1.",
            "Write 0.25 for 25 %.",
        ),
    ),
)
