"""Panels of accounts over time."""

from typing import Any

from growthring.kernel.period import Month, PeriodKind
from growthring.revenue.policy import Level, NdrVariant, Policy
from tests.golden.cases import Case
from tests.golden.company import Company
from tests.golden.figures import figures
from tests.golden.forms import form
from tests.golden.panel import company_of, month_of, panel_rows
from tests.golden.words import policy_of, threshold_of

_VIEWS: dict[str, dict[str, Any]] = {
    "account_level": {"level": Level.ACCOUNT}, "by_account": {"level": Level.ACCOUNT}, "account": {"level": Level.ACCOUNT},
    "separate": {"level": Level.ACCOUNT}, "parent_level": {"level": Level.PARENT}, "by_parent": {"level": Level.PARENT},
    "parent": {"level": Level.PARENT}, "merged": {"level": Level.PARENT}, "child": {"level": Level.ACCOUNT},
    "point": {"ndr": NdrVariant.POINT}, "survivors": {"ndr": NdrVariant.SURVIVORS}, "bridge": {"ndr": NdrVariant.BRIDGE},
    "per_account": {"grr_cap": "account"}, "per_product": {"grr_cap": "product"}, "total": {"grr_cap": "total"},
    "at_base": {"base_threshold": "at_base"}, "both": {"base_threshold": "both"},
}  # fmt: skip


@form("a panel of accounts at some dates", lambda case: bool(panel_rows(case.inputs)))
def panel(case: Case) -> Any:
    rows = panel_rows(case.inputs)
    company, last = company_of(rows)
    policy = policy_of(case, threshold_arr=12 * (threshold_of(case) or 0))
    return panel_answers(case, company, policy, last)


def panel_answers(case: Case, company: Company, policy: Policy, last: Month) -> Any:
    """Answer by month when the case prints months, by view when it prints several policies, else for the last month."""
    ledger = company.ledger(policy, last)
    answers: dict[str, Any] = {}
    for key, inner in case.expected.items():
        month = month_of(key) if "-" in key or "q" in key.lower() else None
        if isinstance(inner, dict) and month is not None:
            answers[key] = figures(ledger, inner, month)
        elif isinstance(inner, dict) and key in _VIEWS:
            answers[key] = figures(company.ledger(policy.replace(**_VIEWS[key]), last), inner, last, _period(inner))
    flat = {key: value for key, value in case.expected.items() if key not in answers}
    return {**figures(ledger, flat, last, _period(flat)), **answers, **_cohorts(case, ledger)}


def _period(expected: dict[str, Any]) -> PeriodKind:
    """A churn rate beside a yearly retention is one of the year."""
    yearly = any(key.startswith(("nrr", "ndr", "grr", "logo_retention", "base")) for key in expected)
    return PeriodKind.FISCAL_YEAR if yearly or any(key.startswith("logo_churn") for key in expected) else PeriodKind.MONTH


def _cohorts(case: Case, ledger: Any) -> dict[str, Any]:
    """Cohort triangles by the first month: sizes, customers left and revenue left at each age."""
    from growthring.engine.relation import compose
    from growthring.revenue.evaluation import Question, question_chain
    from growthring.revenue.metrics import metric

    wanted = [key for key in case.expected if "cohort" in key and isinstance(case.expected[key], dict)]
    if not wanted:
        return {}
    chain = question_chain(ledger, Question(metric("cohort_logo"), (ledger.setting.last_month,)))
    rows = ledger.connection.execute(f"SELECT * FROM ({compose(chain, 'cohort')}) ORDER BY 1, 2").fetchall()
    vintages: dict[str, dict[str, list[Any]]] = {}
    for first, _, customers, amount in rows:
        held = vintages.setdefault(str(Month(first)), {"active": [], "revenue": [], "logo_retention": [], "ndr": []})
        held["active"].append(customers)
        held["revenue"].append(amount)
        held["logo_retention"].append(customers / held["active"][0])
        held["ndr"].append(amount / held["revenue"][0])
    answers: dict[str, Any] = {}
    for key in wanted:
        kind = "logo_retention" if "logo" in key else "ndr" if any(word in key for word in ("ndr", "nrr", "net")) else "revenue"
        plain = all(isinstance(each, list) for each in case.expected[key].values())
        answers[key] = {name: held[kind] if plain else {"size": held["active"][0], **held} for name, held in vintages.items()}
    return answers
