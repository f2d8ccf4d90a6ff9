"""Sentences of operations are said in the language of the page, whatever values stand in them."""

import ast
import importlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.testclient import TestClient

from growthring.console.blocks import Facts, Figure, Figures, Note, Statement, Statements
from growthring.console.heard import Form, Hearing
from growthring.console.pages import PAGES
from growthring.console.visit import in_language
from growthring.console.words import Words, hearing
from growthring.kernel.errors import UnknownValueError

_DOCS = Path(__file__).resolve().parents[2] / "docs"
_SAID = {
    "No data were read.": "没有读到数据。",
    "Read them with `growthring run`.": "用 `growthring run` 读取。",
    "The books cannot be tried: {0}.": "价目表无法试算：{0}。",
    "{book} is under {place}": "{book} 在 {place} 之下",
    "Unknown {what}: {received}.": "未知的{what}：{received}。",
    "Policy {name}: {warning}": "口径 {name}：{warning}",
    "undefined, because {why}": "没有定义，因为{why}",
    "nobody was there": "没有人",
    "Nobody pays. All stay.": "没有人付费。都留下。",
    "meter": "计量项",
    "Usage": "用量",
    "{first} to {last}": "{first} 至 {last}",
    "{shown} of {all} are there. Wait.": "{all} 中有 {shown}。请等待。",
}


@pytest.fixture
def heard() -> Hearing:
    return Hearing(_SAID, _SAID)


@pytest.mark.parametrize(
    ("said", "there"),
    [
        ("No data were read.", "没有读到数据。"),
        ("Unknown meter: x.y.", "未知的计量项：x.y。"),
        ("The books cannot be tried: api is under a; b is under c.", "价目表无法试算：api 在 a 之下；b 在 c 之下。"),
        ("Policy own: No data were read.", "口径 own：没有读到数据。"),
        ("3 of 4 are there. Wait.", "4 中有 3。请等待。"),
        ("Policy own: Nobody pays. All stay.", "口径 own：没有人付费。都留下。"),
        ("The books cannot be tried: 2024-01 to 2024-03.", "价目表无法试算：2024-01 至 2024-03。"),
    ],
)
def test_a_sentence_is_known_by_its_form_and_its_values_too(heard: Hearing, said: str, there: str):
    assert heard(said) == there


def test_several_sentences_are_said_one_by_one_and_no_value_swallows_the_next(heard: Hearing):
    assert heard("Unknown meter: a. Read them with `growthring run`.") == "未知的计量项：a。用 `growthring run` 读取。"
    assert heard("No data were read. Nobody knows why. No data were read.") == ("没有读到数据。 Nobody knows why. 没有读到数据。")


def test_a_reason_is_known_when_it_was_made_a_sentence(heard: Hearing):
    assert heard("Undefined, because nobody was there.") == "没有定义，因为没有人。"


def test_names_of_the_data_stay_as_they_are(heard: Hearing):
    assert heard("The books cannot be tried: Usage.") == "价目表无法试算：Usage。"
    assert heard("Unknown meter: meter.") == "未知的计量项：meter。", "what somebody typed"
    assert heard("Oak & Sons") == "Oak & Sons"


def test_english_is_said_as_it_is():
    text = "2011-12 is partial: the data end on 2011-12-09."
    assert (Words("en").heard(text), Words("zh").heard(text) == text) == (text, False)


def test_a_form_of_one_word_takes_words_alone():
    form = Form.of("{count} months", "")
    assert form.values("6 months") == {"count": "6"}
    assert form.values("the last 6 months") is None


def test_values_are_put_in_by_name_where_the_order_differs():
    form = Form.of("{count} of {whole} are late by {days} days.", "")
    assert form.values("3 of 4 are late by 2 days.") == {"count": "3", "whole": "4", "days": "2"}
    assert form.values("3 of 4 are late by 2 weeks.") is None
    assert form.values("by 2 days.") is None


@pytest.mark.parametrize("hostile", ["a of ", "{0}", "x: ", "No. A. ", "; ", "1 to ", "is not a number: "])
def test_no_text_takes_long(hostile: str):
    known = hearing("zh")
    begun = time.process_time()
    for length in (100, 4_900, 100_000):
        known((hostile * length)[:length])
        known((hostile * length)[: length - 1] + ".")
    assert time.process_time() - begun < 0.5


def test_a_sentence_is_found_among_all_in_less_than_a_millisecond():
    known = hearing("zh")
    texts = [f"{month:02}: 2011-{month:02} is partial: the data end on 2011-12-09." for month in range(1, 13)]
    texts += [f"Nobody says {month} of this anywhere in the house." for month in range(12)]
    begun = time.process_time()
    for text in texts:
        known(text)
    assert (time.process_time() - begun) / len(texts) < 0.001


def test_blocks_are_said_in_the_language():
    said, there = "No data were accepted.", "没有数据被接受。"
    words = Words("zh")
    assert in_language(Note(said, said), words) == Note(there, there)
    assert in_language(Statements([Statement(said, detail=said)]), words) == Statements([Statement(there, detail=there)])
    assert in_language(Figures([Figure("MRR", None, note=said)]), words) == Figures([Figure("MRR", None, note=there)])
    facts = in_language(Facts([("a", said, "long"), ("b", said, "code")]), words)
    assert facts == Facts([("a", there, "long"), ("b", said, "code")])


def test_cells_say_sentences_and_leave_names():
    said, there = "No data were accepted.", "没有数据被接受。"
    shapes = ("long", "text", "name", "code")
    assert [Words("zh").value(said, shape) for shape in shapes] == [there, there, said, said]
    assert Words("zh").value("usage", "text") == "usage"
    assert Words("zh").value("2024-01 to 2024-12", "month") == "2024-01 至 2024-12"


@pytest.fixture(scope="module")
def finder() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as script:
        script.syspath_prepend(_DOCS)
        yield importlib.import_module("sentences")


def test_sentences_are_found_where_they_are_written(finder: ModuleType):
    found = {text for _, text in finder.sentences()}
    assert {
        "{0} is partial: the data end on {data_through}.",  # an f-string
        "Unknown {what}: {received}.",  # an error
        "undefined, because {undefined}",  # a reason that other modules put into sentences
        "none yet",  # a choice inside a place
        "{count} × {code} worth {0}",  # a phrase gathered under a name
        "Says the same as row {0} of {1}, which is kept.",  # SQL that joins a sentence
        "{name} is not {wanted}: {value}",  # SQL that ends one
    } <= found
    assert not [text for text in found if re.search(r"\b(SELECT|COALESCE)\b", text)]


def test_a_place_is_called_by_the_simple_name_of_its_value(finder: ModuleType):
    node = ast.parse('f"{row.count:,} of {len(rows)}, {row.count}, {wanted!r}"', mode="eval").body
    assert finder.template(node) == "{count} of {0}, {1}, {wanted}"


_CODE = re.compile(r"`[^`]*`|[\w./-]*[_./][\w./-]*|--\w[\w-]*")
_ENGLISH = re.compile(r"[A-Za-z][a-z'’]+(?: [A-Za-z][a-z'’]*){3,}")


def english(text: str) -> list[str]:
    """Return the runs of four English words in a text, apart from commands, files and codes."""
    return _ENGLISH.findall(_CODE.sub("·", text))


def said_on(twin: dict[str, Any]) -> Iterator[str]:
    """Yield what a page says in notes, statements, figures and definitions."""
    for section in twin["sections"]:
        for block in section["blocks"]:
            if block["kind"] == "note":
                yield from (block["text"], block["remedy"])
            elif block["kind"] == "statements":
                yield from (text for each in block["statements"] for text in (each["text"], each["detail"], each["action"]))
            elif block["kind"] == "figures":
                yield from (text for each in block["figures"] for text in (each["label"], each["note"]))
            elif block["kind"] == "facts":
                yield from (str(value) for _, value, shape in block["facts"] if shape == "long")


@pytest.mark.parametrize(
    "address",
    [
        *(f"/{name}" for name in PAGES),
        "/revenue?policy=lazy_bridge",
        "/revenue?at=2031-01",
        "/definitions?metric=ndr",
        "/definitions?policy=chargebee",
        "/account?id=nobody",
        "/answer?of=nothing",
        "/answer?of=problems",
        "/answer?of=show&metric=ndr",
        "/answer?of=usage_review",
        "/answer?of=forecast",
    ],
)
def test_a_chinese_page_says_no_english_sentence(pages: TestClient, address: str):
    path, _, asked = address.partition("?")
    twin = pages.get(f"{path}.json?{asked}&lang=zh").json()
    texts = list(said_on(twin))
    assert texts or "sections" in twin
    assert {run for text in texts for run in english(text)} == set()


def test_cells_of_a_chinese_page_say_no_english_sentence(pages: TestClient):
    html = re.sub(r"(?s)<(script|option|textarea|pre)\b.*?</\1>", "", pages.get("/data?lang=zh").text)
    cells = re.findall(r'<span class="long">([^<]*)</span>', html)
    assert cells and [cell for cell in cells if english(cell)] == []


_DATA = {"NDR", "GRR", "segment", "channel", "country", "industry", "employees"}
"""Headings that are the same in all languages: short names of metrics, and attributes of the sample company."""


@pytest.mark.parametrize(
    "asked",
    [
        "explain&metric=ndr",
        "what_changed",
        "where_it_leaks",
        "drivers",
        "customers&metric=ndr",
        "account_revenue&id=A0000014",
        "account_usage&id=A0000014",
        "account_contracts&id=A0000014",
        "rows+read",
        "problems",
        "books",
        "metric_definition&metric=ndr",
    ],
)
def test_what_stands_behind_a_figure_has_chinese_headings(pages: TestClient, asked: str):
    twin = pages.get(f"/answer.json?of={asked}&lang=zh").json()
    tables = [block for section in twin["sections"] for block in section["blocks"] if block["kind"] == "table"]
    headings = {label for table in tables for label in (table["title"], *(column["label"] for column in table["columns"]))}
    assert tables and [label for label in headings - _DATA if label and not re.search("[一-鿿]", label)] == []


def test_the_search_for_english_finds_it():
    assert english("看 Nothing was read from it 这里") == ["Nothing was read from it"]
    assert english("用 `growthring run --as-of DAY with more words` 与 raw/invoices/a b.csv。") == []


def test_an_error_is_said_in_its_parts():
    error = UnknownValueError("metric", "x", ["a"], remedy="Run `growthring run`.")
    words = Words("zh")
    assert [words.heard(text) for text in (error.happened, error.valid, error.remedy)] == [
        "未知的指标：x。",
        "有效值：a。",
        "请运行 `growthring run`。",
    ]
