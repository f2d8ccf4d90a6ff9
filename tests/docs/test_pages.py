"""What the pages say is true: links lead somewhere, commands exist, examples run, every printed term is explained."""

import doctest
import importlib
import pkgutil
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import growthring
from growthring.tables import DERIVED

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "src").rglob("README.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
    *sorted((ROOT / "bench").rglob("*.md")),
]
_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", flags=re.MULTILINE | re.DOTALL)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _prose(path: Path) -> str:
    return _FENCE.sub("", path.read_text())


def _anchors(path: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _prose(path), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", _prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or (anchor and anchor not in _anchors(path)):
            broken.append(link)
    assert broken == []


def test_every_page_can_be_reached_from_the_first() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for link in re.findall(r"\]\(([^)\s#]+\.md)[^)]*\)", _prose(page)):
            target = (page.parent / link).resolve()
            if target.exists() and target not in reached:
                waiting.append(target)
    assert [_name(page) for page in sorted((ROOT / "docs").rglob("*.md")) if page not in reached] == []


def _console_lines(page: Path) -> list[str]:
    blocks = [body for language, body in _FENCE.findall(page.read_text()) if language == "console"]
    joined = [body.replace("\\\n", " ") for body in blocks]
    return [line.strip()[2:] for body in joined for line in body.splitlines() if line.strip().startswith("$ ")]


def _program() -> Any:
    """The command line as a tree of commands."""
    main = pytest.importorskip("growthring.cli.main", reason="the command line does not exist yet")
    import typer

    return typer.main.get_command(main.app)


def _unknown_words(program: Any, words: list[str]) -> list[str]:
    """Return the words of a command line that name no command or option."""
    command, options, rest = program, {"--help"} | _options(program), words
    while inner := getattr(command, "commands", None):
        rest = rest[next((at for at, word in enumerate(rest) if not word.startswith("-")), len(rest)) :]
        if not rest:
            break
        if rest[0] not in inner:
            return [rest[0]]
        command, rest = inner[rest[0]], rest[1:]
        options |= _options(command)
    unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in options]
    takes_arguments = any(parameter.param_type_name == "argument" for parameter in command.params)
    if rest and not takes_arguments and not rest[0].startswith("-"):
        unknown.append(rest[0])
    return unknown


def _options(command: Any) -> set[str]:
    return {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}


@pytest.mark.parametrize("page", [page for page in PAGES if any(_console_lines(page))], ids=_name)
def test_commands_shown_in_a_page_exist(page: Path) -> None:
    unknown = []
    for line in _console_lines(page):
        program, *words = shlex.split(re.split(r" [|>&]", line)[0], comments=True)
        if program == "make":
            targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
            unknown += [word for word in words if "=" not in word and word not in targets]
        elif program == "growthring":
            unknown += _unknown_words(_program(), words)
    assert unknown == []


def test_the_check_of_commands_finds_unknown_ones() -> None:
    import typer

    app = typer.Typer()

    @app.command()
    def show(metric: str, at: str = "") -> None: ...

    @app.command()
    def run(quick: bool = False) -> None: ...

    program = typer.main.get_command(app)
    assert _unknown_words(program, ["show", "ndr", "--at", "2011-11"]) == []
    assert _unknown_words(program, ["run", "--no-quick"]) == []
    assert _unknown_words(program, ["shows", "ndr"]) == ["shows"]
    assert _unknown_words(program, ["show", "ndr", "--on", "2011-11"]) == ["--on"]
    assert _unknown_words(program, ["run", "ndr"]) == ["ndr"]


_RUN_AS_A_NOTEBOOK = ROOT / "docs" / "how-to" / "notebook.md"
"""Executed by tests/browser/test_notebook.py."""


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "```python" in page.read_text() and page != _RUN_AS_A_NOTEBOOK], ids=_name
)
def test_python_examples_in_a_page_run(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for language, body in _FENCE.findall(page.read_text()):
        if language == "python":
            exec(compile(body, str(page), "exec"), {"__name__": "example"})  # the point is to run it


def _glossary() -> dict[str, str]:
    page = (ROOT / "docs" / "reference" / "glossary.md").read_text()
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", page, flags=re.MULTILINE)
    return {term.strip("`"): chinese for term, chinese, _ in rows if term not in ("term", "---")}


def test_the_glossary_explains_every_word_the_ledger_prints() -> None:
    printed = {
        value
        for column in ("movement", "driver", "reason")
        for value in (next(each.values for each in DERIVED["movement"].columns if each.name == column))
        if value
    }
    assert printed - _glossary().keys() == set()


def test_every_term_of_the_glossary_has_a_chinese_term() -> None:
    assert [term for term, chinese in _glossary().items() if not re.search(r"[\u4e00-\u9fff]", chinese)] == []


_MODULES = [
    module.name for module in pkgutil.walk_packages(growthring.__path__, "growthring.") if ".migrations" not in module.name
]


@pytest.mark.parametrize("name", _MODULES)
def test_examples_in_docstrings_run(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name))
    assert results.failed == 0


def test_the_page_on_problem_rows_lists_every_code_that_reading_can_give() -> None:
    sources = ROOT / "src" / "growthring" / "sources"
    written = {
        code
        for path in sources.glob("*.py")
        for code in re.findall(r"""["']([A-Z]+(?:_[A-Z]+)+)["']""", path.read_text())
        if code != "MISSING_"
    }
    excluded = {
        code for path in sources.glob("presets/*.toml") for code in re.findall(r'^code = "(\w+)"', path.read_text(), re.M)
    }
    page = (ROOT / "docs" / "how-to" / "mend-problem-rows.md").read_text()
    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", page, flags=re.MULTILINE))
    assert listed == written | excluded
