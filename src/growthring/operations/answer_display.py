"""An Answer as a notebook shows it: the figure with its evidence, the first rows, and the chart."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from growthring.operations.answer_charts import chart_of, title_of

if TYPE_CHECKING:
    from growthring.operations.answer import Answer

VEGA_LITE = "application/vnd.vegalite.v6+json"
_SHOWN = 20
_WIDTH = 640
_NUMBER = "text-align:right;font-variant-numeric:tabular-nums"


def as_html(answer: "Answer") -> str:
    """Return an Answer as HTML: figure, definition, policy, the first rows and what to know before relying on it.

    Everything that comes from data is escaped; nothing is loaded from elsewhere.
    """
    policy = " ".join(part for part in (answer.policy.get("name", ""), answer.policy.get("version", "")) if part)
    facts = [("Period", answer.at), ("Policy", policy), ("Snapshot", answer.snapshot), ("Definition", answer.definition)]
    parts = [
        f"<p><strong>{_text(title_of(answer))}</strong><br>",
        f'<span style="font-size:1.6em;font-variant-numeric:tabular-nums">{_text(figure(answer))}</span></p>',
        "<dl>",
        *(f"<dt><small>{name}</small></dt><dd>{_text(value)}</dd>" for name, value in facts if value),
        "</dl>",
        *(f"<p>⚠ {_text(caveat)}</p>" for caveat in answer.caveats),
        _table(answer.rows),
    ]
    return f'<div class="growthring-answer">{"".join(parts)}</div>'


def as_bundle(answer: "Answer") -> dict[str, Any]:
    """Return an Answer by media type: text, HTML, and a Vega-Lite chart where it has a natural one."""
    bundle: dict[str, Any] = {"text/plain": as_text(answer), "text/html": as_html(answer)}
    return bundle | as_chart(answer)


def as_chart(answer: "Answer") -> dict[str, Any]:
    """Return the chart of an Answer by media type; empty where there is none."""
    chart = chart_of(answer)
    if chart is None:
        return {}
    spec = chart.painted()
    title = {"text": chart.title, "subtitle": f"{answer.at} · policy {answer.policy.get('name', '')}"}
    return {VEGA_LITE: {**spec, "width": _WIDTH, "title": title}}  # a notebook's cell has no width of its own


def as_text(answer: "Answer") -> str:
    """Return an Answer in a line.

    Example:
        >>> from growthring.operations.answer import Answer
        >>> as_text(Answer("mrr", "1234.50", "USD per month", "2024-12", "", {"name": "standard"}, "s"))
        'Monthly recurring revenue (MRR), 2024-12: 1,234.50 USD per month (policy standard)'
    """
    return f"{title_of(answer)}, {answer.at}: {figure(answer)} (policy {answer.policy.get('name', '')})"


def figure(answer: "Answer") -> str:
    """Return the figure with its unit as people read it; exact to the last digit, ratios in per cent."""
    value = answer.value
    if value is None:
        return f"{len(answer.rows):,} rows" if answer.rows else "undefined"
    if isinstance(value, float):
        return f"{value:.1%}" if answer.unit == "ratio" else f"{value:,.4g}"
    return f"{_grouped(value)} {answer.unit if answer.unit != 'count' else ''}".strip()


def _grouped(value: object) -> str:
    """Return a number with separators, text as it is."""
    text = str(value)
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, point, rest = digits.partition(".")
    is_number = whole.isascii() and whole.isdigit() and (not point or (rest.isascii() and rest.isdigit()))
    return f"{sign}{int(whole):,}{point}{rest}" if is_number else text


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    names = list(dict.fromkeys(name for row in rows[:_SHOWN] for name in row if not name.startswith("_")))
    head = "".join(f"<th>{_text(name.replace('_', ' '))}</th>" for name in names)
    body = "".join(f"<tr>{''.join(_cell(name, row.get(name)) for name in names)}</tr>" for row in rows[:_SHOWN])
    rest = f"<p><small>and {len(rows) - _SHOWN:,} more rows in <code>.rows</code></small></p>" if len(rows) > _SHOWN else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"


def _cell(name: str, value: object) -> str:
    if value is None:
        return "<td>–</td>"
    if isinstance(value, float):
        return f'<td style="{_NUMBER}">{value:,.4g}</td>'
    is_figure = isinstance(value, int) or name in ("value", "amount", "start", "end")
    text = _grouped(value) if is_figure and not isinstance(value, bool) else str(value)
    return f'<td style="{_NUMBER}">{_text(text)}</td>' if text != str(value) or is_figure else f"<td>{_text(text)}</td>"


def _text(value: object) -> str:
    return escape(str(value), quote=True)
