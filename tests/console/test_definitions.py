"""Definitions: what is shown of metrics, policies and words."""

import re

import pytest
from starlette.testclient import TestClient

from growthring.revenue.metrics import METRICS
from tests.console.test_revenue import blocks, table


def test_every_metric_is_listed_with_its_name_and_leads_to_its_definition(pages: TestClient):
    rows = {row["key"]: row for row in table(pages, "/definitions", "metrics")["rows"]}
    assert rows.keys() == METRICS.keys() and rows["ndr"]["name"] == "Net dollar retention (NDR)"
    html = pages.get("/definitions?metrics.find=gross+dollar").text
    assert re.search(r'href="/definitions\?metric=grr"', html) and 'href="/definitions?metric=mrr"' not in html


def test_metrics_are_searched_by_the_words_of_their_meaning(pages: TestClient):
    found = table(pages, "/definitions?metrics.find=largest+tenth", "metrics")["rows"]
    assert [row["key"] for row in found] == ["top_decile_share"]


@pytest.mark.parametrize(("dialect", "word"), [("duckdb", "DuckDB"), ("bigquery", "BigQuery")])
def test_a_metric_says_its_formula_and_its_sql_in_the_chosen_dialect(pages: TestClient, dialect: str, word: str):
    url = f"/definitions?metric=grr&policy=figma&dialect={dialect}"
    facts = {name: value for name, value, _ in blocks(pages, url, "facts")[0]["facts"]}
    assert facts["Formula"] == METRICS["grr"].formula and facts["Has no value when"] == METRICS["grr"].undefined
    text = blocks(pages, url, "text")[0]
    assert word in text["title"] and "entity_month" in text["text"]


def test_a_metric_leads_to_its_value_now_and_to_the_bridge(pages: TestClient):
    figure = blocks(pages, "/definitions?metric=ndr", "figures")[0]["figures"][0]
    assert figure["href"].startswith("/answer?of=show&metric=ndr")
    html = pages.get("/definitions?metric=ndr").text
    assert "/revenue?policy=standard&amp;bridged=ndr&amp;other=figma#bridge" in html


def test_a_policy_says_what_it_changes_of_the_own_one_and_what_to_beware_of(pages: TestClient):
    rows = table(pages, "/definitions?policy=figma", "differences")["rows"]
    assert {row["switch"] for row in rows} == {"ndr", "base_threshold", "threshold_arr"}
    assert rows[0]["own"] == "same customers now over then"
    assert any("survivor bias" in note["text"] for note in blocks(pages, "/definitions?policy=figma", "note"))


def test_the_glossary_can_be_searched(pages: TestClient):
    found = table(pages, "/definitions?glossary.find=金额留存率", "glossary")["rows"]
    assert {row["term"] for row in found} == {"NDR", "GRR"}


def test_a_metric_that_does_not_exist_is_told(pages: TestClient):
    assert "Unknown metric" in pages.get("/definitions?metric=zz").text
