"""The chart that an Answer is naturally drawn as: the one place that decides it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from growthring.revenue.metrics import METRICS
from growthring.tables import MOVEMENTS

if TYPE_CHECKING:
    from growthring.charts import Axis, Chart
    from growthring.operations.answer import Answer

_MOST_LINES = 12
_MOST_BARS = 30
_BESIDE = frozenset({"at", "value", "customers", "undefined"})


def chart_of(answer: "Answer") -> "Chart | None":
    """Return the chart of an Answer: movements as a waterfall, cohorts as a heatmap, periods as lines, groups as bars.

    An Answer that has one of none of them, such as a single figure, is not drawn.
    """
    rows = answer.rows
    if not rows:
        return None
    first = rows[0]
    if {"at", "start", "end", *MOVEMENTS} <= first.keys():
        return _waterfall(answer) if set(first) == {"at", "start", "end", *MOVEMENTS} else None
    if {"vintage", "age", "value"} <= first.keys():
        return _heatmap(answer)
    if {"at", "amount", "low80", "high80", "low95", "high95"} <= first.keys():
        return _fan(answer)
    return _series_or_groups(answer) if {"at", "value"} <= first.keys() else None


def title_of(answer: "Answer") -> str:
    """Return what people call the metric of an Answer."""
    if answer.metric in METRICS:
        return METRICS[answer.metric].called()
    words = answer.metric.replace("_", " ")
    return words[:1].upper() + words[1:]


def _series_or_groups(answer: "Answer") -> "Chart | None":
    from growthring.charts import bars, lines

    rows = [row for row in answer.rows if _is_figure(row.get("value"))]
    groups = [name for name in answer.rows[0] if name not in _BESIDE]
    periods = {str(row["at"]) for row in rows}
    if len(groups) > 1 or not rows:
        return None
    group = groups[0] if groups else ""
    if len(periods) > 1:
        chosen = _largest(rows, group, _MOST_LINES) if group else rows
        return lines(chosen, at="at", value="value", group=group, axis=_axis(answer), title=title_of(answer))
    if not group:
        return None
    largest = sorted(rows, key=lambda row: -Decimal(str(row["value"])))[:_MOST_BARS]
    return bars(largest, name=group, value="value", axis=_axis(answer), title=f"{title_of(answer)} by {group}, {answer.at}")


def _largest(rows: Sequence[Mapping[str, Any]], group: str, most: int) -> list[Mapping[str, Any]]:
    """Return the rows of the groups with the largest last figures: more lines than that cannot be told apart."""
    last = {str(row[group]): Decimal(str(row["value"])) for row in rows}
    kept = set(sorted(last, key=lambda name: -last[name])[:most])
    return [row for row in rows if str(row[group]) in kept]


def _waterfall(answer: "Answer") -> "Chart":
    from growthring.charts import waterfall

    last = answer.rows[-1]
    names = [name for name in MOVEMENTS if Decimal(str(last[name]))]
    steps = [{"step": name, "amount": last[name]} for name in ("start", *names, "end")]
    title = f"What changed in {last['at']}"
    return waterfall(
        steps, step="step", amount="amount", axis=_axis(answer), title=title, totals=("start", "end"), cut="(cut axis)"
    )


def _heatmap(answer: "Answer") -> "Chart":
    from growthring.charts import heatmap

    middle = 1.0 if answer.metric == "cohort_ndr" else None
    rows = [row for row in answer.rows if _is_figure(row["value"])]
    return heatmap(rows, across="age", down="vintage", value="value", axis=_axis(answer), title=title_of(answer), middle=middle)


def _fan(answer: "Answer") -> "Chart | None":
    from growthring.charts import fan

    if len({row["at"] for row in answer.rows}) < len(answer.rows):  # segments or series: several forecasts
        return None
    ranges = (("95 %", "low95", "high95"), ("80 %", "low80", "high80"))
    return fan([], answer.rows, at="at", value="amount", ranges=ranges, axis=_axis(answer), title=title_of(answer))


def _axis(answer: "Answer") -> "Axis":
    from growthring.charts import Axis

    if answer.unit == "ratio":
        return Axis("share", "share")
    return Axis(answer.unit, "count" if answer.unit == "count" else "amount")


def _is_figure(value: object) -> bool:
    try:
        return value is not None and Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False
