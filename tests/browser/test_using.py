"""How people use the console: evidence beside the page, choices in the address, the back button, keys, no scripts at all."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Seen

Visiting = Callable[..., Seen]


def test_a_figure_opens_its_evidence_beside_the_page_and_escape_leads_back(visiting: Visiting):
    seen = visiting()
    seen.open("/")
    page = seen.page
    value = page.locator("#figures .value").first.inner_text().split()[0]
    page.locator("#figures a.value").first.click()
    dialog = page.locator("dialog#evidence")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text(value)
    expect(dialog).to_contain_text("Snapshot")
    assert page.url.rstrip("/") == seen.address
    seen.settle()
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    page.locator("#figures a.value").first.click()
    expect(dialog).to_be_visible()
    seen.settle()
    dialog.get_by_role("link", name="Open as a page").click()
    page.wait_for_url("**/answer?of=show**")


def test_the_evidence_has_an_address_of_its_own(visiting: Visiting):
    seen = visiting()
    seen.open("/")
    href = seen.page.locator("#figures a.value").first.get_attribute("href")
    assert href
    seen.open(href)
    expect(seen.page.locator("main")).to_contain_text("SQL over the canonical tables")


def test_a_choice_stands_in_the_address_and_the_back_button_takes_it_back(visiting: Visiting):
    seen = visiting()
    seen.open("/revenue")
    page = seen.page
    choice = page.locator("select[name=at]").first
    before = choice.input_value()
    other = choice.locator("option").nth(2).get_attribute("value")
    assert other and other != before
    choice.select_option(other)
    page.wait_for_url(f"**at={other}**")
    seen.settle()
    assert page.locator("select[name=at]").first.input_value() == other
    page.go_back()
    seen.settle()
    assert page.locator("select[name=at]").first.input_value() == before


def test_a_cell_of_the_heatmap_leads_to_its_customers(visiting: Visiting):
    seen = visiting()
    seen.open("/revenue")
    seen.page.locator("#cohorts figure svg .mark-rect path").nth(5).click()
    seen.page.wait_for_url("**of_metric=cohort_ndr**")
    seen.settle()
    expect(seen.page.locator("main h1")).to_contain_text("customers since")
    assert seen.page.locator("#t-customers tbody tr").count() > 0


def test_a_table_is_sorted_by_its_heading_and_downloaded_as_it_is_filtered(visiting: Visiting, tmp_path: Path):
    seen = visiting()
    seen.open("/")
    table = seen.page.locator("#t-groups")
    table.locator("thead a", has_text="Customers").click()
    seen.settle()
    counts = [int(text) for text in seen.page.locator("#t-groups tbody tr td:nth-child(2)").all_inner_texts()]
    assert counts == sorted(counts, reverse=True)
    with seen.page.expect_download() as download:
        seen.page.locator("#t-groups a", has_text="CSV").click()
    file = tmp_path / "groups.csv"
    download.value.save_as(file)
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("label,customers") and len(lines) > len(counts)


def test_without_scripts_a_page_says_the_same_but_for_its_charts(visiting: Visiting):
    seen = visiting()
    seen.open("/")
    told = seen.page.locator("#changed .statements").inner_text()
    plain = visiting(scripts=False)
    plain.page.goto(plain.address + "/")
    assert plain.page.locator("#changed .statements").inner_text() == told
    assert plain.page.locator("#t-steps tbody tr").count() >= 3
    plain.page.locator("#figures a.value").first.click()
    expect(plain.page.locator("main h1")).to_contain_text("Evidence")


def test_every_place_is_reached_by_the_keyboard(visiting: Visiting):
    seen = visiting()
    seen.open("/")
    page = seen.page
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/revenue")
    seen.settle()
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()


def test_light_and_dark_are_chosen_once_and_kept(visiting: Visiting):
    seen = visiting()
    seen.open("/")
    page = seen.page
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("button[data-does=mode]").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert light != dark
    page.reload()
    seen.settle()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
