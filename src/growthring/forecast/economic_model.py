"""The complete economic model on one sheet: market × share × price × retention − costs → revenue and GM4, year by year (FC-25).

Every number is an assumption of whoever writes the file; nothing here is estimated, so the result is a plan, not a forecast. The
stated limits are computed beside it: the share a company should plan with at most (FC-22), the time each doubling of the share
takes (FC-23), and the value of a customer at most (FC-24).
"""

import math
from dataclasses import dataclass
from decimal import Decimal

SHARE_CAP = Decimal("0.36")
"""Stated: do not plan with more than 36 % of the whole market as defined."""
COMPUTED_CAP = Decimal("0.60") * Decimal("0.50")
"""Computed: 60 % of the half that are neither late majority (34 %) nor laggards (16 %)."""
NDR_CAP = Decimal(1)
"""Stated: a customer is worth at most retention of 100 % …"""
VALUE_YEARS = 3
"""… for three years."""
STAGES = ("gm1", "gm2", "gm3", "gm4")
"""Each takes its costs from the margin before: sales, marketing and delivery; service and operation; research; organisation."""
FIRST_SHARE = Decimal("0.05")


@dataclass(frozen=True)
class Costs:
    """Costs of a stage.

    Attributes:
        stage: The margin that they are taken before: gm1 … gm4.
        name: What is paid.
        share_of_revenue: Part that goes with revenue.
        per_customer: Amount a customer and year.
        fixed: Amount a year; the last holds for later years.
    """

    stage: str
    name: str
    share_of_revenue: Decimal
    per_customer: Decimal
    fixed: tuple[Decimal, ...]

    def in_year(self, year: int, revenue: Decimal, customers: Decimal) -> Decimal:
        """Return the cost of a year, counted from 0."""
        fixed = self.fixed[min(year, len(self.fixed) - 1)] if self.fixed else Decimal(0)
        return self.share_of_revenue * revenue + self.per_customer * customers + fixed


@dataclass(frozen=True)
class Model:
    """The assumptions.

    Attributes:
        market: Customers in the market as defined (TAM).
        market_growth: Growth of it a year.
        shares: Share of the market at the end of each year.
        price: Revenue a customer and year.
        price_growth: Growth of the price a year.
        ndr: Net dollar retention of customers of the year before.
        share_cap: Share that is planned with at most.
        costs: The cost stack.
    """

    market: Decimal
    market_growth: Decimal
    shares: tuple[Decimal, ...]
    price: Decimal
    price_growth: Decimal
    ndr: Decimal
    share_cap: Decimal
    costs: tuple[Costs, ...]


@dataclass(frozen=True)
class Year:
    """A year of the plan.

    Attributes:
        year: Counted from 1.
        market: Customers in the market.
        share: Share at the end of the year, as assumed.
        customers: Customers at the end of it.
        new_customers: Customers more than at the end of the year before, negative when fewer.
        revenue: What they bring: last year's revenue × retention, at most 100 %, and the new ones at the price.
        uncapped_revenue: The same with the retention as assumed.
        margins: GM1 to GM4.
        is_above_cap: The share is above the cap.
    """

    year: int
    market: Decimal
    share: Decimal
    customers: Decimal
    new_customers: Decimal
    revenue: Decimal
    uncapped_revenue: Decimal
    margins: tuple[Decimal, Decimal, Decimal, Decimal]
    is_above_cap: bool


def project(model: Model) -> list[Year]:
    """Return the years of the plan: exact, and rounded nowhere.

    New customers bring half a year's price in their first year, because they come through it, and a whole one afterwards. Those
    that remain bring last year's full-year revenue times the retention, which is capped at 100 % until there is mature evidence.
    """
    years: list[Year] = []
    customers, full, full_uncapped = Decimal(0), Decimal(0), Decimal(0)
    for number, share in enumerate(model.shares):
        market = model.market * (1 + model.market_growth) ** number
        price = model.price * (1 + model.price_growth) ** number
        now = market * share
        new = now - customers
        kept, kept_uncapped = full * min(model.ndr, NDR_CAP), full_uncapped * model.ndr
        added = max(new, Decimal(0)) * price
        revenue, uncapped = kept + added / 2, kept_uncapped + added / 2
        full, full_uncapped = kept + added, kept_uncapped + added
        margins = _margins(model, number, revenue, now)
        years.append(Year(number + 1, market, share, now, new, revenue, uncapped, margins, share > model.share_cap))
        customers = now
    return years


def _margins(model: Model, number: int, revenue: Decimal, customers: Decimal) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    left = revenue
    found = []
    for stage in STAGES:
        left -= sum((each.in_year(number, revenue, customers) for each in model.costs if each.stage == stage), Decimal(0))
        found.append(left)
    return found[0], found[1], found[2], found[3]


@dataclass(frozen=True, slots=True)
class ValueOfCustomer:
    """What a customer is worth.

    Attributes:
        capped: Gross profit of a year × 3, retention 100 %.
        uncapped: Gross profit while retention lasts: of a year / (1 − retention); nothing at 100 % and above.
    """

    capped: Decimal
    uncapped: Decimal | None


def value_of_customer(model: Model) -> ValueOfCustomer:
    """Return what a customer is worth, with the cap of FC-24 and without, from the price less what goes with it before GM2."""
    direct = [each for each in model.costs if each.stage in STAGES[:2]]
    profit = model.price - sum((each.share_of_revenue * model.price + each.per_customer for each in direct), Decimal(0))
    return ValueOfCustomer(profit * VALUE_YEARS, profit / (1 - model.ndr) if model.ndr < 1 else None)


def doubling_years(years_to_first: Decimal, share_cap: Decimal) -> list[tuple[Decimal, Decimal]]:
    """Return when 5 % and each doubling of it is reached if every doubling takes half the time of the one before (FC-23).

    Args:
        years_to_first: Years from nothing to 5 %: the hardest.
        share_cap: No doubling beyond it.

    Example:
        >>> [(str(share), str(year)) for share, year in doubling_years(Decimal(4), Decimal("0.36"))]
        [('0.05', '4'), ('0.10', '6'), ('0.20', '7')]
    """
    found, share, year, step = [], FIRST_SHARE, years_to_first, years_to_first
    while share <= share_cap:
        found.append((share, year))
        share, step = share * 2, step / 2
        year += step
    return found


def path_of_shares(years_to_first: Decimal, share_cap: Decimal, years: int) -> tuple[Decimal, ...]:
    """Return the share at the end of each year on the doubling path: constant growth between its points, held at the cap.

    Example:
        >>> [str(share.quantize(Decimal("0.0001"))) for share in path_of_shares(Decimal(2), Decimal("0.36"), 4)]
        ['0.0250', '0.0500', '0.1000', '0.3600']
    """
    points = doubling_years(years_to_first, share_cap)
    cap_at = points[-1][1] + (points[-1][1] - points[-2][1] if len(points) > 1 else years_to_first) / 2
    shares = []
    for year in range(1, years + 1):
        shares.append(_share_at(Decimal(year), points, cap_at, share_cap))
    return tuple(shares)


def _share_at(year: Decimal, points: list[tuple[Decimal, Decimal]], cap_at: Decimal, cap: Decimal) -> Decimal:
    if year <= points[0][1]:
        return points[0][0] * year / points[0][1]
    if year >= cap_at:
        return cap
    share, since = max((point for point in points if point[1] <= year), key=lambda point: point[1])
    step = next((at for _, at in points if at > since), cap_at) - since
    return min(share * Decimal(repr(math.pow(2, float((year - since) / step)))), cap)
