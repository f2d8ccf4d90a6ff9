"""Find the sentences that operations and the rooms below them say: caveats, errors with remedies, what is wrong with rows.

A sentence begins with a capital letter or a value and ends with a full stop; what is handed to an error or kept as a caveat is
one however it ends. Values inside it become places, `{name}` or `{0}`. A phrase that the same module puts into such a place is
said as well. SQL that writes sentences is read as SQL.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import sqlglot
from sqlglot import exp

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "growthring"
_NOT_SHOWN = ("cli", "company", "charts", "tables", "sources/draft.py", "sources/proposal.py")
"""What speaks to a terminal or a file alone, and the contracts of tables, which are a registry."""
_ONLY_ERRORS = "console"
"""Where every other sentence is found as what is handed to `_`."""
_ONLY_PHRASES = (
    "forecast/champion.py",
    "forecast/commitments",
    "forecast/layers.py",
    "forecast/scopes.py",
    "operations/data/rolled_up_meters.py",
    "operations/reading.py",
    "pricing/book.py",
    "pricing/reconciliation/checks.py",
)
"""Modules whose results stand inside the sentences of others."""
_CAVEATS = frozenset({"caveats", "told", "doubts", "found"})
"""Names of the lists in which caveats are gathered."""
_ERRORS = frozenset({"ValueError", "UnreadableFileError"})
_CODE = re.compile(
    r"\b(SELECT|FROM|WHERE|INSERT|CAST|COALESCE|CASE WHEN|JOIN|ORDER BY|IS NULL|AND|IN|ASC|DESC|UNION|YEAR)\b"
    r"|\|\||[\n\0]|^[\w.]+ (=|<=) \{|^\w+(, \w+)+$"
)
"""What nothing holds that is said."""
_HOLE = re.compile(r"\{(\w+)\}")

Texts = Iterator[tuple[str, str]]
"""Places and messages."""


def sentences() -> Texts:
    """Yield every sentence, and every phrase that stands in one, with the file it is in."""
    trees = {
        str(path.relative_to(PACKAGE)): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))
    }
    tellers = frozenset().union(*map(_told_what, trees.values()), errors(trees["kernel/errors.py"]))
    for place, tree in trees.items():
        if not place.startswith(_NOT_SHOWN):
            yield from ((place, text) for text in _Speech(place, tree, tellers).said())


def template(node: ast.expr) -> str:
    """Return a text with a place for each value in it.

    Example:
        >>> template(ast.parse('f"{count:,} rows of {file.name}, {a + b}"', mode="eval").body)
        '{count} rows of {name}, {0}'
    """
    if isinstance(node, ast.Constant):
        return str(node.value)
    names: list[str] = []
    text = ""
    for part in node.values if isinstance(node, ast.JoinedStr) else ():
        if isinstance(part, ast.FormattedValue):
            name = _name(part.value)
            if not name or name in names:
                name = str(sum(each.isdigit() for each in names))
            names.append(name)
            text += "{" + name + "}"
        elif isinstance(part, ast.Constant):
            text += str(part.value)
    return text


def errors(tree: ast.Module) -> frozenset[str]:
    """Return the names of the errors whose texts people read."""
    return _ERRORS | {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


def _told_what(tree: ast.Module) -> frozenset[str]:
    """Return the functions that are told what something is, to say it in an error: `def require_known(what, …)`."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return frozenset(each.name for each in functions if "what" in [name.arg for name in each.args.args[:2]])


@dataclass
class _Speech:
    """The texts of a module."""

    place: str
    tree: ast.Module
    tellers: frozenset[str]
    _inside: dict[ast.AST, ast.AST] = field(default_factory=dict)
    _values: dict[tuple[str, ast.AST], list[ast.expr]] = field(default_factory=dict)
    _functions: dict[str, list[ast.FunctionDef]] = field(default_factory=dict)
    _followed: set[object] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._inside = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef):
                self._functions.setdefault(node.name, []).append(node)
            for name, value in _named(node):
                self._values.setdefault((name, self._function(node)), []).append(value)

    def said(self) -> Iterator[str]:
        for node in ast.walk(self.tree):
            for each in self._spoken(node):
                yield template(each)
                yield from self._put_into(each)
            if isinstance(node, ast.keyword) and node.arg == "caveats":
                yield from self._phrases(node.value, self._function(node))
            if isinstance(node, ast.Call) and _name(node.func) == "_shown":
                yield from self._put_into(node.args[0])
            if isinstance(node, ast.Call | ast.Dict):
                yield from _of_sql(node)

    def _spoken(self, node: ast.AST) -> Iterator[ast.expr]:
        """Yield what is said at a node: a sentence by its form, or any text by where it stands."""
        if isinstance(node, ast.Call):
            yield from self._handed_over(node)
        elif self.place.startswith(_ONLY_ERRORS):
            return
        elif _is_text(node) and self._may_be_said(node) and _is_sentence(node):
            yield node
        elif isinstance(node, ast.Return | ast.Yield | ast.Assign) and self.place.startswith(_ONLY_PHRASES) and node.value:
            yield from (each for each in _texts(node.value) if _is_phrase(each))

    def _may_be_said(self, node: ast.AST) -> bool:
        """Whether a text is no docstring, no description of a field or a column, and no part of another text."""
        above = self._inside[node]
        call = self._inside.get(above) if isinstance(above, ast.keyword) else above
        of = _name(call.func) if isinstance(call, ast.Call) else ""
        return not isinstance(above, ast.Expr | ast.JoinedStr | ast.FormattedValue) and of not in ("Field", "Column")

    def _handed_over(self, call: ast.Call) -> Iterator[ast.expr]:
        """Yield what is handed to an error or gathered as a caveat; what an error is about may be one word."""
        name = _name(call.func)
        if name in self.tellers:
            told = [*call.args[:1], *(each.value for each in call.keywords if each.arg in ("valid", "remedy"))]
            yield from (text for each in told for text in _texts(each) if _is_phrase(text) or (text is each and _is_word(text)))
        elif isinstance(call.func, ast.Attribute) and _name(call.func.value) in _CAVEATS and call.args:
            yield from filter(_is_phrase, _texts(call.args[-1]))

    def _put_into(self, said: ast.expr) -> Iterator[str]:
        """Yield the phrases that stand in the places of a sentence."""
        for part in said.values if isinstance(said, ast.JoinedStr) else ():
            if isinstance(part, ast.FormattedValue):
                yield from self._phrases(part.value, self._function(part))

    def _phrases(self, value: ast.expr, function: ast.AST) -> Iterator[str]:
        """Yield the phrases that a value is made of, where its names are given in the same function or module."""
        for text in _texts(value):
            if text not in self._followed:
                self._followed.add(text)
                if _is_phrase(text):
                    yield template(text).lstrip("; ")
                yield from self._put_into(text)
        for node in ast.walk(value):
            made = _name(node) if isinstance(node, ast.Name | ast.Attribute) else ""
            if made and (made, function) not in self._followed:
                self._followed.add((made, function))
                for given, inside in self._given(made, function):
                    yield from self._phrases(given, inside)

    def _given(self, name: str, function: ast.AST) -> Iterator[tuple[ast.expr, ast.AST]]:
        """Yield what a name stands for: what is assigned to it, added to it, or returned by the function of that name."""
        for inside in (function, self.tree):
            yield from ((value, inside) for value in self._values.get((name, inside), ()))
        for called in self._functions.get(name, ()):
            returned = [each.value for each in ast.walk(called) if isinstance(each, ast.Return) and each.value]
            yield from ((value, called) for value in returned)

    def _function(self, node: ast.AST) -> ast.AST:
        while node in self._inside and not isinstance(node, ast.FunctionDef):
            node = self._inside[node]
        return node


def _named(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that a node gives a value to, or adds one to."""
    if isinstance(node, ast.Assign):
        yield from ((_name(each), node.value) for target in node.targets for each in ast.walk(target) if _name(each))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("append", "extend"):
        yield from ((_name(node.func.value), value) for value in node.args)


def _of_sql(node: ast.Call | ast.Dict) -> Iterator[str]:
    """Yield the messages and remedies of problem rows that SQL writes."""
    if isinstance(node, ast.Dict):
        keys = {each.value for each in node.keys if isinstance(each, ast.Constant)}
        pairs = zip(node.keys, node.values, strict=True) if "message" in keys else ()
        written = [value for key, value in pairs if isinstance(key, ast.Constant) and key.value in ("message", "remedy")]
    else:
        written = list(node.args) if _name(node.func) == "Rule" else []
        if _name(node.func) == "_shown" and _is_text(node.args[0]):
            yield template(node.args[0]) + " {value}"
    for each in written:
        if _is_text(each) and "'" in template(each) and not _is_sentence(each):
            yield from _written_by(_HOLE.sub(r"HOLE_\1_", template(each)))


def _written_by(sql: str) -> Iterator[str]:
    try:
        parsed = sqlglot.parse_one(sql, dialect="duckdb")
    except sqlglot.ParseError:
        return
    for case in parsed.find_all(exp.Case):
        for branch in (*(each.args["true"] for each in case.args["ifs"]), case.args.get("default")):
            yield from [text for text in [_joined(branch)] if branch and " " in text]
    if not isinstance(parsed, exp.Case):
        yield from [text for text in [_joined(parsed)] if " " in text]


def _joined(node: exp.Expression | None) -> str:
    """Return the text that an expression joins, with a place for each value."""
    holes = 0
    text = ""
    for part in node.flatten(unnest=True) if isinstance(node, exp.DPipe) else [node]:
        written = part.this if isinstance(part, exp.Format) else part
        if isinstance(written, exp.Literal) and written.is_string:
            text += re.sub(r"HOLE_(\w+?)_(?![a-z])", r"{\1}", written.this)
        else:
            text += "{" + str(holes) + "}"
            holes += 1
    while "{}" in text:
        text = text.replace("{}", "{" + str(holes) + "}", 1)
        holes += 1
    return text


def _texts(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the texts of an expression; those in the places of a text, and keys by which something is looked up, are not."""
    if _is_text(node):
        yield node
    elif isinstance(node, ast.Subscript):
        yield from _texts(node.value)
    else:
        for each in ast.iter_child_nodes(node):
            yield from _texts(each)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _has_words(node: ast.expr) -> bool:
    """Whether a text is known again by its form: it has two words, or one and a colon, outside its places."""
    text = template(node)
    words = re.findall(r"[A-Za-z]+", _HOLE.sub("", text))
    return (len(words) > 1 or bool(re.match(r"[A-Z][a-z]+\b.*:", text))) and not _CODE.search(text)


def _is_phrase(node: ast.expr) -> bool:
    """Whether a text may stand in a sentence, or be one: words, or a long word beside a place."""
    text = template(node)
    is_known = _has_words(node) or bool(re.search(r"\} [a-z]{5,}|[a-z]{5,} \{", text) and not _CODE.search(text))
    return is_known and " " in text.strip() and not re.search(r"^ |, $|[a-z_]\(", text)


def _is_sentence(node: ast.expr) -> bool:
    text = template(node)
    return bool(re.match(r"[A-Z`'\"{\d(]", text) and re.search(r"\.$|\. \{\w+\}$", text)) and _has_words(node)


def _is_word(node: ast.expr) -> bool:
    return bool(re.fullmatch(r"[a-z]+|[A-Z][a-z]+: .*", template(node)))


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
