"""The project settings for the sample company: a `growthring.toml` written by hand, with comments."""

from growthring.company.truth import CompanyTruth
from growthring.kernel.period import Month

_SETTINGS = """\
# {name}: the sample company that `growthring` writes for learning and testing.
# What was planted is in README.md and truth/; nothing here reads it.

[project]
name = "{name}"
currency = "USD"                # everything is reported in dollars; customers are billed in USD, EUR, GBP and JPY
fiscal_year_starts = 2          # the fiscal year starts in February and is named after the year in which it ends
data_through = "{data_through}"     # the last day the files know of; later months are not reported
policy = "standard"             # the definitions in force; `growthring policies` lists the others

# A source maps files to one canonical table. Columns that carry the canonical name need no mapping; every other column is
# ignored unless it is named here.

[[sources]]
name = "accounts"
table = "account"
files = "raw/accounts.csv"

[sources.attributes]            # what --by can group on; each keeps its history through valid_from
country = "country"
industry = "industry"
segment = "segment"
channel = "channel"
employees = "employees"

[[sources]]
name = "products"
table = "product"
files = "raw/products.csv"

[[sources]]
name = "contracts"
table = "contract"
files = "raw/contracts.csv"

[[sources]]
name = "contract_lines"
table = "contract_line"
files = "raw/contract_lines.csv"

[[sources]]
name = "invoices"               # one file a month, by the month in which the line became known
table = "invoice_line"
files = "raw/invoices/invoice_lines_*.csv"

[[sources]]
name = "usage"
table = "usage"
files = "raw/usage/usage_*.csv"

[[sources]]
name = "commitments"            # minimums and prepaid balances of the API; price_books/api.yaml says what its use costs
table = "commitment"
files = "raw/commitments.csv"

[[sources]]
name = "fx"
table = "fx_rate"
files = "raw/fx_rates.csv"

# An assertion is a number you know from elsewhere (a board deck, the general ledger). A run that contradicts it ends with exit
# code 3, and no month can be closed until it holds. This one is left as an example, because MRR in dollars depends on the
# policy's exchange rate and on whether invoices or contracts are counted. Known from truth/mrr.csv, for contract lines billed
# in USD alone: {usd_mrr}.
#
# [[assertions]]
# that = "MRR at {month} is {usd_mrr} ± 1"
"""


def project_settings(truth: CompanyTruth) -> str:
    """Write the commented ``growthring.toml`` for the folder of a sample company.

    Args:
        truth: What ``write_company`` returned.

    Returns:
        TOML text; its paths are relative to the folder that holds ``raw/``.
    """
    month = Month.of(truth.data_through)
    return _SETTINGS.format(
        name=truth.name, data_through=truth.data_through.isoformat(), month=month, usd_mrr=truth.mrr_at(month, "USD")
    )  # fmt: skip
