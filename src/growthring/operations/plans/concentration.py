"""Portfolio concentration of a project: by any attribute, of revenue or usage, and who moves the total (FC-08)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from growthring.engine.relation import literal
from growthring.forecast.concentration import LEAST_CHANGES, Concentration, concentrate
from growthring.kernel.errors import UnknownValueError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer, money
from growthring.operations.project import Project
from growthring.operations.reading import Reading, caveats, read
from growthring.revenue.evaluation import Question, evaluate
from growthring.revenue.metrics import metric

_DEFINITION = (
    "Sum of the squared shares of groups (Herfindahl–Hirschman): 1 is a single group. Contribution is a group's part of the "
    "variance of the total's monthly change; the parts add up to 1."
)
_WINDOW = 36


def concentration(
    project: Project,
    *,
    by: str = "industry",
    measure: str = "revenue",
    policy: str | None = None,
    as_of: datetime | None = None,
    progress: Progress = silent,
) -> Answer:
    """Answer how concentrated revenue or usage is over the values of an attribute, and who moves the total.

    Args:
        project: The project.
        by: An account attribute, ``product``, ``product_family``, or ``customer``.
        measure: ``revenue`` or ``usage:METER``.
        policy: Policy name; the project's when absent.
        as_of: See only what was known then.
        progress: Told about what has to be computed first.
    """
    reading = read(project, policy=project.policy(policy), as_of=as_of, progress=progress)
    kind, _, meter = measure.partition(":")
    if kind not in ("revenue", "usage") or (kind == "usage") != bool(meter):
        raise UnknownValueError("measure", measure, ("revenue", "usage:METER"))
    cells = _revenue(reading, by) if kind == "revenue" else _usage(reading, by, meter)
    last = reading.ledger.setting.last_complete_month
    names = sorted({name for name, _, _ in cells})
    months = [month for _, month, _ in cells if month <= last.index]
    if not names or not months:
        return _answer(reading, last, None, [], ["There is nothing to be concentrated: no revenue or usage."])
    first = max(min(months), last.index - _WINDOW)
    groups = np.zeros((len(names), last.index - first + 1))
    at = {name: number for number, name in enumerate(names)}
    for name, month, amount in cells:
        if first <= month <= last.index:
            groups[at[name], month - first] += float(amount)
    found = concentrate(groups)
    rows = _rows(reading, by, names, groups, found, kind)
    return _answer(reading, last, round(found.hhi, 4), rows, _doubts(found, names))


def _revenue(reading: Reading, by: str) -> list[tuple[str, int, Decimal]]:
    if by == "customer":
        rows = reading.ledger.connection.execute("SELECT entity_id, month, amount FROM entity_month WHERE amount > 0").fetchall()
        return [(str(name), month, amount) for name, month, amount in rows]
    setting = reading.ledger.setting
    start = reading.first_month or setting.last_complete_month
    first = max(start.index, setting.last_complete_month.index - _WINDOW)
    months = tuple(Month(index) for index in range(first, setting.last_complete_month.index + 1))
    points = evaluate(reading.ledger, Question(metric("mrr"), months, by=by))
    return [(point.group, point.at_month.index, point.numerator) for point in points]


def _usage(reading: Reading, by: str, meter: str) -> list[tuple[str, int, Decimal]]:
    known = literal(reading.ledger.setting.as_of)
    connection = reading.ledger.connection
    meters = [row[0] for row in connection.execute("SELECT DISTINCT meter FROM usage ORDER BY 1").fetchall()]
    if meter not in meters:
        raise UnknownValueError("meter", meter, meters)
    attributes = [row[0] for row in connection.execute("SELECT DISTINCT attribute FROM account_attribute ORDER BY 1").fetchall()]
    if by not in ("customer", *attributes):
        raise UnknownValueError("attribute", by, (*attributes, "customer"))
    group = "usage.account_id" if by == "customer" else "COALESCE(grouping.value, '(unknown)')"
    rows = connection.execute(f"""
WITH grouping AS (
  SELECT account_id, ARG_MAX(value, COALESCE(valid_from, DATE '0001-01-01')) AS value FROM account_attribute
  WHERE attribute = {literal(by)} AND known_at <= {known} GROUP BY 1
)
SELECT {group}, YEAR(used_at) * 12 + MONTH(used_at) - 1, SUM(quantity)
FROM usage LEFT JOIN grouping ON grouping.account_id = usage.account_id
WHERE meter = {literal(meter)} AND usage.known_at <= {known} GROUP BY 1, 2""").fetchall()
    return [(str(name), month, amount) for name, month, amount in rows]


def _rows(
    reading: Reading, by: str, names: list[str], groups: np.ndarray, found: Concentration, kind: str
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in np.argsort(-found.shares, kind="stable"):
        now = Decimal(repr(float(groups[number, -1])))
        row: dict[str, Any] = {by: names[number]}
        row["now"] = money(now, reading.currency) if kind == "revenue" else f"{now.normalize():f}"
        row["share"] = f"{100 * found.shares[number]:.1f} %"
        if found.is_enough:
            row["volatility"] = _share(found.volatility[number])
            row["contribution"] = _share(found.contribution[number])
            row["moves_with"] = _partner(found, names, int(number))
        rows.append(row)
    return rows


def _share(value: float) -> str | None:
    return None if np.isnan(value) else f"{100 * value:.1f} %"


def _partner(found: Concentration, names: list[str], number: int) -> str | None:
    """Name the group whose changes are most correlated with a group's, if beyond what independent groups show."""
    if not found.correlation.size:
        return None
    others = found.correlation[number].copy()
    others[number] = np.nan
    if np.isnan(others).all():
        return None
    at = int(np.nanargmax(np.abs(others)))
    return f"{names[at]} ({others[at]:+.2f})" if abs(others[at]) > found.noise(len(names) - 1) else None


def _doubts(found: Concentration, names: list[str]) -> list[str]:
    told = [
        f"{found.effective:.1f} equal groups would be as concentrated; there are {int((found.shares > 0).sum())} of {len(names)}."
    ]
    if not found.is_enough:
        return [*told, f"{found.changes} changes from month to month: too few to speak of movement ({LEAST_CHANGES} are needed)."]
    if not np.isnan(found.diversification):
        told.append(f"The total moves {100 * found.diversification:.0f} % as much as the groups would if all moved as one.")
    return [*told, f"Correlations within ±{found.noise():.2f} are what {found.changes} months of independent groups show, too."]


def _answer(reading: Reading, last: Month, value: float | None, rows: list[dict[str, Any]], told: list[str]) -> Answer:
    return Answer(
        metric="portfolio_hhi", value=value, unit="index", at=str(last), definition=_DEFINITION, policy=reading.policy_name(),
        snapshot=reading.snapshot.snapshot_id, rows=rows, caveats=[*told, *caveats(reading, [last])],
    )  # fmt: skip
