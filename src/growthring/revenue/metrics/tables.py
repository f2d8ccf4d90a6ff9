"""Metrics that are tables: the ledger and the cohorts."""

from growthring.revenue.metrics.metric import Combine, Metric, Unit

TABLES = (
    Metric(
        "movements",
        "Movement ledger",
        "收入变动台账",
        Unit.MONEY_PER_MONTH,
        "Start, every kind of movement and end of each period; start + movements = end to the cent.",
        "start + new + reactivation + expansion + contraction + churn + fx + transfer + adjustment = end",
        "flow",
        "movement_amount",
        combine=Combine.TABLE,
        capability="003-04",
    ),
    Metric(
        "cohort_logo",
        "Customer cohorts",
        "客户同期群",
        Unit.RATIO,
        "Customers of a vintage active in the last month of each period of its life, as a share of the vintage.",
        "active(vintage, age) / size(vintage)",
        "cohort",
        "active_customers",
        combine=Combine.TABLE,
    ),
    Metric(
        "cohort_revenue",
        "Revenue cohorts",
        "收入同期群",
        Unit.MONEY_PER_MONTH,
        "Recurring revenue of a vintage in the last month of each period of its life.",
        "Σ a(vintage, age)",
        "cohort",
        "amount",
        combine=Combine.TABLE,
    ),
    Metric(
        "cohort_ndr",
        "NDR by vintage and age",
        "净留存同期群",
        Unit.RATIO,
        "Recurring revenue of a vintage in the last month of each period of its life, over its customers' revenue in their first months.",
        "Σ a(vintage, age) / Σ a(vintage, 0)",
        "cohort",
        "amount",
        combine=Combine.TABLE,
    ),
)
