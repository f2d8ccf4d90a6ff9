"""Home: each sentence and each number leads to what it is made of, at the month and under the policy of the page."""

import re
from decimal import Decimal
from typing import Any

import pytest
from starlette.testclient import TestClient

AT = "/?at=2023-05&policy=stripe"


def section(pages: TestClient, url: str, name: str) -> list[dict[str, Any]]:
    path, _, query = url.partition("?")
    found = pages.get(f"{path.rstrip('/') or '/home'}.json?{query}").json()
    return next(each["blocks"] for each in found["sections"] if each["name"] == name)


def figures(pages: TestClient, url: str, name: str) -> list[dict[str, Any]]:
    return next(block["figures"] for block in section(pages, url, name) if block["kind"] == "figures")


def leads(pages: TestClient, name: str, cell: str) -> list[str]:
    """Where the cells of a class lead in a section of the page."""
    html = pages.get(f"/part/home/{name}{AT[1:]}").text
    return [href.replace("&amp;", "&") for href in re.findall(rf'<td class="{cell}"><a href="([^"]+)"', html)]


def rows(pages: TestClient, name: str) -> list[dict[str, Any]]:
    return next(block["rows"] for block in section(pages, AT, name) if block["kind"] == "table")


def test_without_a_close_the_page_says_with_what_it_compares(pages: TestClient):
    notes = [block["text"] for block in section(pages, AT, "changed") if block["kind"] == "note"]
    assert any("No month before 2023-05 was closed under policy stripe" in text for text in notes)


def test_figures_are_of_the_month_and_the_policy_in_the_address_and_open_the_same(pages: TestClient):
    for figure in figures(pages, AT, "figures"):
        assert "2023-05" in figure["note"]
        opened = figures(pages, figure["href"], "figure")[0]
        assert (opened["value"], opened["note"]) == (figure["value"], "2023-05")


def test_each_sentence_leads_to_evidence_of_its_month_and_policy(pages: TestClient):
    statements = section(pages, AT, "changed")[0]["statements"]
    assert len(statements) >= 3
    for each in statements:
        assert each["href"].startswith(("/answer?", "/revenue?")) and "policy=stripe" in each["href"]
        assert "at=2023-05" in each["href"] and pages.get(each["href"]).status_code == 200


def test_a_step_leads_to_as_many_customers_as_it_says_with_its_amount(pages: TestClient):
    hrefs = dict(zip([row["step"] for row in rows(pages, "steps")], leads(pages, "steps", "amount"), strict=True))
    for row in rows(pages, "steps")[1:-1]:
        found = figures(pages, hrefs[row["step"]], "customers")
        assert (found[0]["value"], found[2]["value"]) == (row["customers"], row["amount"])


def test_the_amount_of_a_mover_leads_to_its_entries_in_the_ledger(pages: TestClient):
    for row, href in zip(rows(pages, "movers"), leads(pages, "movers", "amount"), strict=True):
        assert Decimal(figures(pages, href, "entries")[0]["value"]) == Decimal(row["amount"])


def test_each_group_leads_to_the_customers_of_its_rate_and_to_those_that_are_new(pages: TestClient):
    bases, news = leads(pages, "groups", "count"), leads(pages, "groups", "amount")
    for row, to_base, to_new in zip(rows(pages, "groups"), bases, news, strict=True):
        base = figures(pages, to_base, "customers")
        assert base[0]["value"] == row["customers"]
        assert float(base[3]["value"]) / float(base[1]["value"]) == pytest.approx(row["ndr"], rel=1e-4)
        assert figures(pages, to_new, "customers")[2]["value"] == row["new_in_12_months"]
