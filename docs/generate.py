"""Write the reference pages from what the code itself declares: run by `make docs`, checked by `tests/docs`.

Each function of PAGES returns pages by their path below docs/reference. To document a further registry, add a function.
Each function of DESCRIPTIONS yields (what, its description): a test fails for every one without a description.
"""

import importlib
import inspect
import json
import re
import sys
from collections.abc import Iterator
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from growthring.tables import CANONICAL, DERIVED, Column, ColumnType, Table

REFERENCE = Path(__file__).parent / "reference"
_MARK = "<!-- Made by `make docs` from the code: change it there. -->"


def optional(path: str) -> Any:
    """Return what `module:name` names, or nothing when the module does not exist."""
    module, _, name = path.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        return None


# --- tables ---------------------------------------------------------------------------------------------------------------


def tables_pages() -> dict[str, str]:
    """Return a page with every table, and a JSON Schema for each."""
    parts = [
        "# Tables",
        "Every table the product reads into, and every table it computes. A row that breaks a contract becomes a row of "
        "[problem](#problem); nothing is dropped without one. Amounts are in major units; months are counted as "
        "year × 12 + month − 1 ([why](../decisions/0003-months-are-integers.md)).",
        "## Tables that sources fill",
        *(_table_section(table) for table in CANONICAL.values()),
        "## Tables that are computed",
        *(_table_section(table) for table in DERIVED.values()),
    ]
    schemas = {
        f"schemas/{table.name}.schema.json": json.dumps(json_schema(table), indent=2, ensure_ascii=False)
        for table in _all_tables()
    }
    return {"tables.md": _page(*parts), **schemas}


def table_descriptions() -> Iterator[tuple[str, str]]:
    for table in _all_tables():
        yield f"table {table.name}", table.meaning
        for column in table.columns:
            yield f"column {table.name}.{column.name}", column.meaning
        for check in table.checks:
            yield f"check {table.name}.{check.code}", check.message
            yield f"remedy of {table.name}.{check.code}", check.remedy


def json_schema(table: Table) -> dict[str, Any]:
    """Return the JSON Schema of one row; exact decimals are text, so that no reader turns them into floats."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": table.name,
        "description": table.meaning,
        "type": "object",
        "properties": {column.name: _column_schema(column) for column in table.columns},
        "required": [column.name for column in table.columns if column.required],
        "additionalProperties": False,
    }


def _column_schema(column: Column) -> dict[str, Any]:
    schema = _type_schema(column.type)
    if column.values:
        schema["enum"] = list(column.values)
    if not column.required:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"].append(None)
    return {"description": column.meaning, **schema}


def _type_schema(kind: ColumnType) -> dict[str, Any]:
    if decimal := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind.value):
        precision, scale = int(decimal[1]), int(decimal[2])
        return {"type": "string", "pattern": rf"^-?\d{{1,{precision - scale}}}(\.\d{{1,{scale}}})?$"}
    return {
        ColumnType.TEXT: {"type": "string"},
        ColumnType.DATE: {"type": "string", "format": "date"},
        ColumnType.INSTANT: {"type": "string", "format": "date-time"},
        ColumnType.MONTH: {"type": "integer"},
        ColumnType.COUNT: {"type": "integer"},
        ColumnType.FLAG: {"type": "boolean"},
        ColumnType.RATIO: {"type": "number"},
    }[kind].copy()


def _all_tables() -> list[Table]:
    return [*CANONICAL.values(), *DERIVED.values()]


def _table_section(table: Table) -> str:
    facts = [f"One row: {table.grain}. Key: {', '.join(f'`{name}`' for name in table.key)}."]
    if table.partition_on:
        facts.append(f"Stored by the month of `{table.partition_on}`.")
    facts.append(f"[JSON Schema](schemas/{table.name}.schema.json).")
    rows = [
        (f"`{column.name}`", column.type.value, "yes" if column.required else "", _column_meaning(column))
        for column in table.columns
    ]
    parts = [f"### {table.name}", table.meaning, " ".join(facts), _grid(("column", "type", "required", "meaning"), rows)]
    if table.checks:
        checks = [(f"`{check.code}`", f"`{check.condition}`", check.message, check.remedy) for check in table.checks]
        parts.append(_grid(("problem code", "every row meets", "otherwise", "what to do"), checks))
    return "\n\n".join(parts)


def _column_meaning(column: Column) -> str:
    meaning = column.meaning
    if column.values:
        meaning += f" Values: {', '.join(f'`{value}`' if value else 'empty text' for value in column.values)}."
    if column.default is not None:
        meaning += f" When the source has none: `{column.default}`."
    return meaning


# --- settings and policies ------------------------------------------------------------------------------------------------

SETTINGS = (
    ("settings.md", "Settings of a project: growthring.toml", ("growthring.operations.project:Settings",)),
    ("policy.md", "Policy fields", ("growthring.revenue.policy:Policy",)),
    ("sources.md", "Settings of a source", ("growthring.sources.config:SourceConfig",)),
    (
        "price-books.md",
        "Fields of a price book: price_books/*.yaml",
        ("growthring.pricing.book:PriceBook", "growthring.pricing.book:MeterFile"),
    ),
)
"""Page, title and pydantic models of everything a user may write in a file; models inside a model are shown below it."""


def settings_pages() -> dict[str, str]:
    """Return one page for each settings file, with a section for each model in it."""
    pages = {}
    for page, title, paths in SETTINGS:
        if models := _models_at(paths):
            pages[page] = _page(f"# {title}", *(_model_section(model) for model in models))
    return pages


def _models_at(paths: tuple[str, ...]) -> list[type[BaseModel]]:
    """Return the models that paths name and all models inside them, each once."""
    return list(dict.fromkeys(inner for path in paths if (model := optional(path)) for inner in _models_in(model)))


SETTINGS_SCHEMAS = (
    ("growthring.toml", "growthring.operations.project:Settings"),
    ("policy", "growthring.revenue.policy:Policy"),
    ("price_book", "growthring.pricing.book:PriceBook"),
    ("meters", "growthring.pricing.book:MeterFile"),
)
"""Name and model of each file that an editor can check while it is typed."""


def settings_schemas() -> dict[str, str]:
    """Return the JSON Schema of each TOML file a user writes."""
    schemas = {}
    for name, path in SETTINGS_SCHEMAS:
        if model := optional(path):
            schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
            _describe(schema, model)
            schemas[f"schemas/{name}.schema.json"] = json.dumps(schema, indent=2, ensure_ascii=False)
    return schemas


def _describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Give every field its description, also those described in the docstring, and the short forms that people may write."""
    for inner in _models_in(model):
        described = schema if inner is model else schema["$defs"][inner.__name__]
        described["description"] = (inspect.getdoc(inner) or "").partition("\n")[0]
        for name, text in _field_descriptions(inner).items():
            described["properties"][name]["description"] = text
            if described["properties"][name].get("format") == "time":
                del described["properties"][name]["format"]  # of JSON Schema, which has seconds and a zone
                described["properties"][name]["pattern"] = r"^\d\d:\d\d(:\d\d)?$"
            if name in _CHOSEN_BY and "const" in described["properties"][name]:
                described["required"] = [name, *described.get("required", [])]
            if name in ("files", "occurrence_within"):
                many = described["properties"][name]
                many["anyOf"] = [{"type": "string"}, {"type": many.pop("type"), "items": many.pop("items")}]
            if name in ("columns", "attributes"):
                described["properties"][name]["additionalProperties"] = {"type": ["string", "number"]}


def settings_descriptions() -> Iterator[tuple[str, str]]:
    for _, _, paths in SETTINGS:
        for model in _models_at(paths):
            yield from _described(model)


def _described(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    for name, text in _field_descriptions(model).items():
        yield f"setting {model.__name__}.{name}", text


def _models_in(model: type[BaseModel]) -> list[type[BaseModel]]:
    """Return a model and every model that its fields hold, outermost first."""
    found = [model]
    for outer in found:
        for field in outer.model_fields.values():
            found += [inner for inner in _classes_in(field.annotation) if issubclass(inner, BaseModel) and inner not in found]
    return found


def _classes_in(annotation: Any) -> list[type]:
    if isinstance(annotation, type) and not getattr(annotation, "__args__", ()):
        return [annotation]
    return [inner for part in getattr(annotation, "__args__", ()) for inner in _classes_in(part)]


def _field_descriptions(model: type[BaseModel]) -> dict[str, str]:
    """Return the description of each field: its own, or the one under "Attributes:" in the docstring."""
    documented = _attributes(inspect.getdoc(model) or "")
    return {
        name: field.description or documented.get(name, "") or (_only_value(field.annotation) if name in _CHOSEN_BY else "")
        for name, field in model.model_fields.items()
    }


_CHOSEN_BY = ("model",)
"""Fields whose one value says which of several models is meant."""


def _only_value(annotation: Any) -> str:
    values = get_args(annotation)
    return f"`{values[0]}`: says that it is this price." if len(values) == 1 else ""


def _attributes(docstring: str) -> dict[str, str]:
    _, _, section = docstring.partition("Attributes:\n")
    entries = re.findall(r"^    (\w+): (.+(?:\n {5,}.+)*)", section, flags=re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}


def _model_section(model: type[BaseModel]) -> str:
    descriptions = _field_descriptions(model)
    rows = [
        (f"`{name}`", _type_name(field.annotation), _default(field), descriptions[name])
        for name, field in model.model_fields.items()
    ]
    summary = (inspect.getdoc(model) or "").partition("\n")[0]
    return f"## {model.__name__}\n\n{summary}\n\n" + _grid(("field", "type", "default", "meaning"), rows)


def _type_name(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return " ".join(f"`{member.value}`" for member in annotation)
    return f"`{_type_text(annotation)}`"


def _type_text(annotation: Any) -> str:
    """Write a type as in Python, without what only validation needs."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_text(inner[0])
    if origin in (Union, UnionType):
        return " | ".join(_type_text(each) for each in inner)
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, inner))}]"
    if origin is not None:
        return f"{origin.__name__}[{', '.join('...' if each is Ellipsis else _type_text(each) for each in inner)}]"
    return "None" if annotation is NoneType else getattr(annotation, "__name__", str(annotation))


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    if field.default is PydanticUndefined:
        return ""
    return f"`{json.dumps(field.default, default=str, ensure_ascii=False)}`"


def presets_pages() -> dict[str, str]:
    """Return a page with every shipped policy: what it reproduces, its source, and where it departs from the defaults."""
    sections = [_preset_section(policy) for policy in _presets()]
    return {"presets.md": _page("# Shipped policies", *sections)} if sections else {}


def preset_descriptions() -> Iterator[tuple[str, str]]:
    for policy in _presets():
        yield f"preset {policy.name}", policy.title
        yield f"source of preset {policy.name}", policy.source


def _presets() -> list[Any]:
    names = optional("growthring.revenue.policy:preset_names")
    if names is None or not (files("growthring.revenue") / "presets").is_dir():
        return []
    return [optional("growthring.revenue.policy:preset")(name) for name in names()]


def _preset_section(policy: Any) -> str:
    plain = type(policy).model_validate({"name": "plain"}).switches
    changed = [(f"`{name}`", f"`{value}`") for name, value in policy.switches.items() if value != plain.get(name)]
    labels = (("Source", policy.source), ("Inferred", policy.inferred), ("**Warning**", policy.warning))
    facts = [f"{label}: {text}" for label, text in labels if text]
    switches = _grid(("field", "value"), changed) if changed else "Every field at its default."
    return "\n\n".join([f"## {policy.name}", policy.title, *facts, switches])


def source_presets_pages() -> dict[str, str]:
    """Return a page with every shipped mapping: where it comes from, what is inferred, and its expressions."""
    sections = [_source_preset_section(preset) for preset in _source_presets()]
    return {"source-presets.md": _page("# Shipped mappings", *sections)} if sections else {}


def source_preset_descriptions() -> Iterator[tuple[str, str]]:
    for preset in _source_presets():
        yield f"mapping {preset.name}", preset.says


def _source_presets() -> list[Any]:
    load = optional("growthring.sources.presets:load_presets")
    return list(load().values()) if load else []


def _source_preset_section(preset: Any) -> str:
    columns = [(f"`{name}`", " or else ".join(f"`{each}`" for each in choices)) for name, choices in preset.columns.items()]
    attributes = [
        (f"attribute `{name}`", " or else ".join(f"`{each}`" for each in choices)) for name, choices in preset.attributes.items()
    ]
    excluded = [f"- `{rule.code}`, {rule.because}: left out when `{rule.when}`" for rule in preset.exclude]
    parts = [f"## {preset.name}", preset.says, _grid(("column", "expression"), columns + attributes), "\n".join(excluded)]
    return "\n\n".join(part for part in parts if part)


RATING_POLICY = "growthring.pricing.policy:RatingPolicy"
"""How a billing system reads a price book."""


def rating_policies_pages() -> dict[str, str]:
    """Return a page with the fields of a rating policy, and every shipped one."""
    if (model := optional(RATING_POLICY)) is None:
        return {}
    says = (
        "How a billing system reads a price book. `policy` in the book names one of these; `policy_changes` departs from it "
        "field by field. [How rating works](../explanation/rating.md) says why systems differ."
    )
    sections = [_rating_policy_section(policy) for policy in _rating_policies()]
    return {"rating-policies.md": _page("# Rating policies", says, _model_section(model), *sections)}


def rating_policy_descriptions() -> Iterator[tuple[str, str]]:
    if model := optional(RATING_POLICY):
        yield from _described(model)
    for policy in _rating_policies():
        yield f"rating policy {policy.name}", policy.title
        yield f"source of rating policy {policy.name}", policy.source


def _rating_policies() -> list[Any]:
    names = optional("growthring.pricing.policy:rating_preset_names")
    return [optional("growthring.pricing.policy:rating_preset")(name) for name in names()] if names else []


def _rating_policy_section(policy: Any) -> str:
    plain = type(policy)(name=policy.name, title=policy.title, source=policy.source).model_dump(mode="json")
    changed = [
        (f"`{name}`", f"`{json.dumps(value)}`") for name, value in policy.model_dump(mode="json").items() if value != plain[name]
    ]
    fields = _grid(("field", "value"), changed) if changed else "Every field at its default."
    return "\n\n".join([f"## {policy.name}", f"{policy.title}.", f"Source: {policy.source}.", fields])


# --- metrics --------------------------------------------------------------------------------------------------------------

METRICS = "growthring.revenue.metrics:METRICS"
"""The catalogue of metrics, by name."""


def metrics_pages() -> dict[str, str]:
    """Return a page with every metric: what it means, how it is computed, and when it has no value."""
    sections = [_metric_section(metric) for metric in _metrics()]
    return {"metrics.md": _page("# Metrics", *sections)} if sections else {}


def metric_descriptions() -> Iterator[tuple[str, str]]:
    for metric in _metrics():
        yield f"definition of metric {metric.name}", metric.definition
        yield f"formula of metric {metric.name}", metric.formula
        yield f"Chinese name of metric {metric.name}", metric.chinese
        if metric.denominator:
            yield f"why metric {metric.name} may have no value", metric.undefined


def _metric_section(metric: Any) -> str:
    fixed = ", ".join(f"`{name}` = `{value}`" for name, value in metric.basis)
    facts = [
        f"- **Formula**: {metric.formula}",
        f"- **Unit**: {metric.unit.value.replace('_', ' ')}",
        f"- **No value when** {metric.undefined}" if metric.undefined else "",
        f"- **Fixes the policy fields** {fixed}" if fixed else "",
        f"- **Capability**: {metric.capability}",
    ]
    listed = "\n".join(fact for fact in facts if fact)
    return f"## {metric.name}\n\n{metric.title} · {metric.chinese}\n\n{metric.definition}\n\n{listed}"


def _metrics() -> list[Any]:
    return list((optional(METRICS) or {}).values())


# --- words ----------------------------------------------------------------------------------------------------------------


def glossary_pages() -> dict[str, str]:
    """Return the glossary, which the console reads too."""
    return {"glossary.md": _page((files("growthring.operations") / "glossary.md").read_text(encoding="utf-8"))}


# --- commands -------------------------------------------------------------------------------------------------------------


def command_line() -> Any:
    """Return the command-line program as a tree of commands, or nothing before it exists."""
    app = optional("growthring.cli.main:app")
    if app is None:
        return None
    import typer

    return typer.main.get_command(app)


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command with the words that call it, the program itself first."""

    def walk(words: str, command: Any) -> Iterator[tuple[str, Any]]:
        yield words, command
        for name, inner in sorted(getattr(command, "commands", {}).items()):
            yield from walk(f"{words} {name}", inner)

    if program := command_line():
        yield from walk("growthring", program)


def commands_pages() -> dict[str, str]:
    """Return a page with every command, its arguments and its options."""
    sections = [_command_section(words, command) for words, command in commands() if not command.hidden]
    return {"commands.md": _page("# Commands", *sections)} if sections else {}


def command_descriptions() -> Iterator[tuple[str, str]]:
    for words, command in commands():
        yield f"command {words}", command.help or ""
        for parameter in command.params:
            if not _belongs_to_the_shell(parameter):
                yield f"{parameter.param_type_name} {words} {parameter.opts[0]}", getattr(parameter, "help", "") or ""


def _belongs_to_the_shell(parameter: Any) -> bool:
    return parameter.name in ("help", "install_completion", "show_completion")


def _command_section(words: str, command: Any) -> str:
    parts = [f"## {words}", inspect.cleandoc(command.help or "")]
    rows = [
        (f"`{' '.join([*each.opts, *each.secondary_opts])}`", getattr(each, "help", "") or "")
        for each in command.params
        if not _belongs_to_the_shell(each)
    ]
    return "\n\n".join([*parts, _grid(("argument or option", "meaning"), rows)] if rows else parts)


# --- putting it together --------------------------------------------------------------------------------------------------

PAGES = (
    tables_pages,
    settings_pages,
    settings_schemas,
    presets_pages,
    source_presets_pages,
    rating_policies_pages,
    metrics_pages,
    commands_pages,
    glossary_pages,
)
DESCRIPTIONS = (
    table_descriptions,
    settings_descriptions,
    preset_descriptions,
    source_preset_descriptions,
    rating_policy_descriptions,
    metric_descriptions,
    command_descriptions,
)


_ELSEWHERE = "Problem codes stand with their remedies in [Mend problem rows](../how-to/mend-problem-rows.md)."


def pages() -> dict[str, str]:
    """Return every generated page by its path below docs/reference."""
    made = {path: text.rstrip() + "\n" for page in PAGES for path, text in page().items()}
    titles = {path: re.search(r"^# (.+)$", text, flags=re.MULTILINE) for path, text in made.items() if path.endswith(".md")}
    links = [f"- [{title[1]}]({path})" for path, title in titles.items() if title]
    schemas = [f"- [`{path}`]({path})" for path in sorted(made) if path.endswith(".json")]
    parts = ["# Reference", "Made from the code.", "\n".join(links), _ELSEWHERE, "## JSON Schemas", "\n".join(schemas)]
    return {"index.md": _page(*parts).rstrip() + "\n", **made}


def undescribed() -> list[str]:
    """Return everything a user can see that has no description."""
    return [what for registry in DESCRIPTIONS for what, description in registry() if not description.strip()]


def write(folder: Path = REFERENCE) -> list[Path]:
    """Write the pages, remove those that no longer exist, and return what changed."""
    made = {folder / path: text for path, text in pages().items()}
    changed = [path for path, text in made.items() if not path.exists() or path.read_text() != text]
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made[path])
    stale = [path for path in folder.rglob("*.*") if path.is_file() and path not in made]
    for path in stale:
        path.unlink()
    return changed + stale


def _page(*parts: str) -> str:
    return "\n\n".join([_MARK, *parts])


def _grid(header: tuple[str, ...] | list[str], rows: list[tuple[str, ...]]) -> str:
    lines = [header, ["---"] * len(header), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    for changed in write():
        print(changed.relative_to(REFERENCE.parent.parent), file=sys.stderr)
