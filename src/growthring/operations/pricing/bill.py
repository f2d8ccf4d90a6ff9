"""The explained bill of one account: every amount with its tier, quantity, price, adjustments and reason."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from growthring.engine.relation import literal
from growthring.kernel.currency import exponent
from growthring.kernel.errors import GrowthringError, LedgerImbalanceError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import money
from growthring.operations.pricing.rating import begins_in, rate
from growthring.operations.project import Project
from growthring.pricing.book import PriceBook
from growthring.pricing.reference import Bill, Line, Share, plain, rate_bill
from growthring.pricing.stored_rating import Rating
from growthring.pricing.uses import load_uses


@dataclass(frozen=True, slots=True)
class ExplainedBill:
    """A bill and where it comes from.

    Attributes:
        subscription_id: What is billed.
        account_id: The customer.
        period_start: First day of the billing period.
        period_end: First day after it.
        book: The price book.
        version: Day its version takes effect.
        policy: The rating policy.
        share: How much of the period the subscription was active.
        bill: The bill, line by line.
        through: Last day whose usage is known.
    """

    subscription_id: str
    account_id: str
    period_start: date
    period_end: date
    book: str
    version: str
    policy: str
    share: Share
    bill: Bill
    through: date

    @property
    def so_far(self) -> str:
        """What a reader must know of a period that is not over, in words; empty for one that is."""
        if self.period_end <= self.through + timedelta(days=1):
            return ""
        return f"The period is not over: this is what was used through {self.through}."

    def rows(self) -> list[dict[str, Any]]:
        """Return the bill as rows for a table: tiers under their component, adjustments, total; the amounts add up."""
        found: list[dict[str, Any]] = []
        for line in self.bill.lines:
            found += _line_rows(line, self.bill.currency)
        for step in self.bill.adjustments:
            found.append(_row("whole bill", "", "", "", step.amount, self.bill.currency, _words(step.kind, step.reason)))
        found.append(_row("total", "", "", "", self.bill.amount, self.bill.currency, ""))
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, exact numbers as text."""
        return {
            "subscription_id": self.subscription_id,
            "account_id": self.account_id,
            "period_start": self.period_start.isoformat(),
            "period_end": self.period_end.isoformat(),
            "book": self.book,
            "version": self.version,
            "policy": self.policy,
            "active": self.share.active,
            "whole": self.share.whole,
            "counted_in": self.share.unit,
            "currency": self.bill.currency,
            "lines": [_line_dict(line) for line in self.bill.lines],
            "subtotal": str(self.bill.subtotal_amount),
            "adjustments": [
                {"kind": step.kind, "amount": str(step.amount), "reason": step.reason} for step in self.bill.adjustments
            ],
            "amount": str(self.bill.amount),
            "through": min(self.through, self.period_end - timedelta(days=1)).isoformat(),
        }


def explain_bill(
    project: Project, account: str, *, at: str | None = None, as_of: datetime | None = None, progress: Progress = silent
) -> list[ExplainedBill]:
    """Explain the bills of an account for the periods that begin in a month, quarter or year.

    Each bill is rated a second time in plain Decimal arithmetic; the run stops when that differs from the stored lines.

    Args:
        project: The project.
        account: The account's id.
        at: The month, quarter or year; the last month with a bill when absent.
        as_of: See only what was known then.
        progress: Told about each month rated.

    Raises:
        GrowthringError: The account has no bill then.
        LedgerImbalanceError: The two ways of rating disagree.
    """
    rating = rate(project, as_of=as_of, progress=progress)
    months = project.calendar.parse(at) if at else (_last_month(rating, account),) * 2
    periods = rating.connection.execute(
        f"""
        SELECT period.subscription_id, period.account_id, period.period_start, period.period_end, period.book, period.currency,
          period.active_units, period.period_units, period.period_no
        FROM billed_period AS period
        WHERE account_id = {literal(account)} AND {begins_in(months)}
        ORDER BY 1, 3
        """
    ).fetchall()
    if not periods:
        raise GrowthringError(
            f"{account} has no bill for {at or months[0]}.",
            valid=_known_months(rating, account),
            remedy="`growthring bills --by account` lists accounts with bills.",
        )
    return [_explained(rating, *period) for period in periods]


def _last_month(rating: Rating, account: str) -> Month:
    row = rating.connection.execute(
        f"SELECT MAX(period_start) FROM billed_period WHERE account_id = {literal(account)}"
    ).fetchone()
    if not row or row[0] is None:
        raise GrowthringError(
            f"{account} is under no price book.", remedy="`growthring bills --by account` lists accounts with bills."
        )
    return Month.of(row[0])


def _known_months(rating: Rating, account: str) -> str:
    row = rating.connection.execute(
        f"SELECT MIN(period_start), MAX(period_start) FROM billed_period WHERE account_id = {literal(account)}"
    ).fetchone()
    return f"It has bills from {row[0]:%Y-%m} to {row[1]:%Y-%m}." if row and row[0] else "It is under no price book."


def _explained(
    rating: Rating,
    subscription: str,
    account: str,
    start: date,
    end: date,
    book_name: str,
    currency: str,
    active: int,
    whole: int,
    number: int,
) -> ExplainedBill:
    book = next(each for each in rating.terms.books if each.name == book_name)
    version = book.version_on(_first_active(rating, subscription, start))
    assert version is not None  # noqa: S101 - billed periods have one
    share = Share(active, whole, number, "seconds" if book.rating_policy.day_count == "second" else "days")
    place = (subscription, start)
    uses = load_uses(rating.connection, rating.terms.every_meter, [place]).get(place, ())
    bill = rate_bill(version, uses, share, book.rating_policy, currency)
    explained = ExplainedBill(
        subscription,
        account,
        start,
        end,
        book_name,
        version.effective_from.isoformat(),
        book.policy,
        share,
        bill,
        rating.terms.through,
    )
    _check(rating, explained, book)
    return explained


def _first_active(rating: Rating, subscription: str, start: date) -> date:
    row = rating.connection.execute(
        f"SELECT MIN(starts_on) FROM subscription WHERE subscription_id = {literal(subscription)}"
    ).fetchone()
    return max(start, row[0]) if row and row[0] else start


def _check(rating: Rating, explained: ExplainedBill, book: PriceBook) -> None:
    """Stop when the stored amount is not the one just computed."""
    row = rating.connection.execute(
        f"SELECT amount FROM bill WHERE subscription_id = {literal(explained.subscription_id)} "
        f"AND period_start = {literal(explained.period_start)}"
    ).fetchone()
    if row is None or row[0] != explained.bill.amount:
        stored = row[0] if row else "nothing"
        raise LedgerImbalanceError(
            f"The bill of {explained.subscription_id} for {explained.period_start:%Y-%m} under {book.name} is {stored} in the "
            f"store and {explained.bill.amount} when it is rated again.",
            remedy="Please report this with the price book.",
        )


def _line_rows(line: Line, currency: str) -> list[dict[str, Any]]:
    """Return a row a tier and adjustment, in minor units that add up to the line (largest remainder)."""
    dimensions = ", ".join(f"{key} {value}" for key, value in line.dimensions)
    name = f"{line.component_id} ({dimensions})" if dimensions else line.component_id
    pieces = [
        (str(part.tier or ""), plain(part.quantity), plain(part.unit_price), part.amount, part.reason) for part in line.parts
    ]
    pieces += [("", "", "", step.amount, _words(step.kind, step.reason)) for step in line.adjustments]
    shown = add_up([piece[3] for piece in pieces], line.amount, currency)
    return [
        _row(name, tier, quantity, price, amount, currency, reason)
        for (tier, quantity, price, _, reason), amount in zip(pieces, shown, strict=True)
    ]


def add_up(amounts: list[Decimal], total: Decimal, currency: str) -> list[Decimal]:
    """Round amounts to minor units so that they add up to a total: leftover units go to the largest remainders.

    Example:
        >>> [str(each) for each in add_up([Decimal("0.333")] * 3, Decimal("1.00"), "USD")]
        ['0.34', '0.33', '0.33']
    """
    if not amounts:
        return []
    unit = Decimal(1).scaleb(-exponent(currency))
    floors = [(amount / unit).to_integral_value(ROUND_FLOOR) * unit for amount in amounts]
    missing = int((total - sum(floors, Decimal(0))) / unit)
    step = unit if missing > 0 else -unit
    sign = 1 if missing > 0 else -1
    order = sorted(range(len(amounts)), key=lambda index: ((floors[index] - amounts[index]) * sign, index))
    for place in range(abs(missing)):
        floors[order[place % len(order)]] += step
    return floors


def _row(component: str, tier: str, quantity: str, price: str, amount: Decimal, currency: str, reason: str) -> dict[str, Any]:
    return {
        "component": component,
        "tier": tier,
        "quantity": quantity,
        "unit_price": price,
        "amount": money(amount, currency),
        "how": reason,
    }


def _words(kind: str, reason: str) -> str:
    return f"{kind.replace('_', ' ')}{f': {reason}' if reason else ''}"


def _line_dict(line: Line) -> dict[str, Any]:
    return {
        "component": line.component_id,
        "dimensions": dict(line.dimensions),
        "quantity": str(line.quantity),
        "billable_quantity": str(line.billable_quantity),
        "tier": line.tier,
        "parts": [
            {
                "tier": part.tier,
                "quantity": str(part.quantity),
                "unit_price": str(part.unit_price),
                "amount": str(part.amount),
                "reason": part.reason,
            }
            for part in line.parts
        ],
        "raw_amount": str(line.raw_amount),
        "adjustments": [{"kind": step.kind, "amount": str(step.amount), "reason": step.reason} for step in line.adjustments],
        "adjusted_amount": str(line.adjusted_amount),
        "amount": str(line.amount),
    }
