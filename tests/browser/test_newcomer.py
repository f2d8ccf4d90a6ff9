"""A newcomer reads one surprising fact about the sample company and reaches the rows behind it in at most four clicks."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Seen

Visiting = Callable[..., Seen]


def test_from_the_first_page_to_the_rows_behind_its_surprise(visiting: Visiting):
    seen = visiting()
    seen.open("/")
    surprise = seen.page.locator("#changed .statements li", has_text="of its revenue after a year, the others")
    expect(surprise).to_contain_text(re.compile(r"partner \(channel\) keeps \d+\.\d%"))
    clicks = 0

    def click(what) -> None:
        nonlocal clicks
        what.click()
        seen.settle()
        clicks += 1

    click(surprise.get_by_role("link", name="See its customers"))
    expect(seen.page.locator("main h1")).to_contain_text("partner")
    click(seen.page.locator("#t-customers tbody tr").first.locator("td.amount a").first)
    expect(seen.page.locator("main table").last).to_contain_text(re.compile(r"raw/\S+\.csv"))
    assert clicks <= 4
