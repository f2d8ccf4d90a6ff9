"""What holds for any rated usage: the ledger balances, months add up to periods, money scales, row order changes nothing."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from growthring.kernel.period import Month
from growthring.revenue.ledger import Ledger
from growthring.revenue.policy import Policy, preset
from growthring.tables import MOVEMENTS
from tests.revenue.usage_company import UsageCompany
from tests.strategies import SOME

FIRST, LAST = Month.parse("2023-01"), Month.parse("2024-03")
COMPONENTS = ("api", "storage", "platform")


@st.composite
def businesses(draw: st.DrawFn) -> UsageCompany:
    """Draw accounts with monthly and quarterly periods from several anchors, discounts, minimums, fees and commitments."""
    company = UsageCompany(fees={"platform"}, unmeasured=draw(st.sampled_from([set(), {"storage"}])))
    for product, counted in (("api", "usage"), ("storage", "usage"), ("platform", "flat")):
        company.company.add("product", product_id=product, name=product, quantity_kind=counted)
    for account in ("a1", "a2", "a3"):
        parent = draw(st.sampled_from([None, "a1"])) if account != "a1" else None
        company.company.add("account", account_id=account, name=account, parent_account_id=parent)
        anchor, stride = draw(st.sampled_from([(1, 1), (1, 1), (17, 1), (9, 3)]))
        for index in range(FIRST.index, LAST.index, stride):
            start, end = (Month(at).first_day.replace(day=anchor) for at in (index, index + stride))
            for component in draw(st.lists(st.sampled_from(COMPONENTS), max_size=3, unique=True)):
                amount = Decimal(draw(st.integers(-200, 90_000))).scaleb(-2)
                company.rated(account, start, end, amount, draw(st.integers(0, 10**9)), component_id=component)
            if draw(st.booleans()):
                company.adjusted(account, start, end, Decimal(draw(st.integers(-5_000, 5_000))).scaleb(-2))
        if draw(st.booleans()):
            since = FIRST.first_day + timedelta(days=draw(st.integers(0, 200)))
            company.company.add(
                "commitment", commitment_id=f"k-{account}", account_id=account, currency="USD", starts_on=since,
                kind=draw(st.sampled_from(["minimum", "prepaid", "ela"])), true_up=draw(st.sampled_from(["term_end", "period"])),
                ends_on=draw(st.sampled_from([None, since + timedelta(days=200), since + timedelta(days=366)])),
                amount=Decimal(draw(st.integers(0, 900_000))).scaleb(-2),
            )  # fmt: skip
    return company


@st.composite
def rated_policies(draw: st.DrawFn) -> Policy:
    switches = {
        "usage_evidence": ["rated", "rated_with_fees"],
        "smoothing": ["none", "trailing_3", "quarter_x4", "trailing_12", "committed_plus_trailing"],
        "basis": ["live", "recognised", "billed", "usage_smoothed"],
        "level": ["item", "subscription", "account", "parent"],
        "fx": ["floating", "event"],
        "evidence": ["invoices", "both"],
    }
    chosen = {name: draw(st.sampled_from(values)) for name, values in switches.items()}
    chosen["grain"], chosen["same_period"] = draw(st.sampled_from([("month_end", "net"), ("quarter", "net"), ("event", "gross")]))
    return preset("standard").replace(**chosen)


def tables(ledger: Ledger) -> list[list[tuple[object, ...]]]:
    return [
        ledger.connection.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall()
        for name in ("recurring", "movement", "entity_month")
    ]


@SOME
@given(company=businesses(), policy=rated_policies())
def test_the_ledger_of_rated_usage_balances_month_by_month(company: UsageCompany, policy: Policy) -> None:
    ledger = company.ledger(policy, LAST)
    ends: dict[int, Decimal] = defaultdict(Decimal)
    moves: dict[int, Decimal] = defaultdict(Decimal)
    ends.update(dict(ledger.connection.execute("SELECT month, SUM(amount) FROM entity_month GROUP BY 1").fetchall()))
    moves.update(dict(ledger.connection.execute("SELECT month, SUM(movement_amount) FROM movement GROUP BY 1").fetchall()))
    so_far = Decimal(0)
    for month in range(min([*ends, *moves, LAST.index]), LAST.index + 1):
        so_far += moves[month]
        if policy.grain.value != "quarter" or month % 3 == 2:
            assert so_far == ends[month], (Month(month), policy.switches)
    kinds = {row[0] for row in ledger.connection.execute("SELECT DISTINCT movement FROM movement").fetchall()}
    assert kinds <= set(MOVEMENTS)


@SOME
@given(company=businesses())
def test_every_cent_and_unit_of_closed_periods_stands_in_some_month(company: UsageCompany) -> None:
    ledger = company.ledger(preset("standard").replace(usage_evidence="rated_with_fees", basis="recognised"), LAST + 12)
    asked: dict[str, Decimal] = defaultdict(Decimal)
    for line in company.lines:
        asked[line["account_id"]] += line["amount"]
    for bill in company.bills.values():
        asked[bill["account_id"]] += bill["adjustment_amount"]
    found = ledger.connection.execute("SELECT account_id, SUM(native_amount) FROM monthly GROUP BY 1").fetchall()
    assert {account: amount for account, amount in found if amount} == {each: amount for each, amount in asked.items() if amount}
    units = ledger.connection.execute("SELECT SUM(quantity) FROM monthly WHERE product_id = 'api'").fetchone()
    used = sum((line["quantity"] for line in company.lines if line["component_id"] == "api"), 0)
    assert (units[0] or 0) == used


@SOME
@given(company=businesses(), policy=rated_policies(), chance=st.randoms(use_true_random=False))
def test_the_order_of_rated_lines_changes_nothing(company: UsageCompany, policy: Policy, chance) -> None:
    sizes = {"rated_line": len(company.lines), "bill": len(company.bills)}
    order = {name: chance.sample(range(size), size) for name, size in sizes.items()}
    assert tables(company.ledger(policy, LAST, order=order)) == tables(company.ledger(policy, LAST))


@SOME
@given(company=businesses(), factor=st.sampled_from([2, 3, 1000]))
def test_all_money_times_a_factor_is_revenue_times_the_factor(company: UsageCompany, factor: int) -> None:
    policy = preset("standard").replace(usage_evidence="rated_with_fees", basis="recognised")
    one, many = (made.ledger(policy, date(2025, 3, 31)) for made in (company, company.scaled(factor)))
    totals = [
        dict(each.connection.execute("SELECT account_id, SUM(native_amount) FROM monthly GROUP BY 1").fetchall())
        for each in (one, many)
    ]
    assert {account: amount * factor for account, amount in totals[0].items()} == totals[1]
