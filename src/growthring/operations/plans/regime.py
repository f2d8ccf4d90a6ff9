"""The regime of a project: where its net dollar retention and its new revenue lead if nothing changes (FC-20)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from growthring.forecast.regime import Projection, Regime, project_regime
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money
from growthring.operations.project import Project
from growthring.operations.reading import Reading, caveats, last_month_of, read, undefined_because
from growthring.revenue.evaluation import Question, evaluate
from growthring.revenue.metrics import metric

_DEFINITION = (
    "Annual recurring revenue if net dollar retention r and new revenue N a year stay as they are: below 100 % it tends to the "
    "ceiling N / (1 − r), at 100 % it grows by N a year, above it compounds. N is ARR now less r × ARR twelve months ago, so "
    "that the last twelve months are reproduced exactly."
)
_POINTS = 0.05


def regime(
    project: Project,
    *,
    at: str | None = None,
    years: int = 10,
    policy: str | None = None,
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> Answer:
    """Answer whether revenue runs into a ceiling, grows in a line, or compounds.

    Args:
        project: The project.
        at: The month; the last complete one when absent.
        years: Years of the path.
        policy: Policy that defines retention and ARR; the project's when absent.
        as_of: See only what was known then.
        progress: Told about what has to be computed first.
    """
    reading = read(project, policy=project.policy(policy), as_of=as_of, progress=progress)
    month = last_month_of(reading, at, include_partial=False)
    retention, customers, reason = _retention(reading, month)
    rows: list[dict[str, Any]] = []
    value, told = None, [f"{reason[0].upper()}{reason[1:]}."] if reason else []
    if retention is not None:
        now, before = (_arr(reading, each) for each in (month, month - 12))
        new = now - Decimal(repr(retention)) * before
        found = project_regime(float(now), float(new), retention, years)
        value = _money(found.ceiling, reading)
        rows = _rows(reading, found, retention, now, new)
        told = _doubts(reading, found, retention, new, customers)
    return Answer(
        metric="ndr_regime",
        value=value,
        unit=f"{reading.currency} per year",
        at=str(month),
        definition=_DEFINITION,
        policy=reading.policy_name(),
        snapshot=reading.snapshot.snapshot_id,
        rows=rows,
        caveats=[*told, *caveats(reading, [month])],
    )


def _retention(reading: Reading, month: Month) -> tuple[float | None, int, str]:
    """Return net dollar retention, the customers it rests on, and why there is none."""
    wanted = metric("ndr")
    points = evaluate(reading.ledger, Question(wanted, (month,)))
    base = points[0].denominator if points else None
    reason = undefined_because(reading, wanted, month, base, include_partial=False)
    if reason or not points or points[0].value is None:
        return None, 0, reason or "undefined, because nobody was a customer twelve months ago"
    return float(points[0].value), points[0].customers, ""


def _arr(reading: Reading, month: Month) -> Decimal:
    points = evaluate(reading.ledger, Question(metric("arr"), (month,)))
    return points[0].numerator if points else Decimal(0)


def _money(value: float | None, reading: Reading) -> str | None:
    return None if value is None else money(Decimal(repr(value)), reading.currency)


def _rows(reading: Reading, found: Projection, retention: float, now: Decimal, new: Decimal) -> list[dict[str, Any]]:
    years = None if found.years_to_90 is None else f"{found.years_to_90:.1f}"
    return [
        {"figure": "regime", "value": found.regime.value},
        {"figure": "net dollar retention", "value": f"{100 * retention:.1f} %"},
        {"figure": "ARR now", "value": money(now, reading.currency)},
        {"figure": "new ARR in twelve months", "value": money(new, reading.currency)},
        {"figure": "ceiling", "value": _money(found.ceiling, reading)},
        {"figure": "years to 90 % of the ceiling", "value": years},
        *({"figure": f"ARR in {year} years", "value": _money(amount, reading)} for year, amount in enumerate(found.path) if year),
    ]


def _doubts(reading: Reading, found: Projection, retention: float, new: Decimal, customers: int) -> list[str]:
    told = []
    if found.regime is not Regime.CEILING:
        told.append(f"There is no ceiling: retention is not below 100 % under policy {reading.policy.name}.")
    if found.ceiling is not None:
        low, high = (project_regime(found.path[0], float(new), retention + points, 0).ceiling for points in (-_POINTS, _POINTS))
        told.append(
            f"Retention rests on {customers:,} customers. With five points less the ceiling is {_money(low, reading)}, "
            f"with five points more {_money(high, reading) or 'gone'}."
        )
    if new < 0:
        told.append("New revenue is negative: under this policy the base of retention holds more than ARR of twelve months ago.")
    return told
