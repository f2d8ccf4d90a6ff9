"""A price as the customer sees it: averages, more usage, budgets, other plans, the running bill (PR-03, PR-09)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

from growthring.engine.relation import literal, relation
from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money
from growthring.operations.pricing.rating import begins_in, rate
from growthring.operations.project import Project
from growthring.pricing.book import PriceBook, Version, read_book
from growthring.pricing.compiled import UNBOUNDED
from growthring.pricing.customer_view import (
    Plan,
    RunningPeriod,
    affordable,
    budget_alerts,
    cost_of_more,
    plan_break_evens,
    price_point,
    projected_bill,
)
from growthring.pricing.meter import Aggregation, Meter
from growthring.pricing.rating.tables import dimension_values
from growthring.pricing.reference import Share, plain
from growthring.pricing.stored_rating import Rating

_PAST_PERIODS = 12
_SUM_METERS = ("sum", "count")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the customer wants to know.

    Attributes:
        meter: The meter; the one that costs most when empty.
        at: Month whose usage is the starting point; the last one with a bill when absent.
        more: Additional units to price.
        budget: Money to turn into usage, and to be warned about.
        against: Files of other price books to compare with, beside the project's own.
        alerts: Shares of the budget to be warned at.
    """

    meter: str = ""
    at: str | None = None
    more: Sequence[Decimal] = ()
    budget: Decimal | None = None
    against: Sequence[Path] = ()
    alerts: Sequence[Decimal] = (Decimal("0.5"), Decimal("0.8"), Decimal(1))


@dataclass(frozen=True, slots=True)
class _Period:
    """A billed period of the account."""

    subscription_id: str
    start: date
    end: date
    book: PriceBook
    currency: str
    share: Share
    usage: dict[str, Decimal]


def quote(project: Project, account: str, asked: Asked, *, as_of: datetime | None = None, progress: Progress = silent) -> Answer:
    """Answer what an account pays on average and for the next unit, what more would cost, and what a budget buys.

    Args:
        project: The project.
        account: The account's id.
        asked: What to price.
        as_of: See only what was known then.
        progress: Told about each month rated.

    Raises:
        GrowthringError: The account has no bill then.
        UnknownValueError: The book prices no such meter.
    """
    for number in (*asked.more, *((asked.budget,) if asked.budget is not None else ())):
        if not -UNBOUNDED <= number <= UNBOUNDED:
            raise GrowthringError(f"{number} is too much to be priced.", valid=f"Valid: up to {UNBOUNDED}.")
    rating = rate(project, as_of=as_of, progress=progress)
    period = _period(rating, project, account, asked.at)
    meter = _meter(period, asked.meter)
    others = {name: quantity for name, quantity in period.usage.items() if name != meter}
    plan = Plan(period.book.name, _version(period), period.book.rating_policy, period.currency, period.share, others)
    used = period.usage.get(meter, Decimal(0))
    books = [*(each for each in rating.terms.books if each.name != period.book.name), *map(read_book, asked.against)]
    rows = [
        *_prices(plan, meter, used, asked),
        *_budget(plan, meter, asked, period.currency),
        *_other_plans(plan, books, meter, used),
        *_running(rating, period, plan, meter, asked),
    ]
    return Answer(
        metric="quote",
        value=money(plan.amount(meter, used), period.currency),
        unit=period.currency,
        at=f"{period.start:%Y-%m}",
        definition=f"What {account} pays for {plain(used)} of {meter} and all else used from {period.start} under {plan.name}.",
        policy={"name": period.book.policy, "version": plan.version.effective_from.isoformat()},
        snapshot=project.snapshot().snapshot_id,
        rows=rows,
        caveats=[
            "What-if figures keep everything but the meter as it was in that period.",
            *_differs(rating, plan, period, used, meter),
        ],
    )


_PRICES = Context(prec=5)
"""Digits of an average price: the bill is rounded, so that more of them mean nothing."""

CURVE = tuple(Decimal(share) for share in ("0.25", "0.5", "0.75", "0.9", "1", "1.1", "1.25", "1.5", "2", "3"))
"""Shares of the present usage at which a price curve is told."""


def price_curve(project: Project, account: str, meter: str = "", at: str | None = None, *, progress: Progress = silent) -> Answer:
    """Answer what an account's bill, average and marginal price would be had it used more or less (PR-03).

    Args:
        project: The project.
        account: The account.
        meter: The meter; the one that costs most when empty.
        at: Month whose usage is the starting point; the last one with a bill when absent.
        progress: Told about each month rated.

    Raises:
        GrowthringError: The account has no bill then.
        UnknownValueError: The book prices no such meter.
    """
    rating = rate(project, progress=progress)
    period = _period(rating, project, account, at)
    chosen = _meter(period, meter)
    others = {name: quantity for name, quantity in period.usage.items() if name != chosen}
    plan = Plan(period.book.name, _version(period), period.book.rating_policy, period.currency, period.share, others)
    used = period.usage.get(chosen, Decimal(0))
    bill = plan.amount(chosen, used)
    rows = [_curve_row(plan, chosen, used, share, bill) for share in CURVE] if chosen and used > 0 else []
    nothing = [f"{account} used nothing of {chosen or 'any meter'} then, so that there is no average price."]
    return Answer(
        metric="price_curve",
        value=money(bill, period.currency),
        unit=period.currency,
        at=f"{period.start:%Y-%m}",
        definition=f"The bill of {account} from {period.start} under {plan.name}, had it used more or less of {chosen}.",
        policy={"name": plan.name, "version": plan.version.effective_from.isoformat()},
        snapshot=project.snapshot().snapshot_id,
        rows=rows,
        caveats=["What-if figures keep everything but the meter as it was in that period."] if rows else nothing,
    )


def priced_meters(project: Project, account: str, at: str | None = None) -> tuple[str, ...]:
    """Return the meters that an account's book prices, the one that is asked about by itself first.

    Raises:
        GrowthringError: The account has no bill then.
    """
    period = _period(rate(project), project, account, at)
    first = _meter(period, "")
    every = {component.meter for component in _version(period).components if component.meter}
    return tuple(sorted(every, key=lambda meter: (meter != first, meter)))


def _curve_row(plan: Plan, meter: str, used: Decimal, share: Decimal, bill: Decimal) -> dict[str, Any]:
    quantity = (used * share).quantize(Decimal("0.000001"))
    point = price_point(plan, meter, quantity)
    return {
        "meter": meter,
        "share": float(share),
        "quantity": plain(quantity),
        "amount": money(point.amount, plan.currency),
        "on_top": money(point.amount - bill, plan.currency),
        "average_price": None if point.average_price is None else plain(_PRICES.plus(point.average_price)),
        "marginal_price": plain(point.marginal_price),
        "currency": plan.currency,
    }


def _differs(rating: Rating, plan: Plan, period: _Period, used: Decimal, meter: str) -> Iterator[str]:
    """Yield a caveat where the quantity of a meter does not make the bill by itself."""
    row = rating.connection.execute(
        f"SELECT amount FROM bill WHERE subscription_id = {literal(period.subscription_id)} "
        f"AND period_start = {literal(period.start)}"
    ).fetchone()
    if row and row[0] != plan.amount(meter, used):
        yield (
            f"The bill itself is {money(row[0], period.currency)} {period.currency}: it depends on dimensions, buckets or single "
            "records, and these figures on quantities alone."
        )


def _period(rating: Rating, project: Project, account: str, at: str | None) -> _Period:
    where = f"account_id = {literal(account)}"
    if at:
        where += f" AND {begins_in(project.calendar.parse(at))}"
    row = rating.connection.execute(
        f"SELECT subscription_id, period_start, period_end, book, currency, active_units, period_units, period_no "
        f"FROM billed_period WHERE {where} AND period_start <= {literal(rating.terms.through)} "
        "ORDER BY period_start DESC, 1 LIMIT 1"
    ).fetchone()
    if row is None:
        raise GrowthringError(
            f"{account} has no bill for {at}." if at else f"{account} has no bill.",
            remedy="`growthring bills --by account` lists bills.",
        )
    subscription, start, end, name, currency, active, days, number = row
    usage = rating.connection.execute(
        f"SELECT meter, SUM(quantity) FROM metered WHERE subscription_id = {literal(subscription)} "
        f"AND period_start = {literal(start)} GROUP BY 1 ORDER BY 1"
    ).fetchall()
    book = next(each for each in rating.terms.books if each.name == name)
    return _Period(subscription, start, end, book, currency, Share(active, days, number), dict(usage))


def _version(period: _Period) -> Version:
    version = period.book.version_on(max(period.start, period.book.versions[0].effective_from))
    assert version is not None  # noqa: S101 - a billed period has one
    return version


def _meter(period: _Period, wanted: str) -> str:
    priced = sorted({component.meter for component in _version(period).components if component.meter})
    if wanted and wanted not in priced:
        raise UnknownValueError("meter", wanted, priced)
    if wanted or not priced:
        return wanted
    return max(priced, key=lambda meter: (period.usage.get(meter, Decimal(0)) > 0, meter == priced[0]))


def _prices(plan: Plan, meter: str, used: Decimal, asked: Asked) -> Iterator[dict[str, Any]]:
    point = price_point(plan, meter, used)
    average = None if point.average_price is None else f"{point.average_price:.6f}"
    yield _row("price", f"{plain(used)} {meter}", money(point.amount, plan.currency), "the bill")
    yield _row("price", "average price", average, f"for one {meter}, fees included")
    yield _row("price", "next unit", plain(point.marginal_price), "marginal price")
    for more in asked.more:
        yield _row(
            "more", f"+{plain(more)} {meter}", money(cost_of_more(plan, meter, used, more), plan.currency), "on top of the bill"
        )


def _budget(plan: Plan, meter: str, asked: Asked, currency: str) -> Iterator[dict[str, Any]]:
    if asked.budget is None:
        return
    found = affordable(plan, meter, asked.budget)
    if not found:
        yield _row("budget", money(asked.budget, currency), None, "no usage at all fits: fees alone cost more")
    for each in found:
        words = f"up to {plain(each.high)} {meter}" if not each.low else f"from {plain(each.low)} to {plain(each.high)} {meter}"
        yield _row("budget", money(asked.budget, currency), words if each.has_end else f"any {meter}", "usage whose bill fits")


def _other_plans(plan: Plan, books: Sequence[PriceBook], meter: str, used: Decimal) -> Iterator[dict[str, Any]]:
    for book in books:
        version = book.versions[-1]
        if not any(component.meter == meter and component.price_in(plan.currency) for component in version.components):
            continue
        other = Plan(book.name, version, book.rating_policy, plan.currency, plan.share, plan.usage)
        yield _row("plan", book.name, money(other.amount(meter, used), plan.currency), "the same usage under its latest version")
        for each in plan_break_evens(plan, other, meter):
            words = f"{each.cheaper_below} is cheaper below, {each.cheaper_above} from there on"
            yield _row("break_even", f"{plain(each.quantity)} {meter}", None, words)


def _running(rating: Rating, period: _Period, plan: Plan, meter: str, asked: Asked) -> Iterator[dict[str, Any]]:
    """Yield the projection and the alerts of a period that is not over."""
    through = rating.terms.through
    definition = next((each for each in rating.terms.every_meter if each.id == meter), None)
    if (
        definition is None
        or definition.aggregation not in _SUM_METERS
        or definition.recurring
        or definition.prorated
        or not period.start <= through < period.end - timedelta(days=1)
    ):
        return
    daily = _daily(rating, period, definition)
    running = RunningPeriod(
        period.start, period.end, through, {meter: {day: value for day, value in daily if day >= period.start}}
    )
    found = projected_bill(plan, running, _past_shares(rating, period, daily, running.elapsed))
    yield _row("running", f"so far, to {through}", money(found.so_far, plan.currency), "")
    between = (
        ""
        if found.low is None or found.high is None
        else f"{money(found.low, plan.currency)} to {money(found.high, plan.currency)}; "
    )
    yield _row(
        "running", f"projected to {period.end - timedelta(days=1)}", money(found.projected, plan.currency), between + found.note
    )
    for alert in budget_alerts(plan, running, asked.budget, asked.alerts) if asked.budget else ():
        when = (
            f"reached on {alert.crossed_on}"
            if alert.crossed_on
            else (f"expected on {alert.projected_on}" if alert.projected_on else "not in this period")
        )
        yield _row("alert", f"{plain(alert.share * 100)} % of the budget", money(alert.amount, plan.currency), when)


def _daily(rating: Rating, period: _Period, meter: Meter) -> list[tuple[date, Decimal]]:
    """Return what a meter counts by day (UTC) since a year before the period, corrections included."""
    since = period.start - timedelta(days=366)
    usage = relation("growthring.pricing.metering", "current_usage", {"as_of": rating.terms.as_of}).sql
    counted = "COUNT(*)" if meter.aggregation is Aggregation.COUNT else "SUM(quantity)"
    rows = rating.connection.execute(
        f"SELECT CAST(used_at AS DATE), COALESCE(dimensions, ''), CAST({counted} AS DECIMAL(38,6)) FROM ({usage}) AS usage "
        "WHERE account_id = (SELECT MIN(account_id) FROM subscription "
        f"WHERE subscription_id = {literal(period.subscription_id)}) AND meter = {literal(meter.event_name)} "
        f"AND used_at >= {literal(since)} GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    days: dict[date, Decimal] = {}
    for day, text, value in rows:
        values = dimension_values(text)
        if all(values.get(name, "") in allowed for name, allowed in meter.filters.items()):
            days[day] = days.get(day, Decimal(0)) + value
    return list(days.items())


def _past_shares(rating: Rating, period: _Period, daily: Sequence[tuple[date, Decimal]], elapsed: int) -> list[Decimal]:
    """Return for each past period the share of its usage that had been used by the same day of it."""
    periods = rating.connection.execute(
        f"SELECT period_start, period_end FROM billed_period WHERE subscription_id = {literal(period.subscription_id)} "
        f"AND period_end <= {literal(period.start)} ORDER BY 1 DESC LIMIT {_PAST_PERIODS}"
    ).fetchall()
    shares = []
    for start, end in periods:
        whole = sum((value for day, value in daily if start <= day < end), Decimal(0))
        part = sum((value for day, value in daily if start <= day < start + timedelta(days=elapsed)), Decimal(0))
        if whole > 0 and 0 < part <= whole:
            shares.append(part / whole)
    return shares


def _row(kind: str, what: str, value: str | None, how: str) -> dict[str, Any]:
    return {"kind": kind, "what": what, "value": value, "how": how}
