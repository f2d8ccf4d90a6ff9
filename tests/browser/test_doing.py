"""What takes seconds, as the one sees it who began it: progress, then what was done, on a page that is up to date."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Seen, serving


@pytest.fixture
def address(ringwood_to_copy: Path, tmp_path: Path) -> Iterator[str]:
    """Where the console of a small company is served, to write in."""
    with serving(Path(shutil.copytree(ringwood_to_copy, tmp_path / "ringwood"))) as found:
        yield found


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_month_is_closed_while_its_page_says_how_far_it_is(visiting: Callable[..., Seen], address: str, scripts: bool):
    seen = visiting(scripts=scripts)
    seen.address = address
    page, form = seen.page, seen.page.locator("form[action='/do/close_month']")
    page.goto(f"{address}/data")
    _until(seen, lambda: form.count() == 1, scripts=scripts)
    page.locator("summary", has_text="Close a month").click()
    form.get_by_role("button").click()
    _until(seen, lambda: page.locator("form.confirm").count() == 1, scripts=scripts)
    page.locator("form.confirm button").click()
    _until(seen, lambda: page.get_by_text("is closed under standard.").count() == 1, scripts=scripts)
    _until(seen, lambda: page.locator("#t-closes").count() == 1, scripts=scripts)
    expect(page.locator("#t-closes tbody tr")).to_have_count(1)


def _until(seen: Seen, is_there: Callable[[], bool], *, scripts: bool) -> None:
    """Wait until something is there: with scripts it comes by itself, without them by looking again."""
    page = seen.page
    for _ in range(300):
        if is_there():
            return
        page.wait_for_timeout(200)
        again = page.get_by_role("button", name="Look again")
        if scripts:
            continue
        if again.count():
            again.click()
        else:
            page.goto(page.url)
    raise AssertionError(page.inner_text("main"))
