"""Recording an account's terms: as contract lines, which become raw files, and as events, which become truth.

Every change is recorded twice on purpose, each with its own arithmetic. The two agree only if both are right.
"""

from dataclasses import replace
from random import Random

from growthring.company.catalogue import API, CLASSIC, PLATFORM, PRICES
from growthring.company.plan import PRICE_INCREASE_PERCENT, Plan
from growthring.company.profile import Profile
from growthring.company.terms import Contract, Event, Line, Story


class AccountBook:
    """The lines of one account that are in force now, and how they change.

    Attributes:
        story: Everything recorded so far.
        now: Lines in force.
        is_annual: Whether the present term is paid by the year.
        term_k: Month in which the present term started.
        priced_as: The product whose list price the core seats follow; migrated customers keep Classic's.
        billed_account: Who pays: the account, or the one that absorbed it.
    """

    def __init__(self, plan: Plan, index: int, profile: Profile, dice: Random) -> None:
        self.plan, self.index, self.profile, self.dice = plan, index, profile, dice
        self.story = Story(index, plan.account_id(index), profile.currency, anchor=profile.anchor, first_paid_k=profile.start_k)
        self.now: list[Line] = []
        self.is_annual = profile.is_annual
        self.term_k = 0
        self.priced_as = CLASSIC if profile.is_classic else PLATFORM
        self.billed_account = self.story.account_id

    def sign(self, day: int, *, signed_on: int | None = None, renews: str = "") -> Contract:
        """Start a contract."""
        number = len(self.story.contracts) + 1
        ends = self.day(self.term_k + 12) if self.is_annual else None
        contract = Contract(
            f"C{self.index + 1:07d}-{number}", self.billed_account, day if signed_on is None else signed_on, day, ends
        )
        contract.renews_contract_id = renews
        self.story.contracts.append(contract)
        return contract

    def open_line(
        self, contract: Contract, product: str, k: int, quantity: int = 1, *, lasting: int = 0, limited: int = 0
    ) -> None:
        """Add a product to a contract."""
        kind = "usage" if product == API else "recurring"
        interval = 12 if self.is_annual and kind == "recurring" else 1
        term_months = self.term_k + 12 - k if self.is_annual else 1
        unit = self.list_price(product, k)
        line = Line(contract, product, kind, k, self.day(k), quantity, unit, lasting, limited, interval, term_months)
        line.ends = line.term_ends = contract.ends_on
        self.add(line)

    def change(
        self,
        line: Line,
        k: int,
        day: int,
        *,
        quantity: int | None = None,
        unit: int | None = None,
        one_off: int | None = None,
        product: str | None = None,
        billed: str = "delta",
    ) -> Line:
        """Change a line's terms from a day on, telling each cause with its own delta."""
        changes = ((line.unit, unit), (line.one_off_percent, one_off), (line.quantity, quantity), (line.product_id, product))
        if all(new is None or new == old for old, new in changes):
            return line
        changed = line if line.starts == day else self._successor(line, k, day, billed)
        if product is not None:
            changed.product_id = product
        steps = (("unit", unit, "price"), ("one_off_percent", one_off, "discount_ended"), ("quantity", quantity, "seats"))
        for attribute, value, name in steps:
            before = changed.net
            if value is None or value == getattr(changed, attribute):
                continue
            setattr(changed, attribute, value)
            told = "contraction" if name == "seats" and changed.net < before else name
            self.tell(k, day, told, changed, changed.net - before)
        return changed

    def _successor(self, line: Line, k: int, day: int, billed: str) -> Line:
        successor = replace(
            line, start_k=k, starts=day, billed=billed, replaces=line, trial_ends=None, paused_from=None, paused_to=None
        )
        successor.term_months = self.term_k + 12 - k if self.is_annual else 1
        line.ends = day
        self.now[self.now.index(line)] = successor
        self.story.lines.append(successor)
        return successor

    def add(self, line: Line) -> None:
        """Take a line into force."""
        self.now.append(line)
        self.story.lines.append(line)

    def tell(self, k: int, day: int, name: str, line: Line, delta: int) -> None:
        """Record an event with its effect on monthly recurring revenue."""
        self.story.events.append(Event(k, day, name, self.billed_account, line.product_id, delta))

    def recurring(self) -> list[Line]:
        """Return the lines in force that count as recurring."""
        return [line for line in self.now if line.kind == "recurring"]

    def day(self, k: int) -> int:
        """Return the customer's billing day in a month."""
        return self.plan.days.on(k, self.profile.anchor)

    def list_price(self, product: str, k: int) -> int:
        """Return the list price of one unit and month in the present way of paying."""
        if product == API:
            return 0
        prices = PRICES[self.story.currency]
        key = self.priced_as if product in {PLATFORM, CLASSIC} else product
        price = (prices.annual if self.is_annual else prices.monthly)[key]
        return (price * (100 + PRICE_INCREASE_PERCENT) + 50) // 100 if k >= self.plan.price_change_k else price
