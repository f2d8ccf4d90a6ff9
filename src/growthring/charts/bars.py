"""Bars: figures of groups beside each other, and how often a figure occurs."""

from collections.abc import Sequence

from growthring.charts.chart import Axis, Chart, Labels, Row, finished, number, ordered, rows_called

_BAR = 22


def bars(
    rows: Sequence[Row], *, name: str, value: str, axis: Axis, title: str, labels: Labels | None = None, href: str = "",
    signed: bool = False,
) -> Chart:  # fmt: skip
    """Draw a figure of each group as a horizontal bar.

    Args:
        rows: One row a group, in the order to be shown.
        name: Column of the group's name.
        value: Column of the figure.
        axis: What is measured.
        title: What is seen.
        labels: Words of the groups.
        href: Column that holds where a click on the bar leads.
        signed: Whether gains and losses are told apart by colour.
    """
    import altair as alt

    named = labels or Labels()
    drawn = [
        {
            "name": named(row[name]), "value": number(row[value]),
            "kind": "down" if signed and (number(row[value]) or 0) < 0 else "up" if signed else "accent",
            **({"href": str(row[href])} if href and row.get(href) else {}),
        }
        for row in rows
    ]  # fmt: skip
    kinds = ["up", "down", "accent"]
    chart = (
        alt.Chart(rows_called())
        .mark_bar(cornerRadius=2)
        .encode(
            y=alt.Y("name:N", sort=ordered(drawn, "name"), title=None),
            x=alt.X("value:Q", title=axis.title, axis=alt.Axis(format=axis.short, tickCount=5)),
            color=alt.Color("kind:N", legend=None, scale=alt.Scale(domain=kinds, range=[f"token:{kind}" for kind in kinds])),
            tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("value:Q", title=axis.title, format=axis.exact)],
            **({"href": alt.Href("href:N")} if any("href" in each for each in drawn) else {}),
        )
    )
    return finished(chart.properties(width="container", height=_BAR * max(1, len(ordered(drawn, "name")))), title, drawn)


def histogram(rows: Sequence[Row], *, bin_name: str, count: str, axis: Axis, title: str, marked: Sequence[str] = ()) -> Chart:
    """Draw how many fall into each bin, in the order of the rows.

    Args:
        rows: One row a bin.
        bin_name: Column of the bin's name.
        count: Column of how many fall into it.
        axis: What is counted.
        title: What is seen.
        marked: Names of bins that need attention.
    """
    import altair as alt

    drawn = [
        {"bin": str(row[bin_name]), "count": number(row[count]), "kind": "down" if str(row[bin_name]) in marked else "accent"}
        for row in rows
    ]
    chart = (
        alt.Chart(rows_called())
        .mark_bar(cornerRadius=2)
        .encode(
            x=alt.X("bin:N", sort=ordered(drawn, "bin"), title=None, axis=alt.Axis(labelAngle=0, labelOverlap="greedy")),
            y=alt.Y("count:Q", title=axis.title, axis=alt.Axis(format=axis.short, tickCount=5)),
            color=alt.Color(
                "kind:N", legend=None, scale=alt.Scale(domain=["accent", "down"], range=["token:accent", "token:down"])
            ),
            tooltip=[alt.Tooltip("bin:N", title=" "), alt.Tooltip("count:Q", title=axis.title, format=axis.exact)],
        )
    )
    return finished(chart.properties(width="container", height=220), title, drawn)
