"""Pricing as its users walk it: prices in force, other prices tried, drafts kept and found again."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from growthring.console.access import User
from growthring.console.app import create_app
from tests.console.walking import blocks, confirm, preview, settled, tables

TRIED = "use=10&by=segment&months=6"
SIMULATED = f"{TRIED}&run=1&beyond=5"


@pytest.fixture
def drafts(ringwood_folder: Path) -> Path:
    return ringwood_folder / ".growthring" / "console" / "drafts"


def test_prices_in_force_stand_as_tables_with_what_they_bring(pages: TestClient):
    found = tables(pages, "/pricing.json")
    assert {row["currency"]: row["unit_price"] for row in found["prices-api-api_calls"]} == {
        "USD": "0.0012", "EUR": "0.0011", "GBP": "0.00095", "JPY": "0.17",
    }  # fmt: skip
    (book,) = found["books"]
    assert Decimal(book["amount"]) > 0 and book["share"] == 1.0
    html = settled(pages, "/pricing")
    assert "<summary>The file as it was written</summary>" in html and "unit_price: 0.0012" in html


def test_nothing_is_tried_before_a_change_is_chosen(pages: TestClient):
    for address in ("/pricing", "/pricing?run=1", "/pricing?component=api_calls&run=1"):
        html = settled(pages, address)
        assert 'id="result"' not in html and "Choose a change" in html


def test_a_change_is_shown_before_it_is_tried(pages: TestClient):
    tried = tables(pages, f"/pricing.json?{TRIED}")["tried"]
    assert ("0.0012", "0.00132") in [(row["unit_price_now"], row["unit_price"]) for row in tried]
    html = settled(pages, f"/pricing?{TRIED}")
    assert "See what it would have done" in html and 'id="result"' not in html


def test_work_shows_how_far_it_is_and_is_found_again_by_its_address(pages: TestClient):
    first = pages.get(f"/pricing?{SIMULATED}").text
    assert 'aria-busy="true"' in first and "You can leave this page" in first
    part = settled(pages, f"/part/pricing/result?{SIMULATED}")
    assert "would have been" in part
    assert 'aria-busy="true"' not in pages.get(f"/pricing?{SIMULATED}").text
    works = tables(pages, "/data.json")["works"]
    mine = [row for row in works if "use=10" in row["href"]]
    assert mine and {(row["what"], row["state"]) for row in mine} == {("Other prices tried", "done")}


def test_a_simulation_says_who_wins_who_loses_and_how_hard(pages: TestClient):
    found = tables(pages, f"/pricing.json?{SIMULATED}")
    assert len(found["result-months"]) == 6 and found["result-winners"] == []
    months, segments = (sum(Decimal(row["change"]) for row in found[f"result-{name}"]) for name in ("months", "segments"))
    assert months > 0 and abs(months - segments) < 1
    losers = found["result-losers"]
    assert losers and all(row["relative"] == pytest.approx(0.1, abs=0.09) for row in losers)
    assert next(row for row in found["result-beyond"] if row["percent"] == "5")["up"] > 0
    at_ten = next(row for row in found["result-beyond"] if row["percent"] == "10")
    assert at_ten["up"] == sum(row["relative"] > 0.1 for row in losers)
    charts = blocks(pages, f"/pricing.json?{SIMULATED}", "chart")
    assert len(charts) == 3
    html = settled(pages, f"/pricing?{SIMULATED}")
    assert "Behaviour is held fixed" in html and "/account?id=" in html
    exported = pages.get(f"/export/pricing/result-losers.csv?{SIMULATED}").text
    assert len(exported.strip().splitlines()) == len(losers) + 1


def test_a_figure_of_a_simulation_opens_its_answer(pages: TestClient):
    html = settled(pages, f"/pricing?{SIMULATED}")
    href = re.search(r'class="value" href="(/answer\?of=simulation[^"]*)"', html)
    assert href
    evidence = pages.get(href[1].replace("&amp;", "&")).text
    assert "What bills would have been under api (changed)" in evidence


@pytest.mark.parametrize("draft", ["../../growthring", "..%2F..%2Fgrowthring", "/etc/passwd", "a" * 32, "..%5C..%5Cx"])
def test_addresses_of_no_draft_open_no_file(pages: TestClient, draft: str):
    for address in (f"/pricing?draft={draft}", f"/pricing?draft={draft}&run=1", f"/answer?of=simulation&draft={draft}"):
        html = pages.get(address)
        assert html.status_code == 200 and "Unknown draft" in pages.get(address.replace("?", ".json?")).text
        assert "fiscal_year_starts" not in html.text and "root:" not in html.text


def test_chosen_prices_are_kept_as_a_draft_only_once_confirmed(own_pages: TestClient):
    folder = own_pages.app.state.desk.root / ".growthring" / "console" / "drafts"  # type: ignore[attr-defined]
    asked = preview(own_pages, "keep_prices", back="/pricing", use="20", book="api")
    assert asked.status_code == 200 and "USD 0.00144" in asked.text and not list(folder.glob("*.yaml"))
    done = confirm(own_pages, "keep_prices", back="/pricing", use="20", book="api")
    (kept,) = folder.glob("*.yaml")
    assert done.status_code == 303 and done.headers["location"] == f"/pricing?draft={kept.stem}"
    page = own_pages.get(done.headers["location"]).text
    assert "Kept as a draft" in page
    page = settled(own_pages, done.headers["location"])
    assert "0.00144" in page and f'value="{kept.stem}" selected' in page


def test_a_written_book_is_checked_before_it_is_kept(own_pages: TestClient):
    text = (own_pages.app.state.desk.root / "price_books" / "api.yaml").read_text().replace("0.0012", "0.01")  # type: ignore[attr-defined]
    refused = preview(own_pages, "write_prices", back="/pricing", text=text.replace("per_unit", "per_use"))
    assert refused.status_code == 422 and "cannot be used" in refused.text and ".growthring" not in refused.text
    done = confirm(own_pages, "write_prices", back="/pricing", text=text)
    assert done.headers["location"].startswith("/pricing?draft=")
    tried = tables(own_pages, done.headers["location"].replace("?", ".json?"))["tried"]
    assert ("0.0012", "0.01") in [(row["unit_price_now"], row["unit_price"]) for row in tried]


def test_who_only_reads_may_try_prices_but_keep_none(ringwood_folder: Path, drafts: Path):
    with TestClient(create_app(ringwood_folder, who=lambda _: User("Vera", "viewer")), base_url="http://127.0.0.1") as viewer:
        assert "See what it would have done" in settled(viewer, f"/pricing?{TRIED}")
        # a viewer has no form to take a token from; the token of the session alone is not enough
        refused = viewer.post("/do/keep_prices", data={"use": "20", "confirmed": "yes"})
    assert refused.status_code == 403 and not list(drafts.glob("*.yaml"))
