"""Rules in words, read as choices of a policy."""

import re
from decimal import Decimal
from typing import Any

from growthring.revenue.policy import Policy, preset
from tests.golden.cases import Case

_RULES: tuple[tuple[str, dict[str, Any]], ...] = (
    (r"bridge|lazy", {"ndr": "bridge"}),
    (r"surviv|active at both|(at|on) both dates|both dates", {"base_threshold": "both"}),
    (r"surviv|active at both", {"ndr": "survivors"}),
    (r"two.year|24 months", {"ndr": "two_year"}),
    (r"quarter (vs|over|against)|year-ago quarter|same quarter", {"ndr": "quarter_yoy"}),
    (r"window_days: 30|30 days ago|30.day|nrr_30d", {"ndr": "30d"}),
    (r"weighted (avg|average|trailing)|trailing.*weighted", {"ndr": "trailing12_weighted"}),
    (r"per.account.per.product|per.product|account x product|account × product", {"grr_cap": "product"}),
    (r"per.contract", {"grr_cap": "contract"}),
    (r"\btotals\b|min\w* (of|on|applied to|over) (the )?total|total level", {"grr_cap": "total"}),
    (r"attrition|by events", {"grr_cap": "events"}),
    (r"(level|grain): (subscription|per.subscription)", {"level": "subscription"}),
    (r"level: item", {"level": "item"}),
    (r"level: parent|parent.level|by parent|roll.?up", {"level": "parent"}),
    (r"week\w*: x?4\b|x4 weeks|weekly: x4", {"normalise.week": "4"}),
    (r"(dai?ly|day): x?30", {"normalise.day": "30"}),
    (r"30\.42", {"normalise.odd_days": "round_30.42"}),
    (r"discounts?: (forever|recurring)|forever_only|net of recurring discount", {"discounts": "recurring"}),
    (r"discounts?: (none|gross|list|ignore)", {"discounts": "none"}),
    (r"(pause|hold)\w*: (keep|unchanged|in mrr)", {"pause": "keep"}),
    (r"(pause|hold)\w*: (zero|0)", {"pause": "zero"}),
    (r"(pause|hold)\w*: (as )?(a )?churn", {"pause": "churn"}),
    (r"same_(month|period)\w*: (ignore|exclude|not)", {"grain": "event", "same_period": "ignore"}),
    (r"same_(month|period)\w*: (book|both|gross)", {"grain": "event", "same_period": "gross"}),
    (r"grain: (movement|event)|booked gross|every event", {"grain": "event", "same_period": "gross"}),
    (r"grain: .*(month.end|snapshot)", {"grain": "month_end", "same_period": "net"}),
    (
        r"(reactivation|return)\w*( =|:) (counted )?(as[_ ])?new|counted as new|return = new|no reactivation",
        {"reactivation": "as_new"},
    ),
    (r"at_cancel|at cancel|on cancel|at_request|immediate", {"churn_time": "request"}),
    (r"free\w*: (inactive|not|cancel)", {"free": "inactive"}),
    (r"(refund|credit)s?: (ignore|no effect|none)", {"credits": "ignore"}),
    (r"metered\w*: (out|exclude|separate)|usage\w*: (out|exclude)", {"usage": "exclude"}),
    (r"constant", {"fx": "constant"}),
)


def policy_of(case: Case, base: str = "standard", **given: Any) -> Policy:
    """Return the policy that a case describes, starting from a preset; choices that the form itself implies are given."""
    changes: dict[str, Any] = {}
    for pattern, choices in _RULES:
        if case.says(pattern):
            changes.update(choices)
    if (window := _window(case)) is not None:
        changes |= {"reactivation": "window", "reactivation_days": window}
        changes.pop("ndr", None)
    if excluded := excluded_segments(case):
        changes["exclude"] = [{"attribute": "segment", "value": each} for each in excluded]
    return preset(base).replace(**{**changes, **given})


def _window(case: Case) -> int | None:
    """Return the days within which a return is a reactivation; nothing when every return is one."""
    match = re.search(r"(?:react\w*|return\w*): (?![^;]*(?:at least|>=|≥|or more|after))[^;]*?(\d+)\s*(month)?", case.words)
    return int(match[1]) * (30 if match[2] else 1) if match else None


def threshold_of(case: Case) -> Decimal | None:
    """Return the revenue that the rule asks of a customer of the base, in the unit of the case."""
    for name, value in case.policy.items():
        if re.search(r"threshold|min_(arr|mrr|base|revenue)|cohort_floor", str(name)) and isinstance(value, int | float):
            return Decimal(str(value))
    match = re.search(r"(>=|≥|>|at least|threshold of|threshold)\s*\$?\s*(\d[\d,.]*)(k?)", case.words)
    if not match:
        return None
    size = Decimal(match[2].replace(",", "").rstrip(".")) * (1000 if match[3] else 1)
    return size + Decimal("0.0001") if match[1] == ">" and size else size


def excluded_segments(case: Case) -> list[str]:
    """Return the segments that the rule leaves out."""
    found: list[str] = []
    for name, value in case.policy.items():
        if re.match(r"exclude", str(name)):
            inner = next(iter(value.values())) if isinstance(value, dict) else value
            found += [str(each) for each in (inner if isinstance(inner, list) else [inner])]
        elif isinstance(value, str):
            found += re.findall(r"exclud\w*\s+(?:the\s+)?(?:segments?\s+)?[\"']?(?:segment\s*=\s*)?([\w-]+)", value)
    return found
