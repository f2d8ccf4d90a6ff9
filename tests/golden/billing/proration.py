"""Parts of periods: fees for some of the days, changes in the middle, cycles by bill-cycle day; and sums of rounded amounts."""

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from growthring.engine.duckdb_session import connect
from growthring.pricing.adjustment import Adjustment, AdjustmentKind
from growthring.pricing.billing_calendar import BillingCalendar, BillingPeriod, bill_cycle_ratio, day_share
from growthring.pricing.book import Component
from growthring.pricing.price import Flat, PerUnit
from growthring.pricing.rating.pipeline import rating_chain
from growthring.pricing.rating.tables import compile_books, load_books
from growthring.pricing.reference import Use
from growthring.tables import BILLING_PERIOD, METERED, SUBSCRIPTION
from tests.golden.billing.charges import Figures, covered_days
from tests.golden.billing.reading import NotUnderstoodError, Terms, number, policy_of
from tests.golden.billing.running import METER, ZERO, Amount, Job, Rate
from tests.pricing.rating.sql_path import put

OLD = ("old", "old_price", "from_price", "current", "before", "old_amount")
NEW = ("new", "new_price", "to_price", "target", "after", "new_amount")
_CADENCES = (("biannual", 6), ("annual", 12), ("year", 12), ("quarter", 3), ("month", 1))


def _fee(place: int, amount: Decimal) -> Component:
    return Component(id=f"c{place:03d}", price=Flat(amount=amount))


def shares(period: Mapping[str, Any]) -> tuple[int, int]:
    """Return the days covered and the days of a period: as the case says, else as the calendar counts them between its dates."""
    dates = [period.get(name) for name in ("from", "change", "to")]
    stated = period.keys() & {"covered", "covered_days", "active_days"}
    if not all(dates) or (stated and "days" in period):
        return covered_days(period)
    first, change, last = (date.fromisoformat(str(each)[:10]) for each in dates)
    inclusive = "inclusive" in str(period.get("convention", "")).lower()
    end = last + timedelta(days=1) if inclusive else last
    whole = BillingPeriod("", first, end, BEGIN, BEGIN, (end - first).days, 0)
    return day_share(change, last, whole, inclusive=inclusive)


BEGIN = BillingCalendar(date(2024, 1, 1), "day").period_of(date(2024, 1, 1)).starts_at


def fees(case: Mapping[str, Any], rate: Rate, amounts: Sequence[Decimal]) -> list[Amount]:
    """Rate fees for the part of the period a case covers, each rounded for itself."""
    price = Terms(case["price"])
    active, whole = shares(case.get("period") or {})
    currency = str(price.first("currency") or "USD").upper()
    jobs = [
        Job((_fee(0, each),), (), policy_of(case, price), currency, active_days=active, period_days=whole) for each in amounts
    ]
    return [each.amount for each in rate(jobs)]


def change(case: Mapping[str, Any], rate: Rate) -> Figures:
    """A change of price: what was paid for the rest of the period is credited, the new price charged."""
    price = Terms(case["price"])
    quantity = [price.number(f"{side}_quantity", "quantity") or Decimal(1) for side in ("old", "new")]
    old, new = (price.number(*names) or ZERO for names in (OLD, NEW))
    credit, charge = fees(case, rate, [-old * quantity[0], new * quantity[1]])
    return {"credit": credit, "charge": charge, "net": credit + charge, "amount": credit + charge}


def amount(case: Mapping[str, Any], rate: Rate) -> Figures:
    """A fee for part of a period, and with tax on the rounded fee."""
    price = Terms(case["price"])
    fee = price.number("fee", "amount", "plan_fee", "price", "unit", "old") or ZERO
    active, whole = shares(case.get("period") or {})
    tax = price.number("tax_pct", "tax_percent", "tax_rate") or ZERO
    surcharge = Adjustment(kind=AdjustmentKind.PERCENT_DISCOUNT, percent=-tax, reason="tax")
    currency = str(price.first("currency") or "USD").upper()
    policy = policy_of(case, price)
    days = {"active_days": active, "period_days": whole}
    bare, taxed = rate([Job((_fee(0, fee),), (), policy, currency, steps, **days) for steps in ((), (surcharge,))])
    return {
        "amount": bare.amount, "credit": bare.amount, "fee": bare.amount, "precise": bare.raw.precise, "total": taxed.amount,
        "tax": taxed.amount - bare.amount,
    }  # fmt: skip


def mixed(case: Mapping[str, Any], rate: Rate) -> Figures:
    """Fees changed, added and removed in the middle of a period."""
    price = Terms(case["price"])
    changed, added, removed = (price.first(name) or [] for name in ("changed", "added", "removed"))
    pairs = changed if changed and isinstance(changed[0], list) else [changed] if changed else []
    signed = [
        *(step for old, new in pairs for step in (-(number(old) or ZERO), number(new) or ZERO)),
        *(number(each) or ZERO for each in added),
        *(-(number(each) or ZERO) for each in removed),
    ]
    found = fees(case, rate, signed)
    zero = Amount(ZERO, ZERO)
    credits = sum((each for each, fee in zip(found, signed, strict=True) if fee < 0), zero)
    charges = sum((each for each, fee in zip(found, signed, strict=True) if fee >= 0), zero)
    return {"net": credits + charges, "credit": credits, "charge": charges, "lines": found, "amount": credits + charges}


def rounded_amounts(case: Mapping[str, Any], rate: Rate) -> Figures:
    """Amounts rounded line by line to the minor unit, then added up."""
    price = Terms(case["price"])
    mode = str(price.first("mode", "rounding") or "half_up").lower().replace(" ", "_").replace("-", "_")
    if mode not in ("half_up", "half_away_from_zero", "midpoint_away_from_zero", "round"):
        raise NotUnderstoodError(f"rounding mode {mode}; amounts are rounded half up")
    lone = [case[name] for name in ("usage_amount", "amount", "value") if name in case]
    listed = case.get("lines", case.get("usage_amounts", case.get("amounts", lone)))
    lines = [number(each.get("amount") if isinstance(each, Mapping) else each) or ZERO for each in listed]
    currency = str(price.first("currency") or "USD").upper()
    scale = -6 if any(-int(each.as_tuple().exponent) > 8 for each in lines) else 0  # a millionth of a unit has 6 decimals more
    components = tuple(
        Component(id=f"c{place:03d}", meter=METER, price=PerUnit(unit_price=each.scaleb(-scale)))
        for place, each in enumerate(lines)
    )
    policy = policy_of(case, price)
    (rated,) = rate([Job(components, (Use(METER, Decimal(1).scaleb(scale), events=1),), policy, currency)])
    return {"amount": rated.amount, "lines": list(rated.lines), "total": rated.amount}


def ratio(case: Mapping[str, Any]) -> dict[str, Figures]:
    """How many billing cycles are owed: by the calendar, and as the sum of a fee of one over the periods owed."""
    price, period = case["price"], case["period"]
    words = str(price.get("billing", "")).lower()
    months = int(price.get("months") or next((size for word, size in _CADENCES if re.search(word, words)), 1))
    in_advance = "arrear" not in words
    first, last, target = (
        None if period.get(name) is None else date.fromisoformat(str(period[name])[:10]) for name in ("from", "to", "target")
    )
    if first is None or target is None:
        raise NotUnderstoodError(f"a period without from or target: {sorted(period)}")
    day = int(price["bill_cycle_day"])
    owed, whole = bill_cycle_ratio(first, last, target, day, months, in_advance=in_advance)
    exact = Decimal(owed) / Decimal(whole)
    found = _fee_of_one(first, last, target, day, months, in_advance=in_advance)
    return {"reference": {"cycles": exact, "ratio": exact}, "sql": {"cycles": found, "ratio": found}}


def _fee_of_one(first: date, last: date | None, target: date, day: int, months: int, *, in_advance: bool) -> Decimal:
    """Add up a fee of one over the billing periods that are owed by a day."""
    month = BillingCalendar(date(2000, 1, day), "month")  # a January, so that the anchor has the day
    start = next(each.period_start for each in month.periods(first, first + timedelta(days=62)) if each.period_start >= first)
    turns = [date(2000, (start.month - 1 + turn) % 12 + 1, 1) for turn in range(0, 12, months)]
    longest = max(turns, key=lambda each: monthrange(2000, each.month)[1])
    anchor = longest.replace(day=min(day, monthrange(2000, longest.month)[1]))
    cycles = BillingCalendar(anchor, "month", months)
    ends_on = last or date(9999, 12, 31)
    periods = [
        each
        for each in cycles.periods(first, target + timedelta(days=1))
        if (max(each.period_start, first) if in_advance else each.period_end) <= target and each.period_start < ends_on
    ]
    book = Job((_fee(0, Decimal(1)),), (), policy_of({"id": "kb"}, Terms({}))).book
    connection = connect()
    put(connection, SUBSCRIPTION, [("s", "a", book.name, cycles.calendar_id, first, ends_on, "USD")])
    rows = [
        (each.calendar_id, each.period_start, each.period_end, each.starts_at, each.ends_at, each.days, each.seconds)
        for each in periods
    ]
    put(connection, BILLING_PERIOD, rows)
    put(connection, METERED, [])
    tables = compile_books([book])
    load_books(connection, tables, {})
    for relation in rating_chain(tables.shape):
        connection.execute(f"CREATE OR REPLACE TABLE {relation.name} AS {relation.sql}")
    ((total,),) = connection.execute("SELECT SUM(raw_amount) FROM rated_line").fetchall()
    connection.close()
    return (total or ZERO).quantize(Decimal("1e-12"), ROUND_HALF_UP)
