"""Lines: figures over time, one line a group."""

from collections.abc import Sequence

from growthring.charts.chart import Axis, Chart, Labels, Row, finished, number, ordered, rows_called


def lines(
    rows: Sequence[Row], *, at: str, value: str, axis: Axis, title: str, group: str = "", labels: Labels | None = None,
    zero: bool = False, href: str = "",
) -> Chart:  # fmt: skip
    """Draw a figure over periods; a period without a figure leaves a gap.

    Args:
        rows: One row a period and group, in order of time.
        at: Column of the period's name.
        value: Column of the figure.
        axis: What is measured.
        title: What is seen.
        group: Column of the group, one line each; a single line without it.
        labels: Words of the groups.
        zero: Whether the axis begins at zero.
        href: Column that holds where a click on the point leads.
    """
    import altair as alt

    named = labels or Labels()
    drawn = [
        {
            "at": str(row[at]), "value": number(row[value]), "group": named(row[group]) if group else title,
            **({"href": str(row[href])} if href and row.get(href) else {}),
        }
        for row in rows
    ]  # fmt: skip
    base = alt.Chart(rows_called()).encode(
        x=alt.X("at:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelOverlap="greedy")),
        y=alt.Y("value:Q", title=axis.title, axis=alt.Axis(format=axis.short, tickCount=5), scale=alt.Scale(zero=zero)),
        color=alt.Color("group:N", legend=alt.Legend() if group else None, sort=ordered(drawn, "group")),
    )
    tooltip = [alt.Tooltip("at:N", title=" "), alt.Tooltip("value:Q", title=axis.title, format=axis.exact)]
    if group:
        tooltip.insert(0, alt.Tooltip("group:N", title=" "))
    points = base.mark_point(filled=True, size=36, opacity=1).encode(
        tooltip=tooltip, **({"href": alt.Href("href:N")} if any("href" in each for each in drawn) else {})
    )
    chart = base.mark_line(strokeWidth=2) + points
    return finished(chart.properties(width="container", height=260), title, drawn)
