from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from growthring.revenue.evaluation import Question, evaluate
from growthring.revenue.ledger import Ledger
from growthring.revenue.metrics import METRICS, Combine, Unit, metric
from growthring.revenue.policy import preset
from tests.strategies import FIRST, LAST, SOME, Company, companies, policies

COHORT_VARIANTS = ("point", "avg4q", "trailing12_weighted", "two_year", "quarter_yoy", "30d")
RATIOS = [each for each in METRICS.values() if each.unit in (Unit.RATIO, Unit.INDEX) and each.combine is not Combine.TABLE]


def figure(ledger: Ledger, name: str, at=LAST, by: str = ""):
    return {point.group: point.value for point in evaluate(ledger, Question(metric(name), (at,), by=by))}


def ledger_rows(ledger: Ledger):
    return [
        ledger.connection.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall()
        for name in ("recurring", "movement", "entity_month")
    ]


@pytest.mark.parametrize("variant", COHORT_VARIANTS)
@SOME
@given(company=companies(), cap=st.sampled_from(["account", "product", "contract", "total"]), counts=st.booleans())
def test_gross_retention_is_at_most_one_and_at_most_net_retention(variant: str, company: Company, cap: str, counts: bool):
    assume(not (variant in ("two_year", "quarter_yoy") and cap in ("product", "contract")))
    ledger = company.ledger(preset("standard").replace(ndr=variant, grr_cap=cap, counts_in_ndr=counts))
    for by in ("", "country"):
        net, gross = figure(ledger, "ndr", by=by), figure(ledger, "grr", by=by)
        assert net.keys() == gross.keys()
        for group in net:
            if net[group] is None:
                assert gross[group] is None
                continue
            assert gross[group] <= 1 + 1e-12  # credits can make a month negative, and then both rates are
            assert gross[group] <= net[group] + 1e-12, (group, net, gross)


@SOME
@given(company=companies(), policy=policies(), chance=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(company: Company, policy, chance):
    order = {name: chance.sample(range(len(rows)), len(rows)) for name, rows in company.rows.items()}
    assert ledger_rows(company.reordered(order).ledger(policy)) == ledger_rows(company.ledger(policy))


@SOME
@given(company=companies(currencies=("USD",), whole_months=True), factor=st.sampled_from([2, 3, 7, 1000]))
def test_scaling_all_money_scales_revenue_and_leaves_ratios(company: Company, factor: int):
    policy = preset("standard").replace(evidence="both")
    one, many = company.ledger(policy), company.scaled(factor).ledger(policy)
    for wanted in METRICS.values():
        if wanted.combine is Combine.TABLE or wanted.basis:
            continue
        before, after = figure(one, wanted.name), figure(many, wanted.name)
        assert before.keys() == after.keys()
        for group, value in before.items():
            if value is None or after[group] is None:
                assert value == after[group], wanted.name
            elif wanted.unit in (Unit.MONEY_PER_MONTH, Unit.MONEY_PER_YEAR):
                assert float(after[group]) == pytest.approx(float(value) * factor, rel=1e-12, abs=1e-9), wanted.name
            else:
                assert float(after[group]) == pytest.approx(float(value), rel=1e-12, abs=1e-9), wanted.name


@SOME
@given(company=companies(currencies=("USD",), whole_months=True), data=st.data())
def test_splitting_an_account_under_one_parent_leaves_the_results_of_the_parent(company: Company, data: st.DataObject):
    policy = preset("standard").replace(level="parent", evidence="both")
    lines = [row for row in company.rows["invoice_line"] if row["account_id"] == "a1"]
    given_away = data.draw(st.sets(st.sampled_from([row["invoice_line_id"] for row in lines]))) if lines else set()
    split = company.moved(dict.fromkeys(given_away, "a1 west"))
    split.add("account", account_id="a1 west", name="West", parent_account_id="a1")
    split.add("account_attribute", account_id="a1 west", attribute="country", value="NZ")
    before, after = company.ledger(policy), split.ledger(policy)
    entities = "SELECT entity_id, month, amount FROM entity_month WHERE amount <> 0 ORDER BY ALL"
    assert after.connection.execute(entities).fetchall() == before.connection.execute(entities).fetchall()
    for name in ("mrr", "customers", "ndr", "grr", "logo_retention", "logo_churn", "arpa", "new_mrr", "churned_mrr", "hhi"):
        if name in METRICS:
            for at in (LAST, LAST - 1, LAST - 3):
                assert figure(after, name, at) == figure(before, name, at), (name, at)


@SOME
@given(company=companies())
def test_revenue_of_a_company_is_the_sum_of_its_customers_at_every_level(company: Company):
    by_level = []
    for level in ("item", "subscription", "account", "parent"):
        ledger = company.ledger(preset("standard").replace(level=level, reactivation="always"))
        rows = ledger.connection.execute(
            "SELECT month, SUM(amount) FROM entity_month GROUP BY 1 HAVING SUM(amount) <> 0 ORDER BY 1"
        ).fetchall()
        by_level.append(rows)
    assert by_level[1] == by_level[0]
    assert by_level[2] == by_level[0]
    assert by_level[3] == by_level[0]


@SOME
@given(company=companies(), policy=policies())
def test_no_month_lies_before_the_first_document_or_after_the_data(company: Company, policy):
    ledger = company.ledger(policy, last=LAST - 2)
    first, last = ledger.connection.execute("SELECT MIN(month), MAX(month) FROM entity_month").fetchone()
    if first is not None:
        assert first >= FIRST.index - 1  # a contract is signed ten days before it starts
        assert last <= (LAST - 2).index


def test_the_properties_see_companies_with_something_in_them():
    """A property over empty companies would hold for any product."""
    seen = {"revenue": 0, "ndr": 0, "kinds": set()}

    @settings(SOME, max_examples=10)
    @given(company=companies())
    def look(company: Company) -> None:
        ledger = company.ledger(preset("standard").replace(evidence="both"))
        seen["kinds"] |= {row[0] for row in ledger.connection.execute("SELECT DISTINCT movement FROM movement").fetchall()}
        seen["revenue"] += figure(ledger, "mrr").get("", Decimal(0)) > 0
        seen["ndr"] += figure(ledger, "ndr").get("") is not None

    look()
    assert seen["kinds"] >= {"new", "reactivation", "expansion", "contraction", "churn", "fx", "transfer"}
    assert seen["revenue"] >= 3
    assert seen["ndr"] >= 2
