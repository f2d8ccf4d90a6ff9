"""Bring the catalogues of the console's words up to date: `python docs/words.py` adds what is missing, drops what is not used.

A message is an English sentence that stands in the code: in `_("…")` and `words("…")`, as the title of a page, a section or a
deed, as a value of a constant declared as `Mapping[str, str]`, or in a constant that is handed to `_`. Stages of work, what
Answers are about, the sentences of operations (see sentences.py), and the registries of metrics, policies, tables and terms are
messages too. Names of metrics have both languages in their registry, and formulas without words are the same in all; neither is
listed.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from sentences import sentences

CONSOLE = Path(__file__).resolve().parents[1] / "src" / "growthring" / "console"
_SPEAKS = frozenset({"_", "words", "self"})
_TITLED = frozenset({"Section", "PageKind", "Deed", "LongDeed"})
_NO_WORDS = frozenset({"_UNIT_SHAPES"})


def messages() -> dict[str, list[str]]:
    """Return every message by the places it stands at."""
    found: dict[str, list[str]] = {}
    for place, message in [*_of_code(), *_of_templates(), *_of_operations(), *sentences(), *_of_registries()]:
        places = found.setdefault(message, [])
        if place not in places:
            places.append(place)
    return found


def catalogue(language: str) -> Catalog:
    """Read a catalogue."""
    path = CONSOLE / "locale" / f"{language}.po"
    if not path.exists():
        return Catalog(locale="zh_Hans_CN", project="growthring", charset="utf-8")
    with path.open("rb") as stream:
        return read_po(stream, locale="zh_Hans_CN")


def update(language: str) -> Catalog:
    """Write a catalogue with every message of the code: known ones keep their translation, new ones have none."""
    known, wanted = catalogue(language), messages()
    made = Catalog(
        locale="zh_Hans_CN", project="growthring", version="console", fuzzy=False, charset="utf-8",
        msgid_bugs_address="", last_translator="", language_team="",
        header_comment="# Words of the console. The English message is the key; `python docs/words.py` keeps the list complete.",
    )  # fmt: skip
    for message in sorted(wanted):
        entry = known.get(message)
        places = [(place, None) for place in sorted(wanted[message])]
        made.add(message, entry.string if entry else "", locations=places)  # type: ignore[arg-type]
    made.revision_date = made.creation_date = known.creation_date
    with (CONSOLE / "locale" / f"{language}.po").open("wb") as stream:
        write_po(stream, made, width=110, omit_header=False, include_lineno=False)
    return made


def _of_code() -> Iterator[tuple[str, str]]:
    for path in sorted(CONSOLE.rglob("*.py")):
        place = str(path.relative_to(CONSOLE))
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {name: value for name, _, value in _constants(tree)}
        for name, annotation, value in _constants(tree):
            if annotation == "Mapping[str, str]" and name not in _NO_WORDS:
                yield from ((place, text) for text in _texts(value))
        makers = _makers(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in makers:
                title = node.args[makers[node.func.id]] if len(node.args) > makers[node.func.id] else None
                yield from ((place, text) for text in (_literals(title) if title else ()))
            if isinstance(node, ast.Call):
                yield from ((place, text) for text in _spoken(node, constants))
            if isinstance(node, ast.For | ast.ListComp | ast.DictComp | ast.GeneratorExp) and _speaks_a_name(node):
                loops = [node] if isinstance(node, ast.For) else node.generators
                named = [each.id for loop in loops for each in ast.walk(loop.iter) if isinstance(each, ast.Name)]
                yield from ((place, text) for name in named if name in constants for text in _texts(constants[name]))


def _makers(tree: ast.Module) -> dict[str, int]:
    """Return the functions that make something with a title, and the place of the title among their arguments."""
    found = {}
    for function in tree.body:
        names = [each.arg for each in function.args.args] if isinstance(function, ast.FunctionDef) else []
        for call in ast.walk(function) if names else ():
            titled = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _TITLED
            if titled and len(call.args) > 1 and isinstance(call.args[1], ast.Name) and call.args[1].id in names:
                found[function.name] = names.index(call.args[1].id)
    return found


def _constants(tree: ast.Module) -> Iterator[tuple[str, str, ast.expr]]:
    """Yield name, annotation and value of each constant of a module."""
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, ast.unparse(node.annotation), node.value
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, "", node.value


def _spoken(call: ast.Call, constants: dict[str, ast.expr]) -> Iterator[str]:
    """Yield the messages that a call speaks: literal ones, choices between literals, and those of a constant."""
    name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name in _SPEAKS and call.args:
        yield from _literals(call.args[0])
        for node in ast.walk(call.args[0]):
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in constants:
                yield from _texts(constants[node.value.id])
    if name == "ask" and call.args and isinstance(call.args[0], ast.Name):  # a page that waits says what for
        yield call.args[0].id.replace("_", " ")
    titles = [*call.args[1:2], *(each.value for each in call.keywords if each.arg == "title")] if name in _TITLED else []
    for title in titles:
        if isinstance(title, ast.Constant) and isinstance(title.value, str) and title.value:
            yield title.value


def _speaks_a_name(node: ast.AST) -> bool:
    """Whether something in a loop speaks a variable: the loop then goes over messages."""
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call) and each.args and isinstance(each.args[0], ast.Name)]
    return any(
        (isinstance(call.func, ast.Name) and call.func.id in _SPEAKS)
        or (isinstance(call.func, ast.Attribute) and call.func.attr in _SPEAKS)
        for call in calls
    )


def _literals(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for each in node.values:
            yield from _literals(each)


def _texts(node: ast.expr) -> Iterator[str]:
    """Yield the texts of a constant, of a mapping those of its values."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Dict):
        for each in node.values:
            yield from _texts(each)
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        for each in node.elts:
            yield from _texts(each)


def _of_templates() -> Iterator[tuple[str, str]]:
    for path in sorted((CONSOLE / "templates").glob("*.html")):
        with path.open("rb") as stream:
            for _, message, _, _ in extract(
                "jinja2.ext:babel_extract", stream, keywords={"_": None}, options={"silent": "false"}
            ):
                yield str(path.relative_to(CONSOLE)), message if isinstance(message, str) else message[0]


def _of_operations() -> Iterator[tuple[str, str]]:
    """Yield the stages of long work, and what Answers are about."""
    for path in sorted(CONSOLE.parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if not isinstance(node, ast.Call) or called not in ("progress", "Answer"):
                continue
            place = str(path.relative_to(CONSOLE.parent))
            about = [each.value for each in node.keywords if each.arg == "metric"] if called == "Answer" else node.args[:1]
            yield from ((place, text.replace("_", " ")) for each in about for text in _literals(each))


def _of_registries() -> Iterator[tuple[str, str]]:
    """Yield what registries hold in words: roles, metrics, policies, layers, contracts of tables, the glossary."""
    from growthring.console.access import ROLES
    from growthring.forecast.layers import Layer
    from growthring.forecast.run_rate import POLICIES
    from growthring.kernel.period import PeriodKind
    from growthring.operations.definitions import glossary
    from growthring.operations.history.opening import REVENUE
    from growthring.operations.wording import MESSAGES
    from growthring.revenue.metrics import METRICS
    from growthring.revenue.policy import Normalisation, Policy, preset, preset_names
    from growthring.tables import CANONICAL

    yield from (("access.py", role) for role in ROLES)
    yield "operations/history/opening.py", REVENUE
    yield from (("forecast/layers.py", layer) for layer in Layer)
    yield from (("forecast/run_rate.py", way.title) for way in POLICIES.values())
    yield from (("operations/wording.py", text) for text in MESSAGES)
    for each in METRICS.values():
        in_words = each.formula if re.search("[a-z]{2} [a-z]{2}", each.formula) else ""
        yield from (("revenue/metrics", text) for text in (each.definition, each.undefined, in_words) if text)
    for policy in map(preset, preset_names()):
        yield from (
            ("revenue/policy.py", text) for text in (policy.title, policy.source, policy.warning, policy.inferred) if text
        )
    for model in (Policy, Normalisation):
        yield from (("revenue/policy.py", str(field.description).replace("`", "")) for field in model.model_fields.values())
    yield from (("kernel/period.py", kind.value.replace("_", " ")) for kind in PeriodKind)
    for table in CANONICAL.values():
        yield f"tables/{table.name}.py", table.meaning
        yield from ((f"tables/{table.name}.py", text) for check in table.checks for text in (check.message, check.remedy))
        yield from ((f"tables/{table.name}.py", column.meaning.rstrip(".")) for column in table.columns if column.required)
    for term in glossary():
        yield from (("glossary.md", text) for text in (term.meaning, term.about))


if __name__ == "__main__":
    written = update("zh")
    empty = [message.id for message in written if message.id and not message.string]
    print(f"{len(written)} messages, {len(empty)} without a translation")
    for text in empty:
        print(f"  {text}")
