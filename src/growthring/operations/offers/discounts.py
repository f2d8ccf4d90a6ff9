"""Discounts: from list to net, what they did to the win rate, and the quota of deals with one (PR-16)."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from growthring.kernel.errors import ConfigurationError, UnknownValueError
from growthring.operations.answer import Answer, money
from growthring.operations.offers.books import answered, finding_row, nothing, open_offers, share_of
from growthring.operations.project import Project
from growthring.pricing.offers.chain import offer_chain, rows_of
from growthring.pricing.offers.lift import Lift, Stratum, lift
from growthring.pricing.offers.quota import quota_runs
from growthring.pricing.offers.rules import small_discounts
from growthring.pricing.simulation.price_points import wilson


def discounts(project: Project, by: str = "segment", *, as_of: datetime | None = None) -> Answer:
    """Answer what was given away, by rep, manager or segment, and whether discounts and gifts win deals (PR-16).

    Raises:
        UnknownValueError: Not a grouping.
    """
    if by not in ("rep", "manager", "segment"):
        raise UnknownValueError("grouping of offers", by, ("price", "rep", "manager", "segment", "term"))
    books = open_offers(project, as_of)
    chain = offer_chain(books.as_of, books.through, by=by)
    waterfall = rows_of(books.connection, chain, "waterfall")
    if not waterfall:
        return nothing(books, "discounts", chain, "waterfall", "offer")
    rows = [_waterfall_row(by, each) for each in waterfall] + [_won_row(by, each) for each in waterfall]
    rows += _lift_rows(rows_of(books.connection, chain, "sized_offer"))
    given, asked = _total(waterfall, "discount_amount"), _total(waterfall, "list_amount")
    value = None if len({each["currency"] for each in waterfall}) > 1 else share_of(given, asked)
    caveats = ["Several currencies: there is no discount rate over all of them."] if value is None and asked else []
    caveats.append("Intervals of all comparisons hold together at 95 %; discounts agreed for a commitment are not told apart.")
    return answered(books, "discounts", value, "ratio", rows, chain, "waterfall", caveats)


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
    books = open_offers(project, as_of)
    chain = offer_chain(books.as_of, books.through, run_deals=run_deals)
    offers = rows_of(books.connection, chain, "known_offer")
    if not offers:
        return nothing(books, "discount_quota", chain, "known_offer", "offer")
    deals = rows_of(books.connection, chain, "quota_deal")
    runs = quota_runs(deals, allowed, run_deals)
    rows: list[dict[str, Any]] = [
        {"kind": "run"} | {field.name: _shown(getattr(each, field.name)) for field in fields(each)} for each in runs
    ]
    rows += [_beyond_row(each) for each in deals if each["is_discounted"] and each["discounted_so_far"] > allowed]
    if small_below is not None:
        rows += [finding_row(each) for each in small_discounts(offers, small_below)]
    used_up = sorted({each.manager for each in runs if each.left == 0})
    caveats = [f"Used up in the open run, the next discount needs approval: {', '.join(used_up)}."] if used_up else []
    if any(each.manager == "(nobody)" for each in runs):
        caveats.append("Deals without a manager count as those of one: map `manager`.")
    value = sum(each.beyond for each in runs)
    return answered(books, "discount_quota", value, "discounts beyond the quota", rows, chain, "quota_deal", caveats)


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
    return shown | {"discount_rate": share_of(amounts["discount"], amounts["list"])}


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


def _beyond_row(deal: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": "beyond", "manager": deal["manager"], "run_no": deal["run_no"], "offer": deal["offer_id"],
        "account": deal["account_id"], "rep": deal["rep"], "decided_on": deal["decided_on"].isoformat(),
        "discount": money(deal["discount_amount"], deal["currency"]), "currency": deal["currency"],
        "discounts_in_run": deal["discounted_so_far"],
    }  # fmt: skip


def _shown(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _total(rows: Sequence[Mapping[str, Any]], name: str) -> Decimal:
    return sum((each[name] for each in rows), Decimal(0))
