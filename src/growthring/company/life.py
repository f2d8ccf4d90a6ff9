"""The life of one account: signing, growing, shrinking, pausing, leaving, coming back, merging, migrating."""

from dataclasses import replace
from random import Random

from growthring.company.account_book import AccountBook
from growthring.company.catalogue import ANALYTICS, API, CLASSIC, PLATFORM, PRICES
from growthring.company.plan import Plan
from growthring.company.profile import Profile
from growthring.company.terms import Contract, Line, Story

_REASONS = ("price", "missing_feature", "went_out_of_business", "switched_vendor", "not_used")


def live(plan: Plan, index: int, profile: Profile, dice: Random) -> Story:
    """Tell the story of one account over the whole window.

    Args:
        plan: The simulation.
        index: The account's number.
        profile: Who it is.
        dice: Its own randomness.
    """
    life = _Life(plan, index, profile, dice)
    life.begin(profile.start_k, "new", is_annual=profile.is_annual)
    for k in range(profile.start_k + 1, plan.months):
        life.month(k)
    return life.story


class _Life(AccountBook):
    def __init__(self, plan: Plan, index: int, profile: Profile, dice: Random) -> None:
        super().__init__(plan, index, profile, dice)
        self.behaviour = profile.behaviour
        self.story.uses_api = plan.spikes(index) or dice.random() < self.behaviour.api_share
        self.is_safe = plan.merges(index) or plan.absorbs(index)
        self.merge_k = 3 + int((plan.months - 5) * dice.random()) if plan.merges(index) else -1
        self.paused_until: int | None = None
        self.has_paused = False
        self.returns_k = -1

    # ---- beginnings

    def begin(self, k: int, name: str, *, is_annual: bool) -> None:
        """Sign a first contract, or a new one after an absence."""
        dice, day = self.dice, self.day(k)
        self.is_annual, self.term_k = is_annual, k
        trial_days = self._trial_days(k) if name == "new" else 0
        sold_days = 0 if self.behaviour.channel == "self-serve" else 3 + int(28 * dice.random())
        contract = self.sign(day - trial_days, signed_on=day - trial_days - sold_days)
        core = CLASSIC if self.profile.is_classic and k < self.plan.migration_k else PLATFORM
        self.priced_as = core
        low, high = self.behaviour.seats
        seats = int(low * ((high + 1) / low) ** dice.random())
        lasting = (10, 15, 20)[int(3 * dice.random())] if dice.random() < self.behaviour.discount_share else 0
        limited = 20 if not trial_days and dice.random() < 0.15 else 0
        self.open_line(contract, core, k, seats, lasting=lasting, limited=limited)
        if dice.random() < 0.15 and not self.plan.merges(self.index):
            self.open_line(contract, ANALYTICS, k)
        if self.story.uses_api:
            self.open_line(contract, API, k)
        if trial_days and self._try_out(contract, k, trial_days):
            return
        if name == "new" and self.behaviour.channel != "self-serve":
            self.story.onboarding = PRICES[self.story.currency].onboarding[self.behaviour.segment]
        for line in self.recurring():
            self.tell(k, day, name, line, line.net)

    def _trial_days(self, k: int) -> int:
        if self.is_annual or k == 0 or self.is_safe or self.behaviour.channel != "self-serve" or self.dice.random() > 0.4:
            return 0
        return 14 if self.dice.random() < 0.6 else 30

    def _try_out(self, contract: Contract, k: int, trial_days: int) -> bool:
        """Start a trial; tell whether it ends without a purchase."""
        day = self.day(k)
        for line in self.now:
            line.trial_ends, line.starts = day, day - trial_days
        is_lost = self.dice.random() < 0.3
        self.tell(k, day - trial_days, "trial_started", self.now[0], 0)
        if is_lost:
            self.tell(k, day, "trial_lost", self.now[0], 0)
            contract.cancel_requested_on = day - 2
            self._close(contract, day, reason="trial_not_converted")
        return is_lost

    # ---- a month

    def month(self, k: int) -> None:
        """Live through one month."""
        if not self.now:
            if k == self.returns_k:
                self.begin(k, "reactivation", is_annual=False)
            return
        if self.paused_until is not None and not self._resumes(k):
            return
        if k == self.merge_k:
            if self._merge(k):
                return
            self.merge_k += 1
        age = k - self.term_k
        if self.is_annual and age == 12:
            self._come_up_for_renewal(k)
            return
        if not self.is_annual and not self.is_safe and self.dice.random() < self.behaviour.monthly_churn_hazard:
            self._leave(k, notice_days=1 + int(10 * self.dice.random()))
            return
        if k == self.plan.migration_k and self.now[0].product_id == CLASSIC:
            self._migrate(k)
        if not self.is_annual and self._lives_monthly(k, age):
            return
        self._grow(k)

    def _lives_monthly(self, k: int, age: int) -> bool:
        """Do what only monthly customers do; tell whether nothing more can happen this month."""
        dice, day = self.dice, self.day(k)
        if age % 12 == 0:
            for line in self.recurring():
                self.change(line, k, day, unit=self.list_price(line.product_id, k))
        if age == 3:
            for line in self.recurring():
                self.change(line, k, day, one_off=0)
        roll = dice.random()
        if roll < self.behaviour.shrink_rate and self.now[0].quantity > 2:
            self.change(self.now[0], k, day, quantity=self._fewer(self.now[0].quantity))
            return True
        may_pause = not self.has_paused and not self.is_safe and (k > self.plan.migration_k or not self.profile.is_classic)
        if may_pause and roll > 1 - 0.006:
            self._pause(k, 1 + int(3 * dice.random()))
            return True
        return False

    def _grow(self, k: int) -> None:
        dice = self.dice
        if dice.random() < self.behaviour.seat_growth_rate:
            line = self.now[0]
            more = max(1, int(line.quantity * self.behaviour.seat_growth_step * dice.random()))
            is_mid_period = not self.is_annual and dice.random() < 0.4
            later = int((29 - self.profile.anchor) * dice.random()) if is_mid_period else 0
            self.change(line, k, self.day(k) + later, quantity=line.quantity + more)
        wants_analytics = not self.plan.merges(self.index) and dice.random() < self.behaviour.cross_sell_rate
        if wants_analytics and all(line.product_id != ANALYTICS for line in self.now):
            self.open_line(self.now[0].contract, ANALYTICS, k)
            self.tell(k, self.day(k), "cross_sell", self.now[-1], self.now[-1].net)

    def _fewer(self, quantity: int) -> int:
        return max(1, quantity - max(1, int(quantity * (0.15 + 0.35 * self.dice.random()))))

    # ---- renewals, endings, pauses

    def _come_up_for_renewal(self, k: int) -> None:
        if not self.is_safe and self.dice.random() < self.behaviour.yearly_churn:
            self._leave(k, notice_days=20 + int(40 * self.dice.random()))
            return
        old, day = self.now[0].contract, self.day(k)
        self.term_k = k
        early = min(20, int(30 * self.dice.random()))
        contract = self.sign(day, signed_on=day - early, renews=old.contract_id)
        shrinks = self.dice.random() < self.behaviour.yearly_shrink
        before, self.now = self.now, []
        for line in before:
            if line.product_id == ANALYTICS and shrinks and self.dice.random() < 0.5:
                self.tell(k, day, "contraction", line, -line.net)
                continue
            self._renew(line, contract, k, shrinks=shrinks)

    def _renew(self, line: Line, contract: Contract, k: int, *, shrinks: bool) -> None:
        day = contract.starts_on
        renewed = replace(line, contract=contract, start_k=k, starts=day, ends=contract.ends_on, billed="full", replaces=None)
        renewed.term_months, renewed.term_ends = 12, contract.ends_on
        self.add(renewed)
        if line.kind != "recurring":
            return
        if renewed.product_id == CLASSIC and k >= self.plan.migration_k:
            self._migrate(k)
        self.change(renewed, k, day, unit=self.list_price(renewed.product_id, k), one_off=0)
        if renewed.product_id == ANALYTICS:
            return
        if shrinks and renewed.quantity > 2:
            self.change(renewed, k, day, quantity=self._fewer(renewed.quantity))
        elif self.dice.random() < 4 * self.behaviour.seat_growth_rate:
            more = max(1, int(renewed.quantity * self.behaviour.seat_growth_step * self.dice.random()))
            self.change(renewed, k, day, quantity=renewed.quantity + more)

    def _leave(self, k: int, *, notice_days: int) -> None:
        day = self.day(k)
        for line in self.recurring():
            self.tell(k, day, "churn", line, -line.net)
        if self.dice.random() < 0.15:
            self.returns_k = k + 2 + int(7 * self.dice.random())
        if self.dice.random() < 0.2:
            self.story.unpaid_from_k = k - 2
        contract = self.now[0].contract
        contract.cancel_requested_on = max(contract.signed_on, day - notice_days)
        self._close(contract, day, reason=_REASONS[int(5 * self.dice.random())])

    def _close(self, contract: Contract, day: int, *, reason: str) -> None:
        for line in self.now:
            line.ends = day
        contract.ends_on = contract.cancelled_on = day
        contract.cancel_reason = reason
        self.now = []

    def _pause(self, k: int, months: int) -> None:
        self.has_paused, self.paused_until = True, k + months
        day = self.day(k)
        for line in self.now:
            line.paused_from = day
            line.paused_to = self.day(k + months) if k + months < self.plan.months else None
        for line in self.recurring():
            self.tell(k, day, "pause", line, -line.net)

    def _resumes(self, k: int) -> bool:
        if self.paused_until is None or k < self.paused_until:
            return False
        self.paused_until = None
        for line in self.recurring():
            self.tell(k, self.day(k), "resume", line, line.net)
        return True

    # ---- mergers and the migration

    def _merge(self, k: int) -> bool:
        """Move billing to the absorbing account; not in a month in which lines end anyway."""
        if self.is_annual and k - self.term_k == 12:
            return False
        day, old = self.day(k), self.now[0].contract
        for line in self.recurring():
            self.tell(k, day, "transfer_out", line, -line.net)
        self.billed_account = self.plan.account_id(self.index - 1)
        self.story.merged_on = day
        contract = self.sign(day)
        old.ends_on = day
        before, self.now = self.now, []
        for line in before:
            ends, line.ends = contract.ends_on, day
            billed = "prepaid" if self.is_annual else "full"
            moved = replace(line, contract=contract, start_k=k, starts=day, ends=ends, billed=billed, replaces=line)
            moved.term_months = self.term_k + 12 - k if self.is_annual else 1
            self.add(moved)
        for line in self.recurring():
            self.tell(k, day, "transfer_in", line, line.net)
        return True

    def _migrate(self, k: int) -> None:
        line = self.change(self.now[0], k, self.day(k), billed="migrated", product=PLATFORM)
        self.tell(k, self.day(k), "migration", line, 0)
