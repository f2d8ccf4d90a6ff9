"""Waterfall: how one level became another, step by step."""

from collections.abc import Sequence
from typing import Any

from growthring.charts.chart import Axis, Chart, Labels, Row, finished, number, ordered, rows_called

_SMALL = 0.3
"""Share of the level below which changes would not be seen on an axis from zero; the axis is then cut and says so."""
_LETTERS = 30
"""Letters of all steps' names that stand beside each other on a narrow screen; more of them are slanted."""


def waterfall(
    rows: Sequence[Row], *, step: str, amount: str, axis: Axis, title: str, totals: Sequence[str], labels: Labels | None = None,
    href: str = "", cut: str = "",
) -> Chart:  # fmt: skip
    """Draw steps between levels.

    Args:
        rows: One row a step, in order.
        step: Column of the step's name.
        amount: Column of its amount: a level for steps in ``totals``, else a change.
        axis: What is measured.
        title: What is seen.
        totals: Names of steps that are levels and stand on the ground.
        labels: Words of the steps.
        href: Column that holds where a click on the bar leads.
        cut: Added to the axis title where the axis does not begin at zero.
    """
    import altair as alt

    named = labels or Labels()
    drawn: list[dict[str, Any]] = []
    level = 0.0
    for row in rows:
        size = number(row[amount]) or 0.0
        is_level = str(row[step]) in totals
        before, level = (0.0, size) if is_level else (level, level + size)
        kind = "flat" if is_level else "up" if size >= 0 else "down"
        drawn.append(
            {
                "step": named(row[step]), "from": before, "to": level, "amount": size, "kind": kind,
                **({"href": str(row[href])} if href and row.get(href) else {}),
            }
        )  # fmt: skip
    order, domain = ordered(drawn, "step"), _domain(drawn)
    angle = -25 if sum(len(row["step"]) for row in drawn) > _LETTERS else 0
    scale = alt.Scale(domain=domain, nice=False) if domain else alt.Scale(zero=True)
    bars = (
        alt.Chart(rows_called())
        .mark_bar(cornerRadius=2, clip=True)
        .encode(
            x=alt.X("step:N", sort=order, title=None, axis=alt.Axis(labelAngle=angle, labelOverlap=False)),
            y=alt.Y(
                "from:Q",
                title=f"{axis.title} {cut}" if domain and cut else axis.title,
                axis=alt.Axis(format=axis.short),
                scale=scale,
            ),
            y2=alt.Y2("to:Q"),
            color=alt.Color(
                "kind:N",
                legend=None,
                scale=alt.Scale(domain=["up", "down", "flat"], range=["token:up", "token:down", "token:flat"]),
            ),
            tooltip=[alt.Tooltip("step:N", title=" "), alt.Tooltip("amount:Q", title=axis.title, format=axis.exact)],
            **({"href": alt.Href("href:N")} if any("href" in each for each in drawn) else {}),
        )
    )
    return finished(bars.properties(width="container", height=260), title, drawn)


def _domain(bars: Sequence[Row]) -> list[float]:
    """Return where a cut axis begins and ends, or nothing where it begins at zero."""
    levels = [float(bar["to"]) for bar in bars]
    low, high = min(levels, default=0.0), max(levels, default=0.0)
    return [low - (high - low) / 2, high + (high - low) / 10] if 0 < high - low < _SMALL * high else []
