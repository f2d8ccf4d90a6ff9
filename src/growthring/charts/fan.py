"""Fan: what was, what is expected, and the ranges it will probably stay in."""

from collections.abc import Sequence

from growthring.charts.chart import Axis, Chart, Row, finished, number, rows_called


def fan(
    past: Sequence[Row], ahead: Sequence[Row], *, at: str, value: str, ranges: Sequence[tuple[str, str, str]], axis: Axis,
    title: str, words: tuple[str, str] = ("actual", "forecast"), compared: Sequence[Row] = (), compared_word: str = "",
) -> Chart:  # fmt: skip
    """Draw a history and a forecast with its ranges.

    Args:
        past: One row a period that is over.
        ahead: One row a period ahead.
        at: Column of the period's name.
        value: Column of the figure.
        ranges: Word, low and high column of each range, the widest first.
        axis: What is measured.
        title: What is seen.
        words: What the history and the forecast are called.
        compared: Another forecast of the periods ahead, drawn as a dashed line.
        compared_word: What it is called.
    """
    import altair as alt

    order = list(dict.fromkeys(str(row[at]) for row in (*past, *ahead)))
    joined = [*past[-1:], *ahead]
    drawn = [
        *({"at": str(row[at]), "value": number(row[value]), "group": words[0]} for row in past),
        *({"at": str(row[at]), "value": number(row[value]), "group": words[1]} for row in joined),
        *({"at": str(row[at]), "value": number(row[value]), "group": compared_word} for row in compared),
    ]
    across = alt.X("at:N", sort=order, title=None, axis=alt.Axis(labelAngle=0, labelOverlap="greedy"))
    layers, cells = [], {}
    for place, (word, low, high) in enumerate(ranges):
        cells[f"range_{place}"] = [
            {"at": str(row[at]), "low": number(row.get(low)), "high": number(row.get(high)), "range": word}
            for row in ahead
            if number(row.get(low)) is not None
        ]
        layers.append(
            alt.Chart(rows_called(f"range_{place}"))
            .mark_area(color="token:band", opacity=0.3 + 0.25 * place, line=False)
            .encode(
                x=across,
                y=alt.Y("low:Q", title=axis.title, axis=alt.Axis(format=axis.short, tickCount=5), scale=alt.Scale(zero=False)),
                y2=alt.Y2("high:Q"),
                tooltip=[
                    alt.Tooltip("at:N", title=" "),
                    alt.Tooltip("range:N", title=" "),
                    alt.Tooltip("low:Q", title="≥", format=axis.exact),
                    alt.Tooltip("high:Q", title="≤", format=axis.exact),
                ],
            )
        )
    groups = [*words, *([compared_word] if compared else [])]
    base = alt.Chart(rows_called()).encode(
        x=across,
        y=alt.Y("value:Q", title=axis.title, axis=alt.Axis(format=axis.short, tickCount=5), scale=alt.Scale(zero=False)),
        color=alt.Color(
            "group:N",
            sort=groups,
            scale=alt.Scale(domain=groups, range=["token:ink", "token:accent", "token:warn"][: len(groups)]),
        ),
        strokeDash=alt.StrokeDash(
            "group:N", legend=None, scale=alt.Scale(domain=groups, range=[[1, 0], [1, 0], [5, 4]][: len(groups)])
        ),
    )
    tooltip = [
        alt.Tooltip("at:N", title=" "), alt.Tooltip("group:N", title=" "),
        alt.Tooltip("value:Q", title=axis.title, format=axis.exact),
    ]  # fmt: skip
    layers += [base.mark_line(strokeWidth=2), base.mark_point(filled=True, size=30, opacity=1).encode(tooltip=tooltip)]
    return finished(alt.layer(*layers).properties(width="container", height=300), title, drawn, **cells)
