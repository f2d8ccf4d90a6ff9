"""The forecast and the plan of cohorts side by side: two ways to the same months, and by how much they differ (FC-12)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from growthring.forecast.layers import Layer
from growthring.kernel.errors import GrowthringError
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer
from growthring.operations.forecasting.making import Asked, Made, make_forecast
from growthring.operations.history.opening import REVENUE
from growthring.operations.plans.waterfall import cohort_waterfall
from growthring.operations.project import Project

_LONGEST = 36
_WHY = (
    "The plan carries whole cohorts forward at constant rates; the forecast takes each account from its own level and is right "
    "on average in past sums."
)


@dataclass(frozen=True)
class Both:
    """What both say of the quarters that both have.

    Attributes:
        months: First and last of them.
        planned: Revenue of the plan.
        expected: Of the forecast, before commitments and people's entries, which the plan does not know.
        currency: Of both.
    """

    months: str
    planned: Decimal
    expected: Decimal
    currency: str

    def of_the_plan(self) -> str:
        """Return what a reader of the forecast must know of the plan."""
        return (
            f"`growthring waterfall` plans {self._text(self.planned)} for {self.months}, where this forecast expects "
            f"{self._text(self.expected)} before commitments and people's entries "
            f"({self._apart(self.expected, self.planned)}). {_WHY}"
        )

    def of_the_forecast(self) -> str:
        """Return what a reader of the plan must know of the forecast."""
        return (
            f"`growthring forecast` expects {self._text(self.expected)} for {self.months} before commitments and people's "
            f"entries, where this plan comes to {self._text(self.planned)} ({self._apart(self.planned, self.expected)}). {_WHY}"
        )

    def _text(self, amount: Decimal) -> str:
        return f"{self.currency} {amount:,.0f}"

    @staticmethod
    def _apart(mine: Decimal, other: Decimal) -> str:
        share = (mine - other) / other * 100 if other else Decimal(0)
        if abs(share) < Decimal("0.05"):
            return "the same"
        return f"{share:.1f} % above it" if share > 0 else f"{-share:.1f} % below it"


def plan_beside(project: Project, made: Made) -> list[str]:
    """Return, for a forecast of all revenue, what the plan of cohorts says of the same quarters; nothing for any other."""
    asked = made.asked
    if asked.measure != REVENUE or not asked.with_new or Layer.STATISTICAL not in asked.layers:
        return []
    quarters = [each for each in made.outlook.spans if each.kind == "quarter"]
    if not quarters:
        return []
    try:
        plan = cohort_waterfall(project, quarters=len(quarters), policy=asked.policy, as_of=asked.as_of)
    except GrowthringError:
        return []
    both = _both(made, plan.rows)
    return [both.of_the_plan()] if both else []


def forecast_beside(
    project: Project, plan: Answer, *, policy: str | None = None, as_of: datetime | None = None, progress: Progress = silent
) -> list[str]:
    """Return, for a plan of cohorts, what the forecast expects of the same quarters; nothing where there is none.

    Args:
        project: The project.
        plan: What `cohort_waterfall` answered.
        policy: The policy it was asked under.
        as_of: The instant whose knowledge it used.
        progress: Told about what has to be computed first.
    """
    quarters = len({row["quarter"] for row in plan.rows if row["kind"] == "step"})
    asked = Asked(horizon=min(3 * quarters, _LONGEST), layers=(Layer.STATISTICAL,), policy=policy, as_of=as_of)
    try:
        both = _both(make_forecast(project, asked, progress=progress), plan.rows)
    except GrowthringError:
        return []
    return [both.of_the_forecast()] if both else []


def _both(made: Made, rows: list[dict[str, Any]]) -> Both | None:
    planned = {row["quarter"]: Decimal(row["revenue"]) for row in rows if row["kind"] == "step" and row["cohort"] == "total"}
    outlook = made.outlook
    monthly = outlook.folded.units[Layer.STATISTICAL].sum(axis=0) + outlook.new_units
    spans = [each for each in outlook.spans if each.kind == "quarter" and each.label in planned]
    if not spans:
        return None
    expected = sum(int(np.sum(monthly[first - 1 : last])) for first, last in (each.window for each in spans))
    first, last = (outlook.origin + ahead for ahead in (spans[0].window[0], spans[-1].window[1]))
    return Both(
        f"{first} to {last}",
        sum((planned[each.label] for each in spans), Decimal(0)),
        Decimal(expected).scaleb(-4),
        made.history.currency,
    )
