"""Totals of a period: revenue at its start and what was won and lost in it, laid out as customers of a made-up company."""

import re
from decimal import Decimal
from typing import Any

from growthring.kernel.period import Month, PeriodKind
from tests.golden.cases import Case
from tests.golden.company import Company, value
from tests.golden.figures import figures
from tests.golden.forms import form
from tests.golden.words import policy_of

_AT = Month.parse("2025-06")
_NAMES = {
    "start": r"(?!.*(new|customer|logo|subscriber|account)).*(start|begin|opening|previous|prior|_ago|^base)\w*",
    "end": r"(mrr_|arr_)?(end|ending|closing)(_\w+)?",
    "churn": r"(mrr_)?(churn|churned|cancelled|canceled|lost|attrition)(_?(mrr|arr|revenue))?(_(incl|last|12)\w*)?",
    "contraction": r"(contraction|downgrade|downgrades|downgraded)(_?(mrr|arr))?",
    "expansion": r"(expansion|upgrade|upgrades|upsell)(_?(mrr|arr))?",
    "reactivation": r"(reactivation|reactivated)(_?(mrr|arr))?",
    "new": r"(new|new_business)(_?(mrr|arr))?",
}


def totals_of(inputs: dict[str, Any]) -> dict[str, Decimal]:
    """Return the totals among a case's inputs by the kind of movement, losses positive."""
    found: dict[str, Decimal] = {}
    for key, held in inputs.items():
        for name, pattern in _NAMES.items():
            if isinstance(held, int | float) and re.fullmatch(pattern, key.lower()):
                found[name] = abs(Decimal(str(held)))
                break
    return found


def _fits(case: Case) -> bool:
    found = totals_of(case.inputs)
    return "start" in found and len(found) > 1 and not _counts(case)


@form("revenue at the start of a period and its movements", _fits)
def from_totals(case: Case) -> dict[str, Any]:
    given = totals_of(case.inputs)
    company = company_of(given)
    lag = {"ndr": "30d"} if any(re.search("nrr|ndr|grr|gdr|retention", key.lower()) for key in case.expected) else {}
    return figures(company.ledger(policy_of(case, **lag), _AT), case.expected, _AT)


def company_of(given: dict[str, Decimal]) -> Company:
    """Lay out totals as customers: one that left, one that shrank, one that grew, one that is new, one that came back."""
    start, before = given["start"], _AT - 1
    loss, cut, gain = (given.get(name, Decimal(0)) for name in ("churn", "contraction", "expansion"))
    if "end" in given and not gain:  # what the end tells of the customers that stayed
        stayed = given["end"] - start + loss + cut - given.get("new", Decimal(0)) - given.get("reactivation", Decimal(0))
        gain, cut = max(stayed, Decimal(0)), cut + max(-stayed, Decimal(0))
    kept = start - loss
    shrinking = (cut + kept) / 2 if cut else Decimal(0)
    company = Company()
    for name, then, now in (("lost", loss, 0), ("shrinking", shrinking, shrinking - cut),
                            ("growing", kept - shrinking, kept - shrinking + gain),
                            ("new", 0, given.get("new", 0)), ("back", 0, given.get("reactivation", 0))):  # fmt: skip
        for month, amount in ((before, then), (_AT, now)):
            if amount:
                company.month(name, month, amount)
    if given.get("reactivation"):
        company.month("back", _AT - 3, given["reactivation"])
    return company


_WHO = "customers?|subscribers?|logos?|accounts?|users?|active"


def _counts(case: Case) -> bool:
    return any(re.search(_WHO, key) and re.search("start|begin|previous|prior|_ago", key) for key in case.inputs)


@form("customers at the start of a window, joined and lost in it", _counts)
def from_counts(case: Case) -> dict[str, Any]:
    def count(pattern: str) -> int:
        return int(
            next((held for key, held in case.inputs.items() if re.search(pattern, key) and isinstance(held, int | float)), 0)
        )

    here, new = count("_ago|start|begin|previous|prior"), count(r"^new|joined_in_last|_new")
    lost, young, twice = (
        count(r"^(churned|lost|cancel)|_(churned|lost)"),
        count(r"joined_in_window|of_which"),
        count(r"twice|repeat"),
    )
    company, first = Company(), _AT.first_day
    before = (_AT - 4).first_day
    for number in range(here - twice):
        leaves = number < lost - young - 2 * twice
        company.line(f"old {number}", 10, before, first.replace(day=10) if leaves else None)
    for number in range(twice):
        for starts, ends in ((before, (_AT - 1).first_day), ((_AT - 1).first_day.replace(day=10), first.replace(day=10))):
            company.line(f"old {here - 1 - number}", 10, starts, ends)
    for number in range(new):
        company.line(f"new {number}", 10, first.replace(day=2), first.replace(day=20) if number < young else None)
    ledger = company.ledger(policy_of(case, evidence="contracts", grain="event", same_period="gross", ndr="30d"), _AT)
    found = figures(ledger, case.expected, _AT, PeriodKind.QUARTER)
    for key in case.expected:
        if re.search("churn_rate|churn$", key) and case.says(r"new_30d|\+ ?new"):
            found[key] = value(ledger, "subscriber_churn", _AT, period=PeriodKind.QUARTER)
        elif re.search("retention", key):
            found[key] = value(ledger, "logo_retention", _AT)
    return found
