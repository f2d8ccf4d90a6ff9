"""An Answer in a notebook: the figure with its evidence, the first rows, the chart; and nothing that runs."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from vl_convert import vegalite_to_svg

from growthring.operations.answer import Answer
from growthring.operations.answer_charts import chart_of
from growthring.operations.answer_display import VEGA_LITE
from growthring.operations.project import Project
from growthring.operations.revenue.show import View, show


def _marks(spec: dict[str, Any]) -> list[str]:
    return [layer["mark"]["type"] for layer in spec.get("layer", [spec])]


def _drawn(spec: dict[str, Any], version: str) -> int:
    """Return how many shapes a version of Vega-Lite draws."""
    return vegalite_to_svg(spec, vl_version=version, allowed_base_urls=[]).count("<path")


def _answer(rows: list[dict[str, Any]], **changes: Any) -> Answer:
    fields = {"metric": "mrr", "value": "1234567.80", "unit": "USD per month", "at": "2024-12", "definition": "d"}
    return Answer(**{**fields, "policy": {"name": "standard"}, "snapshot": "s", "rows": rows, **changes})


@pytest.mark.parametrize(
    ("metric", "view", "marks"),
    [
        ("mrr", View(since="2023-01"), ["line", "point"]),
        ("mrr", View(since="2023-01", by="segment"), ["line", "point"]),
        ("mrr", View(by="segment"), ["bar"]),
        ("movements", View(), ["bar"]),
        ("cohort_ndr", View(), ["rect"]),
        ("mrr", View(), None),
        ("ndr", View(), None),
        ("movements", View(by="segment"), None),
    ],
)
def test_an_answer_is_drawn_as_what_it_is(ringwood: Project, metric: str, view: View, marks: list[str] | None):
    bundle = show(ringwood, metric, view)._repr_mimebundle_()
    assert {"text/plain", "text/html"} <= bundle.keys()
    assert (VEGA_LITE in bundle) == (marks is not None)
    if marks is not None:
        spec = bundle[VEGA_LITE]
        assert _marks(spec) == marks and spec["width"] == 640 and "token:" not in repr(spec)
        assert _drawn(spec, "5.8") == _drawn(spec, "6.4") > 0, "notebooks draw with Vega-Lite 5, the console with 6"


def test_the_bars_of_a_waterfall_are_the_movements_of_the_last_period(ringwood: Project):
    found = show(ringwood, "movements", View(since="2023-04"))
    drawn = chart_of(found).spec["data"]["values"]  # type: ignore[union-attr]
    assert (drawn[0]["step"], drawn[-1]["step"]) == ("start", "end")
    assert drawn[-1]["to"] == pytest.approx(float(found.rows[-1]["end"]))


def test_a_forecast_is_drawn_as_a_fan_and_several_are_not():
    row = {"amount": "10.00", "low80": "9.00", "high80": "11.00", "low95": "8.00", "high95": None}
    one = [{"at": f"2025-0{month}", **row} for month in (1, 2, 3)]
    spec = chart_of(_answer(one, metric="forecast revenue")).spec  # type: ignore[union-attr]
    assert _marks(spec) == ["area", "area", "line", "point"]
    assert chart_of(_answer([{"segment": name, "at": "2025", **row} for name in "ab"], metric="forecast revenue")) is None


def test_more_groups_than_can_be_told_apart_are_cut_to_the_largest():
    months = ("2024-11", "2024-12")
    rows = [{"at": at, "country": f"c{n:02d}", "value": f"{n}.00", "customers": 1} for at in months for n in range(40)]
    drawn = chart_of(_answer(rows)).spec["data"]["values"]  # type: ignore[union-attr]
    assert {each["group"] for each in drawn} == {f"c{n}" for n in range(28, 40)}
    bars = chart_of(_answer(rows[40:])).spec["data"]["values"]  # type: ignore[union-attr]
    assert len(bars) == 30 and bars[0]["name"] == "c39"


def test_html_says_the_figure_its_definition_and_how_many_rows_are_not_shown():
    rows = [{"account_id": f"A{n}", "value": f"{n * 1000}.50", "share": 0.5, "note": None} for n in range(25)]
    html = _answer(rows, caveats=["Only half of it is known."])._repr_html_()
    for text in ("Monthly recurring revenue (MRR)", "1,234,567.80 USD per month", "2024-12", "standard", "19,000.50"):
        assert text in html
    assert html.count("<tr>") == 21 and "and 5 more rows" in html and "Only half of it is known." in html
    assert "20,000.50" not in html


def test_names_that_are_code_are_shown_as_text():
    bad = "<script>alert(1)</script>\" onmouseover='x'"
    html = _answer([{bad: bad, "at": bad, "value": bad}], value=bad, definition=bad, caveats=[bad], at=bad)._repr_html_()
    assert "<script" not in html and "' onmouseover" not in html and '" onmouseover' not in html


@pytest.mark.parametrize(
    ("value", "unit", "rows", "shown"),
    [
        ("-1234.50", "USD", [], "-1,234.50 USD"),
        (0.9528, "ratio", [], "95.3%"),
        (1200, "count", [], "1,200"),
        (None, "ratio", [], "undefined"),
        (None, "ratio", [{"a": 1}], "1 row"),
        (None, "ratio", [{"a": 1}] * 1200, "1,200 rows"),
        ("JPY 7, USD 5.00", "", [], "JPY 7, USD 5.00"),
    ],
)
def test_figures_are_written_as_people_read_them(value: Any, unit: str, rows: list[dict[str, Any]], shown: str):
    text = _answer(rows, value=value, unit=unit)._repr_mimebundle_()["text/plain"]
    assert text == f"Monthly recurring revenue (MRR), 2024-12: {shown} (policy standard)"


@pytest.mark.parametrize(
    ("name", "value", "unit", "shown"),
    [
        ("churn", "-12345.60", "USD per month", "-12,345.60"),
        ("churn", "-12345", "JPY per month", "-12,345"),
        ("value", 0.9093, "ratio", "90.9%"),
        ("share", 0.9093, "USD per month", "0.9093"),
        ("customers", 1200, "ratio", "1,200"),
        ("account_id", "0001200", "ratio", "0001200"),
    ],
)
def test_cells_are_written_like_the_figure_and_names_of_digits_are_left_alone(name: str, value: Any, unit: str, shown: str):
    assert f">{shown}</td>" in _answer([{name: value}], unit=unit)._repr_html_()


@pytest.mark.parametrize("picture", [{"image/svg+xml"}, set()], ids=["with pictures", "without"])
def test_a_notebook_shows_the_evidence_and_below_it_the_chart(
    ringwood: Project, monkeypatch: pytest.MonkeyPatch, picture: set[str]
):
    displayed: list[dict[str, Any]] = []
    fake = SimpleNamespace(display=lambda data, raw: displayed.append(data))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(display=fake))
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    if not picture:
        monkeypatch.setitem(sys.modules, "vl_convert", None)  # as where it is not installed
    show(ringwood, "mrr", View(by="segment"))._ipython_display_()
    assert [set(each) for each in displayed] == [{"text/plain", "text/html"}, {"text/plain", VEGA_LITE, *picture}]
    displayed.clear()
    show(ringwood, "ndr", View())._ipython_display_()
    assert [set(each) for each in displayed] == [{"text/plain", "text/html"}]
