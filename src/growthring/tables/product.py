"""Products and what their quantity counts."""

from growthring.tables.contract import PROVENANCE, Table, text

PRODUCT = Table(
    name="product",
    meaning="Something the company sells.",
    grain="product",
    columns=(
        text("product_id", "The product's identifier in the billing system.", required=True),
        text("name", "What people call the product.", default="product_id"),
        text("family", "A group of products reported together."),
        text(
            "quantity_kind",
            "What a quantity of the product counts: seats, units of use, or nothing (flat).",
            values=("seat", "usage", "flat"),
            default="'flat'",
        ),
        *PROVENANCE,
    ),
    key=("product_id",),
)
