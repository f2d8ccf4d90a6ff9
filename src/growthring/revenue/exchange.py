"""Exchange rates into the reporting currency, each with the days it holds for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

_FIRST = date(1, 1, 1)
_LAST = date(9999, 12, 31)
_SCALE = Decimal("0.00000001")

Quote = tuple[str, str, date, Decimal]
"""Base currency, quote currency, day, units of the quote currency for one of the base currency."""

RateSpan = tuple[str, date, date, Decimal]
"""Currency, first day, first day after, units of the reporting currency for one unit."""


def reporting_rates(quotes: Iterable[Quote], reporting: str) -> list[RateSpan]:
    """Return the spans of rates into the reporting currency.

    A currency quoted against the reporting currency either way round is taken directly (the inverse rounded to eight
    decimals); one quoted only against a third currency goes through that. A rate holds until the next quoted day; the first
    one also covers the days before it.

    Args:
        quotes: Exchange rates in any order.
        reporting: The reporting currency.
    """
    pairs: dict[tuple[str, str], dict[date, Decimal]] = defaultdict(dict)
    for base, quote, day, rate in quotes:
        pairs[base, quote][day] = rate
        pairs[quote, base].setdefault(day, (1 / rate).quantize(_SCALE, rounding=ROUND_HALF_UP))
    spans: list[RateSpan] = [(reporting, _FIRST, _LAST, Decimal(1))]
    currencies = sorted({base for base, _ in pairs} - {reporting})
    for currency in currencies:
        direct = pairs.get((currency, reporting)) or _crossed(pairs, currency, reporting)
        spans += _spans(currency, sorted(direct.items()))
    return spans


def _crossed(pairs: dict[tuple[str, str], dict[date, Decimal]], currency: str, reporting: str) -> dict[date, Decimal]:
    for bridge in sorted({quote for base, quote in pairs if base == currency}):
        onward = pairs.get((bridge, reporting))
        if onward:
            here = pairs[currency, bridge]
            return {
                day: (here[day] * onward[day]).quantize(_SCALE, rounding=ROUND_HALF_UP)
                for day in sorted(here.keys() & onward.keys())
            }
    return {}


def _spans(currency: str, rates: Sequence[tuple[date, Decimal]]) -> list[RateSpan]:
    spans: list[RateSpan] = []
    for index, (day, rate) in enumerate(rates):
        start = _FIRST if index == 0 else day
        end = rates[index + 1][0] if index + 1 < len(rates) else _LAST
        spans.append((currency, start, end, rate))
    return spans
