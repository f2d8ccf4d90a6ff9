"""Exchange rates."""

from growthring.tables.contract import PROVENANCE, Check, Column, ColumnType, Table, day, text

FX_RATE = Table(
    name="fx_rate",
    meaning="How many units of quote_currency one unit of base_currency bought on a day.",
    grain="currency pair × day",
    columns=(
        text("base_currency", "The currency converted from, ISO 4217.", required=True),
        text("quote_currency", "The currency converted to, ISO 4217.", required=True),
        day("rate_on", "The day of the rate; it holds until the next quoted day.", required=True),
        Column("rate", ColumnType.RATE, "Units of quote_currency for one unit of base_currency.", required=True),
        *PROVENANCE,
    ),
    key=("base_currency", "quote_currency", "rate_on"),
    checks=(Check("RATE_NOT_POSITIVE", "rate > 0", "The exchange rate is zero or negative.", "Remove or correct the rate."),),
)
