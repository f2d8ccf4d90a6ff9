"""What takes seconds to do is begun at once, shown while it goes on, and found again; what it rests on may take its time, too."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from growthring.console import doing
from growthring.console.app import create_app
from growthring.console.deeds import Deed, Given, LongDeed
from growthring.console.visit import Visit
from growthring.operations.answer import Answer
from growthring.operations.audit import audit_trail
from growthring.operations.project import Project
from tests.console.slow_work import TRACES, held, refusing
from tests.console.walking import confirm, ended, preview, token

BACK = "/definitions?q=1"
_DONE = "Counted by process {process}."


def _said(visit: Visit, answer: Answer) -> str:
    return _DONE.format(process=answer.value)


def _told_late(visit: Visit, given: Given) -> list[tuple[str, str]]:
    return [("by", str(visit.ask(held, given["name"], slow=True).metric))]


@pytest.fixture
def pages(own_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The console with deeds whose work waits until a test lets it go."""
    monkeypatch.setenv(TRACES, str(tmp_path))
    for deed in (
        LongDeed("count", "Count", "approver", lambda *_: [], held, lambda _, given: {"name": given["name"]}, _said),
        LongDeed("refuse", "Refuse", "approver", lambda *_: [], refusing, lambda *_: {}, _said),
        Deed("look_long", "Look long", "approver", _told_late, lambda *_: "Done."),
    ):
        monkeypatch.setitem(doing.DEEDS, deed.name, deed)  # type: ignore[arg-type]
    with TestClient(create_app(own_folder), base_url="http://127.0.0.1") as client:
        yield client


def let_go(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name} may go").touch()


def begun(pages: TestClient, name: str) -> str:
    """Begin counting, and return where its progress is."""
    csrf, started = token(pages), time.monotonic()
    data = {"csrf": csrf, "back": f"{BACK}#metrics", "name": name, "confirmed": "yes"}
    response = pages.post("/do/count", data=data, follow_redirects=False)
    assert response.status_code == 303 and time.monotonic() - started < 5
    return str(response.headers["location"])


def trail(pages: TestClient) -> list[tuple[str, str, str]]:
    project = Project.open(pages.app.state.desk.root)  # type: ignore[attr-defined]
    return [(row["deed"], row["outcome"], row["detail"]) for row in audit_trail(project).rows]


def test_a_page_shows_how_far_it_is_and_then_what_was_done(pages: TestClient, tmp_path: Path):
    address = begun(pages, "a")
    assert address.startswith(f"{BACK}&doing=count.") and not (tmp_path / "a").exists()
    during = pages.get(address).text
    assert 'id="doing" class="part waiting"' in during and 'id="metrics"' in during
    assert address.replace("&", "&amp;") in pages.get("/part/data/works").text and trail(pages) == []
    let_go(tmp_path, "a")
    last = ended(pages, address)
    assert last.headers["HX-Redirect"] == BACK and (tmp_path / "a").read_text() == "x"
    assert re.search(r'role="status">Counted by process \d+', pages.get(BACK).text)
    assert "Counted by" not in pages.get(BACK).text
    assert trail(pages) == [("count", "done", "")]


def test_its_address_says_what_was_done_without_scripts_and_at_another_server(pages: TestClient, tmp_path: Path):
    address = begun(pages, "b")
    let_go(tmp_path, "b")
    ended(pages, address)
    assert "Counted by process" in pages.get(address).text
    twin = pages.get(address.replace("?", ".json?")).json()
    assert twin["sections"][0]["blocks"][0]["text"].startswith("Counted by process")
    with TestClient(create_app(pages.app.state.desk.root), base_url="http://127.0.0.1") as other:  # type: ignore[attr-defined]
        assert "Counted by process" in other.get(address).text


def test_each_time_it_is_confirmed_it_is_done(pages: TestClient, tmp_path: Path):
    let_go(tmp_path, "c")
    for _ in range(2):
        confirm(pages, "count", back=BACK, name="c")
    assert (tmp_path / "c").read_text() == "xx"


def test_nobody_who_writes_waits_for_somebody_who_reads(pages: TestClient, tmp_path: Path):
    form = {"csrf": token(pages), "back": BACK, "name": "slow reading"}
    assert "<progress" in pages.post("/do/look_long", data=form).text
    let_go(tmp_path, "e")
    confirm(pages, "count", back=BACK, name="e")
    assert (tmp_path / "e").exists() and not (tmp_path / "slow reading").exists()
    let_go(tmp_path, "slow reading")


def test_what_it_came_to_is_told_where_it_was_refused(pages: TestClient):
    response = confirm(pages, "refuse", back=BACK)
    html = response.text if response.status_code == 422 else pages.get(response.headers["location"]).text
    assert "Unknown thing" in html and "Take y." in html
    assert [each[:2] for each in trail(pages)] == [("refuse", "failed")]


@pytest.mark.parametrize("named", ["count.0", "count." + "0" * 32, "nothing.1", "count.../../secret", "."])
def test_nobody_knows_of_what_was_never_begun(pages: TestClient, named: str):
    html = pages.get("/definitions", params={"doing": named})
    assert html.status_code == 200 and "Nobody knows any more what was begun here." in html.text


def test_what_a_deed_rests_on_is_waited_for_before_it_can_be_confirmed(pages: TestClient, tmp_path: Path):
    waiting = pages.post("/do/look_long", data={"csrf": token(pages), "back": BACK, "name": "d"}).text
    assert "<progress" in waiting and 'name="confirmed"' not in waiting
    assert 'name="name" value="d"' in waiting
    let_go(tmp_path, "d")
    told = preview(pages, "look_long", back=BACK, name="d").text
    assert "<dd>d</dd>" in told and 'name="confirmed" value="yes"' in told
