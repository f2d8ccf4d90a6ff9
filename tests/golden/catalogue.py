"""Which cases the product answers, and what the others wait for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.golden.cases import Case, differences
from tests.golden.forms import FORMS, invoices, ledgers, panels, subscriptions, totals, windows

_FAMILIES = (windows, subscriptions, ledgers, panels, invoices, totals)
_ORDER = [module.__name__ for module in _FAMILIES]
ORDERED = sorted(FORMS, key=lambda form: _ORDER.index(form.answer.__module__))
"""All forms, the more particular families first."""

_WAITING = (
    (r"magic", "UE-03 (ratios of unit economics: magic number)"),
    (r"cac|payback", "UE-01 (CAC and payback)"),
    (r"ltv|lifetime", "UE-02 (LTV)"),
    (r"burn", "UE-03 (ratios of unit economics: burn multiple)"),
    (r"rule_of_40|r40|rule40|fcf", "UE-12 (rule of 40)"),
    (r"^gm\d?$|cm\d|gross_margin|contribution|毛利|^margin|gross_profit", "UE-04 (margin stack)"),
    (r"rpo", "the contracts behind a reported balance (PR-06)"),
)
_REVENUE = r"mrr|arr\b|movement|ndr|nrr|grr|retention|churn|cohort|\bfx|expansion|contraction|reactivat"


@dataclass(frozen=True)
class Outcome:
    """What came of a case: passed, failed, or not covered, and why."""

    case_id: str
    verdict: str
    why: str = ""


def judge(case: Case) -> Outcome:
    """Run a case through the form it has; say why when there is no figure to compare."""
    if not any(value not in (None, {}, [], "") for value in case.inputs.values()):
        return Outcome(case.id, "not covered", f"a reported fact, nothing to compute{_waits(case, ': ')}")
    if waits := _waits(case):
        return Outcome(case.id, "not covered", f"waits for {waits}")
    if case.missing:
        return Outcome(case.id, "not covered", f"its inputs are in case {case.missing}, which is not in this file")
    form = next((form for form in ORDERED if form.reads(case)), None)
    if form is None and not any(isinstance(held, dict | list | int | float) for held in case.inputs.values()):
        return Outcome(case.id, "not covered", f"names its inputs without holding them: {sorted(map(str, case.inputs.values()))}")
    if form is None:
        asks = re.search(_REVENUE, " ".join([*_keys(case.expected), case.words]))
        return Outcome(case.id, "failed" if asks else "not covered", f"no adapter for inputs {sorted(case.inputs)}")
    try:
        wrong = differences({key: held for key, held in case.expected.items() if key != "reported"}, form.answer(case))
    except Exception as error:  # a case that cannot be run is a failed case, whatever stopped it
        return Outcome(case.id, "failed", f"{form.title}: {type(error).__name__}: {error}")
    return Outcome(case.id, "failed", f"{form.title}: {'; '.join(wrong)}") if wrong else Outcome(case.id, "passed", form.title)


def _waits(case: Case, before: str = "") -> str:
    keys = [key.lower() for key in _keys(case.expected)]
    if not any(re.search(_REVENUE, key) for key in keys):
        keys += [str(word).lower() for pair in case.policy.items() for word in pair]
    found = next((capability for key in keys for pattern, capability in _WAITING if re.search(pattern, key)), "")
    return f"{before}{found}" if found else ""


def _keys(held: object) -> Iterator[str]:
    if isinstance(held, dict):
        for key, inner in held.items():
            yield str(key)
            yield from _keys(inner)
    elif isinstance(held, list):
        for inner in held:
            yield from _keys(inner)
