"""Offers, trials, the free tier and revenue by type: what was asked, what was given away, and what came back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from growthring.engine.catalog import open_tables
from growthring.engine.duckdb_session import connect
from growthring.engine.relation import Relation, compose
from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, Value, money
from growthring.operations.pricing.rating import rate, rating_caveats
from growthring.operations.project import Project
from growthring.operations.revenue.show import View, show
from growthring.pricing.offers.chain import free_chain, offer_chain, revenue_chain, rows_of, trial_chain
from growthring.pricing.offers.free_tier import FreeCohort, FreeLimit, free_cohorts, free_limits
from growthring.pricing.offers.lift import Lift, Stratum, lift
from growthring.pricing.offers.price_log import STOP_RULES, PriceLog, price_logs
from growthring.pricing.offers.quota import quota_runs
from growthring.pricing.offers.review import PriceSign, review_segment
from growthring.pricing.offers.rules import Finding, small_discounts, term_findings
from growthring.pricing.offers.trial_curve import suggest_length, trial_curve
from growthring.pricing.reference import plain
from growthring.pricing.simulation.price_points import PriceGoals, wilson
from growthring.revenue.setting import END_OF_TIME

_DEFINITIONS = {
    "price_points": "Decided offers by product and net price of a year: conversion with Wilson's interval at 95 %, revenue and "
    "margin per offer, and the next price on evidence only.",
    "discounts": "From list to net, and what discounts and gifts did to the win rate of comparable customers (segment × size).",
    "contract_terms": "Offers by length of term; the rule is twelve months, billed by the year.",
    "discount_quota": "Deals with a discount in each run of consecutive won deals of a manager, and those beyond the quota.",
    "price_review": "Segments whose win rate and net dollar retention both point to a price that may be too low or too high.",
    "trials": "Conversions by day over trials still running; trials that neither converted nor ended are censored at the end.",
    "free_tier": "What serving accounts billed at nothing cost, by the month they began, and what those that pay later brought.",
    "revenue_types": "Invoiced revenue without tax, by month of the invoice and by what it is for; the share is of the month.",
}

_GROWTH = ("usage", "seats")
"""Types of revenue that grow with the customer."""


@dataclass(frozen=True, slots=True)
class _Open:
    """Canonical tables of the current snapshot, and the day of the look."""

    project: Project
    connection: duckdb.DuckDBPyConnection
    as_of: datetime
    through: date


def _opened(project: Project, as_of: datetime | None) -> _Open:
    snapshot = project.snapshot()
    through = project.setting(snapshot, as_of=as_of).data_through
    connection = connect()
    open_tables(connection, project.store, snapshot)
    return _Open(project, connection, as_of or END_OF_TIME, through)


def price_points(
    project: Project, *, by_segment: bool = False, unit_cost: Decimal | None = None, as_of: datetime | None = None
) -> Answer:
    """Answer which prices were asked, how they convert, and which to ask next (PR-14).

    Args:
        project: The project.
        by_segment: Split each product by segment.
        unit_cost: What a year of the product costs to serve; margin decides if given, else revenue.
        as_of: See only what was known then.
    """
    books = _opened(project, as_of)
    chain = offer_chain(books.as_of, books.through)
    offers = rows_of(books.connection, chain, "known_offer")
    if not offers:
        return _nothing(books, "price_points", chain, "known_offer", "offer")
    logs = price_logs(offers, PriceGoals(unit_cost=unit_cost), by_segment=by_segment)
    rows = [row for log in logs for row in _price_rows(log)] + [_advice_row(log) for log in logs]
    still_open = sum(each["outcome"] == "open" for each in offers)
    caveats = [f"Left out because they are still open: {still_open:,} offers."] if still_open else []
    caveats.append("Who is asked which price is not left to chance: a difference may come from the customers or the time.")
    suggested = [log for log in logs if log.advice.next_price is not None]
    return _answer(books, "price_points", len(suggested), "prices to change", rows, chain, "known_offer", caveats)


def discounts(project: Project, by: str = "segment", *, as_of: datetime | None = None) -> Answer:
    """Answer what was given away, by rep, manager or segment, and whether discounts and gifts win deals (PR-16).

    Raises:
        UnknownValueError: Not a grouping.
    """
    if by not in ("rep", "manager", "segment"):
        raise UnknownValueError("grouping of offers", by, ("price", "rep", "manager", "segment", "term"))
    books = _opened(project, as_of)
    chain = offer_chain(books.as_of, books.through, by=by)
    waterfall = rows_of(books.connection, chain, "waterfall")
    if not waterfall:
        return _nothing(books, "discounts", chain, "waterfall", "offer")
    rows = [_waterfall_row(by, each) for each in waterfall] + [_won_row(by, each) for each in waterfall]
    rows += _lift_rows(rows_of(books.connection, chain, "sized_offer"))
    given, asked = _total(waterfall, "discount_amount"), _total(waterfall, "list_amount")
    value = None if len({each["currency"] for each in waterfall}) > 1 else _share(given, asked)
    caveats = ["Several currencies: there is no discount rate over all of them."] if value is None and asked else []
    caveats.append("Intervals of all comparisons hold together at 95 %; discounts agreed for a commitment are not told apart.")
    return _answer(books, "discounts", value, "ratio", rows, chain, "waterfall", caveats)


def contract_terms(project: Project, *, as_of: datetime | None = None) -> Answer:
    """Answer how long customers bind themselves, and which offers go against the rule of twelve months (PR-17)."""
    books = _opened(project, as_of)
    chain = offer_chain(books.as_of, books.through)
    mix = rows_of(books.connection, chain, "term_mix")
    if not mix:
        return _nothing(books, "contract_terms", chain, "term_mix", "offer")
    won: dict[str, int] = {}
    for each in mix:
        won[each["currency"]] = won.get(each["currency"], 0) + each["won"]
    rows: list[dict[str, Any]] = [
        {
            "kind": "term", "term_months": each["term_months"], "prepaid": each["prepaid"], "currency": each["currency"],
            "offers": each["offers"], "open": int(each["open_offers"]), "won": int(each["won"]),
            "won_net": money(each["won_amount"], each["currency"]),
            "share_of_won": _share(Decimal(int(each["won"])), Decimal(int(won[each["currency"]]))),
        }
        for each in mix
    ]  # fmt: skip
    found = term_findings(rows_of(books.connection, chain, "known_offer"))
    rows += [_finding_row(each) for each in found]
    return _answer(books, "contract_terms", len(found), "offers against the rule", rows, chain, "term_mix", [])


def discount_quota(
    project: Project,
    *,
    allowed: int = 2,
    run_deals: int = 10,
    small_below: Decimal | None = None,
    as_of: datetime | None = None,
) -> Answer:
    """Answer which managers gave more discounts than their quota, and which small customers got one (PR-16).

    Args:
        project: The project.
        allowed: Deals with a discount that a run may have.
        run_deals: Consecutive won deals of a manager that make a run.
        small_below: Yearly list price below which any discount is a finding.
        as_of: See only what was known then.

    Raises:
        ConfigurationError: The quota is not between 0 and the length of a run.
    """
    if run_deals < 1 or not 0 <= allowed <= run_deals:
        raise ConfigurationError(
            f"Not a quota: {allowed} of {run_deals} deals.", valid="A quota is at least 0 and at most the deals of a run."
        )
    books = _opened(project, as_of)
    chain = offer_chain(books.as_of, books.through, run_deals=run_deals)
    offers = rows_of(books.connection, chain, "known_offer")
    if not offers:
        return _nothing(books, "discount_quota", chain, "known_offer", "offer")
    deals = rows_of(books.connection, chain, "quota_deal")
    runs = quota_runs(deals, allowed, run_deals)
    rows: list[dict[str, Any]] = [
        {"kind": "run"} | {field.name: _shown(getattr(each, field.name)) for field in fields(each)} for each in runs
    ]
    rows += [_beyond_row(each) for each in deals if each["is_discounted"] and each["discounted_so_far"] > allowed]
    if small_below is not None:
        rows += [_finding_row(each) for each in small_discounts(offers, small_below)]
    used_up = sorted({each.manager for each in runs if each.left == 0})
    caveats = [f"Used up in the open run, the next discount needs approval: {', '.join(used_up)}."] if used_up else []
    if any(each.manager == "(nobody)" for each in runs):
        caveats.append("Deals without a manager count as those of one: map `manager`.")
    value = sum(each.beyond for each in runs)
    return _answer(books, "discount_quota", value, "discounts beyond the quota", rows, chain, "quota_deal", caveats)


def price_review(
    project: Project, *, every_months: int = 6, as_of: datetime | None = None, progress: Progress = silent
) -> Answer:
    """Answer which segments' prices may be too low or too high, by win rate and net dollar retention together (PR-15).

    Args:
        project: The project.
        every_months: Months until the next review.
        as_of: See only what was known then.
        progress: Told about what has to be computed first.
    """
    books = _opened(project, as_of)
    chain = offer_chain(books.as_of, books.through)
    waterfall = rows_of(books.connection, chain, "waterfall")
    if not waterfall:
        return _nothing(books, "price_review", chain, "waterfall", "offer")
    counts: dict[str, list[int]] = {}
    for each in waterfall:
        row = counts.setdefault(each["group_value"], [0, 0])
        row[0] += int(each["decided"])
        row[1] += int(each["won"])
    retention, caveats = _retention(project, as_of, progress)
    reviews = [
        review_segment(segment, retention.get(segment), decided, won, segments=len(counts))
        for segment, (decided, won) in sorted(counts.items())
    ]
    rows = [{"kind": "review"} | {field.name: getattr(each, field.name) for field in fields(each)} for each in reviews]
    caveats.append(f"Next review after {Month.of(books.through) + every_months}.")
    caveats.append("Unit economics and losses to imitators are not looked at; try a change with `growthring simulate` first.")
    signs = sum(each.sign in (PriceSign.TOO_LOW, PriceSign.TOO_HIGH) for each in reviews)
    return _answer(books, "price_review", signs, "segments with a sign", rows, chain, "waterfall", caveats)


def _retention(project: Project, as_of: datetime | None, progress: Progress) -> tuple[dict[str, float | None], list[str]]:
    """Return net dollar retention by the attribute `segment`, and why it is unknown where it is."""
    try:
        answer = show(project, "ndr", View(by="segment", as_of=as_of), progress=progress)
    except UnknownValueError:
        return {}, ["Accounts have no attribute `segment`, so retention by segment is unknown: map one."]
    return {str(row["segment"]): row["value"] for row in answer.rows}, list(answer.caveats)


def trials(project: Project, by: str = "day", *, peak_share: Decimal = Decimal("0.25"), as_of: datetime | None = None) -> Answer:
    """Answer when trials convert, how long they should be, and what extensions bring (PR-18).

    Args:
        project: The project.
        by: day or segment.
        peak_share: Share of the best week's hazard below which waiting is not worth it.
        as_of: See only what was known then.

    Raises:
        UnknownValueError: Not a grouping.
    """
    if by not in ("day", "segment"):
        raise UnknownValueError("grouping of trials", by, ("day", "segment"))
    books = _opened(project, as_of)
    chain = trial_chain(books.as_of, books.through)
    counts = rows_of(books.connection, chain, "trial_day")
    if not counts:
        return _nothing(books, "trials", chain, "trial_day", "trial")
    curve = trial_curve(counts)
    advice = suggest_length(curve, float(peak_share))
    rows: list[dict[str, Any]] = []
    if by == "day":
        rows += [{"kind": "day"} | {field.name: getattr(each, field.name) for field in fields(each)} for each in curve]
    else:
        rows += _trial_rows(books, "segment")
    rows.append({"kind": "length"} | {field.name: getattr(advice, field.name) for field in fields(advice)})
    reps = _trial_rows(books, "rep")
    rows += _trial_rows(books, "extension") + reps
    running = sum(int(each["last_seen"]) for each in counts)
    words = f"{running:,} trials had neither converted nor been given up by {books.through}: they are censored then."
    caveats = [words] if running else []
    if any(row["rep"] == "(nobody)" and row["extension_requests"] for row in reps):
        caveats.append("Extensions without an owner were opened by nobody: map `rep`.")
    if advice.days is None:
        caveats.append(advice.reason)
    caveats.append("Extensions are granted to customers who ask: their conversion is no effect of the extension.")
    return _answer(books, "trials", advice.days, "days, suggested length", rows, chain, "trial_day", caveats)


def free_tier(
    project: Project,
    unit_costs: Mapping[str, Decimal],
    *,
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> Answer:
    """Answer what the free tier costs, whom it converts, when it pays back, and what a limit would cut (PR-04).

    Args:
        project: The project.
        unit_costs: What serving a unit costs, by meter, in the currency of the books.
        as_of: See only what was known then.
        progress: Told about each month rated.

    Raises:
        UnknownValueError: The project has no such meter.
    """
    rating = rate(project, as_of=as_of, progress=progress)
    meters = [meter.id for meter in rating.terms.every_meter]
    for meter in unit_costs:
        if meter not in meters:
            raise UnknownValueError("meter", meter, meters)
    books = _Open(project, rating.connection, as_of or END_OF_TIME, rating.terms.through)
    chain = free_chain(rating.connection, unit_costs)
    served = rows_of(rating.connection, chain, "served_month")
    cohorts = free_cohorts(served)
    paying = {each["account_id"] for each in served if each["amount"] > 0}
    limits = free_limits(rows_of(rating.connection, chain, "free_quantity"), unit_costs, paying)
    currencies = sorted({each["currency"] for each in served})
    single = currencies[0] if len(currencies) == 1 else ""
    rows = [_cohort_row(each) for each in cohorts] + [_limit_row(each, single) for each in limits]
    total = sum((each["cost_amount"] for each in served if each["amount"] == 0), Decimal(0))
    caveats = [] if unit_costs else ["No unit cost was given, so use costs nothing: add --cost METER=COST."]
    if uncosted := [meter for meter in meters if meter not in unit_costs]:
        caveats.append(f"Without a cost: {', '.join(uncosted)}.")
    caveats.append("Limits are read on use as it was; customers who meet a limit may pay, use less, or leave.")
    value = money(total, single) if single else None
    return _answer(
        books, "free_tier", value, single or "several currencies", rows, chain, "served_month", caveats + rating_caveats(rating)
    )


def revenue_types(project: Project, *, as_of: datetime | None = None) -> Answer:
    """Answer how revenue splits into subscriptions, seats, usage and one-off by month (PR-12)."""
    books = _opened(project, as_of)
    chain = revenue_chain(books.as_of, books.through)
    found = rows_of(books.connection, chain, "revenue_type")
    if not found:
        return _nothing(books, "revenue_types", chain, "revenue_type", "invoice_line")
    totals: dict[tuple[int, str], Decimal] = {}
    for each in found:
        key = (each["month"], each["currency"])
        totals[key] = totals.get(key, Decimal(0)) + each["amount"]
    rows = [
        {
            "month": str(Month(each["month"])), "currency": each["currency"], "type": each["revenue_type"],
            "accounts": each["accounts"], "amount": money(each["amount"], each["currency"]),
            "share": _share(each["amount"], totals[each["month"], each["currency"]]),
        }
        for each in found
    ]  # fmt: skip
    caveats = [
        "Seats and usage among subscriptions are told by `quantity_kind` of the product; without it they count as subscription.",
        "Margin by type is left out: no cost is known by type.",
    ]
    last = max(each["month"] for each in found)
    growth = sum((each["amount"] for each in found if each["month"] == last and each["revenue_type"] in _GROWTH), Decimal(0))
    whole = sum((total for (month, _), total in totals.items() if month == last), Decimal(0))
    value = _share(growth, whole) if len({each["currency"] for each in found}) == 1 else None
    return _answer(books, "revenue_types", value, "ratio", rows, chain, "revenue_type", caveats)


def _nothing(books: _Open, metric: str, chain: Sequence[Relation], final: str, table: str) -> Answer:
    """Answer that the figure cannot be known, and what would settle it."""
    words = f'There are no rows of {table}: add a source with table = "{table}"; `growthring tables {table}` lists its columns.'
    return _answer(books, metric, None, "unknown", [], chain, final, [words])


def _price_rows(log: PriceLog) -> list[dict[str, Any]]:
    head = {"kind": "price", "product": log.product_id} | ({"segment": log.segment} if log.segment else {})
    return [
        head
        | {
            "currency": log.currency, "price": money(each.price, log.currency), "offers": each.offers, "won": each.won,
            "conversion": float(each.conversion), "low": float(each.low), "high": float(each.high),
            "fitted": float(each.fitted), "revenue_per_offer": money(each.revenue_per_offer, log.currency),
            "margin_per_offer": None if each.margin_per_offer is None else money(each.margin_per_offer, log.currency),
            "judged": "yes" if each.is_enough else "too few offers",
        }
        for each in log.advice.levels
    ]  # fmt: skip


def _advice_row(log: PriceLog) -> dict[str, Any]:
    advice = log.advice
    head = {"kind": "advice", "product": log.product_id} | ({"segment": log.segment} if log.segment else {})
    return head | {
        "currency": log.currency,
        "next_step": advice.next_step.value,
        "next_price": None if advice.next_price is None else money(advice.next_price, log.currency),
        "best_for_revenue": _range(advice.best_for_revenue, log.currency),
        "best_for_margin": _range(advice.best_for_margin, log.currency),
        "trend_p": advice.trend_p,
        "reason": advice.reason,
        "stop_rule": STOP_RULES[advice.next_step],
    }


def _range(ends: tuple[Decimal, Decimal] | None, currency: str) -> str | None:
    return f"{money(ends[0], currency)} to {money(ends[1], currency)}" if ends else None


def _waterfall_row(by: str, each: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was asked, from list to net."""
    return {"kind": "waterfall", by: each["group_value"], "currency": each["currency"], "offers": each["offers"]} | {
        **_steps(each, ""), "discounted": int(each["discounted"]), "gifts": int(each["gifts"]),
    }  # fmt: skip


def _won_row(by: str, each: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was won of it."""
    decided, won = int(each["decided"]), int(each["won"])
    low, high = wilson(won, decided) if decided else (None, None)
    return {
        "kind": "won", by: each["group_value"], "currency": each["currency"], "decided": decided, "won": won,
        "win_rate": won / decided if decided else None, "low": low, "high": high, **_steps(each, "won_"),
    }  # fmt: skip


def _steps(each: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    amounts = {name: each[f"{prefix}{name}_amount"] for name in ("list", "discount", "net")}
    shown = {name: money(amount, each["currency"]) for name, amount in amounts.items()}
    return shown | {"discount_rate": _share(amounts["discount"], amounts["list"])}


def _lift_rows(offers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the lift of discounts and of gifts, over all and by segment; all intervals hold together."""
    segments = ["", *sorted({each["segment"] for each in offers})]
    comparisons = 2 * len(segments)
    return [
        {"kind": "lift", "given": words, "segment": segment or "(all)"} | _lift_row(found)
        for words, flag in (("discount", "is_discounted"), ("gift", "has_gift"))
        for segment in segments
        for found in [lift([each for each in _strata(offers, flag) if segment in ("", each.segment)], comparisons)]
    ]


def _lift_row(found: Lift) -> dict[str, Any]:
    return {
        "with": found.given, "without": found.plain, "strata": found.strata, "difference": found.difference,
        "low": found.low, "high": found.high, "shown": "yes" if found.is_shown else "no", "reason": found.reason,
    }  # fmt: skip


def _strata(offers: Sequence[Mapping[str, Any]], flag: str) -> list[Stratum]:
    counts: dict[tuple[str, str, int], list[int]] = {}
    for each in offers:
        row = counts.setdefault((each["segment"], each["currency"], each["size_band"]), [0, 0, 0, 0])
        at = 0 if each[flag] else 2
        row[at] += 1
        row[at + 1] += each["is_won"]
    return [Stratum(key[0], *row) for key, row in sorted(counts.items())]


def _finding_row(each: Finding) -> dict[str, Any]:
    offer = each.offer
    return {
        "kind": "finding", "rule": each.rule, "offer": offer["offer_id"], "account": offer["account_id"],
        "segment": offer["segment"], "rep": offer["rep"], "manager": offer["manager"], "outcome": offer["outcome"],
        "net": money(offer["amount"], offer["currency"]), "currency": offer["currency"], "reason": each.reason,
    }  # fmt: skip


def _beyond_row(deal: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": "beyond", "manager": deal["manager"], "run_no": deal["run_no"], "offer": deal["offer_id"],
        "account": deal["account_id"], "rep": deal["rep"], "decided_on": deal["decided_on"].isoformat(),
        "discount": money(deal["discount_amount"], deal["currency"]), "currency": deal["currency"],
        "discounts_in_run": deal["discounted_so_far"],
    }  # fmt: skip


def _trial_rows(books: _Open, kind: str) -> list[dict[str, Any]]:
    """Return trials and conversion by segment, by extension, or extension requests by rep."""
    chain = trial_chain(books.as_of, books.through, by="" if kind == "extension" else kind)
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for each in rows_of(books.connection, chain, "trial_group"):
        name = ("extended" if each["is_extended"] else "not extended") if kind == "extension" else each["group_value"]
        groups.setdefault(name, []).append(each)
    every = sum(int(each["trials"]) for rows in groups.values() for each in rows)
    return [_trial_row(kind, name, rows, every) for name, rows in sorted(groups.items())]


def _trial_row(kind: str, name: str, rows: Sequence[Mapping[str, Any]], every: int) -> dict[str, Any]:
    trials, over, converted = (sum(int(each[column]) for each in rows) for column in ("trials", "over_trials", "converted"))
    extended = [each for each in rows if each["is_extended"]]
    low, high = wilson(converted, over) if over else (None, None)
    row: dict[str, Any] = {
        "kind": kind, kind: name, "trials": trials, "over": over, "converted": converted,
        "conversion": converted / over if over else None, "low": low, "high": high,
    }  # fmt: skip
    if kind == "extension":
        return row | {"share_of_trials": trials / every}
    requests = sum(int(each["trials"]) for each in extended)
    return row | {
        "extension_requests": requests,
        "extension_share": requests / trials,
        "converted_after_extension": sum(int(each["converted"]) for each in extended),
    }


def _cohort_row(each: FreeCohort) -> dict[str, Any]:
    low, high = wilson(each.converted, each.accounts)
    return {
        "kind": "cohort", "cohort": str(Month(each.month)), "currency": each.currency, "accounts": each.accounts,
        "converted": each.converted, "conversion": each.converted / each.accounts, "low": low, "high": high,
        "free_cost": money(each.free_cost_amount, each.currency), "paid": money(each.paid_amount, each.currency),
        "paid_cost": money(each.paid_cost_amount, each.currency), "payback_months": each.payback_months,
    }  # fmt: skip


def _limit_row(each: FreeLimit, currency: str) -> dict[str, Any]:
    return {
        "kind": "limit", "meter": each.meter, "quantile": float(each.quantile), "limit": plain(each.limit_quantity),
        "account_months": each.account_months, "months_beyond": each.months_beyond, "accounts_beyond": each.accounts_beyond,
        "paying_beyond": each.paying_beyond, "cut_quantity": plain(each.cut_quantity),
        "cut_cost": money(each.cut_cost_amount, currency) if currency else plain(each.cut_cost_amount),
    }  # fmt: skip


def _shown(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _share(part: Decimal, whole: Decimal) -> float | None:
    return float(part / whole) if whole else None


def _total(rows: Sequence[Mapping[str, Any]], name: str) -> Decimal:
    return sum((each[name] for each in rows), Decimal(0))


def _answer(
    books: _Open,
    metric: str,
    value: Value,
    unit: str,
    rows: list[dict[str, Any]],
    chain: Sequence[Relation],
    final: str,
    caveats: list[str],
) -> Answer:
    return Answer(
        metric=metric,
        value=value,
        unit=unit,
        at=f"through {books.through}",
        definition=_DEFINITIONS[metric],
        policy={"name": "offers", "version": "1"},
        snapshot=books.project.snapshot().snapshot_id,
        rows=rows,
        sql=compose(chain, final),
        caveats=caveats,
    )
