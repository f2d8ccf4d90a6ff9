"""Contracts and contract lines as the simulator holds them."""

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Contract:
    """A contract under construction; days are ordinals."""

    contract_id: str
    account_id: str
    signed_on: int
    starts_on: int
    ends_on: int | None = None
    cancel_requested_on: int | None = None
    cancelled_on: int | None = None
    cancel_reason: str = ""
    renews_contract_id: str = ""


@dataclass(slots=True, eq=False)
class Line:
    """A contract line under construction.

    Attributes:
        contract: Its contract.
        product_id: Its product.
        kind: recurring or usage.
        start_k: Month in which it starts.
        starts: First day.
        quantity: Seats, or 1 for a flat product.
        unit: List price of one unit for one month, minor units.
        recurring_percent: Lasting discount.
        one_off_percent: Discount limited in time.
        interval: Months in one billing interval: 1 or 12.
        term_months: Months an annual line runs when it starts.
        term_ends: End of the paid term of an annual line, whatever happens to the line.
        ends: First day it is no longer in force.
        billed: How its start is invoiced: full, delta (over the line it replaces), prepaid or migrated.
        replaces: The line it replaces.
        trial_ends: First day after a trial.
        paused_from: First day of a pause.
        paused_to: First day after it.
    """

    contract: Contract
    product_id: str
    kind: str
    start_k: int
    starts: int
    quantity: int
    unit: int
    recurring_percent: int
    one_off_percent: int
    interval: int
    term_months: int = 1
    term_ends: int | None = None
    ends: int | None = None
    billed: str = "full"
    replaces: "Line | None" = None
    trial_ends: int | None = None
    paused_from: int | None = None
    paused_to: int | None = None

    @property
    def monthly(self) -> tuple[int, int, int]:
        """List amount, lasting and time-limited discount of one month, minor units."""
        listed = self.quantity * self.unit
        return listed, (listed * self.recurring_percent + 50) // 100, (listed * self.one_off_percent + 50) // 100

    @property
    def net(self) -> int:
        """Net amount of one month, minor units."""
        listed, recurring, one_off = self.monthly
        return listed - recurring - one_off


@dataclass(frozen=True, slots=True)
class Event:
    """Something planted: what happened to recurring revenue, in which month, and by how much (minor units)."""

    k: int
    day: int
    name: str
    account_id: str
    product_id: str
    delta: int


@dataclass(slots=True, eq=False)
class Story:
    """All that happened to one account."""

    index: int
    account_id: str
    currency: str
    contracts: list[Contract] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    merged_on: int | None = None
    uses_api: bool = False
    first_paid_k: int = 0
    anchor: int = 1
    unpaid_from_k: int | None = None
    onboarding: int = 0
