"""Each chart draws the figures it is given, in their order, and leaves out what is not there."""

import pytest

from growthring.charts import Axis, Labels, bars, fan, heatmap, histogram, lines

USD = Axis("USD")


def drawn(spec):
    return spec["data"]["values"]


def test_a_line_leaves_a_gap_where_there_is_no_figure():
    chart = lines([{"at": "2024-01", "mrr": "1.50"}, {"at": "2024-02", "mrr": None}], at="at", value="mrr", axis=USD, title="MRR")
    assert [each["value"] for each in drawn(chart.spec)] == [1.5, None]


def test_bars_stand_in_the_order_of_the_rows_as_high_as_there_are_of_them():
    rows = [{"group": name, "mrr": amount} for name, amount in (("b", "2"), ("a", "-3"))]
    spec = bars(rows, name="group", value="mrr", axis=USD, title="By group", labels=Labels({"b": "B"}), signed=True).spec
    assert spec["encoding"]["y"]["sort"] == ["B", "a"]
    assert [each["kind"] for each in drawn(spec)] == ["up", "down"]
    assert bars(rows * 3, name="group", value="mrr", axis=USD, title="t").spec["height"] == spec["height"]


def test_a_heatmap_keeps_cells_without_a_figure_empty():
    rows = [{"age": "0", "vintage": "2024-Q1", "ndr": 1.0}, {"age": "1", "vintage": "2024-Q1", "ndr": None}]
    spec = heatmap(rows, across="age", down="vintage", value="ndr", axis=Axis("NDR", "share"), title="t", middle=1.0).spec
    assert len(drawn(spec)) == 1


def test_a_histogram_marks_the_bins_that_need_attention():
    spec = histogram(
        [{"bin": "-5 %", "n": 2}, {"bin": "+50 %", "n": 1}],
        bin_name="bin",
        count="n",
        axis=Axis("n", "count"),
        title="t",
        marked=("+50 %",),
    ).spec
    assert [each["kind"] for each in drawn(spec)] == ["accent", "down"]


def test_a_forecast_begins_where_the_past_ends_and_has_its_ranges_behind_it():
    past = [{"at": "2024-01", "amount": "10"}]
    ahead = [{"at": "2024-02", "amount": "11", "low": "9", "high": "14"}]
    spec = fan(past, ahead, at="at", value="amount", ranges=[("80 %", "low", "high")], axis=USD, title="t").spec
    band, line, _ = spec["layer"]
    assert band["mark"]["type"] == "area" and line["mark"]["type"] == "line"
    data = spec.get("datasets") or {}
    values = [layer["data"].get("values") or data[layer["data"]["name"]] for layer in (band, line)]
    assert values[0] == [{"at": "2024-02", "low": 9.0, "high": 14.0, "range": "80 %"}]
    assert [(each["at"], each["value"], each["group"]) for each in values[1]] == [
        ("2024-01", 10.0, "actual"), ("2024-01", 10.0, "forecast"), ("2024-02", 11.0, "forecast"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["</script><b>", "datum.x", "token:up", "=1+1", "李雷"])
def test_names_of_the_data_are_drawn_as_they_are(name: str):
    spec = bars([{"group": name, "mrr": "1"}], name="group", value="mrr", axis=USD, title="t").spec
    assert drawn(spec)[0]["name"] == name


def test_a_cell_of_a_heatmap_leads_where_its_row_says_and_nowhere_else():
    rows = [{"vintage": "2023", "age": age, "ndr": 1.0, "to": to} for age, to in ((0, "/revenue?age=0"), (1, ""))]
    spec = heatmap(rows, across="age", down="vintage", value="ndr", axis=Axis("NDR", "share"), title="t", href="to").spec
    assert [each.get("href") for each in spec["data"]["values"]] == ["/revenue?age=0", None]
    assert spec["encoding"]["href"]["field"] == "href"
