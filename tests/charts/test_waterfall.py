"""A waterfall draws the steps it is given, and an axis that does not begin at zero says so."""

from growthring.charts import Axis, waterfall


def test_steps_stand_on_each_other_and_levels_on_the_ground():
    rows = [
        {"step": "start", "amount": "100"},
        {"step": "new", "amount": "30"},
        {"step": "churn", "amount": "-50"},
        {"step": "end", "amount": "80"},
    ]
    chart = waterfall(rows, step="step", amount="amount", axis=Axis("USD"), title="A month", totals=("start", "end"))
    bars = [(bar["from"], bar["to"], bar["kind"]) for bar in chart.spec["data"]["values"]]
    assert bars == [(0, 100, "flat"), (100, 130, "up"), (130, 80, "down"), (0, 80, "flat")]


def test_an_axis_is_cut_only_where_changes_would_not_be_seen_and_then_says_so():
    def axis(change: str) -> tuple[str, dict[str, object]]:
        rows = [{"step": "start", "amount": "1000"}, {"step": "new", "amount": change}]
        encoded = waterfall(rows, step="step", amount="amount", axis=Axis("USD"), title="A", totals=("start",), cut="(cut)").spec[
            "encoding"
        ]["y"]
        return encoded["title"], encoded["scale"]

    assert axis("10")[0] == "USD (cut)"
    assert axis("900") == ("USD", {"zero": True})
