"""From usage to revenue, every future is billed what the Decimal references of rating and commitments bill it."""

from datetime import date
from decimal import Decimal

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from growthring.forecast.commitments.billing import PoolPaths, bill_paths, settle
from growthring.forecast.commitments.future_charges import Horizon, Subscribed, future_charges
from growthring.kernel.period import Month
from growthring.pricing.billing_calendar import BillingCalendar
from growthring.pricing.book import PriceBook
from growthring.pricing.commitments import Charge, Commitment, commitment_charges, draw_down
from growthring.pricing.commitments.periods import add_months
from growthring.pricing.reference import Share, Use, rate_bill

FIRST, UNTIL, MONTHS, PATHS = date(2025, 1, 1), date(2026, 1, 1), 12, 3
HORIZON = Horizon(FIRST, Month.of(FIRST).index, MONTHS, PATHS)
BOOK = PriceBook.model_validate(
    {
        "name": "b", "currency": "USD", "meters": [{"id": "calls"}],
        "versions": [{"effective_from": "2024-01-01", "components": [
            {"id": "api", "meter": "calls", "price": {"model": "graduated", "tiers": [
                {"up_to": 100, "unit_price": "0.333"}, {"up_to": 500, "unit_price": "0.25"}, {"unit_price": "0.1"}]}},
            {"id": "fee", "price": {"model": "flat", "amount": 20}},
        ]}],
    }
)  # fmt: skip
USED = st.lists(st.lists(st.integers(0, 900), min_size=MONTHS, max_size=MONTHS), min_size=PATHS, max_size=PATHS)
KINDS = st.sampled_from([("minimum", "prepaid"), ("prepaid", "prepaid"), ("credit", "minimum"), ("ela", "minimum"), ("minimum",)])


@st.composite
def commitments(draw: st.DrawFn) -> list[Commitment]:
    found = []
    for place, kind in enumerate(draw(KINDS)):
        start = add_months(FIRST, draw(st.integers(0, 6)))
        by_units = kind != "ela" and draw(st.booleans())
        found.append(
            Commitment(
                f"k{place}", "a", kind, start, add_months(start, draw(st.integers(1, 9))),
                amount=None if by_units else Decimal(draw(st.integers(0, 100000))) / 100,
                quantity=Decimal(draw(st.integers(0, 3000))) if by_units else None,
                meter="calls" if by_units else None, currency="USD", applies_to="usage",
                overage_factor=draw(st.sampled_from([Decimal(1), Decimal("1.35")])),
                rollover_share=draw(st.sampled_from([Decimal(0), Decimal("0.3")])),
                true_up=draw(st.sampled_from(["term_end", "period", "none"])),
            )
        )  # fmt: skip
    return found


def reference_revenue(used: list[int], promised: list[Commitment]) -> Decimal:
    """Return what a year brings: charges, less gifts and what an ELA replaces, plus what commitments add."""
    charges = []
    for month, quantity in enumerate(used):
        bill = rate_bill(BOOK.versions[0], [Use("calls", Decimal(quantity))], Share(), BOOK.rating_policy, "USD")
        start, end = add_months(FIRST, month), add_months(FIRST, month + 1)
        for line in bill.lines:
            kind, meter = ("fee", "") if line.component_id == "fee" else ("usage", "calls")
            charges.append(Charge("a", "a", start, end, line.component_id, kind, meter, Decimal(quantity), line.amount, "USD"))
    by_id = {each.commitment_id: each for each in promised}
    drawn = draw_down(promised, charges, UNTIL)
    total = sum((each.amount for each in charges), Decimal(0))
    total -= sum(each.drawn_amount for each in drawn.payments if by_id[each.commitment_id].kind == "credit")
    total += sum(each.overage_amount - each.uncovered_amount for each in drawn.overage)
    total += sum(
        balance.breakage
        for name, balance in drawn.balances.items()
        if by_id[name].kind == "prepaid" and by_id[name].measure == "amount"
    )
    for each in promised:
        for period in commitment_charges(each, charges, UNTIL) if not each.is_grant else ():
            if period.period.period_start == UNTIL:  # has begun by that day, but is not of this year
                continue
            if each.kind == "ela":
                total += period.utilised_amount - period.rated_amount
            else:
                total += period.charge_amount - period.rated_amount
    return total


AN_ELA_PAST_THE_YEAR = [Commitment("k0", "a", "ela", date(2025, 5, 1), date(2026, 2, 1), amount=Decimal("0.05"), currency="USD")]


@given(USED, commitments())
@example([[0] * MONTHS] * PATHS, AN_ELA_PAST_THE_YEAR)
@settings(max_examples=150, deadline=None)
def test_a_year_of_every_future_comes_to_the_cent_of_the_reference(used: list[list[int]], promised: list[Commitment]):
    subscribed = Subscribed("a", "a", BOOK, "USD", BillingCalendar(FIRST, "month").calendar_id, date(2024, 1, 1))
    charges = future_charges([subscribed], {("a", "calls"): np.array(used, dtype=float)}, HORIZON)
    settled = settle(PoolPaths(charges, promised, {}, {}), UNTIL)
    found = bill_paths(settled, "USD", HORIZON.first_month, MONTHS, PATHS)
    for path in range(PATHS):
        assert Decimal(int(found.revenue[path].sum())) / 10000 == reference_revenue(used[path], promised), path
