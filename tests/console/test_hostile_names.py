"""Names that are code: planted as data, and walked over every page, twin and file. All are shown, none is run."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from starlette.testclient import TestClient

from growthring.console import desk
from growthring.console.app import create_app
from growthring.console.export import harmless
from growthring.console.pages import PAGES
from growthring.console.render import embedded
from growthring.kernel.errors import GrowthringError
from growthring.operations.data.run import run
from growthring.operations.setup import demo

NAMES = (
    "<script>alert(1)</script>", "</script><script>alert(2)</script>", '" onmouseover="alert(3)', "' onfocus='alert(4)",
    "<img src=x onerror=alert(5)>", "{{7*7}}{% raise %}${7*7}", "]]><!-- --!>", "&lt;b&gt;&#x3c;", "javascript:alert(6)",
    '=HYPERLINK("http://evil.example","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0", "+1+cmd", "-1+1", "\t=1+1", "＝1+1", "  =1+1", "－2+3",
    "../../etc/passwd", "a;b,c\"d'e", "\u202emoc.elpmaxe", "Ω≈ç√ 客户 😀",
)  # fmt: skip
IDS = ('"><svg onload=alert(1)>', "=1+1", "a/b?c=d&e#f", "../..", "</script>", "{{7*7}}", "@x", "%2e%2e%00")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A company whose customers, products, segments and own name are code."""
    folder = tmp_path_factory.mktemp("hostile") / "company"
    project = demo(folder, accounts=len(NAMES), months=14)
    _plant(folder)
    run(project)
    with TestClient(create_app(folder), base_url="http://127.0.0.1") as client:
        yield client


def _plant(folder: Path) -> None:
    accounts = folder / "raw" / "accounts.csv"
    known = list(dict.fromkeys(row["account_id"] for row in _rows(accounts)))
    ids = dict(zip(known, IDS, strict=False))
    names = dict(zip(known, NAMES, strict=False))
    for file in sorted((folder / "raw").rglob("*.csv")):
        rows = _rows(file)
        for row in rows:
            if file == accounts:
                row["name"] = names[row["account_id"]]
                row["industry"] = NAMES[len(row["industry"])]
            row.update({column: ids[value] for column, value in row.items() if value in ids})
            row.update({column: NAMES[1] for column, value in row.items() if value == "Ringwood Platform"})
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0] if rows else [])
            writer.writeheader()
            writer.writerows(rows)
    toml = folder / "growthring.toml"
    toml.write_text(toml.read_text().replace('name = "Ringwood Software"', f"name = {json.dumps(NAMES[0])}", 1))


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(autouse=True)
def no_slow_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what takes a process of its own: its Answers are shown by the same blocks."""
    ask = desk.Desk.ask

    def quick(self: desk.Desk, operation: Any, *args: Any, slow: bool = False, **options: Any) -> Any:
        if slow:
            raise GrowthringError("Slow work is left out.")
        return ask(self, operation, *args, **options)

    monkeypatch.setattr(desk.Desk, "ask", quick)


class _Read(HTMLParser):
    """Reads a page as a browser does, and notes whatever would run."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.texts: list[str] = []
        self.data: list[str] = []
        self._in_script = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._in_script = tag == "script" and given.get("type") == "application/json"
        if tag == "script" and not self._in_script and not str(given.get("src", "")).startswith("/static/"):
            self.found.append(f"script {given}")
        if tag in ("svg", "iframe", "object", "embed", "base", "style", "math", "template"):
            self.found.append(tag)
        for name, value in given.items():
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.found.append(f"{tag} {name}={value}")
            if name in ("href", "src", "action", "hx-get", "formaction") and not re.match(r"/(?![/\\\\])|#", str(value)):
                self.found.append(f"{tag} {name}={value}")
            self.texts.append(str(value))

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        (self.data if self._in_script else self.texts).append(data)


_ADDRESSES = (
    *(("/" if name == "home" else f"/{name}") for name in PAGES),
    "/answer?of=explain&metric=mrr", "/answer?of=show&metric=mrr&by=industry", "/revenue?by=industry",
)  # fmt: skip


def _twin(address: str) -> str:
    path, _, query = ("/home" if address == "/" else address).partition("?")
    return f"{path}.json" + (f"?{query}" if query else "")


@pytest.mark.parametrize("address", _ADDRESSES)
def test_no_page_runs_a_name_or_breaks(hostile: TestClient, address: str):
    found = hostile.get(address)
    assert found.status_code == 200
    read = _Read(found.text)
    assert read.found == []
    assert read.data or "<script type" not in found.text
    for data in read.data:
        json.loads(data)
    assert not any(text.strip() == "49" for text in read.texts if "7*7" in text)


@pytest.mark.parametrize("account", IDS)
def test_a_customer_of_any_id_has_pages(hostile: TestClient, account: str):
    for path in ("/account", "/account.json", "/answer", "/forecast"):
        if path.strip("/").partition(".")[0] not in PAGES:
            continue
        found = hostile.get(path, params={"id": account, "account": account, "scope": f"account:{account}"})
        assert found.status_code == 200
        if not path.endswith("json"):
            assert _Read(found.text).found == []


@pytest.mark.parametrize("address", _ADDRESSES)
def test_no_cell_of_a_file_is_a_formula_and_none_is_lost(hostile: TestClient, address: str):
    hostile.get(_twin(address))  # what it asked for at length is done, and stands in lists of work as it will stand
    twin = hostile.get(_twin(address)).json()
    for section in twin["sections"]:
        for table in (block for block in section["blocks"] if block["kind"] == "table" and block["count"]):
            _check_files(hostile, twin["page"], address.partition("?")[2], table)


def _check_files(client: TestClient, page: str, query: str, table: dict[str, Any]) -> None:
    address = f"/export/{page}/{table['name']}"
    names = [column["name"] for column in table["columns"]]
    expected = [["" if row[name] is None else str(row[name]) for name in names] for row in table["rows"]]
    text = client.get(f"{address}.csv?{query}")
    assert text.status_code == 200 and text.headers["content-disposition"].startswith("attachment; ")
    cells = list(csv.reader(io.StringIO(text.text.removeprefix("\ufeff"), newline="")))[1:]
    assert len(cells) == len(expected)
    for line, wanted in zip(cells, expected, strict=True):
        for cell, value in zip(line, wanted, strict=True):
            assert cell in (value, "'" + value), "nothing is lost"
            assert _NUMBER.fullmatch(cell) or not re.match(r"[\s]*[=+\-@＝＋－＠\t\r\n]", cell), "nothing is a formula"
    book = client.get(f"{address}.xlsx?{query}").content
    parts = zipfile.ZipFile(io.BytesIO(book))
    sheets = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/")]
    assert sheets and not any("<f>" in sheet or "<f " in sheet or "hyperlink" in sheet for sheet in sheets)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_name("data").to_python(skip_empty_area=False)
    shown = sheet[1:]
    assert len(shown) == len(expected)
    for line, wanted in zip(shown, expected, strict=True):
        assert [str(value) for value in line if isinstance(value, str) and value] == [
            value for cell, value in zip(line, wanted, strict=True) if isinstance(cell, str) and cell
        ]


def test_every_name_is_found_unchanged_somewhere(hostile: TestClient):
    texts = set(_strings([hostile.get(_twin(address)).json() for address in _ADDRESSES]))
    assert {name.strip() for name in (*NAMES, *IDS)} <= texts


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)


@pytest.mark.parametrize("name", NAMES)
def test_data_inside_a_script_element_stays_data(name: str):
    written = str(embedded({name: [name]}))
    assert "<" not in written and ">" not in written and "&" not in written
    assert json.loads(written) == {name: [name]}


def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe():
    for text in (
        "=1",
        "+1",
        "-1",
        "@x",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        " =1",
        "\u00a0=1",
        "\u3000@x",
        "\ufeff=1",
    ):
        assert harmless(text) == "'" + text
    for text in ("Ringwood", "1=1", "a@b", "", "'=1"):
        assert harmless(text) == text
