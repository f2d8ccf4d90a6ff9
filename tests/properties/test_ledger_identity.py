from collections import defaultdict
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growthring.engine.relation import compose
from growthring.kernel.period import FiscalCalendar, Month, PeriodKind
from growthring.revenue.evaluation import Question, evaluate, question_chain
from growthring.revenue.ledger import Ledger
from growthring.revenue.metrics import METRICS, Combine, metric
from growthring.revenue.policy import preset
from growthring.tables import MOVEMENTS
from tests.strategies import FIRST, LAST, SOME, Company, companies, policies

KEYS = ("entity_id", "account_id", "product_id")
GROUPINGS = [(), *((key,) for key in KEYS), *combinations(KEYS, 2), KEYS]


def totals(ledger: Ledger, sql: str) -> dict[tuple[str, str, str, int], Decimal]:
    rows = ledger.connection.execute(sql).fetchall()
    return {(entity, account, product, month): amount for entity, account, product, month, amount in rows}


def assert_balanced(ledger: Ledger, stride: int) -> None:
    """Sum every movement since the beginning, for every combination of entity, account and product: it is the balance."""
    panel = totals(ledger, "SELECT entity_id, account_id, product_id, month, SUM(recurring_amount) FROM panel GROUP BY ALL")
    moved = totals(ledger, "SELECT entity_id, account_id, product_id, month, SUM(movement_amount) FROM movement GROUP BY ALL")
    ends = sorted({key[3] for key in (*panel, *moved)})
    for names in GROUPINGS:
        places = [KEYS.index(name) for name in names]
        change: dict[tuple[tuple[str, ...], int], Decimal] = defaultdict(Decimal)
        balance: dict[tuple[tuple[str, ...], int], Decimal] = defaultdict(Decimal)
        for key, amount in moved.items():
            change[tuple(key[place] for place in places), key[3]] += amount
        for key, amount in panel.items():
            balance[tuple(key[place] for place in places), key[3]] += amount
        for group in {group for group, _ in (*change, *balance)}:
            so_far = Decimal(0)
            for month in ends:
                so_far += change[group, month]
                assert so_far == balance[group, month], (names, group, Month(month))
    assert all((month + 1) % 3 == (ledger.setting.calendar.starts_month - 1) % 3 for month in ends) or stride == 1


@SOME
@given(company=companies(), policy=policies(), starts_month=st.sampled_from([1, 2, 12]))
def test_start_and_movements_make_the_end_for_every_entity_account_product_and_month(company: Company, policy, starts_month: int):
    ledger = company.ledger(policy, starts_month=starts_month)
    assert_balanced(ledger, 3 if policy.grain.value == "quarter" else 1)
    kinds = {row[0] for row in ledger.connection.execute("SELECT DISTINCT movement FROM movement").fetchall()}
    assert kinds <= set(MOVEMENTS)


@pytest.mark.parametrize("level", ["item", "subscription", "account", "parent"])
@pytest.mark.parametrize(
    ("grain", "same_period"), [("event", "gross"), ("day", "gross"), ("month_end", "net"), ("quarter", "net")]
)
@given(data=st.data())
@settings(SOME, max_examples=2)
def test_the_ledger_balances_at_every_level_and_every_grain(level: str, grain: str, same_period: str, data: st.DataObject):
    company = data.draw(companies())
    policy = preset("standard").replace(level=level, grain=grain, same_period=same_period, evidence="both", pause="churn")
    assert_balanced(company.ledger(policy), 3 if grain == "quarter" else 1)


@SOME
@given(company=companies(), starts_month=st.sampled_from([1, 2, 3, 12]), period=st.sampled_from(list(PeriodKind)))
def test_movements_of_months_quarters_and_fiscal_years_lead_from_start_to_end_in_every_group(
    company: Company, starts_month: int, period: PeriodKind
):
    ledger = company.ledger(preset("standard"), starts_month=starts_month)
    calendar = FiscalCalendar(starts_month)
    months = [Month(index) for index in range(FIRST.index, LAST.index + 1)]
    ends = tuple(month for month in months if calendar.period_of(month, period)[1] == month)
    for by in ("", "country", "product", "product_family"):
        question = Question(metric("movements"), ends, period, by)
        chain = question_chain(ledger, question)
        run = ledger.connection.execute
        flow = dict(run(f"SELECT at_month, SUM(movement_amount) FROM ({compose(chain, 'flow')}) GROUP BY 1").fetchall())
        starts = run(
            f"SELECT at_month, SUM(start_amount), SUM(end_amount) FROM ({compose(chain, 'balance')}) GROUP BY 1"
        ).fetchall()
        months_apart = {month: (start, end) for month, start, end in starts}
        for end in ends:
            start_amount, end_amount = months_apart.get(end.index, (0, 0))
            assert start_amount + flow.get(end.index, 0) == end_amount
            before, after = (
                run("SELECT COALESCE(SUM(amount), 0) FROM entity_month WHERE month = ?", [at.index]).fetchone()[0]
                for at in (end - period.months, end)
            )
            assert (start_amount, end_amount) == (before, after), (by, end)


SUMS = [each for each in METRICS.values() if each.combine is Combine.SUM and not each.basis]


@SOME
@given(company=companies(), period=st.sampled_from(list(PeriodKind)))
def test_the_groups_of_a_sum_add_up_to_the_whole(company: Company, period: PeriodKind):
    ledger = company.ledger(preset("standard"))
    at = (LAST, LAST - 3)
    for wanted in SUMS:
        whole = {point.at_month: point.value for point in evaluate(ledger, Question(wanted, at, period))}
        for by in ("country", "product", "product_family"):
            if by != "country" and not wanted.unit.value.startswith("money"):
                continue  # one customer may stand in several products
            if by != "country" and wanted.relation != "balance":
                continue  # a customer's first product is new, the next one is cross-sell to the whole but new to its group
            groups: dict[Month, Decimal] = defaultdict(Decimal)
            for point in evaluate(ledger, Question(wanted, at, period, by)):
                groups[point.at_month] += Decimal(point.value)
            for month in at:
                assert groups[month] == (whole.get(month) or 0), (wanted.name, by, month)
