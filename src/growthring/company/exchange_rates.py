"""Daily exchange rates to the dollar: a seeded random walk."""

from collections.abc import Iterator

from growthring.company.catalogue import PRICES
from growthring.company.plan import Plan

RATE_HEADER = "base_currency,quote_currency,rate_on,rate,known_at"
_DAILY_STEP = 0.004


def rate_rows(plan: Plan) -> Iterator[str]:
    """Yield one row a day for EUR, GBP and JPY, in units of USD."""
    days = plan.days
    for number, (currency, prices) in enumerate(PRICES.items()):
        if currency == "USD":
            continue
        dice, rate = plan.dice(number, "fx"), prices.usd_rate
        for day in range(days.on(0, 1), days.data_through + 1):
            yield f"{currency},USD,{days.text[day]},{rate:.8f},{days.known(day, 16)}"
            rate *= 1 + _DAILY_STEP * (2 * dice.random() - 1)
