"""Prices asked and won: conversion by price, the next one on evidence, and segments priced too low or too high (PR-14, PR-15)."""

from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from growthring.kernel.errors import UnknownValueError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money
from growthring.operations.offers.books import answered, nothing, open_offers
from growthring.operations.project import Project
from growthring.operations.revenue.show import View, show
from growthring.pricing.offers.chain import offer_chain, rows_of
from growthring.pricing.offers.price_log import STOP_RULES, PriceLog, price_logs
from growthring.pricing.offers.review import PriceSign, review_segment
from growthring.pricing.simulation.price_points import PriceGoals


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
    books = open_offers(project, as_of)
    chain = offer_chain(books.as_of, books.through)
    offers = rows_of(books.connection, chain, "known_offer")
    if not offers:
        return nothing(books, "price_points", chain, "known_offer", "offer")
    logs = price_logs(offers, PriceGoals(unit_cost=unit_cost), by_segment=by_segment)
    rows = [row for log in logs for row in _price_rows(log)] + [_advice_row(log) for log in logs]
    still_open = sum(each["outcome"] == "open" for each in offers)
    caveats = [f"Left out because they are still open: {still_open:,} offers."] if still_open else []
    caveats.append("Who is asked which price is not left to chance: a difference may come from the customers or the time.")
    suggested = [log for log in logs if log.advice.next_price is not None]
    return answered(books, "price_points", len(suggested), "prices to change", rows, chain, "known_offer", caveats)


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
    books = open_offers(project, as_of)
    chain = offer_chain(books.as_of, books.through)
    waterfall = rows_of(books.connection, chain, "waterfall")
    if not waterfall:
        return nothing(books, "price_review", chain, "waterfall", "offer")
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
    return answered(books, "price_review", signs, "segments with a sign", rows, chain, "waterfall", caveats)


def _retention(project: Project, as_of: datetime | None, progress: Progress) -> tuple[dict[str, float | None], list[str]]:
    """Return net dollar retention by the attribute `segment`, and why it is unknown where it is."""
    try:
        answer = show(project, "ndr", View(by="segment", as_of=as_of), progress=progress)
    except UnknownValueError:
        return {}, ["Accounts have no attribute `segment`, so retention by segment is unknown: map one."]
    return {str(row["segment"]): row["value"] for row in answer.rows}, list(answer.caveats)


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
