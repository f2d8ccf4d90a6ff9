"""Tables computed from the canonical ones: recurring revenue and the movement ledger."""

from growthring.tables.contract import Column, ColumnType, Table, amount, text

MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "churn", "fx", "transfer", "adjustment")
"""Kinds of movement; start + all of them = end."""

DRIVERS = (
    "price",
    "volume",
    "seats",
    "cross_sell",
    "product_drop",
    "unsplit",
    "product_migration",
    "account_move",
    "exchange_rate",
    "negative_balance",
    "",
)
"""What drove a movement, as far as the data allow to tell."""

REASONS = ("at_renewal", "advised_saving", "involuntary", "")
"""What people or contracts say about a movement."""

_MONTH = Column("month", ColumnType.MONTH, "Calendar month, counted as year × 12 + month − 1.", required=True)

RECURRING = Table(
    name="recurring",
    meaning="Recurring revenue a(t) of a customer's product in a month under a policy, in its own and the reporting currency.",
    grain="account × product × contract × currency × month",
    columns=(
        text("account_id", "The customer.", required=True),
        text("product_id", "The product.", required=True),
        text("contract_id", "The contract, or empty text where the policy does not look at contracts.", required=True),
        text("currency", "Currency the customer is billed in.", required=True),
        _MONTH,
        amount("native_amount", "Monthly recurring revenue in the billing currency.", required=True),
        Column("rate", ColumnType.RATE, "Reporting currency for one unit of the billing currency.", required=True),
        amount("recurring_amount", "The same in the reporting currency.", required=True),
        amount("usage_amount", "The part of recurring_amount that comes from usage.", required=True),
        Column("quantity", ColumnType.QUANTITY, "Seats or units behind it; empty when unknown."),
    ),
    key=("account_id", "product_id", "contract_id", "currency", "month"),
)

MOVEMENT = Table(
    name="movement",
    meaning="One line of the movement ledger: why a customer's recurring revenue changed in a month, and by how much.",
    grain="entity × account × product × month × movement × driver",
    columns=(
        text(
            "entity_id",
            "Who counts as the customer under the policy's level: item, subscription, account or parent.",
            required=True,
        ),
        text("account_id", "The account.", required=True),
        text("product_id", "The product.", required=True),
        _MONTH,
        text("movement", "The kind of change; gains positive, losses negative.", required=True, values=MOVEMENTS),
        text("driver", "What drove it: price, volume, seats, cross_sell …; empty text for new, churn.", values=DRIVERS),
        text("reason", "at_renewal, advised_saving, involuntary (of churn) when known, else empty text.", values=REASONS),
        amount("movement_amount", "The change in the reporting currency, signed.", required=True),
    ),
    key=("entity_id", "account_id", "product_id", "month", "movement", "driver", "reason"),
)
