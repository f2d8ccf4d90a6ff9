"""Forecasts published by hand, for a project of a few customers."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from growthring.forecast.snapshots import INTERVAL_SCHEMA, LINE_SCHEMA, ForecastFacts
from growthring.kernel.period import Month
from growthring.operations.forecasting.published import Published, publish_forecast
from growthring.operations.project import Project
from tests.forecast.bridge_world import rows


def publish(
    project: Project,
    origin: str,
    lines: Sequence[tuple],
    ranges: Sequence[tuple] = (),
    *,
    horizon: int = 3,
    as_of: date | None = None,
    author: str = "Kim",
    **facts,
) -> Published:
    """Publish lines of (account, series, month, layer, amount), and ranges of the total as (month, amount, low80 … high95)."""
    month = Month.parse(origin)
    policy, snapshot = project.policy(), project.shelf.current()
    known = {
        "measure": "revenue", "unit": "USD per month", "model": "CohortGrowth", "model_version": "1", "policy": policy.name,
        "policy_version": policy.version, "snapshot_id": snapshot.snapshot_id if snapshot else "",
        "layers": ("statistical", "rep"),
    }  # fmt: skip
    return publish_forecast(
        project,
        rows(
            LINE_SCHEMA,
            [
                (account, series, "all", Month.parse(at).index, layer, Decimal(str(amount)))
                for account, series, at, layer, amount in lines
            ],
        ),
        rows(
            INTERVAL_SCHEMA,
            [("total", "all", "month", *[Month.parse(at).index] * 2, *map(Decimal, map(str, bounds))) for at, *bounds in ranges],
        ),
        ForecastFacts(as_of=as_of or month.last_day, origin=month.index, horizon=horizon, **known | facts),
        author=author,
    )
