"""Accounts, their place in a hierarchy and their attributes, each with history."""

from growthring.tables.contract import PROVENANCE, Table, day, text

ACCOUNT = Table(
    name="account",
    meaning="A customer as it stood from a day on: its name, its parent, and the account it was merged into, if any.",
    grain="account × version",
    columns=(
        text("account_id", "The customer's identifier in the billing system.", required=True),
        text("name", "What people call the customer.", default="account_id"),
        text("parent_account_id", "The account that owns this one from valid_from on; empty for a top-level account."),
        text("merged_into_account_id", "The account that took this one over on merged_on."),
        day("merged_on", "The day of the merger; from then on both count as one customer."),
        day("valid_from", "The first day this version holds; the earliest version also covers all days before it."),
        *PROVENANCE,
    ),
    key=("account_id", "valid_from"),
)

ACCOUNT_ATTRIBUTE = Table(
    name="account_attribute",
    meaning="One attribute of a customer (country, segment, channel …) from a day on; any number of attributes.",
    grain="account × attribute × version",
    columns=(
        text("account_id", "The customer.", required=True),
        text("attribute", "The attribute's name, as used in --by.", required=True),
        text("value", "The attribute's value from valid_from on."),
        day("valid_from", "The first day the value holds; the earliest value also covers all days before it."),
        *PROVENANCE,
    ),
    key=("account_id", "attribute", "valid_from"),
)
