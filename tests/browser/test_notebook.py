"""The page on notebooks, executed as a notebook on the sample company, and looked at as it is exported."""

import ast
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from playwright.sync_api import Browser

from growthring.charts import TOKENS
from growthring.operations.answer_display import VEGA_LITE
from tests.browser.conftest import Seen, watch

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "notebook.md"


@pytest.fixture(scope="module")
def notebook(ringwood_whole_to_copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[nbformat.NotebookNode]:
    """The blocks of the page as cells, after a kernel ran them beside the sample company."""
    folder = tmp_path_factory.mktemp("notebook")
    shutil.copytree(ringwood_whole_to_copy, folder / "demo")
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(block) for block in blocks])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        client = NotebookClient(made, timeout=120, resources={"metadata": {"path": str(folder)}})
        yield client.execute(env=dict(os.environ))


def _shown(notebook: nbformat.NotebookNode, cell: int) -> list[dict[str, Any]]:
    """Return what a cell shows, by media type."""
    return [output.data for output in notebook.cells[cell].outputs]


@pytest.mark.parametrize(
    ("cell", "said"),
    [(0, "Monthly recurring revenue (MRR)"), (1, "Net dollar retention (NDR)"), (2, "Movement ledger")],
)
def test_a_cell_shows_the_answer_and_below_it_the_chart(notebook: nbformat.NotebookNode, cell: int, said: str):
    answer, chart = _shown(notebook, cell)
    assert said in answer["text/html"] and "standard" in answer["text/html"] and "<table>" in answer["text/html"]
    assert chart[VEGA_LITE]["data"]["values"] or chart[VEGA_LITE]["datasets"]


def test_rows_and_charts_are_plain_data_to_go_on_with(notebook: nbformat.NotebookNode):
    share, spec = (_shown(notebook, cell)[0]["text/plain"] for cell in (3, 4))
    assert re.fullmatch(r"Decimal\('0\.\d+'\)", share)
    assert ast.literal_eval(spec)["mark"]["type"] == "bar" and TOKENS["dark"]["paper"] in spec


def test_an_exported_notebook_shows_each_chart_and_asks_for_nothing(notebook: nbformat.NotebookNode, browser: Browser):
    body, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    page = browser.new_context().new_page()
    seen = Seen(page, "about:blank")
    watch(seen, ())
    page.set_content(body)
    pictures = page.locator("img").all()
    assert len(pictures) == len([shown for cell in range(3) for shown in _shown(notebook, cell) if VEGA_LITE in shown]) == 3
    assert all(picture.evaluate("image => image.naturalWidth") > 600 for picture in pictures)
    assert page.locator(".growthring-answer").count() == 3
    page.context.close()
    assert not seen.faults
