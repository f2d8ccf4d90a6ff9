"""From contract lines to charges: in advance, in part, in arrears, with services, credits, fees and tax."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from growthring.company.catalogue import API, ONBOARDING, PRICES
from growthring.company.metering import api_line, billed_account
from growthring.company.plan import Plan
from growthring.company.profile import Profile
from growthring.company.terms import Line, Story


class Charge(NamedTuple):
    """One invoice line to be; days are ordinals, money is minor units."""

    day: int
    invoice: str
    account_id: str
    contract_id: str
    product_id: str
    period_start: int | None
    period_end: int | None
    kind: str
    quantity: str
    unit_price: str
    listed: int
    recurring_discount: int
    one_off_discount: int
    description: str

    @property
    def amount(self) -> int:
        """Net amount, minor units."""
        return self.listed - self.recurring_discount - self.one_off_discount


def money_text(minor: int, currency: str) -> str:
    """Write minor units as the currency's major units.

    Example:
        >>> money_text(-1205, "EUR"), money_text(1205, "JPY")
        ('-12.05', '1205')
    """
    if currency == "JPY":
        return str(minor)
    sign, minor = ("-", -minor) if minor < 0 else ("", minor)
    return f"{sign}{minor // 100}.{minor % 100:02d}"


def usage_amount(calls: int, currency: str) -> int:
    """Return what a month's API calls cost in minor units, half a unit rounded up.

    Example:
        >>> usage_amount(12_345, "USD"), usage_amount(12_345, "JPY")
        (1481, 2099)
    """
    return (calls * PRICES[currency].call_millionths + 500_000) // 1_000_000


def bill(plan: Plan, story: Story, profile: Profile, calls: dict[int, int], dice: Random) -> list[list[Charge]]:
    """Return an account's invoices as lists of charges, in the order of their issue.

    Args:
        plan: The simulation.
        story: What the account agreed to.
        profile: Who it is.
        calls: API calls by month.
        dice: The account's randomness for billing.
    """
    invoices: dict[str, list[Charge]] = {}
    for line in story.lines:
        if line.kind == "recurring":
            for charge in _monthly(plan, story, line) if line.interval == 1 else _annual(line, story):
                invoices.setdefault(charge.invoice, []).append(charge)
    first = min(invoices, default=None)
    if story.onboarding and first is not None:
        invoices[first].append(_onboarding(story, invoices[first][0]))
    for charge in _usage(plan, story, calls):
        invoices.setdefault(charge.invoice, []).append(charge)
    issued = sorted(invoices.values(), key=lambda charges: (charges[0].day, charges[0].invoice))
    dressed: list[list[Charge]] = []
    for charges in issued:
        dressed.append(_with_tax_and_fee(charges, profile, dice))
        if dice.random() < 0.01 and (credit := _credit(plan, charges, dice)) is not None:
            dressed.append([credit])
    return dressed


def _number(story: Story, day: int, account_id: str, series: str) -> str:
    moved = "M" if account_id != story.account_id else ""
    return f"INV-{day:06d}-{story.index + 1:07d}{moved}{series}"


def _charge(
    story: Story, line: Line, period: tuple[int, int], money: tuple[int, int, int], *, quantity: int, text: str
) -> Charge:
    """Make the charge of a line for a period that starts on the day of the invoice."""
    account_id = line.contract.account_id
    sign = -1 if money[0] < 0 else 1
    unit = "" if quantity == 0 or money[0] % quantity else money_text(money[0] // quantity * sign, story.currency)
    number = _number(story, period[0], account_id, "")
    identity = (period[0], number, account_id, line.contract.contract_id, line.product_id)
    return Charge(*identity, *period, "recurring", str(quantity * sign), unit, *money, text)


def _monthly(plan: Plan, story: Story, line: Line) -> Iterator[Charge]:
    days, anchor = plan.days, story.anchor
    is_mid_period = line.starts > days.on(line.start_k, anchor)
    if is_mid_period:
        yield _proration(plan, story, line)
    for k in range(line.start_k + is_mid_period, plan.months):
        day = days.on(k, anchor)
        if line.ends is not None and day >= line.ends:
            return
        if line.paused_from is None or day < line.paused_from or (line.paused_to is not None and day >= line.paused_to):
            period = (day, days.on(k + 1, anchor))
            yield _charge(story, line, period, line.monthly, quantity=line.quantity, text="monthly in advance")


def _proration(plan: Plan, story: Story, line: Line) -> Charge:
    """Bill the seats added inside a period for its remaining days."""
    start, end = plan.days.on(line.start_k, story.anchor), plan.days.on(line.start_k + 1, story.anchor)
    before = line.replaces
    added = line.quantity - (before.quantity if before else 0)
    rates = zip(line.monthly, before.monthly if before else (0, 0, 0), strict=True)
    money = tuple((2 * (new - old) * (end - line.starts) + end - start) // (2 * (end - start)) for new, old in rates)
    period = (line.starts, end)
    return _charge(story, line, period, (money[0], money[1], money[2]), quantity=added, text="proration of added seats")


def _annual(line: Line, story: Story) -> Iterator[Charge]:
    """Bill an annual line in advance for the rest of its term."""
    if line.billed == "prepaid":
        return
    before, months = line.replaces, line.term_months
    if line.term_ends is None:
        return
    period = (line.starts, line.term_ends)
    listed, recurring, one_off = (part * months for part in line.monthly)
    if line.billed == "full" or before is None:
        yield _charge(story, line, period, (listed, recurring, one_off), quantity=line.quantity, text="in advance")
        return
    old = tuple(part * months for part in before.monthly)
    if line.billed == "migrated":
        returned = (-old[0], -old[1], -old[2])
        yield _charge(story, before, period, returned, quantity=before.quantity, text="migration: unused Classic")
        yield _charge(story, line, period, (listed, recurring, one_off), quantity=line.quantity, text="migration")
        return
    added = (listed - old[0], recurring - old[1], one_off - old[2])
    yield _charge(story, line, period, added, quantity=line.quantity - before.quantity, text="added mid-term")


def _onboarding(story: Story, first: Charge) -> Charge:
    price = money_text(story.onboarding, story.currency)
    return first._replace(
        product_id=ONBOARDING,
        period_start=None,
        period_end=None,
        kind="one_off",
        quantity="1",
        unit_price=price,
        listed=story.onboarding,
        recurring_discount=0,
        one_off_discount=0,
        description="onboarding",
    )


def _usage(plan: Plan, story: Story, calls: dict[int, int]) -> Iterator[Charge]:
    """Bill each month's calls on the first day of the next month."""
    price = PRICES[story.currency].call_price
    for k, quantity in calls.items():
        line = api_line(plan, story, k)
        if line is None:
            continue
        start, end = plan.days.on(k, 1), plan.days.on(k + 1, 1)
        amount = usage_amount(quantity, story.currency)
        account_id = billed_account(plan, story, end)
        number = _number(story, end, account_id, "U")
        yield Charge(
            end, number, account_id, line.contract.contract_id, API, start, end, "usage", str(quantity), price,
            amount, 0, 0, "API calls in arrears",
        )  # fmt: skip


def _plain(like: Charge, kind: str, amount: int, description: str) -> Charge:
    return Charge(
        like.day, like.invoice, like.account_id, like.contract_id, "", None, None, kind, "", "", amount, 0, 0, description
    )  # fmt: skip


def _with_tax_and_fee(charges: list[Charge], profile: Profile, dice: Random) -> list[Charge]:
    dressed = list(charges)
    if dice.random() < 0.02:
        dressed.append(_plain(charges[0], "fee", 150, "card fee"))
    if profile.tax_percent:
        tax = sum(charge.amount for charge in charges) * profile.tax_percent
        rounded = (abs(tax) + 50) // 100
        dressed.append(_plain(charges[0], "tax", -rounded if tax < 0 else rounded, f"tax {profile.tax_percent} %"))
    return dressed


def _credit(plan: Plan, charges: list[Charge], dice: Random) -> Charge | None:
    """Credit a tenth of an invoice some days later; half of the credits name the service period."""
    first, day = charges[0], charges[0].day + 3 + int(15 * dice.random())
    tenth = sum(charge.amount for charge in charges) // 10
    if day > plan.days.data_through or tenth <= 0:
        return None
    credit = _plain(first, "credit", -tenth, "service credit")._replace(day=day, invoice=first.invoice + "C")
    if dice.random() < 0.5:
        return credit
    return credit._replace(period_start=first.period_start, period_end=first.period_end)
