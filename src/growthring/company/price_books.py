"""The company's price list for metered use: a price book beside ``growthring.toml``, written by hand, with comments."""

from growthring.company.catalogue import API, METER, PRICES
from growthring.kernel.period import Month

_BOOK = """\
# What {name} asks for its API: one price a call, in four currencies. `growthring bills` rates usage under it and
# `growthring reconcile` compares the result with the invoices.

name: api
title: API calls, by use, in arrears
currency: USD                   # of accounts whose documents are in no currency listed below
meters:
  - id: {meter}               # counts the usage records whose meter is {meter}
    aggregation: sum            # over a billing period
    unit: call

versions:
  - effective_from: {first_day}   # a later version, with its own day, changes prices from the next period on
    components:
      - id: {meter}
        name: API calls
        product: {product}
        meter: {meter}
        prices:                 # an account is billed in the currency of its contracts and invoices
{prices}

# Everybody who uses the API is billed under this book, by calendar month. Two conditions make an assignment more particular:
#   - attributes: {{segment: enterprise}}
#     starts_on: 2024-01-01
assign:
  - billing_interval: month
"""


def api_book(name: str, first_month: Month) -> str:
    """Write the price book of the API, in YAML.

    Args:
        name: The company's name.
        first_month: Month of the first usage; prices hold from its first day on.
    """
    prices = "\n".join(
        f"          {currency}: {{model: per_unit, unit_price: {each.call_price}}}" for currency, each in PRICES.items()
    )
    return _BOOK.format(name=name, meter=METER, product=API, first_day=first_month.first_day.isoformat(), prices=prices)
