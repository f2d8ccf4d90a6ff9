"""Published forecasts side by side: what moved since one, between which ends a bridge can be laid, and the bridge itself."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pyarrow.compute as pc

from growthring.kernel.currency import exponent
from growthring.kernel.period import Month, PeriodKind
from growthring.kernel.progress import Progress, silent
from growthring.operations.adding_up import adding_up
from growthring.operations.answer import Answer
from growthring.operations.forecasting.bridge import ACTUAL, bridge
from growthring.operations.forecasting.forecast import publish
from growthring.operations.forecasting.making import Asked
from growthring.operations.forecasting.published import (
    Published,
    amount_text,
    currency_of,
    find_forecast,
    list_forecasts,
    short,
    show_forecast,
)
from growthring.operations.known_names import account_names
from growthring.operations.project import Project

Span = tuple[str, str, str, str]
"""Name, first and last month of a period, and the amount it has now."""

_LISTED = 200


def published_list(project: Project, measure: str) -> list[dict[str, Any]]:
    """Return the published forecasts of a measure, the newest first, each with what may be done with it next."""
    following = {"open": "submitted", "submitted": "approved", "approved": "locked"}
    rows = list_forecasts(project, measure=measure)
    return [row | {"next": following.get(row["state"], "")} for row in reversed(rows)]


def publication(project: Project, *, asked: Asked, author: str, note: str = "", progress: Progress = silent) -> Answer:
    """Make a forecast, keep it for good, and answer what it says; its one row is that of the list.

    Args:
        project: The project.
        asked: Measure, horizon, layers.
        author: Who publishes it.
        note: What it is published for.
        progress: Told about what has to be computed first.
    """
    kept = publish(project, asked, author=author, note=note, progress=progress)["forecast_id"]
    rows = [row for row in list_forecasts(project) if row["forecast_id"] == kept]
    return replace(show_forecast(project, kept), rows=rows)


def moved_since(project: Project, forecast: str, scope: str, name: str, spans: tuple[Span, ...]) -> Answer:
    """Answer what changed since a published forecast in the months that it spoke of, too.

    Args:
        project: The project.
        forecast: The published forecast.
        scope: ``total``, ``segment`` or ``account``.
        name: Which segment or account; of the total nothing.
        spans: What is expected now, by period.
    """
    found = find_forecast(project, forecast)
    then = _by_month(found, scope, name)
    currency = currency_of(found.facts.unit)
    rows = [_moved(then, span, currency) for span in spans]
    shared = [row for row in rows if row["published"] is not None]
    change = sum((Decimal(row["difference"]) for row in shared), Decimal(0))
    before = sum((Decimal(row["published"]) for row in shared), Decimal(0))
    return Answer(
        metric="moved_since",
        value=amount_text(change, currency) if shared else None,
        unit=currency or found.facts.unit,
        at=f"{shared[0]['at']} to {shared[-1]['at']}" if shared else "",
        definition=(
            f"The forecast of now less forecast {short(found.record.forecast_id)}, published by {found.record.author} on "
            f"{found.record.recorded_at:%Y-%m-%d} from {Month(found.facts.origin)}, over the months that both speak of."
        ),
        policy={"name": found.facts.policy, "version": found.facts.policy_version},
        snapshot=found.facts.snapshot_id,
        rows=[{"kind": "moved", **row} for row in rows]
        + [{"kind": "about", "before": amount_text(before, currency), "share": float(change / before) if before else None}],
        caveats=[] if shared else ["The two forecasts have no months in common, or the published one does not know the group."],
    )


def bridge_ends(project: Project, measure: str, first: str, second: str) -> dict[str, Any]:
    """Return the ends a bridge may have, those meant, and the stretches of time that both speak of.

    Args:
        project: The project.
        measure: ``revenue`` or ``usage:METER``.
        first: A published forecast, or nothing for the one before the second.
        second: A published forecast, ``actual``, or nothing: the latest forecast, or what came where there is only one.
    """
    known = published_list(project, measure)
    ids = [row["forecast_id"] for row in known]
    if not ids:
        return {"ends": [], "first": "", "second": "", "windows": []}
    until = second if second in (*ids, ACTUAL) else ids[0] if len(ids) > 1 else ACTUAL
    older = ids[ids.index(until) + 1 :] if until in ids else ids
    others = [*older, *(each for each in ids if each != until)]
    if not others:
        until, others = ACTUAL, ids
    since = first if first in others else others[0]
    return {"ends": known, "first": since, "second": until, "windows": _windows(project, since, until)}


def explained_difference(
    project: Project, first: str, second: str, *, window: str | None = None, progress: Progress = silent
) -> Answer:
    """Answer why two forecasts differ, or why what came differs from a forecast, with steps to draw and the residual as a row.

    Rows have a ``kind``: ``step`` (the first end, each part, the second end), ``residual``, which is of exact amounts, and
    ``account`` (of each part the two hundred largest). Amounts are rounded so that they add up.

    Args:
        project: The project.
        first: A published forecast.
        second: Another one, or ``actual``.
        window: A month, a quarter or a fiscal year; all months that both speak of when absent.
        progress: Told about what has to be computed first.
    """
    found = bridge(project, first, second, window=window or None, top=_LISTED, progress=progress)
    parts = [row for row in found.rows if row["kind"] == "part"]
    start, *changes, end = ({**row, "exact": Decimal(row["amount"])} for row in parts)
    residual = end["exact"] - sum((each["exact"] for each in (start, *changes)), Decimal(0))
    currency = currency_of(found.unit)
    step = Decimal(1).scaleb(-exponent(currency)) if currency else Decimal("0.0001")
    ends = [each["exact"].quantize(step, rounding=ROUND_HALF_UP) for each in (start, end)]
    shown = adding_up({each["part"]: int(each["exact"].scaleb(4)) for each in changes}, ends[1] - ends[0], step)
    rows: list[dict[str, Any]] = [
        {"kind": "step", "step": "start", "amount": str(ends[0]), "accounts": None},
        *(
            {"kind": "step", "step": each["part"], "amount": str(shown[each["part"]]), "accounts": each["accounts"]}
            for each in changes
        ),
        {"kind": "step", "step": "end", "amount": str(ends[1]), "accounts": None},
        {"kind": "residual", "step": "residual", "amount": str(residual)},
    ]
    names = account_names(project)
    for part, whole in shown.items():
        rows += _by_account([row for row in found.rows if row["kind"] == "account" and row["part"] == part], whole, step, names)
    return replace(found, value=str(ends[1] - ends[0]), rows=rows)


def _by_account(rows: list[dict[str, Any]], whole: Decimal, step: Decimal, names: dict[str, str]) -> list[dict[str, Any]]:
    """Return the accounts of a part, rounded so that they add up to it."""
    shared = adding_up({row["account"]: int(Decimal(row["amount"]).scaleb(4)) for row in rows}, whole, step)
    return [{**row, "name": names.get(row["account"], row["account"]), "amount": str(shared[row["account"]])} for row in rows]


def _by_month(found: Published, scope: str, name: str) -> dict[int, Decimal]:
    """Return what a published forecast says by month of the total, a segment or an account."""
    table = found.stored.intervals
    wanted = pc.and_(pc.equal(table["scope"], scope), pc.equal(table["window"], "month"))
    if scope != "total":
        wanted = pc.and_(wanted, pc.equal(table["name"], name))
    return {row["first_month"]: row["amount"] for row in table.filter(wanted).to_pylist()}


def _moved(then: dict[int, Decimal], span: Span, currency: str) -> dict[str, Any]:
    at, first, last, now = span
    months = range(Month.parse(first).index, Month.parse(last).index + 1)
    if not all(month in then for month in months):
        return {"at": at, "now": now, "published": None, "difference": None}
    published = amount_text(sum((then[month] for month in months), Decimal(0)), currency)
    return {"at": at, "now": now, "published": published, "difference": str(Decimal(now) - Decimal(published))}


def _windows(project: Project, first: str, second: str) -> list[str]:
    """Return years, quarters and months that lie whole within what both ends speak of."""
    ends = [find_forecast(project, name).facts for name in (first, second) if name != ACTUAL]
    start = min(each.origin for each in ends) + 1
    last = min(each.origin + each.horizon for each in ends)
    if second == ACTUAL:
        last = min(last, project.setting(project.snapshot()).last_complete_month.index)
    return [
        label
        for kind in (PeriodKind.FISCAL_YEAR, PeriodKind.QUARTER, PeriodKind.MONTH)
        for label in _whole(project, Month(start), Month(last), kind)
    ]


def _whole(project: Project, start: Month, last: Month, kind: PeriodKind) -> Sequence[str]:
    calendar = project.calendar
    months = [Month(index) for index in range(start.index, last.index + 1)]
    return [
        calendar.label(month, kind)
        for month in months
        if calendar.period_of(month, kind) == (month - (kind.months - 1), month) and month - (kind.months - 1) >= start
    ]
