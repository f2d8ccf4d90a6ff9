"""Where commitments lead: burn-down with intervals (PR-06), goals and attainment (CS-33), the price of one (PR-07)."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from growthring.forecast.commitments.billing import PoolPaths, settle
from growthring.forecast.commitments.burn_down import Interval, Prospect, prospects
from growthring.forecast.commitments.price import LEAST_MONTHS, RISK_WEIGHT, CommitmentPrice, price_commitment
from growthring.forecast.panel import Cell
from growthring.kernel.errors import GrowthringError
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money
from growthring.operations.forecasting.commitment_paths import Futures, futures_answer, open_futures
from growthring.operations.forecasting.commitment_split import as_money
from growthring.operations.known_names import KnownNames
from growthring.operations.project import Project
from growthring.pricing.commitments import Commitment, burn_down
from growthring.pricing.commitments.burn_down import BurnDown
from growthring.pricing.commitments.terms import OPEN_END
from growthring.pricing.reference import plain

_PRICING_PATHS = 1000
_TERM = 12
_LIKELY, _UNLIKELY = 0.8, 0.2
_DEFINITIONS = {
    "burn_down_forecast": (
        "Each commitment in force: consumed so far, the straight line of an even pace, and where simulated usage leads: the day "
        "it is used up, or what is left at its end. Eight of ten futures lie in the interval."
    ),
    "attainment": (
        "Each contract's committed consumption as its goal: attained so far, the gap to the straight line, and the share of "
        "futures that reach the goal by its end."
    ),
    "commitment_price": (
        "What a commitment for twelve months is worth: shortfall the customer pays − discount it gets + certainty (bad futures "
        f"weigh {RISK_WEIGHT:.0%} beyond their probability). The discount holds for what it buys; other use costs the "
        "book's prices."
    ),
}


def burn_down_forecast(
    project: Project, account: str | None = None, *, as_of: datetime | None = None, progress: Progress = silent
) -> Answer:
    """Answer how commitments burn down, and the day each is used up or falls short, with an interval (PR-06).

    Args:
        project: The project.
        account: One account; all that hold commitments when absent.
        as_of: See only what was known then.
        progress: Told about what has to be computed first.

    Raises:
        GrowthringError: There is no such account, or it has no commitment in force.
    """
    KnownNames(project).require_account(account)
    futures = open_futures(project, as_of=as_of, progress=progress)
    found = list(followed(futures, account))
    if account and not found:
        raise GrowthringError(
            f"{account} has no commitment in force on {futures.horizon.on}.",
            remedy="`growthring burn-down` lists the commitments in force.",
        )
    rows = [_burn_row(*each) for each in found]
    return futures_answer(
        project, "burn_down_forecast", _DEFINITIONS["burn_down_forecast"], len(rows), "commitments", futures, rows
    )


def attainment(
    project: Project, account: str | None = None, *, as_of: datetime | None = None, progress: Progress = silent
) -> Answer:
    """Answer how far contracts are from what their customers committed to consume (CS-33).

    Args:
        project: The project.
        account: One account; all that hold commitments when absent.
        as_of: See only what was known then.
        progress: Told about what has to be computed first.
    """
    KnownNames(project).require_account(account)
    futures = open_futures(project, as_of=as_of, progress=progress)
    rows = [_goal_row(*each) for each in followed(futures, account) if each[0].kind in {"minimum", "prepaid"}]
    rows.sort(key=lambda row: (row["reached"] is None, row["reached"] or 0.0, row["account_id"]))
    behind = sum(1 for row in rows if row["outlook"] == "unlikely")
    answer = futures_answer(project, "attainment", _DEFINITIONS["attainment"], len(rows), "goals", futures, rows)
    if behind:
        answer.caveats.insert(0, f"{behind} of {len(rows)} goals are unlikely to be reached: talk before shortfalls are billed.")
    return answer


def price_of_commitment(
    project: Project,
    account: str,
    *,
    discount_max: Decimal = Decimal("0.2"),
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> Answer:
    """Answer what committing for the next twelve months is worth, level by level and discount by discount (PR-07).

    Args:
        project: The project.
        account: The account; commitments it holds already are left out of the account.
        discount_max: Highest discount that may be suggested, 0 to 1.
        as_of: See only what was known then.
        progress: Told about what has to be computed first.

    Raises:
        GrowthringError: There is no such account, it has no usage that can be rated ahead, or the discount is not a share.
    """
    if not 0 <= discount_max < 1:
        raise GrowthringError(
            f"The discount {plain(discount_max * 100)} % cannot be given.",
            valid="Valid: 0 to 99.",
            remedy="Pass --discount-max 20.",
        )
    KnownNames(project).require_account(account)
    futures = open_futures(project, months=_TERM, paths=_PRICING_PATHS, as_of=as_of, progress=progress)
    months = _months_used(futures, account)
    currency, charged = _charged(futures, account)
    answer = futures_answer(project, "commitment_price", _DEFINITIONS["commitment_price"], None, currency, futures, [])
    if months < LEAST_MONTHS:
        said = f"{account} has used something in {months} months; {LEAST_MONTHS} are needed to price a commitment."
        answer.caveats.insert(0, said)
        return answer
    if not charged.mean():
        answer.caveats.insert(0, f"No future of {account} brings any usage: there is nothing to commit to.")
        return answer
    priced = price_commitment(charged, discount_max=float(discount_max))
    answer.rows.extend(_offer_rows(priced, currency))
    answer.caveats[:0] = priced.reasons
    answer.caveats.append("Usage is taken to be the same at any discount, and the customer to be able to pay a shortfall.")
    suggestion = priced.suggestion
    if suggestion is None:
        return answer
    value = f"commit {currency} {as_money(suggestion.level, currency)} for {suggestion.discount:.1%} off"
    return Answer(**answer.as_dict() | {"value": value, "unit": ""})


_Followed = tuple[Commitment, BurnDown, Prospect]


def followed(futures: Futures, account: str | None) -> Iterable[_Followed]:
    """Yield commitments in force with their burn-down so far and their futures."""
    horizon = futures.horizon
    pools = sorted({futures.pool_of(account)} & set(futures.commitments)) if account else sorted(futures.commitments)
    for _, pool in futures.walk(pools):
        settled = settle(pool, horizon.until)
        ahead = {each.commitment_id: each for each in prospects(settled, horizon.on, horizon.until, horizon.paths)}
        for holder in sorted({each.account_id for each in pool.commitments}):
            for so_far in burn_down(futures.rating.connection, holder, horizon.on, computed=futures.computed):
                if so_far.commitment_id in ahead and account in {None, holder}:
                    yield settled.commitments[so_far.commitment_id], so_far, ahead[so_far.commitment_id]


def _burn_row(commitment: Commitment, so_far: BurnDown, ahead: Prospect) -> dict[str, Any]:
    return {
        "commitment_id": commitment.commitment_id,
        "account_id": commitment.account_id,
        "of": commitment.kind,
        "unit": _unit(commitment),
        "ends_on": _end(commitment),
        "committed": _shown(so_far.committed, commitment),
        "consumed": _shown(so_far.consumed, commitment),
        "straight_line": None if so_far.straight_line is None else _shown(so_far.straight_line, commitment),
        "pace": _pace(so_far),
        "exhausted": round(ahead.exhausted, 3),
        "exhausted_on": _day(ahead.exhausted_on),
        "exhausted_low80": _day(ahead.exhausted_low_on),
        "exhausted_high80": _day(ahead.exhausted_high_on),
        **_spread("shortfall", ahead.shortfall, commitment),
        **_spread("overage", ahead.overage, commitment),
    }


def _goal_row(commitment: Commitment, so_far: BurnDown, ahead: Prospect) -> dict[str, Any]:
    goal, attained = so_far.committed, so_far.consumed
    gap = None if so_far.straight_line is None else attained - so_far.straight_line
    return {
        "account_id": commitment.account_id,
        "contract_id": commitment.contract_id,
        "commitment_id": commitment.commitment_id,
        "unit": _unit(commitment),
        "ends_on": _end(commitment),
        "goal": _shown(goal, commitment),
        "attained": _shown(attained, commitment),
        "progress": float(round(attained / goal, 3)) if goal else None,
        "gap_to_line": None if gap is None else _shown(gap, commitment),
        "on_pace": None if gap is None else ("yes" if gap >= 0 or attained >= goal else "no"),
        "reached": None if ahead.reached is None else round(ahead.reached, 3),
        **_spread("at_end", ahead.consumed, commitment),
        "outlook": _outlook(ahead),
    }


def _outlook(ahead: Prospect) -> str:
    if ahead.reached is None:
        return "ends beyond the view"
    if ahead.reached >= _LIKELY:
        return "likely"
    return "unlikely" if ahead.reached <= _UNLIKELY else "open"


def _pace(so_far: BurnDown) -> float | None:
    """Return consumption so far as a multiple of the straight line."""
    return float(round(so_far.consumed / so_far.straight_line, 2)) if so_far.straight_line else None


def _charged(futures: Futures, account: str) -> tuple[str, np.ndarray[Any, np.dtype[np.float64]]]:
    """Return the currency and what usage of the next twelve months is charged without commitments, by future."""
    mine = [each for each in futures.subscriptions.get(futures.pool_of(account), ()) if each.account_id == account]
    if not mine:
        why = futures.refused.get(account, "it has no subscription under a price book that goes on")
        raise GrowthringError(
            f"Usage of {account} cannot be rated ahead: {why}.",
            remedy="`growthring books` lists the books, and docs/how-to/commitment-forecast.md what can be rated ahead.",
        )
    pools: list[PoolPaths] = [pool for _, pool in futures.walk([futures.pool_of(account)], with_commitments=False)]
    total = np.zeros(futures.horizon.paths)
    for charge in pools[0].charges:
        if charge.account_id == account and charge.component_kind == "usage" and charge.currency == mine[0].currency:
            total = total + charge.amount * 1e-4
    return mine[0].currency, total


def _months_used(futures: Futures, account: str) -> int:
    """Return in how many months an account used something."""
    used: set[int] = set()
    for each in futures.meters.values():
        row = np.flatnonzero(each.panel.accounts == account)
        if len(row):
            used |= set(np.flatnonzero(each.panel.cells[row[0]] == Cell.PRESENT).tolist())
    return len(used)


def _offer_rows(priced: CommitmentPrice, currency: str) -> list[dict[str, Any]]:
    guidance = {each.level: each for each in priced.guidance}
    amounts = ("expected_shortfall", "expected_discount", "certainty", "net_value", "bad_amount", "customer_saves")
    rows = []
    for offer in priced.offers:
        window, fields = guidance[offer.level], asdict(offer)
        rows.append(
            {
                "level": as_money(offer.level, currency),
                "of_expected": round(offer.level / priced.expected, 3),
                "discount": round(offer.discount, 4),
                **{name: as_money(fields[name], currency) for name in amounts},
                "deviation_removed": round(offer.deviation_removed, 3),
                "customer_loses": round(offer.customer_loses, 3),
                "approval": offer.approval.value,
                "even_for_customer": None if window.even_for_customer is None else round(window.even_for_customer, 4),
                "even_for_vendor": round(window.even_for_vendor, 4),
                "suggested_discount": window.suggested,
            }
        )
    return rows


def _spread(name: str, interval: Interval | None, commitment: Commitment) -> dict[str, str | None]:
    parts = {"": "median", "_low80": "low", "_high80": "high"}
    return {
        f"{name}{ending}": None if interval is None else _shown(Decimal(repr(getattr(interval, part))), commitment)
        for ending, part in parts.items()
    }


def _unit(commitment: Commitment) -> str:
    return (commitment.meter if commitment.measure == "quantity" else commitment.currency) or ""


def _shown(value: Decimal, commitment: Commitment) -> str:
    if commitment.measure == "quantity":
        return plain(value.quantize(Decimal("0.0001")))
    return money(value, commitment.currency or "USD")


def _end(commitment: Commitment) -> str | None:
    return None if commitment.closes_on == OPEN_END else commitment.closes_on.isoformat()


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
