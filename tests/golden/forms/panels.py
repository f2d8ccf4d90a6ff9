"""Panels of accounts over time."""

import re
from collections.abc import Iterable
from typing import Any

from growthring.engine.relation import compose
from growthring.kernel.period import Month, PeriodKind
from growthring.revenue.evaluation import Question, question_chain
from growthring.revenue.ledger import Ledger
from growthring.revenue.metrics import metric
from growthring.revenue.policy import NdrVariant, Policy
from tests.golden.cases import Case
from tests.golden.company import Company
from tests.golden.figures import figures
from tests.golden.forms import form
from tests.golden.panel import company_of, mergers, month_of, panel_rows
from tests.golden.words import policy_of, threshold_of

_SEPARATE = {"level": "account", "hierarchy": "as_of"}
_TOGETHER = {"level": "parent", "hierarchy": "current"}
_NAMED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("account account_level by_account accounts separate unmerged before before_merge child as_of", _SEPARATE),
    ("parent parent_level by_parent parents merged together after after_merge current restated", _TOGETHER),
    ("point point_to_point p2p", {"ndr": "point"}),
    ("bridge lazy", {"ndr": "bridge"}),
    ("survivors", {"ndr": "survivors"}),
    ("two_year two_year_cohort", {"ndr": "two_year"}),
    ("quarter quarter_yoy", {"ndr": "quarter_yoy"}),
    ("average simple_avg avg4q", {"ndr": "avg4q"}),
    ("weighted weighted_avg trailing12 trailing_12 trailing12_weighted", {"ndr": "trailing12_weighted"}),
    ("per_account account_cap", {"grr_cap": "account"}),
    ("per_product product_cap", {"grr_cap": "product"}),
    ("total totals on_totals", {"grr_cap": "total"}),
    ("at_base base_only", {"base_threshold": "at_base"}),
    ("both both_dates", {"base_threshold": "both"}),
)
_VIEWS = {name: changes for names, changes in _NAMED for name in names.split()}
"""What a figure's name or its suffix says about the policy it is printed for."""


@form("a panel of accounts at some dates", lambda case: bool(panel_rows(case.inputs)))
def panel(case: Case) -> Any:
    rows = panel_rows(case.inputs)
    policy = policy_of(case, threshold_arr=12 * (threshold_of(case) or 0))
    company, last = company_of(rows, mergers(case.inputs), quarters=policy.ndr is NdrVariant.QUARTER_YOY)
    return panel_answers(case, company, policy, last)


def panel_answers(case: Case, company: Company, policy: Policy, last: Month) -> Any:
    """Answer by month when the case prints months, by view when it prints several policies, else for the last month."""
    ledger = company.ledger(policy, last)
    answers: dict[str, Any] = {}
    for key, inner in case.expected.items():
        month = month_of(key) if re.search(r"\d{4}", key) else None
        if isinstance(inner, dict) and month is not None:
            answers[key] = figures(ledger, inner, month)
        elif isinstance(inner, dict) and key in _VIEWS:
            answers[key] = figures(company.ledger(policy.replace(**_VIEWS[key]), last), inner, last, _period(inner))
        elif not isinstance(inner, dict) and (view := _view_of(key)):
            name, changes = view
            viewed = company.ledger(policy.replace(**changes), last)
            answers.update(
                dict.fromkeys([key] if (held := figures(viewed, [name], last, _period([name]))) else [], held.get(name))
            )
    flat = {key: value for key, value in case.expected.items() if key not in answers}
    return {**figures(ledger, flat, last, _period(flat)), **answers, **cohorts(case, ledger)}


def _view_of(key: str) -> tuple[str, dict[str, Any]] | None:
    """Split a printed name such as grr_merged into the figure and the policy's choice."""
    if key in _VIEWS and "ndr" in _VIEWS[key]:
        return "ndr", _VIEWS[key]
    for view in sorted(_VIEWS, key=len, reverse=True):
        if key.endswith(f"_{view}"):
            return key.removesuffix(f"_{view}"), _VIEWS[view]
    return None


def _period(expected: Iterable[str]) -> PeriodKind:
    """A churn rate beside a yearly retention is one of the year."""
    yearly = any(key.startswith(("nrr", "ndr", "grr", "logo_retention", "base")) for key in expected)
    return PeriodKind.FISCAL_YEAR if yearly or any(key.startswith("logo_churn") for key in expected) else PeriodKind.MONTH


_AGE = re.compile(r"(?:m|month_?|age_?|t\+?)?(\d{1,2})")


def cohorts(case: Case, ledger: Ledger) -> dict[str, Any]:
    """Answer cohort triangles: the vintage, the figure and the age are read from the names on the way to a number."""
    if not re.search("cohort|vintage|triangle", f"{case.words} {list(case.expected)}"):
        return {}
    chain = question_chain(ledger, Question(metric("cohort_logo"), (ledger.setting.last_month,)))
    rows = ledger.connection.execute(f"SELECT * FROM ({compose(chain, 'cohort')}) ORDER BY 1, 2").fetchall()
    cells = {(row[0], row[1]): (row[2], row[3]) for row in rows}
    return {key: _cohort(held, [key], cells) for key, held in case.expected.items() if isinstance(held, dict | list)}


def _cohort(held: Any, names: list[str], cells: dict[tuple[int, int], tuple[int, Any]]) -> Any:
    if isinstance(held, dict):
        return {key: _cohort(inner, [*names, str(key)], cells) for key, inner in held.items()}
    if isinstance(held, list):
        return [_cohort(inner, [*names, str(age)], cells) for age, inner in enumerate(held)]
    months = [
        month.index
        for name in names
        if re.search(r"\d{4}", name) and (month := month_of(re.sub(r"^(cohort|vintage)_", "", name)))
    ]
    first = months[0] if months else min(each for each, _ in cells)
    ages = [int(match[1]) for name in names if (match := _AGE.fullmatch(name.lower()))]
    customers, amount = cells.get((first, months[1] if len(months) > 1 else first + (ages[-1] if ages else 0)), (0, 0))
    size, revenue = cells.get((first, first), (0, 0))
    words = " ".join(names).lower()
    if re.search("size|count|active|customers", words) and not re.search("share|rate|logo_ret", words):
        return customers
    if "logo" in words:
        return customers / size
    return amount / revenue if re.search("ndr|nrr|net|retention|share", words) else amount
