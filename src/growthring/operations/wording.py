"""What a figure means, in words: the metric as the policy decides it."""

from collections.abc import Callable

from growthring.kernel.period import Month
from growthring.revenue.metrics import Metric
from growthring.revenue.policy import Policy

Speak = Callable[..., str]
"""Says an English message, with values in its places, in some language."""


def plainly(message: str, **values: object) -> str:
    """Say a message in English.

    Example:
        >>> plainly("Only customers with at least {amount} a year.", amount=100)
        'Only customers with at least 100 a year.'
    """
    return message.format(**values)


def in_words(wanted: Metric, policy: Policy, month: Month, speak: Speak = plainly) -> str:
    """Return what a metric means under a policy, as a person would say it.

    Args:
        wanted: The metric.
        policy: The policy, with the fields that the metric fixes itself.
        month: The last month of the period.
        speak: Says each sentence in the reader's language.
    """
    parts = [speak(wanted.definition), f"{speak(wanted.formula)}."]
    if wanted.relation == "retention":
        parts.append(_window_in_words(policy, month, speak))
        if policy.threshold_arr:
            is_both = policy.base_threshold == "both" or policy.ndr.value == "survivors"
            message = (
                "Only customers with at least {amount} a year then and now."
                if is_both
                else "Only customers with at least {amount} a year then."
            )
            parts.append(speak(message, amount=policy.threshold_arr))
    parts.append(speak(_BASIS[policy.basis.value], months=policy.usage_window, level=speak(_LEVELS[policy.level.value])))
    return " ".join(parts)


_LEVELS = {"item": "an item", "subscription": "a subscription", "account": "an account", "parent": "a parent"}
_BASIS = {
    "live": "Revenue is the monthly price of what runs on the last day of the month; a customer is {level}.",
    "contracted": "Revenue is the monthly price of what is signed; a customer is {level}.",
    "billed": "Revenue is the amount of the month's invoices; a customer is {level}.",
    "recognised": "Revenue is amounts spread over their days of service; a customer is {level}.",
    "usage_smoothed": "Revenue is the live price, usage averaged over {months} months; a customer is {level}.",
}
_WINDOWS = {
    "point": "Customers are those with revenue in {ago}; they are looked at again in {month}.",
    "avg4q": "The mean of four such rates, a quarter apart, the last at {month}.",
    "trailing12_weighted": "Twelve monthly rates up to {month}, weighted by their bases.",
    "two_year": "Customers of {base}: their revenue of {next}..{month} over that of {base}..{ago}.",
    "quarter_yoy": "Customers of the quarter to {ago}: their revenue of the quarter to {month} over that one.",
    "30d": "Customers of {before}, looked at in {month}: a monthly rate, not a yearly one.",
    "survivors": "Only customers present in both {ago} and {month}: who left is not counted.",
    "bridge": "All movements from {next} to {month} over the start, customers born in between included.",
}
MESSAGES = (
    *_LEVELS.values(),
    *_BASIS.values(),
    *_WINDOWS.values(),
    "Only customers with at least {amount} a year then and now.",
    "Only customers with at least {amount} a year then.",
)
"""Everything that is said here but the definitions of metrics: for catalogues."""


def _window_in_words(policy: Policy, month: Month, speak: Speak) -> str:
    return speak(_WINDOWS[policy.ndr.value], month=month, ago=month - 12, base=month - 23, next=month - 11, before=month - 1)
