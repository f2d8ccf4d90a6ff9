"""Heatmap: figures by two names, such as retention by vintage and age."""

from collections.abc import Sequence

from growthring.charts.chart import Axis, Chart, Row, finished, number, ordered, rows_called

_CELL = 22


def heatmap(
    rows: Sequence[Row], *, across: str, down: str, value: str, axis: Axis, title: str, middle: float | None = None,
    href: str = "",
) -> Chart:  # fmt: skip
    """Draw figures as coloured cells; a cell without a figure stays empty.

    Args:
        rows: One row a cell, in the order of both axes.
        across: Column of the name across.
        down: Column of the name down.
        value: Column of the figure.
        axis: What is measured.
        title: What is seen.
        middle: The figure at which colour turns from loss to gain; one colour from low to high without it.
        href: Column that holds where a click on the cell leads.
    """
    import altair as alt

    drawn = [
        {
            "across": str(row[across]), "down": str(row[down]), "value": number(row[value]),
            **({"href": str(row[href])} if href and row.get(href) else {}),
        }
        for row in rows
    ]  # fmt: skip
    drawn = [each for each in drawn if each["value"] is not None]
    scale = (
        alt.Scale(range=["token:faint", "token:accent"])
        if middle is None
        else alt.Scale(domainMid=middle, range=["token:down", "token:faint", "token:accent"], clamp=True)
    )
    chart = (
        alt.Chart(rows_called())
        .mark_rect(stroke="token:paper", strokeWidth=1)
        .encode(
            x=alt.X(
                "across:N",
                sort=ordered(drawn, "across"),
                title=None,
                axis=alt.Axis(labelAngle=0, labelOverlap="greedy", orient="top"),
            ),
            y=alt.Y("down:N", sort=ordered(drawn, "down"), title=None),
            color=alt.Color("value:Q", title=None, scale=scale, legend=alt.Legend(format=axis.short, gradientLength=160)),
            tooltip=[
                alt.Tooltip("down:N", title=" "),
                alt.Tooltip("across:N", title=" "),
                alt.Tooltip("value:Q", title=axis.title, format=axis.exact),
            ],
            **({"href": alt.Href("href:N")} if any("href" in each for each in drawn) else {}),
        )
    )
    return finished(chart.properties(width="container", height=_CELL * max(1, len(ordered(drawn, "down")))), title, drawn)
