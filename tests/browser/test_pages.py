"""Each page as its user sees it: whole, quiet, readable by everyone, in light and dark and in both languages."""

from collections.abc import Callable

import pytest

from growthring.console.render import MENU
from tests.browser.conftest import Seen

Visiting = Callable[..., Seen]


def address(name: str) -> str:
    return "/" if name == "home" else f"/{name}"


@pytest.mark.parametrize("name", MENU)
def test_a_page_is_whole_and_nothing_on_it_is_a_serious_barrier(visiting: Visiting, name: str):
    seen = visiting()
    seen.open(address(name))
    assert seen.page.locator("main h1").count() == 1
    assert seen.page.locator("section.part").count() >= 1
    assert seen.serious() == []


@pytest.mark.parametrize("name", MENU)
def test_in_the_dark_and_in_chinese_a_page_is_as_readable(visiting: Visiting, name: str):
    seen = visiting("zh", "dark")
    seen.open(address(name))
    assert seen.page.get_attribute("html", "lang") == "zh-Hans"
    assert seen.serious() == []
