"""The colours of light and dark, and how marks and axes look: one definition for pages, notebooks and exports."""

from collections.abc import Mapping
from typing import Any, Literal

Mode = Literal["light", "dark"]

TOKENS: Mapping[Mode, Mapping[str, str]] = {
    "light": {
        "paper": "#ffffff", "page": "#f6f7f4", "ink": "#1b211d", "muted": "#59635c", "line": "#d9ded8", "faint": "#eceeea",
        "accent": "#1e6b4a", "accent-soft": "#dcefe4", "up": "#23784f", "down": "#b3402f", "flat": "#6b7570",
        "warn": "#8a5a00", "warn-soft": "#fdf1d7", "band": "#8fc3a8",
        "series-1": "#1e6b4a", "series-2": "#b5651d", "series-3": "#3b62a8", "series-4": "#8a3f7d",
        "series-5": "#4b7f86", "series-6": "#a3872b", "series-7": "#7a4b3a", "series-8": "#5a6472",
    },
    "dark": {
        "paper": "#181d1a", "page": "#111512", "ink": "#e8ece8", "muted": "#a3aea7", "line": "#343c37", "faint": "#222824",
        "accent": "#7fd0a6", "accent-soft": "#1f3a2d", "up": "#6cc698", "down": "#ef8d7c", "flat": "#9aa5a0",
        "warn": "#f0c265", "warn-soft": "#3b3018", "band": "#2f6b4d",
        "series-1": "#7fd0a6", "series-2": "#e5a25f", "series-3": "#8fb1ec", "series-4": "#d591c8",
        "series-5": "#8cc4cb", "series-6": "#d9c06b", "series-7": "#cf9a86", "series-8": "#aab4c2",
    },
}  # fmt: skip
"""Colour of each token by mode; text colours have at least 4.5 : 1 against paper and page."""

FONT = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'PingFang SC', 'Hiragino Sans GB', 'Microsoft YaHei', "
    "'Noto Sans CJK SC', 'WenQuanYi Micro Hei', sans-serif"
)
_SERIES = [f"token:series-{number}" for number in range(1, 9)]

CONFIG: Mapping[str, Any] = {
    "background": "token:paper",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": "token:muted", "titleColor": "token:muted", "gridColor": "token:faint", "domainColor": "token:line",
        "tickColor": "token:line", "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 220,
    },
    "legend": {"labelColor": "token:ink", "titleColor": "token:muted", "labelFontSize": 12, "orient": "top", "title": None},
    "title": {"color": "token:ink", "anchor": "start"},
    "text": {"color": "token:ink", "fontSize": 12},
    "range": {"category": _SERIES},
}  # fmt: skip
"""Vega-Lite configuration that every chart is drawn with; colours by token."""


def painted(spec: Any, mode: Mode = "light") -> Any:  # noqa: ANN401 - any part of a specification
    """Return a specification, or a part of one, with the colours of a mode in place of tokens.

    Example:
        >>> painted({"color": "token:up", "data": ["up"]}, "dark")
        {'color': '#6cc698', 'data': ['up']}
    """
    if isinstance(spec, Mapping):
        return {name: value if name == "values" else painted(value, mode) for name, value in spec.items()}
    if isinstance(spec, list):
        return [painted(each, mode) for each in spec]
    if isinstance(spec, str) and spec.startswith("token:"):
        return TOKENS[mode].get(spec.removeprefix("token:"), spec)
    return spec


def stylesheet() -> str:
    """Return the tokens as custom properties of CSS: light, dark where the system asks for it, and either by choice."""

    def properties(mode: Mode) -> str:
        return "".join(f"--{name}:{value};" for name, value in TOKENS[mode].items())

    return (
        f":root{{color-scheme:light;{properties('light')}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-mode=light]){{color-scheme:dark;{properties('dark')}}}}}\n"
        f":root[data-mode=dark]{{color-scheme:dark;{properties('dark')}}}\n"
    )
