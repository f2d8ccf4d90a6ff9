"""What a figure means, in words: the metric as the policy decides it."""

from growthring.kernel.period import Month
from growthring.revenue.metrics import Metric
from growthring.revenue.policy import Policy


def in_words(wanted: Metric, policy: Policy, month: Month) -> str:
    """Return what a metric means under a policy, as a person would say it."""
    parts = [wanted.definition, f"{wanted.formula}."]
    if wanted.relation == "retention":
        parts.append(_window_in_words(policy, month))
        if policy.threshold_arr:
            when = "then and now" if policy.base_threshold == "both" or policy.ndr.value == "survivors" else "then"
            parts.append(f"Only customers with at least {policy.threshold_arr} a year {when}.")
    basis = {
        "live": "the monthly price of what runs on the last day of the month",
        "contracted": "the monthly price of what is signed",
        "billed": "the amount of the month's invoices",
        "recognised": "amounts spread over their days of service",
        "usage_smoothed": f"the live price, usage averaged over {policy.usage_window} months",
    }[policy.basis.value]
    article = "an" if policy.level.value in ("item", "account") else "a"
    parts.append(f"Revenue is {basis}; a customer is {article} {policy.level.value}.")
    return " ".join(parts)


def _window_in_words(policy: Policy, month: Month) -> str:
    ago = month - 12
    return {
        "point": f"Customers are those with revenue in {ago}; they are looked at again in {month}.",
        "avg4q": f"The mean of four such rates, a quarter apart, the last at {month}.",
        "trailing12_weighted": f"Twelve monthly rates up to {month}, weighted by their bases.",
        "two_year": f"Customers of {month - 23}: their revenue of {month - 11}..{month} over that of {month - 23}..{ago}.",
        "quarter_yoy": f"Customers of the quarter to {ago}: their revenue of the quarter to {month} over that one.",
        "30d": f"Customers of {month - 1}, looked at in {month}: a monthly rate, not a yearly one.",
        "survivors": f"Only customers present in both {ago} and {month}: who left is not counted.",
        "bridge": f"All movements from {month - 11} to {month} over the start, customers born in between included.",
    }[policy.ndr.value]
