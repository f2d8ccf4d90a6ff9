"""What every response carries, what every request must prove, and what no address can reach."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from growthring.console import doing
from growthring.console.access import User
from growthring.console.app import create_app
from growthring.console.deeds import Deed
from growthring.console.security import HEADERS, safe_back
from growthring.console.visit import Visit
from growthring.kernel.errors import GrowthringError
from growthring.operations.audit import audit_trail
from growthring.operations.project import Project

_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_WRITTEN: list[Mapping[str, str]] = []


def _told(visit: Visit, given: Mapping[str, str]) -> list[tuple[str, str]]:
    if given.get("text") == "wrong":
        raise GrowthringError("That is <wrong>.", valid="Right is valid.", remedy="Write right.")
    return [("text", given.get("text", ""))]


def _do(visit: Visit, given: Mapping[str, str]) -> str:
    _told(visit, given)
    if given.get("text") == "crash":
        raise ZeroDivisionError("secret of the machine")
    _WRITTEN.append(given)
    return "It is written. " * 500


@pytest.fixture
def deed(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A deed that an approver may do."""
    monkeypatch.setitem(doing.DEEDS, "try", Deed("try", "Try it", "approver", _told, _do))  # type: ignore[arg-type]
    _WRITTEN.clear()
    yield "/do/try"


def _token(client: TestClient) -> str:
    """Return the token of the session: any form carries it, here the confirmation."""
    client.get("/")
    found = _TOKEN.search(client.get("/").text)
    return found[1] if found else _session_token(client)


def _session_token(client: TestClient) -> str:
    """Read the token from the session's cookie, which is signed and not secret to its own browser."""
    import base64
    import json

    name = next(name for name in client.cookies if name.startswith("growthring"))
    return str(json.loads(base64.b64decode(client.cookies[name].partition(".")[0]))["token"])


@pytest.mark.parametrize(
    "path",
    [
        "/", "/home.json", "/part/home/month", "/theme.css", "/static/icon.svg", "/nowhere", "/nowhere.json", "/static/nothing",
        "/export/home/nothing.csv", "/answer?of=nothing", "/do/try", "/%00", "/?at=%00", "/" + "a" * 9_000,
    ],
)  # fmt: skip
def test_every_response_carries_the_headers(pages: TestClient, path: str):
    found = pages.get(path)
    assert {name: found.headers.get(name) for name in HEADERS} == HEADERS
    kept = "public" if path == "/static/icon.svg" else "no-store"
    assert kept in found.headers["cache-control"]
    assert "server" not in found.headers and "x-powered-by" not in found.headers


def test_the_policy_of_content_has_no_exception():
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy and "*" not in policy and "http" not in policy
    for directive in (
        "default-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "script-src 'self'",
    ):
        assert directive in policy


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "testserver"])
def test_another_sites_name_does_not_lead_here(pages: TestClient, host: str):
    found = pages.get("/", headers={"Host": host})
    assert found.status_code == 400 and found.headers["x-frame-options"] == "DENY"
    assert pages.get("/theme.css", headers={"Host": "localhost:8765"}).status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(own_pages: TestClient):
    set_cookie = own_pages.get("/").headers["set-cookie"].casefold()
    assert "httponly" in set_cookie and "samesite=lax" in set_cookie
    tongue = own_pages.get("/?lang=zh").headers["set-cookie"].casefold()
    assert tongue.startswith("lang=zh") and "httponly" in tongue


def test_a_cookie_that_was_changed_is_no_session(own_pages: TestClient, deed: str):
    token = _token(own_pages)
    name = next(iter(own_pages.cookies))
    value = own_pages.cookies[name]
    own_pages.cookies.clear()
    for forged in (value[:-2] + "xx", value.partition(".")[0], "null", "e30=.x.y", "é"):
        sent = own_pages.post(deed, data={"csrf": token}, headers={"Cookie": f"{name}={forged}".encode()})
        assert sent.status_code == 403


def test_nothing_is_written_before_it_is_confirmed(own_pages: TestClient, deed: str):
    token = _token(own_pages)
    shown = own_pages.post(deed, data={"csrf": token, "text": "<b>hello</b>", "back": "/answer"})
    assert shown.status_code == 200 and "&lt;b&gt;hello&lt;/b&gt;" in shown.text and "<b>hello" not in shown.text
    assert _WRITTEN == []
    sent = own_pages.post(
        deed, data={"csrf": token, "text": "hello", "back": "/answer?x=1", "confirmed": "yes"}, follow_redirects=False
    )
    assert (sent.status_code, sent.headers["location"], _WRITTEN) == (303, "/answer?x=1", [{"text": "hello"}])
    assert "It is written." in own_pages.get("/").text
    assert "It is written." not in own_pages.get("/").text, "said once"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "nonsense"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Origin": "http://["},
    ],
)
def test_what_another_site_sends_is_refused_even_with_the_token(own_pages: TestClient, deed: str, headers: dict[str, str]):
    sent = own_pages.post(deed, data={"csrf": _token(own_pages), "confirmed": "yes"}, headers=headers)
    assert sent.status_code == 403 and _WRITTEN == []


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://127.0.0.1"}, {}])
def test_what_this_console_sends_is_taken(own_pages: TestClient, deed: str, headers: dict[str, str]):
    own_pages.post(deed, data={"csrf": _token(own_pages), "confirmed": "yes"}, headers=headers, follow_redirects=False)
    assert len(_WRITTEN) == 1


@pytest.mark.parametrize("given", [None, "", "wrong", "é" * 30, "a" * 100_000])
def test_a_form_without_the_sessions_token_is_refused(own_pages: TestClient, deed: str, given: str | None):
    _token(own_pages)
    sent = own_pages.post(deed, data={"confirmed": "yes"} | ({} if given is None else {"csrf": given}))
    assert sent.status_code == 403 and _WRITTEN == [] and "out of date" in sent.text


def test_a_token_of_an_earlier_session_is_refused(own_pages: TestClient, deed: str):
    old = _token(own_pages)
    own_pages.cookies.clear()
    assert own_pages.post(deed, data={"csrf": old, "confirmed": "yes"}).status_code == 403
    _token(own_pages)
    assert own_pages.post(deed, data={"csrf": old, "confirmed": "yes"}).status_code == 403
    assert own_pages.get(deed + "?confirmed=yes").status_code in (404, 405) and _WRITTEN == []


@pytest.mark.parametrize(
    "back",
    [
        "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example", " //evil.example", "evil", "", "/x\r\nSet-Cookie: a=b", "data:text/html,x", "/" + "a" * 5_000,
    ],
)  # fmt: skip
def test_no_form_leads_to_another_site(own_pages: TestClient, deed: str, back: str):
    assert safe_back(back) == "/"
    given = {"csrf": _token(own_pages), "back": back, "confirmed": "yes"}
    assert own_pages.post(deed, data=given, follow_redirects=False).headers["location"] == "/"
    del given["confirmed"]
    assert 'href="/">' in own_pages.post(deed, data=given).text


def test_each_deed_and_each_refusal_is_kept_in_the_audit_trail(own_pages: TestClient, deed: str):
    root = own_pages.app.state.desk.root  # type: ignore[attr-defined]
    project = Project.open(root)
    before = project.state_token()
    token = _token(own_pages)
    for text in ("fine", "wrong", "crash"):
        own_pages.post(deed, data={"csrf": token, "text": text, "confirmed": "yes"}, follow_redirects=False)
    own_pages.post(deed, data={"csrf": "guessed", "text": "forged"})
    own_pages.post(deed, data={"csrf": token, "text": "only looked at"})
    own_pages.app.state.who = lambda _: User("bo", "contributor")  # type: ignore[attr-defined]
    own_pages.post(deed, data={"csrf": token, "text": "too much", "confirmed": "yes"})
    own_pages.cookies.clear()
    own_pages.post(deed, data={"csrf": "x", "text": "a stranger's page"})
    kept = [(row["deed"], row["about"], row["outcome"], row["detail"]) for row in audit_trail(project, order="at").rows]
    assert kept == [
        ("try", "text: fine", "done", ""),
        ("try", "text: wrong", "failed", "That is <wrong>. Right is valid. Write right."),
        ("try", "text: crash", "failed", "ZeroDivisionError"),
        ("try", "text: forged", "refused", "not sent by a form of this session"),
        ("try", "text: too much", "refused", "needs the role approver"),
    ]
    last = audit_trail(project, limit=1).rows[0]
    assert (last["who"], last["role"]) == ("bo", "contributor") and re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", last["at"])
    first = project.state_token()
    own_pages.post(deed, data={"csrf": "x"})
    assert Project.open(root).state_token() == first != "" and before


def test_a_role_that_may_not_is_told_and_shown_no_form(own_pages: TestClient, deed: str):
    own_pages.app.state.who = lambda _: User("bo", "viewer")  # type: ignore[attr-defined]
    sent = own_pages.post(deed, data={"csrf": _token(own_pages), "confirmed": "yes"})
    assert sent.status_code == 403 and "needs the role approver; yours is viewer" in sent.text and _WRITTEN == []


def test_what_cannot_be_done_is_told_as_text(own_pages: TestClient, deed: str):
    sent = own_pages.post(deed, data={"csrf": _token(own_pages), "text": "wrong"})
    assert sent.status_code == 422 and "That is &lt;wrong&gt;." in sent.text


def test_a_crash_is_a_page_with_an_id_and_a_trace_in_the_log_alone(
    own_pages: TestClient, deed: str, caplog: pytest.LogCaptureFixture
):
    sent = own_pages.post(deed, data={"csrf": _token(own_pages), "text": "crash", "confirmed": "yes"})
    assert sent.status_code == 500 and "<h1>" in sent.text
    assert not re.search(r"Traceback|ZeroDivision|secret of the machine|\.py", sent.text)
    name = re.search(r"under ([0-9a-f]{8})\.", sent.text)
    assert name and f"Error {name[1]} at POST" in caplog.text and "secret of the machine" in caplog.text
    assert sent.headers["x-frame-options"] == "DENY"


def test_a_crash_is_json_where_json_was_asked_for(own_pages: TestClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("growthring.console.app.as_json", lambda *_: 1 / 0)
    assert own_pages.get("/home.json").json().keys() == {"error", "id", "status"}


def test_settings_that_cannot_be_used_are_told_as_a_page(own_pages: TestClient):
    toml = own_pages.app.state.desk.root / "growthring.toml"  # type: ignore[attr-defined]
    toml.write_text(toml.read_text() + "\n[console]\nhosst = '<b>'\n")
    found = own_pages.get("/")
    assert found.status_code == 422 and "console.hosst" in found.text and "Traceback" not in found.text
    assert own_pages.get("/home.json").json()["status"] == 422
    toml.write_text("[project")
    assert own_pages.get("/").status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/....//app.py", "/static//etc/passwd",
        "/static/%2fetc%2fpasswd", "/static/..%5capp.py", "/static/", "/static/bundle", "/static/bundle/..%2f..%2fapp.py",
        "/static/icon.svg%2f..%2f..%2fapp.py", "/static/con", "/static/" + "a" * 300, "/static/" + "%F0%9F%98%80" * 200,
        "/export/home/..%2f..%2fsecret.csv", "/export/..%2fhome/rows.csv", "/export/home/rows.py", "/export/home/.csv",
        "/export/home/csv",
        "/export/home/a%0d%0ab.csv", "/part/home/..%2fmonth", "/part/..%2f/month", "/part/home/%2e%2e",
        "/..%2fgrowthring.toml.json",
        "/growthring.toml", "/%2e%2e/growthring.toml", "/.growthring/journal.sqlite", "/home.json.json", "/.json",
        "/home%00.json",
        "/%EF%BC%8E%EF%BC%8E/app.py", "/home/", "/do/..%2f",
    ],
)  # fmt: skip
def test_no_path_leads_to_a_file_or_breaks_anything(pages: TestClient, path: str):
    found = pages.get(path, follow_redirects=False)
    assert found.status_code in (400, 404, 405, 414), found.status_code
    assert "import" not in found.text and "root:" not in found.text and "[project]" not in found.text
    assert "location" not in found.headers


@pytest.mark.parametrize(
    "query",
    [
        "at=2024-99", "at=9999999999-01", "at=-1", "at=٢٠٢٤-١٢", "at=２０２４-12", "at='%3B+DROP+TABLE+x--", "at=%F0%9F%98%80",
        "policy=..%2f..%2fetc%2fpasswd", "policy=%2fetc%2fpasswd", "policy=" + "a" * 3_000, "currency=USD'--", "currency=XXX",
        "by=name'%3B--", 'by=%22%3B', "by=__class__", "metric=__init__", "metric=%3Cscript%3E", "from=2099-01", "period=week",
        "of=explain&metric=mrr", "of=show&metric=ndr&at=0001-01", "rows.page=99999999999", "rows.page=-1", "rows.page=²",
        "rows.page=٣", "rows.page=1e9", "rows.sort=__class__", "rows.sort=-", "rows.sort=--value", "rows.find=%25_%5C'",
        "lang=xx", "lang=..%2f..%2fx",
        "inside=%3Cscript%3E", "at[]=1", "at=%ff%fe", "=", "&&&", "%", "a" * 5_000, "&".join(f"p{n}=1" for n in range(900)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("page", ["/", "/answer.json", "/answer"])
def test_no_parameter_breaks_a_page_or_comes_back_unescaped(pages: TestClient, page: str, query: str):
    found = pages.get(f"{page}?{query}")
    assert found.status_code == 200, found.text[:500]
    if not page.endswith(".json"):
        assert "<script>" not in found.text and "Traceback" not in found.text
    else:
        assert found.headers["content-type"].startswith("application/json")


def test_what_is_too_large_is_refused(pages: TestClient):
    assert pages.get("/?x=" + "a" * 9_000).status_code == 414
    assert pages.post("/do/try", content=b"x" * 1_000_001).status_code == 413
    assert pages.post("/do/try", content=(b"x" * 100_000 for _ in range(20)), headers=_FORM).status_code == 413
    assert pages.post("/do/try", headers={"Content-Length": "-5"}).status_code == 413


def test_more_fields_or_files_than_any_form_has_are_refused(own_pages: TestClient, deed: str):
    token = _token(own_pages)
    many = {f"f{n}": (None, "x") for n in range(300)}
    assert own_pages.post(deed, files={"csrf": (None, token), **many}).status_code == 400
    assert own_pages.post(deed, data={"csrf": token}, files={"file": ("a.txt", b"x")}).status_code == 400
    assert _WRITTEN == []


def test_consoles_of_two_projects_do_not_take_each_others_sessions(ringwood_folder: Path, own_pages: TestClient):
    own_pages.get("/")
    with TestClient(create_app(ringwood_folder), base_url="http://127.0.0.1") as other:
        other.get("/")
        assert set(other.cookies) != set(own_pages.cookies)
    secret = own_pages.app.state.desk.root / ".growthring" / "console" / "secret"  # type: ignore[attr-defined]
    assert secret.stat().st_mode & 0o077 == 0 and len(secret.read_text()) > 40
