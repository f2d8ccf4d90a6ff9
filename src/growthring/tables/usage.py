"""Usage: what customers consumed."""

from growthring.tables.contract import PROVENANCE, Column, ColumnType, Table, text

USAGE = Table(
    name="usage",
    meaning="A quantity consumed by a customer on a meter at a time.",
    grain="usage record",
    columns=(
        text("usage_id", "The record's identifier; two rows with one identifier are the same record.", required=True),
        text("account_id", "The customer.", required=True),
        text("product_id", "The product used.", default="meter"),
        text("meter", "What was counted.", required=True),
        Column("used_at", ColumnType.INSTANT, "When it was consumed, UTC.", required=True),
        Column("quantity", ColumnType.QUANTITY, "How much was consumed.", required=True),
        text("unique_key", "What a meter that counts distinct things counts once, such as a user's identifier."),
        text(
            "operation",
            "Whether the distinct thing, or the level, is added or removed.",
            values=("add", "remove"),
            default="'add'",
        ),
        Column(
            "event_amount", ColumnType.UNIT_PRICE, "The price that the record itself carries, in major units; for dynamic prices."
        ),
        text("dimensions", "Properties that prices may depend on, as `key=value` in the order of the keys, separated by `;`."),
        *PROVENANCE,
    ),
    key=("usage_id",),
    partition_on="used_at",
)
