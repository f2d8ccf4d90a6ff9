"""An Answer as a notebook shows it: the figure with its evidence, the first rows, and the chart."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from growthring.operations.answer_charts import chart_of, title_of
from growthring.tables import MOVEMENTS

if TYPE_CHECKING:
    from growthring.operations.answer import Answer

VEGA_LITE = "application/vnd.vegalite.v5+json"
"""What notebooks draw: JupyterLab does not know version 6, and no chart needs what is new in it."""
_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
_SHOWN = 20
_WIDTH = 640
_NUMBER = "text-align:right;font-variant-numeric:tabular-nums"
_FIGURES = frozenset({"value", "amount", "start", "end", *MOVEMENTS})
_DECIMAL = re.compile(r"(-?)(\d+)(\.\d+)?", flags=re.ASCII)


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
        _table(answer.rows, answer.unit),
    ]
    return f'<div class="growthring-answer">{"".join(parts)}</div>'


def as_bundle(answer: "Answer") -> dict[str, Any]:
    """Return an Answer by media type: text, HTML, and a Vega-Lite chart where it has a natural one."""
    bundle: dict[str, Any] = {"text/plain": as_text(answer), "text/html": as_html(answer)}
    return bundle | as_chart(answer)


def as_chart(answer: "Answer") -> dict[str, Any]:
    """Return the chart of an Answer by media type, as a specification and as a picture; empty where there is none."""
    chart = chart_of(answer)
    if chart is None:
        return {}
    title = {"text": chart.title, "subtitle": f"{answer.at} · policy {answer.policy.get('name', '')}"}
    spec = {**chart.painted(), "$schema": _SCHEMA, "width": _WIDTH, "title": title}  # a cell has no width of its own
    return {VEGA_LITE: spec, **_picture(spec)}


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
        count = len(answer.rows)
        return f"{count:,} row{'s' if count > 1 else ''}" if count else "undefined"
    if isinstance(value, float):
        return f"{value:.1%}" if answer.unit == "ratio" else f"{value:,.4g}"
    return f"{_grouped(value)} {answer.unit if answer.unit != 'count' else ''}".strip()


def _picture(spec: dict[str, Any]) -> dict[str, str]:
    """Return a chart as SVG for what draws no specification, such as exported notebooks; empty without `growthring[notebook]`."""
    try:
        from vl_convert import vegalite_to_svg
    except ModuleNotFoundError:
        return {}
    return {"image/svg+xml": vegalite_to_svg(spec, allowed_base_urls=[])}


def _grouped(value: object) -> str:
    """Return a number with separators, text as it is."""
    found = _DECIMAL.fullmatch(str(value))
    return f"{found[1]}{int(found[2]):,}{found[3] or ''}" if found else str(value)


def _table(rows: Sequence[Mapping[str, Any]], unit: str) -> str:
    if not rows:
        return ""
    names = list(dict.fromkeys(name for row in rows[:_SHOWN] for name in row if not name.startswith("_")))
    head = "".join(f"<th>{_text(name.replace('_', ' '))}</th>" for name in names)
    body = "".join(f"<tr>{''.join(_cell(name, row.get(name), unit) for name in names)}</tr>" for row in rows[:_SHOWN])
    rest = f"<p><small>and {len(rows) - _SHOWN:,} more rows in <code>.rows</code></small></p>" if len(rows) > _SHOWN else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"


def _cell(name: str, value: object, unit: str) -> str:
    if value is None:
        return "<td>–</td>"
    if isinstance(value, float):
        text = f"{value:.1%}" if name == "value" and unit == "ratio" else f"{value:,.4g}"
        return f'<td style="{_NUMBER}">{text}</td>'
    if _is_figure(name, value):
        return f'<td style="{_NUMBER}">{_text(_grouped(value))}</td>'
    return f"<td>{_text(value)}</td>"


def _is_figure(name: str, value: object) -> bool:
    """Tell figures from names made of digits: a figure is a count, has decimals, or stands in a column of amounts."""
    if isinstance(value, bool):
        return False
    found = _DECIMAL.fullmatch(str(value))
    return isinstance(value, int) or bool(found and (found[3] or name in _FIGURES))


def _text(value: object) -> str:
    return escape(str(value), quote=True)
