"""Answers about metrics: made from the parameters of a URL, for pages and for evidence alike."""

from collections.abc import Callable, Mapping

from growthring.console.asked import Asked
from growthring.console.visit import Visit
from growthring.kernel.errors import UnknownValueError
from growthring.kernel.period import PeriodKind
from growthring.operations.answer import Answer
from growthring.operations.revenue.explain import explain
from growthring.operations.revenue.show import View, show
from growthring.revenue.metrics import METRICS

RATES = ("ndr", "grr", "logo_retention", "renewal_rate", "renewal_rate_net")
"""Rates that compare customers of a base with what became of them; each of these customers can be listed."""

LISTED = ("mrr", "arr", "customers", *RATES)
"""Metrics whose customers can be listed, all of them."""


def view_of(asked: Asked) -> View:
    """Return how a metric is looked at, from the parameters ``at``, ``from``, ``period``, ``by`` and ``currency``.

    Raises:
        UnknownValueError: There is no such length of a period.
    """
    period = asked.get("period", PeriodKind.MONTH.value)
    if period not in {kind.value for kind in PeriodKind}:
        raise UnknownValueError("period", period, (kind.value for kind in PeriodKind))
    return View(
        at=asked.get("at") or None, since=asked.get("from") or None, period=PeriodKind(period), by=asked.get("by"),
        currency=asked.get("currency") or None,
    )  # fmt: skip


def shown_metric(visit: Visit) -> Answer:
    """Answer a metric: parameters ``metric``, ``policy`` and those of a view."""
    found: Answer = visit.ask(show, _metric(visit), view_of(visit.asked), policy=visit.asked.get("policy") or None)
    return found


def explained_metric(visit: Visit) -> Answer:
    """Answer what a metric is made of: the same parameters."""
    found: Answer = visit.ask(explain, _metric(visit), view_of(visit.asked), policy=visit.asked.get("policy") or None)
    return found


def _metric(visit: Visit) -> str:
    name = visit.asked.get("metric", "mrr")
    if name not in METRICS:
        raise UnknownValueError("metric", name, METRICS)
    return name


ANSWERS: Mapping[str, Callable[[Visit], Answer]] = {"show": shown_metric, "explain": explained_metric}
"""Answers by name."""
