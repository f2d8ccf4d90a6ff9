"""What a figure means, in the language of the reader: operations say it in English, sentence by sentence."""

from growthring.console.visit import Visit
from growthring.kernel.errors import GrowthringError
from growthring.operations.wording import in_words
from growthring.revenue.metrics import METRICS


def meaning(visit: Visit, text: str, *, metric: str, policy: str, at: str) -> str:
    """Return what an operation said about a metric in the reader's language.

    Args:
        visit: The visit.
        text: What was said: the whole definition, what all policies share of it, or what the policy adds.
        metric: The metric it is about.
        policy: Name of the policy.
        at: The period, as the Answer names it.
    """
    _ = visit.words
    if _.language == "en" or metric not in METRICS:
        return _(text)
    wanted = METRICS[metric]
    try:
        chosen = visit.project.policy(policy).replace(**dict(wanted.basis))
        month = visit.project.calendar.parse(at)[1]
    except GrowthringError:
        return _(text)
    shared, shared_there = f"{wanted.definition} {wanted.formula}.", f"{_(wanted.definition)} {_(wanted.formula)}."
    whole, whole_there = in_words(wanted, chosen, month), in_words(wanted, chosen, month, _)
    said = {
        shared: shared_there,
        whole: whole_there,
        whole.removeprefix(shared).strip(): whole_there.removeprefix(shared_there).strip(),
    }
    return said.get(text) or _(text)
