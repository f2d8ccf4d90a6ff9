"""Revenue: from figures to bars, from bars to customers, from customers to rows."""

import csv
import io
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

Twin = dict[str, Any]


def blocks(pages: TestClient, url: str, kind: str, section: str = "") -> list[Twin]:
    path, _, query = url.partition("?")
    found = pages.get(f"{path}.json?{query}").json()
    return [
        block
        for each in found["sections"]
        if not section or each["name"] == section
        for block in each["blocks"]
        if block["kind"] == kind
    ]


def table(pages: TestClient, url: str, name: str) -> Twin:
    return next(block for block in blocks(pages, url, "table") if block["name"] == name)


def raw_rows(pages: TestClient, href: str, column: str) -> list[str]:
    """Where a column of a table leads, as the page has it."""
    return re.findall(rf'href="(/revenue\?[^"]*{column}=[^"]*)"', pages.get(href).text)


def test_rates_name_their_policy_and_period_beside_the_number(pages: TestClient):
    found = [figure for block in blocks(pages, "/revenue?at=2023-06", "figures", "figures") for figure in block["figures"]]
    labels = [figure["label"] for figure in found]
    assert "Net dollar retention (NDR)" in labels and "Monthly recurring revenue (MRR)" in labels
    assert all(figure["note"] == "2023-06 · policy standard" and figure["href"].startswith("/answer?") for figure in found)


def test_every_figure_opens_an_answer_of_the_same_value(pages: TestClient):
    for figure in (each for block in blocks(pages, "/revenue", "figures", "figures") for each in block["figures"]):
        path, _, query = figure["href"].partition("?")
        opened = pages.get(f"{path}.json?{query}").json()["sections"][0]["blocks"][0]["figures"][0]
        assert (opened["label"], opened["value"]) == (figure["label"], figure["value"])


def test_a_rate_without_a_base_says_why_it_has_no_value(pages: TestClient):
    found = blocks(pages, "/revenue?at=2022-03", "figures", "figures")[1]["figures"][0]
    assert found["value"] is None and found["note"].startswith("Undefined, because it compares with 2021-03")


def test_a_bar_leads_to_its_customers_and_they_to_the_rows_of_files(pages: TestClient):
    steps = table(pages, "/revenue?at=2023-06", "steps")["rows"]
    movement = next(row for row in steps if row["step"] == "expansion")
    chart = blocks(pages, "/revenue?at=2023-06", "chart", "changed")[0]["chart"]["spec"]
    bar = next(value for value in chart["data"]["values"] if value["step"] == "Expansion")
    figures = blocks(pages, bar["href"], "figures", "customers")[0]["figures"]
    assert figures[2]["value"] == movement["amount"]
    listed = table(pages, bar["href"], "customers")
    assert listed["count"] == figures[0]["value"] == len(listed["rows"])
    customer = listed["rows"][0]["customer"]
    rows = next(href for href in raw_rows(pages, bar["href"], "customer") if f"customer={customer}" in href).replace("&amp;", "&")
    assert all(each["month"] == "2023-06" for each in table(pages, rows, "entries")["rows"])
    lines = table(pages, rows, "invoice_line")["rows"]
    assert any(line["counts"] == "yes" for line in lines) and all(line["source_file"].endswith(".csv") for line in lines)


def test_customers_are_paged_sorted_and_filtered_at_the_server_and_exported_whole(pages: TestClient):
    group = table(pages, "/revenue?by=product_family", "groups")["rows"][0]["group"]
    url = f"by=product_family&group={group}"
    whole = table(pages, f"/revenue?{url}", "customers")
    assert whole["count"] > 25
    html = pages.get(f"/revenue?{url}&customers.sort=name&customers.page=2").text
    shown = re.findall(r'<a href="/account\?id=[^"]*">([A-Z][a-z]+ [^<]*)</a>', html)
    assert shown == sorted((row["name"] for row in whole["rows"]), key=str.lower)[25:50]
    exported = list(csv.DictReader(io.StringIO(pages.get(f"/export/revenue/customers.csv?{url}").text.lstrip("\ufeff"))))
    assert len(exported) == whole["count"]
    name = whole["rows"][0]["name"]
    assert table(pages, f"/revenue?{url}&customers.find={name}", "customers")["count"] == 1


@pytest.mark.parametrize("by", ["segment", "product_family"])
def test_each_group_leads_to_the_customers_of_its_figure(pages: TestClient, by: str):
    found = table(pages, f"/revenue?by={by}", "groups")["rows"]
    leads = [href.replace("&amp;", "&") for href in raw_rows(pages, f"/revenue?by={by}", "group")]
    assert len({row["group"] for row in found}) == len(found)
    first = blocks(pages, next(href for href in leads if "of_metric" not in href), "figures", "customers")[0]["figures"]
    assert first[3]["value"] == found[0]["mrr"] and first[0]["value"] == found[0]["customers"]
    rate = blocks(pages, next(href for href in leads if "of_metric=ndr" in href), "figures", "customers")[0]["figures"]
    assert float(rate[3]["value"]) / float(rate[1]["value"]) == pytest.approx(found[0]["ndr"], rel=1e-4)


@pytest.mark.parametrize(("at", "quarter"), [("2023-02", "2024-Q1"), ("2023-06", "2024-Q1"), ("FY2023", "2023-Q4")])
def test_a_period_of_another_length_is_the_one_looked_at_or_the_last_that_is_over(pages: TestClient, at: str, quarter: str):
    chosen = {each["name"]: each for each in blocks(pages, f"/revenue?at={at}&period=quarter", "choices")[0]["choices"]}
    assert chosen["at"]["chosen"] == quarter and chosen["period"]["chosen"] == "quarter"


def test_cohorts_can_be_read_by_vintage_or_by_age(pages: TestClient):
    by_vintage = table(pages, "/revenue?cohort=cohort_logo", "triangle")["rows"]
    by_age = table(pages, "/revenue?cohort=cohort_logo&across=vintage", "triangle")["rows"]
    first = by_vintage[0]
    assert first["at_0"] == 1.0 and by_age[0][f"at_{first['vintage']}"] == 1.0
    assert {row["vintage"] for row in by_vintage} == {name.removeprefix("at_") for name in by_age[0]} - {"age"}


@pytest.mark.parametrize("measure", ["cohort_ndr", "cohort_logo"])
def test_each_cell_of_the_cohorts_leads_to_its_customers_from_the_heatmap_and_from_the_table(pages: TestClient, measure: str):
    url = f"/revenue?cohort={measure}"
    cells = blocks(pages, url, "chart", "cohorts")[0]["chart"]["spec"]["data"]["values"]
    linked = {href.replace("&amp;", "&") for href in raw_rows(pages, url, "of_metric") if f"of_metric={measure}" in href}
    assert {cell["href"] for cell in cells} == linked and len(linked) == len(cells)
    cell = min(cells, key=lambda each: each["value"])
    first = blocks(pages, cell["href"], "figures", "customers")[0]["figures"]
    assert float(first[3]["value"]) / float(first[1]["value"]) == pytest.approx(cell["value"], rel=1e-4)
    assert table(pages, cell["href"], "customers")["count"] == first[0]["value"]


def test_a_rate_leads_to_all_the_customers_it_compares(pages: TestClient):
    rate = blocks(pages, "/revenue", "figures", "figures")[1]["figures"][0]
    found = blocks(pages, "/revenue?of_metric=ndr", "figures", "customers")[0]["figures"]
    assert float(found[3]["value"]) / float(found[1]["value"]) == pytest.approx(rate["value"], rel=1e-4)


def test_any_metric_can_be_seen_over_time_with_the_reason_why_earlier_periods_have_no_value(pages: TestClient):
    rows = table(pages, "/revenue?metric=ndr", "periods")["rows"]
    assert [row["at"] for row in rows] == [f"2023-0{month}" for month in (6, 5, 4, 3, 2, 1)] and all(row["value"] for row in rows)
    assert "revenue is known from 2022-01 on" in blocks(pages, "/revenue?metric=ndr", "note", "time")[0]["remedy"]


def test_the_bridge_to_another_policy_ends_at_its_figure(pages: TestClient):
    first, gap, second = blocks(pages, "/revenue?other=figma", "figures", "bridge")[0]["figures"]
    steps = table(pages, "/revenue?other=figma", "switches")["rows"]
    assert sum(row["amount"] for row in steps) == pytest.approx(gap["value"])
    there = blocks(pages, "/revenue?policy=figma", "figures", "figures")[1]["figures"][0]
    assert there["value"] == second["value"] and there["note"].endswith("policy figma") and first["note"] == "policy standard"
    assert any("customers present at both dates" in row["what"] for row in steps)


def test_a_step_of_the_bridge_leads_to_as_many_customers_as_it_says(pages: TestClient):
    url = "/revenue?other=figma"
    steps = [row for row in table(pages, url, "switches")["rows"] if row["customers"]]
    chart = blocks(pages, url, "chart", "bridge")[0]["chart"]["spec"]
    bars = [bar["href"] for bar in chart["data"]["values"] if "href" in bar]
    assert steps and len(bars) == len([row for row in steps if row["amount"]])
    for row, bar in zip((row for row in steps if row["amount"]), bars, strict=True):
        found = table(pages, bar.partition("#")[0], "bridge")
        assert found["count"] == row["customers"] and {each["what"] for each in found["rows"]} == {row["what"]}


@pytest.mark.parametrize(
    "query", ["policy=none", "at=never", "movement=sale", "by=planet&group=x", "metric=zz", "customer=nobody"]
)
def test_what_does_not_exist_is_told_on_the_page(pages: TestClient, query: str):
    response = pages.get(f"/revenue?{query}")
    assert response.status_code == 200 and "Traceback" not in response.text


@pytest.mark.parametrize("query", ["policy=none", "at=never", "policy=none&movement=new"])
def test_what_cannot_be_looked_at_is_told_once_with_a_way_back(pages: TestClient, query: str):
    html = pages.get(f"/revenue?{query}").text
    assert html.count('class="note evidence"') == 1 and 'href="/revenue">All of revenue</a>' in html
