"""Several people use a console: who gets in, in which role, for how long, and what is kept of it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc.jwk import RSAKey
from starlette.testclient import TestClient

from growthring.cli.main import app as program
from growthring.console import sign_in as signing
from growthring.console.app import create_app
from growthring.console.server import host_of
from growthring.kernel.errors import ConfigurationError
from growthring.operations.audit import audit_trail
from growthring.operations.project import ConsoleSettings, Project
from tests.console.provider import SECRET, Provider, provided

PUBLIC = "https://revenue.example.com"


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with provided() as provider:
        yield provider


@pytest.fixture
def provider(running: Provider) -> Provider:
    running.claims, running.override, running.signs_with = _ana(), {}, None
    running.seen.clear()
    return running


def _ana() -> dict[str, object]:
    return {"sub": "u1", "email": "Ana@example.com", "email_verified": True, "groups": ["staff"]}


def _settings(folder: Path, issuer: str, roles: str, *more: str) -> None:
    toml = folder / "growthring.toml"
    text = toml.read_text().partition("\n[console]")[0]
    lines = [f'public_url = "{PUBLIC}"', f'oidc_issuer = "{issuer}"', 'oidc_client_id = "console"', f"roles = {roles}", *more]
    toml.write_text(text + "\n[console]\n" + "\n".join(lines) + "\n")


@pytest.fixture
def folder(ringwood_to_copy: Path, tmp_path: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = Path(shutil.copytree(ringwood_to_copy, tmp_path / "ringwood"))
    monkeypatch.setenv("GROWTHRING_OIDC_CLIENT_SECRET", SECRET)
    _settings(copy, provider.issuer, '{ "ana@example.com" = "approver", finance = "admin" }')
    return copy


@pytest.fixture
def shared(folder: Path) -> Iterator[TestClient]:
    with TestClient(create_app(folder), base_url=PUBLIC, follow_redirects=False) as client:
        yield client


def enter(client: TestClient, back: str = "") -> httpx2.Response:
    """Sign in as a browser does: to the provider, and back with what it gave."""
    begun = client.get("/sign-in/start", params={"back": back} if back else {})
    sent_back = httpx2.get(begun.headers["location"]).headers["location"]
    assert sent_back.startswith(PUBLIC + "/sign-in/return?")
    return client.get(sent_back)


def test_nothing_but_signing_in_is_open_to_strangers(shared: TestClient):
    assert shared.get("/revenue?by=plan").headers["location"] == "/sign-in?back=%2Frevenue%3Fby%3Dplan"
    assert shared.get("/").headers["location"] == "/sign-in"
    assert "登录" in shared.get("/?lang=zh", follow_redirects=True).text
    assert shared.get("/home.json").json() == {"error": "Sign in first.", "status": 401}
    assert shared.get("/nowhere").status_code == 303
    for path in ("/part/home/figures", "/export/home/rows.csv"):
        assert shared.get(path).status_code == 401
    assert shared.post("/do/anything", data={"csrf": "x"}).status_code == 401
    assert shared.get("/", headers={"HX-Request": "true"}).headers["hx-redirect"] == "/sign-in"
    page = shared.get("/sign-in?back=/revenue")
    assert page.status_code == 200 and "/sign-in/start?back=%2Frevenue" in page.text
    assert "Find a customer" not in page.text and 'data-page="home"' not in page.text
    assert shared.get("/theme.css").status_code == 200


def test_a_person_whom_the_provider_vouches_for_gets_in_where_they_wanted(shared: TestClient, provider: Provider, folder: Path):
    assert enter(shared, "/metrics?x=1").headers["location"] == "/metrics?x=1"
    page = shared.get("/")
    assert page.status_code == 200 and "ana@example.com" in page.text and "Sign out" in page.text
    asked = provider.seen[0]
    assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) >= 20 and len(asked["nonce"]) >= 20 and asked["redirect_uri"] == PUBLIC + "/sign-in/return"
    entry = audit_trail(Project.open(folder)).rows[0]
    assert (entry["deed"], entry["who"], entry["role"], entry["outcome"]) == ("sign_in", "ana@example.com", "approver", "done")


def test_the_session_is_a_new_one_from_signing_in(shared: TestClient):
    token = re.compile(r'name="csrf" value="([^"]+)"')
    shared.get("/sign-in")
    name = next(iter(shared.cookies))
    before = shared.cookies[name]
    entered = enter(shared)
    assert shared.cookies[name] != before
    shared.cookies.clear()
    planted = shared.get("/", headers={"Cookie": f"{name}={before}"})
    assert planted.status_code == 303, "what was planted before signing in is nobody's seat"
    cookie = entered.headers["set-cookie"]
    assert name.startswith("__Host-growthring-")
    assert all(flag in cookie.casefold() for flag in ("httponly", "samesite=lax", "; secure", "path=/", "max-age=43200"))
    enter(shared)
    first = token.search(shared.get("/").text)
    enter(shared)
    assert first and shared.post("/sign-out", data={"csrf": first[1]}).status_code == 403, "the old token counts no more"


def test_signing_out_ends_the_seat_also_for_a_copy_of_the_cookie(shared: TestClient, folder: Path):
    enter(shared)
    page = shared.get("/").text
    copied = dict(shared.cookies)
    assert shared.post("/sign-out", data={"csrf": "guessed"}).status_code == 403
    token = re.search(r'name="csrf" value="([^"]+)"', page)[1]
    assert shared.post("/sign-out", data={"csrf": token}, headers={"Origin": "https://evil.example"}).status_code == 403
    left = shared.post("/sign-out", data={"csrf": token}, headers={"Origin": PUBLIC})
    assert left.headers["location"] == "/sign-in?out=1" and "signed out" in shared.get("/sign-in?out=1").text
    shared.cookies.clear()
    shared.cookies.update(copied)
    assert shared.get("/").status_code == 303
    assert [row["deed"] for row in audit_trail(Project.open(folder)).rows] == ["sign_out", "sign_in"]


def test_a_seat_lasts_for_the_hours_of_the_settings(shared: TestClient, monkeypatch: pytest.MonkeyPatch):
    enter(shared)
    now = signing.time.time()
    monkeypatch.setattr(signing, "time", type("Later", (), {"time": staticmethod(lambda: now + 12 * 3600 + 1)}))
    assert shared.get("/").status_code == 303


def test_the_highest_role_counts_and_one_taken_away_is_gone_at_once(shared: TestClient, provider: Provider, folder: Path):
    provider.claims["groups"] = ["staff", "finance"]
    enter(shared)
    assert 'title="admin"' in shared.get("/").text
    _settings(folder, provider.issuer, '{ "ana@example.com" = "viewer" }')
    assert 'title="viewer"' in shared.get("/").text
    _settings(folder, provider.issuer, "{}")
    assert shared.get("/").status_code == 303


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"sub": "u2", "email": "bo@example.com", "email_verified": True}, "bo@example.com"),
        ({"sub": "u3", "email": "ana@example.com"}, "u3"),
        ({"sub": "u4", "email": "ana@example.com", "email_verified": False, "name": "ana@example.com"}, "u4"),
        ({"sub": "ana@example.com"}, "ana@example.com"),
        ({"sub": "u5", "groups": "staff"}, "u5"),
    ],
)
def test_who_has_no_role_or_an_unverified_address_stays_outside(
    shared: TestClient, provider: Provider, folder: Path, claims: dict[str, object], name: str
):
    provider.claims = claims
    refused = enter(shared)
    assert refused.status_code == 403 and f"{name} has no role" in refused.text
    assert shared.get("/").status_code == 303
    entry = audit_trail(Project.open(folder)).rows[0]
    assert (entry["who"], entry["outcome"], entry["detail"]) == (name, "refused", "has no role")


@pytest.mark.parametrize(
    "override", [{"nonce": "another"}, {"aud": "another client"}, {"iss": "https://evil.example"}, {"exp": 1}, {"sub": None}]
)
def test_an_identity_that_was_made_for_something_else_is_refused(
    shared: TestClient, provider: Provider, override: dict[str, object]
):
    provider.override = override
    assert enter(shared).status_code == 403
    assert shared.get("/").status_code == 303


def test_an_identity_signed_by_another_key_is_refused(shared: TestClient, provider: Provider):
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "k1"}, private=True)
    refused = enter(shared)
    assert refused.status_code == 403 and "Signing in did not work." in refused.text


def test_a_return_that_this_session_did_not_begin_is_refused(shared: TestClient):
    begun = shared.get("/sign-in/start").headers["location"]
    sent_back = httpx2.get(begun).headers["location"]
    shared.cookies.clear()  # the victim's browser, led to the attacker's return
    assert shared.get(sent_back).status_code == 403
    state = parse_qs(urlsplit(begun).query)["state"][0]
    for query in ("", "?code=x", f"?code=x&state={state}", "?error=access_denied&error_description=<script>"):
        refused = shared.get("/sign-in/return" + query)
        assert refused.status_code == 403 and "<script>" not in refused.text


def test_no_sign_in_leads_to_another_site(shared: TestClient):
    for back in ("//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)"):
        shared.cookies.clear()
        assert enter(shared, back).headers["location"] == "/"


def test_a_provider_that_cannot_be_reached_is_told_as_a_page(folder: Path):
    _settings(folder, "http://127.0.0.1:9", "{}")
    with TestClient(create_app(folder), base_url=PUBLIC, follow_redirects=False) as client:
        found = client.get("/sign-in/start")
    assert found.status_code == 502 and "127.0.0.1 cannot be reached." in found.text


def test_a_form_needs_the_role_and_what_was_refused_is_kept(folder: Path, provider: Provider):
    _settings(folder, provider.issuer, "{}", 'default_role = "viewer"')
    with TestClient(create_app(folder), base_url=PUBLIC, follow_redirects=False) as client:
        enter(client)
        assert 'title="viewer"' in client.get("/").text


def test_a_console_for_others_needs_a_provider(folder: Path, ringwood_to_copy: Path):
    with pytest.raises(ConfigurationError, match="without signing in"):
        host_of(ConsoleSettings(), "0.0.0.0")
    with pytest.raises(ConfigurationError, match="without signing in"):
        host_of(ConsoleSettings(host="192.168.0.7"))
    assert host_of(Project.open(folder).settings.console, "0.0.0.0") == "0.0.0.0"
    from typer.testing import CliRunner

    told = CliRunner().invoke(program, ["serve", "-C", str(ringwood_to_copy), "--no-browser", "--host", "0.0.0.0"])
    assert told.exit_code != 0


@pytest.mark.parametrize(
    "settings",
    [
        {"oidc_issuer": "https://id.example.com"},
        {"oidc_issuer": "http://id.example.com", "oidc_client_id": "c", "public_url": PUBLIC},
        {"oidc_issuer": "https://id.example.com", "oidc_client_id": "c", "public_url": "http://revenue.example.com"},
        {"oidc_issuer": "http://127.0.0.1.evil.example", "oidc_client_id": "c", "public_url": PUBLIC},
        {"roles": {"finance": "owner"}},
    ],
)
def test_settings_that_are_not_safe_are_refused(settings: dict[str, object]):
    with pytest.raises(ValueError):
        ConsoleSettings(**settings)
