"""The catalogue of metrics."""

from growthring.kernel.errors import UnknownValueError
from growthring.revenue.metrics.balances import BALANCES
from growthring.revenue.metrics.churn import CHURN
from growthring.revenue.metrics.flows import FLOWS
from growthring.revenue.metrics.metric import Combine, Metric, Unit
from growthring.revenue.metrics.retention import RETENTION
from growthring.revenue.metrics.tables import TABLES

__all__ = ["METRICS", "Combine", "Metric", "Unit", "metric"]

METRICS: dict[str, Metric] = {metric.name: metric for metric in (*BALANCES, *FLOWS, *CHURN, *RETENTION, *TABLES)}
"""Every metric by name."""


def metric(name: str) -> Metric:
    """Return a metric by name.

    Raises:
        UnknownValueError: No metric has the name.
    """
    if name not in METRICS:
        raise UnknownValueError("metric", name, METRICS, remedy="`growthring metrics` lists them with their definitions.")
    return METRICS[name]
