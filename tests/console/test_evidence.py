"""Every number on a page leads to its evidence, and evidence is whole: a definition, rows, customers that can be opened."""

import re
import time

import pytest
from starlette.testclient import TestClient

from growthring.console.asked import link

_CELL = re.compile(r'<td class="(?:amount|share|points|count|number)">(.*?)</td>', re.DOTALL)
_SCALES = {"t-price": 1, "t-bill": 1}
"""Figures of a row that are no findings: the share of usage that a price is asked for, the number of a tier."""


def shown(client: TestClient, path: str) -> str:
    """Return a section of a page, once it is computed."""
    for _ in range(300):
        html = client.get(path).text
        if 'aria-busy="true"' not in html:
            return html
        time.sleep(0.1)
    raise AssertionError(f"{path} is still being computed")


def bare(html: str) -> list[str]:
    """Return the figures of the tables of a section that lead nowhere, but for those that stand for the scale of a table."""
    found = []
    for name, table in re.findall(r'<div class="table" id="(t-[^"]+)">(.*?)</table>', html, re.DOTALL):
        for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)[1:]:
            cells = [cell for cell in _CELL.findall(row) if cell.strip("– \n") and "<a " not in cell]
            found += [f"{name}: {cell}" for cell in cells[_SCALES.get(name, 0) :]]
    return found


@pytest.fixture(scope="module")
def promising(open_pages: TestClient) -> str:
    """A customer of the sample company with a commitment."""
    open_pages.cookies.clear()
    (table,) = open_pages.get("/account.json").json()["sections"][0]["blocks"]
    return next(row["account_id"] for row in table["rows"] if row["promised"] and row["state"] == "customer")


@pytest.mark.parametrize("name", ["steps", "movers", "groups"])
def test_every_number_of_a_table_of_the_first_page_leads_to_what_it_is_made_of(pages: TestClient, name: str):
    assert bare(shown(pages, f"/part/home/{name}")) == []


@pytest.mark.parametrize("name", ["changed", "time", "groups", "cohorts", "bridge"])
def test_every_number_of_a_table_about_revenue_leads_to_what_it_is_made_of(pages: TestClient, name: str):
    assert bare(shown(pages, f"/part/revenue/{name}?other=figma")) == []


@pytest.mark.parametrize("name", ["list", "revenue", "usage", "contracts", "commitments", "bill", "price", "forecast"])
def test_every_number_of_a_table_about_a_customer_opens_its_answer(pages: TestClient, promising: str, name: str):
    asked = {} if name == "list" else {"id": promising, "budget": "1.1"}
    assert bare(shown(pages, link(f"/part/account/{name}", **asked))) == []


def tables(pages: TestClient, query: str) -> dict[str, list[dict[str, object]]]:
    sections = pages.get(f"/answer.json?{query}").json()["sections"]
    return {block["name"]: block["rows"] for each in sections for block in each["blocks"] if block["kind"] == "table"}


@pytest.mark.parametrize("metric", ["mrr", "ndr", "customers", "grr"])
def test_the_evidence_of_a_single_figure_has_the_rows_it_is_made_of(pages: TestClient, metric: str):
    found = tables(pages, f"of=show&metric={metric}")
    assert found["rows-customer"] and found["rows-count"] and found["rows-switch"]
    assert found == tables(pages, f"of=explain&metric={metric}")


@pytest.mark.parametrize("metric", ["mrr", "ndr", "logo_retention"])
def test_the_evidence_leads_to_everybody_behind_the_figure_to_its_definition_and_to_what_was_left_out(
    pages: TestClient, metric: str
):
    blocks = pages.get(f"/answer.json?metric={metric}&at=2023-05&policy=stripe").json()["sections"][0]["blocks"]
    links = dict(next(block["links"] for block in blocks if block["kind"] == "links"))
    everybody = links["All customers behind it"]
    assert f"of_metric={metric}" in everybody and "at=2023-05" in everybody and "policy=stripe" in everybody
    assert {f"/definitions?metric={metric}", "/definitions?policy=stripe", "/data#problems"} <= set(links.values())
    assert all(pages.get(href).status_code == 200 for href in links.values())


def test_customers_among_the_rows_are_opened_and_codes_are_words(pages: TestClient):
    html = shown(pages, "/part/answer/rows?of=what_changed")
    assert re.search(r'<a href="/account\?id=A\d+">A\d+</a>', html) and "Exchange rates" in html and ">fx<" not in html
    assert "Monthly recurring revenue (MRR)" in html
