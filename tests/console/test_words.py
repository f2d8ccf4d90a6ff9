"""Every word of the interface is in the catalogue of each language, and nothing else is."""

import ast
import importlib.util
import re
import string
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.testclient import TestClient

import growthring.console
from growthring.console import desk
from growthring.console.pages import PAGES
from growthring.console.words import LANGUAGES, Words, catalogue
from growthring.console.work_words import WORKS
from growthring.kernel.errors import GrowthringError

_SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "words.py"
_OTHERS = [language for language in LANGUAGES if language != "en"]
_SAME_IN_ALL = {"ARR", "MRR", "NDR", "SQL", "Croston", "Theta"}
_CHINESE = re.compile(r"[一-鿿]")


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    found = importlib.util.spec_from_file_location("words_of_docs", _SCRIPT)
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    with pytest.MonkeyPatch.context() as script:
        script.syspath_prepend(_SCRIPT.parent)
        found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def messages(tool: ModuleType) -> dict[str, list[str]]:
    found: dict[str, list[str]] = tool.messages()
    return found


def _places(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("language", _OTHERS)
def test_every_message_of_the_code_is_in_the_catalogue_and_no_other(
    tool: ModuleType, messages: dict[str, list[str]], language: str
):
    wanted = set(messages)
    listed = {str(message.id) for message in tool.catalogue(language) if message.id}
    assert (sorted(wanted - listed), sorted(listed - wanted)) == ([], []), "`python docs/words.py` brings it up to date"


@pytest.mark.parametrize("language", _OTHERS)
def test_every_message_is_translated_with_the_same_places(tool: ModuleType, language: str):
    for message in tool.catalogue(language):
        if message.id:
            assert message.string and not message.fuzzy, f"not translated: {message.id}"
            assert _places(message.id) == _places(message.string), message.id


def test_chinese_is_written_in_chinese(tool: ModuleType):
    found = {str(message.id): str(message.string) for message in tool.catalogue("zh") if message.id}
    plain = {id for id, text in found.items() if not _CHINESE.search(re.sub(r"\{\w+\}", "", text))}
    known = {id for id in plain if id in _SAME_IN_ALL or not re.search(r"[A-Za-z]{2}", re.sub(r"\{\w+\}", "", id))}
    assert plain == known
    assert [text for text in found.values() if re.search(r"[一-鿿][,;:!?]|[一-鿿]\.(\s|$)", text)] == [], "full-width marks"


def test_terms_are_those_of_the_glossary_and_the_registry(tool: ModuleType):
    from growthring.operations.definitions import glossary

    found = catalogue("zh")
    terms = {term.term: term.chinese for term in glossary()}
    for english, term in {
        "Policy": "policy",
        "Recurring revenue": "recurring revenue",
        "Meter": "meter",
        "Price book": "price book",
    }.items():
        assert found[english] in terms[term]
    for name in ("new", "expansion", "contraction", "churn"):
        assert found[name.capitalize()] in terms[name]


def test_the_tool_finds_messages_in_code_constants_templates_and_registries(messages: dict[str, list[str]]):
    found = messages
    assert {"Sign in", "Audit trail", "Contraction", "admin", "policy {name}", "rating"} <= found.keys()
    assert all("{" not in place for places in found.values() for place in places)
    assert "figures" not in found, "names of sections in addresses are no words"


def test_units_are_made_of_their_currency():
    assert (Words("zh")("USD per month"), Words("en")("JPY per year")) == ("USD/月", "JPY per year")


def test_a_definition_is_said_in_the_readers_language(pages: TestClient):
    for metric in ("ndr", "mrr", "cmrr", "cohort_ndr"):
        blocks = pages.get(f"/answer.json?lang=zh&metric={metric}").json()["sections"][0]["blocks"]
        (facts,) = (block["facts"] for block in blocks if block["kind"] == "facts")
        assert not re.search(r"Revenue|[Rr]ecurring|customer", facts[0][1]) and _CHINESE.search(facts[0][1])


@pytest.fixture
def unlisted(monkeypatch: pytest.MonkeyPatch, messages: dict[str, list[str]]) -> Iterator[set[str]]:
    """Takes down what pages say that no catalogue lists; slow work is left out."""
    known, asked, speak, ask = set(messages), set[str](), Words.__call__, desk.Desk.ask

    def spoken(self: Words, message: str, **values: object) -> str:
        if message not in known:
            asked.add(message)
        return speak(self, message, **values)

    def quick(self: desk.Desk, operation: Any, *args: Any, slow: bool = False, **options: Any) -> Any:
        if slow:
            raise GrowthringError("Slow work is left out.")
        return ask(self, operation, *args, **options)

    monkeypatch.setattr(Words, "__call__", spoken)
    monkeypatch.setattr(desk.Desk, "ask", quick)
    yield asked


_DATA = re.compile(r"|[A-Z]{3}( per (month|year))?|.*[Σ×÷(].*|[a-z0-9_ ]+", re.DOTALL)
"""What pages say and no catalogue lists: currencies, formulas, names of attributes and figures of the data."""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_nothing_that_the_catalogue_does_not_list(pages: TestClient, unlisted: set[str], name: str):
    for address in (f"/{name}?lang=zh", f"/{name}?lang=zh&of=explain&metric=mrr"):
        assert pages.get(address).status_code == 200
    assert [message for message in unlisted if not _DATA.fullmatch(message)] == []


def test_every_long_work_has_a_name_for_people():
    pages = Path(growthring.console.__file__).parent / "pages"
    asked = {
        call.args[0].id
        for file in pages.glob("*.py")
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and getattr(call.func, "attr", "") == "ask"
        and any(each.arg == "slow" for each in call.keywords)
        if isinstance(call.args[0], ast.Name)
    }
    renamed = {"groups_of": "groups"}
    assert {renamed.get(name, name).replace("_", " ") for name in asked} <= WORKS.keys()
    assert len(asked) >= 10
