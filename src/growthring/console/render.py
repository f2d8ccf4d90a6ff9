"""From sections to HTML and JSON."""

import json
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from growthring.charts import CONFIG, Chart
from growthring.console.asked import link
from growthring.console.blocks import Table
from growthring.console.export import rows_as_shown
from growthring.console.reader import Reads
from growthring.console.shown import shown
from growthring.console.visit import Built, PageKind, Visit
from growthring.console.words import LANGUAGES, Words
from growthring.kernel.ids import file_digest

STATIC = Path(__file__).parent / "static"
MENU = ("home", "revenue", "account", "pricing", "forecast", "data", "definitions")


@cache
def environment() -> Environment:
    """Return the templates."""
    found = Environment(
        loader=PackageLoader("growthring.console"), autoescape=select_autoescape(default=True), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    found.filters["embedded"] = embedded
    found.globals.update(menu_items=menu_items, link=link, shown=shown, chart_config=CONFIG, static=static, languages=LANGUAGES)
    return found


def menu_items(words: Words) -> list[tuple[str, str]]:
    """Return name and title of the pages that the menu leads to."""
    from growthring.console.pages import PAGES

    return [(name, words(PAGES[name].title)) for name in MENU if name in PAGES]


def embedded(value: object) -> Markup:
    """Return a value as JSON that can stand inside a script element, whatever text it holds."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704 - escaped here


@cache
def static(name: str) -> str:
    """Return the address of a static file; it changes with the file, so that browsers may keep it for good."""
    return f"/static/{name}?v={file_digest(STATIC / name)[:12]}"


def render(template: str, reader: Reads, **context: Any) -> str:  # noqa: ANN401 - what the template shows
    """Return a template as HTML in the language of who reads."""
    shown_to = {"visit": reader, "asked": reader.asked, "user": reader.user, "_": reader.words, "csrf": ""}
    return environment().get_template(template).render(shown_to | context)


def as_json(page: PageKind, heading: str, built: list[Built], visit: Visit) -> dict[str, Any]:
    """Return a page as plain data: the same sections and blocks, with all rows that match."""
    return {
        "page": page.name,
        "title": heading,
        "url": visit.asked.url(),
        "sections": [
            {"name": each.name, "title": each.title, "blocks": [plain(block, visit) for block in each.blocks]} for each in built
        ],
    }


def plain(value: Any, visit: Visit) -> Any:  # noqa: ANN401 - any part of a block
    """Return a block, or a part of one, as plain data."""
    if isinstance(value, Table):
        found = shown(value, visit.asked, every=True)
        columns = [{"name": column.name, "label": column.label} for column in value.columns]
        return {"kind": "table", "name": value.name, "title": value.title, "columns": columns, "count": found.count,
                "rows": rows_as_shown(value, found.rows)}  # fmt: skip
    if isinstance(value, Chart):
        return {"title": value.title, "spec": value.painted()}
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name), visit) for each in fields(value)}
    if isinstance(value, dict):
        return {str(name): plain(each, visit) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each, visit) for each in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
