"""An Answer in a notebook: the figure with its evidence, the first rows, the chart; and nothing that runs."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from growthring.operations.answer import Answer
from growthring.operations.answer_charts import chart_of
from growthring.operations.answer_display import VEGA_LITE
from growthring.operations.project import Project
from growthring.operations.revenue.show import View, show


def _marks(spec: dict[str, Any]) -> list[str]:
    return [layer["mark"]["type"] for layer in spec.get("layer", [spec])]


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
        assert _marks(spec) == marks and "/vega-lite/v6" in spec["$schema"]
        assert spec["width"] == 640 and "token:" not in repr(spec)


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
        (None, "ratio", [{"a": 1}], "1 rows"),
        ("JPY 7, USD 5.00", "", [], "JPY 7, USD 5.00"),
    ],
)
def test_figures_are_written_as_people_read_them(value: Any, unit: str, rows: list[dict[str, Any]], shown: str):
    text = _answer(rows, value=value, unit=unit)._repr_mimebundle_()["text/plain"]
    assert text == f"Monthly recurring revenue (MRR), 2024-12: {shown} (policy standard)"


def test_a_notebook_shows_the_evidence_and_below_it_the_chart(ringwood: Project, monkeypatch: pytest.MonkeyPatch):
    displayed: list[dict[str, Any]] = []
    fake = SimpleNamespace(display=lambda data, raw: displayed.append(data))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(display=fake))
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    show(ringwood, "mrr", View(by="segment"))._ipython_display_()
    assert [set(each) for each in displayed] == [{"text/plain", "text/html"}, {"text/plain", VEGA_LITE}]
    displayed.clear()
    show(ringwood, "ndr", View())._ipython_display_()
    assert [set(each) for each in displayed] == [{"text/plain", "text/html"}]
