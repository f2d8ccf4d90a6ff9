"""Each page as its user sees it: whole, quiet, readable by everyone, in light, in the dark and in Chinese; with its picture."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Seen

Visiting = Callable[..., Seen]

PAGES = {
    "home": "/",
    "revenue": "/revenue",
    "customer": "/account?id={customer}",
    "pricing": "/pricing",
    "forecast": "/forecast",
    "data": "/data",
    "definitions": "/definitions",
}
LOOKS = (("en", "light"), ("en", "dark"), ("zh", "light"))
PICTURES = Path(__file__).resolve().parents[2] / "docs" / "images" / "console"


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures are put: in the documentation when they are to be made anew."""
    folder = PICTURES if os.environ.get("GROWTHRING_REFRESH_PICTURES") else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("language", "mode"), LOOKS)
def test_a_page_is_whole_and_no_serious_barrier_stands_on_it(
    visiting: Visiting, customer: str, pictures: Path, name: str, language: str, mode: str
):
    seen = visiting(language, mode)
    seen.open(PAGES[name].format(customer=customer))
    assert seen.page.get_attribute("html", "lang") == {"en": "en", "zh": "zh-Hans"}[language]
    assert seen.page.locator("main h1").count() == 1
    assert seen.page.locator("section.part").count() >= 1
    picture = pictures / f"{name}-{mode}-{language}.png"
    seen.page.screenshot(path=picture)
    assert picture.stat().st_size > 20_000
    assert seen.serious() == []


@pytest.mark.parametrize("path", [*PAGES.values(), "/answer?of=what_changed", "/revenue?of_metric=ndr"])
def test_nothing_but_tables_is_wider_than_a_phone(visiting: Visiting, customer: str, path: str):
    seen = visiting()
    seen.page.set_viewport_size({"width": 390, "height": 800})
    seen.open(path.format(customer=customer))
    assert seen.page.evaluate("document.documentElement.scrollWidth") == 390


def test_evidence_and_customers_behind_a_figure_have_no_serious_barrier(visiting: Visiting):
    for path in ("/answer?metric=ndr", "/revenue?of_metric=ndr"):
        seen = visiting()
        seen.open(path)
        assert seen.serious() == []


def test_the_documentation_shows_every_page_in_every_look():
    shown = (PICTURES.parents[1] / "how-to" / "console.md").read_text(encoding="utf-8")
    for name in PAGES:
        for language, mode in LOOKS:
            assert f"images/console/{name}-{mode}-{language}.png" in shown
            assert (PICTURES / f"{name}-{mode}-{language}.png").exists()
