"""Every page opens, says the same as JSON, and loads nothing from elsewhere."""

import re

import pytest
from starlette.testclient import TestClient

from growthring.console.pages import PAGES


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_and_has_a_json_twin_with_the_same_sections(pages: TestClient, name: str):
    twin = pages.get(f"/{name}.json").json()
    html = pages.get("/" if name == "home" else f"/{name}").text
    assert [section["name"] for section in twin["sections"]] == re.findall(r'<section id="([a-z_]+)"', html)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_no_other_host_and_holds_no_script_or_style_of_its_own(pages: TestClient, name: str):
    response = pages.get("/" if name == "home" else f"/{name}")
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", response.text)
    assert not re.search(r"<script(?![^>]*(?: src=|application/json))|<style| style=| on[a-z]+=", response.text)
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy and "http" not in policy and "default-src 'none'" in policy


def test_what_leads_nowhere_is_told_as_a_page_and_as_json(pages: TestClient):
    assert pages.get("/nowhere").status_code == 404
    assert pages.get("/nowhere.json").json()["status"] == 404
    assert pages.get("/answer?of=nothing").status_code == 200
    assert "Unknown answer: nothing." in pages.get("/answer?of=nothing").text


def test_a_section_that_is_no_longer_on_its_page_lets_the_page_be_read_again(pages: TestClient):
    waited_for = "/part/account/bill?id=nobody"
    seen = pages.get(waited_for, headers={"HX-Request": "true"})
    assert (seen.headers.get("hx-refresh"), seen.text) == ("true", "")
    assert pages.get(waited_for).status_code == 404


def test_what_is_wrong_with_a_section_takes_its_place_and_not_that_of_the_page(pages: TestClient):
    inside = pages.get("/part/nothing/at-all", headers={"HX-Request": "true"}).text
    assert inside.lstrip().startswith("<section") and "<html" not in inside and "leads nowhere" in inside
    assert "<html" in pages.get("/part/nothing/at-all").text
