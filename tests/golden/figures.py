"""Figures by the names that worked cases print them under."""

import re
from typing import Any

from growthring.kernel.period import Month, PeriodKind
from growthring.revenue.ledger import Ledger
from growthring.revenue.metrics import metric
from tests.golden.company import points, value

_NAMES: tuple[tuple[str, str], ...] = (
    (r"(nrr|ndr|net_(dollar|revenue)_retention)(_\w+)?", "ndr"),
    (r"(grr|gdr|gross_(dollar|revenue)_retention)(_\w+)?", "grr"),
    (r"(logo|customer)_retention(_\w+)?|retention_rate", "logo_retention"),
    (r"(gross_(mrr|revenue)_churn|mrr_churn_gross|gross_churn)(_rate)?(_\w+)?|gross", "gross_mrr_churn"),
    (r"(net_(mrr|revenue)_churn|mrr_churn_net|net_churn)(_rate)?(_\w+)?", "net_mrr_churn"),
    (r"revenue_churn(_rate)?|mrr_churn_rate|churn_rate_mrr", "revenue_churn"),
    (r"(logo|customer)_churn(_rate)?(_\w+)?|churn_rate", "logo_churn"),
    (r"subscriber_churn(_rate)?", "subscriber_churn"),
    (r"quick_ratio", "quick_ratio"),
    (r"arpa|arpu", "arpa"),
    (r"expansion_share", "expansion_share"),
    (r"new(_mrr|_business)?", "new_mrr"),
    (r"reactivation(_mrr)?", "reactivation_mrr"),
    (r"expansion(_mrr)?", "expansion_mrr"),
    (r"contraction(_mrr)?|downgrade", "contraction_mrr"),
    (r"churn(ed)?(_mrr)?", "churned_mrr"),
    (r"fx(_impact|_mrr)?", "fx_mrr"),
    (r"transfer(_mrr)?", "transfer_mrr"),
    (r"net(_new)?(_mrr)?|net_change", "net_new_mrr"),
    (r"arr|arr_after(_upsell)?|annualised_revenue", "arr"),
    (r"(active_)?customers|active|active_count", "customers"),
    (r"new_customers|new_logos", "new_customers"),
    (r"churned_customers|churned_logos", "churned_customers"),
    (r"attrition", "churned_mrr"),
    (r"voluntary_churn(ed)?(_mrr)?", "voluntary_churned_mrr"),
    (r"involuntary_churn(ed)?(_mrr)?", "involuntary_churned_mrr"),
    (r"growth(_rate)?", "mrr_growth"),
    (r"end(ing)?(_mrr)?|closing(_mrr)?|total|mrr|mrr_after|mrr_now|total_mrr|mrr_total", "mrr"),
    (r"(\w+_)?yoy(_growth)?(_\w+)?", "arr_growth_yoy"),
    (r"(\w+_)?mrr(_\w+)?", "mrr"),
)
_LOSSES = ("contraction_mrr", "churned_mrr")


def figure(ledger: Ledger, key: str, at: Month, period: PeriodKind = PeriodKind.MONTH) -> Any:
    """Return the product's figure for a printed name; nothing found raises KeyError."""
    if share := re.fullmatch(r"(\w+)_(pct|percent)", key.lower()):
        rate = figure(ledger, share[1], at, period)
        return rate if rate is None else 100 * rate
    match key.lower():
        case "start" | "beginning" | "opening" | "start_mrr" | "then" | "mrr_then":
            return value(ledger, "mrr", at - period.months)
        case "base" | "base_mrr" | "base_arr" | "base_sum" | "base_revenue" | "cohort_then" | "denominator":
            return sum((point.denominator or 0 for point in points(ledger, "ndr", at)), 0)
        case "cohort_now" | "numerator" | "now_of_base" | "now_sum" | "now" | "base_now" | "current":
            return sum((point.numerator for point in points(ledger, "ndr", at)), 0)
        case "base_logos" | "base_accounts" | "base_customers" | "cohort_size":
            return sum((point.denominator or 0 for point in points(ledger, "logo_retention", at)), 0)
        case "retained" | "retained_logos" | "retained_accounts" | "logos_retained":
            return sum((point.numerator for point in points(ledger, "logo_retention", at)), 0)
    name = next(name for pattern, name in _NAMES if re.fullmatch(pattern, key.lower())) if known(key) else ""
    if not name:
        raise KeyError(key)
    found = value(ledger, name, at, period=period)
    return -found if name in _LOSSES and found is not None else found


def known(key: str) -> bool:
    return any(re.fullmatch(pattern, key.lower()) for pattern, _ in _NAMES)


def figures(ledger: Ledger, expected: Any, at: Month, period: PeriodKind = PeriodKind.MONTH) -> dict[str, Any]:
    """Return the figures that a case prints, as far as the product has them."""
    found: dict[str, Any] = {}
    for key in expected:
        try:
            found[key] = figure(ledger, key, at, period)
        except KeyError:
            continue
    return found


def metric_names() -> list[str]:
    """Return the metrics that printed names lead to, each of which must exist."""
    return [metric(name).name for _, name in _NAMES]
