"""Invoice lines as rows of the raw files, with the defects real exports have, each of them counted."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from growthring.company.billing import Charge, money_text
from growthring.company.days import Days
from growthring.company.plan import Plan
from growthring.company.profile import Profile
from growthring.company.terms import Story

INVOICE_HEADER = (
    "invoice_line_id,invoice_id,account_id,product_id,contract_id,issued_on,period_start,period_end,kind,currency,quantity,"
    "unit_price,amount,list_amount,recurring_discount_amount,one_off_discount_amount,due_on,paid_on,known_at,description"
)
_LATE_SHARE, _DUPLICATE_SHARE, _OPEN_SHARE = 0.02, 0.004, 0.015


class InvoiceRow(NamedTuple):
    """A row for the file of month ``file_k``; ``defect`` is the planted problem code, or LATE, or empty."""

    file_k: int
    text: str
    defect: str
    key: str


class _Dates(NamedTuple):
    due: str
    paid: str
    known: str
    known_k: int
    is_late: bool


def invoice_rows(plan: Plan, story: Story, profile: Profile, invoices: list[list[Charge]], dice: Random) -> Iterator[InvoiceRow]:
    """Yield the rows of an account's invoices, then the rows planted to be refused.

    Args:
        plan: The simulation.
        story: What happened to the account.
        profile: Who it is.
        invoices: Its invoices as charges.
        dice: The account's randomness for exports.
    """
    sample: tuple[Charge, str, _Dates] | None = None
    for charges in invoices:
        dates = _dates(plan.days, story, profile, charges[0].day, dice)
        for number, charge in enumerate(charges, 1):
            key = f"{charge.invoice}-{number}"
            text = _text(plan.days, story.currency, charge, key, dates)
            yield InvoiceRow(dates.known_k, text, "LATE" if dates.is_late else "", key)
            if dice.random() < _DUPLICATE_SHARE:
                later = dates.known_k + (dice.random() < 0.3)
                yield InvoiceRow(min(later, plan.months), text, "DUPLICATE_COLLAPSED", key)
            elif charge.kind == "recurring" and (sample is None or dice.random() < 0.2):
                sample = charge, key, dates
    if sample is not None:
        yield from _refused(plan, story, *sample)


def _dates(days: Days, story: Story, profile: Profile, day: int, dice: Random) -> _Dates:
    is_self_serve = profile.behaviour.channel == "self-serve"
    due = day + (0 if is_self_serve else 30)
    paid: int | None = day + int(3 * dice.random()) if is_self_serve else due - 10 + int(25 * dice.random())
    k = days.month_of(day)
    is_delinquent = story.unpaid_from_k is not None and k >= story.unpaid_from_k
    if dice.random() < _OPEN_SHARE or is_delinquent or (paid is not None and paid > days.data_through):
        paid = None
    known = day
    if dice.random() < _LATE_SHARE:
        delayed = day + 3 + int(35 * dice.random())
        known = delayed if delayed <= days.data_through else day
    return _Dates(
        days.text[due], "" if paid is None else days.text[paid], days.known(known), days.month_of(known), known > day
    )  # fmt: skip


def _text(days: Days, currency: str, charge: Charge, key: str, dates: _Dates) -> str:
    start = "" if charge.period_start is None else days.text[charge.period_start]
    end = "" if charge.period_end is None else days.text[charge.period_end]
    listed = money_text(charge.listed, currency)
    if charge.recurring_discount or charge.one_off_discount:
        amount = money_text(charge.amount, currency)
        money = (
            f"{amount},{listed},{money_text(charge.recurring_discount, currency)},{money_text(charge.one_off_discount, currency)}"
        )
    else:
        money = f"{listed},{listed},0,0"
    return (
        f"{key},{charge.invoice},{charge.account_id},{charge.product_id},{charge.contract_id},{days.text[charge.day]},{start},{end},"
        f"{charge.kind},{currency},{charge.quantity},{charge.unit_price},{money},{dates.due},{dates.paid},{dates.known},"
        f"{charge.description}"
    )


def _refused(plan: Plan, story: Story, charge: Charge, key: str, dates: _Dates) -> Iterator[InvoiceRow]:
    """Yield rows a careful loader must refuse; all are extra rows, so the good ones still add up."""
    code = plan.bad_row(story.index)
    if code is not None:
        bad_key = key + "-X"
        fields = _text(plan.days, story.currency, charge, bad_key, dates).split(",")
        names = INVOICE_HEADER.split(",")
        if code == "MISSING_ACCOUNT_ID":
            fields[names.index("account_id")] = ""
        elif code == "NOT_A_NUMBER":
            fields[names.index("amount")] = "12.3x4"
        elif code == "UNKNOWN_CURRENCY":
            fields[names.index("currency")] = "XXQ"
        else:
            start, end = names.index("period_start"), names.index("period_end")
            fields[start], fields[end] = fields[end], fields[start]
        yield InvoiceRow(dates.known_k, ",".join(fields), code, bad_key)
    if plan.conflicts(story.index):
        other = charge._replace(listed=charge.listed + 100)
        yield InvoiceRow(
            dates.known_k, _text(plan.days, story.currency, other, key, dates), "DUPLICATE_KEY_CONFLICT", key
        )  # fmt: skip
