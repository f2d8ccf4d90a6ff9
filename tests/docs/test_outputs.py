"""What the tutorial shows is what its commands print."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
_STALE = "the page shows something else: run `.venv/bin/python docs/refresh_outputs.py` and read what changed"


@pytest.fixture(scope="module")
def outputs() -> ModuleType:
    """The program that refreshes the pages; docs is no package."""
    spec = importlib.util.spec_from_file_location("growthring_outputs", ROOT / "docs" / "refresh_outputs.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_commands_of_the_tutorial_print_what_it_shows(outputs: ModuleType) -> None:
    page = ROOT / "docs" / "tutorial.md"
    assert outputs.normalised(page.read_text()) == outputs.normalised(outputs.refreshed(page)), _STALE


def test_the_first_page_shows_the_demo_as_the_tutorial_does(outputs: ModuleType) -> None:
    shown = [
        re.search(r"^Snapshot .*?(?=^```)", outputs.normalised((ROOT / name).read_text()), flags=re.MULTILINE | re.DOTALL)
        for name in ("README.md", "docs/tutorial.md")
    ]
    assert shown[0] is not None and shown[1] is not None
    assert shown[0][0] == shown[1][0], _STALE


def test_only_what_differs_from_run_to_run_is_left_out_of_the_comparison(outputs: ModuleType) -> None:
    first = "Snapshot f86b9c4150d5aa00, closed on 2026-11-21, 35.0 s, data through 2024-12-31: 550,113.56  "
    second = "Snapshot 34494aec0f7dc029, closed on 2031-02-01, 9.9 s, data through 2024-12-31: 550,113.56"
    assert outputs.normalised(first) == outputs.normalised(second)
    assert outputs.normalised(first) != outputs.normalised(second.replace("113.56", "113.57"))
    assert outputs.normalised(first) != outputs.normalised(second.replace("2024-12-31", "2024-12-30"))
